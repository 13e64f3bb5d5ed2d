"""Bootstrap of accounts: what figures would be, had chance given us other accounts."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from tierkit.proof.arms import METHODS, arm_rows, check_replay, clusters_of
from tierkit.proof.intervals import Interval

Array = npt.NDArray[np.float64]

RESAMPLES = 2_000
_CELLS = 4_000_000
"""Counts drawn at once: bounds memory."""


class Resampled(NamedTuple):
    """Column sums over the accounts as they are, and over each resample of them, shape (resamples, columns)."""

    seen: Array
    drawn: Array


def sums_by_account(rows: pd.DataFrame, columns: Mapping[str, npt.ArrayLike]) -> Array:
    """Each column summed by account (or group), accounts in the order of their ids, shape (accounts, columns).

    All that a statistic made of sums needs to know of `rows`.
    """
    codes, accounts = pd.factorize(clusters_of(rows), sort=True)
    sums = [
        np.bincount(codes, weights=np.asarray(values, dtype=np.float64), minlength=len(accounts))
        for values in columns.values()
    ]
    return np.column_stack(sums) if sums else np.zeros((len(accounts), 0))


def resample_accounts(sums: Array, *, rng: np.random.Generator, resamples: int = RESAMPLES) -> Resampled:
    """Sums over all accounts when as many are drawn with replacement, `resamples` times.

    Parameters
    ----------
    sums : one row per account, as of `sums_by_account`.

    Accounts that are alike are drawn as one: how often each kind of account comes is multinomial, those without
    anything need no draw, and a resample is one row of a matrix product. Exact in distribution.
    """
    kinds, members = np.unique(sums, axis=0, return_counts=True)
    filled = kinds.any(axis=1)
    kinds, members = kinds[filled], members[filled]
    seen = members @ kinds
    if len(kinds) == 0:
        return Resampled(seen, np.zeros((resamples, sums.shape[1])))
    n = len(sums)
    n_filled = int(members.sum())
    drawn, step = [], max(1, _CELLS // len(kinds))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        comes = rng.binomial(n, n_filled / n, size=size)
        drawn.append(rng.multinomial(comes, members / n_filled) @ kinds)
    return Resampled(seen, np.vstack(drawn))


def percentiles(values: Array, *, confidence: float) -> Interval:
    """Percentile interval of the finite values; missing where there are none."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return Interval(np.nan, np.nan)
    alpha = 100 * (1 - confidence) / 2
    low, high = np.percentile(finite, [alpha, 100 - alpha])
    return Interval(float(low), float(high))


def bca(seen: float, drawn: Array, influence: Array, *, confidence: float) -> Interval:
    """Bias-corrected and accelerated interval (Efron 1987), for what is skewed; missing where nothing spreads.

    Parameters
    ----------
    seen, drawn : the figure, and of each resample.
    influence : how much each account moves the figure, to first order; all that the acceleration is made of.
    """
    finite, power = drawn[np.isfinite(drawn)], float((influence**2).sum())
    if len(finite) == 0 or not np.isfinite(seen) or power == 0:
        return Interval(np.nan, np.nan)
    below = float(((finite < seen).mean() + (finite <= seen).mean()) / 2)
    bias = ndtri(min(max(below, 1e-3), 1 - 1e-3))
    acceleration = float((influence**3).sum()) / (6 * power**1.5)
    z = bias + ndtri(np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
    # Where the acceleration is so strong that the transformation turns back, the end is the most extreme resample.
    room = np.maximum(1 - acceleration * z, 1e-9)
    low, high = np.percentile(finite, 100 * ndtr(bias + z / room))
    return Interval(float(low), float(high))


COLUMNS = ["kind", "method", "unit", "measure", "tier", "n_accounts", "rate", "low", "high"]


def bootstrap_lift(
    replay: pd.DataFrame, *, seed: int, confidence: float = 0.95, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """The contrasts of `tier_lift` with intervals that assume no formula: a second opinion on them.

    Returns
    -------
    One row per kind, method, unit, measure (difference, ratio) and tier ("1 vs 3", "1+2 vs 3"): n_accounts, rate, low,
    high. Percentile bootstrap of accounts within each tier.
    """
    check_replay(replay)
    rng = np.random.default_rng(seed)
    rows = []
    mature = replay[replay["won_in_horizon"].notna()]
    for (kind, unit), part in mature.groupby(["kind", "unit"], sort=True):
        for method, column in METHODS.items():
            arms = _drawn_arms(part, column, rng, resamples) if column in part else {}
            plain = [tier for tier in arms if "+" not in tier]
            for top in [t for t in arms if t in ("1", "1+2") and t != plain[-1]]:
                (p, p_drawn, n_top), (q, q_drawn, n_base) = arms[top], arms[plain[-1]]
                key = (kind, method, unit), (f"{top} vs {plain[-1]}", n_top + n_base)
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratio, ratios = np.divide(p, q), p_drawn / q_drawn
                for measure, figure, drawn in (
                    ("difference", p - q, p_drawn - q_drawn),
                    ("ratio", ratio, ratios),
                ):
                    interval = percentiles(drawn, confidence=confidence)
                    rows.append((*key[0], measure, *key[1], float(figure), *interval))
    return pd.DataFrame(rows, columns=COLUMNS)


def _drawn_arms(
    part: pd.DataFrame, column: str, rng: np.random.Generator, resamples: int
) -> dict[str, tuple[float, Array, int]]:
    """Of each tier that holds rows: its rate, its rate in each resample, its accounts."""
    arms = {}
    for tier, inside in arm_rows(part, column).items():
        rows = part[inside]
        if len(rows):
            sums = sums_by_account(rows, {"won": rows["won_in_horizon"] == 1, "n": np.ones(len(rows))})
            seen, drawn = resample_accounts(sums, rng=rng, resamples=resamples)
            arms[tier] = (float(seen[0] / seen[1]), drawn[:, 0] / drawn[:, 1], len(sums))
    return arms
