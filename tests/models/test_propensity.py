import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from tests.models.truth import FEATURES, make_deals, make_verdicts
from tierkit.errors import TableError
from tierkit.models.propensity import fit_propensity
from tierkit.models.settings import ModelSettings


def test_the_comparison_sets_every_method_beside_base_rate_and_size(win):
    table = win.comparison.set_index("method")
    assert list(table.index) == ["base_rate", "size_only", "logit", "lightgbm"]
    assert set(table["label"]) == {"out_of_time"}
    assert table.loc["base_rate", "auc"] == 0.5
    assert len(set(table["n"])) == 1
    assert table["chosen"].sum() == 1
    assert table.loc["logit", "log_loss"] < table.loc["size_only", "log_loss"] < table.loc["base_rate", "log_loss"]
    assert (table["auc_low"] <= table["auc"]).all()
    assert (table["auc"] <= table["auc_high"]).all()


def test_the_logit_stands_where_the_truth_is_linear(win):
    assert (win.kind, win.label, win.level, win.skill) == ("logit", "out_of_time", "full", True)


def test_lightgbm_takes_over_where_only_trees_see_the_signal():
    rows = make_deals(3000, seed=2, signal=0.0)
    rng = np.random.default_rng(0)
    # Won more often in the middle than at either end: no linear model sees it.
    rows["a"] = rng.normal(size=3000)
    rows["won_in_horizon"] = (rng.random(3000) < np.where(rows["a"].abs() < 0.7, 0.6, 0.2)).astype(float)
    win = fit_propensity(rows, make_verdicts(["a"]), seed=0)
    assert win.kind == "lightgbm"
    assert win.comparison.set_index("method").loc["logit", "auc"] < 0.55
    prob = win.predict(pd.DataFrame({"a": [0.0, 1.5]}))
    np.testing.assert_allclose(prob, [0.6, 0.2], atol=0.06)


def test_predictions_are_of_unseen_rows_and_give_the_figure_shown(win, deals):
    tested = win.predictions
    assert list(tested.columns) == ["row_id", "account_id", "group_id", "as_of", "won_in_horizon", "origin", "win_prob"]
    assert tested["row_id"].is_unique
    opened = deals.set_index("row_id")["opened_at"].loc[tested["row_id"]].to_numpy()
    assert (opened >= tested["origin"].to_numpy()).all()
    shown = win.comparison.set_index("method").loc["logit", "log_loss"]
    assert log_loss(tested["won_in_horizon"], tested["win_prob"]) == pytest.approx(shown)


def test_chances_add_up_and_follow_the_truth(win):
    fresh = make_deals(4000, seed=99)
    prob = win.predict(fresh)
    assert prob.sum() == pytest.approx(fresh["won_in_horizon"].sum(), rel=0.1)
    assert np.corrcoef(prob, fresh["true_logit"])[0, 1] > 0.85


@pytest.mark.parametrize("which", ["win", "win_trees"])
def test_contributions_add_up_to_the_calibrated_log_odds(which, deals, request):
    model = request.getfixturevalue(which)
    some = deals.tail(300)
    parts = model.contributions(some)
    assert list(parts.columns) == [*FEATURES, "_base"]
    assert parts.index.equals(some.index)
    prob = model.predict(some)
    np.testing.assert_allclose(parts.sum(axis=1), np.log(prob / (1 - prob)), atol=1e-9)


def test_the_fast_path_fits_the_same_logit_without_a_comparison(win, deals, verdicts):
    fast = fit_propensity(deals, verdicts, seed=7, compare=False)
    assert (fast.label, fast.comparison.empty, fast.predictions.empty) == ("not_compared", True, True)
    assert fast.model == win.model
    # Its chances add up to the wins without a calibration.
    assert fast.predict(deals).sum() == pytest.approx(deals["won_in_horizon"].sum(), rel=1e-3)


def test_boosted_chances_are_calibrated_out_of_fold(win_trees, deals):
    assert win_trees.calibration.kind == "platt"
    assert win_trees.predict(deals).mean() == pytest.approx(deals["won_in_horizon"].mean(), abs=0.02)


def test_immature_rows_are_not_used(win, deals, verdicts):
    immature = make_deals(200, seed=8).assign(won_in_horizon=np.nan)
    both = pd.concat([immature, deals], ignore_index=True)
    assert fit_propensity(both, verdicts, seed=7).model == win.model


