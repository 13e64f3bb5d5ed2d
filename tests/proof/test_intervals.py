import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from tierkit.proof.intervals import (
    cochran_armitage,
    design_effect,
    koopman_ratio,
    miettinen_nurminen,
    newcombe_difference,
    spiegelhalter,
    wilson,
)


# Newcombe 1998a, Table I data
@pytest.mark.parametrize(
    ("won", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_matches_published_data(won, n, low, high):
    assert wilson(won, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_matches_statsmodels(n, share, confidence):
    won = round(share * n)
    expected = proportion_confint(won, n, alpha=1 - confidence, method="wilson")
    assert wilson(won, n, confidence=confidence) == pytest.approx(expected, abs=1e-9)


def test_wilson_refuses_counts_that_are_no_rate():
    with pytest.raises(ValueError, match="won=3, n=2"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="n=0"):
        wilson(0, 0)


# Newcombe 1998b, Table II data
@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_difference_matches_published_data(table, low, high):
    assert newcombe_difference(*table) == pytest.approx((low, high), abs=5e-5)


# Koopman 1984 for 36/40 vs 16/80 (published 2.94-7.15); Perondi data 7/34 vs 1/34; a second rate of 1
@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 40, 16, 80), 2.9396, 7.1522),
        ((18, 40, 16, 80), 1.2891, 3.8984),
        ((7, 34, 1, 34), 1.220852853514811, 42.57571760976032),
        ((29, 55, 11, 11), 0.3979, 0.7389),
    ],
)
def test_koopman_ratio_matches_published_data(table, low, high):
    assert koopman_ratio(*table) == pytest.approx((low, high), rel=2e-4)


def test_koopman_ratio_at_zero_wins():
    assert koopman_ratio(0, 30, 5, 40).low == 0
    assert math.isfinite(koopman_ratio(0, 30, 5, 40).high)
    assert koopman_ratio(5, 30, 0, 40).high == math.inf
    assert koopman_ratio(5, 30, 0, 40).low > 0
    assert koopman_ratio(0, 30, 0, 40) == (0, math.inf)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 300), st.integers(2, 300), st.floats(0, 1), st.floats(0, 1))
def test_koopman_ratio_matches_statsmodels_where_it_holds(n1, n2, share1, share2):
    won1, won2 = max(1, round(share1 * n1)), max(1, round(share2 * n2))
    assume(won1 < n1 and won2 < n2)
    expected = confint_proportions_2indep(won1, n1, won2, n2, method="score", compare="ratio", correction=False)
    assert koopman_ratio(won1, n1, won2, n2) == pytest.approx(expected, rel=1e-4)


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_intervals_hold_their_estimate_and_swap_with_their_arms(n1, n2, data):
    won1, won2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    low, high = newcombe_difference(won1, n1, won2, n2)
    assert -1 - 1e-12 <= low <= won1 / n1 - won2 / n2 <= high <= 1 + 1e-12
    assert newcombe_difference(won2, n2, won1, n1) == pytest.approx((-high, -low))
    if won1 and won2:
        low, high = koopman_ratio(won1, n1, won2, n2)
        ratio = (won1 / n1) / (won2 / n2)
        assert low <= ratio * (1 + 1e-9)
        assert high >= ratio * (1 - 1e-9)
        assert koopman_ratio(won2, n2, won1, n1) == pytest.approx((1 / high, 1 / low), rel=1e-6)


def test_design_effect_by_hand():
    # p = 1/2, residuals +-1/2; accounts a (1,1), b (0,0): sums 1 and -1
    # V_cluster = 2/1 * (1 + 1) / 16 = 1/4; V_SRS = (1/4) / 4 = 1/16 -> 4
    assert design_effect([1, 1, 0, 0], ["a", "a", "b", "b"]) == pytest.approx(4)
    # accounts that mix both outcomes sum to 0: less than 1 is never believed
    assert design_effect([1, 0, 1, 0], ["a", "a", "b", "b"]) == 1
    # one row an account: G/(G-1) = 4/3 times 1
    assert design_effect([1, 0, 1, 0], list("abcd")) == pytest.approx(4 / 3)
    assert design_effect([0, 0, 0], ["a", "a", "b"]) == 1
    assert design_effect([1, 0, 1], ["a", "a", "a"]) == 3


def test_newcombe_on_corrected_counts_covers_clustered_deals():
    # statistics.md, section 2: 60/600 accounts, 4 deals each, account sd 1.5: naive .832, corrected .948
    rng = np.random.default_rng(7)
    shift = {0.30: _intercept(0.30, 1.5), 0.18: _intercept(0.18, 1.5)}
    covered = {"naive": 0, "corrected": 0}
    reps = 300
    for _ in range(reps):
        arms = [_clustered(rng, 60, shift[0.30]), _clustered(rng, 600, shift[0.18])]
        for method in covered:
            table = []
            for won, groups in arms:
                deff = design_effect(won, groups) if method == "corrected" else 1.0
                table += [won.sum() / deff, len(won) / deff]
            low, high = newcombe_difference(*table)
            covered[method] += low <= 0.12 <= high
    # Monte Carlo sd at 300 replications is .013 at .948, .022 at .832
    assert 0.91 <= covered["corrected"] / reps <= 0.98
    assert covered["naive"] / reps < 0.90


