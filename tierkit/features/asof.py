"""Feature rows: what was known about an account or a deal at a moment, and nothing that came after."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tierkit.features import deals as deal_book
from tierkit.features.catalog import is_built
from tierkit.features.fields import DESCRIBES, FieldValues, account_fields, field_values, fields_late, technology_flags
from tierkit.features.horizon import win_horizon
from tierkit.features.known_days import note_late
from tierkit.features.settings import FeatureSettings
from tierkit.features.vocabulary import common_technologies, known_kinds
from tierkit.features.windows import count_windows
from tierkit.inputs.staging import day_number, days_since_1970
from tierkit.inputs.tables import Tables

MISSING_FLAGS = ("industry", "country", "employees", "annual_revenue", "technologies")
"""Fields whose absence is a feature of its own, `missing_<field>`."""


def build_deal_rows(
    tables: Tables,
    *,
    before: pd.Timestamp,
    settings: FeatureSettings | None = None,
    horizon_days: int | None = None,
) -> pd.DataFrame:
    """One row per new-business deal opened on or before `before`; undated: one per closed deal.

    Parameters
    ----------
    before : the last day anything may be known, outcomes included; a deal closed later is open.
    horizon_days : days a deal has to be won; unset, `win_horizon`.

    Returns
    -------
    row_id (= deal_id), deal_id, account_id, group_id, as_of (opened_at less the gap), opened_at, closed_at, outcome,
    horizon_days, won_in_horizon (missing while immature), won_acv (of deals won by `before`), owner_id, has_open_deal
    and is_customer as of as_of, then the features as of as_of and the deal's own columns. Text `str`, all else float64;
    sorted by opened_at and deal_id. `attrs["known_when"]`, JSON, says of each field of accounts how it is
    dated.
    """
    settings, before = settings or FeatureSettings(), pd.Timestamp(before)
    known = deal_book.known_deals(tables, before=before)
    known = known[known["is_new_business"]]
    brief = deal_book.lived_briefly(known) if settings.drop_brief_deals else None
    if brief is not None:
        known = known[~brief]
    if not tables.is_dated:
        known = known[known["outcome"] != "open"]
    elif horizon_days is None:
        horizon_days = win_horizon(tables, before=before, settings=settings).days
    known = known.reset_index(drop=True)

    gap = settings.opening_gap_days
    gap = gap if gap is not None else (30 if tables.has_accounts else 1)
    account = known["account_id"] if "account_id" in known else known["deal_id"]
    rows = pd.DataFrame(
        {
            "row_id": known["deal_id"].astype("str"),
            "deal_id": known["deal_id"].astype("str"),
            "account_id": account.astype("str"),
            "as_of": known["opened_at"] - pd.Timedelta(days=gap),
            "opened_at": known["opened_at"],
            "closed_at": known["closed_at"],
            "outcome": known["outcome"].astype("str"),
            "horizon_days": float(horizon_days) if horizon_days is not None and tables.is_dated else np.nan,
        }
    )
    rows["won_in_horizon"] = deal_book.label_wins(
        known, horizon_days=horizon_days if tables.is_dated else None, before=before
    )
    won_acv = known["acv"].astype("float64") if "acv" in known else pd.Series(np.nan, known.index)
    rows["won_acv"] = won_acv.where(known["outcome"] == "won")
    # Undated deals have no moment: their fields are those of today, and nothing is counted in windows.
    rows["as_of_day"] = days_since_1970(rows["as_of"].fillna(before)).astype("int64")
    rows["own_deal_id"] = rows["deal_id"]
    rows = _with_features(rows, tables, cutoff=before)
    taken = set(rows.columns)
    own = deal_book.own_columns(tables, known, rows["as_of_day"], taken=taken)
    if tables.is_dated:
        # A deal's own columns are written from the day it opens.
        note_late(rows, deal_book.own_late(tables, known, days_since_1970(rows["opened_at"]), taken=taken))
    if "owner_id" in known:
        rows["owner_id"] = known["owner_id"].astype("str")
    rows.insert(3, "group_id", deal_book.group_ids(tables, known, own))
    if brief is not None:
        rows.attrs["n_brief_dropped"] = int(brief.sum())
    return _finish(rows, own)


def build_account_rows(tables: Tables, *, as_of: pd.Timestamp, settings: FeatureSettings | None = None) -> pd.DataFrame:
    """One row per account that existed at `as_of`; without accounts, one per deal open then.

    Returns
    -------
    row_id (= account_id), account_id, group_id, as_of, name, owner_id, segment where given, has_open_deal and
    is_customer as known then, and the features of `build_deal_rows`; without accounts also deal_id, opened_at and the
    deal's own columns. Sorted by account_id.
    """
    as_of = pd.Timestamp(as_of)
    if not tables.has_accounts:
        return _open_deal_rows(tables, as_of=as_of)
    accounts = _existing_accounts(tables, as_of=as_of)
    rows = pd.DataFrame(
        {
            "row_id": accounts["account_id"],
            "account_id": accounts["account_id"],
            "group_id": deal_book.entities(tables, accounts["account_id"]),
            "as_of": as_of,
        }
    )
    if "name" in accounts:
        rows["name"] = accounts["name"].astype("str")
    rows["as_of_day"] = day_number(as_of)
    rows["own_deal_id"] = pd.Series(pd.NA, rows.index, dtype="str")
    return _finish(_with_features(rows, tables, cutoff=as_of))


def build_panel_rows(
    tables: Tables,
    *,
    before: pd.Timestamp,
    settings: FeatureSettings | None = None,
    horizon_days: int | None = None,
    every_months: int | None = None,
) -> pd.DataFrame:
    """One row per account and month end, `every_months` apart, whose horizon is over by `before`.

    Half a year apart unless stated, so that horizons hardly overlap; closer where the history is too short for four.
    Of more than `panel_accounts` accounts so many are drawn by their ids, each with all its months: the same ones
    whatever else is given, and month after month.

    Returns
    -------
    row_id (`<account_id>@<as_of>`), account_id, group_id, as_of, opened_in_horizon (1.0 if a new-business deal opened
    after as_of and within the horizon, else 0.0), worked (we touched it in the year before; True where no touch has a
    direction), owner_id, has_open_deal, is_customer, and the features of `build_account_rows`. Accounts enter once they
    exist;
    months start 90 days after the first deal. Without accounts or dates: no rows. Sorted by as_of and account_id.
    """
    before = pd.Timestamp(before)
    settings = settings or FeatureSettings()
    months: list[pd.Timestamp] = []
    if tables.is_dated and tables.has_accounts:
        horizon_days = horizon_days or win_horizon(tables, before=before, settings=settings).days
        months = _panel_months(tables, before=before, horizon_days=horizon_days, every_months=every_months)
    drawn = _drawn(_existing_accounts(tables, as_of=before), most=settings.panel_accounts) if months else pd.DataFrame()
    parts = [_created_by(month, drawn)[["account_id"]].assign(as_of=month) for month in months]
    empty = pd.DataFrame({"account_id": pd.Series(dtype="str"), "as_of": pd.Series(dtype="datetime64[ns]")})
    rows = pd.concat(parts, ignore_index=True) if parts else empty
    rows["as_of"] = rows["as_of"].astype("datetime64[ns]")
    rows.insert(0, "row_id", rows["account_id"] + "@" + rows["as_of"].dt.strftime("%Y-%m-%d").astype("str"))
    rows.insert(2, "group_id", deal_book.entities(tables, rows["account_id"]))
    rows["opened_in_horizon"] = _opened_in_horizon(tables, rows, before=before, horizon_days=horizon_days or 0)
    rows["horizon_days"] = float(horizon_days or 0)
    rows["as_of_day"] = days_since_1970(rows["as_of"]).astype("int64")
    rows["own_deal_id"] = pd.Series(pd.NA, rows.index, dtype="str")
    rows = _with_features(rows, tables, cutoff=before)
    touched = rows["n_outbound_365d"] if "n_outbound_365d" in rows else pd.Series(1.0, rows.index)
    directed = len(tables.sql("SELECT 1 FROM stage_activities WHERE direction = 'outbound' LIMIT 1")) > 0
    rows.insert(list(rows.columns).index("opened_in_horizon") + 1, "worked", (touched > 0) if directed else True)
    return _finish(rows)


def build_month_rows(
    tables: Tables, *, months: Sequence[pd.Timestamp], cutoff: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The rows of `build_account_rows` at several month ends at once, for a replay: one pass over the tables.

    Columns (kinds of activity, common technologies) are chosen as known at `cutoff`, the last of `months` unless given.
    Accounts are needed. Sorted by as_of and account_id.
    """
    days = sorted(pd.Timestamp(month) for month in months)
    rows = pd.concat([_existing_accounts(tables, as_of=day).assign(as_of=day) for day in days], ignore_index=True)
    rows = rows[["account_id", "as_of", *(["name"] if "name" in rows else [])]]
    rows["as_of"] = rows["as_of"].astype("datetime64[ns]")
    rows.insert(0, "row_id", rows["account_id"])
    rows.insert(2, "group_id", deal_book.entities(tables, rows["account_id"]))
    rows["as_of_day"] = days_since_1970(rows["as_of"]).astype("int64")
    rows["own_deal_id"] = pd.Series(pd.NA, rows.index, dtype="str")
    return _finish(_with_features(rows, tables, cutoff=days[-1] if cutoff is None else cutoff))


