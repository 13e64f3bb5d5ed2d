import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.proof.test_lift import arm, replay_of
from tierkit.proof.trend import tier_trend


def test_tier_trend_tells_order_from_noise():
    replay = replay_of(*arm(1, 30, 60), *arm(2, 30, 100), *arm(3, 30, 300))
    trend = tier_trend(replay, seed=1).iloc[0]
    assert trend["z"] > 6
    assert trend["in_order_prob"] > 0.98
    assert trend["odds_low"] > 1.8
    flat = tier_trend(replay_of(*arm(1, 12, 60), *arm(2, 20, 100), *arm(3, 60, 300)), seed=1).iloc[0]
    assert flat["z"] == pytest.approx(0)
    assert flat["odds_ratio"] == pytest.approx(1)
    assert flat["gee_p_value"] == pytest.approx(1)
    # three equal rates stand in one given order with chance 1/6
    assert flat["in_order_prob"] == pytest.approx(1 / 6, abs=0.03)


def test_the_odds_are_those_of_a_logit_where_no_account_repeats():
    replay = replay_of(*arm(1, 30, 60), *arm(2, 30, 100), *arm(3, 30, 300))
    row = tier_trend(replay, seed=1).iloc[0]
    fit = sm.Logit(replay["won_in_horizon"], sm.add_constant(-replay["tier"])).fit(disp=0, cov_type="HC0")
    assert row["odds_ratio"] == pytest.approx(np.exp(fit.params["tier"]))
    assert (row["odds_low"], row["odds_high"]) == pytest.approx(np.exp(fit.conf_int().loc["tier"]), rel=1e-3)
    # Cochran-Armitage is the score test of that slope
    assert row["z"] == pytest.approx(fit.tvalues["tier"], rel=0.1)


def test_deals_of_one_account_widen_the_odds():
    # 120 accounts with three deals that share their outcome
    alone = tier_trend(replay_of(*arm(1, 20, 40), *arm(3, 24, 80)), seed=1).iloc[0]
    rows = replay_of(*arm(1, 20, 40), *arm(3, 24, 80))
    thrice = pd.concat([rows.assign(row_id=f"{k}-" + rows["row_id"]) for k in range(3)], ignore_index=True)
    again = tier_trend(thrice, seed=1).iloc[0]
    assert (again["n"], again["n_accounts"]) == (360, 120)
    for end in ("odds_ratio", "odds_low", "odds_high", "gee_p_value"):
        assert again[end] == pytest.approx(alone[end], rel=1e-6)
    assert again["z"] == pytest.approx(alone["z"], rel=0.02)


def test_few_accounts_get_a_wider_error():
    rows = replay_of(*arm(1, 6, 10), *arm(3, 6, 20))
    few = tier_trend(rows, seed=1).iloc[0]
    design = sm.add_constant(-rows["tier"].to_numpy())
    plain = sm.GEE(rows["won_in_horizon"], design, groups=np.arange(30), family=sm.families.Binomial()).fit()
    low, high = np.log([few["odds_low"], few["odds_high"]])
    assert high - low > 1.02 * np.ptp(plain.conf_int().iloc[1])


def test_nothing_to_fit_has_no_odds():
    row = tier_trend(replay_of(*arm(1, 0, 10), *arm(3, 0, 20)), seed=1).iloc[0]
    assert np.isnan(row["odds_ratio"])
    assert (row["z"], row["p_value"]) == (0, 1)


def test_row_order_changes_nothing():
    rows = replay_of(*[(f"a{i % 30}", 1 + i % 3, i % 4 == 0) for i in range(120)])
    pd.testing.assert_frame_equal(tier_trend(rows.sample(frac=1, random_state=3), seed=1), tier_trend(rows, seed=1))


def test_months_of_accounts_have_the_errors_of_a_gee_under_independence():
    rng = np.random.default_rng(2)
    months = pd.concat([replay_of(*arm(1, 40, 90), *arm(2, 40, 160), *arm(3, 40, 350))] * 3, ignore_index=True)
    months["unit"], months["as_of"] = "account", np.repeat(pd.date_range("2026-01-31", periods=3, freq="ME"), 600)
    months["tier"] = np.where(rng.random(len(months)) < 0.2, 3, months["tier"])  # some change tier
    row = tier_trend(months, seed=1).iloc[0]
    design = sm.add_constant(-months["tier"].to_numpy(np.float64))
    groups = pd.factorize(months["account_id"])[0]
    fit = sm.GEE(months["won_in_horizon"], design, groups=groups, family=sm.families.Binomial()).fit()
    told = (row["odds_ratio"], row["odds_low"], row["odds_high"], row["gee_p_value"])
    expected = (*np.exp([fit.params.iloc[1], *fit.conf_int().iloc[1]]), fit.pvalues.iloc[1])
    assert told == pytest.approx(expected, rel=1e-6)
