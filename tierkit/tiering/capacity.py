"""Who can hold how many accounts of which tier: slots per rep, and what overlays keep free of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.errors import SheetError
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import known_rows

Ints = NDArray[np.int64]

POOL = ""
"""Owner of the accounts that no rep of the table owns."""
UNLIMITED = 2**40
"""Slots of a tier that nobody's hours bound; sums of it stay far inside int64."""

SERVED_WELL = 25
"""Most Tier 1 accounts a rep serves well; sources say 10 to 25."""


@dataclass(frozen=True)
class Capacity:
    """Slots and places, for each tier but the last.

    Attributes
    ----------
    owners, names : of the reps, the pool first; sorted by owner_id.
    slots : accounts an owner can hold, shape (owners, tiers - 1). No output exceeds them.
    places : accounts the base assignment may put into a tier.
    promotions : accounts a trigger may lift into a tier at one time.
    kept : slots of each owner that the base assignment leaves to promotions and exploration, same shape as slots.
    """

    owners: tuple[str, ...]
    names: tuple[str, ...]
    slots: Ints
    places: tuple[int, ...]
    promotions: tuple[int, ...]
    kept: Ints

    def owner_codes(self, owner_id: pd.Series) -> Ints:
        """Row of `slots` for each account; the pool where the owner is missing or holds no slots."""
        codes = pd.Index(self.owners).get_indexer(pd.Index(owner_id.astype("str").fillna(POOL)))
        return np.asarray(np.where(codes < 0, 0, codes), dtype=np.int64)


def capacity_of(owner_id: pd.Series, tables: Tables, policy: Policy, *, as_of: pd.Timestamp, undated: bool) -> Capacity:
    """`slots_of` the reps known on `as_of`.

    Parameters
    ----------
    undated : whether reps without `known_at` count as known.
    """
    return slots_of(owner_id, known_rows(tables.frame("reps"), as_of, undated=undated), policy)


def slots_of(owner_id: pd.Series, reps: pd.DataFrame, policy: Policy) -> Capacity:
    """Slots and places of these reps.

    Parameters
    ----------
    owner_id : the owner of each qualified account, missing where there is none.

    The reps are those of the table; where it has none, every owner of an account is one, with the slots of the sheet.
    A pool takes accounts whose owner is missing or not a rep. It may hold what the sheet's sizes leave once every rep
    is full, and where there is no rep at all, the sizes themselves, or one rep's slots. With `shares` there are no
    reps: everything is one pool, and tiers are cut by rank.

    Raises
    ------
    SheetError : Tier 1 places, strategic slots, promotion budget and exploration do not fit the reps' slots.
    """
    n = policy.n_tiers - 1
    if policy.shares is not None:
        places = tuple(int(np.floor(share * len(owner_id) + 0.5)) for share in policy.shares)
        promotions = tuple(_budget(policy, p) for p in places)
        free = np.full((1, n), UNLIMITED, dtype=np.int64)
        return Capacity((POOL,), (POOL,), free, places, promotions, np.zeros_like(free))
    reps = _reps(owner_id, reps, policy)
    slots = np.full((len(reps) + 1, n), UNLIMITED, dtype=np.int64)
    held = min(n, 2)
    slots[1:, :held] = reps[["tier1_slots", "tier2_slots"]].to_numpy(dtype=np.int64)[:, :held]
    slots[0, :held] = [_pool_slots(policy, t, slots[1:, t]) for t in range(held)]
    asked = policy.sizes or tuple(int(slots[:, t].sum()) for t in range(n))
    promotions = tuple(_budget(policy, p) for p in asked)
    _check_fit(policy, promotions[0], reps)
    kept = np.zeros_like(slots)
    for t in range(held):
        kept[:, t] = in_proportion(slots[:, t], promotions[t] + _explored(policy, t))
    places = policy.sizes or (UNLIMITED,) * n
    return Capacity((POOL, *reps["owner_id"]), (POOL, *reps["name"]), slots, places, promotions, kept)


def take(order: Ints, owner: Ints, free: Ints, places: int) -> Ints:
    """The accounts a greedy scan of `order` takes while their owner has a free slot and places remain.

    Since every account fills one slot, this is also the set of greatest value: the greedy scan of a laminar matroid.

    >>> take(np.array([2, 0, 1]), np.array([0, 0, 1]), np.array([1, 1]), 5)
    array([2, 0])
    """
    theirs = owner[order]
    by_owner = np.argsort(theirs, kind="stable")
    first = np.flatnonzero(np.diff(theirs[by_owner], prepend=-1))
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_owner] = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    return order[rank < free[theirs]][:places]


