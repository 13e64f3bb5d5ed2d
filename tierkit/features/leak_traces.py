"""Traces that an edit after the outcome leaves in a column, where it does not rank every row."""

import numpy as np
import pandas as pd

from tierkit.features.leak_values import MAX_LEVELS, level_scores, rank_auc

SURE_FLAGGED = 0.25
"""Share of the way from certainty back to the base rate that the lower bound of a part's win rate may leave."""
SURE_REFUSED = 0.10
_Z = 2.326
"""One-sided 99 %: dozens of columns are looked at."""
_LEAST = 10


def sure_part(score: np.ndarray, label: np.ndarray, group: np.ndarray) -> tuple[int, int, float]:
    """Groups in the part of a column that is all but sure of a win, those won, and how unsure their lower bound is.

    `score` is out of fold. Unsureness is (1 - low) / (1 - base rate): 0 where every deal of the part is won, 1 where it
    wins like any other; `low` is the Wilson bound of the share of groups that lost nothing.
    """
    room = 1 - float(label.mean())
    part = score >= 1 - 0.4 * room
    if part.sum() < _LEAST:
        return 0, 0, 1.0
    codes = np.unique(group[part], return_inverse=True)[1]
    lost = np.bincount(codes, weights=1 - label[part])
    n, won = len(lost), int((lost == 0).sum())
    if n < _LEAST:
        return n, won, 1.0
    share = won / n
    middle = share + _Z**2 / (2 * n)
    low = (middle - _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))) / (1 + _Z**2 / n)
    return n, won, float((1 - low) / room)


def filling_ratio(values: pd.Series, label: np.ndarray, group: np.ndarray) -> tuple[float, float, float]:
    """Share missing where lost and where won, and how many times as often, at least, one is missing as the other.

    The lower 99 % bound of the larger ratio, on groups (a group counts once for each outcome); 1 where the column is
    missing in under 5 % of both.
    """
    gone = pd.DataFrame({"gone": values.isna().to_numpy(), "label": label, "group": group})
    by = gone.groupby(["label", "group"])["gone"].max().groupby("label").agg(["sum", "size"])
    if len(by) < 2:
        return float("nan"), float("nan"), 1.0
    (lost_gone, lost), (won_gone, won) = (tuple(map(float, by.loc[k])) for k in (0, 1))
    shares = lost_gone / lost, won_gone / won
    if max(shares) < 0.05:
        return *shares, 1.0
    ratio = abs(np.log((lost_gone + 0.5) / (lost + 1)) - np.log((won_gone + 0.5) / (won + 1)))
    error = np.sqrt(1 / (lost_gone + 0.5) + 1 / (won_gone + 0.5))
    return *shares, float(np.exp(max(0.0, ratio - _Z * error)))


def writing_auc(values: pd.Series, label: np.ndarray, fold: np.ndarray) -> tuple[float, str]:
    """Out-of-fold AUC of how a column is written, whatever it says, and which trait it is of.

    Of numbers: trailing zeros, decimals, last digit. Of text with more than 20 levels: length, how it begins and ends.
    """
    numeric = pd.api.types.is_numeric_dtype(values)
    traits = _of_numbers(values) if numeric else _of_text(values)
    best, named = 0.5, ""
    for name, codes in traits.items():
        if len(np.unique(codes)) < 2:
            continue
        auc = rank_auc(level_scores(codes, label, fold), label)
        if auc > best:
            best, named = auc, name
    return best, named


def _of_numbers(values: pd.Series) -> dict[str, np.ndarray]:
    x = values.to_numpy(dtype="float64")
    known = np.isfinite(x)
    if len(np.unique(x[known])) <= MAX_LEVELS:
        return {}
    size = np.where(known, np.abs(x), 0.0)
    whole = np.round(size)
    zeros = sum((whole % 10**k == 0).astype("int64") for k in (1, 2, 3))
    decimals = sum((np.abs(size * 10**k - np.round(size * 10**k)) > 1e-6).astype("int64") for k in range(4))
    return {
        "trailing zeros": np.where(known, zeros + 1, 0),
        "decimals": np.where(known, decimals + 1, 0),
        "last digit": np.where(known, (whole % 10).astype("int64") + 1, 0),
    }


def _of_text(values: pd.Series) -> dict[str, np.ndarray]:
    text = values.astype("str")
    if text.nunique() <= MAX_LEVELS:
        return {}
    traits: dict[str, pd.Series] = {
        "length": text.str.len(),
        "first letter": text.str[:1],
        "beginning": text.str.replace(r"[0-9].*$", "", regex=True),
        "first three letters": text.str[:3],
        "last letter": text.str[-1:],
    }
    return {name: pd.factorize(trait)[0] + 1 for name, trait in traits.items()}
