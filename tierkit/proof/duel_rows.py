"""The rows a duel is held on: new-business deals with their outcome, and the rating each had before it opened."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.deals import count_existing_business, known_deals, label_wins
from tierkit.features.fields import field_values
from tierkit.features.horizon import win_horizon
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.proof.outcomes import account_outcomes

SIZES = ("employees", "annual_revenue", "seats")
"""Columns that company size is read from where none is named, the first there is."""
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class DuelRows:
    """Deals to be judged.

    Attributes
    ----------
    tables : as opened, each deal with its account.
    deals : one row per new-business deal: row_id, account_id, group_id, opened_at, closed_at, outcome, won_in_horizon,
        is_open, horizon_days, acv, size (as known the day before the opening, where that is known), and the columns of
        the export.
    as_of : last day outcomes come from; missing where deals are undated.
    n_existing : deals left out since they expand or renew what an account has.
    size_name : the column that size was read from, empty where nobody knows it.
    """

    tables: Tables
    deals: pd.DataFrame
    as_of: pd.Timestamp
    horizon_days: int | None
    n_existing: int
    size_name: str


def own_tables(tables: Tables) -> Tables:
    """Tables whose deals belong to the accounts the export names, where there is no table of accounts."""
    deals = tables.frame("deals")
    if tables.has_accounts or "group_key" not in deals:
        return tables
    named = deals.assign(account_id=deals["group_key"].fillna(deals["deal_id"]))
    return tables.with_frame("deals", named)


def duel_rows(
    tables: Tables,
    *,
    as_of: pd.Timestamp | None = None,
    size: str | None = None,
    settings: FeatureSettings | None = None,
) -> DuelRows:
    """New-business deals opened by `as_of`, as they stood then."""
    tables = own_tables(tables)
    stated = pd.Timestamp(as_of) if as_of is not None else tables.data_through
    day: Any = stated if stated is not None and tables.is_dated else pd.NaT
    known = known_deals(tables, before=day)
    deals = known[known["is_new_business"]].reset_index(drop=True)
    horizon = win_horizon(tables, before=day, settings=settings).days if tables.is_dated else None
    label = label_wins(deals, horizon_days=horizon, before=day)
    deals = deals.assign(
        row_id=deals["deal_id"],
        group_id=deals["account_id"],
        won_in_horizon=label,
        is_open=label.notna() & (deals["outcome"] == "open"),
        horizon_days=np.nan if horizon is None else float(horizon),
    )
    name = _find_size(tables, deals, size)
    if name:
        own = name in deals
        deals = deals.assign(
            size=deals[name].astype("float64")
            if own
            else _sizes_on(tables, deals["account_id"], deals["opened_at"] - _DAY, name)
        )
    return DuelRows(tables, deals, day, horizon, count_existing_business(tables, before=day), name)


def rating_before(deals: pd.DataFrame, ratings: pd.DataFrame, column: str) -> pd.Series:
    """What `column` of dated ratings said of each deal's account on the day before the deal opened.

    Parameters
    ----------
    ratings : columns account_id, known_at (first day) and `column`; optional valid_to (last day).
    """
    return _in_force(deals["account_id"], deals["opened_at"] - _DAY, ratings, column)


def account_months(rows: DuelRows, ratings: pd.DataFrame, column: str, *, months: int) -> pd.DataFrame:
    """Every rated account at the newest month ends whose horizon is over, with what became of it.

    Accounts that had won before a month end are left out of it: they have no new business to win.

    Returns
    -------
    One row per account and month end: row_id, account_id, group_id, as_of, period, won_in_horizon, is_open,
    horizon_days, size where given, and `column`.
    """
    horizon = pd.Timedelta(days=rows.horizon_days or 0)
    first, last = ratings["known_at"].min(), rows.as_of - horizon
    ends = pd.date_range(first, last, freq="ME")[-months:] if first <= last else pd.DatetimeIndex([])
    accounts = pd.Index(ratings["account_id"].unique()).sort_values()
    first_win = rows.deals["closed_at"].where(rows.deals["outcome"] == "won").groupby(rows.deals["account_id"]).min()
    parts = []
    for end in ends:
        rated = _in_force(
            accounts.to_series(index=range(len(accounts))), pd.Series(end, range(len(accounts))), ratings, column
        )
        month = pd.DataFrame({"account_id": accounts, column: rated.to_numpy()})
        month = month[month[column].notna() & ~(month["account_id"].map(first_win) <= end).to_numpy()]
        outcomes = account_outcomes(
            rows.deals, month["account_id"], as_of=end, horizon_days=rows.horizon_days or 0, through=rows.as_of
        )
        parts.append(month.assign(as_of=end, won_in_horizon=outcomes["won_in_horizon"].to_numpy()))
    columns = ["account_id", column, "as_of", "won_in_horizon"]
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    out = out.assign(
        row_id=out["account_id"],
        group_id=out["account_id"],
        period=pd.to_datetime(out["as_of"]).dt.to_period("M").astype("str"),
        is_open=False,
        horizon_days=float(rows.horizon_days or np.nan),
    )
    if not rows.tables.has("accounts", rows.size_name) or out.empty:
        return out
    return out.assign(size=_sizes_on(rows.tables, out["account_id"], out["as_of"], rows.size_name))


def _in_force(accounts: pd.Series, day: pd.Series, ratings: pd.DataFrame, column: str) -> pd.Series:
    """The last rating of each account known on its `day`; missing once its last day is over."""
    asked = pd.DataFrame({"account_id": accounts.astype(object), "day": day, "at": np.arange(len(accounts))})
    asked["day"] = asked["day"].astype("datetime64[ns]")
    wanted = ["account_id", "known_at", column, *(["valid_to"] if "valid_to" in ratings else [])]
    given = ratings[wanted].dropna(subset=["account_id", "known_at"])
    given = given.assign(
        account_id=given["account_id"].astype(object), known_at=given["known_at"].astype("datetime64[ns]")
    )
    given = given.sort_values(["known_at", "account_id", column], kind="stable")
    dated = asked[asked["day"].notna()].sort_values(["day", "at"], kind="stable")
    found = pd.merge_asof(dated, given, left_on="day", right_on="known_at", by="account_id")
    value = found[column]
    if "valid_to" in found:
        value = value.where(~(found["valid_to"] < found["day"]))
    return (
        pd.Series(value.to_numpy(), index=accounts.index[found["at"].to_numpy()]).reindex(accounts.index).rename(column)
    )


def _find_size(tables: Tables, deals: pd.DataFrame, stated: str | None) -> str:
    """The first column of numbers that size can be read from; empty where there is none."""
    for name in (stated,) if stated else SIZES:
        for frame in (deals, tables.frame("accounts")):
            if name in frame and pd.api.types.is_numeric_dtype(frame[name]) and frame[name].notna().any():
                return name
    return ""


def _sizes_on(tables: Tables, accounts: pd.Series, day: pd.Series, name: str) -> pd.Series:
    """Size of each account as it was known on its day, or as it stands where nobody wrote down when it changed."""
    as_of_day = ((day - pd.Timestamp("1970-01-01")) // _DAY).fillna(0).astype("int64")
    moments = pd.DataFrame({"moment": np.arange(len(accounts)), "account_id": accounts, "as_of_day": as_of_day})
    return field_values(tables, moments, only=[name]).frame[name].astype("float64")
