"""What a replay got wrong: accounts without a place that won, and Tier 1 accounts that did not (requirement E8)."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.tiering.gates import NEEDS_INFO, OUT_OF_ICP

WON, FAILED = "won", "failed"


def find_misses(replay: pd.DataFrame, *, months: pd.DataFrame | None = None, limit: int = 10) -> pd.DataFrame:
    """The costliest misses of the replay: winners of the lowest tier, and Tier 1 accounts that did not win.

    Parameters
    ----------
    replay : as `backtest_policy` returns it; columns unit, kind, account_id, as_of, tier, won_in_horizon, won_acv,
        win_prob, expected_value, is_open.
    months : as `Replayed.months`; with it, winners count that a gate left without a tier for want of information, or
        for standing outside the ICP.
    limit : rows at most, half for each kind where both have enough.

    Returns
    -------
    One row per account: account_id, as_of (when it was tiered), tier (missing where a gate left it out), gate, miss
    (won, failed), won_acv, win_prob, expected_value, place and of (its rank that month, and of how many),
    is_open, unit, kind.

    A winner is judged by the last month end before its deal opened, a Tier 1 account by its newest; accounts that won
    in any month are no Tier 1 misses. Winners stand by value won, then Tier 1 by what was expected; ties by account_id.
    """
    mature = replay[replay["won_in_horizon"].notna()]
    unit = "account" if (mature["unit"] == "account").any() else "deal"
    rows = mature[mature["unit"] == unit].sort_values(["as_of", "account_id"], kind="stable")
    if months is not None and len(months):
        gates = months[["as_of", "account_id", "gate"]].astype({"as_of": rows["as_of"].dtype})
        rows = rows.merge(gates, on=["as_of", "account_id"], how="left")
    else:
        rows = rows.assign(gate=pd.Series(pd.NA, rows.index, dtype="str"))
    rows = rows[rows["tier"].notna() | rows["gate"].isin([NEEDS_INFO, OUT_OF_ICP])]
    by_month = rows.loc[rows["tier"].notna()].groupby("as_of")["expected_value"]
    rows = rows.assign(place=by_month.rank(ascending=False, method="first"), of=by_month.transform("size"))
    lowest = rows["tier"].max()
    winners = rows[rows["won_in_horizon"] == 1].drop_duplicates("account_id", keep="last")
    won = winners[winners["tier"].isna() | ((winners["tier"] == lowest) & (lowest > 1))]
    won = won.sort_values(["won_acv", "account_id"], ascending=[False, True], kind="stable").assign(miss=WON)
    failed = rows[(rows["tier"] == 1) & ~rows["account_id"].isin(winners["account_id"])]
    failed = failed.drop_duplicates("account_id", keep="last").assign(miss=FAILED)
    failed = failed.sort_values(["expected_value", "account_id"], ascending=[False, True], kind="stable")
    n_won = min(len(won), max(limit // 2, limit - len(failed)))
    misses = pd.concat([won.head(n_won), failed.head(limit - n_won)], ignore_index=True).assign(unit=unit)
    columns = ["account_id", "as_of", "tier", "gate", "miss", "won_acv", "win_prob", "expected_value", "place", "of"]
    shown: pd.DataFrame = misses[[*columns, "is_open", "unit", "kind"]]
    return shown


def what_happened(misses: pd.DataFrame, tables: Tables, *, through: pd.Timestamp, horizon_days: int) -> pd.DataFrame:
    """The misses with what became of each within its horizon: what (in words), n_touches (ours; missing where nobody
    wrote down which way a touch went).

    `through` is the last day outcomes may come from.
    """
    n_touches = touches_after(misses, tables, horizon_days=horizon_days, through=through)
    deals = known_deals(tables, before=through)
    deals = deals[deals["is_new_business"]]
    after = misses.reset_index()[["index", "account_id", "as_of"]].merge(deals, on="account_id")
    after = after.assign(until=after["as_of"] + pd.Timedelta(days=horizon_days))
    after = after[(after["opened_at"] > after["as_of"]) & (after["opened_at"] <= after["until"])]
    lost = set(after.loc[(after["outcome"] == "lost") & (after["closed_at"] <= after["until"]), "index"])
    opened = set(after["index"])
    said = [
        _what(row["miss"], lost=i in lost, opened=i in opened, touches=n)
        for i, row, n in zip(misses.index, misses.to_dict("records"), n_touches, strict=True)
    ]
    return misses.assign(what=pd.Series(said, misses.index, dtype="str"), n_touches=n_touches)


def touches_after(
    rows: pd.DataFrame, tables: Tables, *, horizon_days: int, through: pd.Timestamp
) -> "pd.Series[float]":
    """Our touches of each account in the days after its `as_of`; missing where touches carry no direction."""
    if not tables.has("activities", "direction"):
        return pd.Series(np.nan, rows.index)
    ids = pd.Index(rows["account_id"].astype(object).unique())
    touches = tables.rows_of("activities", ids)
    ours = touches[(touches["direction"] == "outbound").to_numpy(dtype=bool, na_value=False)]
    code = ids.get_indexer(pd.Index(ours["account_id"].astype(object)))
    days = pd.to_datetime(ours["occurred_at"]).to_numpy("datetime64[D]").astype("int64")
    order = np.lexsort((days[code >= 0], code[code >= 0]))
    # One number orders touches by account, then by day; a span is then two searches.
    key = code[code >= 0][order].astype(np.int64) * 10**6 + days[code >= 0][order]
    start = rows["as_of"].to_numpy("datetime64[D]").astype("int64")
    end = np.minimum(start + horizon_days, np.datetime64(through, "D").astype("int64"))
    own = ids.get_indexer(pd.Index(rows["account_id"].astype(object))).astype(np.int64) * 10**6
    n = np.searchsorted(key, own + end, side="right") - np.searchsorted(key, own + start, side="right")
    return pd.Series(n.astype("float64"), rows.index)


def _what(miss: Any, *, lost: bool, opened: bool, touches: float) -> str:
    if miss == WON:
        return "won"
    if lost:
        return "lost a deal"
    if opened:
        return "a deal opened and was not won in time"
    return "never approached" if touches == 0 else "no deal opened"
