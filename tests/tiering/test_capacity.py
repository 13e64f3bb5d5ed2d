import pandas as pd
import pytest

from tests.tiering.books import AS_OF, scores_of, tables_of
from tierkit.errors import SheetError
from tierkit.tiering.assign import plan_tiers
from tierkit.tiering.capacity import capacity_of, overloaded_reps
from tierkit.tiering.policy import Policy

REPS = [{"owner_id": f"r{i}", "tier1_slots": 5, "tier2_slots": 25} for i in range(8)]


def capacity(policy: Policy, *, undated: bool = True, **frames: object):
    return capacity_of(pd.Series(["r0"]), tables_of(**frames), policy, as_of=AS_OF, undated=undated)


def test_slots_are_what_was_known_and_the_sheet_fills_gaps() -> None:
    reps = [
        {"owner_id": "a", "tier1_slots": 30, "known_at": "2026-10-31"},
        {"owner_id": "b", "tier1_slots": None, "known_at": "2026-01-01"},
        {"owner_id": "c", "tier1_slots": 9, "known_at": "2026-11-01"},
    ]
    held = capacity(Policy(tier1_per_rep=7), reps=reps)
    assert held.owners == ("", "a", "b")
    assert held.slots.tolist() == [[0, 0], [30, 75], [7, 75]]


def test_undated_reps_count_when_scoring_only() -> None:
    assert len(capacity(Policy(), reps=REPS).owners) == 9
    # In a replay nobody of the table is known: the owner of the account is a rep with the sheet's slots.
    assert capacity(Policy(), undated=False, reps=REPS).owners == ("", "r0")


def test_places_asked_for_must_fit_the_slots() -> None:
    # 8 x 5 = 40 slots. 40 places + 5 strategic + floor(0.15 x 40) = 6 promotions need 51: 11 short, 5 a rep: 3 reps.
    with pytest.raises(SheetError, match="capacity short by 3 reps: 40 Tier 1 places, 5 strategic slots and 6 promo"):
        capacity(Policy(sizes=(40, 200), tier1_per_rep=5), reps=REPS)
    # 30 + 5 + 4 = 39 fit; one promotion share more does not: 31 + 5 + 4 = 40 fits, 32 + 5 + 4 = 41 is one slot short.
    assert capacity(Policy(sizes=(31, 200), tier1_per_rep=5), reps=REPS).places == (31, 200)
    with pytest.raises(SheetError, match=r"short by 1 rep:.*need 41 slots, the reps hold 40"):
        capacity(Policy(sizes=(32, 200), tier1_per_rep=5), reps=REPS)


def test_strategic_slots_and_promotions_alone_may_be_too_many() -> None:
    with pytest.raises(SheetError, match="short by 1 rep"):
        capacity(Policy(strategic_slots=40), reps=REPS)


def test_slots_kept_for_promotions_follow_the_slots() -> None:
    # floor(0.15 x 20) = 3 over 10, 6 and 4 slots: 1.5, 0.9, 0.6; whole parts 1, 0, 0, then the largest rests: b, c.
    reps = [{"owner_id": o, "tier1_slots": n, "tier2_slots": 0} for o, n in (("a", 10), ("b", 6), ("c", 4))]
    held = capacity(Policy(), reps=reps)
    assert held.promotions == (3, 0)
    assert held.kept[:, 0].tolist() == [0, 1, 1, 1]


def test_tier_3_of_four_has_no_slots() -> None:
    policy = Policy(labels=tuple("abcd"), sizes=(1, 1, 2), strategic_slots=0, promotion_share=0, stability="low")
    scores = scores_of({f"a{i}": 9 - i for i in range(6)}, owner_id="r0")
    plan = plan_tiers(scores, tables_of(reps=REPS), policy, as_of=AS_OF)
    assert plan.tiers["tier"].tolist() == [1, 2, 3, 3, 4, 4]
    third = plan.capacity[(plan.capacity["owner_id"] == "r0") & (plan.capacity["tier"] == 3)]
    assert third["used"].tolist() == [2]
    assert third["slots"].isna().all()


def test_more_than_25_slots_are_said_to_be_many() -> None:
    reps = [{"owner_id": "a", "name": "Ana", "tier1_slots": 40}, {"owner_id": "b", "name": "Ben", "tier1_slots": 25}]
    plan = plan_tiers(scores_of({"x": 1}), tables_of(reps=reps), Policy(), as_of=AS_OF)
    assert overloaded_reps(plan.capacity) == ("Ana has 40 Tier 1 slots; a rep serves 10 to 25 accounts well",)
