import numpy as np
import pandas as pd
import pytest

from tests.features.company import make_tables
from tierkit.errors import TableError
from tierkit.features.asof import build_deal_rows
from tierkit.features.readiness import check_readiness, enrichment_coverage, find_repeats, say_repeats
from tierkit.features.settings import FeatureSettings


def rows(n_won: int, n_lost: int, n_immature: int = 0) -> pd.DataFrame:
    n = n_won + n_lost + n_immature
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(pd.Series(np.linspace(0, 700, n).round()), unit="D")
    return pd.DataFrame(
        {
            "row_id": [f"d{i}" for i in range(n)],
            "account_id": [f"a{i}" for i in range(n)],
            "group_id": [f"a{i}" for i in range(n)],
            "opened_at": opened,
            "closed_at": opened + pd.Timedelta(days=30),
            "outcome": ["won"] * n_won + ["lost"] * n_lost + ["open"] * n_immature,
            "won_in_horizon": [1.0] * n_won + [0.0] * n_lost + [np.nan] * n_immature,
        }
    )


@pytest.mark.parametrize(
    ("won", "lost", "level"),
    [
        (39, 300, "scorecard"),
        (300, 39, "scorecard"),
        (40, 40, "indicative"),
        (199, 900, "indicative"),
        (200, 200, "full"),
    ],
)
def test_levels(won: int, lost: int, level: str) -> None:
    found = check_readiness(rows(won, lost, 7))
    assert (found.level, found.n_won, found.n_lost, found.n_immature) == (level, won, lost, 7)
    assert found.base_rate == pytest.approx(won / (won + lost))
    assert f"{won} won and {lost} lost accounts" in found.sentences[0]


def test_accounts_are_counted_not_deals() -> None:
    deals = rows(50, 50)
    deals.loc[:19, ["account_id", "group_id"]] = "a0"
    # 20 of the 50 won deals belong to one account: 31 won accounts.
    assert check_readiness(deals).n_won == 31
    assert check_readiness(deals).level == "scorecard"


def test_base_rates_and_short_lives_are_said() -> None:
    assert len(check_readiness(rows(60, 60)).sentences) == 1
    assert "61%" in check_readiness(rows(610, 390)).sentences[1]
    brief = rows(60, 60)
    brief.loc[:4, "closed_at"] = brief["opened_at"] + pd.Timedelta(days=1)
    assert check_readiness(brief).sentences[1].startswith("5 deals lived under two days")


def test_nothing_closed_or_nothing_won_stops() -> None:
    with pytest.raises(TableError, match="no deal was won"):
        check_readiness(rows(0, 50))
    with pytest.raises(TableError, match="no deal has closed"):
        check_readiness(rows(0, 0, 10))


def test_repeats_are_patterns_that_occur_twice() -> None:
    deals = rows(2, 3).assign(product=["x", "y", "x", "x", "z"], seats=[1.0, 1, 1, 1, np.nan], closed_at=pd.NaT)
    found = find_repeats(deals)
    # x with one seat: one won, two lost; y and z stand alone.
    assert found[["n", "n_groups", "n_won", "n_mixed", "row_ids"]].to_numpy().tolist() == [[3, 3, 1, 1, "d0 d2 d3"]]
    assert find_repeats(deals, ["product", "row_id"]).empty
    assert find_repeats(deals, ["won_in_horizon"])["n"].tolist() == [3, 2]


def test_coverage_with_denominators_and_a_year_ago() -> None:
    accounts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c", "d"],
            "industry": ["x", None, "y", "z"],
            "employees": [10.0, 20.0, np.nan, np.nan],
            "created_at": ["2020-01-01", "2020-01-01", "2026-01-01", "2026-09-01"],
        }
    )
    history = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "known_at": ["2025-01-01", "2026-02-01"],
            "field": "employees",
            "value": ["10", "20"],
        }
    )
    tables = make_tables(accounts=accounts, account_history=history)
    found = enrichment_coverage(tables, as_of=pd.Timestamp("2026-06-30")).set_index("field")
    # d does not exist yet. A year ago a and b did, and only a's headcount was known.
    assert found.loc["industry", ["n", "n_known"]].tolist() == [3, 2]
    assert found.loc["employees", ["n", "n_known", "share_year_ago"]].tolist() == [3, 2, 0.5]
    assert np.isnan(found.loc["industry", "share_year_ago"])
    tier = pd.Series({"a": 1, "b": 1, "c": 2}, name="tier")
    by_tier = enrichment_coverage(tables, as_of=pd.Timestamp("2026-06-30"), by=tier)
    assert by_tier[["field", "tier", "n", "n_known"]].to_numpy().tolist() == [
        ["industry", "1", 2, 1],
        ["industry", "2", 1, 1],
        ["employees", "1", 2, 2],
        ["employees", "2", 1, 0],
    ]


