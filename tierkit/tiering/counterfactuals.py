"""What would move an account: the least change that takes it out of Tier 1, or brings it in, as the models see it."""

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from tierkit.tiering.book import Flags, Floats
from tierkit.tiering.gates import QUALIFIED
from tierkit.tiering.learning import Score, owners_of, ranking_values, same_scale
from tierkit.tiering.levers import lever_rows
from tierkit.tiering.unknowns import learned_rows

_COLUMNS = {
    **{"account_id": "str", "owner_id": "str", "tier": "int64", "inside": "bool", "places": "int64"},
    **{"value": "float64", "cut": "float64", "held": "str", "n_tried": "int64", "lever": "str", "what": "str"},
    **{"now": "float64", "then": "float64", "then_words": "str", "new_value": "float64", "change": "str"},
}
_MIDDLE = (0.25, 0.75)
"""Of an unknown field only these quantiles are tried."""


def what_would_move(
    gated: pd.DataFrame,
    rows: pd.DataFrame,
    tiers: pd.DataFrame,
    capacity: pd.DataFrame,
    score: Score,
    *,
    used: Collection[str] | None = None,
    n_below: int = 2,
) -> pd.DataFrame:
    """For each Tier 1 account, and the best few below it of each rep, the least change that would move it.

    Parameters
    ----------
    gated, rows, tiers, capacity, score : as `learning_values` takes them; `score` is called once.
    used : columns the models look at, as `learned_rows` takes them.
    n_below : accounts outside Tier 1 for each owner: as many that wait for a place, as many that are not worth one.

    Returns
    -------
    One row per account, by account_id: account_id, owner_id, tier, inside (whether its value is among the greatest of
    its owner, as many as hold Tier 1 by value: what stability, claims and triggers hold is not asked), places (how many
    that is), value, cut (the value it must exceed, or fall below, to change sides: the last of these among the others),
    held (what fixes its tier whatever its value: "deal open", "off support", "waiting" for a place that stability keeps
    for another, or empty), n_tried, and of the change found: lever (as in `lever_rows`, or field), what, now, then
    (then_words, where it is no number), new_value and change (JSON of the columns it sets), all empty where nothing in
    the usual range moves it. No rows where `score` does not give the values that were gated: of somebody else's scores
    nothing is known.

    Of all that move it the change is taken that passes by the fewest qualified accounts; learning an unknown field
    counts only where no such change is found. The models are asked, not the world: a change of this kind need not bring
    what goes along with it.
    """
    if tiers.empty:
        return _table(pd.DataFrame())
    focus = _focus(tiers, capacity, n_below)
    features = rows.set_index(rows["account_id"].astype("str"), drop=False).rename_axis(None)
    focus = focus[focus["account_id"].isin(features.index)].reset_index(drop=True)
    if focus.empty:
        return _table(focus)
    mine = features.loc[focus["account_id"]].reset_index(drop=True)
    donors = features.loc[gated.loc[gated["gate"] == QUALIFIED, "account_id"]]
    inside, free = focus["inside"].to_numpy(dtype=bool), (focus["held"] == "").to_numpy(dtype=bool)
    changed, about = _candidates(mine, donors, inside, free, used)
    scored = score(pd.concat([mine, changed], ignore_index=True))
    if not same_scale(scored.iloc[: len(mine)], gated):
        return _table(focus.iloc[:0])
    value = ranking_values(scored)[len(mine) :]
    unlike = scored["off_support"].iloc[len(mine) :].fillna(False).to_numpy(bool) if "off_support" in scored else False
    at = about["at"].to_numpy(dtype=np.int64)
    cut = focus["cut"].to_numpy(dtype=np.float64)[at]
    moves = np.where(inside[at], value < cut, (value > cut) & ~np.asarray(unlike))
    about = about.assign(new_value=value, row=np.arange(len(about)), last=about["lever"] == "field")
    best = (
        about[moves].sort_values(["at", "last", "shift", "lever", "what", "row"], kind="stable").drop_duplicates("at")
    )
    pairs = zip(best["at"].astype("int64"), best["row"], strict=True)
    best = best.assign(change=[_difference(mine.iloc[i], changed.iloc[k]) for i, k in pairs])
    focus = focus.assign(n_tried=np.bincount(at, minlength=len(focus)))
    return _table(focus.join(best.set_index("at")[[c for c in _COLUMNS if c in best]]))


