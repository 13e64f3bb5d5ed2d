"""From which tier to which: the migration matrix, and how steady the tiers are."""

import numpy as np
import pandas as pd

NOT_TIERED = 9
"""Stands for "no tier" while moves are compared: worse than every tier."""


def migration_matrix(tiers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Accounts by tier before (rows, last `new`) and tier now (columns, last `not tiered`)."""
    both = both_tiers(tiers, previous)
    n = int(max(both.where(both < NOT_TIERED).max().max(), 1)) if len(both) else 1
    counts = pd.crosstab(both["before"], both["after"])
    order = [*range(1, n + 1), NOT_TIERED]
    counts = counts.reindex(index=order, columns=order, fill_value=0)
    counts.index = pd.Index([*map(str, range(1, n + 1)), "new"], name="from_tier", dtype="str")
    counts.columns = pd.Index([*map(str, range(1, n + 1)), "not tiered"], name="to_tier", dtype="str")
    return counts


def tier_stability(tiers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """How steady the tiers are: one row.

    Returns
    -------
    n_both (accounts tiered both times), n_moved, moved_share of them, n_moved_two (by two tiers or more),
    tier1_jaccard (accounts in Tier 1 both times over those in it at least once), weighted_kappa (quadratic; missing
    where everybody sits in one tier).
    """
    both = both_tiers(tiers, previous)
    before, after = both["before"].to_numpy(), both["after"].to_numpy()
    stayed = (before < NOT_TIERED) & (after < NOT_TIERED)
    n_both, step = int(stayed.sum()), np.abs(before - after)[stayed]
    ever_first = int(((before == 1) | (after == 1)).sum())
    n = int(max(before[stayed].max(), after[stayed].max())) if n_both else 1
    matrix = np.zeros((n, n))
    np.add.at(matrix, (before[stayed] - 1, after[stayed] - 1), 1)
    return pd.DataFrame(
        {
            "n_both": [n_both],
            "n_moved": [int((step > 0).sum())],
            "moved_share": [float((step > 0).mean()) if n_both else np.nan],
            "n_moved_two": [int((step > 1).sum())],
            "tier1_jaccard": [float(((before == 1) & (after == 1)).sum() / ever_first) if ever_first else np.nan],
            "weighted_kappa": [weighted_kappa(matrix)],
        }
    )


def weighted_kappa(matrix: np.ndarray, *, power: int = 2) -> float:
    """Cohen's kappa of a square table of counts, disagreement weighted by distance ** `power` (0 none, 1, 2).

    Missing where chance alone would agree fully. Source: Cohen 1968.
    """
    n = len(matrix)
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    weight = (distance > 0) if power == 0 else distance**power
    total = matrix.sum()
    if not total:
        return float("nan")
    by_chance = float((weight * np.outer(matrix.sum(axis=1), matrix.sum(axis=0))).sum() / total)
    return float(1 - (weight * matrix).sum() / by_chance) if by_chance else float("nan")


def both_tiers(tiers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Tier before and after of every account that has one of them, by account_id; `NOT_TIERED` where it has none."""
    now, then = (frame.set_index(frame["account_id"].astype("str"))["tier"] for frame in (tiers, previous))
    both = pd.DataFrame({"before": then, "after": now}).dropna(how="all").sort_index()
    return both.astype("Float64").fillna(NOT_TIERED).astype("int64").rename_axis("account_id")
