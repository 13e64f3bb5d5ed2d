import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.lift import tier_lift
from tierkit.proof.observed import observed_outcomes, tiers_acted_on


def history_of(*rows):
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "valid_from", "valid_to"])
    return frame.assign(
        tier=frame["tier"].astype(float), **{c: pd.to_datetime(frame[c]) for c in ("valid_from", "valid_to")}
    )


@pytest.fixture
def company(tables_of, deals_of):
    deals = deals_of(
        ("d1", "a", "2026-01-15", "2026-03-01", "won", 10.0),
        ("d2", "a", "2026-03-05", "2026-05-01", "lost", np.nan),  # b is in force by then
        ("d3", "b", "2025-12-31", "2026-02-01", "won", 10.0),  # opened before tiers
        ("d4", "b", "2026-02-01", "2026-11-01", "won", 10.0),  # past its horizon
        ("d5", "c", "2026-12-01", None, "open", np.nan),  # immature
        ("d6", "e", "2026-02-01", None, "open", np.nan),  # never had a tier
    )
    history = history_of(
        ("a", 1, "2026-01-01", "2026-02-28"),
        ("a", 2, "2026-03-01", None),
        ("b", 3, "2026-01-01", None),
        ("c", 1, "2026-01-01", None),
    )
    accounts = pd.DataFrame({"account_id": list("abce")})
    return tables_of(deals=deals.assign(deal_type="new"), tier_history=history, accounts=accounts)


def observed(tables, **how):
    return observed_outcomes(tables, as_of="2026-12-31", horizon_days=90, acted_on="2026-01-01", **how)


def test_a_deal_counts_in_the_tier_in_force_when_it_opened(company):
    deals = observed(company).query("unit == 'deal'").set_index("row_id")
    assert deals.index.tolist() == ["d1", "d4", "d6", "d2", "d5"]
    assert deals["tier"].fillna(0).to_dict() == {"d1": 1, "d4": 3, "d6": 0, "d2": 2, "d5": 1}
    assert deals["won_in_horizon"].fillna(9).to_dict() == {"d1": 1, "d4": 0, "d6": 0, "d2": 0, "d5": 9}
    assert deals["is_open"].to_dict() == {"d1": False, "d4": False, "d6": True, "d2": False, "d5": False}


def test_an_account_counts_each_month_until_it_is_a_customer(company):
    accounts = observed(company).query("unit == 'account'")
    # a was won on 1 March; b on 1 February by the deal that opened before tiers; c never
    assert accounts.groupby("row_id")["as_of"].size().to_dict() == {"a": 2, "b": 1, "c": 12}
    table = tier_lift(observed(company))
    assert set(table["kind"]) == {"observed"}


def test_published_months_follow_the_history():
    given = history_of(("a", 3, "2026-01-01", None), ("b", 1, "2026-01-01", None), ("c", 2, "2026-06-01", None))
    march = pd.DataFrame({"account_id": ["a"], "tier": [1], "tier_by": ["trigger"]})
    april = pd.DataFrame({"account_id": ["a", "b"], "tier": [2, 1], "tier_by": ["value", "value"]})
    days = [pd.Timestamp("2026-04-30"), pd.Timestamp("2026-03-31")]
    whole = tiers_acted_on(given, list(zip(days, [april, march], strict=True)))
    told = whole.assign(valid_to=whole["valid_to"].dt.strftime("%m-%d").fillna("")).to_dict("split")["data"]
    assert [(a, t, f"{since:%m-%d}", until, by) for a, t, since, until, by in told] == [
        ("a", 3.0, "01-01", "03-31", "given"),
        ("a", 1.0, "04-01", "04-30", "trigger"),
        ("a", 2.0, "05-01", "", "value"),
        ("b", 1.0, "01-01", "03-31", "given"),
        ("b", 1.0, "05-01", "", "value"),
    ]


def test_nothing_published_leaves_the_history():
    given = history_of(("a", 3, "2026-01-01", None))
    assert tiers_acted_on(given, [])["tier"].tolist() == [3.0]


def test_undated_deals_are_refused(tables_of):
    with pytest.raises(TableError, match="which tier a deal opened in"):
        observed(tables_of(deals=pd.DataFrame({"deal_id": ["d"], "outcome": ["won"]})))
