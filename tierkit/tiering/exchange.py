"""Exchanges that better an assignment, found on a graph of owners and tiers rather than of accounts."""

import numpy as np
from numpy.typing import NDArray

from tierkit.tiering.capacity import Ints

Floats = NDArray[np.float64]
Labels = tuple[Floats, Floats, float]
"""Longest way to each owner's tier, shape (owners, tiers), to each tier's places, (tiers - 1,), and to the outside."""

_NEVER = -np.inf


class Exchange:
    """An assignment, and the best single move between any two tiers of an owner.

    Parameters
    ----------
    worth : what each account is worth in each tier, shape (tiers, n), -inf where it may not be; rows sorted by owner.
    owner : ascending.
    slots, places : of each owner and tier but the last, and of each tier over all owners.
    tier : an assignment inside them, from 0.

    An account takes a unit of its owner's slots of a tier and a unit of the tier's places, so the problem is a flow
    from accounts through (owner, tier) and tier to the outside, and an assignment is the best exactly if its residual
    graph has no cycle of gain. Accounts between the same two nodes differ by their gain alone: only the best counts,
    which leaves owners x tiers + tiers nodes whatever the number of accounts. Longest ways from the outside are then
    the least dual prices, and the longest way from one end of a constraint to the other is what one more unit of it is
    worth (Ahuja, Magnanti and Orlin 1993, sections 9.3 and 9.4).
    """

    def __init__(self, worth: Floats, owner: Ints, slots: Ints, places: Ints, tier: Ints) -> None:
        self.worth, self.owner, self.slots, self.places = worth, owner, slots, places
        self.tier = tier.copy()
        self.n_owners, self.n_tiers = slots.shape[0], slots.shape[1] + 1
        self.ends = np.searchsorted(owner, np.arange(self.n_owners + 1))
        finite = np.abs(worth[np.isfinite(worth)])
        self.noise = 1e-13 * float(finite.max(initial=0.0))
        shape = (self.n_owners, self.n_tiers, self.n_tiers)
        self.gain = np.full(shape, _NEVER)
        self.mover = np.full(shape, -1, dtype=np.int64)
        self.used = np.zeros((self.n_owners, self.n_tiers), dtype=np.int64)
        for o in range(self.n_owners):
            self._look_at(o)

    def improve(self, rounds: int) -> Labels | None:
        """Make every exchange that pays; the labels at the end, or None where the rounds did not suffice."""
        for _ in range(rounds):
            labels, cycles = self._ways(self._outside())
            if not cycles:
                return labels
            touched = set()
            for cycle in cycles:
                for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True):
                    o, p = a // self.n_tiers, b // self.n_tiers
                    if o == p < self.n_owners:
                        self.tier[self.mover[o, a % self.n_tiers, b % self.n_tiers]] = b % self.n_tiers
                        touched.add(o)
            for o in sorted(touched):
                self._look_at(o)
        return None

    def ways_from_places(self, t: int) -> Labels:
        """Longest ways from the places of a tier: at (owner, t), what one more slot of that owner is worth."""
        own = np.full((self.n_owners, self.n_tiers), _NEVER)
        places = np.full(self.n_tiers - 1, _NEVER)
        places[t] = 0.0
        return self._ways((own, places, _NEVER))[0]

    def _outside(self) -> Labels:
        return np.zeros((self.n_owners, self.n_tiers)), np.zeros(self.n_tiers - 1), 0.0

    def _look_at(self, o: int) -> None:
        """Best mover between any two tiers of an owner; of equals the first goes up and the last goes down."""
        first, last = self.ends[o], self.ends[o + 1]
        tier, worth = self.tier[first:last], self.worth[:, first:last]
        self.used[o] = np.bincount(tier, minlength=self.n_tiers)
        self.gain[o] = _NEVER
        for a in range(self.n_tiers):
            if not self.used[o, a]:
                continue
            inside = np.flatnonzero(tier == a)
            here = worth[a, inside]
            for b in range(self.n_tiers):
                if a == b:
                    continue
                step = worth[b, inside] - here
                k = int(step.argmax()) if b < a else len(step) - 1 - int(step[::-1].argmax())
                self.gain[o, a, b], self.mover[o, a, b] = step[k], first + inside[k]

    def _ways(self, start: Labels) -> tuple[Labels, list[list[int]]]:
        """Longest ways from the labelled nodes (Bellman-Ford), or the cycles of gain that were met on the way.

        Arcs without gain against a flow of zero lead nowhere, since no account leaves an empty tier.
        """
        own, places, out = start[0].copy(), start[1].copy(), start[2]
        n_owners, last = self.n_owners, self.n_tiers - 1
        sink, root = n_owners * self.n_tiers + last, n_owners * self.n_tiers + last + 1
        pred = np.full(root + 1, root, dtype=np.int64)
        nodes = np.arange(n_owners * self.n_tiers).reshape(n_owners, self.n_tiers)
        place_nodes = n_owners * self.n_tiers + np.arange(last)
        free_slot = self.used[:, :last] < self.slots
        free_place = self.used[:, :last].sum(axis=0) < self.places
        for _ in range(root):
            changed = False
            into = own[:, :, None] + self.gain
            come = into.max(axis=1)
            better = come > own + self.noise
            if better.any():
                by = np.take_along_axis(nodes, into.argmax(axis=1), axis=1)
                pred[nodes[better]] = by[better]
                own = np.where(better, come, own)
                changed = True
            slack = np.where(free_slot, own[:, :last], _NEVER)
            come, by = slack.max(axis=0), slack.argmax(axis=0)
            better = come > places + self.noise
            if better.any():
                pred[place_nodes[better]] = nodes[by, np.arange(last)][better]
                places = np.where(better, come, places)
                changed = True
            leave = np.append(np.where(free_place, places, _NEVER), own[:, last])
            k = int(leave.argmax())
            if leave[k] > out + self.noise:
                out = float(leave[k])
                pred[sink] = place_nodes[k] if k < last else nodes[k - last, last]
                changed = True
            better = out > places + self.noise
            pred[place_nodes[better]] = sink
            places = np.where(better, out, places)
            back = np.append(places, out)
            better = back > own + self.noise
            pred[nodes[better]] = np.broadcast_to(np.append(place_nodes, sink), own.shape)[better]
            own = np.where(better, back, own)
            if not (changed or better.any()):
                break
            if cycles := self._cycles(pred, root):
                return (own, places, out), cycles
        return (own, places, out), []

    def _cycles(self, pred: Ints, root: int) -> list[list[int]]:
        """Cycles among the predecessors, each in the direction of its moves; they share no node."""
        far = pred
        for _ in range(int(np.ceil(np.log2(root + 1))) + 1):
            far = far[far]
        found, seen = [], set()
        for node in np.unique(far[far != root]).tolist():
            if node in seen:
                continue
            cycle = [node]
            while (before := int(pred[cycle[-1]])) != node:
                cycle.append(before)
            seen.update(cycle)
            found.append(cycle[::-1])
        return found


