"""Replayed months tiered again under another policy, from the scores that were kept: nothing is fitted."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.tiering.allocation import terms_of
from tierkit.tiering.assign import open_book, place_tiers
from tierkit.tiering.book import Book, held_before
from tierkit.tiering.capacity import UNLIMITED
from tierkit.tiering.gates import NEEDS_INFO, OUT_OF_ICP, QUALIFIED
from tierkit.tiering.ground import Ground, ground_on
from tierkit.tiering.overlays import reserve_strategic
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import with_account_columns

FLAGS = ("contactable", "is_customer", "has_open_deal", "off_support")
KEPT = (
    "as_of",
    "account_id",
    "owner_id",
    "parent_id",
    "gate",
    "missing_fields",
    "unknown",
    *FLAGS,
    "fit_score",
    "strategic_value",
    "open_prob",
    "win_prob",
    "expected_value",
    "size",
    "card_value",
    "tier",
    "base_tier",
    "since",
    "tier_by",
)
"""Columns of a kept month; those that neither scores nor tables have are left out."""


def keep_month(
    gated: pd.DataFrame,
    tiers: pd.DataFrame,
    ranked: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """What it takes to tier a month again: its accounts that have a tier, need information or are outside the ICP.

    Parameters
    ----------
    gated, tiers : the month's gates and its assignment. ranked : account_id with size and card_value, what other
        rankings go by.

    Returns
    -------
    One row per account, by account_id, with the columns `KEPT`: unknown names the fields it lacked (`;` between),
    tier, base_tier, since and tier_by are of its assignment, empty without one.
    """
    rows = gated[gated["gate"].isin([QUALIFIED, NEEDS_INFO, OUT_OF_ICP])].sort_values("account_id", kind="stable")
    wanted = ("owner_id",) if policy.max_per_parent is None else ("owner_id", "parent_id")
    rows = with_account_columns(rows.reset_index(drop=True), tables, wanted)
    marks = [c for c in map(str, rows) if c.startswith("missing_") and c != "missing_fields"]
    lacks = [np.where(rows[c] == 1, c.removeprefix("missing_") + ";", "").astype(object) for c in marks]
    unknown = np.sum(lacks, axis=0) if lacks else np.full(len(rows), "", dtype=object)
    other = ranked.set_index("account_id")[["size", "card_value"]].reindex(rows["account_id"]).reset_index(drop=True)
    own = ("tier", "base_tier", "since", "tier_by")
    given = tiers.set_index("account_id")[list(own)].reindex(rows["account_id"]).reset_index(drop=True)
    rows = rows.drop(columns=[c for c in (*own, *other) if c in rows])
    rows = pd.concat([rows.assign(as_of=as_of), other, given], axis=1)
    rows["unknown"] = pd.Series(unknown, rows.index).astype("str").str.rstrip(";")
    kept = rows[[c for c in KEPT if c in rows]]
    whole = {"tier": "float64", "base_tier": "float64", "since": "datetime64[us]", "tier_by": "str"}
    flags = {c: kept[c].astype("boolean").fillna(c == "contactable").astype("bool") for c in FLAGS if c in kept}
    return kept.assign(**flags).astype(whole)


@dataclass(frozen=True)
class Month:
    """A kept month, its qualified accounts as a book, and what else its tiers stood on."""

    as_of: pd.Timestamp
    rows: pd.DataFrame
    book: Book
    ground: Ground

    def with_rows(self, rows: pd.DataFrame, tables: Tables, policy: Policy) -> "Month":
        """The month with other gates or scores of the same accounts."""
        return replace(self, rows=rows, book=_book(rows, tables, policy, self.ground))

    def ranked_by(self, column: str) -> "Month":
        """The month with its accounts ranked by a column of its rows; who has no figure in it comes last."""
        value = self.rows.loc[self.rows["gate"] == QUALIFIED, column].fillna(0.0).clip(lower=0.0)
        return replace(self, book=replace(self.book, value=value.to_numpy(dtype="float64")))


def open_months(months: pd.DataFrame, tables: Tables, policy: Policy) -> list[Month]:
    """The months of `keep_month`, oldest first, each on the ground it stood on."""
    out = []
    for _, rows in months.groupby("as_of", sort=True):
        day = rows["as_of"].iloc[0]
        rows = rows.sort_values("account_id", kind="stable", ignore_index=True)
        ground = ground_on(tables, policy, as_of=day, seed=0, undated=False)
        out.append(Month(day, rows, _book(rows, tables, policy, ground), ground))
    return out


def tier_again(months: list[Month], policy: Policy, *, more: tuple[int, ...] = ()) -> pd.DataFrame:
    """Tiers of every month under a policy, each month handing its tiers to the next, as `plan_tiers` gives them.

    Parameters
    ----------
    policy : it may differ from the one the months were opened with in all that is no matter of capacity.
    more : places added to each tier but the last: to every rep, or, where there are no reps, to the pool of all; at
        least none remain.

    Returns
    -------
    One row per qualified account and month: as_of, account_id, tier.
    """
    out: list[pd.DataFrame] = []
    previous: pd.DataFrame | None = None
    for month in months:
        previous = _tiers(_with_places(month.book, more), month, policy, previous)
        out.append(previous.assign(as_of=month.as_of)[["as_of", "account_id", "tier"]])
    return pd.concat(out, ignore_index=True)


def _book(rows: pd.DataFrame, tables: Tables, policy: Policy, ground: Ground) -> Book:
    return open_book(rows[rows["gate"] == QUALIFIED], tables, policy, ground)


def _tiers(book: Book, month: Month, policy: Policy, previous: pd.DataFrame | None) -> pd.DataFrame:
    """The tiers of `plan_tiers`, without its words."""
    triggers = month.ground.triggers
    ground = replace(month.ground, triggers=triggers.assign(promotes=triggers["kind"].isin(policy.promote)))
    held = held_before(book, previous, policy.hold, month.as_of)
    terms = terms_of(book, policy, held=held, reserved=reserve_strategic(book, policy))
    found, placed = place_tiers(terms, policy, ground, previous=previous)
    return pd.DataFrame(
        {
            "account_id": pd.Series(book.account_id, dtype="str"),
            "tier": placed.tier,
            "base_tier": found.tier,
            "since": held.since.where(held.tier == found.tier, month.as_of),
            "tier_by": placed.by,
            "tier_reason": placed.reason,
            "promoted_until": placed.promoted_until,
        }
    )


def _with_places(book: Book, more: tuple[int, ...]) -> Book:
    """The book with more slots for each rep, and as many more places; without reps, in the pool."""
    if not any(more):
        return book
    capacity = book.capacity
    slots, n_reps = capacity.slots.copy(), len(capacity.owners) - 1
    who = slice(1, None) if n_reps else slice(0, 1)
    for t, n in enumerate(more):
        bounded = slots[who, t] < UNLIMITED
        slots[who, t] = np.where(bounded, np.maximum(slots[who, t] + n, capacity.kept[who, t]), slots[who, t])
    places = tuple(
        p if p >= UNLIMITED else max(p + n * max(n_reps, 1), 0) for p, n in zip(capacity.places, more, strict=True)
    )
    return replace(book, capacity=replace(capacity, slots=slots, places=places))
