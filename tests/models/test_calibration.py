import numpy as np
import pytest

from tierkit.models.calibration import calibrate, calibrate_in_the_large, expit, logit


def _draw(n, *, slope, shift, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.normal(-1, 1, n)
    return (rng.random(n) < expit(slope * raw + shift)).astype(float), raw


def test_platt_finds_the_slope_and_shift_that_made_the_labels():
    y, raw = _draw(40_000, slope=0.6, shift=0.4)
    found = calibrate(y, raw)
    assert found.kind == "platt"
    assert found.slope == pytest.approx(0.6, abs=0.03)
    assert found.shift == pytest.approx(0.4, abs=0.04)
    # The score equation of the shift.
    assert found.prob(raw).sum() == pytest.approx(y.sum())


def test_below_200_events_only_the_shift_is_learned_and_drawn_to_zero():
    # Half of 200 rows won at log-odds 0 throughout: no shift needed. At log-odds -1, 0 = logit(.5) needs +1, and
    # 100 events / (100 + 100) of it are believed.
    y = np.tile([0.0, 1.0], 100)
    assert calibrate(y, np.zeros(200)).shift == pytest.approx(0)
    found = calibrate(y, np.full(200, -1.0))
    assert (found.kind, found.slope) == ("in_the_large", 1.0)
    assert found.shift == pytest.approx(0.5)


def test_scores_that_rank_backwards_are_not_turned_round():
    y, raw = _draw(4000, slope=-1.0, shift=0.0)
    assert calibrate(y, raw).slope == 1.0


def test_without_events_nothing_moves():
    assert calibrate_in_the_large(np.zeros(5), np.zeros(5)).shift == 0


def test_ranks_survive():
    y, raw = _draw(3000, slope=0.5, shift=1.0)
    prob = calibrate(y, raw).prob(raw)
    np.testing.assert_array_equal(np.argsort(prob, kind="stable"), np.argsort(raw, kind="stable"))


def test_log_odds_and_back():
    p = np.array([0.001, 0.5, 0.999])
    np.testing.assert_allclose(expit(logit(p)), p)
    assert expit(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]
