import pandas as pd
import pytest

from tests.tiering.books import AS_OF, tables_of
from tierkit.errors import SheetError, TableError
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import live_claims, live_overrides, live_triggers

DAY = pd.Timedelta(days=1)


def live_on(day: str | pd.Timestamp, kind: str, occurred: str, policy: Policy | None = None, **columns: object) -> bool:
    tables = tables_of(signals=[{"account_id": "a", "kind": kind, "occurred_at": occurred, **columns}])
    return len(live_triggers(tables, policy or Policy(), pd.Timestamp(day))) == 1


# Days counted on a calendar: 2027-12-31 + 60 = 2028-02-29 (31 + 29: a leap year), 2026-12-31 + 60 = 2027-03-01.
@pytest.mark.parametrize(
    ("kind", "occurred", "last"),
    [
        ("funding", "2027-12-31", "2028-02-29"),
        ("funding", "2026-12-31", "2027-03-01"),
        ("executive_hire", "2026-09-04", "2026-12-03"),
        ("competitive_displacement", "2027-12-02", "2028-03-01"),
        ("regulatory_change", "2028-02-29", "2028-06-28"),
        ("inbound_hand_raise", "2028-02-15", "2028-02-29"),
        ("merger", "2026-10-31", "2026-11-02"),
    ],
)
def test_a_window_holds_from_the_day_through_its_last(kind: str, occurred: str, last: str) -> None:
    policy = Policy(windows={"merger": 2})
    assert not live_on(pd.Timestamp(occurred) - DAY, kind, occurred, policy)
    assert live_on(occurred, kind, occurred, policy)
    assert live_on(last, kind, occurred, policy)
    assert not live_on(pd.Timestamp(last) + DAY, kind, occurred, policy)


def test_an_event_counts_when_it_is_known_and_its_window_runs_from_when_it_happened() -> None:
    known = {"known_at": "2026-10-20"}
    assert not live_on("2026-10-19", "funding", "2026-10-01", **known)
    assert live_on("2026-10-20", "funding", "2026-10-01", **known)
    assert live_on("2026-11-30", "funding", "2026-10-01", **known)
    assert not live_on("2026-12-01", "funding", "2026-10-01", **known)
    # Told of before it happened, it begins when it happens; without the day it was known, too.
    assert not live_on("2026-09-30", "funding", "2026-10-01", known_at="2026-09-01")
    assert live_on("2026-10-01", "funding", "2026-10-01", known_at=None)


def test_an_unknown_kind_lists_the_known() -> None:
    with pytest.raises(
        SheetError, match=r"kind 'merger' has no window.*known: competitive_displacement, executive_hire"
    ):
        live_on(AS_OF, "merger", "2026-10-01")


def claim(value: float, kind: str = "reference", **dates: object) -> dict[str, object]:
    return {"account_id": "a", "kind": kind, "value": value, "evidence": f"{value}", **dates}


def test_the_strongest_live_claim_counts() -> None:
    claims = [
        claim(0.9, known_at="2026-11-01"),
        claim(0.8, expires_at="2026-10-30"),
        claim(0.5, kind="ecosystem", known_at="2026-10-31", expires_at="2026-10-31"),
        claim(0.4, known_at="2026-01-01"),
    ]
    best = live_claims(tables_of(strategic=claims), AS_OF, undated=True)
    assert best.loc["a", ["value", "kind", "evidence"]].tolist() == [0.5, "ecosystem", "0.5"]
    assert best.loc["a", "until"] == AS_OF
    undated = tables_of(strategic=[claim(1.0), claim(0.4, known_at="2026-01-01")])
    assert live_claims(undated, AS_OF, undated=True).loc["a", "value"] == 1.0
    assert live_claims(undated, AS_OF, undated=False).loc["a", "value"] == 0.4


def override(tier: int, created: str, expires: str, account: str = "a") -> dict[str, object]:
    row = {"account_id": account, "tier": tier, "reason": "champion", "author": "Kim"}
    return {**row, "created_at": created, "expires_at": expires}


@pytest.mark.parametrize(
    ("created", "expires", "live"),
    [
        ("2026-10-31", "2026-10-31", True),
        ("2026-11-01", "2026-12-31", False),
        ("2026-01-01", "2026-10-30", False),
    ],
)
def test_an_override_lives_from_creation_through_expiry(created: str, expires: str, live: bool) -> None:
    found = live_overrides(tables_of(overrides=[override(1, created, expires)]), Policy(), AS_OF)
    assert len(found) == live


def test_the_latest_override_of_an_account_wins() -> None:
    rows = [
        override(3, "2026-09-01", "2026-12-31"),
        override(2, "2026-10-01", "2026-12-31"),
        override(1, "2026-10-15", "2026-10-30"),  # over
        override(1, "2026-08-01", "2026-12-31", "b"),
    ]
    found = live_overrides(tables_of(overrides=rows), Policy(), AS_OF)
    assert found[["account_id", "tier"]].to_numpy().tolist() == [["b", 1], ["a", 2]]


def test_an_override_into_a_tier_the_sheet_lacks_is_named() -> None:
    tables = tables_of(overrides=[override(4, "2026-09-01", "2026-12-31")])
    with pytest.raises(
        TableError, match=r"'tier' must be 1 to 3, the tiers of the sheet, got 4 for account a \(1 rows\)"
    ):
        live_overrides(tables, Policy(), AS_OF)
