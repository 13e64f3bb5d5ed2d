"""The months of the simulation, as whole days since 1970."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Texts = np.ndarray[tuple[int, ...], np.dtype[np.object_]]

LEAD_MONTHS = 18
"""Months simulated before the first reported one, so that customers and open deals exist when it begins."""
DEALS_LEAD = 6
"""Months before the first reported one from which deals are in the table."""
ACTIVITY_LEAD = 12
"""Months before the first reported one from which activities are in the table."""


@dataclass(frozen=True)
class Calendar:
    """Month starts (days since 1970, one more than months), and the months at which things begin."""

    starts: Ints
    first: int
    """First reported month."""
    tiering: int
    """First month in which tiers set by hand are acted on."""

    @property
    def n_months(self) -> int:
        """Months simulated, the lead included."""
        return len(self.starts) - 1

    @property
    def until(self) -> int:
        """Last day of the data."""
        return int(self.starts[-1]) - 1

    @property
    def deals_from(self) -> int:
        """First day on which a reported deal opens."""
        return int(self.starts[self.first - DEALS_LEAD])

    @property
    def activities_from(self) -> int:
        """First day of a reported activity."""
        return int(self.starts[self.first - ACTIVITY_LEAD])

    @property
    def tiering_from(self) -> int:
        """First day of the tiers set by hand."""
        return int(self.starts[self.tiering])

    def month_of(self, days: Ints) -> Ints:
        """Number of the simulated month each day falls in."""
        return np.clip(np.searchsorted(self.starts, days, side="right") - 1, 0, self.n_months - 1).astype(np.int64)


def build_calendar(months: int, until: str) -> Calendar:
    """The calendar of `months` reported months, the last of which ends on `until`."""
    last = np.datetime64(until, "D")
    end = last.astype("datetime64[M]") + 1
    if end.astype("datetime64[D]") - 1 != last:
        raise ValueError(f"until must be the last day of a month, got {until}")
    starts = (end + np.arange(-months - LEAD_MONTHS, 1)).astype("datetime64[D]").astype(np.int64)
    return Calendar(starts, LEAD_MONTHS, LEAD_MONTHS + months // 2)


def to_dates(days: Ints | Floats, *, missing: Flags | None = None) -> pd.Series:
    """Days since 1970 as midnight timestamps, missing where told."""
    values = np.asarray(days, dtype=np.float64)
    stamps = pd.Series(np.nan_to_num(values).astype(np.int64).astype("datetime64[D]").astype("datetime64[us]"))
    gone = np.isnan(values) if missing is None else missing | np.isnan(values)
    return stamps.mask(gone) if gone.any() else stamps


def blank_unless(keep: Flags, values: np.ndarray) -> Texts:
    """The values where told, nothing elsewhere."""
    out = np.asarray(values).astype(object)
    out[~np.asarray(keep)] = None
    return out


def expit(x: Floats) -> Floats:
    """Log-odds to probability."""
    return 1.0 / (1.0 + np.exp(-x))


def to_cents(amount: Floats) -> Floats:
    """Money in whole cents."""
    return np.round(amount * 100) / 100
