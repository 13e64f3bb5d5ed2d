"""How large a lift could be seen, and how many rows seeing one takes: two rates, two-sided test."""

import math

from scipy.special import ndtr, ndtri


def power_of(p1: float, p2: float, n1: float, n2: float, *, confidence: float = 0.95) -> float:
    """Chance that `n1` and `n2` rows tell two rates apart: normal approximation, pooled variance under no difference.

    >>> round(power_of(0.3, 0.2, 294, 294), 4)
    0.8011
    """
    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    spread = math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    if spread == 0:
        return 1.0 if p1 != p2 else 1 - confidence
    bound, gap = float(ndtri(0.5 + confidence / 2)) * null, abs(p1 - p2)
    return float(ndtr((gap - bound) / spread) + ndtr((-gap - bound) / spread))


def needed_rows(p1: float, p2: float, *, ratio: float = 1.0, power: float = 0.8, confidence: float = 0.95) -> float:
    """Rows of arm 1 that tell two rates apart with `power`, arm 2 being `ratio` times as large; not rounded up.

    >>> math.ceil(needed_rows(0.4, 0.3)), math.ceil(needed_rows(0.27, 0.18, ratio=5))
    (356, 194)
    """
    if p1 == p2:
        return math.inf
    pooled = (p1 + ratio * p2) / (1 + ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    spread = math.sqrt(p1 * (1 - p1) + p2 * (1 - p2) / ratio)
    root = float(ndtri(0.5 + confidence / 2)) * null + float(ndtri(power)) * spread
    return (root / (p1 - p2)) ** 2


def detectable_rate(p2: float, n1: float, n2: float, *, power: float = 0.8, confidence: float = 0.95) -> float:
    """Smallest rate above `p2` that `n1` rows against `n2` of rate `p2` would tell from it; missing where none is."""
    if power_of(1.0, p2, n1, n2, confidence=confidence) < power:
        return math.nan
    from scipy.optimize import brentq

    def lacks(p1: float) -> float:
        return power_of(p1, p2, n1, n2, confidence=confidence) - power

    return float(brentq(lacks, p2, 1.0, xtol=1e-10))
