import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from tests.models.truth import FEATURES, make_deals
from tierkit.models.acv import fit_acv, tame
from tierkit.models.bootstrap import _draw_accounts, bootstrap_scores
from tierkit.models.linear import Ridge, fit_gamma, fit_logit, prior_variances
from tierkit.models.propensity import fit_propensity
from tierkit.models.resampled import refit_linear
from tierkit.models.scoring import score_accounts

RIDGE = Ridge(0.03)


@pytest.fixture(scope="module")
def today(deals):
    return deals.drop_duplicates("account_id").head(200).assign(is_customer=False)


def counts_of(n: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(1, (n, 1)).astype(float)


def test_rows_that_all_count_once_give_the_model_back(deals):
    y = deals["won_in_horizon"].to_numpy(float)
    logit = fit_logit(deals, y, FEATURES, groups=np.arange(len(y)), seed=1, ridge=RIDGE)
    again = refit_linear(logit, deals, y, np.ones((len(y), 2)), gamma=False)
    np.testing.assert_allclose(again.raw(deals), np.vstack([logit.raw(deals)] * 2), atol=1e-3)


def test_a_reweighted_logit_is_that_of_scikit_learn(deals):
    y, counts = deals["won_in_horizon"].to_numpy(float), counts_of(len(deals), seed=2)
    model = fit_logit(deals, y, FEATURES, groups=np.arange(len(y)), seed=1, ridge=RIDGE)
    x = model.design.matrix(deals)
    scale = np.sqrt(prior_variances(x, y, RIDGE))
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(x * scale, y, sample_weight=counts[:, 0])
    ours = refit_linear(model, deals, y, counts, gamma=False).coef[:, 0]
    np.testing.assert_allclose(ours, np.r_[theirs.intercept_, theirs.coef_[0] * scale], atol=2e-3)
    # And it is not simply the model it started from.
    assert np.abs(ours[1:] - model.coef).max() > 0.02


def test_a_reweighted_gamma_glm_is_that_of_statsmodels_on_repeated_rows(deals):
    won = deals[deals["won_acv"].notna()].reset_index(drop=True)
    y, counts = won["won_acv"].to_numpy(), counts_of(int(deals["won_acv"].notna().sum()), seed=3)
    model = fit_gamma(won, y, FEATURES, groups=np.arange(len(y)), seed=1, ridge=RIDGE)
    x = model.design.matrix(won)
    variances = prior_variances(x, y, RIDGE)
    again = np.repeat(np.arange(len(y)), counts[:, 0].astype(int))
    gamma = sm.families.Gamma(sm.families.links.Log())
    theirs = sm.GLM(y[again] / y.mean(), np.column_stack([np.ones(len(again)), x[again]]), family=gamma)
    theirs.scaletype = 1.0
    params = theirs.fit_regularized(
        alpha=np.r_[0, 1 / (variances * len(again))], L1_wt=0, opt_method="L-BFGS-B", pgtol=1e-9
    ).params
    ours = refit_linear(model, won, y, counts, gamma=True).coef[:, 0]
    np.testing.assert_allclose(ours[0], params[0] + np.log(y.mean()), atol=2e-3)
    np.testing.assert_allclose(ours[1:], params[1:], atol=2e-3)


def test_an_account_counts_alike_in_every_table_and_whatever_the_order():
    first, second = np.array(["b", "a", "b", "c"], dtype=object), np.array(["c", "b", "d"], dtype=object)
    of_first, of_second = _draw_accounts([first, second], 40, 5)
    # Four accounts, so that each refit draws four.
    np.testing.assert_array_equal(of_first[1] + of_first[0] + of_second[0] + of_second[2], np.full(40, 4.0))
    np.testing.assert_array_equal(of_first[[0, 3]], of_second[[1, 0]])
    turned, _ = _draw_accounts([first[::-1], second], 40, 5)
    np.testing.assert_array_equal(turned, of_first[::-1])


def test_refits_are_spread_around_the_scores_of_the_run(today, deals, panel, opening, win, acv):
    rows = today.merge(panel.drop_duplicates("account_id")[["account_id"]], on="account_id", how="left")
    parts = bootstrap_scores(rows, deals, panel, opening, win, acv, n=40, seed=1)
    scores = score_accounts(rows, opening, win, acv)
    assert parts.expected_value.shape == (40, len(rows))
    for name in ("open_prob", "win_prob", "expected_acv"):
        figures = getattr(parts, name)
        off = np.log(figures).mean(axis=0) - np.log(scores[name].to_numpy())
        assert np.abs(off).mean() < np.log(figures).std(axis=0).mean()
    assert (parts.expected_value.std(axis=0) > 0).all()


def test_the_same_seed_gives_the_same_numbers_in_any_order_of_rows(today, deals, panel, opening, win, acv):
    once = bootstrap_scores(today, deals, panel, opening, win, acv, n=3, seed=1).expected_value
    np.testing.assert_array_equal(
        once, bootstrap_scores(today, deals, panel, opening, win, acv, n=3, seed=1).expected_value
    )
    turned = bootstrap_scores(today, deals[::-1], panel[::-1], opening, win, acv, n=3, seed=1).expected_value
    np.testing.assert_allclose(turned, once, rtol=1e-3)
    other = bootstrap_scores(today, deals, panel, opening, win, acv, n=3, seed=2).expected_value
    assert (np.abs(other / once - 1).max(axis=1) > 0.01).all()


def test_ten_times_the_accounts_spread_the_scores_a_third_as_far(today, deals, verdicts):
    ten = pd.concat(
        [
            deals.assign(account_id=deals["account_id"] + f"_{k}", group_id=deals["group_id"] + f"_{k}")
            for k in range(10)
        ]
    )
    spread = {}
    for name, rows in (("once", deals), ("ten", ten)):
        win = fit_propensity(rows, verdicts, seed=1, compare=False, ridge=RIDGE)
        acv = fit_acv(rows, verdicts, seed=1, compare=False, ridge=RIDGE)
        refits = bootstrap_scores(today, rows, rows.iloc[:0], None, win, acv, n=30, seed=1).expected_value
        spread[name] = float(np.median(np.log(refits).std(axis=0)))
    # Standard errors fall with the root of the evidence: 1 / sqrt(10) = .32; penalty and noise leave .25 to .45.
    assert 0.25 < spread["ten"] / spread["once"] < 0.45
    # Copies that stay with their accounts are no further evidence: the same accounts are drawn.
    win = fit_propensity(deals, verdicts, seed=1, compare=False, ridge=RIDGE)
    copied = bootstrap_scores(
        today, pd.concat([deals] * 10), deals.iloc[:0], None, win, None, n=30, seed=1
    ).expected_value
    plain = bootstrap_scores(today, deals, deals.iloc[:0], None, win, None, n=30, seed=1).expected_value
    assert np.median(np.log(copied).std(axis=0)) > 0.9 * np.median(np.log(plain).std(axis=0))


def test_trees_and_medians_are_refitted_too(today, deals, win_trees, verdicts):
    few = make_deals(120, seed=5)
    medians = fit_acv(few, verdicts, seed=1, compare=False)
    assert medians.kind == "median"
    parts = bootstrap_scores(today, deals, deals.iloc[:0], None, win_trees, None, n=3, seed=1)
    scores = score_accounts(today, None, win_trees, None)
    assert np.corrcoef(parts.win_prob.mean(axis=0), scores["win_prob"])[0, 1] > 0.9
    assert (parts.win_prob.std(axis=0) > 0).mean() > 0.95
    of_few = bootstrap_scores(
        today, few.assign(account_id=few["group_id"]), few.iloc[:0], None, win_trees, medians, n=20, seed=1
    )
    won = tame(few["won_acv"].dropna().to_numpy())
    assert 0.5 * won.mean() < of_few.expected_acv.mean() < 2 * won.mean()
    assert len(np.unique(of_few.expected_acv)) > 10
