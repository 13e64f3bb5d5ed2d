"""Every move taken apart: the part of each step in the tier and in the value, the cause, and whose move made room."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from tierkit.tiering.migration import NOT_TIERED
from tierkit.tiering.rivals import find_rivals
from tierkit.tiering.steps import STEPS, VALUED, Walk

_PATH = ("start", *STEPS)


@dataclass(frozen=True)
class Explained:
    """What the walk says of each move.

    Attributes
    ----------
    moves : one row per account that changed tier, by account_id: account_id, from_tier, to_tier (`NOT_TIERED` for
        none), cause (a step) and tier_<step>: what the step added to the number of the tier (-1 is one tier better; not
        tiered counts as one below the last). from + parts = to.
    tiers : tier of every account (index account_id) at the start and after each step, in the same count.
    values : one row per account tiered at either time, by account_id: account_id, value_before, value_after,
        value_<step> of `VALUED`; a value that is not there counts as 0, so before + parts = after.
    rivals : for each step, who took whose place in it. lowest : what not tiered counts as in `tiers`.
    """

    moves: pd.DataFrame
    tiers: pd.DataFrame
    values: pd.DataFrame
    rivals: Mapping[str, Mapping[str, str]]
    lowest: int


def explain_moves(walk: Walk, *, pooled: bool) -> Explained:
    """Parts and causes of a walk.

    Parameters
    ----------
    pooled : whether places are shared beyond a rep, by sizes or shares.

    The cause of a move is the step that moved it furthest the way it went; of equal ones the last.
    """
    by_step = {step: _by_id(walk.tiers[step], "tier") for step in _PATH}
    tiers = pd.DataFrame({step: tier.astype("Float64") for step, tier in by_step.items()})
    tiers = tiers.dropna(how="all").sort_index().rename_axis("account_id")
    lowest = int(tiers.max().max()) + 1 if len(tiers) else 1
    tiers = tiers.fillna(lowest).astype("int64")
    parts = tiers.diff(axis=1)[list(STEPS)].astype("int64")
    net = tiers["gates"] - tiers["start"]
    moved = net != 0
    rivals = {}
    for a, b in pairwise(_PATH):
        rivals[b] = _rivals(tiers[a], tiers[b], _by_id(walk.tiers[b], "owner_id", walk.tiers[a]), lowest, pooled)
    # Ties go to the last step: it brought the account to where it stands.
    along = parts[moved].mul(np.sign(net[moved]), axis=0)
    furthest = len(STEPS) - 1 - np.argmax(along.to_numpy()[:, ::-1], axis=1) if moved.any() else np.zeros(0, int)
    both = tiers.loc[moved, ["start", "gates"]]
    moves = pd.DataFrame(
        {
            "from_tier": both["start"].where(both["start"] < lowest, NOT_TIERED),
            "to_tier": both["gates"].where(both["gates"] < lowest, NOT_TIERED),
            "cause": pd.Series(np.array(list(STEPS), dtype=object)[furthest], both.index, dtype="str"),
        }
    )
    moves = moves.join(parts[moved].add_prefix("tier_")).reset_index()
    return Explained(moves, tiers, _value_parts(walk.values, tiers.index), rivals, lowest)


def _value_parts(values: pd.DataFrame, tiered: pd.Index) -> pd.DataFrame:
    mine = values.reindex(tiered)
    path = ["start", *VALUED]
    # An account that is new to the data has no value before the last step, which brought it.
    whole = mine.assign(start=mine["start"].fillna(0.0))
    for before, step in zip(path, VALUED, strict=False):
        whole[step] = whole[step].fillna(0.0 if step == "gates" else whole[before])
    parts = whole[path].diff(axis=1)[list(VALUED)].add_prefix("value_")
    known = pd.DataFrame({"value_before": mine["start"], "value_after": mine["gates"]})
    return known.join(parts).rename_axis("account_id").reset_index()


def _rivals(before: pd.Series, after: pd.Series, owner: pd.Series, lowest: int, pooled: bool) -> dict[str, str]:
    moved = before.index[before != after]
    moves = pd.DataFrame(
        {
            "account_id": moved,
            "owner_id": owner.reindex(moved).astype("str").to_numpy(),
            "before": before[moved].where(before[moved] < lowest, NOT_TIERED).to_numpy(),
            "after": after[moved].where(after[moved] < lowest, NOT_TIERED).to_numpy(),
        }
    )
    return find_rivals(moves, pooled=pooled)


def _by_id(frame: pd.DataFrame, column: str, otherwise: pd.DataFrame | None = None) -> pd.Series:
    """A column by account_id; of accounts the frame lacks, from the other."""
    found = pd.Series(dtype="str")
    for one in (frame, otherwise):
        if one is not None and column in one:
            values = one.set_index(one["account_id"].astype("str"))[column]
            found = values if found.empty else pd.concat([found, values[~values.index.isin(found.index)]])
    return found
