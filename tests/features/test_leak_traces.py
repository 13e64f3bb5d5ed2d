import numpy as np
import pandas as pd
import pytest

from tests.features.test_leaks import labelled, noise, verdict
from tierkit.features.leak_traces import filling_ratio, sure_part, writing_auc
from tierkit.features.leak_values import group_folds

N = 400


def test_a_part_that_always_wins_is_found_though_the_rest_says_nothing() -> None:
    rows = labelled(1200)
    won = rows["won_in_horizon"] == 1
    rng = np.random.default_rng(7)
    # A third of the wins move to a code of their own: AUC about 0.5 + 0.33 / 2.
    rows["code"] = np.where(won & (rng.random(1200) < 0.33), "z", rng.choice(list("abc"), 1200))
    found = verdict(rows, "code")
    assert tuple(found[["verdict", "rule", "figure"]]) == ("refused", "sure_part", 1.0)
    # Half of the code's deals lost: no code is sure.
    rows["code"] = np.where(rng.random(1200) < np.where(won, 0.3, 0.13), "z", rng.choice(list("abc"), 1200))
    assert verdict(rows, "code")["verdict"] == "ok"


def test_how_unsure_a_part_is_by_hand() -> None:
    # Base rate 0.5; 50 of 50 groups won, z = 2.326: low = 1 / (1 + z^2 / 50) = 0.9024; (1 - 0.9024) / 0.5 = 0.195.
    label = np.repeat([1, 0], 50)
    score = np.where(label == 1, 1.0, 0.1)
    assert sure_part(score, label, np.arange(100)) == (50, 50, pytest.approx(0.195, abs=0.001))
    # Fifty rows of nine accounts are nine accounts, and too few.
    assert sure_part(score, label, np.r_[np.arange(50) % 9, np.arange(100, 150)])[2] == 1.0


def test_filling_ratio_by_hand() -> None:
    # Missing for 60 of 200 lost and 15 of 200 won: log((60.5 / 201) / (15.5 / 201)) = 1.362, error
    # sqrt(1 / 60.5 + 1 / 15.5) = 0.285; exp(1.362 - 2.326 * 0.285) = 2.01.
    label = np.repeat([0, 1], 200)
    values = pd.Series(np.ones(N))
    values[:60] = np.nan
    values[200:215] = np.nan
    lost, won, ratio = filling_ratio(values, label, np.arange(N))
    assert (lost, won) == (0.3, 0.075)
    assert ratio == pytest.approx(2.01, abs=0.01)
    assert filling_ratio(pd.Series(np.ones(N)), label, np.arange(N))[2] == 1.0


def test_a_column_filled_on_winning_for_most_is_flagged_below_the_limit_of_missingness() -> None:
    rows = labelled(1500)
    rng = np.random.default_rng(3)
    filled = rng.random(1500) < np.where(rows["won_in_horizon"] == 1, 0.97, 0.75)
    rows["reading"] = np.where(filled, noise(n=1500), np.nan)
    assert tuple(verdict(rows, "reading")[["verdict", "rule"]]) == ("flagged", "filled_after")
    honest = rng.random(1500) < np.where(rows["won_in_horizon"] == 1, 0.75, 0.67)
    assert verdict(rows.assign(reading=rows["reading"].where(honest)), "reading")["rule"] != "filled_after"
    assert verdict(rows.assign(reading=np.where(honest, noise(n=1500), np.nan)), "reading")["verdict"] == "ok"


def test_how_a_number_is_written_is_judged_apart_from_what_it_says() -> None:
    rows = labelled()
    rng = np.random.default_rng(4)
    size = rng.integers(100, 5000, N).astype("float64")
    # Wins are counted exactly, the rest was rounded by the vendor.
    rows["heads"] = np.where(rows["won_in_horizon"] == 1, size, (size / 100).round() * 100)
    assert tuple(verdict(rows, "heads")[["verdict", "rule"]]) == ("refused", "writing")
    assert verdict(rows.assign(heads=size), "heads")["verdict"] == "ok"


def test_an_identifier_that_names_the_outcome_says_so() -> None:
    rows = labelled()
    letter = np.where(rows["won_in_horizon"] == 1, "C-", "Q-")
    rows["ref"] = pd.Series(letter) + [f"{i:05d}" for i in range(N)]
    found = verdict(rows, "ref")
    assert tuple(found[["verdict", "rule"]]) == ("refused", "identifier")
    assert "names the outcome" in found["reason"]
    # Each number twice is no identifier by uniqueness; its letter is still read.
    rows["ref"] = pd.Series(letter) + [f"{i // 2:05d}" for i in range(N)]
    assert tuple(verdict(rows, "ref")[["verdict", "rule"]]) == ("refused", "writing")


def test_writing_of_noise_is_noise() -> None:
    rows = labelled()
    fold = group_folds(rows["group_id"], seed=0)
    label = rows["won_in_horizon"].to_numpy(dtype="int64")
    for values in (pd.Series(noise(8)), pd.Series([f"k{i % 97}" for i in range(N)])):
        assert writing_auc(values, label, fold)[0] < 0.6
