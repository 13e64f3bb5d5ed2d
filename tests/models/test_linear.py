import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from tests.models.truth import FEATURES
from tierkit.models.linear import Ridge, fit_gamma, fit_logit
from tierkit.models.splits import groups_of


def _noise(n, k, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, k)), columns=[f"x{i}" for i in range(k)])


def test_the_logit_is_sklearns_ridge_where_no_column_stands_out():
    rows, y = _noise(400, 3), np.tile([0.0, 1.0], 200)
    found = fit_logit(rows, y, list(rows), groups=np.arange(400), seed=0, ridge=Ridge(0.1))
    x = (rows - rows.mean()) / rows.std(ddof=0)
    known = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(x, y)
    np.testing.assert_allclose(found.coef, known.coef_[0], atol=1e-4)
    assert found.intercept == pytest.approx(known.intercept_[0], abs=1e-4)


def test_ridge_leaves_the_base_rate_alone(deals):
    # With a free intercept the chances of the training rows add up to the wins, however strong the penalty.
    y = deals["won_in_horizon"].to_numpy()
    model = fit_logit(deals, y, FEATURES, groups=groups_of(deals), seed=0, ridge=Ridge(0.0003))
    assert (1 / (1 + np.exp(-model.raw(deals)))).sum() == pytest.approx(y.sum(), rel=1e-4)


def test_the_gamma_glm_solves_its_penalised_score_equations():
    # Gradient of mean log-likelihood at scale 1: mean x (y / mu - 1) = coef / (strength n); 0 for the constant.
    rows = _noise(300, 40)
    y = np.random.default_rng(1).lognormal(9, 0.8, 300)
    model = fit_gamma(rows, y, list(rows), groups=np.arange(300), seed=0, ridge=Ridge(0.01))
    x, mu = model.design.matrix(rows), np.exp(model.raw(rows))
    np.testing.assert_allclose(x.T @ (y / mu - 1) / 300, np.array(model.coef) / (0.01 * 300), atol=1e-4)
    assert (y / mu).mean() == pytest.approx(1, abs=1e-4)


def test_a_weak_penalty_gives_the_glm_of_statsmodels():
    rows = _noise(500, 2)
    rng = np.random.default_rng(2)
    y = np.exp(8 + 0.5 * rows["x0"].to_numpy()) * rng.gamma(2, 0.5, 500)
    model = fit_gamma(rows, y, ["x0", "x1"], groups=np.arange(500), seed=0, ridge=Ridge(1e4))
    family = sm.families.Gamma(sm.families.links.Log())
    known = sm.GLM(y, sm.add_constant(rows), family=family).fit()
    np.testing.assert_allclose(np.exp(model.raw(rows)), known.fittedvalues, rtol=1e-3)


def test_one_strong_column_is_not_shrunk_by_sixty_that_say_nothing():
    rows = _noise(250, 61)
    y = np.exp(9 + 0.6 * rows["x0"].to_numpy()) * np.random.default_rng(3).lognormal(0, 0.8, 250)
    model = fit_gamma(rows, y, list(rows), groups=np.arange(250), seed=0)
    scale = rows["x0"].std(ddof=0)
    assert model.coef[0] / scale == pytest.approx(0.6, abs=0.12)
    assert np.abs(model.coef[1:]).max() < 0.12


def test_contributions_add_up_to_the_predictor(deals):
    y = deals["won_in_horizon"].to_numpy()
    model = fit_logit(deals, y, FEATURES, groups=groups_of(deals), seed=0)
    parts, base = model.contributions(deals)
    np.testing.assert_allclose(parts.sum(axis=1) + base, model.raw(deals), atol=1e-12)
    # Against the average training row: each feature averages to nothing.
    np.testing.assert_allclose(parts.mean(axis=0), 0, atol=1e-9)


def test_without_features_or_without_one_class_the_rate_is_left():
    rows, y = _noise(50, 1), np.array([1.0] * 10 + [0.0] * 40)
    # 10 of 50: log(.2 / .8)
    assert fit_logit(rows, y, [], groups=np.arange(50), seed=0).raw(rows)[0] == pytest.approx(np.log(0.25))
    # No win in 50: (0 + .5) / 51
    never = fit_logit(rows, y * 0, ["x0"], groups=np.arange(50), seed=0, ridge=Ridge(1.0))
    assert never.raw(rows)[0] == pytest.approx(np.log(0.5 / 50.5))
