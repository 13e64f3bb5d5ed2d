import numpy as np
import pandas as pd
import pytest

from tests.features.company import make_tables
from tierkit.features.asof import build_deal_rows
from tierkit.features.known_days import known_late
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings

N = 60


def as_of(n: int = N) -> pd.Series:
    # 2025-01-01 is day 20,089.
    return pd.Series(20_089, range(n))


def days_after(n_days: int, n: int = N) -> pd.Series:
    return pd.Series(pd.Timestamp("2025-01-01") + pd.Timedelta(days=n_days), range(n))


@pytest.mark.parametrize(
    "stamp", ["employees_updated_at", "EmployeesLastModified", "employees_as_of", "last_employees_refresh_date"]
)
def test_a_stamp_speaks_for_the_column_it_names(stamp: str) -> None:
    frame = pd.DataFrame({"employees": 5.0, "industry": "x", stamp: days_after(40)})
    late = known_late(frame, as_of(), list(frame))
    assert late == {stamp: (40.0, N, stamp), "employees": (40.0, N, stamp)}


def test_days_before_the_cutoff_and_too_few_days_say_nothing() -> None:
    early = pd.DataFrame({"employees": 5.0, "employees_updated_at": days_after(0)})
    assert known_late(early, as_of(), list(early)) == {}
    few = days_after(40).where(np.arange(N) < 9)
    assert known_late(early.assign(employees_updated_at=few), as_of(), list(early)) == {}
    # The median counts: 29 of 60 late is early, 31 is late.
    for n_late, found in ((29, False), (31, True)):
        mixed = days_after(40).where(np.arange(N) < n_late, days_after(-40))
        assert bool(known_late(early.assign(employees_updated_at=mixed), as_of(), list(early))) is found


def test_text_that_is_dates_counts_and_other_text_does_not() -> None:
    frame = pd.DataFrame({"size_set_on": days_after(3).dt.strftime("%Y-%m-%d"), "code": "2025-x", "size": 4.0})
    assert set(known_late(frame, as_of(), list(frame))) == {"size_set_on", "size"}


def test_a_stamp_of_the_table_speaks_for_fields_without_history_only() -> None:
    frame = pd.DataFrame(
        {"employees": 1.0, "industry": "x", "last_enriched_at": days_after(9), "edited": days_after(9)}
    )
    late = known_late(frame, as_of(), list(frame), without_history=["employees"])
    assert set(late) == {"last_enriched_at", "employees", "edited"}


def company(**accounts: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    ids = [f"a{i:03d}" for i in range(N)]
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D")
    won = rng.random(N) < 0.4
    deals = pd.DataFrame(
        {
            "deal_id": [f"d{i}" for i in range(N)],
            "account_id": ids,
            "opened_at": opened,
            "closed_at": opened + pd.Timedelta(days=50),
            "outcome": np.where(won, "won", "lost"),
            "touched_on": opened + pd.Timedelta(days=52),
            "asked_on": opened - pd.Timedelta(days=2),
        }
    )
    about = pd.DataFrame({"account_id": ids, "employees": rng.integers(1, 999, N) + 0.0, "created_at": "2020-01-01"})
    about["technologies"] = rng.choice(["crm;erp", "erp"], N)
    tables = make_tables(accounts=about.assign(**accounts), deals=deals)
    rows = build_deal_rows(tables, before=pd.Timestamp("2026-01-01"), settings=FeatureSettings(horizon_days=180))
    return screen_features(rows).set_index("column")


def test_fields_written_after_the_deal_are_refused_with_the_days() -> None:
    found = company(technologies_refreshed_at="2025-10-01", employees_updated_at="2023-01-01")
    assert found.loc["tech_crm", ["verdict", "rule"]].tolist() == ["refused", "known_late"]
    assert found.loc["tech_crm", "figure"] > 300
    assert "technologies_refreshed_at" in found.loc["tech_crm", "reason"]
    assert found.loc["employees", "rule"] == "none"
    assert found.loc["employees", "known_when"] == "unknown"


def test_a_date_of_the_deal_after_its_opening_is_refused_and_one_before_is_not() -> None:
    found = company()
    # As a feature it is days before the cutoff, and so empty in every row: the useless outranks the late.
    assert found.loc["touched_on", "verdict"] == "refused"
    assert found.loc["asked_on", "rule"] != "known_late"
