"""The qualified accounts of a month as arrays, and the tiers they hold while overlays pass over them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.errors import TableError
from tierkit.tiering.capacity import Capacity, Ints
from tierkit.tiering.policy import Stability

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.object_]


@dataclass(frozen=True)
class Book:
    """Qualified accounts sorted by account_id, so that every stable sort breaks ties by it.

    Attributes
    ----------
    value : what ranks them: expected value, or fit where no model gives one.
    owner : row of `capacity.slots`.
    strategic_value : 0 to 1, 0 without a claim.
    fit : fit score; infinite where the frame has none, so that it asks for nothing.
    has_open_deal : keeps its tier; False where each deal is its own account.
    off_support : unlike any account that was worked.
    parent : code of the parent that is not an account itself, -1 for none; None where nobody caps them.
    parents : their names, by code.
    """

    account_id: Words
    value: Floats
    owner: Ints
    strategic_value: Floats
    fit: Floats
    contactable: Flags
    has_open_deal: Flags
    off_support: Flags
    capacity: Capacity
    parent: Ints | None = None
    parents: tuple[str, ...] = ()

    @property
    def owner_name(self) -> Words:
        """Name of the rep of each account, empty in the pool."""
        return np.array(self.capacity.names, dtype=object)[self.owner]

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return int(self.capacity.slots.shape[1]) + 1

    def position(self, account_id: pd.Series) -> Ints:
        """Where accounts stand in the book, -1 if not in it."""
        return np.asarray(self._index.get_indexer(pd.Index(account_id.astype(object))), dtype=np.int64)

    @cached_property
    def _index(self) -> "pd.Index[Any]":
        return pd.Index(self.account_id)

    def used(self, tier: Ints) -> Ints:
        """Accounts of each owner in each tier but the last, same shape as the slots."""
        held = np.zeros((len(self.capacity.owners), self.n_tiers), dtype=np.int64)
        np.add.at(held, (self.owner, tier - 1), 1)
        return held[:, :-1]


@dataclass(frozen=True)
class Held:
    """What accounts held before: base tier (0: none), the day they entered it, and whether it is too soon to fall."""

    tier: Ints
    since: pd.Series
    young: Flags


@dataclass(frozen=True)
class Placed:
    """The tier of each account, what put it there (`by`), in words (`reason`), and the last day of a promotion."""

    tier: Ints
    by: Words
    reason: Words
    promoted_until: pd.Series

    def moved(
        self, where: Ints, *, tier: Ints | int, by: str, reason: list[str], until: pd.Series | None = None
    ) -> "Placed":
        """The same with some accounts moved; `until` is set by promotions only."""
        out = replace(
            self,
            tier=self.tier.copy(),
            by=self.by.copy(),
            reason=self.reason.copy(),
            promoted_until=self.promoted_until.copy(),
        )
        out.tier[where] = tier
        out.by[where] = by
        out.reason[where] = reason
        out.promoted_until.iloc[where] = pd.NaT if until is None else until.to_numpy()
        return out


def held_before(book: Book, previous: pd.DataFrame | None, hold: Stability, as_of: pd.Timestamp) -> Held:
    """Base tiers of the month before.

    Raises
    ------
    TableError : an account stands twice in `previous`.
    """
    n = len(book.account_id)
    nothing = Held(np.zeros(n, dtype=np.int64), pd.Series(pd.NaT, range(n), dtype="datetime64[us]"), np.zeros(n, bool))
    if previous is None or previous.empty:
        return nothing
    told = "base_tier" if "base_tier" in previous else "tier"
    before = previous[["account_id", told, *(["since"] if "since" in previous else [])]]
    before = before.assign(account_id=before["account_id"].astype("str")).set_index("account_id")
    if before.index.has_duplicates:
        twice = before.index[before.index.duplicated()][0]
        raise TableError(f"previous: 'account_id' must stand once, got {twice!r} again; keep one row each")
    mine = before.reindex(pd.Index(book.account_id, dtype="str"))
    tier = mine[told].astype("Float64").fillna(0).to_numpy(dtype=np.int64)
    if "since" not in mine:
        return Held(np.minimum(tier, book.n_tiers), nothing.since, nothing.young)
    since = pd.to_datetime(mine["since"]).astype("datetime64[us]").reset_index(drop=True)
    young = (months_between(since, as_of) < hold.min_stay_months).to_numpy(dtype=bool)
    return Held(np.minimum(tier, book.n_tiers), since, young)


def months_between(since: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Whole months from each day to `as_of`, missing where the day is; a month's last day completes the month.

    >>> months_between(pd.Series(pd.to_datetime(["2026-07-31", "2026-08-15"])), pd.Timestamp("2026-10-31")).tolist()
    [3.0, 2.0]
    """
    months = (as_of.year - since.dt.year) * 12 + as_of.month - since.dt.month
    begun = (since.dt.day > as_of.day) & (not as_of.is_month_end)
    return pd.Series(months - begun.astype("float64"))
