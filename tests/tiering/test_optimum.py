from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.problems import ENDLESS, greedy, random_problem, with_highs
from tierkit.tiering.optimum import GAP, solve
from tierkit.tiering.problem import Caps, Problem, with_more
from tierkit.tiering.sorting import sort_tiers

SEEDS = st.integers(0, 2**32 - 1)


def plain(value: list[float], slots: list[list[int]], *, owner: list[int] | None = None, **more: Any) -> Problem:
    """A problem of three tiers with uplift 0.30, 0.12 and 0, and as many places as anybody wants."""
    given: dict[str, Any] = {
        "value": np.array(value, dtype=float),
        "uplift": np.array([0.30, 0.12, 0.0]),
        "owner": np.zeros(len(value), dtype=np.int64) if owner is None else np.array(owner),
        "slots": np.array(slots),
        "places": np.array([ENDLESS, ENDLESS]),
    }
    return Problem(**given | more)


def test_the_best_of_an_owner_fill_its_slots_by_sorting() -> None:
    # 0.30 x 9 + 0.12 x (7 + 5) = 4.14
    found = solve(plain([5, 9, 1, 7], [[1, 2]]))
    assert found.tier.tolist() == [2, 1, 3, 2]
    assert found.value == found.bound == pytest.approx(4.14)
    assert (found.method, found.gap) == ("sorted", 0.0)


def test_a_place_goes_where_it_leaves_the_other_a_slot() -> None:
    # One Tier 1 place over both owners, and owner 0 has no Tier 2 slot. Greedy gives the place to b: 0.30 x 101 = 30.3.
    # The optimum gives it to a, since b still gains in Tier 2: 0.30 x 100 + 0.12 x 101 = 42.12.
    problem = plain([100, 101], [[1, 0], [1, 9]], owner=[0, 1], places=np.array([1, ENDLESS]))
    found = solve(problem)
    assert found.tier.tolist() == [1, 2]
    assert found.value == pytest.approx(42.12)
    assert problem.total(greedy(problem)) == pytest.approx(30.3)
    assert (found.method, found.gap) == ("prices", 0.0)


def test_who_should_stay_falls_only_where_no_slot_is_left() -> None:
    # b should stay in Tier 1, c in Tier 2. One slot each: a, though worth ten times both, takes neither.
    stay = np.array([0, 1, 2])
    assert solve(plain([100, 10, 9], [[1, 1]], stay=stay)).tier.tolist() == [3, 1, 2]
    # No Tier 1 slot: b falls by one tier and c by one, or b by two and c by none; two falls either way, and b is worth
    # more in Tier 2: 0.12 x 10 against 0.12 x 9.
    found = solve(plain([100, 10, 9], [[0, 1]], stay=stay))
    assert found.tier.tolist() == [3, 2, 3]
    assert found.value == pytest.approx(1.2)


def test_caps_of_parents_that_cross_owners() -> None:
    # a and b have one parent, which may have one account in Tier 1: b gives way to c of the same owner.
    caps = Caps(np.array([0, 0, -1]), np.array([[1, 9]]))
    found = solve(plain([9, 8, 1], [[1, 1], [1, 1]], owner=[0, 1, 1], caps=caps))
    # 0.30 x (9 + 1) + 0.12 x 8 = 3.96, against 0.30 x (8 + 0) + 0.12 x (9 + 1) = 3.6 the other way round.
    assert found.tier.tolist() == [1, 2, 1]
    assert found.value == pytest.approx(3.96)


@pytest.mark.parametrize("block", range(10))
def test_no_worse_than_highs_or_inside_the_gap_that_is_stated(block: int) -> None:
    methods = Counter[str]()
    for seed in range(20 * block, 20 * block + 20):
        problem = random_problem(seed, stay=seed % 5 == 0, caps=False if seed % 5 == 0 else None)
        found, best = solve(problem), with_highs(problem)
        distance = (best - found.value) / max(abs(best), 1e-9)
        assert abs(distance) <= 1e-6 or 0 <= distance <= found.gap, seed
        assert found.gap <= GAP, seed
        assert found.bound >= best - 1e-6 * max(abs(best), 1), seed
        assert_inside(problem, found.tier)
        methods[found.method] += 1
    assert methods["prices"] > 0


