"""What moved since the tiers before, and why; how steady the tiers are."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

NOT_TIERED = 9
"""Stands for "no tier" while moves are compared: worse than every tier."""
_ENDED = {
    "trigger": "its window ended",
    "override": "its override ended",
    "strategic": "its claim holds no slot",
    "exploration": "its trial ended",
}
_OVERLAYS = tuple(_ENDED)


def tier_changes(tiers: pd.DataFrame, previous: pd.DataFrame, *, gates: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every account whose tier is not what it was: from, to, the cause, and a sentence for people.

    Parameters
    ----------
    tiers : an assignment; account_id, tier, base_tier, tier_by, tier_reason; name and owner_id where there are some.
    previous : the tiers before: account_id, tier, base_tier, and tier_by where it is known.
    gates : every input account with gate and gate_reason, to say why an account left.

    Returns
    -------
    One row per move, by account_id: account_id, name, from_tier, to_tier (empty: not tiered), cause, sentence. Causes:
    entered; left (gate); trigger, override, strategic (its overlay came or went; a window that ended is "trigger
    ended"); deal open; value rank (it changed places with an account of the same rep); capacity (nobody took its place,
    or a free one was there).
    """
    moves = _moves(tiers, previous, gates)
    rivals = _rivals(moves)
    said = [_say(move, rival) for move, rival in zip(moves.to_dict("records"), rivals, strict=True)]
    return pd.DataFrame(
        {
            "account_id": moves["account_id"],
            "name": moves["name"],
            "from_tier": moves["before"].where(moves["before"] < NOT_TIERED).astype("Int64"),
            "to_tier": moves["after"].where(moves["after"] < NOT_TIERED).astype("Int64"),
            "cause": pd.Series([cause for cause, _ in said], moves.index, dtype="str"),
            "sentence": pd.Series([sentence for _, sentence in said], moves.index, dtype="str"),
        }
    )


def migration_matrix(tiers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Accounts by tier before (rows, last `new`) and tier now (columns, last `not tiered`)."""
    both = _both(tiers, previous)
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
    both = _both(tiers, previous)
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


def _both(tiers: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Tier before and after of every account that has one of them, by account_id; `NOT_TIERED` where it has none."""
    now, then = (frame.set_index(frame["account_id"].astype("str"))["tier"] for frame in (tiers, previous))
    both = pd.DataFrame({"before": then, "after": now}).dropna(how="all").sort_index()
    return both.astype("Float64").fillna(NOT_TIERED).astype("int64").rename_axis("account_id")


def _moves(tiers: pd.DataFrame, previous: pd.DataFrame, gates: pd.DataFrame | None) -> pd.DataFrame:
    both = _both(tiers, previous)
    moves = both[both["before"] != both["after"]].reset_index()
    sources = {
        "name": (tiers, gates, previous),
        "owner_id": (tiers, gates, previous),
        "base_tier": (tiers,),
        "tier_by": (tiers,),
        "tier_reason": (tiers,),
        "gate_reason": (gates,),
        "tier_by_before": (previous,),
        "base_tier_before": (previous,),
    }
    for column, frames in sources.items():
        moves[column] = _look_up(moves["account_id"], column.removesuffix("_before"), frames)
    moves["name"] = moves["name"].fillna(moves["account_id"]).astype("str")
    return moves


def _look_up(account_id: pd.Series, column: str, frames: tuple[pd.DataFrame | None, ...]) -> pd.Series:
    """A column of the first frame that has a value of it."""
    values = pd.Series(np.nan, account_id.index, dtype=object)
    for frame in frames:
        if frame is not None and column in frame:
            by_id = frame.set_index(frame["account_id"].astype("str"))[column].astype(object)
            values = values.where(values.notna(), account_id.map(by_id))
    return values


def _rivals(moves: pd.DataFrame) -> list[str]:
    """For each move the account of the same rep that took its place, or whose place it took; empty without one.

    In each tier of a rep those who left are paired in turn with those who came: pushed down with risen first.
    """
    owner = moves["owner_id"].fillna("").astype("str")
    down = moves["before"] < moves["after"]
    left = pd.DataFrame({"owner": owner, "tier": moves["before"], "last": ~down})
    came = pd.DataFrame({"owner": owner, "tier": moves["after"], "last": down})
    sides = [side.sort_values("last", kind="stable") for side in (left, came)]
    left, came = (side.assign(turn=side.groupby(["owner", "tier"]).cumcount()) for side in sides)
    pairs = left.reset_index(names="left").merge(came.reset_index(names="came"), on=["owner", "tier", "turn"])
    pairs = pairs[pairs["tier"] < NOT_TIERED]
    took = pd.Series(moves["name"].loc[pairs["came"]].to_numpy(), pairs["left"])
    gave = pd.Series(moves["name"].loc[pairs["left"]].to_numpy(), pairs["came"])
    rival = took.reindex(moves.index).where(down, gave.reindex(moves.index))
    return rival.fillna("").astype("str").tolist()


def _say(move: dict[Hashable, Any], rival: str) -> tuple[str, str]:
    """Cause and sentence of one move; a new overlay explains it first, then one that ended, then places."""
    before, after, by, why = move["before"], move["after"], move["tier_by"], str(move["tier_reason"])
    if before == NOT_TIERED:
        return "entered", f"new in Tier {after}: {why}"
    if after == NOT_TIERED:
        return "left (gate)", f"left Tier {before}: {_or(move['gate_reason'], 'no longer an input account')}"
    if by in _OVERLAYS:
        return by, why
    base_before = move["base_tier_before"]
    ended = _or(move["tier_by_before"], "trigger" if pd.notna(base_before) and before < base_before else "")
    if ended in _ENDED:
        return "trigger ended" if ended == "trigger" else ended, f"back in Tier {after}: {_ENDED[ended]}"
    if by == "deal open":
        return "deal open", why
    if after > before:
        return ("value rank", f"lost its slot to {rival}") if rival else ("capacity", f"no slot left in Tier {before}")
    return ("value rank", f"took the slot of {rival}") if rival else ("capacity", f"a slot was free in Tier {after}")


def _or(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise
