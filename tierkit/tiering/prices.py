"""What one more slot is worth, and how much hangs on the uplift that the sheet assumes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tierkit.tiering.allocation import Base, Terms, base_tiers
from tierkit.tiering.book import Book, Floats
from tierkit.tiering.capacity import POOL, UNLIMITED, Ints
from tierkit.tiering.optimum import exchange_at, solve
from tierkit.tiering.problem import Problem, with_more

COLUMNS = ("constraint", "owner_id", "name", "tier", "slots", "used", "price")
EXACT = 1e-10


def shadow_prices(book: Book, base: Base) -> pd.DataFrame:
    """What one more of each slot is worth: value with one more less value now.

    Returns
    -------
    One row per constraint and tier but the last: constraint (owner_slots: one more slot of a rep; tier_places: one more
    place over all reps; parent_cap: one more account of a parent; overall: one more account in the tier, with the rep
    where it is worth most), owner_id and name (of the rep, or the parent), tier, slots (that the base assignment may
    use; empty where nothing bounds them), used, price in the unit of the accounts' value, 0 where a slot is idle or
    another constraint binds.

    Prices include band and cost of moving, as the assignment does, and are exact: the longest way through the graph of
    exchanges or, where caps per parent bind, the problem solved again.
    """
    problem = base.problem
    owners = [o for o, name in enumerate(book.capacity.owners) if name != POOL or (book.capacity.slots[o] > 0).any()]
    per_slot, per_place, anywhere = slot_values(problem, base.tier, owners)
    used = book.used(base.tier)
    ids, names = book.capacity.owners, book.capacity.names
    rows: list[tuple[Any, ...]] = []
    for t in range(problem.n_tiers - 1):
        total, places = used[:, t].sum(), problem.places[t]
        at = max(owners, key=lambda o: (anywhere[o, t], -o), default=0)
        rows.append(("overall", ids[at], names[at], t + 1, places, total, anywhere[at, t] if owners else 0.0))
        rows.append(("tier_places", "", "", t + 1, places, total, per_place[t]))
    for o in owners:
        for t in range(problem.n_tiers - 1):
            rows.append(("owner_slots", ids[o], names[o], t + 1, problem.slots[o, t], used[o, t], per_slot[o, t]))
    for p, t, most, n, price in _parents(problem, base.tier):
        rows.append(("parent_cap", book.parents[p], book.parents[p], t + 1, most, n, price))
    out = pd.DataFrame(rows, columns=list(COLUMNS))
    slots = out["slots"].astype("Int64")
    text = dict.fromkeys(("constraint", "owner_id", "name"), "str")
    return out.assign(slots=slots.where(slots < UNLIMITED)).astype(text | {"used": "int64", "price": "float64"})


def slot_values(problem: Problem, tier: Ints, owners: list[int]) -> tuple[Floats, Floats, Floats]:
    """What one more slot of each owner and tier, one more place of each tier, and both at once are worth.

    Returns
    -------
    Shapes (owners, tiers - 1), (tiers - 1,), (owners, tiers - 1); 0 for owners not asked for.
    """
    n_owners, last = problem.slots.shape
    per_slot, per_place, both = np.zeros((n_owners, last)), np.zeros(last), np.zeros((n_owners, last))
    if problem.over_parents:
        now = solve(problem, gap=EXACT).value
        for t in range(1, last + 1):
            wider = with_more(problem, tier=t)
            per_place[t - 1] = solve(wider, gap=EXACT).value - now
            for o in owners:
                per_slot[o, t - 1] = solve(with_more(problem, owner=o, tier=t), gap=EXACT).value - now
                both[o, t - 1] = solve(with_more(wider, owner=o, tier=t), gap=EXACT).value - now
        return per_slot, per_place, both
    exchange, fine = exchange_at(problem, tier)
    labels = exchange.improve(100)
    if labels is None:
        raise ValueError("slot_values: the tiers given are not the optimum of the problem; solve it first")
    wanted = np.zeros((n_owners, 1))
    wanted[owners] = 1.0
    per_place = _stated(labels[1], fine)
    both = _stated(labels[0][:, :-1], fine) * wanted
    for t in range(last):
        per_slot[:, t] = _stated(exchange.ways_from_places(t)[0][:, t], fine) * wanted[:, 0]
    return per_slot, per_place, both


def uplift_sensitivity(terms: Terms, base: Base, *, factors: tuple[float, ...] = (0.5, 2.0)) -> pd.DataFrame:
    """How many accounts change tier if the uplift of all tiers, or of one, is half or double what the sheet assumes.

    Returns
    -------
    One row per tiers varied and factor: uplift_of ("all tiers", "Tier 1", ...), factor, n_tier1 (accounts in Tier 1
    then), tier1_changed (accounts in Tier 1 now and not then), changed (accounts in another tier), gain (what the tiers
    then gain over the tiers now, in value x the uplift then).

    The cost of moving stays what it is at the sheet's uplift. With one for all tiers the order of accounts is that of
    their value, whatever the uplift; what half and double of one tier change is who is worth taking from another.
    """
    n = len(terms.uplift)
    rows = []
    for which in (None, *range(n - 1)):
        for factor in factors:
            uplift = tuple(u * factor if which in (None, t) else u for t, u in enumerate(terms.uplift))
            then = base_tiers(replace(terms, uplift=uplift))
            held, left = then.tier == 1, (base.tier == 1) & (then.tier != 1)
            gain = np.array(uplift)[then.tier - 1] - np.array(uplift)[base.tier - 1]
            rows.append(
                {
                    "uplift_of": "all tiers" if which is None else f"Tier {which + 1}",
                    "factor": factor,
                    "n_tier1": int(held.sum()),
                    "tier1_changed": int(left.sum()),
                    "changed": int((then.tier != base.tier).sum()),
                    "gain": float((terms.book.value * gain).sum()),
                }
            )
    return pd.DataFrame(rows).astype({"uplift_of": "str"})


def _stated(way: Floats, fine: float) -> Floats:
    """Prices without the fines that keep accounts where they should stay: ways carry whole numbers of them."""
    way = np.maximum(way, 0.0)
    return way - fine * np.round(way / fine) if fine else way


def _parents(problem: Problem, tier: Ints) -> Iterator[tuple[int, int, int, int, float]]:
    """Parents that fill their cap in a tier: parent, tier, cap, accounts, price."""
    if problem.caps is None or not problem.over_parents:
        return
    parent, most = problem.caps
    now = solve(problem, gap=EXACT).value
    for t in range(problem.n_tiers - 1):
        count = np.bincount(parent[(tier == t + 1) & (parent >= 0)], minlength=len(most))
        for p in np.flatnonzero((count > 0) & (count >= most[:, t])).tolist():
            more = solve(with_more(problem, parent=p, tier=t + 1), gap=EXACT).value
            yield p, t, int(most[p, t]), int(count[p]), more - now
