"""Base tiers: the greatest value under the slots of each rep, held steady by band and minimum stay."""

import numpy as np

from tierkit.tiering.book import Book, Held
from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.policy import Stability

OFF_SUPPORT_BEST = 2
"""Best tier by value or trigger of an account unlike any that was worked: its expected value is extrapolated."""


def base_tiers(book: Book, *, held: Held | None, hold: Stability, reserved: Ints) -> Ints:
    """Tier of each account by value alone.

    Parameters
    ----------
    held : what accounts held before; None, nothing holds them.
    reserved : Tier 1 slots of each owner kept for strategic claims.

    Tier by tier from the best, a greedy scan takes accounts in the order of their value while their owner has a slot
    and places remain. Whoever held the tier or a better one competes with its value x (1 + band). Accounts with an open
    deal, and those too young in their tier to fall, come before all others, but never beyond a slot; an open deal
    keeps its account from rising, too.
    """
    n = len(book.value)
    before = np.zeros(n, dtype=np.int64) if held is None else held.tier
    young = np.zeros(n, dtype=bool) if held is None else held.young
    stays = (before > 0) & (young | book.has_open_deal)
    best = np.where(book.off_support, OFF_SUPPORT_BEST, 1)
    best = np.where(book.has_open_deal & (before > 0), before, best)
    capacity = book.capacity
    tier = np.full(n, book.n_tiers, dtype=np.int64)
    for t in range(1, book.n_tiers):
        free = capacity.slots[:, t - 1] - capacity.kept[:, t - 1] - (reserved if t == 1 else 0)
        incumbent = (before > 0) & (before <= t)
        score = np.where(incumbent, book.value * (1 + hold.band), book.value)
        open_to = np.flatnonzero((tier == book.n_tiers) & (best <= t))
        order = open_to[np.lexsort((-score[open_to], ~(stays & incumbent)[open_to]))]
        tier[take(order, book.owner, free, capacity.places[t - 1])] = t
    return tier


def value_ranks(book: Book) -> tuple[Ints, Ints]:
    """Rank of each account by value among those of its owner, from 1, and how many they are."""
    order = np.argsort(-book.value, kind="stable")
    by_owner = order[np.argsort(book.owner[order], kind="stable")]
    count = np.bincount(book.owner, minlength=len(book.capacity.owners))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_owner] = np.arange(len(order)) - first[book.owner[by_owner]] + 1
    return rank, count[book.owner]
