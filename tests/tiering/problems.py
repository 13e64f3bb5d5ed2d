"""Random assignment problems, and what HiGHS and a tier-by-tier greedy make of them."""

from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, vstack

from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.problem import Caps, Problem

ENDLESS = 2**40


def random_problem(seed: int, *, caps: bool | None = None, stay: bool = False, moving: bool | None = None) -> Problem:
    """Up to 80 accounts, 5 owners and 4 tiers; few or many distinct values, bands, moving costs, bars, places, caps."""
    rng = np.random.default_rng(seed)
    n, n_owners, n_tiers = int(rng.integers(1, 81)), int(rng.integers(1, 6)), int(rng.integers(2, 5))
    uplift = np.append(-np.sort(-rng.choice([0.02, 0.04, 0.1, 0.12, 0.2, 0.3, 0.5], n_tiers - 1, replace=False)), 0.0)
    value = rng.lognormal(3, 1, n) if rng.random() < 0.5 else rng.choice([0.0, 1.0, 2.0, 5.0], n)
    tiers, before = np.arange(1, n_tiers + 1), rng.integers(0, n_tiers + 1, n)[:, None]
    adjust = None
    if rng.random() < 0.7 if moving is None else moving:
        adjust = -rng.choice([0.0, 0.2, 1.0]) * ((before > 0) & (before != tiers)).astype(float)
        if rng.random() < 0.5:
            adjust += 0.2 * value[:, None] * uplift[np.maximum(before, tiers) - 1] * (before > 0)
        if rng.random() < 0.3:
            adjust += rng.random((n, n_tiers))
        if rng.random() < 0.5:
            adjust[:, :-1][rng.random((n, n_tiers - 1)) < 0.1] = -np.inf
    most = n // n_owners // 2 + 2
    bounded = rng.random() < 0.5
    n_parents = int(rng.integers(1, 10))
    with_caps = rng.random() < 0.2 if caps is None else caps
    parents = Caps(rng.integers(-1, n_parents, n), rng.integers(0, 3, (n_parents, n_tiers - 1)))
    return Problem(
        value=value,
        uplift=uplift,
        owner=rng.integers(0, n_owners, n),
        slots=rng.integers(0, most, (n_owners, n_tiers - 1)),
        places=rng.integers(0, n // 2 + 2, n_tiers - 1) if bounded else np.full(n_tiers - 1, ENDLESS),
        best=rng.integers(1, 3, n) if rng.random() < 0.3 else None,
        adjust=adjust,
        stay=np.where(rng.random(n) < 0.2, before[:, 0], 0) if stay else None,
        caps=parents if with_caps else None,
    )


def with_highs(problem: Problem) -> float:
    """The greatest value after the fewest falls of accounts that should stay, as two integer programs."""
    worth, last = problem.worth, problem.n_tiers - 1
    t, i = np.nonzero(np.isfinite(worth))
    limits: list[tuple[Any, int]] = []
    for tier in range(last):
        limits.append((t == tier, int(problem.places[tier])))
        limits += [((t == tier) & (problem.owner[i] == o), int(s)) for o, s in enumerate(problem.slots[:, tier])]
        if problem.caps is not None:
            limits += [
                ((t == tier) & (problem.caps.parent[i] == p), int(m)) for p, m in enumerate(problem.caps.most[:, tier])
            ]
    one = coo_array((np.ones(len(i)), (i, np.arange(len(i)))), shape=(len(problem.value), len(i)))
    matrix = vstack([one, coo_array(np.array([mask for mask, _ in limits], dtype=float))]).tocsr()
    lower = np.concatenate([np.ones(one.shape[0]), np.zeros(len(limits))])
    upper = np.concatenate([np.ones(one.shape[0]), [float(most) for _, most in limits]])
    rules = [LinearConstraint(matrix, lower, upper)]
    if problem.stay is not None:
        falls = np.where(problem.stay[i] > 0, np.maximum(t + 1 - problem.stay[i], 0), 0).astype(float)
        fewest = round(_milp(falls, rules))
        rules.append(LinearConstraint(falls[None, :], 0, fewest + 0.5))
    return -_milp(-worth[t, i], rules)


def _milp(cost: Any, rules: list[LinearConstraint]) -> float:
    whole = np.ones(len(cost), dtype=np.int64)
    found = milp(cost, constraints=rules, bounds=Bounds(0, 1), integrality=whole, options={"mip_rel_gap": 1e-10})
    assert found.status == 0
    return float(found.fun)


def greedy(problem: Problem) -> Ints:
    """Tier by tier from the best: whoever gains most over the last tier, while slots and places remain."""
    worth = problem.worth
    tier = np.full(len(problem.value), problem.n_tiers, dtype=np.int64)
    for t in range(problem.n_tiers - 1):
        gain = worth[t] - worth[-1]
        open_to = np.flatnonzero((tier == problem.n_tiers) & (gain >= 0))
        order = open_to[np.argsort(-gain[open_to], kind="stable")]
        tier[take(order, problem.owner, problem.slots[:, t], int(problem.places[t]))] = t + 1
    return tier
