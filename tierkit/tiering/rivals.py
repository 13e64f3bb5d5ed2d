"""Who took whose place."""

import pandas as pd

from tierkit.tiering.migration import NOT_TIERED


def find_rivals(moves: pd.DataFrame, *, pooled: bool = False) -> dict[str, str]:
    """For each move down or out the account that took its place, for each move up the one whose place it took.

    Parameters
    ----------
    moves : one row per move, by account_id: account_id, owner_id, before, after (tiers, `NOT_TIERED` for none).
    pooled : whether places are shared beyond a rep: then those who found no rival among the rep's find one of all.

    Returns
    -------
    account_id of the rival by account_id, without those who have none. In each tier of a rep those who left are paired
    in turn with those who came: pushed down with risen first.
    """
    found = _pair(moves, moves["owner_id"].fillna("").astype("str"))
    if pooled:
        rest = moves[~moves["account_id"].isin(found)]
        taken = set(found.values())
        free = moves[~moves["account_id"].isin(taken)]
        both = moves.loc[rest.index.union(free.index)]
        more = _pair(both, pd.Series("", both.index))
        found |= {one: other for one, other in more.items() if one not in found}
    return found


def _pair(moves: pd.DataFrame, owner: "pd.Series[str]") -> dict[str, str]:
    down = moves["before"] < moves["after"]
    left = pd.DataFrame({"owner": owner, "tier": moves["before"], "last": ~down})
    came = pd.DataFrame({"owner": owner, "tier": moves["after"], "last": down})
    sides = [side.sort_values("last", kind="stable") for side in (left, came)]
    left, came = (side.assign(turn=side.groupby(["owner", "tier"]).cumcount()) for side in sides)
    pairs = left.reset_index(names="left").merge(came.reset_index(names="came"), on=["owner", "tier", "turn"])
    pairs = pairs[pairs["tier"] < NOT_TIERED]
    ids = moves["account_id"].astype("str")
    took = dict(zip(pairs["left"], ids.loc[pairs["came"]], strict=True))
    gave = dict(zip(pairs["came"], ids.loc[pairs["left"]], strict=True))
    rival = {i: (took if down.loc[i] else gave).get(i) for i in moves.index}
    return {ids.loc[i]: other for i, other in rival.items() if other is not None}
