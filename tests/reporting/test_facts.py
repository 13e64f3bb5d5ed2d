"""Dated facts: from every table, known by the day, the fresh and telling ones first."""

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting.facts import account_facts

AS_OF = "2026-10-31"
DAY = pd.Timestamp


def tables(**frames: pd.DataFrame) -> Tables:
    empty = pd.DataFrame()
    return Tables(frames=frames, children=empty, rejected=empty, sources=empty)


def told(data: Tables, per_account: int = 9) -> list[tuple[str, str, str]]:
    facts = account_facts(data, pd.Series(["a"]), as_of=AS_OF, per_account=per_account)
    return [(f"{d:%Y-%m-%d}", fact, source) for d, fact, source in facts[["day", "fact", "source"]].to_numpy()]


def test_who_came_is_told_by_role_and_only_once_a_kind() -> None:
    days = pd.to_datetime(["2026-08-01", "2026-09-01", "2026-09-02", "2026-09-03"])
    activities = pd.DataFrame(
        {"account_id": "a", "occurred_at": days, "kind": "meeting", "direction": "inbound"}
    ).assign(contact_id=["c1", "c1", "c2", None])
    contacts = pd.DataFrame(
        {
            "contact_id": ["c1", "c2"],
            "account_id": "a",
            "role": ["finance", "it"],
            "seniority": ["executive", "individual"],
        }
    )
    assert told(tables(activities=activities, contacts=contacts)) == [
        ("2026-09-03", "meeting from their side", "activities"),
        ("2026-09-02", "meeting from their IT", "activities"),
        ("2026-09-01", "meeting from their finance (executive)", "activities"),
    ]


def test_tools_and_headcount_that_changed_are_facts_but_small_changes_and_first_values_are_not() -> None:
    rows = [
        ("2024-01-01", "technologies", "crm"),
        ("2026-03-01", "technologies", "crm;event_stream"),
        ("2026-05-01", "technologies", "event_stream"),
        ("2024-01-01", "employees", "100"),
        ("2025-01-01", "employees", "104"),
        ("2026-01-01", "employees", "1404"),
        ("2026-11-05", "employees", "3000"),
    ]
    history = pd.DataFrame(rows, columns=["known_at", "field", "value"]).assign(account_id="a")
    history["known_at"] = pd.to_datetime(history["known_at"])
    assert told(tables(account_history=history)) == [
        ("2026-05-01", "stopped using crm", "account history"),
        ("2026-03-01", "began to use event stream", "account history"),
        ("2026-01-01", "headcount 1,404, before 104", "account history"),  # 4 more are no news; 3,000 came later
    ]


def test_deals_are_told_as_they_stood_on_the_day() -> None:
    deals = pd.DataFrame(
        {
            "deal_id": ["d1", "d2"],
            "account_id": "a",
            "opened_at": pd.to_datetime(["2026-01-05", "2026-02-05"]),
            "closed_at": pd.to_datetime(["2026-06-01", "2026-11-20"]),
            "outcome": ["lost", "won"],
            "product": ["Plus", None],
        }
    )
    assert told(tables(deals=deals)) == [
        ("2026-06-01", "deal lost for Plus", "deals"),
        ("2026-02-05", "deal opened", "deals"),  # that it was won nobody knew yet
        ("2026-01-05", "deal opened for Plus", "deals"),
    ]


def test_fresh_facts_come_before_old_signals_and_entering_the_crm_comes_last() -> None:
    signals = pd.DataFrame({"account_id": "a", "occurred_at": [DAY("2023-01-01")], "kind": ["funding"]})
    activities = pd.DataFrame(
        {"account_id": "a", "occurred_at": [DAY("2026-10-01")], "kind": ["web_visit"], "direction": ["inbound"]}
    )
    accounts = pd.DataFrame({"account_id": ["a"], "created_at": [DAY("2026-10-30")]})
    data = tables(signals=signals, activities=activities, accounts=accounts)
    assert told(data, 1) == [("2026-10-01", "web visit from their side", "activities")]
    assert [fact for _, fact, _ in told(data, 2)] == ["web visit from their side", "funding"]
    assert len(told(data, 3)) == 3


def test_the_order_of_rows_and_of_accounts_changes_nothing() -> None:
    days = pd.to_datetime(["2026-08-01"] * 4)
    signals = pd.DataFrame({"account_id": ["b", "a", "a", "b"], "occurred_at": days, "kind": ["x", "z", "y", "x"]})
    one = account_facts(tables(signals=signals), pd.Series(["a", "b"]), as_of=AS_OF)
    other = account_facts(tables(signals=signals.iloc[::-1]), pd.Series(["b", "a"]), as_of=AS_OF)
    pd.testing.assert_frame_equal(one, other)
    assert one["fact"].tolist() == ["y", "z", "x"]
