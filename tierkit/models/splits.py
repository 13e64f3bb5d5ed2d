"""Splits that a model is judged on: rolling origins where rows are dated, grouped folds where they are not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.design import Array

QUARTER = pd.Timedelta(days=91)
SPACINGS = ((QUARTER, 1), (pd.Timedelta(days=30), 1), (pd.Timedelta(days=7), 2))
"""Days between origins, the longest first, and how many times as many origins to try."""
MIN_TRAIN = 30
MIN_TEST = 5
OUT_OF_TIME = "out_of_time"
CROSS_VALIDATED = "cross_validated"


@dataclass(frozen=True)
class Fold:
    """Positions of training and test rows; `origin` is the day the model would have been fitted."""

    train: Array
    test: Array
    repeat: int = 0
    origin: pd.Timestamp | None = None


@dataclass(frozen=True)
class Splits:
    """Folds and what a figure from them may be called: `out_of_time` or `cross_validated`."""

    label: str
    folds: tuple[Fold, ...]


def choose_splits(
    rows: pd.DataFrame, positive: Array, *, start: str, known: pd.Series | None, seed: int, n_origins: int = 6
) -> Splits:
    """Rolling origins if at least two are usable, else repeated grouped folds.

    Origins are a quarter apart; where too few quarters have enough known outcomes, a month, and else a week.

    Parameters
    ----------
    rows : labelled rows; group_id or account_id says which belong together.
    positive : bool, shape (n,); wins, openings.
    start : column with the day a row begins; folds test rows that begin between an origin and the next.
    known : day each row's label was known; None or missing where rows carry no dates.
    """
    if known is not None and start in rows.columns and rows[start].notna().all():
        for every, times in SPACINGS:
            folds = rolling_origins(rows[start], known, positive, n_origins=times * n_origins, every=every)
            if len(folds) >= 2:
                return Splits(OUT_OF_TIME, folds)
    return Splits(CROSS_VALIDATED, grouped_folds(groups_of(rows), positive, seed=seed))


def rolling_origins(
    start: pd.Series,
    known: pd.Series,
    positive: Array | None,
    *,
    n_origins: int = 6,
    least: tuple[int, int] = (MIN_TRAIN, MIN_TEST),
    every: pd.Timedelta = QUARTER,
) -> tuple[Fold, ...]:
    """Folds at the last origins: trained on rows whose label was known then, tested on those that begin in `every`.

    Origins with fewer than `least` positive or other rows to train and to test on are skipped; `positive=None` counts
    all rows alike.
    """
    begin, day = start.to_numpy("datetime64[ns]"), known.to_numpy("datetime64[ns]")
    after_last = pd.Timestamp(begin.max()) + pd.Timedelta(days=1)
    folds = []
    for back in range(n_origins, 0, -1):
        origin = after_last - back * every
        train = np.flatnonzero(day <= origin.to_datetime64())
        test = np.flatnonzero((begin >= origin.to_datetime64()) & (begin < (origin + every).to_datetime64()))
        if _enough(positive, train, least[0]) and _enough(positive, test, least[1]):
            folds.append(Fold(train, test, origin=origin))
    return tuple(folds)


def grouped_folds(
    groups: Array, positive: Array, *, seed: int, n_folds: int = 5, repeats: int | None = None
) -> tuple[Fold, ...]:
    """Stratified folds with each group on one side; 5 repeats below 2,000 rows, 1 above.

    Groups are dealt to folds in the order of their positives and size, ties at random: scikit-learn's
    `StratifiedGroupKFold` balances the same way but takes minutes on tens of thousands of groups.
    """
    repeats = repeats if repeats is not None else (5 if len(groups) < 2_000 else 1)
    codes = pd.factorize(groups)[0]
    sizes = np.bincount(codes)
    wins = np.bincount(codes, weights=positive.astype(float))
    random = np.random.default_rng(seed)
    n_folds = max(2, min(n_folds, len(sizes)))
    folds = []
    for repeat in range(repeats):
        order = np.lexsort((random.random(len(sizes)), -sizes, -wins))
        dealt = np.empty(len(sizes), dtype=np.int64)
        # Back and forth, so that no fold gets the largest group of every round.
        there = np.arange(len(sizes)) % (2 * n_folds)
        dealt[order] = np.minimum(there, 2 * n_folds - 1 - there)
        fold = dealt[codes]
        folds += [Fold(np.flatnonzero(fold != k), np.flatnonzero(fold == k), repeat) for k in range(n_folds)]
    return tuple(folds)


def groups_of(rows: pd.DataFrame) -> Array:
    """A number for the entity behind each row: that of its group_id, else account_id, else the row itself."""
    for name in ("group_id", "account_id"):
        if name in rows.columns and rows[name].notna().all():
            return np.asarray(pd.factorize(rows[name])[0])
    return np.arange(len(rows))


def label_known(rows: pd.DataFrame, start: str) -> pd.Series | None:
    """The day a row's label was known: its start plus its horizon; None where rows carry neither."""
    if start not in rows.columns or "horizon_days" not in rows.columns or rows["horizon_days"].isna().any():
        return None
    return rows[start] + pd.to_timedelta(rows["horizon_days"].astype("float64"), unit="D")


def _enough(positive: Array | None, at: Array, least: int) -> bool:
    if positive is None:
        return len(at) >= least
    wins = int(positive[at].sum())
    return min(wins, len(at) - wins) >= least
