import numpy as np
import pandas as pd
import pytest

from tests.models.truth import FEATURES, make_deals, make_verdicts
from tierkit.models.doubts import model_doubts
from tierkit.models.drops import feature_drops, flag_drops
from tierkit.models.linear import Ridge, fit_logit
from tierkit.models.propensity import fit_propensity
from tierkit.models.splits import groups_of
from tierkit.models.twins import say_twins, twin_results
from tierkit.models.variants import gain_of, hold_variants, judged_splits, mature_rows

RIDGE = Ridge(0.03)


def judged(**known_when: str) -> pd.DataFrame:
    table = make_verdicts([*FEATURES, *(c for c in known_when if c not in FEATURES)])
    return table.assign(
        known_when=[known_when.get(c, "dated") for c in table["column"]], rule="none", figure=0.5, reason=""
    )


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    return make_deals(1600, seed=1)


def test_a_variant_is_the_logit_fitted_on_its_columns(deals: pd.DataFrame) -> None:
    rows = mature_rows(deals, seed=1)
    splits = judged_splits(rows, seed=1)
    few = ["employees", "industry"]
    contest = hold_variants(rows, {"all": FEATURES, "few": few}, splits, ridge=RIDGE)
    fold = splits.folds[-1]
    train = rows.iloc[fold.train]
    y = train["won_in_horizon"].to_numpy(np.float64)
    alone = fit_logit(train, y, few, groups=groups_of(train), seed=1, ridge=RIDGE)
    np.testing.assert_allclose(contest.raw["few"][fold.test, 0], alone.raw(rows.iloc[fold.test]), atol=1e-6)
    same = gain_of(contest, "all", "all")
    assert (same.auc_gain, same.loss_gain) == ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def test_twins_show_what_the_ranking_owes_to_a_group(deals: pd.DataFrame) -> None:
    # Winning follows size, industry and inbound touches; our own touches do nothing.
    found = twin_results(deals, judged(employees="unknown", industry="unknown"), seed=1, ridge=RIDGE).set_index("twin")
    ours, today = found.loc["own_effort"], found.loc["no_history"]
    assert (ours["columns"], today["columns"]) == ("n_outbound_90d", "employees, industry")
    assert ours["auc_low"] < 0 < ours["auc_high"]
    assert 0 < today["auc_low"] < today["auc_gain"] == pytest.approx(today["auc_with"] - today["auc_without"])
    assert today["loss_gain"] == pytest.approx(today["loss_without"] - today["loss_with"])
    said = say_twins(found.reset_index())
    assert "no difference can be told" in said[0]
    assert "owes something" in said[1]


def test_a_group_without_columns_or_with_all_of_them_has_no_figure(deals: pd.DataFrame) -> None:
    everything = judged(**dict.fromkeys(FEATURES, "unknown"))
    found = twin_results(deals, everything, seed=1, ridge=RIDGE)
    assert (
        found.set_index("twin").loc["no_history", "auc_with"] != found.set_index("twin").loc["own_effort", "auc_with"]
    )
    assert "no column is left" in say_twins(found)[1]
    assert "No column in use" in say_twins(twin_results(deals, judged(), seed=1, ridge=RIDGE))[1]
    few = twin_results(deals.head(60), judged(employees="unknown"), seed=1)
    assert few["auc_with"].isna().all()
    assert "Too few outcomes" in say_twins(few)[1]


def test_the_order_of_rows_changes_no_twin(deals: pd.DataFrame) -> None:
    verdicts = judged(employees="unknown")
    first = twin_results(deals, verdicts, seed=1)
    pd.testing.assert_frame_equal(first, twin_results(deals.sample(frac=1, random_state=2), verdicts, seed=1))


def test_one_column_that_carries_the_ranking_is_flagged_and_honest_ones_are_not(deals: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    # AUC of the leak alone: Phi(1.2 / sqrt(2)) = 0.80, below the limit of the values.
    leaky = deals.assign(field_9=rng.normal(size=len(deals)) + 1.2 * deals["won_in_horizon"])
    verdicts = judged(field_9="unknown")
    drops = feature_drops(leaky, verdicts, seed=1, ridge=RIDGE)
    assert drops.loc[drops["flagged"], "column"].tolist() == ["field_9"]
    assert drops["drop"].is_monotonic_decreasing
    flagged = flag_drops(verdicts, drops).set_index("column")
    assert flagged.loc["field_9", ["verdict", "rule"]].tolist() == ["flagged", "drop"]
    assert flagged.loc["field_9", "figure"] == drops["drop"].iloc[0] > 0.05
    assert (flagged.drop(index="field_9")["verdict"] == "ok").all()
    assert (verdicts["verdict"] == "ok").all()
    # What is flagged or refused already keeps its first reason.
    before = verdicts.assign(verdict=np.where(verdicts["column"] == "field_9", "flagged", "ok"))
    assert flag_drops(before, drops)["rule"].eq("none").all()
    assert feature_drops(leaky.head(50), verdicts, seed=1).empty


def doubts(rows: pd.DataFrame, verdicts: pd.DataFrame) -> pd.Series:
    """Which checks the logit on these rows passes."""
    win = fit_propensity(rows, verdicts, seed=1, kind="logit", ridge=RIDGE)
    return model_doubts(rows, verdicts, win, seed=1, ridge=RIDGE).set_index("check")["passed"]


def test_doubts_of_a_model_too_good_and_of_one_that_does_not_last() -> None:
    # Under 200 won accounts only the logit is compared, which is quick.
    deals = make_deals(600, seed=1)
    assert doubts(deals, judged()).to_dict() == {"auc": True, "cross_validated_over_later": True}
    noise = np.random.default_rng(2).normal(size=len(deals))
    leaky = deals.assign(field_9=noise + 2.2 * deals["won_in_horizon"])
    assert doubts(leaky, judged(field_9="dated")).to_dict() == {"auc": False, "cross_validated_over_later": True}
    # Columns that each tell who wins in one quarter: earlier deals teach nothing about the next.
    quarter = ((deals["opened_at"].max() - deals["opened_at"]).dt.days // 91).to_numpy()
    signal = noise + 1.5 * deals["won_in_horizon"]
    passing = deals.assign(**{f"field_{q}": signal * (quarter == q) for q in range(6)})
    columns = {f"field_{q}": "dated" for q in range(6)}
    assert not doubts(passing, judged(**columns))["cross_validated_over_later"]


def test_without_dates_only_the_skill_itself_is_doubted() -> None:
    rows = make_deals(400, seed=3, dated=False)
    found = model_doubts(rows, judged(), fit_propensity(rows, judged(), seed=1, kind="logit"), seed=1)
    assert found["check"].tolist() == ["auc"]
