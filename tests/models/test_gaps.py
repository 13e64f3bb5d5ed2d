import pandas as pd
import pytest

from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.inputs.tables import Tables
from tierkit.models.gaps import gap_results, say_gaps
from tierkit.models.linear import Ridge

AS_OF = pd.Timestamp("2026-10-31")
SETTINGS = FeatureSettings(horizon_days=180)
RIDGE = Ridge(0.01, 0.1)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return open_tables(simulate_company(seed=11, n_accounts=1200).frames)


@pytest.fixture(scope="module")
def gaps(tables: Tables) -> pd.DataFrame:
    return results(tables, (0, 30))


def results(tables: Tables, gaps: tuple[int, ...]) -> pd.DataFrame:
    rows = build_deal_rows(tables, before=AS_OF, settings=SETTINGS)
    scoring = build_account_rows(tables, as_of=AS_OF)
    verdicts = screen_features(rows, scoring=scoring)
    how = {"before": AS_OF, "scoring": scoring, "settings": SETTINGS, "rows": rows, "ridge": RIDGE, "seed": 1}
    return gap_results(tables, verdicts, gaps=gaps, **how)


def test_the_last_days_before_opening_drift_and_the_gap_takes_that_away(gaps: pd.DataFrame) -> None:
    by = gaps.set_index("gap_days")
    assert by["in_use"].to_dict() == {0: False, 30: True}
    assert by["n"].nunique() == by["n_won"].nunique() == 1
    assert ((by["auc_low"] < by["auc"]) & (by["auc"] < by["auc_high"])).all()
    # In the simulated company touches rise in the 25 days before a deal opens, whatever its end.
    assert by.loc[0, "n_drifted"] > by.loc[30, "n_drifted"]
    assert by.loc[0, "worst_feature"].startswith(("n_", "days_since"))
    assert by.loc[0, "worst_psi"] > 1


def test_gaps_are_said_in_words(gaps: pd.DataFrame) -> None:
    said = say_gaps(gaps)
    assert "at 0 days" in said[0]
    assert said[1].startswith("The gap in use (30 days)")
    assert len(said) == 3


def test_without_accounts_there_is_no_gap_to_compare() -> None:
    deals = simulate_company(seed=11, n_accounts=300).frames["deals"].drop(columns="account_id")
    tables = open_tables({"deals": deals})
    rows = build_deal_rows(tables, before=AS_OF, settings=SETTINGS)
    found = gap_results(tables, screen_features(rows), before=AS_OF, scoring=rows, settings=SETTINGS, seed=1)
    assert found.empty
    assert say_gaps(found)[0].startswith("Without accounts")
