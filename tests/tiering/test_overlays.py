import pandas as pd
import pytest

from tests.tiering.books import AS_OF, scores_of, tables_of
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.policy import Policy

PLAIN = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}


def tier_of(plan: Assignment) -> dict[str, int]:
    return dict(zip(plan.tiers["account_id"], plan.tiers["tier"], strict=True))


def ledger_of(plan: Assignment) -> list[tuple[object, ...]]:
    """Ledger rows without why and until; 0 for no tier."""
    rows = plan.ledger[["account_id", "what", "from_tier", "to_tier"]]
    return [tuple(row) for row in rows.fillna({"from_tier": 0, "to_tier": 0}).itertuples(index=False)]


def claims(**values: float) -> list[dict[str, object]]:
    return [
        {"account_id": a, "kind": "new_vertical", "value": v, "evidence": "board memo", "known_at": "2026-01-31"}
        for a, v in values.items()
    ]


def hires(*accounts: str, occurred: str = "2026-10-01", kind: str = "executive_hire") -> list[dict[str, object]]:
    return [{"account_id": a, "kind": kind, "occurred_at": occurred} for a in accounts]


def override(account: str, tier: int, created: str = "2026-10-01", expires: str = "2026-12-31") -> dict[str, object]:
    row = {"account_id": account, "tier": tier, "reason": "champion", "author": "Kim"}
    return {**row, "created_at": created, "expires_at": expires}


# Strategic lane


def test_a_claim_on_an_account_of_no_value_gains_a_slot() -> None:
    policy = Policy(sizes=(1, 1), **{**PLAIN, "strategic_slots": 1})
    scores = scores_of({"a": 9, "b": 5, "z": 0})
    plan = plan_tiers(scores, tables_of(strategic=claims(z=0.3)), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 2, "z": 1}
    z = plan.tiers.set_index("account_id").loc["z"]
    assert (z["base_tier"], z["tier_by"], z["tier_reason"]) == (3, "strategic", "strategic: new vertical, board memo")
    assert ledger_of(plan) == [("z", "strategic", 3, 1)]
    # Without the claim it stays where its value puts it.
    assert tier_of(plan_tiers(scores, tables_of(), policy, as_of=AS_OF))["z"] == 3


def test_the_strongest_claims_take_the_slots_and_overflow_is_said() -> None:
    policy = Policy(sizes=(1, 1), **{**PLAIN, "strategic_slots": 1})
    scores = scores_of({"a": 9, "b": 5, "y": 1, "z": 0}, gate=["qualified"] * 3 + ["suppressed"])
    scores.loc[len(scores)] = ["x", 0.25, 2.0, "qualified"]
    plan = plan_tiers(scores, tables_of(strategic=claims(y=0.9, x=0.5, z=1.0)), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 2, "y": 1, "x": 3}
    assert ledger_of(plan) == [
        ("y", "strategic", 3, 1),
        ("x", "strategic_overflow", 3, 3),
        ("z", "strategic_gated", 0, 0),
    ]
    assert plan.ledger["why"].tolist()[1:] == ["every strategic slot is taken", "the account is not qualified"]


def test_a_claim_that_value_brings_to_tier_1_leaves_its_slot_to_the_next() -> None:
    policy = Policy(sizes=(1, 0), **{**PLAIN, "strategic_slots": 1})
    plan = plan_tiers(scores_of({"a": 9, "b": 5}), tables_of(strategic=claims(a=0.9, b=0.1)), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 1}
    assert plan.tiers["tier_by"].tolist() == ["value", "strategic"]


