"""The fit scorecard: what tiers go by where no model may be used, as points a person adds up."""

from typing import Any

import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.features.fit import Icp

START = 50
"""Points of an account of which nothing is known, or all is typical."""
_STATED = {"industry": "industry", "size": "employees", "geography": "country", "stack": "technologies"}


def fit_card(icp: Icp) -> pd.DataFrame:
    """The ideal customer profile as whole points: 50, plus one number a line, is the fit score to rounding.

    Returns
    -------
    One row per level that gives or takes a point: part, look_up (what of the account), value (in words), points. A part
    gives at most 50 times its weight, whatever its lines add up to; unknown values give none. Parts of weight 0 are
    left out.
    """
    rows: list[tuple[str, str, str, int]] = []
    levels: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in icp.levels.to_dict("records")]
    for row in icp.weights.to_dict("records"):
        part, weight, scale = str(row["part"]), float(row["weight"]), float(row["scale"])
        if weight == 0:
            continue
        if part in icp.stated:
            rows += _stated_rows(part, icp.stated[part], weight)
            continue
        for level in levels:
            if level["part"] == part:
                share = min(1.0, max(-1.0, float(level["points"]) / scale))
                label = feature_of(level["column"]).label
                rows.append((part, label, str(level["level"]), round(START * weight * share)))
    table = pd.DataFrame(rows, columns=["part", "look_up", "value", "points"]).astype({"points": "int64"})
    return table[table["points"] != 0].reset_index(drop=True)


def _stated_rows(part: str, ideal: tuple[object, ...], weight: float) -> list[tuple[str, str, str, int]]:
    """What the sheet calls ideal gives half of what is open, anything else takes it; tools give by their share."""
    most, label = round(START * weight), feature_of(_STATED[part]).label
    if part == "size":
        inside = f"{ideal[0]:,} to {ideal[1]:,}"
    else:
        inside = f"{'all' if part == 'stack' else 'one'} of {', '.join(str(one) for one in ideal)}"
    return [(part, label, inside, most), (part, label, "none of them" if part == "stack" else "any other", -most)]
