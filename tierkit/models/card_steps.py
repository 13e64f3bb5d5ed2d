"""Steps of a scorecard: conditions with round cut points, what they give, and how they are said."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.design import Array

COLUMNS = ["line", "feature", "kind", "cut", "level", "points"]
FEWEST = 0.01
"""Share of accounts that must hold, and must not hold, a condition."""
_QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_DAYS = (7, 14, 30, 60, 90, 180, 365, 730, 1095)
_SMALL = 5


@dataclass(frozen=True)
class Candidates:
    """Conditions as (feature, kind, cut, level), and whether each row holds each, shape (n, conditions)."""

    columns: list[tuple[str, str, float, str]]
    holds: Array


def card_candidates(rows: pd.DataFrame, features: Sequence[str]) -> Candidates:
    """Every condition a card may use, of features in order."""
    columns: list[tuple[str, str, float, str]] = []
    holds: list[Array] = []
    for name in features:
        values = rows[name]
        made: list[tuple[str, float, str]] = []
        if pd.api.types.is_numeric_dtype(values):
            x = values.to_numpy(np.float64, na_value=np.nan)
            # Of days since something, the recent ones are said; never is unknown, and far away.
            kind = "upto" if name.startswith("days_since") else "from"
            made = [(kind, cut, "") for cut in round_cuts(x, feature_of(name).unit)]
        else:
            made = [("level", float("nan"), str(level)) for level in sorted(values.dropna().astype("str").unique())]
        for kind, cut, level in made:
            on = _holds(values, kind, cut, level)
            if FEWEST <= on.mean() <= 1 - FEWEST:
                columns.append((name, kind, cut, level))
                holds.append(on)
    return Candidates(columns, np.column_stack(holds).astype(np.float64) if holds else np.zeros((len(rows), 0)))


def round_cuts(x: Array, unit: str) -> list[float]:
    """Cut points people would choose near the quantiles of known values: one digit, or a usual number of days.

    >>> round_cuts(np.array([0.0, 1.0, 0.0, 1.0]), "yes_no")
    [1.0]
    >>> round_cuts(np.arange(3.0, 1000.0), "days")[:4]
    [60.0, 90.0, 180.0, 365.0]
    """
    known = x[~np.isnan(x)]
    if len(known) == 0:
        return []
    wanted = np.quantile(known, _QUANTILES)
    if unit == "days":
        cuts = {float(_DAYS[int(np.argmin(np.abs(np.array(_DAYS) - q)))]) for q in wanted}
    elif (known == np.rint(known)).all():
        cuts = {_one_digit(float(q)) for q in np.rint(wanted)} | {float(k) for k in range(1, _SMALL + 1)}
    else:
        cuts = {_one_digit(float(q)) for q in wanted}
    return sorted(cut for cut in cuts if known.min() < cut <= known.max())


def merge_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Effects of the furthest step that holds, in place of those that add up: within a feature in order."""
    far = steps["cut"].where(steps["kind"] != "upto", -steps["cut"])
    ordered = steps.assign(_far=far).sort_values(["feature", "_far", "level"], kind="stable", ignore_index=True)
    summed = ordered.groupby("feature", sort=False)["effect"].cumsum()
    ordered["effect"] = summed.where(ordered["kind"] != "level", ordered["effect"])
    return ordered.drop(columns="_far")


def step_points(rows: pd.DataFrame, line: pd.DataFrame) -> Array:
    """Points of one line: those of the furthest step that holds, 0 where none does or the value is unknown."""
    points = np.zeros(len(rows))
    for feature, kind, cut, level, worth in line[["feature", "kind", "cut", "level", "points"]].itertuples(index=False):
        points = np.where(_holds(rows[str(feature)], str(kind), float(cut), str(level)), float(worth), points)
    return points


def say_steps(line: pd.DataFrame) -> str:
    """One line's points in words: "100 or more +2, 500 or more +5"."""
    unit = feature_of(str(line["feature"].iloc[0])).unit
    if line["kind"].iloc[0] == "level":
        said = []
        for worth, same in line.groupby("points", sort=False):
            said.append((-int(str(worth)), f"{' or '.join(same['level'])} {int(str(worth)):+d}"))
        return ", ".join(words for _, words in sorted(said))
    words = {"from": "or more", "upto": "or fewer"}[line["kind"].iloc[0]]
    if unit == "yes_no":
        return f"yes {int(line['points'].iloc[0]):+d}"
    return ", ".join(f"{_number(c)} {words} {int(p):+d}" for c, p in zip(line["cut"], line["points"], strict=True))


def _holds(values: pd.Series, kind: str, cut: float, level: str) -> Array:
    if kind == "level":
        return np.asarray((values.astype("str") == level).fillna(False).to_numpy(dtype=bool))
    x = values.to_numpy(np.float64, na_value=np.nan)
    return np.asarray(x >= cut if kind == "from" else x <= cut)


def _one_digit(x: float) -> float:
    return float(f"{x:.0e}")


def _number(x: float) -> str:
    return f"{x:,.0f}" if x == round(x) else f"{x:g}"
