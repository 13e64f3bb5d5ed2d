from dataclasses import replace
from typing import Any

import pytest

from tests.tiering.books import AS_OF, scores_of, tables_of
from tests.tiering.problems import random_problem
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.optimum import solve
from tierkit.tiering.policy import Policy
from tierkit.tiering.prices import EXACT, slot_values
from tierkit.tiering.problem import Problem, with_more

PLAIN: dict[str, Any] = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}
REPS = [
    {"owner_id": "ana", "name": "Ana", "tier1_slots": 1, "tier2_slots": 1},
    {"owner_id": "ben", "name": "Ben", "tier1_slots": 1, "tier2_slots": 1},
]


def prices_of(plan: Assignment) -> dict[tuple[str, str, int], float]:
    """Price by constraint, owner_id and tier."""
    keys = zip(plan.prices["constraint"], plan.prices["owner_id"], plan.prices["tier"], strict=True)
    return dict(zip(keys, plan.prices["price"], strict=True))


def assert_prices_are_what_one_more_adds(problem: Problem, seed: int) -> None:
    found = solve(problem, gap=EXACT)
    owners = list(range(len(problem.slots)))
    per_slot, per_place, both = slot_values(problem, found.tier, owners)

    def added(more: Problem) -> float:
        return solve(more, gap=EXACT).value - found.value

    def near(price: float) -> Any:
        return pytest.approx(price, rel=1e-6, abs=1e-6 * max(abs(found.value), 1.0))

    for t in range(1, problem.n_tiers):
        wider = with_more(problem, tier=t)
        assert per_place[t - 1] == near(added(wider)), seed
        for o in owners:
            assert per_slot[o, t - 1] == near(added(with_more(problem, owner=o, tier=t))), seed
            assert both[o, t - 1] == near(added(with_more(wider, owner=o, tier=t))), seed


@pytest.mark.parametrize("block", range(10))
def test_a_price_is_what_one_more_slot_adds_to_the_optimum(block: int) -> None:
    for seed in range(10 * block, 10 * block + 10):
        assert_prices_are_what_one_more_adds(random_problem(seed, caps=False, stay=seed % 3 == 0), seed)


def test_prices_under_caps_of_parents_are_solved_again() -> None:
    for seed in range(4):
        problem = random_problem(seed, caps=True)
        small = slice(0, 25)
        caps = problem.caps
        assert caps is not None
        cut: dict[str, Any] = {
            n: v[small] for n in ("value", "owner", "best", "adjust") if (v := getattr(problem, n)) is not None
        }
        assert_prices_are_what_one_more_adds(
            replace(problem, **cut, caps=caps._replace(parent=caps.parent[small])), seed
        )


def test_prices_by_hand() -> None:
    # Uplift 0.30, 0.12, 0. Ana: a 100 Tier 1, b 60 Tier 2, c 50 none. Ben: d 40 Tier 1, e 30 Tier 2, nobody else.
    # One more Tier 1 slot: Ana's lifts b (0.18 x 60) and c takes its Tier 2 slot (0.12 x 50): 16.8; Ben's lifts e: 5.4.
    # One more Tier 2 slot: Ana's takes c, 6; Ben's nobody.
    scores = scores_of({"a": 100, "b": 60, "c": 50, "d": 40, "e": 30}, owner_id=["ana"] * 3 + ["ben"] * 2)
    plan = plan_tiers(scores, tables_of(reps=REPS), Policy(**PLAIN), as_of=AS_OF)
    # No sizes are asked for, so the places bind nobody; one more account anywhere is worth most with Ana.
    expected = {
        ("overall", "ana", 1): 16.8,
        ("tier_places", "", 1): 0,
        ("overall", "ana", 2): 6,
        ("tier_places", "", 2): 0,
        ("owner_slots", "ana", 1): 16.8,
        ("owner_slots", "ana", 2): 6,
        ("owner_slots", "ben", 1): 5.4,
        ("owner_slots", "ben", 2): 0,
    }
    assert prices_of(plan) == pytest.approx(expected)
    assert list(prices_of(plan)) == list(expected)
    assert plan.prices["name"].tolist() == ["Ana", "", "Ana", "", "Ana", "Ana", "Ben", "Ben"]
    assert plan.prices["slots"].fillna(-1).tolist() == [-1, -1, -1, -1, 1, 1, 1, 1]
    assert plan.prices["used"].tolist() == [2, 2, 2, 2, 1, 1, 1, 1]


