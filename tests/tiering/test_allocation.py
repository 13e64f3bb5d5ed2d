from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF, accounts_of, scores_of, tables_of
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.policy import Policy
from tierkit.tiering.stability import limit_falls

PLAIN: dict[str, Any] = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}
NEXT = pd.Timestamp("2026-11-30")


def plan_of(values: dict[str, float], before: dict[str, int], policy: Policy, **columns: Any) -> Assignment:
    held = [{"account_id": a, "tier": t, "since": pd.Timestamp("2020-01-31")} for a, t in before.items()]
    previous = pd.DataFrame(held).assign(base_tier=lambda p: p["tier"]) if held else None
    tables = tables_of(accounts=accounts_of(1))
    return plan_tiers(scores_of(values, **columns), tables, policy, as_of=NEXT, previous=previous)


def tier_of(plan: Assignment) -> dict[str, int]:
    return dict(zip(plan.tiers["account_id"], plan.tiers["tier"], strict=True))


@pytest.mark.parametrize(("challenger", "holder"), [(119.0, 1), (121.0, 2)])
def test_a_band_asks_the_same_of_whoever_rises_from_tier_2_or_from_none(challenger: float, holder: int) -> None:
    # Tier 1 is worth 0.18 more than Tier 2, to its holder a at 100 1.2 times as much: 21.6. A challenger from Tier 2
    # gains 0.18 x value too, since what it held in Tier 2 it goes on holding: 119 gains 21.42, 121 gains 21.78.
    policy = Policy(**PLAIN, sizes=(1, 1), band=0.2)
    assert tier_of(plan_of({"a": 100, "b": challenger}, {"a": 1, "b": 2}, policy))["a"] == holder
    assert tier_of(plan_of({"a": 100, "b": challenger}, {"a": 1}, policy))["a"] == holder


@pytest.mark.parametrize(("challenger", "holder"), [(124.0, 1), (126.0, 2)])
def test_a_move_costs_a_share_of_what_the_median_tiered_account_gains(challenger: float, holder: int) -> None:
    # a gains 0.30 x 100 by Tier 1 and b 0.12 c by Tier 2, median (30 + 0.12 c) / 2. Two moves at a tenth of it cost
    # 3 + 0.012 c, and gain 0.18 x (c - 100): they pay from 21 / 0.168 = 125 on.
    policy = Policy(**PLAIN, sizes=(1, 1), moving_cost=0.1)
    assert tier_of(plan_of({"a": 100, "b": challenger}, {"a": 1, "b": 2}, policy))["a"] == holder


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["low", "normal", "high"]))
def test_the_unit_of_the_values_changes_nothing(seed: int, stability: Any) -> None:
    rng = np.random.default_rng(seed)
    ids = [f"a{i:02d}" for i in range(40)]
    values = dict(zip(ids, rng.lognormal(3, 1, 40).tolist(), strict=True))
    before = dict(zip(ids[:30], rng.integers(1, 4, 30).tolist(), strict=True))
    policy = Policy(**{**PLAIN, "stability": stability}, sizes=(8, 12))
    # Powers of two leave the digits as they are.
    large = plan_of({a: v * 1024 for a, v in values.items()}, before, policy)
    assert tier_of(large) == tier_of(plan_of(values, before, policy))


def churning(share: float | None, **columns: Any) -> Assignment:
    """Ten hold Tier 1; ten others are worth 2, 3, ... 11 times as much as one of them each."""
    values = {f"h{i}": 10.0 for i in range(10)} | {f"n{i}": 20.0 + 10 * i for i in range(10)}
    policy = Policy(**PLAIN, sizes=(10, 0), churn_budget=share)
    return plan_of(values, {f"h{i}": 1 for i in range(10)}, policy, **columns)


def test_the_churn_budget_lets_those_fall_for_whom_it_pays_most() -> None:
    free = churning(None)
    assert free.certificate.moves.made == 10
    held = churning(0.3)
    # 3 of 10: the three greatest of the others, worth 110, 100 and 90, take the places of the last three holders.
    assert [a for a, t in tier_of(held).items() if t == 1] == [*[f"h{i}" for i in range(7)], "n7", "n8", "n9"]
    moves = held.certificate.moves
    assert (moves.wanted, moves.made, moves.forced, moves.allowed) == (10, 3, 0, 3)
    # The third gains 0.30 x (90 - 10) = 24 and the fourth 21: the cost that parts them lies between.
    assert 21 <= moves.extra_cost <= 24
    # 0.30 x (7 x 10 + 110 + 100 + 90), and no three other moves are worth more.
    assert held.certificate.value == held.certificate.expected_value == pytest.approx(111)
    assert held.certificate.gap <= 1e-4
    assert "10 moves down would pay and the churn budget allows 3" in held.certificate.sentence
    by = held.tiers.set_index("account_id").loc["h0"]
    assert by["tier_by"] == "churn budget"
    assert by["tier_reason"] == "keeps its tier: this month's moves down are spent; value rank 11 of 20"


