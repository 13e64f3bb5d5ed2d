"""Points of the ideal customer profile: how much more often accounts of each level were won, shrunk to the base."""

from itertools import pairwise

import numpy as np
import pandas as pd

PARTS = ("industry", "size", "geography", "stack", "behaviour")
"""Parts of fit, in the order they are shown."""
PRIOR_ACCOUNTS = 20
"""Accounts at the base rate that each level is given, so that a level seen twice earns few points."""
BINS = 5
"""Quantile bins of a number."""

LEVEL_COLUMNS = ("part", "column", "level", "low", "high", "n", "n_won", "share", "points")


def part_columns(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of `rows` that speak for each part; a part with none scores 50 everywhere."""
    size = [c for c in ("employees", "annual_revenue", "seats") if c in rows and rows[c].notna().any()][:1]
    return {
        "industry": [c for c in ("industry",) if c in rows],
        "size": size,
        "geography": [c for c in ("country", "region") if c in rows][:1],
        "stack": [str(c) for c in rows if str(c).startswith("tech_")],
        "behaviour": [c for c in ("n_inbound_90d", "n_contacts_inbound_90d", "days_since_inbound") if c in rows],
    }


def learn_levels(rows: pd.DataFrame, won: np.ndarray, columns: dict[str, list[str]]) -> pd.DataFrame:
    """Points of every level: the log odds of its shrunk won share, less those of the base rate.

    Parameters
    ----------
    rows : one row per account. won : 1.0 or 0.0, in the order of rows.

    Returns
    -------
    One row per level of each column: part, column, level, low and high (numbers: low <= x < high), n, n_won, share
    (shrunk), points.
    """
    base = float(np.clip(won.mean(), 0.001, 0.999)) if len(won) else 0.5
    out: list[dict[str, object]] = []
    for part, names in columns.items():
        for name in names:
            levels = _levels(rows[name])
            for level, low, high, inside in levels if len(levels) > 1 else []:
                n, n_won = int(inside.sum()), float(won[inside].sum())
                share = (n_won + PRIOR_ACCOUNTS * base) / (n + PRIOR_ACCOUNTS)
                points = float(np.log(share / (1 - share)) - np.log(base / (1 - base)))
                out.append(
                    dict(zip(LEVEL_COLUMNS, (part, name, level, low, high, n, n_won, share, points), strict=True))
                )
    frame = pd.DataFrame(out, columns=list(LEVEL_COLUMNS))
    numbers = dict.fromkeys(["low", "high", "n", "n_won", "share", "points"], "float64")
    return frame.astype(dict.fromkeys(["part", "column", "level"], "str") | numbers)


def part_points(rows: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Points of each part for each row, summed over its columns; missing where nothing of the part is known."""
    out = {}
    for part in PARTS:
        of_part = levels[levels["part"] == part]
        total, known = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        for name, of_column in of_part.groupby("column", sort=True):
            if name in rows:
                points = _points(rows[str(name)], of_column)
                known |= ~np.isnan(points)
                total += np.nan_to_num(points)
        out[part] = np.where(known, total, np.nan)
    return pd.DataFrame(out, index=rows.index)


def _levels(values: pd.Series) -> list[tuple[str, float, float, np.ndarray]]:
    nothing = float("nan")
    if not pd.api.types.is_numeric_dtype(values):
        names = sorted(values.dropna().unique())
        return [(str(name), nothing, nothing, (values == name).fillna(False).to_numpy(dtype=bool)) for name in names]
    x = values.to_numpy(dtype="float64")
    known = x[~np.isnan(x)]
    if len(known) == 0:
        return []
    inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
    inner = inner[inner > known.min()]
    edges = [-np.inf, *inner.tolist(), np.inf]
    return [(_range(low, high), low, high, (x >= low) & (x < high)) for low, high in pairwise(edges)]


def _points(values: pd.Series, levels: pd.DataFrame) -> np.ndarray:
    if levels["low"].notna().any() or levels["high"].notna().any():
        x = values.to_numpy(dtype="float64")
        ordered = levels.sort_values("low", kind="stable")
        # Below the first edge and above the last there is no further bin: the outer two are open.
        place = np.searchsorted(ordered["low"].to_numpy()[1:], x, side="right")
        return np.where(np.isnan(x), np.nan, ordered["points"].to_numpy()[np.where(np.isnan(x), 0, place)])
    points = values.map(dict(zip(levels["level"], levels["points"], strict=True))).astype("float64")
    # A level nobody has seen says nothing either way.
    return points.where(points.notna() | values.isna(), 0.0).to_numpy(dtype="float64")


def _range(low: float, high: float) -> str:
    if np.isinf(low):
        return f"under {high:g}"
    return f"{low:g} or more" if np.isinf(high) else f"{low:g} to under {high:g}"
