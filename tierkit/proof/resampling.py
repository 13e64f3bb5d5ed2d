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
_CELLS = 250_000
"""Counts held at once: few enough to stay near the processor."""
_MANY = 16
"""Members from which on a number for the kind is cheaper than a draw for each."""


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

    Accounts without anything need no draw: how many of the others come is binomial. Those that are alike are one kind:
    how often a kind of many comes is one number (multinomial), and of kinds with few members the members are drawn and
    counted, which is cheaper. A resample is then a row of counts times what the kinds hold. Exact in distribution.
    """
    kinds, members = _kinds(sums[sums.any(axis=1)])
    seen = members @ kinds
    if len(kinds) == 0:
        return Resampled(seen, np.zeros((resamples, sums.shape[1])))
    many = members >= _MANY
    # Of each account whose kind has few members, which of these kinds it is
    kind_of = np.repeat(np.arange(len(kinds) - many.sum()), members[~many])
    n, n_filled = len(sums), int(members.sum())
    chances = np.append(members[many], len(kind_of)) / n_filled
    drawn, step = [], max(1, _CELLS // max(len(kinds), len(kind_of)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        comes = rng.multinomial(rng.binomial(n, n_filled / n, size=size), chances)
        few = _drawn_kinds(comes[:, -1], kind_of, rng)
        drawn.append(comes[:, :-1] @ kinds[many] + few @ kinds[~many])
    return Resampled(seen, np.vstack(drawn))


def _kinds(sums: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """The distinct rows, ordered by their values, and how many there are of each."""
    codes = np.zeros(len(sums), dtype=np.int64)
    for column in sums.T:
        at, values = pd.factorize(column, sort=True, use_na_sentinel=False)
        codes = pd.factorize(codes * len(values) + at, sort=True)[0]
    members = np.bincount(codes)
    kinds = np.empty((len(members), sums.shape[1]))
    kinds[codes] = sums
    return kinds, members


def _drawn_kinds(
    comes: npt.NDArray[np.int64], kind_of: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """How often each kind comes when `comes` of its members are drawn, shape (resamples, kinds)."""
    n_kinds = int(kind_of[-1]) + 1 if len(kind_of) else 0
    if n_kinds == 0:
        return np.zeros((len(comes), 0), dtype=np.int64)
    cells = kind_of[rng.integers(0, len(kind_of), int(comes.sum()), dtype=np.int32)]
    cells += np.repeat(np.arange(len(comes)) * n_kinds, comes)
    return np.bincount(cells, minlength=len(comes) * n_kinds).reshape(len(comes), n_kinds)


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
