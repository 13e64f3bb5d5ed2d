"""Tiers by sorting alone: the best of each owner first, exact where value times a falling uplift is all there is."""

import numpy as np
from numpy.typing import NDArray

from tierkit.tiering.capacity import Ints

Floats = NDArray[np.float64]

_SAMPLE = 1 << 15


def sort_tiers(value: Floats, owner: Ints, slots: Ints, best: Ints | None = None) -> Ints:
    """Tier of each account, from 1: within its owner the greatest values fill Tier 1, the next Tier 2, and so on.

    Parameters
    ----------
    value : shape (n,).
    owner : row of `slots`.
    slots : shape (owners, tiers - 1).
    best : best tier an account may have; None, any.

    With value_i x uplift_t, uplift falling, value at least 0 and nothing but these slots, no other assignment is worth
    more: exchanging an account for a greater one of the same owner that may stand there never lowers the sum. Nothing
    is sorted but what may be chosen: thresholds come from a partition, ties go to the first row.
    """
    n_tiers = slots.shape[1] + 1
    tier = np.full(len(value), n_tiers, dtype=np.int64)
    if best is not None and bool((best > 1).any()):
        for t in range(1, n_tiers):
            open_to = np.flatnonzero((tier == n_tiers) & (best <= t))
            tier[open_to[_cut(value[open_to], owner[open_to], slots[:, t - 1 : t]) == 1]] = t
        return tier
    within = np.minimum(np.cumsum(np.minimum(slots, len(value)), axis=1), len(value))
    likely = _likely(value, owner, within[:, -1])
    if likely is None:
        return _cut(value, owner, slots)
    tier[likely] = _cut(value[likely], owner[likely], slots)
    return tier


def _likely(value: Floats, owner: Ints, most: Ints) -> Ints | None:
    """Rows above a value that leaves every owner more accounts than it can hold; None where no sample finds one."""
    n = len(value)
    most = np.minimum(most, np.bincount(owner, minlength=len(most)))
    share = float(most.max(initial=0)) * len(most) / max(n, 1)
    if n < 4 * _SAMPLE or share > 0.4:
        return None
    sample = np.sort(value[:: n // _SAMPLE])
    rows = np.flatnonzero(value > sample[-int(len(sample) * (1.25 * share + 0.01)) - 1])
    return rows if bool((np.bincount(owner[rows], minlength=len(most)) >= most).all()) else None


def _cut(value: Floats, owner: Ints, slots: Ints) -> Ints:
    """The same for accounts that may all have any tier."""
    n_owners, n_tiers = slots.shape[0], slots.shape[1] + 1
    # Radix sort: numpy sorts 16-bit keys by their digits.
    codes = owner.astype(np.uint16) if n_owners < 2**16 else owner
    order = np.argsort(codes, kind="stable")
    mine = value[order]
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_owners))])
    out = np.full(len(value), n_tiers, dtype=np.int64)
    for o in range(n_owners):
        part = mine[ends[o] : ends[o + 1]]
        steps = np.unique(np.minimum(np.cumsum(np.minimum(slots[o], len(part))), len(part)))
        inner = steps[(steps > 0) & (steps < len(part))]
        line = np.partition(part, len(part) - inner) if len(inner) else part
        tiers = np.full(len(part), n_tiers, dtype=np.int64)
        for t in range(n_tiers - 1, 0, -1):
            upto = int(min(np.minimum(slots[o, :t], len(part)).sum(), len(part)))
            tiers[_first(part, line, upto)] = t
        out[order[ends[o] : ends[o + 1]]] = tiers
    return out


def _first(part: Floats, line: Floats, k: int) -> Ints | slice:
    """The k greatest, ties to the first row; `line` is partitioned at k."""
    if k >= len(part):
        return slice(None)
    if k == 0:
        return slice(0, 0)
    threshold = line[len(part) - k]
    above = np.flatnonzero(part > threshold)
    level = np.flatnonzero(part == threshold)[: k - len(above)]
    return np.concatenate([above, level])