def test_a_claim_takes_its_own_reps_slot_and_never_more() -> None:
    # Ana's one slot is kept for c, the stronger of her claims; d finds none, though a strategic slot remains.
    reps = [{"owner_id": o, "name": o.title(), "tier1_slots": 1, "tier2_slots": 9} for o in ("ana", "ben")]
    policy = Policy(**{**PLAIN, "strategic_slots": 2})
    scores = scores_of({"a": 9, "b": 5, "c": 1, "d": 0}, owner_id=["ana", "ben", "ana", "ana"])
    plan = plan_tiers(scores, tables_of(reps=reps, strategic=claims(c=0.9, d=0.8)), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 2, "b": 1, "c": 1, "d": 2}
    assert ledger_of(plan) == [("c", "strategic", 2, 1), ("d", "strategic_overflow", 2, 2)]
    assert plan.ledger["why"].iloc[-1] == "Ana holds no free Tier 1 slot"


def test_own_strategic_values_count_without_a_claims_table() -> None:
    policy = Policy(sizes=(1, 0), **{**PLAIN, "strategic_slots": 1})
    plan = plan_tiers(scores_of({"a": 9, "b": 0}, strategic_value=[0, 0.4]), tables_of(), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 1}
    assert plan.tiers["tier_reason"].tolist()[1] == "strategic: value 0.40"


def test_an_account_unlike_any_worked_may_still_be_strategic() -> None:
    policy = Policy(sizes=(1, 0), **{**PLAIN, "strategic_slots": 1})
    scores = scores_of({"a": 9, "b": 0}, off_support=True)
    plan = plan_tiers(scores, tables_of(strategic=claims(b=1)), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 3, "b": 1}


# Trigger windows

TRIGGER_POLICY = Policy(sizes=(2, 4), **{**PLAIN, "promotion_share": 0.5})  # promotions: 1 into Tier 1, 2 into Tier 2
VALUES = dict(zip("abcdefgh", [9, 8, 7, 6, 5, 4, 3, 2], strict=True))


def test_a_live_trigger_lifts_one_tier_until_its_window_ends() -> None:
    tables = tables_of(signals=hires("d", "h"))
    plan = plan_tiers(scores_of(VALUES), tables, TRIGGER_POLICY, as_of=AS_OF)
    # d from Tier 2 to 1, h from Tier 3 to 2; nobody is pushed out.
    assert tier_of(plan) == {"a": 1, "b": 1, "c": 2, "d": 1, "e": 2, "f": 2, "g": 3, "h": 2}
    d = plan.tiers.set_index("account_id").loc["d"]
    # 2026-10-01 + 90 days = 2026-12-30.
    assert d["tier_reason"] == "promoted: executive hire until 2026-12-30"
    assert d["promoted_until"] == pd.Timestamp("2026-12-30")
    assert d["base_tier"] == 2
    last = plan_tiers(scores_of(VALUES), tables, TRIGGER_POLICY, as_of="2026-12-30", previous=plan.tiers)
    assert tier_of(last) == tier_of(plan)
    after = plan_tiers(scores_of(VALUES), tables, TRIGGER_POLICY, as_of="2026-12-31", previous=last.tiers)
    assert after.tiers["tier"].tolist() == after.tiers["base_tier"].tolist() == [1, 1, 2, 2, 2, 2, 3, 3]
    assert after.ledger.empty


def test_windows_that_overlap_end_with_the_longest() -> None:
    signals = [
        *hires("c", occurred="2026-09-01"),  # to 2026-11-30
        *hires("c", occurred="2026-10-15"),  # to 2027-01-13
        *hires("c", occurred="2026-10-30", kind="inbound_hand_raise"),  # to 2026-11-13
        *hires("c", occurred="2026-10-30", kind="regulatory_change"),  # to 2027-02-27, but it does not promote
    ]
    plan = plan_tiers(scores_of(VALUES), tables_of(signals=signals), TRIGGER_POLICY, as_of=AS_OF)
    assert plan.tiers.set_index("account_id").loc["c", "promoted_until"] == pd.Timestamp("2027-01-13")
    assert len(plan.ledger) == 1


def test_the_budget_goes_to_the_greatest_value_and_the_rest_is_said() -> None:
    plan = plan_tiers(scores_of(VALUES), tables_of(signals=hires("c", "d", "g")), TRIGGER_POLICY, as_of=AS_OF)
    assert ledger_of(plan) == [
        ("c", "promoted", 2, 1),
        ("d", "promotion_no_budget", 2, 2),
        ("g", "promoted", 3, 2),
    ]