def clearing_prices(worth: Floats, owner: Ints, slots: Ints, places: Ints, *, sweeps: int = 40) -> tuple[Floats, Ints]:
    """Prices of each owner's tiers at which no more accounts want a tier than fit, and the accounts they leave open.

    Returns
    -------
    Prices, shape (owners, tiers), 0 for the last; rows that are not certain to want the last tier.

    An ascending auction: the price of a tier rises to what the first account left out would pay for it over its next
    best tier. Prices only rise, so whoever once prefers the last tier, which is free, is out for good; after the
    first sweep few accounts are left. Ties may leave prices low; exchanges mend what follows from that.
    """
    n_owners, n_tiers = slots.shape[0], slots.shape[1] + 1
    price = np.zeros((n_owners, n_tiers))
    rows = np.arange(len(owner))
    for _ in range(sweeps):
        before = price.copy()
        for t in range(n_tiers - 1):
            others = [worth[s] - price[owner, s] if price[:, s].any() else worth[s] for s in range(n_tiers) if s != t]
            spare = worth[t] - np.maximum.reduce(others)
            want = np.flatnonzero(spare > (price[owner, t] if price[:, t].any() else 0.0))
            left, wanted = spare[want], owner[want]
            ends = np.searchsorted(wanted, np.arange(n_owners + 1))
            inside = np.ones(len(want), dtype=bool)
            for o in np.flatnonzero(np.diff(ends) > slots[:, t]):
                part = left[ends[o] : ends[o + 1]]
                k = len(part) - int(slots[o, t]) - 1
                price[o, t] = max(price[o, t], np.partition(part, k)[k])
                inside[ends[o] : ends[o + 1]] = part > price[o, t]
            if int(inside.sum()) > places[t]:
                part = left[inside]
                k = len(part) - int(places[t]) - 1
                price[:, t] = np.maximum(price[:, t], np.partition(part, k)[k])
        gone = np.maximum.reduce([worth[t] - price[owner, t] for t in range(n_tiers - 1)]) < worth[-1]
        if gone.any():
            rows, owner, worth = rows[~gone], owner[~gone], worth[:, ~gone]
        if np.array_equal(price, before):
            break
    return price, rows
