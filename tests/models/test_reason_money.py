import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.models.acv import Acv, AcvFit
from tierkit.models.medians import Medians
from tierkit.models.reason_money import Reference, split_value
from tierkit.models.reason_parts import Part


def part(name, sums, base, model=None):
    sums = np.array([sums])
    return Part(name, model, (), sums, sums.astype(int), sums > 9, base, np.zeros(1), {})


def value_model(cap):
    fit = AcvFit(Medians(1.0, 0.0), 1.0, -1.0, 1.0)
    return Acv(fit, cap, 0.8, 0.8, 9, 9, None, "not_compared", pd.DataFrame())


def expit(z):
    return 1 / (1 + np.exp(-z))


small = st.one_of(st.floats(-4, 4), st.floats(-1e-7, 1e-7), st.just(0.0))


@given(st.lists(small, min_size=2, max_size=4), st.lists(small, min_size=2, max_size=4), small, st.floats(5, 12))
def test_money_adds_up_and_keeps_its_sign(opens, wins, value, log_cap):
    bases = {"opens": -2.0, "wins": -0.5, "value": 9.0}
    cap = float(np.exp(log_cap))
    parts = [part("opens", opens, -2.0), part("wins", wins, -0.5), part("value", [value], 9.0, value_model(cap))]

    def expected(p, w, v):
        return expit(p) * expit(w) * min(np.exp(v), cap)

    reference = Reference(expit(-2.0), expit(-0.5), min(np.exp(9.0), cap), expected(*bases.values()))
    split = split_value(parts, reference)
    money = [p.sums[0] * split.slopes[p.name][0] * split.worth[0] for p in parts]
    whole = expected(-2.0 + sum(opens), -0.5 + sum(wins), 9.0 + value) - reference.expected_value
    assert sum(m.sum() for m in money) + split.cap[0] * split.worth[0] == pytest.approx(whole, abs=0.01)
    for p, m in zip(parts, money, strict=True):
        np.testing.assert_array_equal(np.sign(m), np.sign(p.sums[0]))


def test_a_split_worked_out_by_hand():
    # From 0.5 x 0.5 to 0.8 x 0.5: all of 0.15 is the first part's, ln 1.6 = .470 over ln 4 = 1.386 log-odds.
    parts = [part("opens", [np.log(4) / 2, np.log(4) / 2], 0.0), part("wins", [0.3, -0.3], 0.0)]
    split = split_value(parts, Reference(0.5, 0.5, float("nan"), 0.25))
    assert split.slopes["opens"][0] == pytest.approx(np.log(1.6) / np.log(4))
    assert split.worth[0] == pytest.approx(0.15 / np.log(1.6))
    # Where the odds stay, the slope is the derivative, 1 - p.
    assert split.slopes["wins"][0] == pytest.approx(0.5)


def test_what_the_cap_takes_is_a_line_of_its_own():
    parts = [part("value", [np.log(4)], np.log(100.0), value_model(200.0))]
    split = split_value(parts, Reference(1.0, 1.0, 100.0, 100.0))
    # From 100 to 200, though the model says 400: the feature brings twice what the cap takes back.
    assert split.cap[0] == pytest.approx(-np.log(2))
    assert (np.log(4) + split.cap[0]) * split.worth[0] == pytest.approx(100.0)