def _with_features(rows: pd.DataFrame, tables: Tables, *, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The one path from a moment to its features.

    `rows` has account_id, as_of_day and own_deal_id; `cutoff` is the day at which columns are chosen.
    """
    moments = rows[["account_id", "as_of_day", "own_deal_id"]].reset_index(drop=True)
    moments.insert(0, "moment", np.arange(len(moments), dtype="int64"))
    cutoff_day = day_number(cutoff)
    known_when: dict[str, str] = {}
    counts = pd.DataFrame(index=rows.index)
    if tables.has_accounts and (tables.is_dated or rows["as_of"].notna().all()):
        counts = count_windows(tables, moments, known_kinds(tables, cutoff_day=cutoff_day)).set_axis(rows.index)
    out = rows
    if tables.has_accounts:
        values = field_values(tables, moments)
        known_when = values.known_when
        out = _with_fields(rows, tables, values, _technologies(tables, cutoff=cutoff))
    is_customer = out.pop("is_customer") if "is_customer" in out else pd.Series(np.nan, rows.index)
    if known_when.get("is_customer") != "dated" and not _is_today(tables, cutoff):
        # Today's flag says nothing of an earlier day.
        is_customer = is_customer * np.nan
    won = counts.get("n_won_past", 0.0)
    open_deals = counts["n_open_deals"] if "n_open_deals" in counts else pd.Series(0.0, rows.index)
    out = out.assign(has_open_deal=open_deals > 0, is_customer=(is_customer.fillna(0) > 0) | (won > 0))
    out = pd.concat([out, counts], axis=1)
    # As text: pandas copies attributes deeply at every slice, and a model slices thousands of times.
    out.attrs["known_when"] = json.dumps(known_when)
    if tables.has_accounts:
        note_late(out, fields_late(tables, rows, known_when))
    return out


def _with_fields(
    rows: pd.DataFrame, tables: Tables, values: FieldValues, technologies: tuple[str, ...]
) -> pd.DataFrame:
    out = {}
    frame = values.frame.set_axis(rows.index)
    for name in DESCRIBES:
        if name in frame:
            out[name] = frame[name]
    for name in frame.columns:
        if name not in DESCRIBES and name != "technologies":
            # A column of the company's own may not pass for one of ours.
            out[f"account_{name}" if is_built(name) or name in rows else name] = frame[name]
    if "technologies" in frame:
        flags = technology_flags(frame["technologies"], technologies)
        out |= {str(name): flag for name, flag in flags.items()}
        values.known_when.update(dict.fromkeys(map(str, flags), values.known_when["technologies"]))
    for name in MISSING_FLAGS:
        if name in frame:
            out[f"missing_{name}"] = frame[name].isna().astype("float64")
            values.known_when[f"missing_{name}"] = values.known_when[name]
    if tables.has("accounts", "created_at"):
        created = days_since_1970(tables.frame("accounts").set_index("account_id")["created_at"])
        age = rows["as_of_day"] - created.reindex(rows["account_id"]).set_axis(rows.index).astype("float64")
        # A deal may open within the gap of its account's first day: the account was new then, not of negative age.
        out["tenure_days"] = age.clip(lower=0).astype("float64")
    return pd.concat([rows, pd.DataFrame(out, index=rows.index)], axis=1)


def _technologies(tables: Tables, *, cutoff: pd.Timestamp) -> tuple[str, ...]:
    """Technologies common among the accounts that existed at the cutoff, as known then."""
    if "technologies" not in account_fields(tables):
        return ()
    accounts = _existing_accounts(tables, as_of=cutoff)
    moments = pd.DataFrame({"moment": np.arange(len(accounts), dtype="int64"), "account_id": accounts["account_id"]})
    moments["as_of_day"] = day_number(cutoff)
    return common_technologies(field_values(tables, moments, only=["technologies"]).frame["technologies"])


def _existing_accounts(tables: Tables, *, as_of: pd.Timestamp) -> pd.DataFrame:
    accounts = _created_by(as_of, tables.frame("accounts"))
    return accounts.sort_values("account_id", kind="stable").reset_index(drop=True)


def _created_by(day: pd.Timestamp, accounts: pd.DataFrame) -> pd.DataFrame:
    return accounts[~(accounts["created_at"] > day)] if "created_at" in accounts else accounts


def _drawn(accounts: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """At most so many accounts, those with the smallest hash of their id, in the order they have."""
    if len(accounts) <= most:
        return accounts
    lots = pd.util.hash_array(accounts["account_id"].to_numpy(dtype=object), categorize=False)
    return accounts.iloc[np.sort(np.argsort(lots, kind="stable")[:most])]


def _is_today(tables: Tables, day: pd.Timestamp) -> bool:
    return tables.data_through is None or day >= tables.data_through


def _panel_months(
    tables: Tables, *, before: pd.Timestamp, horizon_days: int, every_months: int | None
) -> list[pd.Timestamp]:
    """Month ends from the last mature one backwards, to 90 days after the first deal."""
    opened = tables.frame("deals")["opened_at"].dropna()
    if opened.empty:
        return []
    last = before - pd.Timedelta(days=horizon_days)
    ends = pd.date_range(opened.min() + pd.Timedelta(days=90), last, freq="ME")
    apart = every_months or next((n for n in (6, 3) if len(ends) > 3 * n), 1)
    return [pd.Timestamp(end) for end in ends[::-1][::apart][::-1]]


def _opened_in_horizon(tables: Tables, rows: pd.DataFrame, *, before: pd.Timestamp, horizon_days: int) -> pd.Series:
    if rows.empty:
        return pd.Series(dtype="float64")
    deals = deal_book.known_deals(tables, before=before)
    deals = deals[deals["is_new_business"]].sort_values("opened_at", kind="stable")
    later = pd.merge_asof(
        rows[["account_id", "as_of"]],
        deals[["account_id", "opened_at"]].assign(opened_at=lambda d: d["opened_at"].astype("datetime64[ns]")),
        left_on="as_of",
        right_on="opened_at",
        by="account_id",
        direction="forward",
        allow_exact_matches=False,
    )
    due = later["as_of"] + pd.Timedelta(days=horizon_days)
    return (later["opened_at"] <= due).astype("float64").set_axis(rows.index)


def _open_deal_rows(tables: Tables, *, as_of: pd.Timestamp) -> pd.DataFrame:
    known = deal_book.known_deals(tables, before=as_of)
    known = known[known["is_new_business"] & (known["outcome"] == "open")]
    known = known.sort_values("deal_id", kind="stable").reset_index(drop=True)
    account = known["account_id"] if "account_id" in known else known["deal_id"]
    rows = pd.DataFrame(
        {
            "row_id": account.astype("str"),
            "deal_id": known["deal_id"].astype("str"),
            "account_id": account.astype("str"),
            "as_of": as_of,
            "opened_at": known["opened_at"],
        }
    )
    rows["as_of_day"] = day_number(as_of)
    rows["own_deal_id"] = rows["deal_id"]
    own = deal_book.own_columns(tables, known, rows["as_of_day"], taken=set(rows.columns))
    rows.insert(3, "group_id", deal_book.group_ids(tables, known, own))
    if "owner_id" in known:
        rows["owner_id"] = known["owner_id"].astype("str")
    return _finish(rows.assign(has_open_deal=True, is_customer=False), own)


def _finish(rows: pd.DataFrame, own: pd.DataFrame | None = None) -> pd.DataFrame:
    out = rows.drop(columns=["as_of_day", "own_deal_id"])
    if own is not None:
        out = pd.concat([out, own.set_axis(out.index)], axis=1)
    out.attrs = dict(rows.attrs)
    return out
