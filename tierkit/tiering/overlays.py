"""Overlays on the base tier: strategic lane, trigger windows, overrides; bounded, each change a ledger row."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from tierkit.tiering.allocation import OFF_SUPPORT_BEST
from tierkit.tiering.book import Book, Placed
from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.policy import Policy


class LedgerRow(NamedTuple):
    """What an overlay did to an account, or could not do.

    `what` is one of strategic, strategic_overflow, strategic_gated, promoted, promotion_no_slot, promotion_no_budget,
    override, override_no_slot, override_gated, exploration; a gated account is not qualified and has no tier.
    """

    account_id: str
    what: str
    from_tier: int | None
    to_tier: int | None
    why: str
    until: pd.Timestamp


def reserve_strategic(book: Book, policy: Policy) -> Ints:
    """Tier 1 slots of each owner kept for the strongest claims, whether or not value alone would bring them there."""
    room = book.capacity.slots[:, 0] - book.capacity.kept[:, 0]
    chosen = take(_claims_in_order(book), book.owner, room, policy.strategic_slots)
    return np.bincount(book.owner[chosen], minlength=len(book.capacity.owners)).astype(np.int64)


def lift_strategic(book: Book, placed: Placed, policy: Policy, claims: pd.DataFrame) -> tuple[Placed, list[LedgerRow]]:
    """Lift the strongest claims into Tier 1, whatever their value, while strategic slots and their rep's slots last.

    `claims` are the live ones, `standing.live_claims`. Claims without a slot, and claims of accounts that are not
    qualified, are ledger rows.
    """
    order = _claims_in_order(book)
    order = order[placed.tier[order] > 1]
    free = book.capacity.slots[:, 0] - book.capacity.kept[:, 0] - book.used(placed.tier)[:, 0]
    chosen = take(order, book.owner, free, policy.strategic_slots)
    no_slot, no_place = _left_out(order, chosen, policy.strategic_slots)
    left = np.concatenate([no_slot, no_place])
    why = [f"{_rep(book, i)} holds no free Tier 1 slot" for i in no_slot]
    why += ["every strategic slot is taken"] * len(no_place)
    reason = _claim_words(book, chosen, claims)
    gated = claims.index[book.position(pd.Series(claims.index)) < 0]
    after = placed.moved(chosen, tier=1, by="strategic", reason=reason)
    return after, [
        *ledger_rows(book, chosen, "strategic", placed, after, reason, _until(book, chosen, claims)),
        *ledger_rows(book, left, "strategic_overflow", placed, after, why, _until(book, left, claims)),
        *_ledger_gated(gated, "strategic_gated", claims.loc[gated, "until"]),
    ]


def lift_triggered(
    book: Book, placed: Placed, policy: Policy, triggers: pd.DataFrame
) -> tuple[Placed, list[LedgerRow]]:
    """Lift accounts with a live promoting trigger by one tier, until the last day of their longest window.

    `triggers` are the live ones, `standing.live_triggers`. An account needs the fit of the policy, must be contactable,
    and enters Tier 1 only if it is like accounts that were worked. The greatest value comes first, while the budget of
    the tier and a slot of the rep remain; those left out are ledger rows. Promotions that stand already count against
    the budget, and where people put an account it stays.
    """
    longest = triggers[triggers["promotes"]].drop_duplicates("account_id", keep="last")
    where = book.position(longest["account_id"])
    longest, where = longest[where >= 0].reset_index(drop=True), where[where >= 0]
    window = np.full(len(book.value), -1, dtype=np.int64)
    window[where] = np.arange(len(where))
    may = (window >= 0) & book.contactable & (book.fit >= policy.promotion_min_fit)
    may &= (placed.by != "trigger") & (placed.by != "override")
    by_value = np.argsort(-book.value, kind="stable")
    before, ledger = placed, []
    for t in range(1, book.n_tiers):
        here = may & (before.tier == t + 1) & ~(book.off_support & (t < OFF_SUPPORT_BEST))
        order = by_value[here[by_value]]
        free = book.capacity.slots[:, t - 1] - book.used(placed.tier)[:, t - 1]
        stand = int(((before.by == "trigger") & (before.tier == t)).sum())
        budget = max(0, book.capacity.promotions[t - 1] - stand)
        chosen = take(order, book.owner, free, budget)
        live = longest.iloc[window[chosen]]
        words = [f"{k.replace('_', ' ')} until {u:%Y-%m-%d}" for k, u in zip(live["kind"], live["until"], strict=True)]
        reason = [f"promoted: {w}" for w in words]
        placed = placed.moved(chosen, tier=t, by="trigger", reason=reason, until=live["until"])
        ledger += ledger_rows(book, chosen, "promoted", before, placed, words, live["until"])
        no_slot, no_budget = _left_out(order, chosen, budget)
        for what, left, why in (
            ("promotion_no_slot", no_slot, "its rep holds no free slot"),
            ("promotion_no_budget", no_budget, "the promotion budget is spent on greater values"),
        ):
            until = longest["until"].iloc[window[left]]
            ledger += ledger_rows(book, left, what, before, placed, [why] * len(left), until)
    return placed, ledger


def lift_left_out(
    book: Book, placed: Placed, policy: Policy, triggers: pd.DataFrame, ledger: list[LedgerRow]
) -> tuple[Placed, list[LedgerRow]]:
    """Promote those whom overrides have since made room for; the rows that left them out give way in `ledger`."""
    placed, rows = lift_triggered(book, placed, policy, triggers)
    promoted = {row.account_id: row for row in rows if row.what == "promoted"}
    kept = [row for row in ledger if not (row.what.startswith("promotion_") and row.account_id in promoted)]
    return placed, [*kept, *promoted.values()]


def put_overrides(book: Book, placed: Placed, overrides: pd.DataFrame) -> tuple[Placed, list[LedgerRow]]:
    """Put accounts where people decided, as far as the slots go.

    `overrides` are the live ones in the order they were made, `standing.live_overrides`. All are applied at once, so
    that they can swap slots; then the latest are taken back until no slot is exceeded.
    """
    position = book.position(overrides["account_id"])
    inside = overrides[position >= 0].reset_index(drop=True)
    where = position[position >= 0]
    wanted = inside["tier"].to_numpy(dtype=np.int64)
    applied = _fitting(book, placed.tier, where, wanted)
    words = [
        f"override by {a}: {r} until {u:%Y-%m-%d}"
        for a, r, u in zip(inside["author"], inside["reason"], inside["expires_at"], strict=True)
    ]
    done = [w for w, ok in zip(words, applied, strict=True) if ok]
    why = [
        f"{_rep(book, i)} holds no free Tier {t} slot; {w}"
        for w, ok, i, t in zip(words, applied, where, wanted, strict=True)
        if not ok
    ]
    until, outside = inside["expires_at"], overrides[position < 0]
    after = placed.moved(where[applied], tier=wanted[applied], by="override", reason=done)
    return after, [
        *ledger_rows(book, where[applied], "override", placed, after, done, until[applied]),
        *ledger_rows(book, where[~applied], "override_no_slot", placed, after, why, until[~applied]),
        *_ledger_gated(outside["account_id"], "override_gated", outside["expires_at"]),
    ]


def _fitting(book: Book, tier: Ints, where: Ints, wanted: Ints) -> np.ndarray:
    """Which overrides stand once the latest are taken back until no owner holds more than its slots."""
    slots, last = book.capacity.slots, book.n_tiers
    trial = tier.copy()
    trial[where] = wanted
    used = book.used(trial)
    applied = np.ones(len(where), dtype=bool)
    owner = book.owner[where]
    for _ in range(len(where)):
        into = applied & (wanted < last)
        over = np.zeros(len(where), dtype=bool)
        over[into] = (used > slots)[owner[into], wanted[into] - 1]
        if not over.any():
            break
        latest = int(np.flatnonzero(over)[-1])
        applied[latest] = False
        used[owner[latest], wanted[latest] - 1] -= 1
        if (back := tier[where[latest]]) < last:
            used[owner[latest], back - 1] += 1
    return applied


def _left_out(order: Ints, chosen: Ints, places: int) -> tuple[Ints, Ints]:
    """Whom the scan of `order` left out: for want of a slot, and since every place was taken when their turn came."""
    taken = np.isin(order, chosen)
    spent = np.cumsum(taken) >= places
    return order[~taken & ~spent], order[~taken & spent]


def _claims_in_order(book: Book) -> Ints:
    claimed = np.flatnonzero(book.strategic_value > 0)
    return claimed[np.argsort(-book.strategic_value[claimed], kind="stable")]


def _claim_words(book: Book, where: Ints, claims: pd.DataFrame) -> list[str]:
    words = []
    for i in where:
        if book.account_id[i] not in claims.index:
            words.append(f"strategic: value {book.strategic_value[i]:.2f}")
            continue
        claim = claims.loc[book.account_id[i]]
        evidence = f", {claim['evidence']}" if isinstance(claim["evidence"], str) else ""
        words.append(f"strategic: {claim['kind'].replace('_', ' ')}{evidence}")
    return words


def _until(book: Book, where: Ints, claims: pd.DataFrame) -> pd.Series:
    return claims["until"].reindex(book.account_id[where])


def _rep(book: Book, i: int) -> str:
    return book.capacity.names[book.owner[i]] or "the pool of accounts without a rep"


def ledger_rows(
    book: Book, where: Ints, what: str, before: Placed, after: Placed, why: list[str], until: pd.Series
) -> list[LedgerRow]:
    """One ledger row for each account of `where`, with its tier before and after."""
    parts = (book.account_id[where], before.tier[where].tolist(), after.tier[where].tolist(), why, until)
    return [LedgerRow(i, what, a, b, w, u) for i, a, b, w, u in zip(*parts, strict=True)]


def ledger_frame(rows: list[LedgerRow]) -> pd.DataFrame:
    """The ledger as a table, in the order things were done."""
    out = pd.DataFrame(rows, columns=list(LedgerRow._fields))
    kinds = {"from_tier": "Int64", "to_tier": "Int64", "until": "datetime64[us]"}
    return out.astype(dict.fromkeys(("account_id", "what", "why"), "str") | kinds)


def _ledger_gated(account_id: Iterable[str], what: str, until: pd.Series) -> list[LedgerRow]:
    return [
        LedgerRow(i, what, None, None, "the account is not qualified", u)
        for i, u in zip(account_id, until, strict=True)
    ]
