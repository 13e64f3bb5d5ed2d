"""Looking every month without fooling oneself: intervals that hold at all looks at once."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.arms import check_replay, clusters_of

Array = npt.NDArray[np.float64]

MIN_WINS = 20
"""Accounts that won in each arm before the first look: the sequence is asymptotic."""
PLANNED = 3.0
"""The sequence is tightest where there is this much the information of the first look; set then, and never again."""

COLUMNS = [
    "kind",
    "unit",
    "tier",
    "month_end",
    "n_top",
    "n_base",
    "n_won_top",
    "n_won_base",
    "difference",
    "se",
    "low",
    "high",
    "excludes_zero",
    "ever_excluded",
    "planned_se",
]


def sequence_half_width(se: npt.ArrayLike, *, planned_se: float, confidence: float = 0.95) -> Array:
    """Half-width of an asymptotic confidence sequence at standard errors `se`, tightest near `planned_se`.

    Normal mixture (Howard, Ramdas and others 2021; Waudby-Smith and others 2024): with information I = 1 / se^2, the
    root of (I rho^2 + 1) / (I^2 rho^2) x ln((I rho^2 + 1) / alpha^2).

    >>> sequence_half_width([0.05, 0.03], planned_se=0.05).round(6).tolist()
    [0.15176, 0.092675]
    """
    alpha, information = 1 - confidence, 1 / np.asarray(se, dtype=np.float64) ** 2
    mixed = information * mixture_variance(planned_se, confidence=confidence) + 1
    return np.asarray(np.sqrt(mixed / (information * (mixed - 1)) * np.log(mixed / alpha**2)))


def mixture_variance(planned_se: float, *, confidence: float = 0.95) -> float:
    """The variance rho^2 of the mixture that is tightest at `planned_se`."""
    wide = -2 * math.log(1 - confidence)
    return (wide + math.log(wide + 1)) * planned_se**2


def monthly_looks(
    replay: pd.DataFrame, *, planned_se: float | None = None, confidence: float = 0.95, column: str = "tier"
) -> pd.DataFrame:
    """Difference of win rates on all outcomes known by each month end, with an interval that holds at every look.

    Parameters
    ----------
    replay : as `tier_lift` takes it, with as_of (opened_at of deals, if there) and horizon_days.
    planned_se : standard error at which the sequence is tightest. By default that of three times the information of the
        first look. State it once; a choice made while looking undoes the guarantee.
    column : the tiers looked at.

    Returns
    -------
    One row per kind, unit, contrast ("1 vs 3", "1+2 vs 3") and month end in which an outcome became known: n_top,
    n_base (rows so far), n_won_top, n_won_base (accounts that won), difference, se (clustered by account over both
    arms), low, high (missing until `MIN_WINS` accounts won in each arm), excludes_zero, ever_excluded, planned_se.

    The chance that `low` to `high` ever misses the difference, at any look, is at most 1 - confidence; looking twelve
    times at ordinary intervals errs one time in five. Outcomes only accumulate: a window that slides is no sequence.
    """
    check_replay(replay)
    if missing := [c for c in ("as_of", "horizon_days") if c not in replay]:
        raise TableError(f"replay: column '{missing[0]}' is missing; monthly looks need as_of and horizon_days")
    rows: list[dict[str, Any]] = []
    mature = replay[replay["won_in_horizon"].notna() & replay[column].notna()]
    for (kind, unit), part in mature.groupby(["kind", "unit"], sort=True):
        last = int(part[column].max())
        for name, cut in (("1", 1), ("1+2", 2)):
            if cut < last:
                both = part[(part[column] <= cut) | (part[column] == last)]
                key = {"kind": kind, "unit": unit, "tier": f"{name} vs {last}"}
                rows += [key | row for row in _looks(both, both[column] <= cut, planned_se, confidence)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _looks(
    rows: pd.DataFrame, is_top: "pd.Series[bool]", planned_se: float | None, confidence: float
) -> list[dict[str, Any]]:
    began = rows["as_of"] if "opened_at" not in rows else rows["opened_at"].fillna(rows["as_of"])
    known = pd.DatetimeIndex(began + pd.to_timedelta(rows["horizon_days"], unit="D"))
    months = known.to_period("M")
    look, ends = pd.factorize(months, sort=True)
    account, accounts = pd.factorize(clusters_of(rows), sort=True)
    shape = (len(accounts), len(ends))
    won, top = (rows["won_in_horizon"] == 1).to_numpy(), is_top.to_numpy()

    def so_far(here: npt.NDArray[np.bool_]) -> Array:
        counts = np.zeros(shape)
        np.add.at(counts, (account[here], look[here]), 1.0)
        return np.asarray(counts.cumsum(axis=1))

    n1, n0, won1, won0 = so_far(top), so_far(~top), so_far(top & won), so_far(~top & won)
    sizes = n1.sum(axis=0), n0.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p0 = won1.sum(axis=0) / sizes[0], won0.sum(axis=0) / sizes[1]
        influence = (won1 - p1 * n1) / sizes[0] - (won0 - p0 * n0) / sizes[1]
        groups = ((n1 + n0) > 0).sum(axis=0)
        se = np.sqrt(groups / (groups - 1) * (influence**2).sum(axis=0))
    winners = (won1 > 0).sum(axis=0), (won0 > 0).sum(axis=0)
    ready = (np.minimum(*winners) >= MIN_WINS) & (se > 0)
    half, planned = np.full(len(ends), np.nan), planned_se
    if ready.any():
        planned = planned_se or float(se[ready.argmax()]) / math.sqrt(PLANNED)
        half[ready] = sequence_half_width(se[ready], planned_se=planned, confidence=confidence)
    low, high = p1 - p0 - half, p1 - p0 + half
    excludes = (low > 0) | (high < 0)
    return [
        {
            "month_end": end.to_timestamp(how="end").normalize(),
            "n_top": int(sizes[0][i]),
            "n_base": int(sizes[1][i]),
            "n_won_top": int(winners[0][i]),
            "n_won_base": int(winners[1][i]),
            "difference": float(p1[i] - p0[i]),
            "se": float(se[i]),
            "low": float(low[i]),
            "high": float(high[i]),
            "excludes_zero": bool(excludes[i]),
            "ever_excluded": bool(excludes[: i + 1].any()),
            "planned_se": np.nan if planned is None else planned,
        }
        for i, end in enumerate(ends)
    ]
