import numpy as np
import pytest

from tests.benchmarks.recovery import recover


@pytest.fixture(scope="module")
def seeds():
    return [recover(seed, published=False, models=False) for seed in (201, 202, 203)]


@pytest.mark.slow
def test_backtest_recovers_the_true_lift_of_the_ranking(seeds):
    # The error of one seed has sd .03 (tests/benchmarks/recovery.py, 20 seeds): three sd each, and three of the mean.
    errors = [row["rank_error"] for row in seeds]
    assert np.abs(errors).max() <= 0.09
    assert abs(np.mean(errors)) <= 0.052
    # A lift there is: a backtest that found nothing would be far off.
    assert min(row["rank_true"] for row in seeds) > 0.1


@pytest.mark.slow
def test_expected_value_finds_value_that_size_does_not(seeds):
    for row in seeds:
        assert row["capture_ev"] > row["capture_size"] + 0.1
        assert row["ev_rank_cor"] > 0.5
        assert abs(row["ev_bias"]) < 0.5
