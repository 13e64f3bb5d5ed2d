import numpy as np
import pandas as pd
import pytest

from tests.features.company import make_tables
from tierkit.errors import TableError
from tierkit.features.horizon import win_horizon
from tierkit.features.settings import FeatureSettings

BEFORE = pd.Timestamp("2026-06-30")


def book(cycles: list[int], *, opened: str = "2024-01-01", outcome: str = "won", **more: object) -> pd.DataFrame:
    start = pd.Timestamp(opened)
    ids = [f"{opened}-{outcome}-{i}" for i in range(len(cycles))]
    closed = [start + pd.Timedelta(days=c) for c in cycles]
    return pd.DataFrame(
        {"deal_id": ids, "account_id": ids, "opened_at": start, "closed_at": closed, "outcome": outcome, **more}
    )


def test_the_horizon_is_the_85th_percentile_of_the_won_cycle() -> None:
    # 1..200 days: numpy's percentile is 1 + 0.85 x 199 = 170.15, so 171 days; 29 of 200 wins took longer.
    found = win_horizon(make_tables(deals=book(list(range(1, 201)))), before=BEFORE)
    assert (found.days, found.stated) == (171, False)
    assert found.share_missed == pytest.approx(29 / 200)


def test_the_horizon_is_bounded_and_may_be_stated() -> None:
    assert win_horizon(make_tables(deals=book([10] * 40)), before=BEFORE).days == 90
    slow = make_tables(deals=book([500] * 40))
    found = win_horizon(slow, before=BEFORE)
    assert (found.days, found.share_missed) == (365, 1.0)
    stated = win_horizon(slow, before=BEFORE, settings=FeatureSettings(horizon_days=600))
    assert (stated.days, stated.share_missed, stated.stated) == (600, 0.0, True)


def test_losses_young_deals_and_existing_business_do_not_count() -> None:
    # Of the deals opened in 2026 only the fast wins are in: they would pull the horizon down to 90.
    deals = pd.concat(
        [
            book([200] * 30, deal_type="new"),
            book([20] * 300, opened="2026-03-01", deal_type="new"),
            book([300] * 300, outcome="lost", deal_type="new"),
            book([300] * 300, opened="2024-01-02", deal_type="renewal"),
        ]
    )
    assert win_horizon(make_tables(deals=deals), before=BEFORE).days == 200


def test_without_wins_there_is_a_default_and_without_dates_none() -> None:
    found = win_horizon(make_tables(deals=book([30], outcome="lost")), before=BEFORE)
    assert found.days == 180
    assert np.isnan(found.share_missed)
    undated = pd.DataFrame({"deal_id": ["d"], "account_id": ["d"], "outcome": ["won"]})
    with pytest.raises(TableError, match="opened_at"):
        win_horizon(make_tables(deals=undated), before=BEFORE)
