"""Tiers under capacity: base tiers by value, overlays on top of them, and what each account gets."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.tables import Tables
from tierkit.tiering.allocation import OFF_SUPPORT_BEST, Base, Certificate, Terms, base_tiers, terms_of, value_ranks
from tierkit.tiering.book import Book, Flags, Floats, Held, Placed, held_before
from tierkit.tiering.capacity import Ints, capacity_table, slots_of
from tierkit.tiering.exploration import draw_trials
from tierkit.tiering.gates import QUALIFIED, check_scores
from tierkit.tiering.ground import Ground, ground_on
from tierkit.tiering.investment import share_budget
from tierkit.tiering.overlays import (
    LedgerRow,
    ledger_frame,
    lift_left_out,
    lift_strategic,
    lift_triggered,
    put_overrides,
    reserve_strategic,
)
from tierkit.tiering.policy import Policy, Stability
from tierkit.tiering.prices import shadow_prices, uplift_sensitivity
from tierkit.tiering.standing import with_account_columns


@dataclass(frozen=True)
class Assignment:
    """The tiers of a month and what stands behind them.

    Attributes
    ----------
    tiers : the qualified rows plus base_tier, since (day it entered its base tier), membership_prob (empty so far),
        tier, tier_by (value, band, churn budget, stay, deal open, strategic, trigger, override, exploration),
        tier_reason, promoted_until (of a trigger or an exploration place), priority_rank, play, next_step, investment.
    ledger : one row per overlay that changed a tier, or could not: account_id, what, from_tier, to_tier, why, until.
    capacity : one row per owner and tier but the last: owner_id, name, tier, slots, used.
    terms, base : what decided the base tiers, and their optimum.
    """

    tiers: pd.DataFrame
    ledger: pd.DataFrame
    capacity: pd.DataFrame
    terms: Terms = field(repr=False)
    base: Base = field(repr=False)

    @property
    def certificate(self) -> Certificate:
        """How good the base tiers are, and how that is known."""
        return self.base.certificate

    @cached_property
    def prices(self) -> pd.DataFrame:
        """What one more slot is worth, `prices.shadow_prices`; worked out when first asked for."""
        return shadow_prices(self.terms.book, self.base)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """What half and double the uplift change, `prices.uplift_sensitivity`; worked out when first asked for."""
        return uplift_sensitivity(self.terms, self.base)


def assign_tiers(
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    previous: pd.DataFrame | None = None,
    undated_policy: bool = True,
) -> pd.DataFrame:
    """One tier for each qualified account: `plan_tiers(...).tiers`, which says what goes in and what may be raised."""
    return plan_tiers(gated, tables, policy, as_of=as_of, previous=previous, undated_policy=undated_policy).tiers


def plan_tiers(
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    previous: pd.DataFrame | None = None,
    undated_policy: bool = True,
    seed: int = 0,
) -> Assignment:
    """Tiers by value under the reps' slots, then claims, triggers, overrides and trials, none of which exceeds a slot.

    Parameters
    ----------
    gated : account_id, win_prob, expected_acv (or expected_value); the rest is optional. Without `gate` every row is
        qualified, without `fit_score` a promotion asks for no fit, and where no row has a value tiers rank by
        `fit_score`.
    as_of : the day of the tiers.
    previous : the tiers before: account_id, tier, base_tier, since; an earlier result serves as it is.
    undated_policy : whether reps and claims without `known_at` count: yes when scoring, no in a replay.
    seed : of the exploration places, drawn at random each quarter.

    Raises
    ------
    SheetError : capacity is short, a kind of signal has no window, or the budget is below the floors.
    TableError : a qualified account has no value or stands twice, or a live override asks for an unknown tier.

    Slots are kept for claims and promotions beforehand, so that neither pushes an account out of its base tier later.
    Rows keep their order; ties break by account_id.
    """
    ground = ground_on(tables, policy, as_of=pd.Timestamp(as_of), seed=seed, undated=undated_policy)
    return plan_on(gated, tables, policy, ground, previous=previous)


def plan_on(
    gated: pd.DataFrame, tables: Tables, policy: Policy, ground: Ground, *, previous: pd.DataFrame | None = None
) -> Assignment:
    """`plan_tiers` on a ground that may mix the days; of `tables` only the accounts' columns are used."""
    given, rows, terms, held = _terms_on(gated, tables, policy, ground, previous)
    book = terms.book
    found = base_tiers(terms)
    by_value = base_tiers(replace(terms, held=None)).tier
    base = found.tier

    placed = _place(book, found, by_value, held, policy.hold)
    placed, ledger = lay_over(book, placed, policy, ground, previous=previous)

    columns = {
        "base_tier": base,
        "since": held.since.where(held.tier == base, ground.hold_day).to_numpy(),
        "membership_prob": np.full(len(rows), np.nan),
        "tier": placed.tier,
        "tier_by": placed.by,
        "tier_reason": placed.reason,
        "promoted_until": placed.promoted_until.to_numpy(),
        "priority_rank": _priority(book, placed.tier, ground.triggers).set_axis(rows.index),
        **_treatment(book, placed.tier, policy),
    }
    tiers = rows.copy().assign(**columns).astype(dict.fromkeys(("tier_by", "tier_reason", "play", "next_step"), "str"))
    return Assignment(
        tiers.loc[given.index],
        ledger_frame(ledger),
        capacity_table(book.capacity, book.owner, placed.tier),
        terms,
        found,
    )


