"""The tiers of one replayed month, beside those of company size and those in use."""

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.models.scorecard import fit_scorecard
from tierkit.models.settings import ModelSettings
from tierkit.proof.in_use import tiers_in_use
from tierkit.proof.lift import cut_tiers
from tierkit.proof.refits import Refit
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.policy import Policy

DEAL_SHARES = (0.1, 0.2, 0.3)
"""Share of a month's deals in each tier but the last, where deals are ranked and the sheet states no shares."""

COLUMNS = [
    "account_id",
    "as_of",
    "is_customer",
    "tier",
    "size_tier",
    "card_tier",
    "tier_in_use",
    "win_prob",
    "expected_value",
]
RANKED = ("size", "card_value")
"""Columns of a month besides: what the other two rankings go by."""


def tier_accounts(
    refit: Refit,
    rows: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: pd.Timestamp,
    previous: pd.DataFrame | None,
    models: ModelSettings,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A month's accounts (columns `COLUMNS`, tiers missing outside them), its gates, and its tiers for the next month.

    Size ranks accounts that are no customers yet, in as many places as the tiers give them: a customer has no new
    business to win, and would only weigh the baseline down.
    """
    scores = refit.score(rows, tables, as_of=as_of)
    gated = gate_accounts(scores, tables, policy, as_of=as_of, undated_policy=False)
    tiers = assign_tiers(gated, tables, policy, as_of=as_of, previous=previous, undated_policy=False)
    ids = scores["account_id"]
    tier = ids.map(tiers.set_index("account_id")["tier"]).astype("float64")
    customer = scores["is_customer"].fillna(False).astype("bool") if "is_customer" in scores else tier.notna() & False
    month = scores[["account_id", "win_prob", "expected_value"]].assign(as_of=as_of, is_customer=customer, tier=tier)
    inside = tier.notna() & ~customer
    sizes = [int((tier[inside] == t).sum()) for t in range(1, policy.n_tiers)]
    month["size_tier"] = np.nan
    size = size_of(rows, models)
    month["size"] = np.nan if size is None else size
    if size is not None:
        month.loc[inside, "size_tier"] = cut_tiers(size[inside], ids[inside], sizes)
    month["card_tier"] = month["card_value"] = np.nan
    if inside.any():
        card = fit_scorecard(scores[inside], refit.opening, refit.win, refit.acv, places=sizes)
        value = pd.Series(card.value(scores[inside]), scores.index[inside])
        month.loc[inside, "card_value"] = value
        month.loc[inside, "card_tier"] = cut_tiers(value, ids[inside], sizes)
    month["tier_in_use"] = ids.map(tiers_in_use(tables.frame("tier_history"), as_of)).astype("float64")
    return month[[*COLUMNS, *RANKED]], gated, tiers


def rank_deals(
    refit: Refit, rows: pd.DataFrame, tables: Tables, policy: Policy, *, after: pd.Timestamp, models: ModelSettings
) -> pd.DataFrame:
    """Deals of a month tiered among each other as they opened, where there are no accounts to tier."""
    scores = refit.score(rows, tables, as_of=after)
    value = scores["expected_value"] if refit.acv is not None else scores["win_prob"]
    sizes = [round(share * len(scores)) for share in policy.shares or DEAL_SHARES[: policy.n_tiers - 1]]
    month = scores[["account_id", "win_prob", "expected_value"]].assign(
        as_of=after, is_customer=False, tier_in_use=np.nan
    )
    month["tier"] = cut_tiers(value, scores["account_id"], sizes)
    size = size_of(rows, models)
    month["card_tier"] = np.nan
    month["size_tier"] = np.nan if size is None else cut_tiers(size, scores["account_id"], sizes)
    return month[COLUMNS]


def size_of(rows: pd.DataFrame, models: ModelSettings) -> pd.Series | None:
    """The column that company size is read from; None where nobody knows it."""
    names = (models.size_column,) if models.size_column else ("employees", "annual_revenue", "seats")
    for name in names:
        if name in rows and rows[name].notna().any():
            return pd.to_numeric(rows[name]).astype("float64")
    return None