def test_a_budget_allows_one_move_at_least_and_none_where_it_is_zero() -> None:
    # 0.01 x 10 rounds up to 1.
    assert churning(0.01).certificate.moves.made == 1
    assert churning(0.0).certificate.moves.made == 0


def test_moves_that_nothing_could_hold_do_not_count() -> None:
    # Only 8 places are left for the ten that held one, so two must fall; the budget of 0.1 x 10 = 1 is beside them.
    values = {f"h{i}": 10.0 + i for i in range(10)} | {"n": 500.0}
    plan = plan_of(values, {f"h{i}": 1 for i in range(10)}, Policy(**PLAIN, sizes=(8, 0), churn_budget=0.1))
    moves = plan.certificate.moves
    assert (moves.wanted, moves.forced, moves.allowed, moves.made) == (3, 2, 1, 3)
    assert moves.extra_cost == 0
    assert tier_of(plan)["n"] == 1


def test_accounts_that_left_do_not_count() -> None:
    # Five of the ten left the book; the others keep their places, and newcomers fill those left, whatever the budget.
    values = {f"h{i}": 10.0 for i in range(5)} | {f"n{i}": 5.0 for i in range(5)}
    policy = Policy(**PLAIN, sizes=(10, 0), churn_budget=0.0)
    plan = plan_of(values, {f"h{i}": 1 for i in range(10)}, policy)
    assert set(tier_of(plan).values()) == {1}


def test_the_search_for_the_cost_closes_the_bound() -> None:
    # Three accounts fall at gains of 5, 3 and 1; two may. At cost c the bound is the sum of max(gain - c, 0) + 2 c.
    gains = np.array([5.0, 3.0, 1.0])

    class Trial:
        def __init__(self, cost: float) -> None:
            self.tier = np.where(gains > cost, 2, 1)
            self.bound = float(np.maximum(gains - cost, 0).sum())

    before = np.ones(3, dtype=np.int64)
    found, moves = limit_falls(Trial, before, n_tiers=2, share=0.5, dearest=100.0)
    assert found.tier.tolist() == [2, 2, 1]
    assert (moves.wanted, moves.made, moves.allowed) == (3, 2, 2)
    assert 1 <= moves.extra_cost < 3
    assert moves.bound == pytest.approx(8)


def test_the_certificate_says_what_proves_it() -> None:
    plan = plan_of({"a": 1000, "b": 500}, {}, Policy(**PLAIN, sizes=(1, 1)))
    # 0.30 x 1000 + 0.12 x 500
    assert plan.certificate.sentence == (
        "No other assignment under these slots is worth more than 360; proven by sorting."
    )
    assert (plan.certificate.value, plan.certificate.bound, plan.certificate.gap) == (360, 360, 0)
    held = plan_of({"a": 1000, "b": 500}, {"a": 1, "b": 2}, Policy(**PLAIN, sizes=(1, 1), band=0.2))
    assert held.certificate.method == "prices"
    # The band counts what both hold 1.2 times.
    assert (held.certificate.value, held.certificate.expected_value) == pytest.approx((432, 360))


def test_identical_accounts_keep_their_order_while_others_move() -> None:
    values = dict.fromkeys("abcdef", 10.0) | {"z": 90.0}
    plan = plan_of(values, dict.fromkeys("abcdef", 2), Policy(**PLAIN, sizes=(2, 3), band=0.2))
    assert tier_of(plan) == {"a": 1, "b": 2, "c": 2, "d": 2, "e": 3, "f": 3, "z": 1}


def test_a_cap_per_parent_counts_parents_that_are_no_accounts() -> None:
    accounts = accounts_of(4, parent_id=["holding", "holding", "other", None])
    scores = scores_of({f"A{i:04d}": 9 - i for i in range(4)})
    policy = Policy(**PLAIN, sizes=(2, 1), max_per_parent=1)
    plan = plan_tiers(scores, tables_of(accounts=accounts), policy, as_of=AS_OF)
    assert plan.tiers["tier"].tolist() == [1, 2, 1, 3]
    assert "parent_id" not in plan_tiers(scores, tables_of(accounts=accounts), Policy(**PLAIN), as_of=AS_OF).tiers
