"""Intervals and tests for rates of clustered counts; counts may be fractional, as corrected for clustering."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


class ZTest(NamedTuple):
    """A two-sided test: its standard normal statistic and its p-value."""

    z: float
    p_value: float


def wilson(won: float, n: float, *, confidence: float = 0.95) -> Interval:
    """Score interval of one rate (Wilson 1927).

    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    _check_counts(won, n)
    z, p = _quantile(confidence), won / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    centre, scale = p + z * z / (2 * n), 1 + z * z / n
    low = 0.0 if won == 0 else (centre - half) / scale
    high = 1.0 if won == n else (centre + half) / scale
    return Interval(max(low, 0.0), min(high, 1.0))


def newcombe_difference(won1: float, n1: float, won2: float, n2: float, *, confidence: float = 0.95) -> Interval:
    """Interval of rate 1 minus rate 2 from two Wilson intervals (Newcombe 1998, method 10).

    >>> [round(x, 4) for x in newcombe_difference(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    (low1, high1), (low2, high2) = wilson(won1, n1, confidence=confidence), wilson(won2, n2, confidence=confidence)
    p1, p2 = won1 / n1, won2 / n2
    difference = p1 - p2
    return Interval(
        difference - math.hypot(p1 - low1, high2 - p2),
        difference + math.hypot(high1 - p1, p2 - low2),
    )


def miettinen_nurminen(
    won1: float, n1: float, won2: float, n2: float, *, confidence: float = 0.95, corrected: bool = True
) -> Interval:
    """Score interval of rate 1 minus rate 2 (Miettinen and Nurminen 1985; Mee 1984 without their N / (N - 1)).

    Own code: in statsmodels 0.15 the restricted estimate behind `method="score", compare="diff"` is wrong (its issue
    10269).

    >>> [round(x, 4) for x in miettinen_nurminen(56, 70, 48, 80)]
    [0.0528, 0.3382]
    """
    _check_counts(won1, n1)
    _check_counts(won2, n2)
    z = _quantile(confidence) / _correction(n1 + n2, corrected)

    def score(difference: float) -> float:
        return _difference_score(difference, won1, n1, won2, n2)

    seen = won1 / n1 - won2 / n2
    return Interval(_root(lambda d: score(d) - z, -1.0, seen), _root(lambda d: score(d) + z, seen, 1.0))


def koopman_ratio(
    won1: float, n1: float, won2: float, n2: float, *, confidence: float = 0.95, corrected: bool = False
) -> Interval:
    """Score interval of rate 1 over rate 2 (Koopman 1984); 0 below where `won1` is 0, infinite above where `won2` is.

    `corrected` by N / (N - 1) it is that of Miettinen and Nurminen (1985). Own code: statsmodels returns complex
    numbers where the second rate is 1.

    >>> [round(x, 4) for x in koopman_ratio(36, 40, 16, 80)]
    [2.9396, 7.1522]
    """
    _check_counts(won1, n1)
    _check_counts(won2, n2)
    z = _quantile(confidence) / _correction(n1 + n2, corrected)

    def score(log_ratio: float) -> float:
        return _ratio_score(math.exp(log_ratio), won1, n1, won2, n2)

    low = 0.0 if won1 == 0 else _crossing(lambda x: score(x) - z)
    high = math.inf if won2 == 0 else _crossing(lambda x: score(x) + z)
    return Interval(low, high)


def design_effect(won: npt.ArrayLike, groups: npt.ArrayLike) -> float:
    """How much clustering inflates the variance of the rate of `won` (0/1) over rows in `groups`; at least 1.

    Variance between clusters over that of a simple random sample, V_cluster = G/(G-1) sum_c (sum_i (y - p))^2 / n^2.
    One cluster alone counts as one observation; a rate of 0 or 1 shows no clustering and gives 1.
    """
    y = np.asarray(won, dtype=np.float64)
    codes = pd.factorize(np.asarray(groups), sort=True)[0]
    n, p = len(y), float(y.mean()) if len(y) else 0.0
    if p in (0.0, 1.0):
        return 1.0
    sums = np.bincount(codes, weights=y - p)
    n_groups = len(sums)
    if n_groups == 1:
        return float(n)
    clustered = n_groups / (n_groups - 1) * float(sums @ sums) / n**2
    return max(1.0, clustered / (p * (1 - p) / n))


def cochran_armitage(won: npt.ArrayLike, n: npt.ArrayLike, scores: npt.ArrayLike) -> ZTest:
    """Trend of rates across ordered groups (Cochran 1954, Armitage 1955); positive if rates rise with `scores`.

    Agresti's M-squared, which divides by N - 1, is z squared times (N - 1) / N.
    """
    k, size, s = (np.asarray(x, dtype=np.float64) for x in (won, n, scores))
    total = size.sum()
    p = k.sum() / total
    variance = p * (1 - p) * (size @ s**2 - (size @ s) ** 2 / total)
    if variance <= 0:
        return ZTest(0.0, 1.0)
    return _two_sided(float(s @ (k - size * p)) / math.sqrt(variance))


def spiegelhalter(won: npt.ArrayLike, prob: npt.ArrayLike) -> ZTest:
    """Whether predicted probabilities fit the outcomes (Spiegelhalter 1986); far from 0 they do not."""
    y, p = np.asarray(won, dtype=np.float64), np.asarray(prob, dtype=np.float64)
    variance = float(np.sum((1 - 2 * p) ** 2 * p * (1 - p)))
    if variance <= 0:
        return ZTest(0.0, 1.0)
    return _two_sided(float(np.sum((y - p) * (1 - 2 * p))) / math.sqrt(variance))


def _two_sided(z: float) -> ZTest:
    return ZTest(z, float(2 * ndtr(-abs(z))))


def _quantile(confidence: float) -> float:
    return float(ndtri(0.5 + confidence / 2))


def _check_counts(won: Any, n: Any) -> None:
    if not (n > 0 and 0 <= won <= n):
        raise ValueError(f"a rate needs 0 <= won <= n and n > 0, got won={won}, n={n}")


def _correction(n: float, corrected: bool) -> float:
    """What a score statistic shrinks by under the variance of Miettinen and Nurminen, which is N / (N - 1) larger."""
    return math.sqrt((n - 1) / n) if corrected and n > 1 else 1.0


def _difference_score(difference: float, won1: float, n1: float, won2: float, n2: float) -> float:
    """Score statistic of H0: p1 = p2 + difference; falls as the difference rises."""
    # p2 under H0 solves a cubic, in the trigonometric form of Farrington and Manning (1990).
    d, n = difference, n1 + n2
    square = ((n1 + 2 * n2) * d - n - won1 - won2) / (3 * n)
    linear = ((n2 * d - n - 2 * won2) * d + won1 + won2) / n
    shift = square**3 - square * linear / 2 + won2 * d * (1 - d) / (2 * n)
    radius = math.copysign(math.sqrt(max(square**2 - linear / 3, 0.0)), shift)
    angle = (math.pi + math.acos(min(max(shift / radius**3, -1.0), 1.0))) / 3 if radius else 0.0
    p2 = min(max(2 * radius * math.cos(angle) - square, max(0.0, -d)), min(1.0, 1 - d))
    p1 = min(max(p2 + d, 0.0), 1.0)
    variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    gap = won1 / n1 - won2 / n2 - d
    return gap / math.sqrt(variance) if variance > 1e-15 else math.copysign(1e6, gap) if abs(gap) > 1e-12 else 0.0


def _ratio_score(ratio: float, won1: float, n1: float, won2: float, n2: float) -> float:
    """Score statistic of H0: p1 = ratio * p2; falls as the ratio rises."""
    # p2 under H0 is the smaller root of a p^2 + b p + c, written so that nothing cancels.
    a, b, c = (n1 + n2) * ratio, -(n1 * ratio + won1 + n2 + won2 * ratio), won1 + won2
    p2 = min(2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0))), 1.0)
    p1 = min(ratio * p2, 1.0)
    variance = p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2
    gap = won1 / n1 - ratio * won2 / n2
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap) if gap else 0.0


def _crossing(function: Callable[[float], float]) -> float:
    """Where a falling function of a log ratio crosses 0, as a ratio."""
    low, high = -2.0, 2.0
    while function(low) < 0 and low > -60:
        low *= 2
    while function(high) > 0 and high < 60:
        high *= 2
    if function(low) < 0:
        return 0.0
    if function(high) > 0:
        return math.inf
    from scipy.optimize import brentq

    # brentq needs finite ends; the bracket is far from the root, so only the sign matters there.
    return math.exp(float(brentq(lambda x: min(max(function(x), -1e6), 1e6), low, high, xtol=1e-12)))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses 0 between two bounds; the outer bound where it does not."""
    if function(low) <= 0:
        return low
    if function(high) >= 0:
        return high
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-14))