def _intercept(rate: float, sd: float) -> float:
    effects = sd * stats.norm.ppf((np.arange(400) + 0.5) / 400)
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        if np.mean(1 / (1 + np.exp(-(middle + effects)))) < rate:
            low = middle
        else:
            high = middle
    return low


def _clustered(rng: np.random.Generator, n_groups: int, intercept: float) -> tuple[np.ndarray, np.ndarray]:
    deals = 1 + rng.poisson(3, n_groups)
    groups = np.repeat(np.arange(n_groups), deals)
    logit = intercept + rng.normal(0, 1.5, n_groups)
    return (rng.random(len(groups)) < 1 / (1 + np.exp(-logit[groups]))).astype(float), groups


def test_cochran_armitage_matches_agresti():
    # Agresti, malformation by alcohol: M^2 = 6.5699 on N - 1, z^2 = 6.5701
    won, n = [48, 38, 5, 1, 1], [17114, 14502, 793, 127, 38]
    test = cochran_armitage(won, n, [0, 0.5, 1.5, 4, 7])
    assert test.z == pytest.approx(2.5632, abs=5e-5)
    assert test.p_value == pytest.approx(0.01037, abs=5e-6)
    assert test.z**2 * (sum(n) - 1) / sum(n) == pytest.approx(6.5699, abs=5e-5)


def test_cochran_armitage_without_any_win_says_nothing():
    assert cochran_armitage([0, 0], [10, 20], [1, 2]) == (0, 1)


def test_spiegelhalter_matches_reference():
    # own computation and mapie.metrics.calibration.spiegelhalter_statistic: -1.1710801
    test = spiegelhalter([1, 0, 1, 0, 1], [0.9, 0.2, 0.6, 0.4, 0.7])
    assert test.z == pytest.approx(-1.1710801, abs=5e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mapie.metrics.calibration import spiegelhalter_statistic
    y, p = np.array([1, 0, 1, 1, 0]), np.array([0.3, 0.1, 0.8, 0.45, 0.7])
    assert spiegelhalter(y, p).z == pytest.approx(spiegelhalter_statistic(y, p))


# statistics.md, section 2 (Newcombe 1998b, Table II data); Mee is without the N / (N - 1)
@pytest.mark.parametrize(
    ("table", "ours", "mee"),
    [
        ((56, 70, 48, 80), (0.0528, 0.3382), (0.0533, 0.3377)),
        ((9, 10, 3, 10), (0.1700, 0.8406), (0.1821, 0.8370)),
        ((6, 7, 2, 7), (0.0342, 0.8534), (0.0544, 0.8478)),
        ((5, 56, 0, 29), (-0.0326, 0.1933), (-0.0313, 0.1926)),
        ((0, 10, 0, 20), (-0.1658, 0.2844), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.7156, 1.0), (0.7225, 1.0)),
    ],
)
def test_miettinen_nurminen_matches_published_data(table, ours, mee):
    assert miettinen_nurminen(*table) == pytest.approx(ours, abs=5e-5)
    assert miettinen_nurminen(*table, corrected=False) == pytest.approx(mee, abs=5e-5)


def test_score_intervals_of_the_perondi_data():
    # 7/34 against 1/34; Fagerland and others publish (0.028, 0.34)
    assert miettinen_nurminen(7, 34, 1, 34) == pytest.approx((0.027041626583446738, 0.34529121696639004), abs=1e-9)
    mee = miettinen_nurminen(7, 34, 1, 34, corrected=False)
    assert mee == pytest.approx((0.028370507968999585, 0.34393992194592965), abs=1e-9)
    ratio = koopman_ratio(7, 34, 1, 34, corrected=True)
    assert ratio == pytest.approx((1.2085679750900278, 43.032972238694676), rel=1e-9)


def test_miettinen_nurminen_ratio_matches_the_reference():
    assert koopman_ratio(36, 40, 16, 80, corrected=True) == pytest.approx((2.9346, 7.1663), abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.data())
def test_miettinen_nurminen_holds_its_estimate_and_inverts_the_score_test(n1, n2, data):
    won1, won2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    low, high = miettinen_nurminen(won1, n1, won2, n2)
    assert -1 <= low <= won1 / n1 - won2 / n2 <= high <= 1
    assert miettinen_nurminen(won2, n2, won1, n1) == pytest.approx((-high, -low), abs=1e-7)
    wide = miettinen_nurminen(won1, n1, won2, n2, confidence=0.99)
    assert wide.low <= low
    assert wide.high >= high
    # at a difference of 0 the score test is Pearson's, whose statsmodels form is not affected by its bug
    pooled = (won1 + won2) / (n1 + n2)
    if 0 < pooled < 1:
        spread = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        z = (won1 / n1 - won2 / n2) / spread * math.sqrt((n1 + n2 - 1) / (n1 + n2))
        assume(abs(abs(z) - 1.959964) > 1e-6)
        assert (low > 0 or high < 0) == (abs(z) > 1.959964)
