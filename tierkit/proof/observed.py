"""What happened in the tiers as people had them: ranking and effort together, so never a claim about either alone."""

from collections.abc import Sequence

import pandas as pd

from tierkit.errors import TableError
from tierkit.features.deals import known_deals, label_wins
from tierkit.inputs.tables import Tables
from tierkit.proof.in_use import tiers_in_use
from tierkit.proof.outcomes import account_outcomes

COLUMNS = [
    "unit",
    "kind",
    "row_id",
    "account_id",
    "as_of",
    "opened_at",
    "tier",
    "won_in_horizon",
    "is_open",
    "won_acv",
    "top_deal_id",
    "top_deal_acv",
    "horizon_days",
]


def tiers_acted_on(history: pd.DataFrame, published: Sequence[tuple[pd.Timestamp, pd.DataFrame]]) -> pd.DataFrame:
    """`tier_history` and every published month as one history: account_id, tier, valid_from, valid_to, tier_by.

    Parameters
    ----------
    published : day of each month's tiers, and the tiers; in force from the day after. An account that a month leaves
        out has no tier from then on.
    """
    months = sorted(published, key=lambda item: item[0])
    given = history.reindex(columns=["account_id", "tier", "valid_from", "valid_to"]).assign(tier_by="given")
    if months:
        first = months[0][0]
        given = given[given["valid_from"] <= first]
        given = given.assign(valid_to=given["valid_to"].where(given["valid_to"] <= first, first))
    parts = [given]
    for k, (day, tiers) in enumerate(months):
        until = months[k + 1][0] if k + 1 < len(months) else pd.NaT
        by = tiers["tier_by"].astype("str") if "tier_by" in tiers else "published"
        month = tiers[["account_id", "tier"]].assign(
            valid_from=day + pd.Timedelta(days=1), valid_to=pd.Series(until, tiers.index), tier_by=by
        )
        parts.append(month)
    whole = pd.concat([p for p in parts if len(p)] or [given], ignore_index=True)
    whole = whole.astype({"account_id": "str", "tier": "float64", "tier_by": "str"})
    for column in ("valid_from", "valid_to"):
        whole[column] = pd.to_datetime(whole[column])
    return whole.sort_values(["account_id", "valid_from"], kind="stable", ignore_index=True)


def observed_outcomes(
    tables: Tables,
    *,
    as_of: pd.Timestamp | str,
    horizon_days: int,
    acted_on: pd.Timestamp | str,
    history: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Deals and account months since tiers were acted on, in the tier in force then: rows of kind observed.

    Parameters
    ----------
    as_of : last day outcomes may come from.
    history : tiers in use, as `tiers_acted_on`; unset, `tier_history`.

    Returns
    -------
    The columns `tier_lift` takes: per new-business deal opened since `acted_on` (row_id the deal, as_of the day it
    opened), and per month end since then and account that was no customer yet (row_id the account). Immature rows have
    no won_in_horizon; rows without a tier in force have no tier.

    Raises
    ------
    TableError : deals carry no opening day.
    """
    if not tables.is_dated:
        raise TableError("deals: without 'opened_at' nobody knows which tier a deal opened in")
    through, since = pd.Timestamp(as_of), pd.Timestamp(acted_on)
    history = tables.frame("tier_history") if history is None else history
    deals = known_deals(tables, before=through)
    deals = deals[deals["is_new_business"]].reset_index(drop=True)
    deals = deals.assign(won_in_horizon=label_wins(deals, horizon_days=horizon_days, before=through))
    parts = [_deal_rows(deals[deals["opened_at"] >= since], history)]
    if tables.has_accounts:
        for end in pd.date_range(since, through, freq="ME"):
            parts.append(_account_rows(deals, history, pd.Timestamp(end), horizon_days, through))
    rows = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
    rows = rows.assign(kind="observed", horizon_days=float(horizon_days))[COLUMNS]
    return rows.sort_values(["unit", "as_of", "row_id"], kind="stable", ignore_index=True)


def _deal_rows(opened: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    won = opened["won_in_horizon"] == 1
    acv = (opened["acv"] if "acv" in opened else pd.Series(float("nan"), opened.index)).where(won)
    tier = opened["deal_id"].map(_tier_at_opening(opened, history)).astype("float64")
    return opened.assign(
        unit="deal",
        row_id=opened["deal_id"].astype("str"),
        as_of=opened["opened_at"],
        tier=tier,
        is_open=opened["won_in_horizon"].notna() & (opened["outcome"] == "open"),
        won_acv=acv,
        top_deal_id=opened["deal_id"].where(won),
        top_deal_acv=acv,
    )


def _tier_at_opening(opened: pd.DataFrame, history: pd.DataFrame) -> "pd.Series[float]":
    """Tier in force on the day each deal opened, the latest one begun: index deal_id."""
    end = history["valid_to"] if "valid_to" in history else pd.Series(pd.NaT, history.index)
    terms = history[["account_id", "tier", "valid_from"]].assign(valid_to=end)
    both = opened[["deal_id", "account_id", "opened_at"]].merge(terms, on="account_id")
    both = both[(both["valid_from"] <= both["opened_at"]) & ~(both["valid_to"] < both["opened_at"])]
    both = both.sort_values(["deal_id", "valid_from"], kind="stable")
    return both.drop_duplicates("deal_id", keep="last").set_index("deal_id")["tier"]


def _account_rows(
    deals: pd.DataFrame, history: pd.DataFrame, end: pd.Timestamp, horizon_days: int, through: pd.Timestamp
) -> pd.DataFrame:
    tier = tiers_in_use(history, end).sort_index()
    customers = deals.loc[(deals["outcome"] == "won") & (deals["closed_at"] <= end), "account_id"]
    tier = tier[~tier.index.isin(customers)]
    out = account_outcomes(deals, tier.index, as_of=end, horizon_days=horizon_days, through=through)
    return out.assign(
        unit="account",
        row_id=out["account_id"],
        as_of=end,
        opened_at=pd.Series(pd.NaT, out.index),
        tier=tier.to_numpy(),
        is_open=False,
    )
