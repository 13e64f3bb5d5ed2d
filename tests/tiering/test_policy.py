from pathlib import Path
from typing import Any

import pytest

from tierkit.errors import SheetError
from tierkit.runsheet import check_sheet
from tierkit.tiering.policy import DEFAULT_PLAYS, STABILITY, Policy, labels_without_treatment

PLAY: dict[str, Any] = {
    "entry": "in",
    "exit": "out",
    "next_step": "call",
    "channels": ["phone"],
    "cadence": "weekly",
    "sla": "a day",
    "content": "cases",
    "owners": {"ae": "a", "sdr": "s", "marketing": "m", "sponsor": "e"},
    "touches_per_month": 1,
}


def without(key: str) -> dict[str, Any]:
    return {**PLAY, "owners": {k: v for k, v in PLAY["owners"].items() if k != key}}


@pytest.mark.parametrize(
    ("tiers", "sentence"),
    [
        ({"labels": list("abcde")}, "'tiers.labels' names 5 tiers; tierkit has 2, 3 or 4"),
        ({"labels": ["a"]}, "'tiers.labels' names 1 tiers"),
        ({"labels": ["a", "a"]}, "two tiers alike"),
        ({"sizes": [1, 2, 3]}, "'tiers.sizes' has 3 entries; 3 tiers need 2"),
        ({"sizes": [-1, 2]}, "'tiers.sizes' must be 0 or more"),
        ({"shares": [0.8, 0.4]}, "'tiers.shares' must add up to at most 1"),
        ({"sizes": [1, 2], "shares": [0.1, 0.2]}, "stands beside sizes"),
        ({"labels": list("abcd")}, "needs sizes for four tiers"),
        ({"windows": {"merger": -1}}, "'merger' a window of less than 0 days"),
        ({"promote": ["merger"]}, "names 'merger', which has no window; known: competitive_displacement"),
        ({"plays": [PLAY]}, "has 1 plays for 3 tiers"),
        ({"plays": [without("sponsor"), PLAY, PLAY]}, "a Tier 1 play without sponsor"),
        ({"plays": [PLAY, without("sdr"), PLAY]}, "'tiers.plays.1.owners' names nobody for sdr"),
        ({"plays": [PLAY, PLAY, {**PLAY, "sla": " "}]}, "'tiers.plays.2.sla' is empty"),
        ({"plays": [PLAY, PLAY, {**PLAY, "channels": []}]}, "'tiers.plays.2.channels' is empty"),
        ({"plays": [PLAY, PLAY, {k: v for k, v in PLAY.items() if k != "cadence"}]}, "tiers.plays.2.cadence"),
        (
            {"gates": {"min_employees": 50, "max_employees": 10}},
            "'tiers.gates.max_employees' is below min_employees 50",
        ),
        ({"investment_floor": 9, "investment_ceiling": 5}, "'tiers.investment_ceiling' is below investment_floor 9"),
        ({"stability": "rigid"}, "tiers.stability"),
        ({"uplift": [0.3, 0.1]}, "'tiers.uplift' has 2 entries for 3 tiers"),
        ({"uplift": [0.3, 0.1, -0.1]}, "'tiers.uplift' must be shares of 0 or more"),
        ({"uplift": [0.3, 0.3, 0]}, "'tiers.uplift' must fall from tier to tier, got 0.3, 0.3, 0"),
        ({"moving_cost": -1}, "tiers.moving_cost"),
        ({"churn_budget": 2}, "tiers.churn_budget"),
        ({"max_per_parent": 0}, "tiers.max_per_parent"),
        ({"preset": "smb"}, "'tiers.preset' must be 'mid_market', 'enterprise' or 'four_tier', got 'smb'"),
        ({"hours": [2.5, 12, 0]}, "'tiers.hours' overlap: each tier must take at least the hours of the tier below"),
        ({"hours": [12, 2]}, "'tiers.hours' has 2 entries for 3 tiers"),
        (
            {"gates": {"bounds": {"annual_revenue": {"min": 9, "max": 5}}}},
            "has max 5 below min 9; no account could pass",
        ),
        ({"gates": {"bounds": {"annual_revenue": {}}}}, "has neither min nor max"),
        (
            {"gates": {"min_employees": 5, "bounds": {"employees": {"min": 9}}}},
            "'tiers.gates.bounds' bounds employees beside min_employees and max_employees; keep one of them",
        ),
        (
            {"gates": {"industries": ["Retail"], "exclude": {"industry": ["retail"]}}},
            "'tiers.gates.exclude' takes out industry 'Retail', which industries lets in",
        ),
        ({"exploration_tier": 3}, "'tiers.exploration_tier' must be 1 or 2, got 3"),
    ],
)
def test_each_bad_policy_has_its_sentence(tiers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SheetError) as caught:
        check_sheet({"tiers": tiers}, folder=Path())
    assert sentence in str(caught.value)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_default_plays_pass_the_rules_of_the_sheet(n: int) -> None:
    plays = [play.model_dump() for play in DEFAULT_PLAYS[n]]
    policy = Policy(labels=tuple("abcd"[:n]), sizes=(1,) * (n - 1), plays=plays)
    assert labels_without_treatment(policy) == ()
    assert policy.tier_plays == Policy(labels=tuple("abcd"[:n]), sizes=(1,) * (n - 1)).tier_plays
    touches = [play.touches_per_month for play in policy.tier_plays]
    assert touches == sorted(touches, reverse=True)


def test_neighbours_with_the_same_play_are_labels_without_treatment() -> None:
    # Tiers 1 and 2 differ in words only about entry; Tier 3 has its own cadence.
    plays = [PLAY, {**PLAY, "entry": "other"}, {**PLAY, "cadence": "yearly"}]
    (sentence,) = labels_without_treatment(Policy(plays=plays))
    assert sentence == "Tier 1 strategic and Tier 2 priority get the same play: two labels, one treatment"


def test_custom_windows_add_to_the_known_kinds() -> None:
    policy = Policy(windows={"merger": 45, "funding": 30}, promote=("merger",))
    assert policy.windows["merger"] == 45
    assert policy.windows["funding"] == 30
    assert policy.windows["executive_hire"] == 90


def test_stability_levels_and_advanced_keys() -> None:
    assert [(s.band, s.min_stay_months) for s in STABILITY.values()] == [(0.0, 0), (0.2, 3), (0.5, 6)]
    assert Policy(stability="high").hold == STABILITY["high"]
    mixed = Policy(stability="high", band=0.1).hold
    assert (mixed.band, mixed.min_stay_months) == (0.1, 6)
    assert Policy(min_stay_months=0).hold.min_stay_months == 0
    assert [(s.moving_cost, s.churn_budget) for s in STABILITY.values()] == [(0.0, 1.0), (0.0, 0.1), (0.05, 0.05)]
    ours = Policy(stability="high", moving_cost=0.0, churn_budget=0.2).hold
    assert (ours.band, ours.moving_cost, ours.churn_budget) == (0.5, 0.0, 0.2)


def test_uplift_by_the_number_of_tiers_unless_the_sheet_has_its_own() -> None:
    assert Policy(labels=("a", "b")).tier_uplift == (0.30, 0.0)
    assert Policy().tier_uplift == (0.30, 0.12, 0.0)
    assert Policy(labels=tuple("abcd"), sizes=(1, 1, 1)).tier_uplift == (0.30, 0.12, 0.04, 0.0)
    assert Policy(uplift=(0.5, 0.2, 0.1)).tier_uplift == (0.5, 0.2, 0.1)
