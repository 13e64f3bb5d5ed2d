"""Tiers of a million accounts of fifty reps by a partition per rep, beside ranks of everybody.

Run `python -m tests.benchmarks --only tiers`.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from tests.benchmarks.ratios import Ratio, Row, take_turns
from tierkit.tiering.capacity import Ints
from tierkit.tiering.optimum import solve
from tierkit.tiering.problem import Problem
from tierkit.tiering.sorting import Floats

UPLIFT = np.array([0.30, 0.12, 0.0])
ENDLESS = np.full(2, 2**40)
SLOTS = ((25, 75), (2_000, 4_000))
"""Places of each rep in Tiers 1 and 2: of a field team, and of reps who hold a third of all accounts."""


def rows(*, n: int = 1_000_000, n_reps: int = 50, turns: int = 5) -> Iterator[Row]:
    """Ours against ranking within each rep by pandas and by Polars."""
    owner, value = book(n, n_reps)
    for each in SLOTS:
        problem = Problem(value, UPLIFT, owner, np.tile(each, (n_reps, 1)), ENDLESS)
        size = f"{n:,} accounts, {n_reps} reps of {each[0]:,} + {each[1]:,} places"
        for peer, library, ranked, least in (
            ("groupby.rank", "pandas", by_pandas, 8.0),
            ("rank().over()", "polars", by_polars, None),
        ):
            took = take_turns(partial(_tier, problem), partial(ranked, owner, value, each), turns=turns)
            same = bool(np.array_equal(took.our_answer, took.their_answer))
            yield Ratio(
                "Tiers under rep capacity", size, peer, library, took.ours, took.theirs, same, "tier by tier", least
            )


def book(n: int, n_reps: int) -> tuple[Ints, Floats]:
    """Owner and expected value of each account."""
    rng = np.random.default_rng(1)
    return rng.integers(0, n_reps, n), rng.lognormal(8, 1.2, n)


def by_pandas(owner: Ints, value: Floats, slots: tuple[int, int]) -> Ints:
    """Tiers by the rank of each account within its rep, ties to the first."""
    rank = pd.DataFrame({"owner": owner, "value": value}).groupby("owner")["value"].rank("first", ascending=False)
    return np.where(rank <= slots[0], 1, np.where(rank <= sum(slots), 2, 3))


def by_polars(owner: Ints, value: Floats, slots: tuple[int, int]) -> Ints:
    """The same."""
    import polars as pl

    rank = pl.col("value").rank("ordinal", descending=True).over("owner")
    tier = pl.when(rank <= slots[0]).then(1).when(rank <= sum(slots)).then(2).otherwise(3)
    return pl.DataFrame({"owner": owner, "value": value}).select(tier.cast(pl.Int64)).to_series().to_numpy()


def _tier(problem: Problem) -> Ints:
    return solve(problem).tier
