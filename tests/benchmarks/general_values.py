"""Tiers whose values are no multiple of one another: prices and exchanges, beside HiGHS.

Run `python -m tests.benchmarks --only tiers`. A month after tiers were set: nine in ten accounts hold one, whoever
holds a tier competes in it with a fifth more, every change costs, and over all reps there are places for eight in ten
slots. With `stay` a twentieth may not be put lower unless nobody else can be.
"""

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from tests.benchmarks.ratios import Figure, Ratio, Row, take_turns
from tests.benchmarks.tiers import SLOTS, UPLIFT, book
from tierkit.tiering.optimum import solve
from tierkit.tiering.prices import slot_values
from tierkit.tiering.problem import Problem
from tierkit.tiering.sorting import sort_tiers

CLOSE = 1e-6
"""Largest difference of the values of two assignments, as a share."""


def rows(*, n: int = 20_000, many: int = 1_000_000, n_reps: int = 50, turns: int = 3) -> Iterator[Row]:
    """Ours against the linear program and the integer program of HiGHS; then a million accounts, with their proof."""
    problem = month_later(n, n_reps, SLOTS[0], stay=False)
    size = f"{n:,} accounts, {n_reps} reps of {SLOTS[0][0]} + {SLOTS[0][1]} places, band and moving cost"
    for peer, whole, least in (("milp(integrality=0), an LP", False, 20.0), ("milp(integrality=1)", True, 100.0)):
        # The integer program takes half a minute: twice is enough
        took = take_turns(partial(solve, problem), partial(with_highs, problem, whole=whole), turns=2 if whole else 5)
        apart = abs(took.our_answer.value / took.their_answer - 1)
        compared = "total value, at most a millionth apart"
        yield Ratio(
            "Tiers of general values", size, peer, "scipy", took.ours, took.theirs, apart <= CLOSE, compared, least
        )
    for each in SLOTS:
        large = month_later(many, n_reps, each, stay=True)
        size = f"{many:,} accounts, {n_reps} reps of {each[0]:,} + {each[1]:,} places, band, moving cost, stays"
        runs = [_timed(large) for _ in range(turns)]
        found = solve(large)
        proof = f"certified gap {100 * found.gap:.4f} % (limit 0.01 %)"
        yield Figure("Tiers of general values", size, float(np.median(runs)), "s of CPU", 1.5, found.gap <= 1e-4, proof)
        began = time.process_time()
        slot_values(large, found.tier, list(range(n_reps)))
        yield Figure("What one more slot of each rep is worth", size, time.process_time() - began, "s of CPU")


def month_later(n: int, n_reps: int, each: tuple[int, int], *, stay: bool) -> Problem:
    """The problem described above."""
    owner, value = book(n, n_reps)
    rng = np.random.default_rng(2)
    slots = np.tile(each, (n_reps, 1))
    before = sort_tiers(value * rng.lognormal(0, 0.5, n), owner, slots)
    before[rng.random(n) < 0.1] = 0
    tiers = np.arange(1, 4)
    band = 0.2 * value[:, None] * UPLIFT[np.maximum(before[:, None], tiers) - 1]
    adjust = np.where(before[:, None] > 0, band - 50.0 * (before[:, None] != tiers), 0.0)
    staying = np.where((rng.random(n) < 0.05) & (before > 0) & (before < 3), before, 0)
    places = slots.sum(axis=0) * 8 // 10
    return Problem(value, UPLIFT, owner, slots, places, adjust=adjust, stay=staying if stay else None)


def with_highs(problem: Problem, *, whole: bool) -> float:
    """The greatest value by HiGHS: one variable for each account and tier but the last, which takes whoever is left."""
    n, last = len(problem.value), problem.n_tiers - 1
    gain = problem.worth[:last] - problem.worth[last]
    account, tier = np.tile(np.arange(n), last), np.repeat(np.arange(last), n)
    slot = n + problem.owner[account] * last + tier
    place = n + problem.slots.size + tier
    at = np.concatenate([account, slot, place]), np.tile(np.arange(n * last), 3)
    most = np.concatenate([np.ones(n), problem.slots.ravel(), problem.places])
    matrix = coo_array((np.ones(3 * n * last), at), shape=(len(most), n * last)).tocsr()
    found = milp(
        -gain.ravel(),
        constraints=LinearConstraint(matrix, -np.inf, most),
        bounds=Bounds(0, 1),
        integrality=np.full(n * last, int(whole)),
        options={"mip_rel_gap": CLOSE},
    )
    assert found.status == 0, found.message
    return float(problem.worth[last].sum() - found.fun)


def _timed(problem: Problem) -> float:
    began = time.process_time()
    solve(problem)
    return time.process_time() - began