def test_while_budget_and_a_slot_remain_nobody_who_qualifies_is_left_lower() -> None:
    # One promotion in all, kept with Ana as the first of equals; Ben has no slot for d, Ana has one for b.
    reps = [{"owner_id": o, "name": o.title(), "tier1_slots": 2, "tier2_slots": 9} for o in ("ana", "ben")]
    policy = Policy(**{**PLAIN, "promotion_share": 0.25})
    scores = scores_of({"a": 9, "b": 1, "c": 8, "d": 7, "e": 6}, owner_id=["ana", "ana", "ben", "ben", "ben"])
    plan = plan_tiers(scores, tables_of(reps=reps, signals=hires("b", "e")), policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 1, "c": 1, "d": 1, "e": 2}
    assert ledger_of(plan) == [("b", "promoted", 2, 1), ("e", "promotion_no_slot", 2, 2)]


def test_a_slot_that_an_override_frees_goes_to_the_trigger_that_waits() -> None:
    # Ana's only Tier 1 slot, kept for a promotion elsewhere, is held by a until Kim puts it into Tier 3.
    reps = [{"owner_id": o, "name": o.title(), "tier1_slots": n, "tier2_slots": 9} for o, n in (("ana", 1), ("ben", 9))]
    policy = Policy(**{**PLAIN, "promotion_share": 0.1})
    scores = scores_of({"a": 9, "b": 5, "c": 1}, owner_id="ana")
    tables = tables_of(reps=reps, signals=hires("b"))
    assert ledger_of(plan_tiers(scores, tables, policy, as_of=AS_OF)) == [("b", "promotion_no_slot", 2, 2)]
    freed = tables_of(reps=reps, signals=hires("b"), overrides=[override("a", 3)])
    plan = plan_tiers(scores, freed, policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 3, "b": 1, "c": 2}
    assert ledger_of(plan) == [("b", "promoted", 2, 1), ("a", "override", 1, 3)]
    # Where Kim put it an account stays, whatever triggers it has.
    kept = tables_of(reps=reps, signals=hires("b", "a"), overrides=[override("a", 3)])
    assert tier_of(plan_tiers(scores, kept, policy, as_of=AS_OF))["a"] == 3


@pytest.mark.parametrize(
    ("columns", "tier"),
    [({"fit_score": 50}, 1), ({"fit_score": 49}, 2), ({"contactable": False}, 2), ({"off_support": True}, 2)],
)
def test_a_promotion_needs_fit_contact_and_support(columns: dict[str, object], tier: int) -> None:
    good = {"fit_score": 90, "contactable": True, "off_support": False}
    scores = pd.concat([scores_of(VALUES, **good), scores_of({"t": 6.5}, **{**good, **columns})])
    plan = plan_tiers(scores, tables_of(signals=hires("t")), TRIGGER_POLICY, as_of=AS_OF)
    assert tier_of(plan)["t"] == tier


def test_boosts_move_an_account_up_inside_its_tier_only() -> None:
    plan = plan_tiers(scores_of(VALUES), tables_of(signals=hires("e", kind="funding")), TRIGGER_POLICY, as_of=AS_OF)
    assert plan.tiers["tier"].tolist() == [1, 1, 2, 2, 2, 2, 3, 3]
    assert plan.tiers["priority_rank"].tolist() == [1, 2, 4, 5, 3, 6, 7, 8]
    assert plan.ledger.empty


# Overrides


