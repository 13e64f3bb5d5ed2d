"""The assignment of greatest value, with proof: by sorting, by prices and exchanges, or by HiGHS."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.exchange import Exchange, Labels, clearing_prices
from tierkit.tiering.problem import Floats, Problem, Solution, check_problem
from tierkit.tiering.sorting import sort_tiers

GAP = 1e-4
"""Largest gap a certificate may state without asking HiGHS."""
_ROUNDS = 20_000


def solve(problem: Problem, *, gap: float = GAP) -> Solution:
    """The assignment of greatest value, after as few falls of accounts that should stay as the slots allow.

    Parameters
    ----------
    gap : largest certified gap, as a share of the value, that is not put to HiGHS.

    Raises
    ------
    ValueError : an account may not have the last tier, or value, slots or places are not numbers.

    By sorting where value times a falling uplift and the owners' slots are all there is; else by prices of slots and
    places, mended by exchanges until none pays, which is exact; HiGHS only where caps per parent bind, since these
    cross the owners' slots.
    """
    check_problem(problem)
    if _is_sorted_by_value(problem):
        slots = np.minimum(problem.slots, problem.places)
        tier = sort_tiers(problem.value, problem.owner, slots, problem.best)
        if bool((np.bincount(tier - 1, minlength=problem.n_tiers)[:-1] <= problem.places).all()):
            value = problem.total(tier)
            return Solution(tier, value, value, 0.0, "sorted")
    if problem.caps is not None and problem.over_parents:
        from tierkit.tiering.parents import solve_with_parents

        return solve_with_parents(problem, problem.caps, gap)
    settled = settle(problem, penalised(problem)[0])
    return certified(problem, settled.tier, settled.bound, "prices")


class Settled(NamedTuple):
    """Tiers from 1, what no assignment exceeds, and the prices that prove it, shape (owners, tiers)."""

    tier: Ints
    bound: float
    price: Floats


def settle(problem: Problem, worth: Floats) -> Settled:
    """The best assignment of `worth` under slots and places; caps of parents are not seen."""
    order = np.argsort(_short(problem.owner, len(problem.slots)), kind="stable")
    owner = problem.owner[order]
    worth = np.ascontiguousarray(worth[:, order])
    slots, places = tight(problem)
    price, open_rows = clearing_prices(worth, owner, slots, places)
    tier = np.full(len(owner), problem.n_tiers - 1, dtype=np.int64)
    tier[open_rows] = _fill(worth[:, open_rows], owner[open_rows], slots, places, price)
    while True:
        exchange = Exchange(worth[:, open_rows], owner[open_rows], slots, places, tier[open_rows])
        labels = exchange.improve(_ROUNDS)
        tier[open_rows] = exchange.tier
        if labels is None:
            break
        price, bound = dual_bound(worth, owner, slots, places, labels, exchange.noise)
        # Whoever was left aside and would pay more than the price joins the exchange.
        wants = np.maximum.reduce([worth[t] - price[owner, t] for t in range(problem.n_tiers - 1)]) > worth[-1]
        wants[open_rows] = False
        if not wants.any():
            break
        open_rows = np.union1d(open_rows, np.flatnonzero(wants))
    if labels is None:
        bound = _bound(worth, owner, slots, places, price, np.zeros(problem.n_tiers - 1))
    _fill_idle(worth, owner, slots, places, tier)
    _first_of_equals_first(worth, owner, price, tier)
    out = np.empty_like(tier)
    out[order] = tier + 1
    return Settled(out, bound, price)


def dual_bound(
    worth: Floats, owner: Ints, slots: Ints, places: Ints, labels: Labels, noise: float
) -> tuple[Floats, float]:
    """Prices of each owner's tiers from the labels of an exchange, shape (owners, tiers), and the bound they prove."""
    own, of_places, _ = labels
    for_slots = np.where(own[:, :-1] - of_places > 8 * noise, own[:, :-1] - of_places, 0.0)
    for_places = np.where(of_places > 8 * noise, of_places, 0.0)
    price = np.column_stack([for_slots + for_places, np.zeros(len(own))])
    return price, _bound(worth, owner, slots, places, price, for_places)


def _bound(worth: Floats, owner: Ints, slots: Ints, places: Ints, price: Floats, for_places: Floats) -> float:
    """Lagrangian bound of prices, of which `for_places` is what the places cost: valid whatever the prices."""
    best = np.maximum.reduce([worth[t] - price[owner, t] for t in range(worth.shape[0])])
    return float(best.sum() + (slots * (price[:, :-1] - for_places)).sum() + (places * for_places).sum())


