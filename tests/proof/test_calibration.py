import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.calibration import calibration_summary, calibration_table
from tierkit.proof.intervals import wilson


def predictions_of(prob, won):
    ids = [f"r{i:05}" for i in range(len(prob))]
    return pd.DataFrame({"row_id": ids, "account_id": ids, "win_prob": prob, "won_in_horizon": np.asarray(won, float)})


def test_calibration_table_by_hand():
    # halves of four rows: .1 and .2 won none, .6 and .8 won one
    table = calibration_table(predictions_of([0.8, 0.1, 0.6, 0.2], [1, 0, 0, 0]), bins=2)
    assert table["decile"].tolist() == [1, 2]
    assert table["predicted"].tolist() == pytest.approx([0.15, 0.7])
    assert table["observed"].tolist() == [0, 0.5]
    assert (table.loc[1, "low"], table.loc[1, "high"]) == pytest.approx(wilson(1, 2))


def test_immature_rows_are_left_out_and_few_rows_make_few_bins():
    table = calibration_table(predictions_of([0.8, 0.1, 0.6], [1, np.nan, 0]))
    assert (len(table), table["n"].sum()) == (2, 2)
    with pytest.raises(TableError, match="no mature row"):
        calibration_table(predictions_of([0.8], [np.nan]))
    with pytest.raises(TableError, match="column 'win_prob' is missing"):
        calibration_summary(pd.DataFrame({"row_id": ["a"]}))


def test_every_row_counts_once():
    rng = np.random.default_rng(1)
    table = calibration_table(predictions_of(rng.random(103), rng.random(103) < 0.3))
    assert table["n"].sum() == 103
    assert table["n"].max() - table["n"].min() == 1
    assert table["predicted"].is_monotonic_increasing


def test_true_probabilities_are_calibrated():
    rng = np.random.default_rng(2)
    prob = 1 / (1 + np.exp(-rng.normal(-1, 1, 5000)))
    row = calibration_summary(predictions_of(prob, rng.random(5000) < prob)).iloc[0]
    assert row["slope_low"] <= 1 <= row["slope_high"]
    assert abs(row["in_the_large"]) < 0.1
    assert row["ratio"] == pytest.approx(1, abs=0.07)
    assert row["p_value"] > 0.01


def test_overconfident_and_shifted_predictions_are_told():
    rng = np.random.default_rng(3)
    logit = rng.normal(-1, 1, 5000)
    won = rng.random(5000) < 1 / (1 + np.exp(-logit))
    too_far = calibration_summary(predictions_of(1 / (1 + np.exp(-2 * logit)), won)).iloc[0]
    assert too_far["slope"] == pytest.approx(0.5, abs=0.06)
    assert too_far["p_value"] < 0.001
    shifted = calibration_summary(predictions_of(1 / (1 + np.exp(-(logit - 0.7))), won)).iloc[0]
    assert shifted["in_the_large"] == pytest.approx(0.7, abs=0.1)
    assert shifted["slope"] == pytest.approx(1, abs=0.1)


def test_constant_predictions_have_no_slope():
    row = calibration_summary(predictions_of([0.25] * 8, [1, 0, 0, 0, 1, 0, 0, 0])).iloc[0]
    assert np.isnan(row["slope"])
    assert row["in_the_large"] == pytest.approx(0, abs=1e-6)
