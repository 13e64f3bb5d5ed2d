"""Caps per parent: prices for the parents that exceed one, a repair, and HiGHS on whatever the prices leave open."""

from typing import Any

import numpy as np

from tierkit.errors import TableError
from tierkit.tiering.capacity import Ints
from tierkit.tiering.optimum import certified, penalised, settle, tight
from tierkit.tiering.problem import Caps, Floats, Problem, Solution

_STEPS = 30
_SECONDS = 60.0
_CLOSE = 1e-7
"""Gap HiGHS stops at unless asked for less: well inside the one that is promised."""


def solve_with_parents(problem: Problem, caps: Caps, gap: float) -> Solution:
    """The best assignment that respects the caps, within a certified gap.

    The relaxed problem (prices on the caps, subgradient steps of Polyak's length) is solved exactly each time and gives
    the bound; putting the least losers of an overfull parent elsewhere gives an assignment. Where they stay apart,
    HiGHS decides among the choices whose reduced cost does not already exceed the distance.
    """
    worth, _ = penalised(problem)
    price = np.zeros(caps.most.shape)
    tier, relaxed, slots_price = settle(problem, worth)
    if not _over(caps, tier).any():
        return certified(problem, tier, relaxed, "prices")
    best = _repair(problem, caps, worth, tier)
    value = _sum(worth, best)
    bound, net = relaxed, worth - slots_price.T[:, problem.owner]
    reach = 1.0
    for _ in range(_STEPS):
        if bound - value <= 0.1 * gap * abs(problem.total(best)):
            break
        slope = _used(caps, tier) - caps.most
        slope = np.where((price > 0) | (slope > 0), slope, 0)
        if not slope.any():
            break
        price = np.maximum(price + reach * (relaxed - value) / float((slope**2).sum()) * slope, 0.0)
        charged = worth - _charge(price, caps.parent)
        tier, free, slots_price = settle(problem, charged)
        relaxed = free + float((price * np.minimum(caps.most, len(caps.parent))).sum())
        if relaxed < bound:
            bound, net = relaxed, charged - slots_price.T[:, problem.owner]
        else:
            reach *= 0.7
        trial = _repair(problem, caps, charged, tier)
        if _sum(worth, trial) > value:
            best, value = trial, _sum(worth, trial)
    found = certified(problem, best, bound, "prices")
    if found.gap <= gap:
        return found
    tier, bound = _highs(problem, caps, worth, net, best, bound, min(gap, _CLOSE))
    return certified(problem, tier, bound, "highs")


def _used(caps: Caps, tier: Ints) -> Ints:
    """Accounts of each parent in each tier but the last."""
    n_parents, last = caps.most.shape
    out = np.zeros((n_parents, last), dtype=np.int64)
    mine = (caps.parent >= 0) & (tier <= last)
    np.add.at(out, (caps.parent[mine], tier[mine] - 1), 1)
    return out


def _over(caps: Caps, tier: Ints) -> np.ndarray:
    return np.asarray(_used(caps, tier) > caps.most)


def _charge(price: Floats, parent: Ints) -> Floats:
    """What each account pays for its parent's cap in each tier, shape (tiers, n)."""
    with_none = np.vstack([price, np.zeros(price.shape[1])])
    return np.column_stack([with_none[parent], np.zeros(len(parent))]).T


def _repair(problem: Problem, caps: Caps, worth: Floats, tier: Ints) -> Ints:
    """An assignment inside the caps: where a parent exceeds one, those who would lose least may not be there."""
    worth = worth.copy()
    while (over := _over(caps, tier)).any():
        for p, t in np.argwhere(over).tolist():
            members = np.flatnonzero(caps.parent == p)
            here = members[tier[members] == t + 1]
            loss = worth[t, here] - np.max(np.delete(worth[:, here], t, axis=0), axis=0)
            kept = here[np.argsort(-loss, kind="stable")[: caps.most[p, t]]]
            worth[t, np.setdiff1d(members, kept)] = -np.inf
        tier = settle(problem, worth).tier
    return tier


def _sum(worth: Floats, tier: Ints) -> float:
    return float(worth[tier - 1, np.arange(len(tier))].sum())


def _highs(
    problem: Problem, caps: Caps, worth: Floats, net: Floats, best: Ints, bound: float, gap: float
) -> tuple[Ints, float]:
    """The problem as integers, over the choices that could still stand in a better assignment; tiers and bound.

    `net` is worth less the prices of `bound`: what a choice falls short of its account's best is its reduced cost, and
    one dearer than the distance of bound and value is in no better assignment.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    value, last = _sum(worth, best), problem.n_tiers - 1
    open_to = np.isfinite(worth) & (net.max(axis=0) - net <= bound - value + 1e-9 * abs(value))
    open_to[best - 1, np.arange(len(best))] = True
    t, i = np.nonzero(open_to & open_to[:last].any(axis=0))
    accounts, code_of = np.unique(i, return_inverse=True)
    n = len(accounts)
    slots, places = tight(problem)
    held = t < last
    rows: list[tuple[Any, Any]] = [
        (np.where(held, problem.owner[i] * last + t, -1), slots.ravel()),
        (np.where(held, t, -1), places),
        (np.where(held & (caps.parent[i] >= 0), caps.parent[i] * last + t, -1), caps.most.ravel()),
    ]
    parts, lower, upper, at = [(code_of, np.arange(len(i)))], [np.ones(n)], [np.ones(n)], n
    for code, limit in rows:
        parts.append((at + code[code >= 0], np.flatnonzero(code >= 0)))
        lower.append(np.zeros(len(limit)))
        upper.append(limit.astype(float))
        at += len(limit)
    row, column = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    matrix = coo_array((np.ones(len(row)), (row, column)), shape=(at, len(i))).tocsr()
    found = milp(
        -worth[t, i],
        constraints=LinearConstraint(matrix, np.concatenate(lower), np.concatenate(upper)),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(i), dtype=np.int64),
        options={"mip_rel_gap": gap, "time_limit": _SECONDS},
    )
    if found.x is None:
        return best, bound
    tier = np.full(len(best), last + 1, dtype=np.int64)
    chosen = np.flatnonzero(found.x > 0.5)
    tier[i[chosen]] = t[chosen] + 1
    if len(chosen) != n or _over(caps, tier).any():
        raise TableError("tiers: HiGHS returned an assignment outside its constraints; report this with the inputs")
    settled = float(worth[last].sum() - worth[last, accounts].sum())
    return (tier if _sum(worth, tier) >= value else best), min(bound, settled - float(found.mip_dual_bound))
