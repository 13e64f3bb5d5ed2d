import numpy as np
import pandas as pd
import pytest

from tests.models.truth import PANEL_FEATURES, make_panel, make_verdicts
from tierkit.errors import TableError
from tierkit.models.calibration import expit
from tierkit.models.opening import fit_opening

VERDICTS = make_verdicts(PANEL_FEATURES)


def test_it_does_not_learn_where_reps_went(opening, panel):
    # Reps work large accounts and unworked ones open nothing, yet size has no effect of its own: on all rows the
    # correlation of size with opening is large, in the model it must be small beside inbound touches.
    assert np.corrcoef(np.log(panel["employees"]), panel["opened_in_horizon"])[0, 1] > 0.15
    strength = opening.contributions(panel).std()
    assert strength["employees"] < 0.35 * strength["n_inbound_90d"]


def test_every_account_is_scored_at_the_same_effort(opening, panel):
    worked = panel[panel["worked"]]
    assert opening.reference == {"n_outbound_90d": worked["n_outbound_90d"].median()}
    busy = opening.predict(panel.assign(n_outbound_90d=50.0))
    np.testing.assert_array_equal(opening.predict(panel), busy)


def test_chances_of_a_later_quarter_add_up_to_its_openings():
    # Many accounts, so that the openings themselves are known to a few percent.
    panel = make_panel(4000, seed=11)
    last = panel["as_of"].max()
    before = panel[panel["as_of"] < last - pd.Timedelta(days=120)]
    opening = fit_opening(before, VERDICTS, seed=0)
    later = panel[(panel["as_of"] == last) & panel["worked"]]
    assert opening.predict(later).sum() == pytest.approx(later["opened_in_horizon"].sum(), rel=0.15)
    at_reference = later["true_logit"] + 0.15 * (opening.reference["n_outbound_90d"] - later["n_outbound_90d"])
    assert np.corrcoef(opening.predict(later), expit(at_reference.to_numpy()))[0, 1] > 0.9


def test_accounts_unlike_any_that_were_worked_are_off_support(opening, panel):
    newest = panel[panel["as_of"] == panel["as_of"].max()]
    off = opening.off_support(newest)
    # P(worked) = expit(2.5 (log employees - 5)) falls under .05 below log employees 3.82, 46 people.
    assert off[newest["employees"] < 25].all()
    assert not off[newest["employees"] > 90].any()


def test_where_every_account_was_worked_none_is_off_support(panel):
    opening = fit_opening(panel.assign(worked=True), VERDICTS, seed=0, compare=False)
    assert opening.support is None
    assert not opening.off_support(panel).any()


def test_the_comparison_is_out_of_time_at_the_reference_effort(opening):
    table = opening.comparison.set_index("method")
    assert opening.label == "out_of_time"
    assert table.loc["base_rate", "auc"] == 0.5
    assert table.loc["logit", "auc"] > 0.6
    assert table.loc["size_only", "auc"] < 0.58


@pytest.mark.parametrize("kind", ["logit", "lightgbm"])
def test_contributions_add_up_to_the_calibrated_log_odds(kind, panel):
    opening = fit_opening(panel, VERDICTS, seed=0, compare=False, kind=kind)
    prob = opening.predict(panel)
    np.testing.assert_allclose(opening.contributions(panel).sum(axis=1), np.log(prob / (1 - prob)), atol=1e-9)


def test_customers_are_told_apart_though_no_win_model_may_see_them(panel):
    # Customers open no new business.
    customer = panel["account_id"].str[-1].isin(["0", "1", "2"])
    marked = panel.assign(
        is_customer=customer.astype("boolean"), opened_in_horizon=panel["opened_in_horizon"].where(~customer, 0.0)
    )
    opening = fit_opening(marked, VERDICTS, seed=0, compare=False)
    prob = opening.predict(marked)
    assert prob[customer].mean() < 0.3 * prob[~customer].mean()


def test_too_few_openings_are_refused(panel):
    with pytest.raises(TableError, match=r"0 of .* worked account-months"):
        fit_opening(panel.assign(opened_in_horizon=0.0), VERDICTS, seed=0)
