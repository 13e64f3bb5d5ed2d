import numpy as np
import pandas as pd

from tierkit.proof.outcomes import account_outcomes, won_of_opened

DAY = pd.Timestamp("2026-01-31")


def company(deals_of):
    return deals_of(
        ("d1", "a", "2026-02-10", "2026-04-01", "won", 10.0),
        ("d2", "a", "2026-02-20", "2026-04-05", "won", 30.0),
        ("d3", "b", "2026-01-31", "2026-03-01", "won", 50.0),  # opened on the day itself: before the promise
        ("d4", "c", "2026-02-05", "2026-05-02", "won", 70.0),  # 91 days after the day: past the horizon of 90
        ("d5", "d", "2026-04-20", "2026-06-10", "won", 90.0),  # won within 90 days of opening, after 90 of the day
        ("d6", "e", "2026-02-05", "2026-03-05", "lost", np.nan),
        ("d7", "f", "2026-02-05", "2026-03-05", "won", np.nan),
    )


def test_account_outcomes_by_hand(deals_of):
    out = account_outcomes(
        company(deals_of), list("abcdefg"), as_of=DAY, horizon_days=90, through=pd.Timestamp("2026-05-01")
    )
    assert out["won_in_horizon"].tolist() == [1, 0, 0, 0, 0, 1, 0]
    assert out.loc[0, ["won_acv", "top_deal_id", "top_deal_acv"]].tolist() == [40.0, "d2", 30.0]
    # a win of unknown worth is a win
    assert np.isnan(out.loc[5, "won_acv"])
    assert out["won_acv"].notna().sum() == 1


def test_outcomes_wait_for_the_whole_horizon(deals_of):
    # 31 January + 90 days is 1 May
    out = account_outcomes(company(deals_of), ["a"], as_of=DAY, horizon_days=90, through=pd.Timestamp("2026-04-30"))
    assert out["won_in_horizon"].isna().all()
    assert out["won_acv"].isna().all()


def test_won_of_opened_gives_each_deal_its_own_horizon(deals_of):
    deals = company(deals_of)
    won = won_of_opened(deals, after=DAY, until=pd.Timestamp("2026-05-01"), horizon_days=90)
    # d4 was won on its 86th day, d5 on its 51st, d3 opened too early
    assert won["deal_id"].tolist() == ["d1", "d2", "d4", "d5", "d7"]
