"""What a column's values say about the outcome, on rows it was not fitted to, and about the deal's amount."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd

FOLDS = 5
"""Folds of the out-of-fold AUC, whole groups in each."""
MAX_LEVELS = 20
"""Levels up to which a column is a set of bands rather than a quantity."""


def outcome_scores(values: pd.Series, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """What one column alone says of each row, out of fold: numbers by a tree of depth 3, text by `level_scores`.

    `label` is 0 or 1, `fold` the fold of each row; missing values are a level of their own.
    """
    if not pd.api.types.is_numeric_dtype(values):
        return level_scores(pd.factorize(values)[0] + 1, label, fold)
    x = values.replace([np.inf, -np.inf], np.nan).to_numpy()
    return _by_fold(_tree, x, label, fold)


def level_scores(codes: np.ndarray, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """The smoothed share of wins of each row's level (numbered from 0), out of fold."""
    return _by_fold(_shares, codes, label, fold)


def _by_fold(
    score: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    x: np.ndarray,
    label: np.ndarray,
    fold: np.ndarray,
) -> np.ndarray:
    out = np.full(len(x), label.mean())
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        if label[train].min() != label[train].max():
            out[test] = score(x, label, train, test)
    return out


def missing_auc(values: pd.Series, label: np.ndarray) -> float:
    """AUC of whether the column is filled: 0.5 + half the gap between the outcomes' shares of missing values."""
    gone = values.isna().to_numpy()
    return 0.5 + abs(float(gone[label == 1].mean() - gone[label == 0].mean())) / 2


def one_outcome_groups(values: pd.Series, label: np.ndarray, group: np.ndarray) -> tuple[int, float]:
    """Groups with a filled value, and the chance that all of theirs have one outcome; 1.0 where both occur."""
    filled = values.notna().to_numpy()
    if not filled.any() or filled.all() or label[filled].min() != label[filled].max():
        return 0, 1.0
    n = len(np.unique(group[filled]))
    share = float(label.mean())
    return n, (share if label[filled][0] == 1 else 1 - share) ** n


def amount_likeness(values: pd.Series, amount: pd.Series) -> float:
    """How far a column is the amount in other words, 0 to 1.

    Of a column with up to 20 levels: how cleanly neighbouring levels (in the order of their median amount) split the
    amounts, as the smallest AUC between two of them. Of a quantity: the absolute rank correlation. Levels of under ten
    rows and columns with too few rows are left out, and give 0.
    """
    both = values.notna() & amount.notna()
    values, amount = values[both], amount[both]
    if len(values) < 40 or amount.nunique() < 10:
        return 0.0
    from scipy.stats import rankdata

    ranks = rankdata(amount.to_numpy(dtype="float64"))
    if values.nunique() <= MAX_LEVELS:
        return _band_separation(values, ranks)
    if not pd.api.types.is_numeric_dtype(values):
        return 0.0
    return abs(float(np.corrcoef(rankdata(values.to_numpy(dtype="float64")), ranks)[0, 1]))


def rank_auc(score: np.ndarray, label: np.ndarray) -> float:
    """Share of (1, 0) pairs that `score` ranks right, ties counting half.

    >>> rank_auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0, 0, 1, 1]))
    0.875
    """
    n1 = int(label.sum())
    n0 = len(label) - n1
    from scipy.stats import rankdata

    return float((rankdata(score)[label == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def group_folds(group: pd.Series, *, seed: int) -> np.ndarray:
    """A fold for each row, the same for all rows of a group; the order of rows does not matter."""
    names, index = np.unique(group.to_numpy(dtype="str"), return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[index]


def _band_separation(values: pd.Series, ranks: np.ndarray) -> float:
    codes, levels = pd.factorize(values)
    counts = np.bincount(codes, minlength=len(levels))
    large = [k for k in range(len(levels)) if counts[k] >= 10]
    if len(large) < 2 or counts[large].sum() < 0.8 * len(values):
        return 0.0
    ordered = sorted(large, key=lambda k: (float(np.median(ranks[codes == k])), str(levels[k])))
    least = 1.0
    for low, high in pairwise(ordered):
        pair = (codes == low) | (codes == high)
        least = min(least, rank_auc(ranks[pair], (codes[pair] == high).astype("int64")))
    return least


def _tree(x: np.ndarray, label: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(5, int(train.sum()) // 200)
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=leaf, random_state=0)
    return np.asarray(tree.fit(x[train, None], label[train]).predict_proba(x[test, None])[:, 1])


def _shares(codes: np.ndarray, label: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    size = int(codes.max()) + 1
    n = np.bincount(codes[train], minlength=size)
    won = np.bincount(codes[train], weights=label[train], minlength=size)
    # Five rows at the base rate, so that a level seen once ranks nobody.
    return np.asarray(((won + 5 * label[train].mean()) / (n + 5))[codes[test]])
