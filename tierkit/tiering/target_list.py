"""The target account list as it was kept: what was won outside it, how it changed, where its accounts stand (T19)."""

import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables

OUTSIDE = "outside the list"


def wins_by_list(tables: Tables, *, as_of: str | pd.Timestamp, months: int = 12) -> pd.DataFrame | None:
    """New-business deals of the months to `as_of`, by the list source of their account on the day they opened.

    Returns
    -------
    One row per source and one for `outside the list`, last: source, n_deals, n_won (by `as_of`), won_acv (missing
    without amounts), share_of_wins. None without a target list, without accounts, or without dates.
    """
    if not (tables.has("tal") and tables.has_accounts and tables.is_dated):
        return None
    day = pd.Timestamp(as_of)
    deals = known_deals(tables, before=day)
    deals = deals[deals["is_new_business"] & (deals["opened_at"] > day - pd.DateOffset(months=months))]
    won = deals["outcome"] == "won"
    acv = deals["acv"].astype("float64") if "acv" in deals else pd.Series(float("nan"), deals.index)
    source = _source_on(tables, deals["account_id"], deals["opened_at"])
    rows = pd.DataFrame({"source": source, "won": won, "acv": acv.where(won)})
    by = rows.groupby("source")
    table = pd.DataFrame(
        {"n_deals": by.size(), "n_won": by["won"].sum().astype("int64"), "won_acv": by["acv"].sum(min_count=1)}
    ).reindex(_sources(tables))
    table[["n_deals", "n_won"]] = table[["n_deals", "n_won"]].fillna(0).astype("int64")
    table["share_of_wins"] = table["n_won"] / max(int(table["n_won"].sum()), 1)
    return table.reset_index()


def list_changes(tables: Tables, *, as_of: str | pd.Timestamp, months: int = 12) -> pd.DataFrame | None:
    """How the list changed, month by month to `as_of`.

    Returns
    -------
    One row per month, the oldest first: month ("YYYY-MM"), n_added, n_removed (accounts), n_on_list (at its end, or on
    `as_of`). An account on the list twice at a time counts once. None without a target list.
    """
    if not tables.has("tal"):
        return None
    day = pd.Timestamp(as_of)
    rows = []
    for period in pd.period_range(end=day.to_period("M"), periods=months, freq="M"):
        start, end = period.start_time, min(period.end_time.normalize(), day)
        before = set(_on(tables, start - pd.Timedelta(days=1))["account_id"])
        after = set(_on(tables, end)["account_id"])
        rows.append((str(period), len(after - before), len(before - after), len(after)))
    return pd.DataFrame(rows, columns=["month", "n_added", "n_removed", "n_on_list"])


def tiers_by_source(tables: Tables, tiers: pd.DataFrame, *, as_of: str | pd.Timestamp) -> pd.DataFrame | None:
    """Accounts of each tier by the list source they stand under on `as_of`.

    Returns
    -------
    One row per source and tier: source (`outside the list` last), tier, n_accounts, share (of the accounts of that
    source). None without a target list.
    """
    if not tables.has("tal"):
        return None
    on = pd.Series(pd.Timestamp(as_of), tiers.index)
    rows = pd.DataFrame({"source": _source_on(tables, tiers["account_id"], on), "tier": tiers["tier"].astype("int64")})
    count = rows.groupby(["source", "tier"]).size()
    whole = pd.MultiIndex.from_product([_sources(tables), sorted(rows["tier"].unique())], names=["source", "tier"])
    table = count.reindex(whole, fill_value=0).rename("n_accounts").reset_index()
    of_source = table.groupby("source")["n_accounts"].transform("sum")
    return table.assign(share=(table["n_accounts"] / of_source.where(of_source > 0)).astype("float64"))


def _stays(tables: Tables) -> pd.DataFrame:
    stays = tables.frame("tal")
    source = stays["source"].astype("str").fillna("unnamed") if "source" in stays else "unnamed"
    left = pd.to_datetime(stays["left_at"]) if "left_at" in stays else pd.NaT
    entered = pd.to_datetime(stays["entered_at"])
    return pd.DataFrame(
        {"account_id": stays["account_id"].astype("str"), "entered_at": entered, "left_at": left, "source": source}
    )


def _sources(tables: Tables) -> pd.Index:
    return pd.Index([*sorted(set(_stays(tables)["source"])), OUTSIDE], name="source", dtype="str")


def _on(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """Stays that hold on a day: `left_at` is the first day off the list."""
    stays = _stays(tables)
    return stays[(stays["entered_at"] <= day) & ~(stays["left_at"] <= day)]


def _source_on(tables: Tables, account_id: pd.Series, day: pd.Series) -> pd.Series:
    """The source of each account on its day, the one that put it there first; `outside the list` where none did."""
    asked = pd.DataFrame({"account_id": account_id.astype("str"), "day": day, "row": range(len(account_id))})
    found = asked.merge(_stays(tables), on="account_id")
    found = found[(found["entered_at"] <= found["day"]) & ~(found["left_at"] <= found["day"])]
    found = found.sort_values(["row", "entered_at", "source"], kind="stable").drop_duplicates("row").set_index("row")
    source = found["source"].reindex(range(len(account_id))).fillna(OUTSIDE).astype("str")
    return source.set_axis(account_id.index)
