"""What learning a missing field is worth: the chance that it would change the account's tier."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tierkit.features.vocabulary import to_name
from tierkit.tiering.allocation import OFF_SUPPORT_BEST
from tierkit.tiering.book import Floats
from tierkit.tiering.capacity import Ints
from tierkit.tiering.gates import NEEDS_INFO, QUALIFIED

DRAWS = 20
"""Values drawn of each field: quantiles of what qualified accounts have."""

Score = Callable[[pd.DataFrame], pd.DataFrame]
"""Rows of features to the same rows with expected_value (or fit_score) and, where known, off_support."""


def learning_values(
    gated: pd.DataFrame,
    rows: pd.DataFrame,
    tiers: pd.DataFrame,
    capacity: pd.DataFrame,
    score: Score,
    *,
    n_draws: int = DRAWS,
) -> pd.DataFrame:
    """For each account that needs information and each field it lacks, the chance that learning it changes its tier.

    Parameters
    ----------
    gated : as `gate_accounts` returns it.
    rows : the features that were scored; account_id and the fields.
    tiers, capacity : of the base assignment of the qualified accounts.
    score : rescores rows of features; called once.

    Returns
    -------
    One row per account and missing field, by account_id and the order of fields: account_id, field, tier (what it would
    get as it stands), tier_change_prob.

    A field takes the values that qualified accounts have, at `n_draws` evenly spaced quantiles (for text: in proportion
    to its shares), together with every column made of it (`missing_<field>`, tools of a stack). The account would enter
    the best tier whose cut its value passes, `cut_values`. A field that is no feature changes nothing: 0. Where `score`
    does not give the values that were gated (someone's own scores), nothing is known of any field: missing.
    """
    asked = gated.loc[(gated["gate"] == NEEDS_INFO) & (gated["missing_fields"] != ""), ["account_id", "missing_fields"]]
    asked = asked.sort_values("account_id", kind="stable")
    lacks = asked.assign(field=asked["missing_fields"].str.split(";")).explode("field", ignore_index=True)
    features = rows.set_index(rows["account_id"].astype("str"), drop=False).rename_axis(None)
    lacks = lacks[lacks["account_id"].isin(features.index)].reset_index(drop=True)
    if lacks.empty or tiers.empty:
        return _table(lacks, np.full(len(lacks), np.nan), np.zeros(len(lacks)))
    donors = features.loc[gated.loc[gated["gate"] == QUALIFIED, "account_id"]]
    as_it_stands = features.loc[lacks["account_id"].drop_duplicates()]
    parts, owner_of = [as_it_stands], [np.full(len(as_it_stands), -1)]
    for field, part in lacks.groupby("field", sort=True):
        columns = columns_of(str(field), features)
        drawn = typical_rows(donors, str(field), columns, n_draws)
        if drawn.empty:
            continue
        filled = features.loc[part["account_id"].repeat(len(drawn))]
        values = {c: np.tile(drawn[c].to_numpy(), len(part)) for c in columns}
        parts.append(filled.assign(**{c: pd.Series(v, filled.index, filled[c].dtype) for c, v in values.items()}))
        owner_of.append(np.repeat(part.index.to_numpy(), len(drawn)))
    which = np.concatenate(owner_of)
    scored = score(pd.concat(parts, ignore_index=True))
    entered = tier_of_values(scored, cut_values(gated, tiers, capacity))
    if not same_scale(scored[which < 0], gated):
        return _table(lacks, np.full(len(lacks), np.nan), np.full(len(lacks), np.nan))
    before = pd.Series(entered[which < 0], as_it_stands.index)
    tier = lacks["account_id"].map(before).to_numpy(dtype=np.int64)
    moved = entered[which >= 0] != tier[which[which >= 0]]
    n = np.bincount(which[which >= 0], minlength=len(lacks))
    chance = np.bincount(which[which >= 0], weights=moved, minlength=len(lacks)) / np.maximum(n, 1)
    return _table(lacks, tier, chance)


def with_learning(gated: pd.DataFrame, learning: pd.DataFrame) -> pd.DataFrame:
    """The gated rows with value_of_learning (the highest of its fields) and learn_first, the field that has it.

    Both are empty where nothing is missing; of equal fields the one that stands first in `missing_fields` is taken.
    """
    best = learning.sort_values("tier_change_prob", ascending=False, kind="stable").drop_duplicates("account_id")
    best = best.set_index("account_id")
    return gated.assign(
        value_of_learning=gated["account_id"].map(best["tier_change_prob"]).astype("float64"),
        learn_first=gated["account_id"].map(best["field"]).astype("str"),
    )


def cut_values(gated: pd.DataFrame, tiers: pd.DataFrame, capacity: pd.DataFrame) -> pd.DataFrame:
    """The value a newcomer must exceed to enter each tier but the last: index owner_id, columns 1, 2, ...

    It must beat the lowest value that holds the tier by value, and the highest that was left out of it. Where nobody of
    the owner was left out, a place is free and any value enters; without a slot none does. The pool of accounts without
    a rep has the row "".
    """
    value = ranking_values(tiers)
    owner = owners_of(tiers, capacity)
    last = max(int(tiers["base_tier"].max()), int(capacity["tier"].max()) + 1)
    base = tiers["base_tier"].to_numpy(dtype=np.int64)
    eligible = ~_flag(tiers, "has_open_deal")
    off = _flag(tiers, "off_support")
    owners = sorted({*owner, *owners_of(gated, capacity), ""})
    slots = capacity.set_index(["owner_id", "tier"])["slots"].astype("float64").to_dict()
    cuts = {}
    for t in range(1, last):
        holds, below = (base == t) & eligible, (base > t) & eligible & ~(off & (t < OFF_SUPPORT_BEST))
        lowest, highest = (
            pd.Series(value[side]).groupby(owner[side]).agg(how).to_dict()
            for side, how in ((holds, "min"), (below, "max"))
        )
        weakest = float(value[holds].min()) if holds.any() else np.inf
        cut = {}
        for one in owners:
            if slots.get((one, t), 0) == 0:
                cut[one] = np.inf
            elif one not in highest:
                cut[one] = -np.inf
            else:
                cut[one] = max(lowest.get(one, weakest), highest[one])
        cuts[t] = cut
    return pd.DataFrame(cuts, index=pd.Index(owners, name="owner_id"))


def tier_of_values(scored: pd.DataFrame, cuts: pd.DataFrame) -> Ints:
    """The best tier whose cut the value of each row passes; the last where it passes none."""
    owner = scored["owner_id"].astype("str").fillna("") if "owner_id" in scored else pd.Series("", scored.index)
    mine = cuts.reindex(owner.where(owner.isin(cuts.index), ""))
    passes = ranking_values(scored)[:, None] > mine.to_numpy(dtype=np.float64)
    passes[:, : OFF_SUPPORT_BEST - 1] &= ~_flag(scored, "off_support")[:, None]
    first = np.where(passes.any(axis=1), passes.argmax(axis=1), cuts.shape[1])
    return np.asarray(first + 1, dtype=np.int64)


def columns_of(field: str, rows: pd.DataFrame) -> list[str]:
    """The columns of feature rows that a field makes: itself, its `missing_` mark, and the tools of a stack."""
    name = to_name(field)
    tools = [c for c in map(str, rows) if field == "technologies" and c.startswith("tech_")]
    return [c for c in dict.fromkeys((field, name, f"missing_{name}", *tools)) if c in rows]


def typical_rows(donors: pd.DataFrame, field: str, columns: list[str], n_draws: int) -> pd.DataFrame:
    """Rows of qualified accounts that know the field, at evenly spaced quantiles of it."""
    mark = f"missing_{field}"
    if not columns:
        return donors.iloc[:0]
    there = donors[mark] != 1 if mark in donors else donors[columns[0]].notna()
    known = donors[there.to_numpy(dtype=bool)].sort_values([*columns, "account_id"], kind="stable")
    at = ((np.arange(n_draws) + 0.5) / n_draws * len(known)).astype(np.int64)
    return known.iloc[at] if len(known) else known


def same_scale(scored: pd.DataFrame, gated: pd.DataFrame) -> bool:
    """Whether rows as they stand score what they scored when they were gated."""
    was = gated.set_index("account_id").loc[scored["account_id"], "expected_value"].to_numpy(dtype=np.float64)
    return np.allclose(scored["expected_value"].to_numpy(dtype=np.float64), was, rtol=1e-6, equal_nan=True)


def ranking_values(rows: pd.DataFrame) -> Floats:
    """What ranks accounts: expected value, or fit where no row has a value; unknown passes no cut."""
    value = rows["expected_value"].astype("float64")
    if value.isna().all() and "fit_score" in rows:
        value = rows["fit_score"].astype("float64")
    return np.asarray(value.fillna(-np.inf), dtype=np.float64)


def owners_of(rows: pd.DataFrame, capacity: pd.DataFrame) -> np.ndarray:
    """Owner of each row, empty for the pool."""
    if "owner_id" not in rows:
        return np.full(len(rows), "", dtype=object)
    owner = rows["owner_id"].astype("str").fillna("")
    return owner.where(owner.isin(capacity["owner_id"]), "").to_numpy(dtype=object)


def _flag(rows: pd.DataFrame, column: str) -> np.ndarray:
    if column not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows[column].astype("boolean").fillna(False).to_numpy(dtype=bool)


def _table(lacks: pd.DataFrame, tier: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": lacks["account_id"].astype("str"),
            "field": lacks["field"].astype("str"),
            "tier": pd.array(tier, dtype="Float64").astype("Int64"),
            "tier_change_prob": np.asarray(chance, dtype=np.float64),
        }
    )
