import numpy as np
import pandas as pd

from tests.features.company import make_tables
from tierkit.features.enrichment import account_sources, coverage_by_group, coverage_trend, say_coverage

AS_OF = pd.Timestamp("2026-06-30")


def company(**more):
    accounts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "industry": ["x", None, "y", "z"],
            "employees": [10.0, 20.0, np.nan, np.nan],
            "created_at": pd.to_datetime(["2020-01-01", "2020-01-01", "2026-01-01", "2026-09-01"]),
        }
    )
    history = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "known_at": pd.to_datetime(["2025-01-01", "2026-02-01"]),
            "field": "employees",
            "value": ["10", "20"],
        }
    )
    return make_tables(**({"accounts": accounts, "account_history": history} | more))


def test_coverage_counts_by_tier_and_by_source():
    tal = pd.DataFrame(
        {
            "account_id": ["a", "b", "b"],
            "entered_at": pd.to_datetime(["2026-01-01", "2025-01-01", "2026-02-01"]),
            "left_at": pd.to_datetime([None, "2025-06-01", None]),
            "source": ["vendor", "events", "vendor"],
        }
    )
    tiers = pd.DataFrame({"account_id": ["a", "b"], "tier": [1, 2]})
    found = coverage_by_group(company(tal=tal), tiers, as_of=AS_OF)
    n = found.set_index(["by", "group", "field"])[["n", "n_known"]]
    assert n.loc[("tier", "Tier 1", "industry")].tolist() == [1, 1]
    assert n.loc[("tier", "Tier 2", "industry")].tolist() == [1, 0]
    # c is not tiered, d does not exist yet
    assert n.loc[("tier", "not tiered", "employees")].tolist() == [1, 0]
    # b left the events list, and stands by the vendor's
    assert n.loc[("source", "vendor", "employees")].tolist() == [2, 2]
    assert n.loc[("source", "outside the list", "employees")].tolist() == [1, 0]
    shuffled = coverage_by_group(company(tal=tal.iloc[::-1]), tiers.iloc[::-1], as_of=AS_OF)
    pd.testing.assert_frame_equal(shuffled, found)


def test_the_account_table_s_own_source_comes_first_and_deals_last():
    given = company().frame("accounts").assign(source=["web", None, "fair", "fair"])
    assert account_sources(company(accounts=given), as_of=AS_OF).tolist() == ["web", "not said", "fair", "fair"]
    deals = pd.DataFrame(
        {
            "deal_id": ["2", "1", "3"],
            "account_id": ["a", "a", "b"],
            "opened_at": pd.to_datetime(["2026-02-01", "2026-01-01", "2026-08-01"]),
            "closed_at": pd.NaT,
            "outcome": "open",
            "source": ["outbound", "inbound", "inbound"],
        }
    )
    first = account_sources(company(deals=deals), as_of=AS_OF)
    assert first.tolist() == ["inbound", "no deal yet", "no deal yet", "no deal yet"]  # b's deal opens later
    assert account_sources(company(), as_of=AS_OF) is None


def test_trend_tells_what_history_knew_and_leaves_out_what_has_none():
    trend = coverage_trend(company(), as_of=AS_OF, quarters=2)
    assert trend["field"].unique().tolist() == ["employees"]  # nobody wrote when an industry was learned
    # end of 2025: a of two; end of March: a and b of three; end of June the same
    assert trend[["n", "n_known"]].to_numpy().tolist() == [[2, 1], [3, 2], [3, 2]]


def test_what_stands_out_is_said_with_its_counts():
    groups = pd.DataFrame(
        [
            ("tier", "Tier 1", "employees", 40, 30),
            ("tier", "Tier 1", "industry", 40, 40),
            ("source", "events", "employees", 100, 90),
            ("source", "vendor_list", "employees", 50, 20),
            ("source", "tiny", "employees", 2, 0),
        ],
        columns=["by", "group", "field", "n", "n_known"],
    ).assign(share=lambda d: d["n_known"] / d["n"])
    days = pd.to_datetime(["2025-01-31", "2026-01-31"])
    trend = pd.DataFrame({"field": "employees", "as_of": days, "n": 100, "n_known": [60, 70], "share": [0.6, 0.7]})
    said = say_coverage(groups, trend)
    assert said[0].startswith("Of 40 Tier 1 accounts 30 have headcount filled")
    assert said[1] == "Headcount is known of 20 of 50 accounts from vendor list, and of 90 of 100 from events."
    assert said[2] == "What is known of headcount rose from 60 % to 70 % since January 2025."
    flat = say_coverage(groups.iloc[:0], trend.assign(share=0.6))
    assert flat == ["No field is known of clearly more or fewer accounts than in January 2025."]
    assert say_coverage(groups.iloc[:0], trend.iloc[:0]) == []
