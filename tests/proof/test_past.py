import pandas as pd

from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.proof import past

ORIGINS = [pd.Timestamp(day) for day in ("2026-02-28", "2026-03-31", "2026-04-30")]


def test_months_built_one_at_a_time_are_those_built_at_once(monkeypatch):
    tables = open_tables(simulate_company(seed=3, n_accounts=150).frames)
    how = {"origins": ORIGINS, "until": ORIGINS[-1], "horizon_days": 120, "features": FeatureSettings()}
    whole = past.build_past(tables, **how)
    assert isinstance(whole.months, pd.DataFrame)
    monkeypatch.setattr(past, "MOST_ROWS", 100)
    single = past.build_past(tables, **how)
    assert callable(single.months)
    for origin in ORIGINS:
        one, other = (of.to_score(origin, until=origin) for of in (single, whole))
        pd.testing.assert_frame_equal(one, other)
        assert one.attrs["known_when"] == other.attrs["known_when"]


def test_without_accounts_there_are_no_months():
    deals = simulate_company(seed=3, n_accounts=150).frames["deals"].drop(columns=["account_id"])
    tables = open_tables({"deals": deals})
    how = {"origins": ORIGINS, "until": ORIGINS[-1], "horizon_days": 120, "features": FeatureSettings()}
    assert past.build_past(tables, **how).months is None
