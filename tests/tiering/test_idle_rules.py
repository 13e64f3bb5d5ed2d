import pandas as pd

from tests.tiering.books import tables_of
from tierkit.tiering.idle_rules import PublishedMonth, idle_rules
from tierkit.tiering.plays import DEFAULT_PLAYS
from tierkit.tiering.policy import Gates, Policy

POLICY = Policy(
    gates=Gates(
        industries=("software",),
        min_employees=40,
        max_employees=9000,
        required=("employees", "industry"),
        cool_off_days=30,
    ),
    promote=("executive_hire", "inbound_hand_raise"),
)


def month_of(
    month: str,
    *,
    gates: dict[str, str] | None = None,
    overlays: list[tuple[str, str, str]] | None = None,
    by: dict[str, str] | None = None,
    cooling: tuple[str, ...] = (),
) -> PublishedMonth:
    """A month of five accounts A to E, all of Tier 3 but A (1) and B (2)."""
    ids = list("ABCDE")
    reasons = pd.DataFrame({"account_id": list(gates or {}), "gate_reason": list((gates or {}).values())}, dtype="str")
    ledger = pd.DataFrame(overlays or [], columns=["account_id", "what", "why"], dtype="str")
    tiers = pd.DataFrame(
        {
            "account_id": ids,
            "as_of": pd.Period(month).end_time.normalize(),
            "tier": [1, 2, 3, 3, 3],
            "tier_by": [(by or {}).get(i, "value") for i in ids],
            "contactable": [i not in cooling for i in ids],
            "has_open_deal": False,
            "is_customer": False,
            "priority_rank": pd.array([1, 2, 3, 4, pd.NA], dtype="Int64"),
        }
    )
    return PublishedMonth(month, reasons, ledger, tiers)


QUIET = [f"2026-{m:02d}" for m in range(4, 10)]


def moved(table: pd.DataFrame) -> dict[str, int]:
    return dict(zip(table["rule"], table["n_accounts"], strict=True))


def test_each_rule_counts_the_accounts_it_moved() -> None:
    one = month_of(
        "2026-09",
        gates={
            "F": "industry Retail",
            "G": "missing industry;employees",
            "H": "missing industry",
            "I": "under 40 employees",
            "J": "excluded: partner",
            "A": "passes",
        },
        overlays=[
            ("C", "promoted", "executive hire until 2026-11-20"),
            ("D", "strategic", "strategic: reference"),
            ("E", "promotion_no_slot", "its rep holds no free slot"),
        ],
        by={"A": "band", "B": "stay"},
        cooling=("B",),
    )
    two = month_of("2026-10", gates={"F": "industry Retail", "I": "under 40 employees", "K": "under 40 employees"})
    signals = [
        {"account_id": "C", "occurred_at": "2026-10-30", "kind": "funding"},
        {"account_id": "E", "occurred_at": "2026-10-30", "kind": "funding"},
    ]
    tables = tables_of(
        signals=signals, exclusions=[{"account_id": "J", "reason": "partner"}, {"account_id": "Q", "reason": "legal"}]
    )
    table = idle_rules([two, one], POLICY, tables)
    assert moved(table) == {
        "gates.industries": 1,
        "gates.min_employees": 2,
        "gates.max_employees": 0,
        "gates.required: employees": 1,
        "gates.required: industry": 2,
        "gates.cool_off_days": 1,
        "exclusions: legal": 0,
        "exclusions: partner": 1,
        "band of 20%": 1,
        "minimum stay of 3 months": 1,
        "churn budget of 10%": 0,
        "open deal keeps its tier": 0,
        "competitive_displacement (90 days)": 0,
        "executive_hire (90 days)": 1,
        # E is not to be contacted: nobody works it sooner.
        "funding (60 days)": 1,
        "inbound_hand_raise (14 days)": 0,
        "regulatory_change (120 days)": 0,
        "strategic lane": 1,
        "overrides": 0,
        "Tier 1 strategic": 1,
        "Tier 2 priority": 1,
        "Tier 3 programme": 3,
    }
    by_rule = table.set_index("rule")
    assert by_rule.loc["gates.min_employees", "n_account_months"] == 3
    # Two runs are too few to name a rule.
    assert not table["remove"].any()


def test_a_rule_that_moved_nobody_in_six_runs_is_named_for_removal() -> None:
    months = [month_of(m) for m in QUIET]
    table = idle_rules(months, POLICY).set_index("rule")
    assert table.loc["band of 20%", "remove"]
    assert not table.loc["Tier 1 strategic", "remove"]
    assert table.loc["band of 20%", "sentence"] == (
        "The hold rule 'band of 20%' moved no account in the last 6 runs: remove it from the sheet, or loosen it."
    )
    # One account in the last of six keeps it; in a seventh, older run it does not.
    newer = [*months[1:], month_of("2026-10", by={"A": "band"})]
    assert not idle_rules(newer, POLICY).set_index("rule").loc["band of 20%", "remove"]
    older = [month_of("2026-03", by={"A": "band"}), *months]
    assert idle_rules(older, POLICY).set_index("rule").loc["band of 20%", "remove"]


def test_rules_the_sheet_does_not_set_are_not_listed_and_equal_plays_move_nobody() -> None:
    same = DEFAULT_PLAYS[3]
    policy = Policy(stability="low", strategic_slots=0, plays=(same[0], same[1], same[1]))
    table = idle_rules([month_of(m) for m in QUIET], policy).set_index("rule")
    assert table.index.tolist()[0] == "open deal keeps its tier"
    assert table["n_accounts"].to_dict()["Tier 1 strategic"] == 1
    assert table.loc[["Tier 2 priority", "Tier 3 programme"], "remove"].all()