def terms_under(
    values: Floats,
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    ground: Ground,
    *,
    previous: pd.DataFrame | None = None,
) -> Iterator[Terms]:
    """The terms of `plan_on` under each row of `values`, shape (times, qualified rows by account_id)."""
    terms = _terms_on(gated, tables, policy, ground, previous)[2]
    for value in values:
        book = replace(terms.book, value=value)
        yield replace(terms, book=book, reserved=reserve_strategic(book, policy))


def place_tiers(
    terms: Terms, policy: Policy, ground: Ground, *, previous: pd.DataFrame | None = None
) -> tuple[Base, Placed]:
    """The base tiers of `plan_on`, and the tiers: without its words on them, which nobody reads of many plans."""
    found, n = base_tiers(terms), len(terms.book.value)
    nothing = pd.Series(pd.NaT, range(n), dtype="datetime64[us]")
    by, reason = np.full(n, "value", dtype=object), np.full(n, "", dtype=object)
    return found, lay_over(terms.book, Placed(found.tier, by, reason, nothing), policy, ground, previous=previous)[0]


def _terms_on(
    gated: pd.DataFrame, tables: Tables, policy: Policy, ground: Ground, previous: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame, Terms, Held]:
    """The qualified rows as given and by account_id, what decides their base tiers, and what they held."""
    given = check_scores(gated)
    if "gate" in given:
        given = given[given["gate"] == QUALIFIED]
    wanted = ("name", "owner_id") if policy.max_per_parent is None else ("name", "owner_id", "parent_id")
    given = with_account_columns(given.reset_index(drop=True), tables, wanted)
    rows = given.sort_values("account_id", kind="stable")
    book = open_book(rows, tables, policy, ground)
    held = held_before(book, previous, policy.hold, ground.hold_day)
    return given, rows, terms_of(book, policy, held=held, reserved=reserve_strategic(book, policy)), held


def lay_over(
    book: Book, placed: Placed, policy: Policy, ground: Ground, *, previous: pd.DataFrame | None
) -> tuple[Placed, list[LedgerRow]]:
    """Claims, triggers, overrides and trials on top of base tiers, in this order, and the ledger of them all."""
    placed, strategic = lift_strategic(book, placed, policy, ground.claims)
    placed, triggered = lift_triggered(book, placed, policy, ground.triggers)
    decided, overridden = put_overrides(book, placed, ground.overrides)
    if not np.array_equal(decided.tier, placed.tier):
        # Only what overrides freed can let in whom the triggers had to leave out.
        decided, triggered = lift_left_out(book, decided, policy, ground.triggers, triggered)
    placed, drawn = draw_trials(book, decided, policy, as_of=ground.draw_day, seed=ground.seed, previous=previous)
    return placed, [*strategic, *triggered, *overridden, *drawn]


def open_book(rows: pd.DataFrame, tables: Tables, policy: Policy, ground: Ground) -> Book:
    """The qualified rows, sorted by account_id, as arrays, with the reps' capacity."""
    owner_id = rows["owner_id"] if "owner_id" in rows else pd.Series(pd.NA, rows.index, dtype="str")
    capacity = slots_of(owner_id, ground.reps, policy)
    claimed = rows["account_id"].map(ground.claims["value"])
    parent, parents = (
        (None, pd.Index([]))
        if policy.max_per_parent is None or "parent_id" not in rows
        else pd.factorize(rows["parent_id"], sort=True)
    )
    return Book(
        account_id=rows["account_id"].to_numpy(dtype=object),
        value=_value(rows),
        owner=capacity.owner_codes(owner_id),
        strategic_value=np.nan_to_num(_numbers(rows, "strategic_value", claimed)),
        fit=_numbers(rows, "fit_score", pd.Series(np.inf, rows.index)),
        contactable=_flags(rows, "contactable", otherwise=True),
        # A customer's renewal is no reason to hold a place meant for new business.
        has_open_deal=_flags(rows, "has_open_deal") & ~_flags(rows, "is_customer") & tables.has_accounts,
        off_support=_flags(rows, "off_support"),
        capacity=capacity,
        parent=None if parent is None else parent.astype(np.int64),
        parents=tuple(parents.astype("str")),
    )


