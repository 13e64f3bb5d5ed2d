import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.calibration import calibration_by_tier, calibration_summary, calibration_table, say_calibration
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


def test_the_error_over_tenths_by_hand_and_against_its_noise():
    # 20 rows, bins of two, all at .5: a bin with one win is right, one with none or two is off by .5
    row = calibration_summary(predictions_of([0.5] * 20, [1, 0] * 8 + [1, 1, 0, 0])).iloc[0]
    assert row["ece"] == pytest.approx((0.5 + 0.5) * 2 / 20)
    # |wins - 1| of two coins has mean .5, so a bin is off by .25 in the mean
    assert row["ece_noise"] == pytest.approx(0.25, abs=0.01)
    assert row["ece_noise"] < row["ece_limit"] < 0.5


def test_the_error_of_right_chances_is_its_noise_and_of_wrong_ones_is_more():
    rng = np.random.default_rng(8)
    prob = rng.beta(2, 6, 3000)
    right = predictions_of(prob, rng.random(3000) < prob)
    row = calibration_summary(right).iloc[0]
    assert 0.4 * row["ece_noise"] < row["ece"] < row["ece_limit"]
    shifted = calibration_summary(right.assign(win_prob=prob + 0.06)).iloc[0]
    assert shifted["ece"] > shifted["ece_limit"]
    assert calibration_summary(right.sample(frac=1, random_state=1)).equals(calibration_summary(right))


def test_wrong_chances_are_told_in_words():
    rng = np.random.default_rng(9)
    logit = rng.normal(-1, 1, 3000)
    won = rng.random(3000) < 1 / (1 + np.exp(-logit))
    told = say_calibration(calibration_summary(predictions_of(1 / (1 + np.exp(-logit)), won)))
    assert told[0].startswith("The chances can be read as chances:")
    assert told[-1].endswith("so that is no more than chance explains.")
    told = say_calibration(calibration_summary(predictions_of(1 / (1 + np.exp(-logit + 0.5)), won)))
    assert told[0].startswith("Do not read the chances as chances yet")
    assert told[1].startswith("They are too low overall")
    assert "more than chance explains" in told[-1]
    told = say_calibration(calibration_summary(predictions_of(1 / (1 + np.exp(-2 * logit)), won)))
    assert "They lie too far apart: slope 0." in " ".join(told)
    few = say_calibration(calibration_summary(predictions_of([0.2] * 5, [1, 1, 0, 0, 0])))
    assert "which chance alone could give" in " ".join(few)
    none = say_calibration(calibration_summary(predictions_of([0.2, 0.4], [0, 0])))
    assert none == ("Whether the chances hold cannot be judged yet: 0 of 2 deals won, 1 expected.",)


def replayed(tier, prob, won, **columns):
    frame = predictions_of(prob, won).assign(tier=np.asarray(tier, float), unit="deal", kind="backtest")
    return frame.assign(**columns)


def test_calibration_by_tier_by_hand():
    replay = replayed([1, 1, 2, 2, 2, np.nan], [0.5, 0.7, 0.2, 0.2, 0.2, 0.9], [1, np.nan, 0, 1, 0, 1])
    account = replay.assign(unit="account", win_prob=0.99)
    table = calibration_by_tier(pd.concat([replay, account])).set_index("tier")
    # tier 1 has one mature deal, the deal outside the tiers counts nowhere, nor do accounts
    assert table["n"].to_dict() == {"1": 1, "2": 3, "all": 4}
    assert table.loc["2", ["n_won", "expected", "observed"]].tolist() == pytest.approx([1, 0.6, 1 / 3])
    # (1 - .6) / sqrt(3 * .16), on 3 / 1.5 deals: three accounts, so that G / (G - 1) is 1.5
    assert table.loc["2", "z"] == pytest.approx(0.4 / np.sqrt(1.5 * 0.48))
    assert (table.loc["2", "low"], table.loc["2", "high"]) == pytest.approx(wilson(1 / 1.5, 3 / 1.5))


def test_copies_of_a_deal_are_no_further_evidence_of_a_tier():
    once = replayed([1] * 40, [0.3] * 40, [1] * 20 + [0] * 20)
    copied = pd.concat([once.assign(row_id=once["row_id"] + str(i)) for i in range(4)])
    one, four = (calibration_by_tier(r).iloc[0] for r in (once, copied))
    assert four["z"] == pytest.approx(one["z"])
    assert (four["low"], four["high"]) == pytest.approx((one["low"], one["high"]))
    told = say_calibration(calibration_summary(once), calibration_by_tier(once))
    assert told[-1] == "Tier 1: 12.0 wins expected of 40 deals, 20 came (1.67 times), more than chance explains."
    kept = calibration_by_tier(once.assign(win_prob=0.5))
    assert say_calibration(calibration_summary(once), kept)[-1].startswith("In each of 1 tiers")


def test_a_replay_without_mature_deals_gives_no_rows():
    assert calibration_by_tier(replayed([1], [0.3], [np.nan])).empty
    with pytest.raises(TableError, match="column 'tier' is missing"):
        calibration_by_tier(predictions_of([0.3], [1]).assign(kind="backtest", unit="deal"))