def test_where_the_sizes_bind_one_more_slot_is_worth_nothing_and_one_more_place_is() -> None:
    # One Tier 1 place for two reps with a slot each, no Tier 2: a 100 has it. A second goes to d with Ben: 0.30 x 40.
    scores = scores_of({"a": 100, "b": 60, "d": 40}, owner_id=["ana", "ana", "ben"])
    plan = plan_tiers(scores, tables_of(reps=REPS), Policy(**PLAIN, sizes=(1, 0)), as_of=AS_OF)
    prices = prices_of(plan)
    assert [price for (what, _, _), price in prices.items() if what == "owner_slots"] == [0, 0, 0, 0]
    assert prices[("tier_places", "", 1)] == pytest.approx(12)
    # With a slot of Ana's to go with it, it goes to b: 0.30 x 60.
    assert prices[("overall", "ana", 1)] == pytest.approx(18)
    assert prices[("overall", "ana", 2)] == pytest.approx(0.12 * 60)


def test_a_full_parent_has_a_price() -> None:
    # a and b share a parent that may have one account in each tier: a Tier 1, b Tier 2, c Tier 1, d Tier 2 (30 + 10.8
    # + 24 + 6). With two in Tier 1, b gains 0.18 x 90 and c loses 0.18 x 80; with two in Tier 2 nothing is better.
    scores = scores_of({"a": 100, "b": 90, "c": 80, "d": 50}, owner_id="ana", parent_id=["p", "p", None, None])
    reps = [{"owner_id": "ana", "name": "Ana", "tier1_slots": 2, "tier2_slots": 2}]
    policy = Policy(**PLAIN, max_per_parent=1)
    plan = plan_tiers(scores, tables_of(reps=reps), policy, as_of=AS_OF)
    assert plan.tiers["tier"].tolist() == [1, 2, 1, 2]
    prices = prices_of(plan)
    assert prices[("parent_cap", "p", 1)] == pytest.approx(1.8)
    assert prices[("parent_cap", "p", 2)] == pytest.approx(0, abs=1e-9)
    free = plan_tiers(scores, tables_of(reps=reps), Policy(**PLAIN), as_of=AS_OF)
    assert free.tiers["tier"].tolist() == [1, 1, 2, 2]


def test_half_and_double_the_uplift() -> None:
    # One place in Tier 1 over two reps; Ben has no Tier 2 slot. Now (0.30, 0.12): b in Tier 1 gains 30.3 in all, a in
    # Tier 1 and b in Tier 2 30 + 12.12. Double Tier 2 (0.24) or half Tier 1 (0.15) keep a; half Tier 2 (0.06) too:
    # 30 + 6.06. Nobody changes: the choice hangs on b having a Tier 2 slot, not on the uplift.
    reps = [{**REPS[0], "tier2_slots": 0}, REPS[1]]
    scores = scores_of({"a": 100, "b": 101}, owner_id=["ana", "ben"])
    table = plan_tiers(scores, tables_of(reps=reps), Policy(**PLAIN, sizes=(1, 1)), as_of=AS_OF).sensitivity
    assert table["uplift_of"].tolist() == ["all tiers"] * 2 + ["Tier 1"] * 2 + ["Tier 2"] * 2
    assert table["factor"].tolist() == [0.5, 2.0] * 3
    assert table["tier1_changed"].tolist() == [0] * 6
    # Where b is worth 160, it has Tier 1: 48 against 30 + 19.2 = 49.2 - no, a keeps it; at half of Tier 2's uplift
    # 48 against 30 + 9.6 b has it, and at double Tier 1's 96 against 60 + 19.2 too.
    scores = scores_of({"a": 100, "b": 160}, owner_id=["ana", "ben"])
    table = plan_tiers(scores, tables_of(reps=reps), Policy(**PLAIN, sizes=(1, 1)), as_of=AS_OF).sensitivity
    assert table["tier1_changed"].tolist() == [0, 0, 0, 1, 1, 0]
    assert table["n_tier1"].tolist() == [1] * 6
    # 96 less 79.2, and 48 less 39.6.
    assert table["gain"].tolist() == pytest.approx([0, 0, 0, 16.8, 8.4, 0])
