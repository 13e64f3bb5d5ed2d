import numpy as np
import pandas as pd
import pytest

from tierkit.proof.bookings import COLUMNS, reconcile_bookings
from tierkit.proof.forecasts import say_forecasts, score_forecasts

AS_OF = pd.Timestamp("2026-06-30")
SCORES = pd.DataFrame({"account_id": ["a", "b"], "expected_value": [70.0, 40.0]})


def company(deals_of):
    """A horizon of 90 days: the newest mature window is 2 January to 1 April."""
    return deals_of(
        ("d0", "z", "2025-06-01", "2025-07-01", "lost", 9.0),
        ("d1", "a", "2026-01-02", "2026-02-01", "won", 60.0),
        ("d2", "b", "2026-04-01", "2026-06-30", "won", 40.0),  # the last day of the window, won on its 90th day
        ("d3", "c", "2026-01-01", "2026-02-01", "won", 500.0),  # opened a day too early
        ("d4", "d", "2026-03-01", "2026-06-20", "won", 25.0),  # won on its 111th day; booked all the same
        ("d5", "e", "2026-04-02", "2026-04-30", "won", 7.0),  # opened after the window; booked
        ("d6", "f", "2026-05-01", "2026-09-30", "won", 900.0),  # closed after the day: not known
        ("d7", "a", "2026-03-05", "2026-03-20", "won", 300.0),  # opened after the account's first win: existing
    )


def test_reconcile_by_hand(deals_of, tables_of):
    table = reconcile_bookings(
        SCORES, tables_of(deals=company(deals_of), accounts=ACCOUNTS), as_of=AS_OF, horizon_days=90
    )
    assert list(table.columns) == COLUMNS
    row = table.iloc[0]
    # 60 + 40 were won of what opened then; 40 + 25 + 7 were booked since 1 April; 110 expected
    assert (row["expected"], row["trailing"], row["n_trailing_won"]) == (110, 100, 2)
    assert (row["booked"], row["n_booked"]) == (72, 3)
    assert row["ratio"] == pytest.approx(1.1)
    assert row["ok"]
    assert "deals opened 2026-01-02 to 2026-04-01 brought USD 100 (2 wins), ratio 1.10" in row["sentence"]


def test_money_far_from_bookings_is_withheld(deals_of, tables_of):
    tables = tables_of(deals=company(deals_of), accounts=ACCOUNTS)
    row = reconcile_bookings(SCORES.assign(expected_value=[100, 26.0]), tables, as_of=AS_OF, horizon_days=90).iloc[0]
    assert not row["ok"]
    assert row["sentence"].endswith("further apart than 25 %, so ranks are shown and money is withheld.")


def test_accounts_that_came_later_are_no_part_of_the_forecast(deals_of, tables_of):
    late = ACCOUNTS.assign(created_at=pd.to_datetime(["2025-01-01", "2026-02-01", *["2025-01-01"] * 5]))
    tables = tables_of(deals=company(deals_of), accounts=late)
    assert reconcile_bookings(SCORES, tables, as_of=AS_OF, horizon_days=90).iloc[0]["trailing"] == 60


def test_the_last_forecast_is_scored_once_two_horizons_have_passed(deals_of, tables_of):
    tables = tables_of(deals=company(deals_of), accounts=ACCOUNTS)
    then = pd.DataFrame({"as_of": [pd.Timestamp("2026-01-01")], "horizon_days": [90], "expected": [125.0]})
    row = reconcile_bookings(SCORES, tables, as_of=AS_OF, horizon_days=90, last_forecast=then).iloc[0]
    assert (row["last_actual"], row["last_ratio"]) == (100, 1.25)
    assert "The forecast of 2026-01-01 said USD 125, USD 100 came." in row["sentence"]
    newer = then.assign(as_of=pd.Timestamp("2026-01-02"))
    row = reconcile_bookings(SCORES, tables, as_of=AS_OF, horizon_days=90, last_forecast=newer).iloc[0]
    assert row["last_expected"] == 125
    assert np.isnan(row["last_actual"])


def test_open_deals_are_held_against_what_open_deals_won(deals_of, tables_of):
    deals = company(deals_of)
    deals = deals.assign(account_id=deals["deal_id"])
    row = reconcile_bookings(SCORES, tables_of(deals=deals), as_of=AS_OF, horizon_days=90).iloc[0]
    # open on 1 April: d2 (won 40), d4 (won 25)
    assert (row["trailing"], row["n_trailing_won"]) == (65, 2)


