"""What a level of `stability` means, and how a month's moves down are held inside their budget."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_STEPS = 40
_NEAR = 1e-4
"""The search for the extra cost ends at this share of it."""


@dataclass(frozen=True)
class Stability:
    """What holds an account in its tier.

    The band is a cost of moving in proportion to the account, `moving_cost` one that is the same for every account.
    Both have no unit, so that a book ranked by fit behaves like one ranked by money.
    """

    band: float
    """How much better another must be to displace it, as a share of its value."""
    min_stay_months: int
    """Months in which it is not moved down, unless a gate takes it out."""
    moving_cost: float = 0.0
    """What a move costs, as a share of what the median tiered account of the month before gains by its tier."""
    churn_budget: float = 1.0
    """Most moves down a month, as a share of the places held before; those that nothing could hold do not count."""


STABILITY = {
    "low": Stability(0.0, 0),
    "normal": Stability(0.2, 3, churn_budget=0.1),
    "high": Stability(0.5, 6, moving_cost=0.05, churn_budget=0.05),
}
"""The levels of `stability`: 20 % and three months steady tiers and raise their true value under noisy scores.

A tenth of the places a month is the field's "at most about 20 % a quarter" with room for a month that needs it.
"""


@dataclass(frozen=True)
class Moves:
    """Moves down of a month.

    Attributes
    ----------
    wanted, made : how many would pay at the sheet's cost of moving, and how many are made.
    forced : how many nothing could hold, since the slots are gone; 0 where nobody had to count them.
    allowed : how many the budget allows beside those.
    extra_cost : what each was made to cost on top, so that no more are made.
    bound : what no assignment within the budget exceeds.
    """

    wanted: int
    made: int
    forced: int
    allowed: int
    extra_cost: float
    bound: float


class Tiered(Protocol):
    """Tiers and what no assignment exceeds."""

    @property
    def tier(self) -> Ints:
        """Tier of each account."""

    @property
    def bound(self) -> float:
        """What no assignment exceeds."""


S = TypeVar("S", bound=Tiered)


def limit_falls(
    solve_at: Callable[[float], S], before: Ints, *, n_tiers: int, share: float, dearest: float
) -> tuple[S, Moves]:
    """The assignment at the least extra cost of moving down at which no more accounts fall than the budget allows.

    Parameters
    ----------
    solve_at : assignment at an extra cost of each move down. The more it costs the fewer fall, as in any parametric
        problem, so a search between two costs finds the least.
    before : tiers held, 0 for none.
    share : the budget, as a share of the accounts that hold a tier above the last; one move is always possible unless
        the share is 0.
    dearest : a cost at which nobody falls but those whom nothing can hold.

    The budget's own price gives the bound: value at cost c plus c x budget is never below the best within it.
    """
    holding = int(((before > 0) & (before < n_tiers)).sum())
    allowed = int(np.ceil(share * holding - 1e-9))
    free = solve_at(0.0)
    wanted = _falls(free.tier, before)
    if wanted <= allowed:
        return free, Moves(wanted, wanted, 0, allowed, 0.0, free.bound)
    held, low, high = solve_at(dearest), 0.0, dearest
    forced = _falls(held.tier, before)
    limit = forced + allowed
    if wanted <= limit:
        return free, Moves(wanted, wanted, forced, allowed, 0.0, free.bound)
    bound = min(free.bound, held.bound + high * limit)
    for _ in range(_STEPS):
        if _falls(held.tier, before) == limit or high - low < _NEAR * high:
            break
        cost = float(np.sqrt(low * high)) if low > 0 else high / 16
        trial = solve_at(cost)
        bound = min(bound, trial.bound + cost * limit)
        if _falls(trial.tier, before) <= limit:
            held, high = trial, cost
        else:
            low = cost
    return held, Moves(wanted, _falls(held.tier, before), forced, allowed, high, bound)


def _falls(tier: Ints, before: Ints) -> int:
    return int(((before > 0) & (tier > before)).sum())
