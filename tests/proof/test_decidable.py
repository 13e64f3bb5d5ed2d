import numpy as np
import pandas as pd
import pytest

from tierkit.proof.decidable import decidable, judged_from, say_decidable
from tierkit.proof.power import needed_rows, power_of

AS_OF = "2026-10-31"


def deals(*arms, months=6, kind="backtest"):
    """Of each arm (tier, won, n): deals of as many accounts, spread over months up to August 2026."""
    ends = pd.date_range(end="2026-08-31", periods=months, freq="ME")
    rows = [(f"t{tier}-{i}", float(tier), float(i < won), ends[i % months]) for tier, won, n in arms for i in range(n)]
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "won_in_horizon", "as_of"])
    return frame.assign(kind=kind, unit="deal", row_id=frame["account_id"], horizon_days=60.0)


def cell(table, tier="1 vs 3", assumed="as_observed"):
    at = table[(table["tier"] == tier) & (table["assumed"] == assumed)]
    assert len(at) == 1
    return at.iloc[0]


FEW = deals((1, 5, 12), (2, 10, 40), (3, 60, 300))


def test_the_month_is_when_power_and_wins_are_enough():
    # 5 of 12 against 60 of 300 in six months: 2 rows of Tier 1 a month (a little fewer by G / (G - 1)), 25 times as
    # many of Tier 3
    row = cell(decidable(FEW, as_of=AS_OF))
    assert (row["n_top"], row["n_won_top"], row["rate_base"]) == (12, 5, 0.2)
    assert row["rate_top"] == pytest.approx(5 / 12)
    eff = 11
    assert row["eff_top"] == pytest.approx(eff)
    assert row["pace_top"] == pytest.approx(eff / 6)
    assert row["power"] == pytest.approx(power_of(5 / 12, 0.2, eff, 299))
    # rows needed by power; ten wins take (10 - 5) / (11 / 6 x 5 / 12) = 6.5 months, so seven
    needed = needed_rows(5 / 12, 0.2, ratio=299 / eff)
    by_power = int(np.ceil((needed - eff) / (eff / 6)))
    assert row["months_more"] == max(by_power, 7)
    assert by_power > 7
    assert row["known_from"] == f"{pd.Timestamp(AS_OF) + pd.offsets.MonthEnd(by_power):%Y-%m}"
    assert row["replay_months"] == 6 + by_power


def test_ten_wins_are_waited_for_even_where_chance_is_excluded():
    replay = deals((1, 8, 9), (2, 10, 40), (3, 30, 300))
    row = cell(decidable(replay, as_of=AS_OF))
    # 8 wins in six months: two more take two months at 8/6 x 8/9 a month
    assert (row["months_more"], row["known_from"]) == (2, "2026-12")
    assert judged_from(decidable(replay, as_of=AS_OF), kind="backtest", unit="deal") == "December 2026"


def test_what_is_told_apart_can_be_judged_now():
    table = decidable(deals((1, 30, 60), (2, 10, 40), (3, 30, 300)), as_of=AS_OF)
    assert cell(table)["months_more"] == 0
    assert judged_from(table, kind="backtest", unit="deal") is None
    assert (
        say_decidable(table, kind="backtest", unit="deal")[0] == "Tier 1 alone rests on 30 wins and can be judged now."
    )


def test_the_least_lift_that_shows_is_that_of_the_rows():
    row = cell(decidable(FEW, as_of=AS_OF), assumed="least_worth")
    assert row["rate_top"] == pytest.approx(0.3)
    assert row["months_more"] is pd.NA
    assert row["why"] == "at the present pace that takes more than 5 years"
    assert power_of(row["detectable_ratio"] * 0.2, 0.2, row["eff_top"], row["eff_base"]) == pytest.approx(0.8)
    halved = cell(decidable(FEW, as_of=AS_OF, worth=3.0), assumed="least_worth")
    assert halved["months_more"] < 60


def test_the_sentences_say_what_and_when():
    table = decidable(FEW, as_of=AS_OF)
    when = judged_from(table, kind="backtest", unit="deal")
    says = say_decidable(table, kind="backtest", unit="deal")
    assert says[0] == (
        f"Tier 1 alone rests on 5 wins and can be judged from {when} if it goes on winning 2.1 times Tier 3."
    )
    assert says[1].startswith("Today only a lift of 2.9 times or more")


def test_no_rate_yet_is_refused_with_the_month_it_will_be_known():
    table = decidable(FEW.assign(won_in_horizon=np.nan), as_of=AS_OF)
    assert table["months_more"].isna().all()
    # the first of March 2026 month ends and 60 days
    assert cell(table)["why"] == "no rate yet, 352 rows wait for their horizon, the first until May 2026"
    assert say_decidable(table, kind="backtest", unit="deal")[0] == (
        "Tier 1 alone rests on no wins: no rate yet, 352 rows wait for their horizon, the first until May 2026."
    )


def test_no_pace_and_no_lift_are_refused_in_words():
    assert "carry no month" in cell(decidable(FEW.drop(columns="as_of"), as_of=AS_OF))["why"]
    worse = cell(decidable(deals((1, 2, 12), (3, 60, 300)), as_of=AS_OF))
    assert "not above the last tier's so far" in worse["why"]
    nothing = cell(decidable(deals((1, 2, 12), (3, 0, 300)), as_of=AS_OF))
    assert "won nothing yet" in nothing["why"]


def test_a_replay_that_ended_when_tiers_were_acted_on_gains_nothing():
    table = decidable(FEW, as_of=AS_OF, acted_on="2026-09-01")
    assert cell(table)["why"] == "no more months before tiers were acted on can come"
    # months in which they were acted on go on coming
    later = decidable(FEW.assign(kind="contains_treatment"), as_of=AS_OF, acted_on="2026-09-01")
    assert cell(later)["months_more"] > 0


def account_months(n_months):
    """Ten accounts in Tier 1 and 200 in Tier 3, seen every month; one win in twenty accounts, of any month."""
    ends = pd.date_range(end="2026-04-30", periods=n_months, freq="ME")
    rows = []
    for tier, n in ((1.0, 10), (3.0, 200)):
        for i in range(n):
            won_at = ends[0] + pd.Timedelta(days=45) if i % (5 if tier == 1 else 20) == 0 else pd.NaT
            for end in ends:
                won = end < won_at <= end + pd.Timedelta(days=180) if won_at is not pd.NaT else False
                if not (won_at is not pd.NaT and won_at <= end):
                    rows.append((f"t{tier}-{i:03}", tier, float(won), end))
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "won_in_horizon", "as_of"])
    return frame.assign(kind="backtest", unit="account", row_id=frame["account_id"], horizon_days=180.0)


def test_overlapping_account_months_are_not_new_information():
    row = cell(decidable(account_months(7), as_of=AS_OF))
    # ten accounts over seven months with a horizon of six: not seventy rows but hardly more than two tens
    assert row["n_top"] > 55
    assert row["eff_top"] < 22
    assert row["n_won_top"] == 2
    # 7 - 1 + 5.9 months of outcomes
    assert row["pace_top"] == pytest.approx(row["eff_top"] / (6 + 180 / 30.4375))


def test_rows_in_any_order_give_the_same_months():
    pd.testing.assert_frame_equal(
        decidable(FEW.sample(frac=1, random_state=2), as_of=AS_OF), decidable(FEW, as_of=AS_OF)
    )
