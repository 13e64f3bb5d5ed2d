import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_gamma_deviance

from tests.models.truth import FEATURES, make_deals, make_verdicts
from tierkit.errors import TableError
from tierkit.models.acv import conformal_bounds, fit_acv
from tierkit.models.settings import ModelSettings


def test_bounds_by_hand():
    # 9 residuals at level .8: (9 + 1) * .1 = 1, the smallest and the largest; 19: the second of each end.
    assert conformal_bounds(np.arange(9.0), 0.8) == (0.0, 8.0)
    assert conformal_bounds(np.arange(19.0), 0.8) == (1.0, 17.0)
    # Too few for the level: the extremes.
    assert conformal_bounds(np.array([3.0, 1.0]), 0.8) == (1.0, 3.0)


def test_bounds_are_those_of_mapie():
    regression = pytest.importorskip("mapie.regression")
    scores = pytest.importorskip("mapie.conformity_scores")
    from sklearn.dummy import DummyRegressor
    from sklearn.frozen import FrozenEstimator

    residuals = np.random.default_rng(0).gumbel(size=199)
    x = np.zeros((199, 1))
    zero = FrozenEstimator(DummyRegressor(strategy="constant", constant=0.0).fit(x, residuals))
    mapie = regression.SplitConformalRegressor(
        zero, confidence_level=0.8, conformity_score=scores.AbsoluteConformityScore(sym=False), prefit=True
    )
    mapie.conformalize(x, residuals)
    bounds = mapie.predict_interval(x[:1])[1][0, :, 0]
    np.testing.assert_allclose(conformal_bounds(residuals, 0.8), bounds, atol=1e-12)


def test_the_sum_is_right_and_the_truth_followed(acv):
    assert acv.kind == "gamma_glm"
    fresh = make_deals(4000, seed=77)
    expected = acv.predict(fresh)
    # sd of the ratio: 0.94 / sqrt(460 wins) = 4 %.
    assert expected.sum() == pytest.approx(fresh["true_acv"].sum(), rel=0.12)
    assert np.corrcoef(np.log(expected), np.log(fresh["true_acv"]))[0, 1] > 0.75


def test_the_interval_holds_eight_of_ten_unseen_contracts(acv):
    fresh = make_deals(6000, seed=78).dropna(subset="won_acv")
    low, high = acv.interval(fresh)
    inside = fresh["won_acv"].between(low, high)
    # About 1,700 wins: sd .01 of the share, and as much again from 460 residuals.
    assert inside.mean() == pytest.approx(0.8, abs=0.05)
    assert acv.interval_coverage == pytest.approx(0.8, abs=0.1)
    assert acv.interval_n > 100
    assert (low <= acv.predict(fresh)).all()


def test_the_comparison_shows_deviance_and_bias_of_unseen_wins(acv):
    table = acv.comparison.set_index("method")
    assert list(table.index) == ["mean", "size_only", "median", "gamma_glm", "lightgbm"]
    assert acv.label == "out_of_time"
    assert table.loc["gamma_glm", "gamma_deviance"] < table.loc["mean", "gamma_deviance"]
    assert table.loc["gamma_glm", "top_fifth_share"] > table.loc["mean", "top_fifth_share"]
    assert table["chosen"].sum() == 1


def test_a_model_of_the_mean_is_the_mean():
    # The row `mean` is one number for all: by hand from the wins of its fold's training rows, times the factor.
    rows = make_deals(400, seed=9, dated=False)
    won = rows.dropna(subset="won_acv")["won_acv"]
    table = fit_acv(rows, make_verdicts(), seed=0).comparison.set_index("method")
    by_hand = mean_gamma_deviance(won, np.full(len(won), won.mean()))
    assert table.loc["mean", "gamma_deviance"] == pytest.approx(by_hand, rel=0.05)
    assert abs(table.loc["mean", "total_bias"]) < 0.05


def test_lightgbm_takes_over_where_only_trees_see_the_signal():
    rng = np.random.default_rng(0)
    rows = make_deals(4000, seed=3)
    rows["a"] = rng.normal(size=4000)
    amount = np.where(rows["a"].abs() < 0.7, 60_000, 10_000) * rng.lognormal(0, 0.4, 4000)
    rows["won_acv"] = np.where(rows["won_acv"].notna(), amount, np.nan)
    assert fit_acv(rows, make_verdicts(["a"]), seed=0).kind == "lightgbm"


def test_one_contract_of_a_hundred_million_does_not_take_over(deals, verdicts, acv):
    struck = deals.copy()
    at = struck["won_acv"].first_valid_index()
    struck.loc[at, "won_acv"] = 1e8
    fitted = fit_acv(struck, verdicts, seed=7, compare=False)
    # The factor may grow to 1.25 and no more; the cap is a quantile of 460 wins.
    assert fitted.predict(deals).max() <= acv.cap * 1.5
    assert np.median(fitted.predict(deals) / acv.predict(deals)) < 1.5


def test_predictions_stop_at_the_quantile_of_the_sheet(deals, verdicts):
    capped = fit_acv(deals, verdicts, seed=7, compare=False, settings=ModelSettings(cap_quantile=0.6))
    assert capped.predict(deals).max() == deals["won_acv"].quantile(0.6)


@pytest.mark.parametrize("kind", ["gamma_glm", "lightgbm"])
def test_contributions_add_up_to_the_log_before_the_cap(kind, deals, verdicts):
    acv = fit_acv(deals, verdicts, seed=7, compare=False, kind=kind)
    parts = acv.contributions(deals)
    np.testing.assert_allclose(parts.sum(axis=1), np.log(acv.fit.mean(deals)), atol=1e-9)
    assert list(parts.columns) == [*FEATURES, "_base"]


def test_below_50_wins_the_median_of_the_segment_stands_in():
    # Segment a: 12 contracts of 10, b: 12 of 40, c: 2 of 1,000. Medians 10 and 40; c has too few, so the overall 40.
    rows = pd.DataFrame(
        {"segment": ["a"] * 12 + ["b"] * 12 + ["c"] * 2, "won_acv": [10.0] * 12 + [40.0] * 12 + [99.0] * 2}
    )
    rows["account_id"] = [f"a{i}" for i in range(26)]
    acv = fit_acv(rows, make_verdicts(), seed=0)
    assert acv.kind == "median"
    assert "26 wins" in acv.notes[0]
    asked = pd.DataFrame({"segment": ["a", "b", "c", None]})
    expected = acv.fit.mean(asked)
    # Overall median 40; smear = mean of (1 x 12, 1 x 12, 99/40 x 2) / 26 = 1.1135.
    np.testing.assert_allclose(expected / acv.fit.factor, np.array([10, 40, 40, 40]) * (24 + 2 * 99 / 40) / 26)
    parts = acv.contributions(asked)
    np.testing.assert_allclose(parts.sum(axis=1), np.log(expected))


def test_without_amounts_it_says_so(deals, verdicts):
    with pytest.raises(TableError, match="map the column acv"):
        fit_acv(deals.assign(won_acv=np.nan), verdicts, seed=0)
