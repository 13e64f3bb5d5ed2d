"""Whether what is scored has moved away from what was learned on."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tierkit.errors import TableError

Array = npt.NDArray[np.float64]

FLOOR = 1e-4
"""Least share of a bin: an empty one would make the index infinite."""
ALARM = 0.1
"""Where convention begins to look (Lewis 1994)."""


@dataclass(frozen=True)
class Stability:
    """A population stability index, and what chance alone would give.

    Attributes
    ----------
    noise_floor : above it the index is worth a look: the larger of 0.1 and the 99th percentile under no change.
    """

    psi: float
    noise_floor: float
    n_bins: int
    n_reference: int
    n_current: int

    @property
    def moved(self) -> bool:
        """Whether the index lies above its noise floor."""
        return self.psi > self.noise_floor


def stability_index(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Population stability index of two sets of shares (or counts) over the same bins.

    >>> round(stability_index([0.1] * 10, [0.05, 0.08, *[0.1] * 6, 0.12, 0.15]), 7)
    0.0630399
    """
    e, a = (np.asarray(x, dtype=np.float64) for x in (reference, current))
    e, a = np.maximum(e / e.sum(), FLOOR), np.maximum(a / a.sum(), FLOOR)
    return float(np.sum((a - e) * np.log(a / e)))


def psi_noise_floor(n_bins: int, n_reference: int, n_current: int) -> float:
    """What the index stays below 99 times in 100 without any change, at least `ALARM` (Yurdakul and Naranjo 2020)."""
    from scipy.stats import chi2

    return max(ALARM, float(chi2.ppf(0.99, max(n_bins - 1, 1))) * (1 / n_reference + 1 / n_current))


def population_stability(reference: pd.Series, current: pd.Series, *, bins: int = 10) -> Stability:
    """How far a column has moved: in bins of equal size of the reference, or categories, missing values in their own.

    Raises
    ------
    TableError : one of the two has no row.
    """
    if reference.empty or current.empty:
        raise TableError(
            f"drift: {reference.name!r} has no row to compare, {len(reference)} before and {len(current)} now"
        )
    counts = (
        _numbers(reference, current, bins) if pd.api.types.is_numeric_dtype(reference) else _kinds(reference, current)
    )
    before, now = counts
    used = (before + now) > 0
    before, now = before[used], now[used]
    n, m = len(reference), len(current)
    return Stability(stability_index(before, now), psi_noise_floor(len(before), n, m), len(before), n, m)


def _numbers(reference: pd.Series, current: pd.Series, bins: int) -> list[Array]:
    values = [pd.to_numeric(x).to_numpy(dtype="float64", na_value=math.nan) for x in (reference, current)]
    known = values[0][~np.isnan(values[0])]
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins)) if len(known) else np.zeros(0)
    # Missing values get the bin after the last.
    places = [np.where(np.isnan(v), len(edges) + 1, np.searchsorted(edges, v, side="left")) for v in values]
    return [_floats(np.bincount(place, minlength=len(edges) + 2)) for place in places]


def _kinds(reference: pd.Series, current: pd.Series) -> list[Array]:
    columns = [x.astype("str").where(x.notna(), "\0missing") for x in (reference, current)]
    names = sorted(set(columns[0]) | set(columns[1]))
    return [_floats(c.value_counts().reindex(names, fill_value=0)) for c in columns]


def _floats(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)
