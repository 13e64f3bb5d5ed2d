"""A model's contributions as shap holds them: exact, in words, and drawn the same every time."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from tests.models.truth import make_deals, make_verdicts
from tierkit.models.acv import fit_acv
from tierkit.models.linear import Ridge
from tierkit.models.propensity import fit_propensity
from tierkit.reporting.explanations import draw_rows, explain_rows
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.plots.reasons import plot_dependence, plot_reason_summary, plot_waterfall, strongest_number


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    return make_deals(600, seed=4)


@pytest.fixture(scope="module", params=["logit", "lightgbm"])
def win(request, deals):
    ridge = Ridge(0.03) if request.param == "logit" else None
    return fit_propensity(deals, make_verdicts(), seed=1, compare=False, kind=request.param, ridge=ridge)


@pytest.mark.parametrize("by", ["family", "feature"])
def test_contributions_add_up_to_the_log_odds(win, deals, by):
    told = explain_rows(win, deals, by=by)
    np.testing.assert_allclose(told.base_values + told.values.sum(axis=1), logit(win.predict(deals)), atol=1e-6)
    assert told.output_names == "log-odds"
    assert len(set(told.feature_names)) == len(told.feature_names)
    assert not any("_" in name for name in told.feature_names)


def test_families_are_sums_of_their_features(win, deals):
    single, grouped = explain_rows(win, deals, by="feature"), explain_rows(win, deals)
    assert grouped.values.shape[1] <= single.values.shape[1]
    np.testing.assert_allclose(grouped.values.sum(axis=1), single.values.sum(axis=1), atol=1e-9)


def test_unknown_is_called_unknown(win, deals):
    column = next(c for c in win.features if pd.api.types.is_numeric_dtype(deals[c]))
    told = explain_rows(win, deals.assign(**{column: np.nan}), by="feature")
    at = list(win.contributions(deals).columns.drop("_base")).index(column)
    assert all(cell.endswith(": unknown") for cell in told.display_data[:, at])
    assert np.isnan(told.data[:, at]).all()


def test_money_is_on_the_log_of_money(deals):
    acv = fit_acv(deals, make_verdicts(), seed=1, compare=False, ridge=Ridge(0.03))
    told = explain_rows(acv, deals.head(5))
    assert told.output_names == "log of money"
    parts = acv.contributions(deals.head(5))
    np.testing.assert_allclose(told.values.sum(axis=1), parts.drop(columns="_base").sum(axis=1), atol=1e-9)


def test_pictures_are_the_same_every_time_and_leave_chance_alone(win, deals):
    told, single = explain_rows(win, deals), explain_rows(win, deals, by="feature")
    np.random.seed(11)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    draws = (lambda: plot_reason_summary(told), lambda: plot_dependence(single), lambda: plot_waterfall(told, 3))
    for draw in draws:
        once, again = (figure_svg(draw(), "caption", name="p").html for _ in range(2))
        assert once == again
        assert len(once) < 150_000
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


def test_the_waterfall_ends_at_the_score_of_the_account(win, deals):
    told = explain_rows(win, deals)
    ax = plot_waterfall(told, 3)
    end = logit(win.predict(deals.iloc[[3]]))[0]
    assert f"{end:+.2f} at the top for this account" in ax.get_xlabel()
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert len(names) == len(set(names))
    top = int(np.abs(told.values[3]).argmax())
    assert names[-1] == told.display_data[3, top][: len(names[-1])]


def test_dependence_leaves_unknown_values_out(win, deals):
    single = explain_rows(win, deals, by="feature")
    feature = strongest_number(single)
    ax = plot_dependence(single, feature)
    assert ax.get_xlabel() == feature[: len(ax.get_xlabel())]
    known = int(np.isfinite(single.data[:, list(single.feature_names).index(feature)]).sum())
    assert max(len(c.get_offsets()) for c in ax.collections) == known


def test_a_summary_of_few_features_has_no_line_for_the_rest(win, deals):
    told = explain_rows(win, deals)
    n = told.values.shape[1]
    names = [tick.get_text() for tick in plot_reason_summary(told, most=n).get_yticklabels()]
    assert sorted(names) == sorted(told.feature_names)
    fewer = [tick.get_text() for tick in plot_reason_summary(told, most=n - 1).get_yticklabels()]
    assert fewer[0] == "Sum of 2 others"


def test_of_many_accounts_some_are_drawn_the_same_ones_each_time_and_in_their_order(deals):
    some = draw_rows(deals, most=50, seed=3)
    assert len(some) == 50
    assert some.index.is_monotonic_increasing
    pd.testing.assert_frame_equal(some, draw_rows(deals, most=50, seed=3))
    assert set(some.index) != set(draw_rows(deals, most=50, seed=4).index)
    assert draw_rows(deals, most=len(deals), seed=3) is deals
