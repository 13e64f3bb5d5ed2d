"""Base tiers: the optimum of a book under its slots, held steady, and the certificate that says how good it is."""

from dataclasses import dataclass, replace

import numpy as np

from tierkit.tiering.book import Book, Floats, Held
from tierkit.tiering.capacity import Ints
from tierkit.tiering.contenders import among, among_all, contenders
from tierkit.tiering.optimum import cycle_reach, solve
from tierkit.tiering.policy import Policy
from tierkit.tiering.problem import Caps, Problem, Solution
from tierkit.tiering.stability import Moves, Stability, limit_falls

OFF_SUPPORT_BEST = 2
"""Best tier by value or trigger of an account unlike any that was worked: its expected value is extrapolated."""


@dataclass(frozen=True)
class Certificate:
    """How good the base assignment is, and how that is known.

    Attributes
    ----------
    value : what the assignment gains over the last tier for all, with band and cost of moving, in the unit of the
        accounts' value; no assignment gains more than `bound`, and `gap` is their distance as a share of the value.
    expected_value : expected value x uplift alone, without what holds accounts in their tiers.
    method : "sorted", "prices" or "highs".
    moves : moves down, and what holding them inside the budget took.
    """

    value: float
    expected_value: float
    bound: float
    gap: float
    method: str
    moves: Moves

    @property
    def sentence(self) -> str:
        """The certificate in words."""
        by = {"sorted": "sorting", "prices": "shadow prices", "highs": "integer programming"}[self.method]
        if self.gap <= 0:
            text = f"No other assignment under these slots is worth more than {self.value:,.0f}; proven by {by}"
        else:
            share = max(self.gap * 100, 1e-4)
            text = f"The assignment is worth {self.value:,.0f}, within {share:.2g} % of the best there can be, by {by}"
        if self.moves.extra_cost > 0:
            limit = self.moves.allowed + self.moves.forced
            text += (
                f". {self.moves.wanted:,} moves down would pay and the churn budget allows {limit:,}, "
                f"so each was made to cost {self.moves.extra_cost:,.3g} more"
            )
        return text + "."


@dataclass(frozen=True)
class Terms:
    """What decides the base tiers of a book.

    Attributes
    ----------
    held : what accounts held before; None, nothing holds them.
    reserved : Tier 1 slots of each owner kept for strategic claims.
    uplift : share of value that each tier gains; the cost of moving is reckoned at `cost_uplift`, the sheet's.
    """

    book: Book
    held: Held | None
    hold: Stability
    reserved: Ints
    uplift: tuple[float, ...]
    cost_uplift: tuple[float, ...]
    max_per_parent: int | None = None


@dataclass(frozen=True)
class Base:
    """The base tiers, the problem they solve (with the cost that holds the churn budget), and its certificate.

    `unbudgeted` is what the tiers would be without a churn budget.
    """

    tier: Ints
    unbudgeted: Ints
    problem: Problem
    certificate: Certificate


def terms_of(book: Book, policy: Policy, *, held: Held | None, reserved: Ints) -> Terms:
    """The terms of a policy."""
    uplift = policy.tier_uplift
    return Terms(book, held, policy.hold, reserved, uplift, uplift, policy.max_per_parent)


def base_tiers(terms: Terms) -> Base:
    """Tier of each account by value: the optimum under slots, places and caps, inside the churn budget.

    An account gains value x uplift of its tier. Each step of uplift it already held counts 1 + band times, so a
    challenger must be better by the band at every step, and rising is not made dearer by what is held below. A move
    costs `moving_cost` x the median gain of those tiered before. Accounts with an open deal, and those too young in
    their tier, fall only where no slot is left; an open deal keeps its account from rising, too. Where more accounts
    would fall than the churn budget allows, falling is made dearer until it holds.
    """
    plain = base_problem(terms)
    before = np.zeros(len(plain.value), dtype=np.int64) if terms.held is None else terms.held.tier
    rows = contenders(plain, before)
    asked, held = among(plain, rows), before[rows]
    if terms.hold.churn_budget >= 1 or not bool((before > 0).any()):
        found = among_all(plain, rows, solve(asked))
        n_falls = int(((before > 0) & (found.tier > before)).sum())
        moves = Moves(n_falls, n_falls, 0, len(before), 0.0, found.bound)
        return Base(found.tier, found.tier, plain, _certificate(plain, found, moves))
    seen: dict[float, Solution] = {}

    def solve_at(cost: float) -> Solution:
        seen[cost] = solve(falls_cost(asked, held, cost))
        return seen[cost]

    best, moves = limit_falls(
        solve_at, held, n_tiers=plain.n_tiers, share=terms.hold.churn_budget, dearest=cycle_reach(plain)
    )
    problem = falls_cost(plain, before, moves.extra_cost)
    found = among_all(problem, rows, best)
    moves = replace(moves, bound=moves.bound + found.value - best.value)
    return Base(found.tier, among_all(plain, rows, seen[0.0]).tier, problem, _certificate(plain, found, moves))


