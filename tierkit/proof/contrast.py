"""Two rankings of the same rows against each other, and how far chance alone would take a lift."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from tierkit.proof.arms import clusters_of
from tierkit.proof.intervals import design_effect


class Contrast(NamedTuple):
    """A difference of win rates, or of two such differences, with its interval."""

    difference: float
    low: float
    high: float


def lift_gain(
    rows: pd.DataFrame, first: str, second: str, *, top: int, base: int, confidence: float = 0.95
) -> Contrast:
    """How much larger the lift of one ranking is than that of another, over the same mature rows.

    Parameters
    ----------
    rows : columns won_in_horizon, group_id (or account_id) and the tiers `first` and `second`; rows where one of them
        is missing, and immature rows, are left out.
    top, base : the lift is the win rate of tiers 1 to `top` minus that of tier `base`.

    Rows are in both lifts, so the two are compared in pairs: the linearised difference of both, summed by account
    (sandwich variance with G / (G - 1)). Missing where an arm is empty.
    """
    both = rows[rows["won_in_horizon"].notna() & rows[first].notna() & rows[second].notna()]
    gains = [_linearised(both, column, top, base) for column in (first, second)]
    difference, parts = gains[0][0] - gains[1][0], gains[0][1] - gains[1][1]
    return _interval(difference, parts, both, confidence)


def lift_change(
    rows: pd.DataFrame, column: str, later: pd.Series, *, top: int, base: int, confidence: float = 0.95
) -> Contrast:
    """The lift over the rows where `later` is false, minus that over those where it is true."""
    mature = rows["won_in_horizon"].notna() & rows[column].notna()
    kept = rows[mature]
    difference, parts = 0.0, np.zeros(len(kept))
    for sign, at in ((1.0, ~later[mature].to_numpy(bool)), (-1.0, later[mature].to_numpy(bool))):
        lift, influence = _linearised(kept[at], column, top, base)
        difference += sign * lift
        parts[at] += sign * influence
    return _interval(difference, parts, kept, confidence)


def chance_lift(n_top: float, n_base: float, rate: float, *, confidence: float = 0.95) -> float:
    """How far a random order of independent rows, won at `rate`, strays from no difference.

    >>> round(chance_lift(100, 100, 0.5), 4)
    0.1386
    """
    if not (n_top > 0 and n_base > 0):
        return math.nan
    return float(ndtri(0.5 + confidence / 2)) * math.sqrt(rate * (1 - rate) * (1 / n_top + 1 / n_base))


def effective_rows(rows: pd.DataFrame) -> float:
    """Mature rows, as many independent ones as they are worth given their clustering by account."""
    mature = rows[rows["won_in_horizon"].notna()]
    if mature.empty:
        return 0.0
    return len(mature) / design_effect((mature["won_in_horizon"] == 1).to_numpy(), clusters_of(mature).to_numpy())


def _linearised(rows: pd.DataFrame, column: str, top: int, base: int) -> tuple[float, np.ndarray]:
    won = (rows["won_in_horizon"] == 1).to_numpy(dtype="float64")
    tier = rows[column].to_numpy(dtype="float64")
    lift, influence = 0.0, np.zeros(len(rows))
    for sign, arm in ((1.0, tier <= top), (-1.0, tier == base)):
        n = int(arm.sum())
        rate = float(won[arm].mean()) if n else math.nan
        lift += sign * rate
        influence += sign * arm * (won - rate) / max(n, 1)
    return lift, influence


def _interval(difference: float, parts: np.ndarray, rows: pd.DataFrame, confidence: float) -> Contrast:
    codes = pd.factorize(clusters_of(rows))[0]
    sums = np.bincount(codes, weights=parts) if len(parts) else np.zeros(0)
    if math.isnan(difference) or len(sums) < 2:
        return Contrast(difference, math.nan, math.nan)
    half = float(ndtri(0.5 + confidence / 2)) * math.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums))
    return Contrast(difference, difference - half, difference + half)