def test_labels_at_random_show_no_skill():
    # At most one of five such fits may pass an 80 % bound; these seeds are fixed.
    passed = 0
    for seed in range(5):
        rows = make_deals(900, seed=50 + seed, signal=0.0)
        passed += fit_propensity(rows, make_verdicts(), seed=0, settings=ModelSettings(win="logit")).skill
    assert passed <= 1


def test_chances_that_fit_better_without_a_better_order_are_no_skill():
    # Labels at random whose log-loss happens to pass its bound; the AUC interval does not bear the claim.
    win = fit_propensity(
        make_deals(900, seed=58, signal=0.0), make_verdicts(), seed=0, settings=ModelSettings(win="logit")
    )
    figures = win.comparison.set_index("method")
    assert figures.loc["logit", "log_loss"] < figures.loc["base_rate", "log_loss"]
    assert figures.loc["logit", "auc_low"] < 0.5
    assert not win.skill


def test_below_200_accounts_only_the_logit_is_fitted_and_says_so():
    few = make_deals(330, seed=3)
    win = fit_propensity(few, make_verdicts(), seed=0, settings=ModelSettings(win="lightgbm"))
    assert (win.kind, win.level) == ("logit", "indicative")
    assert "indicative" in win.notes[0]
    assert np.isnan(win.comparison.set_index("method").loc["lightgbm", "log_loss"])


def test_below_40_accounts_nothing_is_fitted():
    with pytest.raises(TableError, match="40 of each"):
        fit_propensity(make_deals(90, seed=3), make_verdicts(), seed=0)


def test_refused_columns_do_not_enter(deals):
    verdicts = make_verdicts().assign(verdict=["refused"] * 2 + ["ok"] * 4)
    assert fit_propensity(deals, verdicts, seed=0, compare=False).features == tuple(FEATURES[2:])
    with pytest.raises(TableError, match="no column is usable"):
        fit_propensity(deals, verdicts.assign(verdict="refused"), seed=0)


def test_undated_rows_are_cross_validated():
    rows = make_deals(600, seed=6, dated=False)
    win = fit_propensity(rows, make_verdicts(), seed=0)
    assert win.label == "cross_validated"
    assert win.window is None
    assert len(win.predictions) == 600
    assert win.predictions["origin"].isna().all()


def test_shuffled_rows_change_no_figure_that_is_shown(deals, verdicts, win):
    shuffled = fit_propensity(deals.sample(frac=1, random_state=0), verdicts, seed=7)
    assert shuffled.kind == win.kind
    before, after = (m.comparison.set_index("method")["log_loss"] for m in (win, shuffled))
    # Folds for tuning are dealt anew; what they choose must not matter.
    np.testing.assert_allclose(after, before, atol=0.004)


def test_the_size_column_can_be_stated_and_may_be_absent(deals, verdicts):
    stated = fit_propensity(deals, verdicts, seed=7, settings=ModelSettings(win="logit", size_column="n_inbound_90d"))
    unsized = fit_propensity(deals.drop(columns="employees"), verdicts, seed=7)
    by_touches = stated.comparison.set_index("method").loc["size_only", "auc"]
    assert by_touches > 0.55
    assert np.isnan(unsized.comparison.set_index("method").loc["size_only", "auc"])


@pytest.mark.parametrize("kind", ["logit", "lightgbm"])
def test_awkward_columns_are_taken_as_they_come(kind):
    rows = make_deals(1500, seed=12, dated=False)
    rng = np.random.default_rng(0)
    rows["category"] = pd.Categorical(rng.choice(list("xyz"), 1500))
    rows["object"] = rng.choice(np.array(["a", None, "b"], dtype=object), 1500)
    rows["flag"] = pd.array(rng.random(1500) < 0.5, dtype="boolean")
    rows['Weird "name", [x]'] = rng.random(1500)
    # Nothing to learn from: no value at all, or another one in every row.
    rows["nothing"] = np.nan
    rows["no_text"] = pd.Series(np.nan, index=rows.index, dtype="str")
    rows["key"] = [f"k{i}" for i in range(1500)]
    usable = ["category", "object", "flag", 'Weird "name", [x]']
    verdicts = make_verdicts([*usable, "nothing", "no_text", "key"])
    win = fit_propensity(rows, verdicts, seed=0, compare=False, kind=kind)
    assert win.kind == kind
    assert list(win.features) == usable
    assert np.isfinite(win.predict(rows)).all()
