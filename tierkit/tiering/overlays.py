"""Overlays on the base tier: strategic lane, trigger windows, overrides; bounded, each change a ledger row."""

import numpy as np
import pandas as pd

from tierkit.tiering.book import Book, Placed
from tierkit.tiering.capacity import Ints, take
from tierkit.tiering.policy import Policy

LEDGER = ("account_id", "what", "from_tier", "to_tier", "why", "until")
"""Columns of the ledger. `what`: strategic, strategic_overflow, strategic_gated, promoted, promotion_no_slot,
promotion_no_budget, override, override_no_slot, override_gated."""


def reserve_strategic(book: Book, policy: Policy) -> Ints:
    """Tier 1 slots of each owner kept for the strongest claims, whether or not value alone would bring them there."""
    room = book.capacity.slots[:, 0] - book.capacity.kept[:, 0]
    chosen = take(_claims_in_order(book), book.owner, room, policy.strategic_slots)
    return np.bincount(book.owner[chosen], minlength=len(book.capacity.owners)).astype(np.int64)


def lift_strategic(book: Book, placed: Placed, policy: Policy, claims: pd.DataFrame) -> tuple[Placed, pd.DataFrame]:
    """Lift the strongest claims into Tier 1, whatever their value, while strategic slots and their rep's slots last.

    `claims` are the live ones, `standing.live_claims`. Claims without a slot, and claims of accounts that are not
    qualified, are ledger rows.
    """
    order = _claims_in_order(book)
    order = order[placed.tier[order] > 1]
    free = book.capacity.slots[:, 0] - book.capacity.kept[:, 0] - book.used(placed.tier)[:, 0]
    chosen = take(order, book.owner, free, policy.strategic_slots)
    left = order[~np.isin(order, chosen)]
    reason = _claim_words(book, chosen, claims)
    full = np.bincount(book.owner[chosen], minlength=len(free)) >= free
    why = [
        f"{_rep(book, i)} holds no free Tier 1 slot" if full[book.owner[i]] else "every strategic slot is taken"
        for i in left
    ]
    gated = claims.index[book.position(pd.Series(claims.index)) < 0]
    ledger = pd.concat(
        [
            _ledger(book, chosen, "strategic", placed.tier[chosen], 1, reason, _until(book, chosen, claims)),
            _ledger(
                book, left, "strategic_overflow", placed.tier[left], placed.tier[left], why, _until(book, left, claims)
            ),
            _ledger_gated(pd.Series(gated), "strategic_gated", claims.loc[gated, "until"]),
        ],
        ignore_index=True,
    )
    return placed.moved(chosen, tier=1, by="strategic", reason=reason), ledger


def lift_triggered(book: Book, placed: Placed, policy: Policy, triggers: pd.DataFrame) -> tuple[Placed, pd.DataFrame]:
    """Lift accounts with a live promoting trigger by one tier, until the last day of their longest window.

    `triggers` are the live ones, `standing.live_triggers`. An account needs the fit of the policy and must be
    contactable. The greatest value comes first, while the budget of the tier and a slot of the rep remain; those left
    out are ledger rows.
    """
    longest = triggers[triggers["promotes"]].drop_duplicates("account_id", keep="last")
    where = book.position(longest["account_id"])
    longest, where = longest[where >= 0].reset_index(drop=True), where[where >= 0]
    window = np.full(len(book.value), -1, dtype=np.int64)
    window[where] = np.arange(len(where))
    may = (window >= 0) & book.contactable & (book.fit >= policy.promotion_min_fit)
    by_value = np.argsort(-book.value, kind="stable")
    before, parts = placed.tier, []
    for t in range(1, book.n_tiers):
        order = by_value[(may & (before == t + 1))[by_value]]
        free = book.capacity.slots[:, t - 1] - book.used(placed.tier)[:, t - 1]
        chosen = take(order, book.owner, free, book.capacity.promotions[t - 1])
        left = order[~np.isin(order, chosen)]
        live = longest.iloc[window[chosen]]
        words = [f"{k.replace('_', ' ')} until {u:%Y-%m-%d}" for k, u in zip(live["kind"], live["until"], strict=True)]
        full = np.bincount(book.owner[chosen], minlength=len(free)) >= free
        parts.append(_ledger(book, chosen, "promoted", before[chosen], t, words, live["until"]))
        for what, missed, why in (
            ("promotion_no_slot", left[full[book.owner[left]]], "its rep holds no free slot"),
            ("promotion_no_budget", left[~full[book.owner[left]]], "the promotion budget is spent on greater values"),
        ):
            until = longest["until"].iloc[window[missed]]
            parts.append(_ledger(book, missed, what, before[missed], before[missed], [why] * len(missed), until))
        reason = [f"promoted: {w}" for w in words]
        placed = placed.moved(chosen, tier=t, by="trigger", reason=reason, until=live["until"])
    return placed, pd.concat(parts, ignore_index=True)


def put_overrides(book: Book, placed: Placed, overrides: pd.DataFrame) -> tuple[Placed, pd.DataFrame]:
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
    came = placed.tier[where]
    got = np.where(applied, wanted, came)
    why = [
        w if ok else f"{_rep(book, i)} holds no free Tier {t} slot; {w}"
        for w, ok, i, t in zip(words, applied, where, wanted, strict=True)
    ]
    ledger = _ledger(book, where, "override", came, got, why, inside["expires_at"])
    ledger["what"] = ledger["what"].where(applied, "override_no_slot")
    outside = overrides[position < 0]
    gated = _ledger_gated(outside["account_id"], "override_gated", outside["expires_at"])
    moved = placed.moved(
        where[applied],
        tier=wanted[applied],
        by="override",
        reason=[w for w, ok in zip(words, applied, strict=True) if ok],
    )
    return moved, pd.concat([ledger, gated], ignore_index=True)


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
    return str(book.owner_name[i]) or "the pool of accounts without a rep"


def _ledger(
    book: Book, where: Ints, what: str, came: Ints, got: Ints | int, why: list[str], until: pd.Series
) -> pd.DataFrame:
    return _rows(
        pd.Series(book.account_id[where]), what, pd.Series(came), pd.Series(got, range(len(where))), why, until
    )


def _ledger_gated(account_id: pd.Series, what: str, until: pd.Series) -> pd.DataFrame:
    none = pd.Series(pd.NA, range(len(account_id)))
    return _rows(account_id, what, none, none, ["the account is not qualified"] * len(account_id), until)


def _rows(
    account_id: pd.Series, what: str, came: pd.Series, got: pd.Series, why: list[str], until: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": pd.Series(account_id.to_numpy(), dtype="str"),
            "what": pd.Series([what] * len(account_id), dtype="str"),
            "from_tier": came.astype("Int64").to_numpy(),
            "to_tier": got.astype("Int64").to_numpy(),
            "why": pd.Series(why, dtype="str"),
            "until": pd.to_datetime(until).astype("datetime64[us]").to_numpy(),
        }
    )