def penalised(problem: Problem) -> tuple[Floats, float]:
    """`worth` less a fine for each tier by which an account that should stay falls, and the fine.

    The fine exceeds what any exchange can gain: one cycle passes each owner's tier once at most, so it moves at most
    owners x tiers accounts. That makes the staying lexicographic without drowning the values in it.
    """
    worth = problem.worth
    if problem.stay is None or not bool((problem.stay > 0).any()):
        return worth, 0.0
    fine = 4.0 * cycle_reach(problem)
    for t in range(problem.n_tiers):
        worth[t] -= fine * np.where(problem.stay > 0, np.maximum(t + 1 - problem.stay, 0), 0)
    return worth, fine


def cycle_reach(problem: Problem) -> float:
    """More than any one exchange can gain, whatever it moves."""
    worth = problem.worth
    spread = worth.max(axis=0, initial=-np.inf) - np.where(np.isfinite(worth), worth, np.inf).min(
        axis=0, initial=np.inf
    )
    return float((problem.slots.size + len(problem.slots) + 2) * spread.max(initial=0.0)) or 1.0


def exchange_at(problem: Problem, tier: Ints) -> tuple[Exchange, float]:
    """The exchanges of all accounts at an assignment (tiers from 1), and the fine on accounts that should stay."""
    worth, fine = penalised(problem)
    order = np.argsort(_short(problem.owner, len(problem.slots)), kind="stable")
    slots = np.minimum(problem.slots, len(order))
    places = np.minimum(problem.places, len(order))
    return Exchange(worth[:, order], problem.owner[order], slots, places, tier[order] - 1), fine


def certified(problem: Problem, tier: Ints, bound: float, method: str) -> Solution:
    """The solution with its gap; `bound` is that of the penalised problem."""
    value = problem.total(tier)
    stated = bound + penalised(problem)[1] * problem.fallen(tier) if problem.stay is not None else bound
    gap = max(stated - value, 0.0) / max(abs(value), np.finfo(float).tiny) if stated > value else 0.0
    # Sums of a million floats differ in their last digits; that is no gap.
    return Solution(tier, value, max(stated, value), gap if gap > 1e-12 else 0.0, method)


def tight(problem: Problem) -> tuple[Ints, Ints]:
    """Slots and places no larger than the accounts that could fill them."""
    accounts = np.bincount(problem.owner, minlength=len(problem.slots))
    slots = np.minimum(problem.slots, accounts[:, None])
    return slots, np.minimum(problem.places, len(problem.owner))


def _fill(worth: Floats, owner: Ints, slots: Ints, places: Ints, price: Floats) -> Ints:
    """Tiers as accounts want them at the prices, from 0, those beyond a slot put to the best tier below."""
    last = worth.shape[0] - 1
    net = np.stack([worth[t] - price[owner, t] for t in range(last + 1)])
    choice = net.argmax(axis=0)
    for t in range(last):
        want = np.flatnonzero(choice == t)
        below = net[t + 1 :, want].max(axis=0)
        order = want[np.argsort(below - net[t, want], kind="stable")]
        kept = take(order, owner, slots[:, t], int(places[t]))
        left = np.zeros(len(choice), dtype=bool)
        left[want], left[kept] = True, False
        out = np.flatnonzero(left)
        choice[out] = t + 1 + net[t + 1 :, out].argmax(axis=0)
    return np.asarray(choice, dtype=np.int64)


def _fill_idle(worth: Floats, owner: Ints, slots: Ints, places: Ints, tier: Ints) -> None:
    """Put accounts that gain and lose nothing by it into slots that are left, the first rows first."""
    for t in range(worth.shape[0] - 1):
        free = slots[:, t] - np.bincount(owner[tier == t], minlength=len(slots))
        left = int(places[t] - (tier == t).sum())
        if left > 0 and (free > 0).any():
            could = np.flatnonzero((tier > t) & (free[owner] > 0))
            could = could[worth[t, could] >= worth[tier[could], could]]
            tier[take(could, owner, free, left)] = t


def _first_of_equals_first(worth: Floats, owner: Ints, price: Floats, tier: Ints) -> None:
    """Give the better tiers to the first rows among accounts of an owner that are worth the same in every tier."""
    last = worth.shape[0] - 1
    near = 1e-9 * float(np.abs(price).max(initial=0.0))
    tied = np.maximum.reduce([worth[t] - price[owner, t] for t in range(last)]) >= worth[last] - near
    rows = np.flatnonzero(tied | (tier < last))
    order = rows[np.lexsort((*worth[:, rows], owner[rows]))]
    keys = np.vstack([worth[:, order], owner[order]])
    group = np.cumsum(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))[: len(order)])
    tier[order] = tier[order][np.lexsort((tier[order], group))]


def _is_sorted_by_value(problem: Problem) -> bool:
    plain = problem.adjust is None and problem.stay is None and not problem.over_parents
    falling = bool((np.diff(problem.uplift) <= 0).all())
    return plain and falling and bool(problem.value.min(initial=0.0) >= 0)


def _short(owner: Ints, n_owners: int) -> NDArray[np.integer]:
    """Owners in 16 bits where they fit: numpy sorts those by their digits."""
    return owner.astype(np.uint16) if n_owners < 2**16 else owner
