"""CPU seconds of tiering a million accounts of fifty reps, beside ranking them with pandas, in turn in one process.

Run `python -m tests.benchmarks.tiers`.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd

from tierkit.tiering.capacity import Ints
from tierkit.tiering.optimum import solve
from tierkit.tiering.prices import slot_values
from tierkit.tiering.problem import Problem
from tierkit.tiering.sorting import sort_tiers

T = TypeVar("T")
UPLIFT = np.array([0.30, 0.12, 0.0])
ENDLESS = np.full(2, 2**40)


def tier_seconds(n: int = 1_000_000, n_reps: int = 50, *, turns: int = 5) -> str:
    """One line per case: ours, the peer and their ratio, or ours and its certified gap; medians over turns."""
    rng = np.random.default_rng(1)
    owner, value = rng.integers(0, n_reps, n), rng.lognormal(8, 1.2, n)
    lines = []
    for each in ((25, 75), (2_000, 4_000)):
        slots = np.tile(each, (n_reps, 1))
        problem = Problem(value, UPLIFT, owner, slots, ENDLESS)
        ours, theirs, same = [], [], True
        for _ in range(turns):
            seconds, tier = _cpu(partial(_tier, problem))
            ours.append(seconds)
            seconds, ranked = _cpu(partial(_by_rank, owner, value, each))
            theirs.append(seconds)
            same &= np.array_equal(tier, ranked)
        a, b = statistics.median(ours), statistics.median(theirs)
        lines.append(
            f"tiers by sorting, {n:,} accounts, {n_reps} reps of {each[0]:,} + {each[1]:,} slots: {a:.3f} s of CPU; "
            f"groupby.rank {b:.3f} s: {b / a:.0f} times; the same tiers: {'yes' if same else 'NO'} (limit 8 times)"
        )
        general = _held(problem, rng)
        runs = [_cpu(partial(solve, general)) for _ in range(turns)]
        found = runs[0][1]
        lines.append(
            f"general values, band, moving cost, stays, places: {statistics.median(s for s, _ in runs):.3f} s of CPU "
            f"(limit 1.5 s); {found.method}, gap {found.gap:.1e}"
        )
        seconds, _ = _cpu(partial(slot_values, general, found.tier, list(range(n_reps))))
        lines.append(f"every shadow price of it: {seconds:.3f} s of CPU")
    return "\n".join(lines)


def _held(problem: Problem, rng: np.random.Generator) -> Problem:
    """The same a month later: nine in ten hold a tier by an earlier value, with band, cost and stays; places bind."""
    n = len(problem.value)
    before = sort_tiers(problem.value * rng.lognormal(0, 0.5, n), problem.owner, problem.slots)
    before[rng.random(n) < 0.1] = 0
    tiers = np.arange(1, 4)
    band = 0.2 * problem.value[:, None] * UPLIFT[np.maximum(before[:, None], tiers) - 1]
    adjust = np.where(before[:, None] > 0, band - 50.0 * (before[:, None] != tiers), 0.0)
    stay = np.where((rng.random(n) < 0.05) & (before > 0) & (before < 3), before, 0)
    places = problem.slots.sum(axis=0) * 8 // 10
    return Problem(problem.value, UPLIFT, problem.owner, problem.slots, places, adjust=adjust, stay=stay)


def _tier(problem: Problem) -> Ints:
    return solve(problem).tier


def _by_rank(owner: Ints, value: np.ndarray, slots: tuple[int, int]) -> Ints:
    rank = pd.DataFrame({"owner": owner, "value": value}).groupby("owner")["value"].rank("first", ascending=False)
    return np.where(rank <= slots[0], 1, np.where(rank <= sum(slots), 2, 3))


def _cpu(call: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    found = call()
    return time.process_time() - began, found


if __name__ == "__main__":
    print(tier_seconds())
