from pathlib import Path

import pandas as pd
import pytest

from tests.tiering.books import AS_OF, scores_of, tables_of
from tierkit.errors import SheetError
from tierkit.runsheet import check_sheet
from tierkit.tiering.assign import plan_tiers
from tierkit.tiering.capacity import Capacity, capacity_of
from tierkit.tiering.feasibility import hours_needed, outside_preset, over_hours
from tierkit.tiering.policy import Policy
from tierkit.tiering.presets import PRESETS
from tierkit.tiering.sizes import tier_sizes


def capacity(policy: Policy, n_reps: int) -> Capacity:
    owners = pd.Series([f"r{i}" for i in range(n_reps)])
    return capacity_of(owners, tables_of(), policy, as_of=AS_OF, undated=True)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        # 31 by value + 5 strategic + floor(0.15 x 31) = 4 promotions: 40 x 12; 174 + floor(26.1) = 200 x 2.5.
        ("mid_market", 40 * 12 + 200 * 2.5),
        # 10 reps: 60 x 12 + 200 x 2.5.
        ("enterprise", 60 * 12 + 200 * 2.5),
        # 10 + 10 + 1 = 21 x 12; 60 + 9 = 69 x 2.5; 300 + 45 = 345 x 0.5.
        ("four_tier", 21 * 12 + 69 * 2.5 + 345 * 0.5),
    ],
)
def test_each_preset_is_feasible_at_125_hours_for_its_reps(name: str, hours: float) -> None:
    policy, n_reps = Policy.model_validate({"preset": name}), PRESETS[name].reps
    held = capacity(policy, n_reps)
    assert hours_needed(held, policy) == hours
    assert hours <= 125 * n_reps
    assert over_hours(held, policy) == ()
    if policy.sizes:
        with pytest.raises(SheetError, match="capacity short by 1 rep"):
            capacity(policy, n_reps - 1)


def test_a_mid_market_book_is_about_40_and_200_and_the_rest() -> None:
    policy = Policy(preset="mid_market")
    n = 1000
    scores = scores_of({f"a{i:04d}": n - i for i in range(n)}, owner_id=[f"r{i % 8}" for i in range(n)])
    plan = plan_tiers(scores, tables_of(), policy, as_of=AS_OF)
    # No claim and no trigger is there, so the overlays' 9 and 26 places stay empty.
    assert plan.tiers["tier"].value_counts().sort_index().tolist() == [31, 174, 795]
    assert outside_preset(tier_sizes(plan.tiers, plan.capacity)["n_accounts"].tolist(), policy) == ()


def test_what_is_stated_comes_before_the_preset() -> None:
    policy = Policy(preset="four_tier", strategic_slots=3, sizes=(5, 50, 200))
    assert (policy.strategic_slots, policy.sizes, policy.tier1_per_rep, policy.n_tiers) == (3, (5, 50, 200), 4, 4)
    assert Policy(preset="mid_market", shares=(0.1, 0.2)).sizes is None
    assert Policy(preset="mid_market", labels=("A", "B")).sizes is None
    assert Policy().sizes is None
    assert check_sheet({"tiers": {"preset": "enterprise"}}, folder=Path()).tiers.tier2_per_rep == 20
    assert Policy.model_validate(policy.model_dump()) == policy


def test_sizes_outside_the_range_of_the_preset_are_said() -> None:
    said = outside_preset([8, 310, 900], Policy(preset="mid_market"))
    assert said == (
        "Tier 1 strategic holds 8 accounts; the mid_market preset is for 20 to 50",
        "Tier 2 priority holds 310 accounts; the mid_market preset is for 100 to 300",
    )
    assert outside_preset([8, 310, 900], Policy()) == ()
