import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from tierkit.errors import TableError
from tierkit.proof.drift import FLOOR, population_stability, psi_noise_floor, stability_index


def test_the_index_of_the_reference():
    # statistics.md, section 8
    current = [0.05, 0.08, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.12, 0.15]
    assert stability_index([0.1] * 10, current) == pytest.approx(0.0630399, abs=5e-8)
    assert stability_index([10] * 10, [200 * c for c in current]) == pytest.approx(0.0630399, abs=5e-8)


def test_an_empty_bin_counts_with_the_floor():
    # (1e-4 - .5) ln(1e-4 / .5) + (1 - .5) ln 2
    expected = (FLOOR - 0.5) * np.log(FLOOR / 0.5) + 0.5 * np.log(2)
    assert stability_index([0.5, 0.5], [0.0, 1.0]) == pytest.approx(expected)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.lists(st.integers(0, 50), min_size=8, max_size=8))
def test_the_index_is_symmetric_and_never_negative(a, b):
    a, b = np.array(a) + 1, np.array(b[: len(a)]) + 1
    assert stability_index(a, b) == pytest.approx(stability_index(b, a))
    assert stability_index(a, b) >= 0
    assert stability_index(a, a) == 0


def test_noise_floor_of_small_samples():
    # .01 of chi-squared with 9 degrees, times 2/300; with thousands the convention of .1 holds
    assert psi_noise_floor(10, 300, 300) == pytest.approx(chi2.ppf(0.99, 9) * 2 / 300)
    assert psi_noise_floor(10, 300, 300) > 0.14
    assert psi_noise_floor(10, 50_000, 50_000) == 0.1


def test_chance_alone_stays_below_the_floor_and_a_shift_does_not():
    rng = np.random.default_rng(1)
    psi = []
    for _ in range(300):
        psi.append(population_stability(pd.Series(rng.normal(size=300)), pd.Series(rng.normal(size=300))))
    # expected (B - 1)(1/n + 1/m) = .06
    assert np.mean([p.psi for p in psi]) == pytest.approx(0.06, abs=0.008)
    assert np.mean([p.moved for p in psi]) <= 0.03
    assert psi[0].n_bins == 10
    assert population_stability(pd.Series(rng.normal(size=300)), pd.Series(rng.normal(0.7, 1, 300))).moved


def test_missing_values_have_a_bin_of_their_own():
    known = pd.Series(np.arange(1000.0))
    half = known.where(known.index % 2 == 0)
    moved = population_stability(known, half)
    assert moved.n_bins == 11
    assert moved.moved
    # bins halve from .1 to .05; missing goes from the floor to .5
    expected = 10 * (0.05 - 0.1) * np.log(0.5) + (0.5 - FLOOR) * np.log(0.5 / FLOOR)
    assert moved.psi == pytest.approx(expected, rel=0.01)


def test_categories_are_bins_and_new_ones_count():
    before, now = pd.Series(["a", "b"] * 500), pd.Series(["a", "c"] * 500)
    result = population_stability(before, now)
    assert (result.n_bins, result.moved) == (3, True)
    assert population_stability(before, before.sample(frac=1, random_state=1)).psi == 0
    with pytest.raises(TableError, match="has no row to compare"):
        population_stability(before, now.iloc[:0])
