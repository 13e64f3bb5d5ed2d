"""What is unknown of an account and worth learning: how far its value could swing across what is usual."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from tierkit.features.catalog import is_built
from tierkit.tiering.book import Flags
from tierkit.tiering.gates import QUALIFIED
from tierkit.tiering.learning import DRAWS, Score, columns_of, ranking_values, same_scale, typical_rows

_KEYS = ("account_id", "row_id", "group_id", "name", "owner_id", "as_of")


def worth_learning(
    gated: pd.DataFrame,
    rows: pd.DataFrame,
    tiers: pd.DataFrame,
    score: Score,
    *,
    used: Collection[str] | None = None,
    best: int = 2,
) -> pd.DataFrame:
    """For each account of the best tiers and each field it lacks, what it would be worth across typical values.

    Parameters
    ----------
    gated, rows, tiers, score : as `learning_values` takes them; `score` is called once.
    used : columns the models look at; a field that none of them is made of is no question.
    best : accounts of Tiers 1 to `best`.

    Returns
    -------
    One row per account and field, the widest swing of each account first: account_id, field, value, value_low,
    value_high (a tenth of the typical values gives less, a tenth more). No rows where `score` does not give the values
    that were gated.
    """
    wanted = tiers.loc[tiers["tier"].astype("int64") <= best, "account_id"].astype("str").sort_values(kind="stable")
    features = rows.set_index(rows["account_id"].astype("str"), drop=False).rename_axis(None)
    mine = features.loc[pd.Index(wanted[wanted.isin(features.index)])].reset_index(drop=True)
    donors = features.loc[gated.loc[gated["gate"] == QUALIFIED, "account_id"]]
    filled, about = learned_rows(mine, donors, used)
    lacking = mine.iloc[np.unique(about["at"].to_numpy(dtype=np.int64))]
    empty = pd.DataFrame({"account_id": pd.Series(dtype="str"), "field": pd.Series(dtype="str")})
    empty = empty.assign(value=0.0, value_low=0.0, value_high=0.0)
    if about.empty:
        return empty
    scored = score(pd.concat([lacking, filled], ignore_index=True))
    if not same_scale(scored.iloc[: len(lacking)], gated):
        return empty
    value = ranking_values(scored)
    now = pd.Series(value[: len(lacking)], lacking["account_id"])
    about = about.assign(account_id=filled["account_id"], value=value[len(lacking) :])
    by = about.groupby(["account_id", "field"], sort=True)["value"]
    table = pd.DataFrame({"value_low": by.quantile(0.1), "value_high": by.quantile(0.9)}).reset_index()
    table.insert(2, "value", table["account_id"].map(now))
    table["swing"] = table["value_high"] - table["value_low"]
    table = table.sort_values(["account_id", "swing", "field"], ascending=[True, False, True], kind="stable")
    return table.drop(columns="swing").reset_index(drop=True).astype({"account_id": "str", "field": "str"})


def learned_rows(
    rows: pd.DataFrame, donors: pd.DataFrame, used: Collection[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row with each field that it lacks at typical values: those of qualified accounts at even quantiles.

    Returns
    -------
    The changed rows, and for each: at (position in `rows`), field, quantile, then (the value, where it is a number),
    then_words (where it is text, or tools).
    """
    parts, about = [rows.iloc[:0]], [pd.DataFrame({"at": [], "field": [], "quantile": [], "then": []})]
    for field in _fields(rows, used):
        columns, at = columns_of(field, rows), np.flatnonzero(_lacks(rows, field))
        drawn = typical_rows(donors, field, columns, DRAWS)
        if drawn.empty or not len(at):
            continue
        filled = rows.iloc[np.repeat(at, len(drawn))]
        values = {c: np.tile(drawn[c].to_numpy(), len(at)) for c in columns}
        parts.append(filled.assign(**{c: pd.Series(v, filled.index, filled[c].dtype) for c, v in values.items()}))
        said = pd.DataFrame({"at": np.repeat(at, len(drawn)), "field": field})
        said["quantile"] = np.tile((np.arange(len(drawn)) + 0.5) / len(drawn), len(at))
        number = field in drawn and pd.api.types.is_numeric_dtype(drawn[field])
        said["then"] = values[field].astype(np.float64) if number else np.nan
        said["then_words"] = "" if number else np.tile(_words(drawn, field, columns), len(at))
        about.append(said)
    return pd.concat(parts, ignore_index=True), pd.concat(about, ignore_index=True)


def _fields(rows: pd.DataFrame, used: Collection[str] | None) -> list[str]:
    """Fields of accounts that the models look at, those whose absence is a feature of its own first."""
    marked = [c.removeprefix("missing_") for c in map(str, rows) if c.startswith("missing_")]
    if used is None:
        return marked
    marked = [f for f in marked if set(columns_of(f, rows)) & set(used)]
    taken = {*_KEYS, *(c for f in marked for c in columns_of(f, rows))}
    return [*marked, *(c for c in map(str, rows) if c in used and c not in taken and not is_built(c))]


def _lacks(rows: pd.DataFrame, field: str) -> Flags:
    if (mark := f"missing_{field}") in rows:
        return np.asarray(rows[mark].to_numpy(dtype=np.float64, na_value=0.0) == 1)
    return np.asarray(rows[field].isna())


def _words(drawn: pd.DataFrame, field: str, columns: list[str]) -> list[str]:
    if field in drawn:
        return [str(v) for v in drawn[field]]
    tools = [c for c in columns if c.startswith("tech_")]
    return [
        ", ".join(t.removeprefix("tech_").replace("_", " ") for t in tools if row[t] == 1)
        for _, row in drawn.iterrows()
    ]
