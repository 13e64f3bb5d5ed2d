"""How good predictions are, row by row, so that figures can be clustered by account and compared in pairs."""

import numpy as np
from scipy.special import ndtri

from tierkit.models.design import Array

_FLOOR = 1e-12


def log_losses(y: Array, p: Array) -> Array:
    """Log-loss of each row, in nats."""
    p = np.clip(p, _FLOOR, 1 - _FLOOR)
    return np.asarray(-np.where(y > 0, np.log(p), np.log1p(-p)))


def gamma_deviances(y: Array, mu: Array) -> Array:
    """Unit gamma deviance of each row; `y` and `mu` above 0."""
    return np.asarray(2 * (y / mu - 1 - np.log(y / mu)))


def clustered_se(values: Array, groups: Array) -> float:
    """Standard error of the mean of `values` whose rows are alike within groups: the sandwich with G / (G - 1)."""
    codes = np.unique(groups, return_inverse=True)[1]
    sums = np.bincount(codes, weights=values - values.mean())
    n_groups = len(sums)
    if n_groups < 2:
        return float("inf")
    return float(np.sqrt(n_groups / (n_groups - 1) * (sums**2).sum()) / len(values))


def placements(y: Array, score: Array) -> tuple[float, Array]:
    """AUC, and the placement of each row: the share of the other class it is ranked rightly against.

    The mid-rank form of DeLong (Sun and Xu 2014), O(n log n).
    """
    won = y > 0
    n_won, n_lost = int(won.sum()), int((~won).sum())
    if n_won == 0 or n_lost == 0:
        return float("nan"), np.full(len(y), np.nan)
    from scipy.stats import rankdata

    ranks = rankdata(score)
    placed = np.empty(len(y))
    placed[won] = (ranks[won] - rankdata(score[won])) / n_lost
    placed[~won] = 1 - (ranks[~won] - rankdata(score[~won])) / n_won
    return float(placed[won].mean()), placed


def delong(y: Array, scores: Array) -> tuple[Array, Array]:
    """AUC of each column of `scores`, shape (n, k), and their covariance (k, k), for independent rows.

    DeLong, DeLong and Clarke-Pearson 1988.
    """
    won = y > 0
    both = [placements(y, scores[:, j]) for j in range(scores.shape[1])]
    placed = np.column_stack([p for _, p in both])
    cov = np.atleast_2d(np.cov(placed[won].T)) / won.sum() + np.atleast_2d(np.cov(placed[~won].T)) / (~won).sum()
    return np.array([a for a, _ in both]), np.asarray(cov)


def auc_interval(
    y: Array, scores: Array, strata: Array, groups: Array, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """AUC over pairs of rows of the same stratum (fold or origin), with an interval clustered by group.

    Ranks are only compared inside a stratum, since each has its own model; a constant has 0.5 exactly. The interval
    sums DeLong's placements by group (Obuchowski 1997); with one row a group it is DeLong's up to n / (n - 1).
    Parameters: scores (n,) or (n, repeats); strata of the same shape, negative where a row was not tested. With
    repeats, the mean over them.
    """
    auc, influence = _auc_parts(y, scores, strata)
    if np.isnan(auc):
        return auc, auc, auc
    half = float(ndtri(0.5 + confidence / 2)) * clustered_se(influence, groups) * len(y)
    return auc, max(0.0, auc - half), min(1.0, auc + half)


def auc_gain(
    y: Array, scores: Array, others: Array, strata: Array, groups: Array, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """How much higher the AUC of `scores` is than that of `others` on the same rows, with a paired interval.

    Arguments and interval as in `auc_interval`; what two scores rank alike cancels (DeLong 1988).
    """
    first, ours = _auc_parts(y, scores, strata)
    second, theirs = _auc_parts(y, others, strata)
    half = float(ndtri(0.5 + confidence / 2)) * clustered_se(ours - theirs, groups) * len(y)
    return first - second, first - second - half, first - second + half


def _auc_parts(y: Array, scores: Array, strata: Array) -> tuple[float, Array]:
    """AUC within strata, and each row's part in its error."""
    scores, strata = scores.reshape(len(y), -1), strata.reshape(len(y), -1)
    influence = np.zeros(len(y))
    aucs = []
    for j in range(scores.shape[1]):
        parts = []
        for stratum in np.unique(strata[strata[:, j] >= 0, j]):
            at = np.flatnonzero(strata[:, j] == stratum)
            n_won = int((y[at] > 0).sum())
            area, placed = placements(y[at], scores[at, j])
            if not np.isnan(area):
                parts.append((at, n_won, len(at) - n_won, area, placed))
        if not parts:
            return float("nan"), np.full(len(y), np.nan)
        pairs = sum(w * o for _, w, o, _, _ in parts)
        aucs.append(sum(w * o * a for _, w, o, a, _ in parts) / pairs)
        for at, n_won, n_other, area, placed in parts:
            share = n_won * n_other / pairs / np.where(y[at] > 0, n_won, n_other)
            influence[at] += share * (placed - area) / scores.shape[1]
    return float(np.mean(aucs)), influence


def loss_gain(first: Array, second: Array, groups: Array, *, confidence: float = 0.95) -> tuple[float, float, float]:
    """How much lower the row losses `second` are than `first` on average, with an interval clustered by group."""
    gain = first - second
    half = float(ndtri(0.5 + confidence / 2)) * clustered_se(gain, groups)
    return float(gain.mean()), float(gain.mean()) - half, float(gain.mean()) + half


def better_by(first: Array, second: Array, groups: Array, *, confidence: float) -> float:
    """Lower one-sided bound of how much lower the row losses `second` are than `first`, clustered by group."""
    gain = first - second
    return float(gain.mean() - ndtri(confidence) * clustered_se(gain, groups))
