"""Where things stand on a day: deals, sellers, claims, triggers and overrides, as far as they were known then."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.errors import SheetError, TableError
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy

_DAY = pd.Timedelta(days=1)


def known_rows(table: pd.DataFrame, as_of: pd.Timestamp, *, undated: bool) -> pd.DataFrame:
    """The rows known on `as_of`; those without a `known_at` only where `undated` counts them as known."""
    if "known_at" not in table.columns:
        return table if undated else table.iloc[:0]
    known_at = pd.to_datetime(table["known_at"])
    return table[(known_at.isna() & undated) | (known_at <= as_of)]


def with_account_columns(rows: pd.DataFrame, tables: Tables, columns: tuple[str, ...]) -> pd.DataFrame:
    """`rows` with those of `columns` it lacks, from the account table as it stands; columns nobody has stay away."""
    wanted = [c for c in columns if c not in rows.columns and tables.has("accounts", c)]
    if not wanted:
        return rows
    accounts = tables.frame("accounts").set_index("account_id")
    return rows.assign(**{c: rows["account_id"].map(accounts[c]) for c in wanted})


def among(ids: pd.Series, others: pd.Series) -> NDArray[np.bool_]:
    """Which ids are among others; `Series.isin` takes many times as long on text."""
    return np.asarray(pd.Index(ids.astype(object)).isin(pd.Index(others.astype(object))), dtype=np.bool_)


def deal_standing(tables: Tables, as_of: pd.Timestamp) -> pd.DataFrame:
    """What the deals say of each account that has one.

    Returns
    -------
    Index account_id; has_open_deal, is_customer (a deal was won), days_since_loss, is_closed (every deal has ended).
    Deals opened later are not known; deals closed later are open.
    """
    deals = tables.frame("deals")
    ended = deals["outcome"].isin(["won", "lost"])
    closed_at = pd.to_datetime(deals["closed_at"]) if "closed_at" in deals else pd.Series(pd.NaT, deals.index)
    begun = pd.Series(True, deals.index)
    if tables.is_dated:
        begun = ~(pd.to_datetime(deals["opened_at"]) > as_of)
        ended &= ~(closed_at > as_of)
    lost = ended & (deals["outcome"] == "lost")
    each = pd.DataFrame(
        {
            "account_id": deals["account_id"],
            "has_open_deal": ~ended,
            "is_customer": ended & (deals["outcome"] == "won"),
            "days_since_loss": ((as_of - closed_at) // _DAY).where(lost),
            "is_closed": ended,
        }
    )[begun]
    how = {"has_open_deal": "max", "is_customer": "max", "days_since_loss": "min", "is_closed": "min"}
    return each.groupby("account_id").agg(how)


def live_claims(tables: Tables, as_of: pd.Timestamp, *, undated: bool) -> pd.DataFrame:
    """The strongest live strategic claim of each account: index account_id; value, kind, evidence, until."""
    claims = known_rows(tables.frame("strategic"), as_of, undated=undated)
    until = pd.to_datetime(claims["expires_at"]) if "expires_at" in claims else pd.Series(pd.NaT, claims.index)
    out = pd.DataFrame(
        {
            "account_id": claims["account_id"],
            "value": pd.to_numeric(claims["value"]).astype("float64"),
            "kind": claims["kind"],
            "evidence": claims.get("evidence"),
            "until": until,
        }
    )[~(until < as_of)]
    # Of equal claims the one that lasts longest; without an end it lasts for ever.
    order = {"account_id": True, "value": False, "until": False, "kind": True, "evidence": True}
    out = out.sort_values(list(order), ascending=list(order.values()), na_position="first")
    return out.drop_duplicates("account_id").set_index("account_id")


def live_triggers(tables: Tables, policy: Policy, as_of: pd.Timestamp) -> pd.DataFrame:
    """Trigger events whose window contains `as_of`.

    A window begins when the event is known and holds through `occurred_at` + the days of its kind; the day after, it
    is over.

    Returns
    -------
    One row per live event: account_id, kind, promotes, until (last day), detail.

    Raises
    ------
    SheetError : a kind without a window, in any row; the known ones are listed.
    """
    signals = tables.frame("signals")
    if unknown := sorted(set(signals["kind"].dropna()) - set(policy.windows)):
        n = int(signals["kind"].isin(unknown).sum())
        raise SheetError(
            f"signals: kind {unknown[0]!r} has no window ({n:,} rows of unknown kinds); known: "
            f"{', '.join(sorted(policy.windows))}; add it to [tiers.windows] or map it to one of them"
        )
    known = known_rows(signals.assign(known_at=_known_at(signals)), as_of, undated=False)
    occurred = pd.to_datetime(known["occurred_at"]).dt.normalize()
    until = occurred + pd.to_timedelta(known["kind"].map(policy.windows).astype("int64"), unit="D")
    out = pd.DataFrame(
        {
            "account_id": known["account_id"],
            "kind": known["kind"],
            "promotes": known["kind"].isin(policy.promote),
            "until": until,
            "detail": known.get("detail"),
        }
    )
    return out[until >= as_of].sort_values(["account_id", "until", "kind", "detail"]).reset_index(drop=True)


def _known_at(signals: pd.DataFrame) -> pd.Series:
    """Nothing is known of an event before it happens."""
    occurred = pd.to_datetime(signals["occurred_at"])
    if "known_at" not in signals:
        return occurred
    known = pd.to_datetime(signals["known_at"])
    return known.where(known >= occurred, occurred)


def live_overrides(tables: Tables, policy: Policy, as_of: pd.Timestamp) -> pd.DataFrame:
    """The latest override of each account that is in force: one row each, in the order they were made.

    Returns
    -------
    account_id, tier, reason, author, created_at, expires_at (last day it counts).

    Raises
    ------
    TableError : a live override asks for a tier the sheet does not have.
    """
    overrides = tables.frame("overrides")
    created, expires = (pd.to_datetime(overrides[c]) for c in ("created_at", "expires_at"))
    live = overrides.assign(created_at=created, expires_at=expires)[(created <= as_of) & (expires >= as_of)]
    live = live.assign(tier=live["tier"].astype("int64"))
    if (beyond := live[live["tier"] > policy.n_tiers]).shape[0]:
        first = beyond.iloc[0]
        raise TableError(
            f"overrides: 'tier' must be 1 to {policy.n_tiers}, the tiers of the sheet, got {first['tier']} for account "
            f"{first['account_id']} ({len(beyond):,} rows)"
        )
    live = live.sort_values(["account_id", "created_at", "expires_at", "tier", "reason", "author"], kind="stable")
    live = live.drop_duplicates("account_id", keep="last")
    columns = ["account_id", "tier", "reason", "author", "created_at", "expires_at"]
    return live.sort_values(["created_at", "account_id"], kind="stable")[columns].reset_index(drop=True)