def test_without_accounts_copies_of_a_deal_are_one() -> None:
    deals = rows(210, 210).assign(deal_id=lambda d: d["row_id"], account_id=lambda d: d["row_id"])
    deals["group_id"] = deals["row_id"]
    assert (check_readiness(deals).level, check_readiness(deals).unit) == ("full", "deals")
    # 20 of the 210 won rows are copies of the first: 191 distinct.
    deals.loc[:19, "group_id"] = "d0"
    found = check_readiness(deals)
    assert (found.level, found.n_won, found.unit) == ("indicative", 191, "distinct deals")
    assert found.sentences[0].startswith("191 won and 210 lost distinct deals: below 200")


def test_few_accounts_short_spans_and_little_to_test_are_said_and_stop_nothing() -> None:
    few = check_readiness(rows(45, 45))
    assert few.level == "indicative"
    assert "Only 90 accounts" in few.sentences[1]
    short = rows(60, 60)
    short["opened_at"] = short["opened_at"].where(short["opened_at"] < "2024-06-01", pd.Timestamp("2024-06-01"))
    # 1 January to 1 June: 152 days, 5 months.
    assert "within 5 months (below 12)" in check_readiness(short).sentences[1]
    # 700 days less a horizon of 600: 1.1 quarters of 91 days.
    long = check_readiness(rows(60, 60).assign(horizon_days=600.0)).sentences
    assert long[1].startswith("1.1 quarters")
    assert len(check_readiness(rows(60, 60).assign(horizon_days=180.0)).sentences) == 1


def test_brief_deals_are_dropped_only_where_the_sheet_says_so() -> None:
    opened = pd.Series(pd.date_range("2024-01-01", periods=50))
    deals = pd.DataFrame(
        {
            "deal_id": [f"d{i:02d}" for i in range(50)],
            "account_id": [f"a{i:02d}" for i in range(50)],
            "opened_at": opened,
            "closed_at": opened + pd.to_timedelta([1] * 8 + [2] * 42, unit="D"),
            "outcome": ["won", "lost"] * 25,
        }
    )
    accounts = pd.DataFrame({"account_id": deals["account_id"], "industry": "x"})
    tables, before = make_tables(accounts=accounts, deals=deals), pd.Timestamp("2025-06-01")
    kept = build_deal_rows(tables, before=before)
    assert len(kept) == 50
    assert any(s.startswith("8 deals lived under two days") and "kept" in s for s in check_readiness(kept).sentences)
    fewer = build_deal_rows(tables, before=before, settings=FeatureSettings(drop_brief_deals=True))
    assert len(fewer) == 42
    assert any("8 deals" in s and "leaves them out" in s for s in check_readiness(fewer).sentences)


def test_repeats_are_said_with_the_side_they_stand_on() -> None:
    assert say_repeats(find_repeats(rows(2, 3).assign(size=range(5))), 5)[0].startswith("No two of 5")
    same = rows(2, 3).assign(product=["x", "y", "x", "x", "z"])
    said = say_repeats(find_repeats(same, ["product"]), 5)
    assert said[0].startswith("3 of 5 deals repeat another")
    assert "both sides" in said[1]
    together = say_repeats(find_repeats(same.assign(group_id="one"), ["product"]), 5)
    assert "on one side" in together[1]


def test_accounts_that_look_alike_are_one_group() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "domain": ["xy.com", "www.xy.com", "yz.com"]})
    deals = pd.DataFrame(
        {
            "deal_id": ["1", "2", "3"],
            "account_id": ["a", "b", "c"],
            "opened_at": "2024-01-01",
            "closed_at": "2024-02-01",
            "outcome": "won",
        }
    )
    found = build_deal_rows(make_tables(accounts=accounts, deals=deals), before=pd.Timestamp("2025-06-01"))
    assert found["group_id"].tolist() == ["a", "a", "c"]
    assert found["account_id"].tolist() == ["a", "b", "c"]