def _focus(tiers: pd.DataFrame, capacity: pd.DataFrame, n_below: int) -> pd.DataFrame:
    """Tier 1 and the best below it, each with the cut of its owner."""
    value, owner = ranking_values(tiers), owners_of(tiers, capacity)
    open_deal, unlike = _flag(tiers, "has_open_deal"), _flag(tiers, "off_support")
    base, tier = tiers["base_tier"].to_numpy(dtype=np.int64), tiers["tier"].to_numpy(dtype=np.int64)
    ids = tiers["account_id"].astype("str").to_numpy(dtype=object)
    frame = pd.DataFrame({"account_id": ids, "owner_id": owner, "tier": tier, "value": value, "base": base})
    frame["held"] = np.where(open_deal, "deal open", np.where(unlike, "off support", ""))
    may = ~open_deal & ~unlike
    parts = []
    for one in sorted(set(owner)):
        whose = owner == one
        places = int((whose & may & (base == 1)).sum())
        order = np.lexsort((ids, base != 1, -value))
        order = order[(whose & may)[order]]
        rank = np.full(len(value), len(order))
        rank[order] = np.arange(len(order))
        part = frame.assign(inside=(rank < places) & may, places=places)[whose]
        part["cut"] = _cut(value[order], places, rank[whose], may[whose])
        part.loc[part["inside"] & (part["tier"] > 1), "held"] = "waiting"
        out = order[tier[order] > 1] if places else order[:0]
        below = [*out[rank[out] < places][:n_below], *out[rank[out] >= places][:n_below]]
        parts.append(part[(part["tier"] == 1) | part["account_id"].isin(ids[below])])
    focus: pd.DataFrame = pd.concat(parts).sort_values("account_id", kind="stable", ignore_index=True)
    return focus


def _cut(ordered: Floats, places: int, rank: np.ndarray, may: Flags) -> Floats:
    """The last value inside among the others: without an account above it, that is the next one."""
    if places == 0:
        return np.full(len(rank), np.inf)
    among = np.append(ordered, [-np.inf, -np.inf])
    last, following = among[min(places - 1, len(ordered))], among[min(places, len(ordered))]
    return np.asarray(np.where(may & (rank < places), following, last), dtype=np.float64)


def _candidates(
    mine: pd.DataFrame, donors: pd.DataFrame, inside: Flags, free: Flags, used: Collection[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    at = np.flatnonzero(free)
    changed, about = lever_rows(mine.iloc[at].reset_index(drop=True), donors, ~inside[at])
    found = [(changed, about.assign(at=at[about["at"].to_numpy(dtype=np.int64)]))]
    fields, learned = learned_rows(mine.iloc[at].reset_index(drop=True), donors, used)
    middle = learned["quantile"].between(*_MIDDLE).to_numpy(dtype=bool)
    learned = learned[middle].assign(lever="field", shift=(learned["quantile"] - 0.5).abs().round(9))
    learned = learned.assign(at=at[learned["at"].to_numpy(dtype=np.int64)]).rename(columns={"field": "what"})
    found.append((fields[middle], learned))
    return pd.concat([c for c, _ in found], ignore_index=True), pd.concat([m for _, m in found], ignore_index=True)


def _difference(before: "pd.Series[Any]", after: "pd.Series[Any]") -> str:
    same = (before == after) | (before.isna() & after.isna())
    return json.dumps({str(c): after[c] for c in before.index[~same.to_numpy(dtype=bool)]}, sort_keys=True)


def _table(focus: pd.DataFrame) -> pd.DataFrame:
    table = focus.reindex(columns=list(_COLUMNS))
    words = [name for name, kind in _COLUMNS.items() if kind == "str"]
    table[words] = table[words].astype("object").where(table[words].notna(), "")
    table["n_tried"] = table["n_tried"].fillna(0)
    return table.astype(_COLUMNS)


def _flag(rows: pd.DataFrame, column: str) -> Flags:
    if column not in rows:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows[column].astype("boolean").fillna(False), dtype=np.bool_)
