"""What the base assignment is asked: what accounts are worth in each tier, and the slots that hold them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tierkit.tiering.capacity import Ints

Floats = NDArray[np.float64]


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


def check_problem(problem: Problem) -> None:
    """Raise ValueError where an account may not have the last tier, or value, slots or places are no such numbers."""
    if not np.isfinite(problem.value).all():
        raise ValueError("Problem.value must be finite; score or gate the accounts without a value")
    if (problem.slots < 0).any() or (problem.places < 0).any():
        raise ValueError("Problem.slots and .places must be 0 or more")
    last = problem.n_tiers
    if problem.adjust is not None and not np.isfinite(problem.adjust[:, -1]).all():
        raise ValueError("Problem.adjust must be finite for the last tier, which every account may have")
    if problem.best is not None and bool((problem.best > last).any()):
        raise ValueError(f"Problem.best must be at most {last}, the last tier, which every account may have")
