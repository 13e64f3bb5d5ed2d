"""The cheap win model, a penalised logit, on several sets of columns: the same rows, folds and penalty for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.contest import Contest
from tierkit.models.design import Array, learn_design
from tierkit.models.linear import Ridge, fit_logit, solve_logit
from tierkit.models.skill import auc_gain, auc_interval, loss_gain
from tierkit.models.splits import CROSS_VALIDATED, Splits, choose_splits, grouped_folds, groups_of, label_known

MAX_ROWS = 10_000
"""Labelled rows that are fitted and tested on, whole groups of them drawn where there are more."""
MIN_EACH = 40
"""Wins, and others, below which nothing is compared."""


@dataclass(frozen=True)
class Gain:
    """What one set of columns has over another on the same tested rows: difference and interval, clustered."""

    auc: float
    auc_other: float
    auc_gain: tuple[float, float, float]
    loss: float
    loss_other: float
    loss_gain: tuple[float, float, float]


def mature_rows(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Rows with an outcome, in an order of their own; of more than 10,000 a draw of whole groups."""
    rows = rows[rows["won_in_horizon"].notna()].sort_values("row_id", kind="stable").reset_index(drop=True)
    if len(rows) <= MAX_ROWS:
        return rows
    codes = groups_of(rows)
    kept = np.random.default_rng(seed).random(int(codes.max()) + 1)[codes] < MAX_ROWS / len(rows)
    return rows[kept].reset_index(drop=True)


def can_compare(rows: pd.DataFrame) -> bool:
    """Whether mature rows hold enough wins and others."""
    won = int(rows["won_in_horizon"].sum())
    return min(won, len(rows) - won) >= MIN_EACH


def judged_splits(rows: pd.DataFrame, *, seed: int) -> Splits:
    """The splits of the win model's own comparison, of cross-validation the first round alone."""
    positive = rows["won_in_horizon"].to_numpy(np.float64) > 0
    splits = choose_splits(rows, positive, start="opened_at", known=label_known(rows, "opened_at"), seed=seed)
    return Splits(splits.label, tuple(fold for fold in splits.folds if fold.repeat == 0))


def cross_splits(rows: pd.DataFrame, *, seed: int) -> Splits:
    """Five folds of whole groups, whatever the dates."""
    positive = rows["won_in_horizon"].to_numpy(np.float64) > 0
    return Splits(CROSS_VALIDATED, grouped_folds(groups_of(rows), positive, seed=seed, repeats=1))


def tuned_ridge(rows: pd.DataFrame, features: Sequence[str], splits: Splits, *, seed: int) -> Ridge:
    """The penalty that the training rows of the first fold choose, so that none was chosen by a row it is tested on."""
    train = rows.iloc[splits.folds[0].train]
    labels = train["won_in_horizon"].to_numpy(np.float64)
    return fit_logit(train, labels, features, groups=groups_of(train), seed=seed).ridge


def hold_variants(rows: pd.DataFrame, sets: Mapping[str, Sequence[str]], splits: Splits, *, ridge: Ridge) -> Contest:
    """A contest of one logit for each set of columns, by its name.

    Columns are encoded once a fold: how one is encoded depends on no other, so each logit is that of `fit_logit`.
    """
    y, groups = rows["won_in_horizon"].to_numpy(np.float64), groups_of(rows)
    every = list(dict.fromkeys(name for columns in sets.values() for name in columns))
    fold_of = np.full((len(rows), 1), -1)
    new = np.zeros((len(rows), 1), dtype=bool)
    raw = {name: np.full((len(rows), 1), np.nan) for name in sets}
    for k, fold in enumerate(splits.folds):
        design = learn_design(rows.iloc[fold.train], every)
        x, unseen, labels = design.matrix(rows.iloc[fold.train]), design.matrix(rows.iloc[fold.test]), y[fold.train]
        fold_of[fold.test, 0] = k
        new[fold.test, 0] = ~np.isin(groups[fold.test], groups[fold.train])
        for name, columns in sets.items():
            kept = np.isin(np.array(design.features)[design.owner], list(columns))
            intercept, coef = solve_logit(x[:, kept], labels, ridge)
            raw[name][fold.test, 0] = intercept + unseen[:, kept] @ coef
    unknown = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[ns]")
    return Contest(splits.label, y, groups, raw, fold_of, new, unknown)


def gain_of(contest: Contest, name: str, other: str) -> Gain:
    """What the set `name` has over the set `other`."""
    at = contest.tested
    y, groups, fold = contest.y[at], contest.groups[at], contest.fold[at]
    mine, theirs = contest.raw[name][at], contest.raw[other][at]
    losses, other_losses = contest.losses(name), contest.losses(other)
    return Gain(
        auc=auc_interval(y, mine, fold, groups)[0],
        auc_other=auc_interval(y, theirs, fold, groups)[0],
        auc_gain=auc_gain(y, mine, theirs, fold, groups),
        loss=float(losses.mean()),
        loss_other=float(other_losses.mean()),
        loss_gain=loss_gain(other_losses, losses, groups),
    )


def n_tested(contest: Contest) -> tuple[int, int]:
    """Rows tested and wins among them."""
    at: Array = contest.tested
    return int(at.sum()), int(contest.y[at].sum())
