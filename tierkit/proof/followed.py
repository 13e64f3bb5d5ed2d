"""What became of the accounts that people decided over, and of those of their tier that nobody moved."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.in_use import TiersInUse

FOLLOWED = ("made_on", "known_on", "from_tier", "to_tier", "direction", "won", "n_peers", "n_peers_won")
"""Columns of every decision that was followed, whoever made it."""


def follow_decisions(
    tables: Tables, decisions: pd.DataFrame, record: pd.DataFrame, *, as_of: pd.Timestamp, moved: Collection[str]
) -> list[dict[Hashable, Any]]:
    """What became of each decided account, and of those of its tier that nobody moved.

    Parameters
    ----------
    decisions : columns account_id, made_on, known_on, and whatever else each row carries along.
    record : tiers in use over time; columns account_id, tier, valid_from, valid_to (missing: until now).
    moved : accounts that are nobody's peers.

    Returns
    -------
    The rows of `decisions`, by day, plus from_tier (in use the day before, missing if none was), won (1.0 if a deal
    that opened after made_on was won by known_on; missing while that is after `as_of`), n_peers and n_peers_won
    (accounts of from_tier that day that nobody moved, and how many won in the same days).
    """
    deals = known_deals(tables, before=as_of)
    wins = deals[deals["is_new_business"] & (deals["outcome"] == "won")]
    in_use = TiersInUse(record)
    unmoved = ~in_use.accounts.isin(list(moved))
    rows: list[dict[Hashable, Any]] = []
    for key, part in decisions.groupby(["made_on", "known_on"], sort=True):
        made_on, known_on = (pd.Timestamp(str(k)) for k in key)
        tier = in_use.on(made_on - pd.Timedelta(days=1))
        winners: pd.Index | None = None
        if known_on <= as_of:
            until = made_on + pd.Timedelta(days=(known_on - made_on).days)
            inside = (wins["opened_at"] > made_on) & (wins["closed_at"] <= until)
            winners = pd.Index(wins.loc[inside, "account_id"].unique())
        rows += [row | _fate(str(row["account_id"]), in_use, tier, unmoved, winners) for row in part.to_dict("records")]
    return rows


def typed_decisions(table: pd.DataFrame, *, text: Sequence[str]) -> pd.DataFrame:
    """Followed decisions with the kinds of their columns; `text` names those of words."""
    numbers = ["from_tier", "to_tier", "won", "n_peers", "n_peers_won"]
    days = ["made_on", "known_on"]
    kinds = dict.fromkeys(text, "str") | dict.fromkeys(numbers, "float64") | dict.fromkeys(days, "datetime64[us]")
    return table.astype(kinds)


def _fate(
    account_id: str,
    in_use: TiersInUse,
    tiers: NDArray[np.float64],
    unmoved: NDArray[np.bool_],
    winners: pd.Index | None,
) -> dict[Hashable, Any]:
    """Where one account stood, whether it won, and how its peers fared."""
    place = in_use.accounts.get_indexer(pd.Index([account_id]))[0]
    tier = float(tiers[place]) if place >= 0 else np.nan
    if winners is None:
        return {"from_tier": tier, "won": np.nan, "n_peers": np.nan, "n_peers_won": np.nan}
    peers = (tiers == tier) & unmoved
    won = in_use.accounts.get_indexer(winners)
    return {
        "from_tier": tier,
        "won": float(account_id in winners),
        "n_peers": float(peers.sum()) if tier > 0 else np.nan,
        "n_peers_won": float(peers[won[won >= 0]].sum()) if tier > 0 else np.nan,
    }
