"""Which accounts may come to stand above the last tier at all: the others need not be asked about."""

from dataclasses import replace

import numpy as np

from tierkit.tiering.capacity import Ints
from tierkit.tiering.problem import Problem, Solution


def contenders(problem: Problem, before: Ints) -> Ints:
    """Rows that the best assignment may put above the last tier, ascending; the rest has the last tier in it.

    Parameters
    ----------
    before : tier held, 0 for none; bands and costs of moving are the same for all who held the same.

    Of accounts that differ in nothing but value, a greater one gains more by every tier, and by no step up less than a
    smaller one: exchanging the two never lowers the sum. So of each owner's that are alike no more need be asked about
    than the owner has slots, the greatest first and of equals the first rows. All rows, where nothing but value
    counts, since those are sorted anyway, and where caps per parent bind or two tiers gain the same.
    """
    everybody = np.arange(len(problem.value))
    plain = problem.adjust is None and problem.stay is None
    if plain or problem.over_parents or not bool((np.diff(problem.uplift) < 0).all()):
        return everybody
    n_tiers = problem.n_tiers
    best = np.ones(len(everybody), dtype=np.int64) if problem.best is None else problem.best
    stays = np.zeros(len(everybody), dtype=bool) if problem.stay is None else problem.stay > 0
    # Whoever held a better tier may fall, and falls are counted: all of them are asked.
    held = (before > 0) & (before < n_tiers)
    rows = np.flatnonzero(~held & (best < n_tiers))
    alike = ((problem.owner * n_tiers + best) * 2 + (before > 0)) * 2 + stays
    rows = rows[np.lexsort((-problem.value[rows], alike[rows]))]
    first = np.append(True, np.diff(alike[rows]) != 0)[: len(rows)]
    place = np.arange(len(rows)) - np.flatnonzero(first)[np.cumsum(first) - 1]
    room = np.minimum(problem.slots, problem.places).sum(axis=1)
    return np.sort(np.concatenate([np.flatnonzero(held), rows[place < room[problem.owner[rows]]]]))


def among(problem: Problem, rows: Ints) -> Problem:
    """The problem of some rows alone, whose parents' caps do not bind."""
    if len(rows) == len(problem.value):
        return problem
    return replace(
        problem,
        value=problem.value[rows],
        owner=problem.owner[rows],
        best=None if problem.best is None else problem.best[rows],
        adjust=None if problem.adjust is None else problem.adjust[rows],
        stay=None if problem.stay is None else problem.stay[rows],
        caps=None,
    )


def among_all(problem: Problem, rows: Ints, found: Solution) -> Solution:
    """What was found among `rows`, as a solution of the whole: the others have the last tier."""
    tier = np.full(len(problem.value), problem.n_tiers, dtype=np.int64)
    tier[rows] = found.tier
    value, room = problem.total(tier), found.bound - found.value
    gap = room / max(abs(value), np.finfo(float).tiny) if found.gap > 0 else 0.0
    return Solution(tier, value, value + room, gap, found.method)