def test_what_cannot_be_compared_is_said(deals_of, tables_of):
    deals = company(deals_of)
    young = tables_of(deals=deals[deals["opened_at"] > "2026-02-10"], accounts=ACCOUNTS)
    row = reconcile_bookings(SCORES, young, as_of=AS_OF, horizon_days=90).iloc[0]
    assert not row["ok"]
    assert "the data begin 2026-03-01, too late" in row["sentence"]
    undated = tables_of(deals=deals.drop(columns=["opened_at", "closed_at"]), accounts=ACCOUNTS)
    row = reconcile_bookings(SCORES, undated, as_of=AS_OF, horizon_days=90).iloc[0]
    assert (row["expected"], row["ok"]) == (110, False)
    assert "no dates" in row["sentence"]
    unpriced = tables_of(deals=deals.drop(columns="acv"), accounts=ACCOUNTS)
    assert "no amount" in reconcile_bookings(SCORES, unpriced, as_of=AS_OF, horizon_days=90).iloc[0]["sentence"]


ACCOUNTS = pd.DataFrame({"account_id": list("abcdefz")})


def test_what_chance_makes_of_few_large_deals_is_told_apart_from_a_bias(deals_of, tables_of):
    tables = tables_of(deals=company(deals_of), accounts=ACCOUNTS)
    row = reconcile_bookings(SCORES.assign(expected_value=[100, 40.0]), tables, as_of=AS_OF, horizon_days=90).iloc[0]
    # 60 + 40 by two accounts, each drawn Poisson(1) times: none of the two with chance exp(-2) = .135
    assert (row["trailing_low"], row["largest3_share"]) == (0, 1)
    # at most 4 x 60 + 2 x 40 or the like: P(Poisson >= 4) is .019
    assert 200 <= row["trailing_high"] <= 340
    assert not row["ok"]
    assert row["by_chance"]
    assert "of it; the gap is no more than chance explains. That is further apart than 25 %" in row["sentence"]
    assert f"ratio 1.40 ({140 / row['trailing_high']:.2f} or more by chance)" in row["sentence"]
    row = reconcile_bookings(SCORES.assign(expected_value=[900, 40.0]), tables, as_of=AS_OF, horizon_days=90).iloc[0]
    assert not row["by_chance"]
    assert "hold 100 % of it; the gap is more than chance explains." in row["sentence"]


def test_the_noise_of_money_covers_what_the_months_would_bring_anew(deals_of, tables_of):
    # 120 wins of mean 1 and sd 1: their sum has sd sqrt(120 (1 + 1)) = 15.5
    value = np.random.default_rng(5).exponential(1, 120)
    rows = [(f"d{i:03}", f"a{i:03}", "2026-02-01", "2026-02-20", "won", v) for i, v in enumerate(value)]
    rows.append(("z", "z", "2025-06-01", "2025-07-01", "lost", 1.0))
    accounts = pd.DataFrame({"account_id": [r[1] for r in rows]})
    tables = tables_of(deals=deals_of(*rows), accounts=accounts)
    row = reconcile_bookings(SCORES, tables, as_of=AS_OF, horizon_days=90).iloc[0]
    sd = np.sqrt((value**2).sum())
    assert row["trailing_high"] - row["trailing_low"] == pytest.approx(2 * 1.96 * sd, rel=0.06)


def test_every_earlier_forecast_is_scored_and_the_worst_is_named(deals_of, tables_of):
    tables = tables_of(deals=company(deals_of), accounts=ACCOUNTS)
    made = pd.to_datetime(["2025-12-31", "2026-01-01", "2026-02-10"])
    forecasts = pd.DataFrame({"as_of": made, "horizon_days": 90, "expected": [1200.0, 110.0, 50.0]})
    scored = score_forecasts(forecasts.iloc[::-1], tables, as_of=AS_OF)
    assert scored["status"].tolist() == ["mature", "mature", "immature"]
    # from 31 December: 500 + 60; d2 opens on the 91st day. From 1 January: 60 + 40
    assert scored["actual"].tolist()[:2] == [560, 100]
    assert scored["n_won"].tolist()[:2] == [2, 2]
    assert scored["known_on"].iloc[0] == pd.Timestamp("2026-06-29")
    assert scored["ok"].tolist()[:2] == [False, True]
    told = say_forecasts(scored, currency="USD")
    assert told[0].startswith("1 of 2 forecasts of money that are due came within 25 %")
    assert told[1].startswith("The worst, of 2025-12, said USD 1k; USD 560 came from 2 wins")
    assert told[2].startswith("The best, of 2026-01, said USD 110; USD 100 came")
    assert say_forecasts(scored[2:], currency="USD") == (
        "No forecast of money is due yet; the first can be scored on 2026-08-09.",
    )


def test_the_newest_forecast_that_is_due_is_the_last(deals_of, tables_of):
    tables = tables_of(deals=company(deals_of), accounts=ACCOUNTS)
    made = pd.to_datetime(["2026-01-01", "2026-05-31"])
    then = pd.DataFrame({"as_of": made, "horizon_days": [90, 90], "expected": [125.0, 80.0]})
    row = reconcile_bookings(SCORES, tables, as_of=AS_OF, horizon_days=90, last_forecast=then).iloc[0]
    assert (row["last_as_of"], row["last_actual"]) == (made[0], 100)
