"""What moved since the tiers before, and why, as far as the tiers alone tell; `explain_moves` takes a move apart."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from tierkit.tiering.migration import NOT_TIERED, both_tiers, migration_matrix, tier_stability, weighted_kappa
from tierkit.tiering.rivals import find_rivals

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
    names = moves.set_index("account_id")["name"]
    rivals = moves["account_id"].map(find_rivals(moves)).map(names).fillna("")
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


def _moves(tiers: pd.DataFrame, previous: pd.DataFrame, gates: pd.DataFrame | None) -> pd.DataFrame:
    both = both_tiers(tiers, previous)
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


__all__ = ["NOT_TIERED", "migration_matrix", "tier_changes", "tier_stability", "weighted_kappa"]
