import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import power_proportions_2indep

from tierkit.proof.power import detectable_rate, needed_rows, power_of


# statistics.md, section 2 (equal arms) and section 3 (holdout); pooled-variance formula
@pytest.mark.parametrize(
    ("p1", "p2", "n"),
    [
        (0.10, 0.20, 199),
        (0.15, 0.25, 250),
        (0.15, 0.30, 121),
        (0.20, 0.30, 294),
        (0.20, 0.25, 1094),
        (0.40, 0.30, 356),
        (0.35, 0.25, 329),
        (0.30, 0.25, 1251),
    ],
)
def test_needed_rows_of_equal_arms(p1, p2, n):
    assert math.ceil(needed_rows(p1, p2)) == n
    assert power_of(p1, p2, n - 1, n - 1) < 0.8 <= power_of(p1, p2, n, n)


# Tier 3 five times as large
@pytest.mark.parametrize(
    ("base", "ratio", "n"), [(0.18, 1.5, 194), (0.18, 1.75, 90), (0.18, 2.0, 53), (0.25, 1.5, 125), (0.15, 2.0, 67)]
)
def test_needed_rows_against_five_times_as_many(base, ratio, n):
    assert math.ceil(needed_rows(base * ratio, base, ratio=5)) == n


def test_power_of_the_reference():
    assert power_of(0.2, 0.1, 294, 294) == pytest.approx(power_proportions_2indep(0.1, 0.1, 294).power, abs=1e-12)
    assert power_proportions_2indep(0.1, 0.2, 294).power == pytest.approx(0.8011, abs=5e-5)
    assert power_of(0.3, 0.2, 294, 294) == pytest.approx(0.8011, abs=5e-5)


rates = st.floats(0.01, 0.95)


@given(rates, rates, st.integers(10, 2000), st.floats(0.2, 20))
def test_power_agrees_with_statsmodels(p1, p2, n, ratio):
    expected = power_proportions_2indep(p1 - p2, p2, n, ratio=ratio).power
    assert power_of(p1, p2, n, ratio * n) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0.01, 0.5), st.integers(20, 2000), st.floats(1, 20))
def test_the_least_rate_that_shows_needs_just_these_rows(base, n, ratio):
    least = detectable_rate(base, n, ratio * n)
    if math.isnan(least):
        assert power_of(1.0, base, n, ratio * n) < 0.8
    else:
        assert least > base
        assert power_of(least, base, n, ratio * n) == pytest.approx(0.8, abs=1e-6)


def test_equal_rates_are_never_told_apart():
    assert needed_rows(0.2, 0.2) == math.inf
    assert power_of(0.2, 0.2, 100, 100) == pytest.approx(0.05)
    assert math.isnan(detectable_rate(0.5, 2, 4))
