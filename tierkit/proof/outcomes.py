"""What became of accounts after a day: the outcomes that tiers, forecasts and promises are held against."""

from collections.abc import Iterable
from typing import Any

import pandas as pd


def account_outcomes(
    deals: pd.DataFrame,
    account_ids: Iterable[str],
    *,
    as_of: pd.Timestamp,
    horizon_days: int,
    through: pd.Timestamp,
) -> pd.DataFrame:
    """Whether each account won a deal within the horizon after `as_of`, and for how much.

    Parameters
    ----------
    deals : new business as known at `through`; columns deal_id, account_id, opened_at, closed_at, outcome, acv.
    through : last day the outcomes cover.

    Returns
    -------
    One row per account, in the order given: account_id, won_in_horizon (1.0 if a deal that opened after `as_of` was won
    by `as_of` + horizon; missing while that day is after `through`), won_acv (their sum, missing without a win),
    top_deal_id and top_deal_acv (the largest of them).
    """
    ids = pd.Index(list(account_ids), dtype="str")
    until = as_of + pd.Timedelta(days=horizon_days)
    out = pd.DataFrame({"account_id": ids})
    if until > through:
        missing = pd.Series(pd.NA, out.index, dtype="str")
        return out.assign(
            won_in_horizon=float("nan"), won_acv=float("nan"), top_deal_id=missing, top_deal_acv=float("nan")
        )
    won = deals[(deals["opened_at"] > as_of) & (deals["outcome"] == "won") & (deals["closed_at"] <= until)]
    return out.assign(**_sums_of(won, ids), won_in_horizon=ids.isin(won["account_id"]).astype("float64"))


def won_of_opened(deals: pd.DataFrame, *, after: pd.Timestamp, until: pd.Timestamp, horizon_days: int) -> pd.DataFrame:
    """Deals that opened in (`after`, `until`] and were won within the horizon of their own opening.

    What expected value speaks of: P(a deal opens) x P(it is won in the horizon) x ACV. Known at `until` + horizon.
    """
    opened = deals[(deals["opened_at"] > after) & (deals["opened_at"] <= until)]
    due = opened["opened_at"] + pd.Timedelta(days=horizon_days)
    return opened[(opened["outcome"] == "won") & (opened["closed_at"] <= due)]


def _sums_of(won: pd.DataFrame, ids: pd.Index) -> dict[str, Any]:
    acv = won["acv"] if "acv" in won else pd.Series(float("nan"), won.index)
    won = won.assign(acv=acv).sort_values(
        ["acv", "deal_id"], ascending=[False, True], na_position="last", kind="stable"
    )
    top = won.drop_duplicates("account_id").set_index("account_id")
    total = won.groupby("account_id")["acv"].sum(min_count=1)
    return {
        "won_acv": total.reindex(ids).to_numpy(dtype="float64"),
        "top_deal_id": top["deal_id"].reindex(ids).to_numpy(),
        "top_deal_acv": top["acv"].reindex(ids).to_numpy(dtype="float64"),
    }
