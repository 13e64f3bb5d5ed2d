import pandas as pd

from tests.reporting import example
from tierkit.inputs.tables import Tables
from tierkit.reporting.cards import account_facts, build_cards
from tierkit.reporting.decisions import find_decisions
from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.tierfiles import stamp_tiers

TIERS = stamp_tiers(example.make_tiers(), as_of=example.AS_OF, run_id="r")
REASONS = example.make_reasons(TIERS)


def tables(**frames: pd.DataFrame) -> Tables:
    empty = pd.DataFrame()
    return Tables(frames=frames, children=empty, rejected=empty, sources=empty)


def test_every_tier_1_account_has_a_card_with_two_dated_facts() -> None:
    cards = build_cards(TIERS, REASONS, example.make_tables(TIERS), as_of=example.AS_OF)
    assert len(cards) == 40
    assert cards["facts"].map(len).eq(2).all()
    one = cards.set_index("account_id").loc["A0000"]
    assert one["owner_name"] == "Ana Lopez"
    assert one["reasons_for"] == (example.FOR[0], example.FOR[1], example.FOR[2])
    assert one["reason_against"] is None  # every ninth has none
    assert one["last_touch"].endswith("call")


def test_nothing_that_became_known_later_is_a_fact() -> None:
    signals = pd.DataFrame(
        {
            "account_id": ["a", "a", "a"],
            "occurred_at": pd.to_datetime(["2026-10-01", "2026-10-02", "2026-11-05"]),
            "known_at": pd.to_datetime([None, "2026-11-02", None]),
            "kind": ["funding", "executive_hire", "funding"],
        }
    )
    facts = account_facts(tables(signals=signals), pd.Series(["a"]), as_of="2026-10-31")
    # the second was known on 2 November, the third had not happened
    assert facts[["day", "fact", "source"]].to_numpy().tolist() == [[pd.Timestamp("2026-10-01"), "funding", "signals"]]


def test_what_we_did_ourselves_is_no_fact_about_an_account() -> None:
    activities = pd.DataFrame(
        {
            "account_id": ["a", "a"],
            "occurred_at": pd.to_datetime(["2026-10-01", "2026-10-02"]),
            "kind": ["email", "web_visit"],
            "direction": ["outbound", "inbound"],
        }
    )
    facts = account_facts(tables(activities=activities), pd.Series(["a"]), as_of="2026-10-31")
    assert facts["fact"].tolist() == ["web visit from their side"]


def test_cards_without_any_other_table_say_what_they_know() -> None:
    cards = build_cards(TIERS[["account_id", "tier"]], REASONS, tables(), as_of=example.AS_OF)
    assert len(cards) == 40
    assert cards["facts"].map(len).eq(0).all()
    assert cards["last_touch"].isna().all()


def test_the_sign_of_a_reason_follows_its_contribution() -> None:
    reasons = pd.DataFrame(
        {
            "account_id": ["a"] * 4,
            "rank": [2, 1, 3, 4],
            "contribution": [0.2, -0.9, 0.1, -0.05],
            "words": ["second", "worst", "third", "mild"],
        }
    )
    row = split_reasons(reasons, pd.Series(["a"]), top=1).loc["a"]
    assert row["reasons_for"] == ("second",)
    assert row["reason_against"] == "worst"


def test_decisions_are_the_contested_the_unlike_and_the_ending() -> None:
    days = pd.to_datetime(["2026-11-05", "2026-10-30", "2026-11-08", "2026-11-05"])
    overrides = pd.DataFrame(
        {
            "account_id": ["A0200", "A0201", "A0202", "A0203"],  # ends in time, has ended, ends later, not made yet
            "expires_at": days,
            "created_at": pd.to_datetime(["2026-05-01", "2026-05-01", "2026-05-01", "2026-11-02"]),
        }
    )
    found = find_decisions(TIERS, REASONS, as_of="2026-10-31", due="2026-11-07", overrides=overrides, limit=99)
    # contested: ranks 36 to 43 (indices 36-43); off support: index 45; the override of A0200 comes first
    assert set(found["account_id"]) == {"A0200", "A0045", *(f"A{i:04d}" for i in range(36, 44))}
    assert found["account_id"].iloc[0] == "A0200"
    assert "5 Nov 2026" in found["proposal"].iloc[0]
    assert len(find_decisions(TIERS, REASONS, as_of="2026-10-31", due="2026-11-07", limit=5)) == 5


def test_without_a_model_there_is_nothing_contested() -> None:
    bare = TIERS.drop(columns=["membership_prob", "off_support"])
    assert find_decisions(bare, REASONS, as_of="2026-10-31", due="2026-11-07").empty


def test_a_place_kept_from_greater_value_is_a_decision() -> None:
    tiers = pd.DataFrame(
        {
            "account_id": ["held", "late", "best", "sure", "other"],
            "name": ["Held Inc", "Late Inc", "Best Inc", "Sure Inc", "Other Inc"],
            "owner_id": ["r1", "r1", "r1", "r1", "r2"],
            "tier": [1, 1, 1, 3, 2],
            "tier_by": ["stay", "stay", "value", "value", "value"],
            "tier_reason": ["keeps its tier: entered it under 3 months ago; value rank 4 of 9 for Ana"] * 2 + [""] * 3,
            "expected_value": [100.0, 300.0, 900.0, 500.0, 800.0],
            "value_prob": [0.0, 0.1, 1.0, 0.9, 0.95],
        }
    )
    found = find_decisions(tiers.sample(frac=1, random_state=1), REASONS, as_of="2026-10-31", due="2026-11-30")
    # "sure" waits behind the least of those who stay; "other" is of a rep who keeps a place for nobody.
    assert found["account_id"].tolist() == ["sure"]
    row = found.iloc[0]
    assert row["proposal"] == "Let it into Tier 1 by an override, in place of Held Inc, of which less is expected"
    assert row["reason_against"] == "Held Inc keeps its tier: entered it under 3 months ago"
    assert row["value_at_stake"] == 400.0
    unsure = tiers.assign(value_prob=0.7)
    assert find_decisions(unsure, REASONS, as_of="2026-10-31", due="2026-11-30").empty