def _reps(owner_id: pd.Series, reps: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row per rep by owner_id: name and slots, those not given from the sheet."""
    reps = reps.sort_values("owner_id")
    if reps.empty:
        reps = pd.DataFrame({"owner_id": sorted(owner_id.dropna().astype("str").unique())}, dtype="str")
        reps = reps[reps["owner_id"] != POOL]
    out = pd.DataFrame({"owner_id": reps["owner_id"].astype("str")})
    out["name"] = (reps["name"] if "name" in reps else out["owner_id"]).fillna(out["owner_id"]).astype("str")
    for column, default in (("tier1_slots", policy.tier1_per_rep), ("tier2_slots", policy.tier2_per_rep)):
        given = pd.to_numeric(reps[column]) if column in reps else pd.Series(pd.NA, reps.index, dtype="Int64")
        out[column] = given.fillna(default).astype("int64")
    return out.reset_index(drop=True)


def _pool_slots(policy: Policy, t: int, of_reps: Ints) -> int:
    if policy.sizes is not None and of_reps.size == 0:
        overlays = (policy.strategic_slots if t == 0 else 0) + _explored(policy, t)
        return policy.sizes[t] + overlays + _budget(policy, policy.sizes[t])
    if policy.sizes is not None:
        return max(0, policy.sizes[t] - int(of_reps.sum()))
    return 0 if of_reps.size else (policy.tier1_per_rep, policy.tier2_per_rep)[t]


def _budget(policy: Policy, places: int) -> int:
    return int(np.floor(policy.promotion_share * places + 1e-9))


def _explored(policy: Policy, t: int) -> int:
    return policy.exploration_slots if policy.explored_tier == t + 1 else 0


def _check_fit(policy: Policy, promotions: int, reps: pd.DataFrame) -> None:
    if reps.empty and policy.sizes is not None:
        return
    n_slots = int(reps["tier1_slots"].sum()) if len(reps) else policy.tier1_per_rep
    asked = policy.sizes[0] if policy.sizes else 0
    explored = _explored(policy, 0)
    need = asked + policy.strategic_slots + promotions + explored
    if need <= n_slots:
        return
    short = -(-(need - n_slots) // max(policy.tier1_per_rep, 1))
    raise SheetError(
        f"capacity short by {short} rep{'s' if short > 1 else ''}: {asked} Tier 1 places, {policy.strategic_slots} "
        f"strategic slots{f', {explored} exploration slots' if explored else ''} and {promotions} promotions need "
        f"{need} slots, the reps hold {n_slots}; lower tiers.sizes or tiers.strategic_slots, or raise tier1_slots"
    )


def in_proportion(slots: Ints, total: int) -> Ints:
    """`total` spread over owners like their slots, by largest remainder; ties go to the first."""
    quota = slots * total / max(int(slots.sum()), 1)
    share = np.floor(quota).astype(np.int64)
    rest = np.argsort(-(quota - share), kind="stable")[: total - int(share.sum())]
    share[rest] += 1
    return np.minimum(share, slots)


def capacity_table(capacity: Capacity, owner: Ints, tier: Ints) -> pd.DataFrame:
    """Slots and their use, by owner and tier but the last: owner_id, name, tier, slots (empty: unbounded), used."""
    n = capacity.slots.shape[1]
    used = np.zeros((len(capacity.owners), n + 1), dtype=np.int64)
    np.add.at(used, (owner, tier - 1), 1)
    slots = pd.Series(capacity.slots.ravel(), dtype="Int64")
    out = pd.DataFrame(
        {
            "owner_id": np.repeat(np.array(capacity.owners, dtype=object), n),
            "name": np.repeat(np.array(capacity.names, dtype=object), n),
            "tier": np.tile(np.arange(1, n + 1), len(capacity.owners)),
            "slots": slots.where(slots < UNLIMITED),
            "used": used[:, :n].ravel(),
        }
    ).astype({"owner_id": "str", "name": "str"})
    return out[(out["owner_id"] != POOL) | (out["slots"].fillna(1) > 0)].reset_index(drop=True)


def overloaded_reps(capacity: pd.DataFrame) -> tuple[str, ...]:
    """One sentence for each rep of a capacity table with more Tier 1 slots than one person serves well."""
    over = capacity[(capacity["tier"] == 1) & (capacity["owner_id"] != POOL) & (capacity["slots"] > SERVED_WELL)]
    return tuple(
        f"{name} has {slots} Tier 1 slots; a rep serves 10 to {SERVED_WELL} accounts well"
        for name, slots in zip(over["name"], over["slots"], strict=True)
    )