def _value(rows: pd.DataFrame) -> Floats:
    """What ranks accounts: expected value, or fit where no row has a value."""
    value = rows["expected_value"].astype("float64")
    if value.isna().all() and "fit_score" in rows:
        value = rows["fit_score"].astype("float64")
    if n := int(value.isna().sum()):
        first = rows.loc[value.isna(), "account_id"].iloc[0]
        raise TableError(
            f"scores: 'expected_value' is missing for account {first} ({n:,} qualified rows); score them, or gate them"
        )
    return np.asarray(value, dtype=np.float64)


def _numbers(rows: pd.DataFrame, column: str, otherwise: pd.Series) -> Floats:
    return np.asarray(rows.get(column, otherwise).astype("float64"), dtype=np.float64)


def _flags(rows: pd.DataFrame, column: str, *, otherwise: bool = False) -> Flags:
    if column not in rows:
        return np.full(len(rows), otherwise)
    return rows[column].astype("boolean").fillna(otherwise).to_numpy(dtype=bool)


def _place(book: Book, found: Base, by_value: Ints, held: Held, hold: Stability) -> Placed:
    """The base tiers with what decided each, in words."""
    base = found.tier
    rank, n = value_ranks(book)
    with_reps = len(book.capacity.owners) > 1
    whose = [
        f" for {name}" if name else (" of accounts without a rep" if with_reps else "") for name in book.owner_name
    ]
    reason = np.array([f"value rank {r:,} of {m:,}{w}" for r, m, w in zip(rank, n, whose, strict=True)], dtype=object)
    by = np.full(len(base), "value", dtype=object)
    kept_up = (base < by_value) & (held.tier == base)
    for cause, where, words in (
        ("band", kept_up & (hold.band > 0), f"keeps its tier inside the band of {hold.band:.0%}; "),
        ("churn budget", kept_up & (base < found.unbudgeted), "keeps its tier: this month's moves down are spent; "),
        ("stay", kept_up & held.young, f"keeps its tier: entered it under {hold.min_stay_months} months ago; "),
        ("deal open", book.has_open_deal & (held.tier == base), "keeps its tier: deal open; "),
    ):
        by[where] = cause
        reason[where] = words + np.array([text.split("; ")[-1] for text in reason[where]], dtype=object)
    waits = (base > by_value) & (by == "value")
    reason[waits] = [
        f"waits for a place in Tier {t}, where others keep theirs for now; {text}"
        for t, text in zip(by_value[waits], reason[waits], strict=True)
    ]
    capped = book.off_support & (base == OFF_SUPPORT_BEST)
    reason[capped] += "; unlike any account we worked, so Tier 2 at most"
    return Placed(base, by, reason, pd.Series(pd.NaT, range(len(base)), dtype="datetime64[us]"))


def _priority(book: Book, tier: Ints, triggers: pd.DataFrame) -> pd.Series:
    """Whom to work first: by tier, then live triggers of any kind, then value; empty where nobody may call."""
    live = np.zeros(len(tier), dtype=bool)
    where = book.position(triggers["account_id"])
    live[where[where >= 0]] = True
    order = np.lexsort((-book.value, ~live, tier))
    order = order[book.contactable[order]]
    rank = pd.Series(pd.NA, range(len(tier)), dtype="Int64")
    rank.iloc[order] = np.arange(1, len(order) + 1)
    return rank


def _treatment(book: Book, tier: Ints, policy: Policy) -> dict[str, Any]:
    """Play, next step and money of each account."""
    plays = policy.tier_plays
    words = [f"{policy.labels[i]}: {play.cadence}; {', '.join(play.channels)}" for i, play in enumerate(plays)]
    money = np.full(len(tier), np.nan)
    if policy.budget is not None:
        floor, ceiling = policy.investment_floor, policy.investment_ceiling
        money = share_budget(book.value, budget=policy.budget, floor=floor, ceiling=ceiling)
    return {
        "play": np.array(words, dtype=object)[tier - 1],
        "next_step": np.array([play.next_step for play in plays], dtype=object)[tier - 1],
        "investment": money,
    }
