from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF
from tests.tiering.problems import with_highs
from tierkit.tiering import allocation
from tierkit.tiering.allocation import Terms, base_problem, base_tiers
from tierkit.tiering.book import Book, Held
from tierkit.tiering.capacity import Capacity
from tierkit.tiering.contenders import among, contenders
from tierkit.tiering.stability import Stability

UPLIFT = (0.3, 0.12, 0.0)


def terms_of(rng: np.random.Generator, n: int, *, room: int, hold: Stability, **columns: Any) -> Terms:
    """A book of three reps with room for few of their accounts, most of which held no tier above the last."""
    owner, slots = rng.integers(0, 3, n), rng.integers(0, room, (3, 2))
    capacity = Capacity(tuple("abc"), tuple("abc"), slots, tuple(slots.sum(axis=0) * 3 // 4 + 1), (0, 0), slots * 0)
    flags = {name: rng.random(n) < 0.1 for name in ("has_open_deal", "off_support")} | columns
    book = Book(
        account_id=np.array([f"A{i:05d}" for i in range(n)], dtype=object),
        value=rng.lognormal(3, 1, n),
        owner=owner,
        strategic_value=np.zeros(n),
        fit=np.ones(n),
        contactable=np.ones(n, dtype=bool),
        capacity=capacity,
        **flags,
    )
    tier = rng.choice([0, 1, 2, 3], n, p=[0.1, 0.05, 0.1, 0.75])
    held = Held(tier, pd.Series(AS_OF, range(n)), rng.random(n) < 0.05)
    return Terms(book, held, hold, np.zeros(3, dtype=np.int64), UPLIFT, UPLIFT)


holds = st.builds(
    Stability,
    band=st.sampled_from([0.0, 0.2, 0.5]),
    min_stay_months=st.just(3),
    moving_cost=st.sampled_from([0.0, 0.1]),
    churn_budget=st.sampled_from([0.02, 0.1, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), holds, st.sampled_from([3, 12]))
def test_nobody_left_unasked_would_have_been_given_a_better_tier(seed: int, hold: Stability, room: int) -> None:
    terms = terms_of(np.random.default_rng(seed), 150, room=room, hold=hold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation, "contenders", lambda problem, before: np.arange(len(before)))
        everybody = base_tiers(terms)
    few = base_tiers(terms)
    assert few.tier.tolist() == everybody.tier.tolist()
    assert few.unbudgeted.tolist() == everybody.unbudgeted.tolist()
    one, other = few.certificate, everybody.certificate
    assert one.value == pytest.approx(other.value)
    assert one.bound == pytest.approx(other.bound, rel=1e-3)
    assert replace(one.moves, bound=0.0, extra_cost=0.0) == replace(other.moves, bound=0.0, extra_cost=0.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_all_is_the_best_of_the_contenders(seed: int) -> None:
    hold = Stability(band=0.2, min_stay_months=3, moving_cost=0.05)
    terms = terms_of(np.random.default_rng(seed), 60, room=4, hold=hold)
    problem = base_problem(terms)
    assert terms.held is not None
    rows = contenders(problem, terms.held.tier)
    assert with_highs(among(problem, rows)) == pytest.approx(with_highs(problem))


def test_of_a_large_book_few_are_asked() -> None:
    hold = Stability(band=0.2, min_stay_months=3)
    terms = terms_of(np.random.default_rng(1), 20_000, room=50, hold=hold)
    assert terms.held is not None
    before = terms.held.tier
    rows = contenders(base_problem(terms), before)
    assert len(rows) < ((before > 0) & (before < 3)).sum() + 8 * terms.book.capacity.slots.sum() < 5_000
    assert set(np.flatnonzero((before > 0) & (before < 3))) <= set(rows)


def test_of_equals_the_first_rows_are_asked() -> None:
    terms = terms_of(np.random.default_rng(2), 40, room=4, hold=Stability(band=0.2, min_stay_months=0))
    flat = replace(terms.book, value=np.ones(40), owner=np.zeros(40, dtype=np.int64), has_open_deal=np.zeros(40, bool))
    flat = replace(flat, off_support=np.zeros(40, bool))
    nobody = Held(np.full(40, 3), pd.Series(AS_OF, range(40)), np.zeros(40, bool))
    problem = base_problem(replace(terms, book=flat, held=nobody))
    assert contenders(problem, nobody.tier).tolist() == list(range(int(flat.capacity.slots[0].sum())))