def test_an_override_puts_an_account_where_a_person_decided() -> None:
    policy = Policy(sizes=(2, 2), **PLAIN)
    tables = tables_of(overrides=[override("a", 3), override("e", 2), override("z", 1)])
    plan = plan_tiers(scores_of(dict(zip("abcde", [9, 8, 7, 6, 5], strict=True))), tables, policy, as_of=AS_OF)
    # Tier 2 is full with c and d: e finds no slot; a frees one in Tier 1 that nobody asked for.
    assert tier_of(plan) == {"a": 3, "b": 1, "c": 2, "d": 2, "e": 3}
    assert ledger_of(plan) == [
        ("a", "override", 1, 3),
        ("e", "override_no_slot", 3, 3),
        ("z", "override_gated", 0, 0),
    ]
    reason = plan.tiers["tier_reason"].tolist()
    assert reason[0] == "override by Kim: champion until 2026-12-31"
    assert plan.ledger["why"][1].startswith("the pool of accounts without a rep holds no free Tier 2 slot; override by")


def test_overrides_may_swap_slots_and_the_latest_gives_way() -> None:
    policy = Policy(sizes=(1, 1), **PLAIN)
    scores = scores_of({"a": 9, "b": 5, "c": 1})
    swap = tables_of(overrides=[override("a", 2), override("b", 1)])
    assert tier_of(plan_tiers(scores, swap, policy, as_of=AS_OF)) == {"a": 2, "b": 1, "c": 3}
    # a goes down to Tier 2, which b leaves for Tier 1; c wants Tier 1 as well, and decided later.
    late = tables_of(overrides=[override("a", 2), override("b", 1), override("c", 1, created="2026-10-20")])
    plan = plan_tiers(scores, late, policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 2, "b": 1, "c": 3}
    # Taking one back may bar another: b and c cannot both enter Tier 1, the later b stays in Tier 2, so a finds no slot
    # there and stays in Tier 1, so c finds none either.
    chain = tables_of(overrides=[override("c", 1, created="2026-09-01"), override("b", 1), override("a", 2)])
    plan = plan_tiers(scores, chain, policy, as_of=AS_OF)
    assert tier_of(plan) == {"a": 1, "b": 2, "c": 3}
    assert {row[1] for row in ledger_of(plan)} == {"override_no_slot"}


@pytest.mark.parametrize(("day", "tier"), [("2026-12-31", 1), ("2027-01-01", 3)])
def test_an_expired_override_has_no_effect(day: str, tier: int) -> None:
    policy = Policy(**{**PLAIN, "tier1_per_rep": 1, "tier2_per_rep": 0})
    scores = scores_of({"a": 9, "b": 1})
    tables = tables_of(overrides=[override("a", 3), override("b", 1)])
    plan = plan_tiers(scores, tables, policy, as_of=day)
    assert tier_of(plan)["b"] == tier
    assert len(plan.ledger) == (2 if tier == 1 else 0)


def test_an_override_ends_a_promotion_and_lifts_what_is_off_support() -> None:
    tables = tables_of(signals=hires("c"), overrides=[override("c", 3), override("g", 1)])
    scores = scores_of(VALUES, off_support=[k == "g" for k in VALUES])
    plan = plan_tiers(scores, tables, TRIGGER_POLICY, as_of=AS_OF)
    rows = plan.tiers.set_index("account_id")
    assert rows.loc["c", ["tier", "tier_by"]].tolist() == [3, "override"]
    assert pd.isna(rows.loc["c", "promoted_until"])
    assert rows.loc["g", "tier"] == 1


# Each of the three alone


@pytest.mark.parametrize(("column", "value"), [("fit_score", 80.0), ("expected_acv", 400.0), ("strategic_value", 0.5)])
def test_moving_fit_acv_or_strategic_value_alone_changes_the_tier(column: str, value: float) -> None:
    policy = Policy(sizes=(2, 4), **{**PLAIN, "promotion_share": 0.5, "strategic_slots": 1})
    scores = scores_of(VALUES, fit_score=40.0, strategic_value=0.0)
    tables = tables_of(signals=hires("d"))
    assert tier_of(plan_tiers(scores, tables, policy, as_of=AS_OF))["d"] == 2
    moved = scores.copy()
    moved.loc[moved["account_id"] == "d", column] = value
    assert tier_of(plan_tiers(moved, tables, policy, as_of=AS_OF))["d"] == 1
