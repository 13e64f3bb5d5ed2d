import pandas as pd

from tests.tiering.books import AS_OF, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.committee import buying_committee, committee_by_tier, say_committee

TIERS = pd.DataFrame({"account_id": list("abc"), "tier": [1, 1, 2], "name": ["Acme", "Bolt", "Cord"]})
PEOPLE = [
    ("p1", "a", "champion", "manager", "2025-01-01"),
    ("p2", "a", "decision_maker", "C-level", "2025-01-01"),
    ("p3", "a", "finance", "executive", "2026-11-05"),
    ("p4", "b", "champion", "VP of Sales", "2025-01-01"),
    ("p5", "c", None, None, "2025-01-01"),
]


def company(*touches: tuple[str, str, str], **columns: object) -> Tables:
    names = ["contact_id", "account_id", "role", "seniority", "known_at"]
    frames = {"contacts": pd.DataFrame(PEOPLE, columns=names)}
    if touches:
        rows = [dict(zip(("account_id", "contact_id", "occurred_at"), t, strict=True), kind="call") for t in touches]
        frames["activities"] = pd.DataFrame(rows).assign(direction="inbound")
    return tables_of(accounts=pd.DataFrame({"account_id": list("abc")}), **frames)


def test_roles_executives_and_single_threads_are_counted_as_known_on_the_day() -> None:
    touches = [
        ("a", "p1", "2026-10-01"),
        ("a", "p2", "2026-10-01"),
        ("b", "p4", "2026-07-01"),
        ("c", "p5", "2026-10-01"),
    ]
    table = buying_committee(company(*touches), TIERS, as_of=AS_OF)
    assert table is not None
    by = table.set_index("account_id")
    # p3 becomes known after the day; p4 was touched before the 90 days.
    assert by["roles"].to_dict() == {"a": "champion;decision_maker", "b": "champion", "c": ""}
    assert by["roles_missing"].to_dict() == {"a": "", "b": "decision_maker", "c": "champion;decision_maker"}
    assert by["n_contacts"].tolist() == [2, 1, 1]
    assert by["n_in_touch"].tolist() == [2, 0, 1]
    assert by["executive_known"].tolist() == [True, True, False]
    assert by["executive_in_touch"].tolist() == [True, False, False]
    # One thread is a matter of Tier 1 alone.
    assert by["single_threaded"].tolist() == [False, True, False]
    tiers = committee_by_tier(table).set_index("tier")
    assert tiers["n_single_threaded"].tolist() == [1, 0]
    assert tiers["mean_roles"].tolist() == [1.5, 0]
    # Of a and b, b has nobody in touch; a's decision maker is an executive.
    assert say_committee(table) == [
        "1 of 2 Tier 1 accounts hang on fewer than two people; 1 have an executive in touch."
    ]
    assert say_committee(table[table["tier"] > 1]) == say_committee(None) == []
    assert tiers["executive_in_touch"].tolist() == [0.5, 0]


def test_where_touches_name_nobody_the_people_known_are_counted() -> None:
    table = buying_committee(company(), TIERS, as_of=AS_OF)
    assert table is not None
    assert table["n_in_touch"].isna().all()
    assert table["executive_in_touch"].isna().all()
    assert table["single_threaded"].tolist() == [False, True, False]
    assert committee_by_tier(table)["mean_in_touch"].isna().all()


def test_without_contacts_there_is_no_committee_and_unknown_accounts_have_an_empty_one() -> None:
    assert buying_committee(tables_of(accounts=TIERS[["account_id"]]), TIERS, as_of=AS_OF) is None
    stranger = pd.DataFrame({"account_id": ["z"], "tier": [1]})
    table = buying_committee(company(), stranger, as_of=AS_OF)
    assert table is not None
    assert table.loc[0, "n_contacts"] == 0
    assert bool(table.loc[0, "single_threaded"])
