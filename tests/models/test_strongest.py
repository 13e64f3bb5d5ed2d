import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.truth import FEATURES, make_deals, make_verdicts
from tierkit.models.propensity import fit_propensity
from tierkit.models.reason_parts import take_apart
from tierkit.models.strongest import strongest_of, typical_values


@st.composite
def told(draw):
    """Contributions and values of a few rows, many of them equal, in families of which some have no column."""
    n, m = draw(st.integers(0, 6)), draw(st.integers(1, 7))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    contributions = rng.integers(-2, 3, (n, m)) / 4
    x = rng.choice([0.0, 1.0, np.nan, np.inf], (n, m))
    family_of = rng.integers(-1, 4, m)
    return contributions, x, family_of, rng.choice([0.0, 1.0, np.nan], m), rng.random(m) < 0.5, draw(st.integers(0, 5))


@given(told())
@settings(max_examples=150, deadline=None)
def test_the_strongest_are_those_a_sort_puts_first(case):
    contributions, x, family_of, typical, unknown_is_typical, k = case
    kept = strongest_of(
        contributions, x, k, family_of=family_of, typical=typical, unknown_is_typical=unknown_is_typical
    )
    numbers = sorted(set(family_of[family_of >= 0]))
    for i in range(len(x)):
        sums = {g: contributions[i, family_of == g].sum() for g in numbers}
        order = sorted(numbers, key=lambda g: (-abs(sums[g]), g))[:k]
        assert kept.family[i].tolist() == order + [-1] * (k - len(order))
        assert kept.contribution[i].tolist() == [sums[g] for g in order] + [0.0] * (k - len(order))
        assert kept.total[i] == sum(sums.values())
        assert kept.held[i] == contributions[i, family_of < 0].sum()
        for place, g in enumerate(order):
            sign = -1 if sums[g] < 0 else 1
            along = {c: sign * contributions[i, c] for c in np.flatnonzero(family_of == g)}
            plain = x[i] == typical
            plain |= unknown_is_typical & ~np.isfinite(x[i])
            telling = {c: a for c, a in along.items() if a > 0 and not plain[c]}
            assert kept.usual[i, place] == (not telling)
            assert kept.member[i, place] == max(telling or along, key=lambda c: ((telling or along)[c], -c))


@pytest.mark.parametrize("kind", ["logit", "lightgbm"])
def test_members_are_those_the_reasons_name(kind):
    deals = make_deals(2500, seed=4)
    # A share of rows at the very values that tell nobody apart.
    deals.loc[deals.index[:300], "n_inbound_90d"] = np.nan
    win = fit_propensity(deals, make_verdicts(), seed=1, compare=False, kind=kind)
    part = take_apart(deals, "wins", win)
    design = win.model.design
    number = {c: g for g, family in enumerate(part.families) for c in family}
    family_of = np.array([number[name] for name in design.features])
    typical, unknown_is_typical = typical_values(design)
    parts = win.contributions(deals)[list(design.features)].to_numpy()
    kept = strongest_of(
        parts,
        design.codes(deals),
        len(part.families),
        family_of=family_of,
        typical=typical,
        unknown_is_typical=unknown_is_typical,
    )
    at = np.arange(len(deals))[:, None]
    np.testing.assert_array_equal(kept.contribution, part.sums[at, kept.family])
    np.testing.assert_array_equal(kept.usual, part.usual[at, kept.family])
    names = np.array([[*c, *[""] * 9][:9] for c in part.families], dtype=object)
    said = names[kept.family, part.member[at, kept.family]]
    np.testing.assert_array_equal(np.array(design.features, dtype=object)[kept.member], said)
    np.testing.assert_allclose(kept.total + part.base + kept.held, part.log, rtol=0, atol=1e-12)
    assert 0 < kept.usual.mean() < 1
    assert set(FEATURES) >= set(said.ravel())