def base_problem(terms: Terms) -> Problem:
    """The problem of a book on its terms, without a churn budget."""
    book, capacity = terms.book, terms.book.capacity
    n, slots = len(book.value), capacity.slots - capacity.kept
    slots[:, 0] -= terms.reserved
    before = np.zeros(n, dtype=np.int64) if terms.held is None else terms.held.tier
    held = before > 0
    best = np.where(book.off_support, min(OFF_SUPPORT_BEST, book.n_tiers), 1)
    best = np.where(book.has_open_deal & held, np.maximum(before, best), best)
    stays = held & (book.has_open_deal | (False if terms.held is None else terms.held.young))
    return Problem(
        value=book.value,
        uplift=np.array(terms.uplift),
        owner=book.owner,
        slots=np.maximum(slots, 0),
        places=np.array(capacity.places, dtype=np.int64),
        best=best if bool((best > 1).any()) else None,
        adjust=_adjust(book.value, before, terms) if held.any() else None,
        stay=np.where(stays, before, 0) if stays.any() else None,
        caps=_caps(book, terms.max_per_parent),
    )


def falls_cost(problem: Problem, before: Ints, cost: float) -> Problem:
    """The problem with a further cost of each move down."""
    if cost == 0 or problem.adjust is None:
        return problem
    tiers = np.arange(1, problem.n_tiers + 1)
    return replace(problem, adjust=problem.adjust - cost * ((before > 0)[:, None] & (tiers > before[:, None])))


def value_ranks(book: Book) -> tuple[Ints, Ints]:
    """Rank of each account by value among those of its owner, from 1, and how many they are."""
    order = np.argsort(-book.value, kind="stable")
    by_owner = order[np.argsort(book.owner[order], kind="stable")]
    count = np.bincount(book.owner, minlength=len(book.capacity.owners))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_owner] = np.arange(len(order)) - first[book.owner[by_owner]] + 1
    return rank, count[book.owner]


def _adjust(value: Floats, before: Ints, terms: Terms) -> Floats | None:
    """Band and cost of moving, shape (n, tiers)."""
    held = before > 0
    uplift, tiers = np.array(terms.uplift), np.arange(1, terms.book.n_tiers + 1)
    gained = (value * np.array(terms.cost_uplift)[before - 1])[held & (before < len(tiers))]
    cost = terms.hold.moving_cost * float(np.median(gained)) if len(gained) else 0.0
    if terms.hold.band == 0 and cost == 0 and terms.hold.churn_budget >= 1:
        return None
    both = np.maximum(before[:, None], tiers)
    out = terms.hold.band * value[:, None] * uplift[both - 1] - cost * (before[:, None] != tiers)
    return np.where(held[:, None], out, 0.0)


def _caps(book: Book, most: int | None) -> Caps | None:
    if most is None or book.parent is None or not book.parents:
        return None
    return Caps(book.parent, np.full((len(book.parents), book.n_tiers - 1), most))


def _certificate(plain: Problem, found: Solution, moves: Moves) -> Certificate:
    """The certificate at the sheet's own cost of moving."""
    value = plain.total(found.tier)
    if moves.extra_cost == 0:
        value, bound, gap = found.value, found.bound, found.gap
    else:
        bound = max(moves.bound, value)
        gap = (bound - value) / max(abs(value), np.finfo(float).tiny)
        gap = gap if gap > 1e-12 else 0.0
    expected = replace(plain, adjust=None, best=None).total(found.tier)
    return Certificate(value, expected, bound, gap, found.method, moves)
