"""Models judged on the same unseen rows: out-of-sample scores, and the table that sets them beside the base rate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.calibration import expit, logit
from tierkit.models.design import Array
from tierkit.models.skill import auc_interval, better_by, log_losses
from tierkit.models.splits import Splits

METHODS = ("base_rate", "size_only", "logit", "lightgbm")
_SIZES = ("employees", "annual_revenue", "seats")

Fitter = Callable[[pd.DataFrame, Array, Array], Callable[[pd.DataFrame], Array]]
"""Fits rows, labels and groups; what comes back gives log-odds of rows."""


@dataclass(frozen=True)
class Contest:
    """Log-odds of every row by models that had not seen it.

    Attributes
    ----------
    y, groups : label and entity of each row, shape (n,).
    raw : by method, log-odds of shape (n, repeats), NaN where a row was not tested.
    fold : number of the fold that tested the row, shape (n, repeats), -1 where none did.
    new : whether the row's group was absent from that fold's training rows, same shape.
    """

    label: str
    y: Array
    groups: Array
    raw: Mapping[str, Array]
    fold: Array
    new: Array
    origin: Array

    @property
    def tested(self) -> Array:
        """Rows that some fold tested."""
        return np.asarray((self.fold >= 0).any(axis=1))

    def prob(self, method: str) -> Array:
        """Mean probability over repeats, NaN where a row was not tested."""
        prob = np.full(len(self.y), np.nan)
        prob[self.tested] = expit(self.raw[method][self.tested]).mean(axis=1)
        return prob

    def losses(self, method: str) -> Array:
        """Log-loss of each tested row, mean over repeats."""
        y, p = self.y[self.tested], expit(self.raw[method][self.tested])
        return np.asarray(np.mean([log_losses(y, p[:, j]) for j in range(p.shape[1])], axis=0))

    def beats(self, method: str, other: str, *, confidence: float) -> bool:
        """Whether `method` has the lower log-loss, by a one-sided bound on paired differences clustered by group."""
        if method not in self.raw or other not in self.raw:
            return False
        bound = better_by(self.losses(other), self.losses(method), self.groups[self.tested], confidence=confidence)
        return bound > 0

    def table(self, chosen: str) -> pd.DataFrame:
        """One row per method: n, n_won, log_loss, brier, auc, auc_low, auc_high, n_new, auc_new, label, chosen."""
        at = self.tested
        y, groups = self.y[at], self.groups[at]
        rows = []
        for method in METHODS:
            row: dict[str, object] = {"method": method, "n": len(y), "n_won": int(y.sum())}
            if method in self.raw:
                raw, fold, new = self.raw[method][at], self.fold[at], self.new[at]
                auc, low, high = auc_interval(y, raw, fold, groups)
                row |= {
                    "log_loss": float(self.losses(method).mean()),
                    "brier": float(((expit(raw) - y[:, None]) ** 2).mean()),
                    "auc": auc,
                    "auc_low": low,
                    "auc_high": high,
                    "n_new": int(new.any(axis=1).sum()),
                    "auc_new": auc_interval(y, raw, np.where(new, fold, -1), groups)[0],
                }
            rows.append(row | {"label": self.label, "chosen": method == chosen})
        measures = ["log_loss", "brier", "auc", "auc_low", "auc_high", "n_new", "auc_new"]
        return pd.DataFrame(rows, columns=["method", "n", "n_won", *measures, "label", "chosen"])


def hold_contest(rows: pd.DataFrame, y: Array, groups: Array, splits: Splits, fitters: Mapping[str, Fitter]) -> Contest:
    """Fit every fitter on the training rows of every fold and score the rest; the base rate is always one of them."""
    repeats = 1 + max(fold.repeat for fold in splits.folds)
    fold_of = np.full((len(rows), repeats), -1)
    new = np.zeros((len(rows), repeats), dtype=bool)
    origin = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[ns]")
    raw = {name: np.full((len(rows), repeats), np.nan) for name in ("base_rate", *fitters)}
    for k, fold in enumerate(splits.folds):
        train, test = rows.iloc[fold.train], rows.iloc[fold.test]
        fold_of[fold.test, fold.repeat] = k
        new[fold.test, fold.repeat] = ~np.isin(groups[fold.test], groups[fold.train])
        if fold.origin is not None:
            origin[fold.test] = fold.origin.to_datetime64()
        raw["base_rate"][fold.test, fold.repeat] = logit(float(y[fold.train].mean()))
        for name, fit in fitters.items():
            raw[name][fold.test, fold.repeat] = fit(train, y[fold.train], groups[fold.train])(test)
    return Contest(splits.label, y, groups, raw, fold_of, new, origin)


def size_column(rows: pd.DataFrame, stated: str | None) -> str | None:
    """The column of the size-only ranking: the one stated, else employees, annual_revenue or seats."""
    for name in (stated,) if stated else _SIZES:
        if name in rows.columns and pd.api.types.is_numeric_dtype(rows[name]) and rows[name].notna().any():
            return name
    return None
