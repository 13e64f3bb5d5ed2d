"""The assignment of greatest value under slots per owner and tier, places per tier and caps per parent, with proof."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.exchange import Exchange, Labels, clearing_prices
from tierkit.tiering.sorting import sort_tiers

Floats = NDArray[np.float64]

GAP = 1e-4
"""Largest gap a certificate may state without asking HiGHS."""
_ROUNDS = 20_000


class Caps(NamedTuple):
    """The parent of each account, -1 for none, and the most of each parent in each tier but the last, a row each."""

    parent: Ints
    most: Ints


@dataclass(frozen=True)
class Problem:
    """One tier for each account, every account may have the last.

    Attributes
    ----------
    value : what an account is worth, shape (n,); rows by account_id, so that ties break by it.
    uplift : share of it that each tier gains, shape (tiers,).
    owner : row of `slots`.
    slots : accounts an owner may have in each tier but the last, shape (owners, tiers - 1).
    places : accounts over all owners in each tier but the last.
    best : best tier of each account; None, any.
    adjust : added to value x uplift, shape (n, tiers), -inf where an account may not be; None, nothing.
    stay : tier below which an account is put only if nobody else can be, 0 for none; None, nobody stays.
    caps : of parents; None, none.
    """

    value: Floats
    uplift: Floats
    owner: Ints
    slots: Ints
    places: Ints
    best: Ints | None = None
    adjust: Floats | None = None
    stay: Ints | None = None
    caps: Caps | None = None

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.uplift)

    @property
    def worth(self) -> Floats:
        """What each account is worth in each tier, shape (tiers, n); -inf where it may not be."""
        out = np.multiply.outer(self.uplift, self.value)
        if self.adjust is not None:
            out += self.adjust.T
        if self.best is not None:
            for t in range(self.n_tiers - 1):
                out[t, self.best > t + 1] = -np.inf
        return out

    def total(self, tier: Ints) -> float:
        """Value of an assignment, -inf if it puts an account where it may not be."""
        each = self.value * self.uplift[tier - 1]
        if self.adjust is not None:
            each = each + self.adjust[np.arange(len(tier)), tier - 1]
        forbidden = self.best is not None and bool((tier < self.best).any())
        return -np.inf if forbidden else float(each.sum())

    def fallen(self, tier: Ints) -> int:
        """Tiers by which accounts that should stay stand below where they were."""
        return 0 if self.stay is None else int(np.where(self.stay > 0, np.maximum(tier - self.stay, 0), 0).sum())

    @property
    def over_parents(self) -> bool:
        """Whether any parent has more accounts than a tier may hold of it."""
        if self.caps is None:
            return False
        members = np.bincount(self.caps.parent[self.caps.parent >= 0], minlength=len(self.caps.most))
        return bool((members[:, None] > self.caps.most).any())


@dataclass(frozen=True)
class Solution:
    """An assignment and its proof.

    Attributes
    ----------
    tier : of each account, from 1.
    value : of the assignment; `bound`, which no assignment exceeds; `gap`, their distance as a share of the value.
    method : what proves it: "sorted", "prices" or "highs".
    """

    tier: Ints
    value: float
    bound: float
    gap: float
    method: str


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
    _check(problem)
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


def with_more(problem: Problem, *, owner: int | None = None, parent: int | None = None, tier: int) -> Problem:
    """The problem with one slot more of an owner's tier, of a parent's cap, or, of neither, of the tier's places."""
    slots, places, caps = problem.slots.copy(), problem.places.copy(), problem.caps
    if owner is not None:
        slots[owner, tier - 1] += 1
    elif parent is not None and caps is not None:
        caps = Caps(caps.parent, caps.most.copy())
        caps.most[parent, tier - 1] += 1
    else:
        places[tier - 1] += 1
    return replace(problem, slots=slots, places=places, caps=caps)


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


def _is_sorted_by_value(problem: Problem) -> bool:
    plain = problem.adjust is None and problem.stay is None and not problem.over_parents
    falling = bool((np.diff(problem.uplift) <= 0).all())
    return plain and falling and bool(problem.value.min(initial=0.0) >= 0)


def _short(owner: Ints, n_owners: int) -> NDArray[np.integer]:
    """Owners in 16 bits where they fit: numpy sorts those by their digits."""
    return owner.astype(np.uint16) if n_owners < 2**16 else owner


def _check(problem: Problem) -> None:
    if not np.isfinite(problem.value).all():
        raise ValueError("Problem.value must be finite; score or gate the accounts without a value")
    if (problem.slots < 0).any() or (problem.places < 0).any():
        raise ValueError("Problem.slots and .places must be 0 or more")
    last = problem.n_tiers
    if problem.adjust is not None and not np.isfinite(problem.adjust[:, -1]).all():
        raise ValueError("Problem.adjust must be finite for the last tier, which every account may have")
    if problem.best is not None and bool((problem.best > last).any()):
        raise ValueError(f"Problem.best must be at most {last}, the last tier, which every account may have")