def assert_inside(problem: Problem, tier: np.ndarray) -> None:
    """One tier for each account, allowed to it, and no slot, place or cap exceeded."""
    assert tier.shape == problem.value.shape
    assert np.isfinite(problem.total(tier))
    for t in range(1, problem.n_tiers):
        of_owner = np.bincount(problem.owner[tier == t], minlength=len(problem.slots))
        assert (of_owner <= problem.slots[:, t - 1]).all()
        assert of_owner.sum() <= problem.places[t - 1]
        if problem.caps is not None:
            parent = problem.caps.parent[tier == t]
            of_parent = np.bincount(parent[parent >= 0], minlength=len(problem.caps.most))
            assert (of_parent <= problem.caps.most[:, t - 1]).all()


def test_all_three_methods_are_met() -> None:
    methods = Counter(solve(random_problem(seed)).method for seed in range(200))
    assert min(methods[m] for m in ("sorted", "prices", "highs")) >= 3, methods


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_never_worse_than_tier_by_tier_greedy_with_moving_costs(seed: int) -> None:
    problem = random_problem(seed, caps=False, moving=True)
    assert solve(problem).value >= problem.total(greedy(problem)) - 1e-9


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.integers(0, 4), st.integers(1, 3))
def test_more_slots_never_lower_the_value(seed: int, owner: int, tier: int) -> None:
    problem = random_problem(seed, caps=False)
    owner, tier = owner % len(problem.slots), min(tier, problem.n_tiers - 1)
    now = solve(problem).value
    assert solve(with_more(problem, owner=owner, tier=tier)).value >= now - 1e-9
    assert solve(with_more(problem, tier=tier)).value >= now - 1e-9


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_the_order_of_rows_changes_nothing_but_ties(seed: int) -> None:
    problem = random_problem(seed, caps=False, stay=True)
    problem = replace(problem, value=np.random.default_rng(seed).lognormal(3, 1, len(problem.value)))
    order = np.random.default_rng(seed).permutation(len(problem.value))
    names = ("value", "owner", "best", "adjust", "stay")
    mixed: dict[str, Any] = {n: None if (column := getattr(problem, n)) is None else column[order] for n in names}
    assert solve(replace(problem, **mixed)).tier.tolist() == solve(problem).tier[order].tolist()
    assert solve(problem).tier.tolist() == solve(problem).tier.tolist()


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_of_equal_accounts_the_first_has_the_better_tier(seed: int) -> None:
    problem = random_problem(seed, caps=False, stay=seed % 2 == 0)
    tier, worth = solve(problem).tier, problem.worth
    stay = np.zeros(len(tier)) if problem.stay is None else problem.stay
    last: dict[tuple[float, ...], int] = {}
    for i in range(len(tier)):
        key = (float(problem.owner[i]), float(stay[i]), *worth[:, i])
        assert tier[i] >= last.get(key, 0)
        last[key] = int(tier[i])


@pytest.mark.parametrize("slots", [(3, 9), (400, 9000), (0, 50_000)])
def test_sorting_is_ranking_by_owner(slots: tuple[int, int]) -> None:
    # Enough rows for the shortcut through a sample; whole numbers, so that ties are common.
    rng = np.random.default_rng(7)
    n = 150_000
    value, owner = np.floor(rng.lognormal(5, 1, n)), rng.integers(0, 4, n)
    # An owner of small accounts fills its slots, too.
    value[(owner == 2) & (value > 40)] = 40
    order = np.lexsort((-value, owner))
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n) - np.searchsorted(owner[order], owner[order]) + 1
    expected = np.where(rank <= slots[0], 1, np.where(rank <= sum(slots), 2, 3))
    assert np.array_equal(sort_tiers(value, owner, np.tile(slots, (4, 1))), expected)


def test_a_problem_that_has_no_answer_is_named() -> None:
    with pytest.raises(ValueError, match=r"Problem\.value must be finite"):
        solve(plain([np.nan], [[1, 1]]))
    with pytest.raises(ValueError, match=r"slots and \.places must be 0 or more"):
        solve(plain([1.0], [[-1, 1]]))
    with pytest.raises(ValueError, match="adjust must be finite for the last tier"):
        solve(plain([1.0], [[1, 1]], adjust=np.array([[0, 0, -np.inf]])))
    with pytest.raises(ValueError, match="best must be at most 3"):
        solve(plain([1.0], [[1, 1]], best=np.array([4])))
