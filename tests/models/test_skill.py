import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import log_loss, mean_gamma_deviance, roc_auc_score

from tierkit.models.skill import (
    auc_gain,
    auc_interval,
    better_by,
    clustered_se,
    delong,
    gamma_deviances,
    log_losses,
    placements,
)

Y = np.array([1.0] * 5 + [0.0] * 5)
A = np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.5, 0.4, 0.35, 0.2, 0.1])
B = np.array([0.6, 0.9, 0.4, 0.7, 0.2, 0.5, 0.45, 0.3, 0.65, 0.1])


def test_delong_gives_the_reference_areas_and_covariance():
    # Areas by hand: A orders 22 of 25 pairs rightly, B 17.
    auc, cov = delong(Y, np.column_stack([A, B]))
    np.testing.assert_allclose(auc, [0.88, 0.68])
    np.testing.assert_allclose(cov, [[0.0168, 0.0148], [0.0148, 0.0368]])
    z = (auc[0] - auc[1]) / np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert z == pytest.approx(1.2909944)
    assert 2 * norm.sf(z) == pytest.approx(0.1967056, abs=5e-8)


def test_the_interval_is_delongs_where_rows_are_independent():
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.3).astype(float)
    score = rng.normal(size=4000) + 0.5 * y
    auc, low, high = auc_interval(y, score, np.zeros(4000, dtype=int), np.arange(4000))
    area, cov = delong(y, score[:, None])
    assert auc == pytest.approx(area[0])
    assert auc == pytest.approx(roc_auc_score(y, score))
    assert high - low == pytest.approx(2 * 1.959964 * np.sqrt(cov[0, 0]), rel=0.002)


def test_repeating_every_row_leaves_the_clustered_interval_alone():
    strata, groups = np.zeros(10, dtype=int), np.arange(10)
    once = auc_interval(Y, A, strata, groups)
    thrice = auc_interval(np.tile(Y, 3), np.tile(A, 3), np.tile(strata, 3), np.tile(groups, 3))
    np.testing.assert_allclose(once, thrice)


def test_pairs_are_only_compared_within_a_fold():
    # Two folds with other base rates, the score constant in each: pooled it would look skilled, within folds it is not.
    y = np.array([1, 1, 1, 0, 1, 0, 0, 0], dtype=float)
    fold = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    score = np.where(fold == 0, 0.75, 0.25)
    assert roc_auc_score(y, score) == 0.75
    assert auc_interval(y, score, fold, np.arange(8))[0] == 0.5


def test_repeats_are_averaged():
    scores, strata = np.column_stack([A, B]), np.zeros((10, 2), dtype=int)
    # (.88 + .68) / 2
    assert auc_interval(Y, scores, strata, np.arange(10))[0] == pytest.approx(0.78)


def test_untested_rows_are_left_out():
    strata = np.array([0] * 9 + [-1])
    assert auc_interval(Y, A, strata, np.arange(10))[0] == pytest.approx(placements(Y[:9], A[:9])[0])


def test_one_class_has_no_area():
    assert np.isnan(auc_interval(np.ones(4), A[:4], np.zeros(4, dtype=int), np.arange(4))[0])


def test_losses_are_those_of_sklearn():
    p = np.clip(A, 0.01, 0.99)
    assert log_losses(Y, p).mean() == pytest.approx(log_loss(Y, p))
    mu = np.linspace(1, 9, 10)
    assert gamma_deviances(A, mu).mean() == pytest.approx(mean_gamma_deviance(A, mu))


def test_clustered_error_by_hand():
    # Mean 2; group sums of deviations -2, 0, 2; 3/2 * 8 = 12; sqrt(12) / 6 rows.
    values, groups = np.array([1.0, 1, 2, 2, 3, 3]), np.array(["a", "a", "b", "b", "c", "c"], dtype=object)
    assert clustered_se(values, groups) == pytest.approx(np.sqrt(12) / 6)
    # The same gain, seen on twice as many rows of the same groups, is no better known.
    assert better_by(values, values * 0, groups, confidence=0.9) == pytest.approx(2 - 1.2815516 * np.sqrt(12) / 6)


def test_paired_areas_have_delongs_error() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random(3000) < 0.3).astype(float)
    first = rng.normal(size=3000) + 0.8 * y
    second = first + rng.normal(size=3000)
    gain, low, high = auc_gain(y, first, second, np.zeros(3000, dtype=int), np.arange(3000))
    auc, cov = delong(y, np.column_stack([first, second]))
    assert gain == pytest.approx(auc[0] - auc[1])
    error = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert high - low == pytest.approx(2 * 1.959964 * error, rel=0.002)
    assert auc_gain(y, first, 3 * first + 1, np.zeros(3000, dtype=int), np.arange(3000)) == (0.0, 0.0, 0.0)
