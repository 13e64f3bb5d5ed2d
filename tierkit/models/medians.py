"""The model for too few wins: the median of a segment, smeared up to the mean."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.design import Array

_MIN_SEGMENT = 10


@dataclass(frozen=True)
class Medians:
    """Log of the median of each segment times one smearing factor; other segments get the overall median."""

    overall: float
    log_smear: float
    segments: tuple[str, ...] = ()
    medians: tuple[float, ...] = ()

    features = ("segment",)

    def raw(self, rows: pd.DataFrame) -> Array:
        """Log of the expected amount, shape (n,)."""
        return self.raw_of(self._codes(rows))

    def raw_of(self, codes: Array) -> Array:
        """The same of rows whose segments are codes, shape (n, 1), missing where it is none of `segments`."""
        return np.asarray(self.contributions_of(codes)[:, 0] + self._base)

    def contributions(self, rows: pd.DataFrame) -> tuple[Array, float]:
        """What the segment adds to the log of the overall expectation, shape (n, 1), and that log."""
        return self.contributions_of(self._codes(rows)), self._base

    def contributions_of(self, codes: Array) -> Array:
        """The same of rows whose segments are codes, without the log."""
        known = np.append(np.log(np.array(self.medians) / self.overall), 0.0)
        return np.asarray(known[np.where(np.isnan(codes), -1, codes).astype(np.int64)])

    @property
    def _base(self) -> float:
        return float(np.log(self.overall) + self.log_smear)

    def _codes(self, rows: pd.DataFrame) -> Array:
        codes = np.full((len(rows), 1), np.nan)
        if self.segments and "segment" in rows.columns:
            at = pd.Index(self.segments).get_indexer(pd.Index(rows["segment"].astype("str")))
            codes[:, 0] = np.where(at < 0, np.nan, at)
        return codes


def fit_medians(rows: pd.DataFrame, y: Array) -> Medians:
    """Median of `y` by `segment` where at least 10 rows have one, and the smear mean(y / median) (Duan 1983)."""
    overall = float(np.median(y))
    segments: dict[str, float] = {}
    if "segment" in rows.columns:
        by = pd.Series(y).groupby(rows["segment"].astype("str").to_numpy())
        segments = {str(k): float(v) for k, v in by.median()[by.size() >= _MIN_SEGMENT].items()}
    plain = Medians(overall, 0.0, tuple(segments), tuple(segments.values()))
    return Medians(overall, float(np.log((y / np.exp(plain.raw(rows))).mean())), plain.segments, plain.medians)
