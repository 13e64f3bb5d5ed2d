"""A linear model refitted under many weightings of its rows at once: penalty and encoding held."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.calibration import expit
from tierkit.models.design import Array, Design
from tierkit.models.linear import Linear, prior_variances

_BLOCK = 20
"""Refits solved at once: bounds memory, and is wide enough for matrix products to run at full speed."""
_MOST_STEPS = 60
_CLOSE = 1e-6
"""A refit stands when a further step would move it by a thousandth of a standard error (Newton decrement)."""

_Family = Callable[[Array, Array], tuple[Array, Array, Array]]


@dataclass(frozen=True, eq=False)
class LinearRefits:
    """Coefficients of many refits, intercept first, shape (1 + columns of the design, refits)."""

    design: Design
    coef: Array

    def raw(self, rows: pd.DataFrame) -> Array:
        """Linear predictor of each row under each refit, shape (refits, rows)."""
        return np.asarray((self.coef[0] + self.design.matrix(rows) @ self.coef[1:]).T)


def refit_linear(model: Linear, rows: pd.DataFrame, y: Array, counts: Array, *, gamma: bool) -> LinearRefits:
    """Refit a logit, or a Gamma GLM with log link, under each column of `counts`.

    Parameters
    ----------
    model : fitted on `rows` and `y` as they stand; every refit starts from it, under its penalty.
    counts : weight of each row in each refit, 0 or more, shape (len(rows), refits).
    """
    x = model.design.matrix(rows)
    penalty = np.r_[0.0, 1 / prior_variances(x, y, model.ridge)]
    design = np.column_stack([np.ones(len(y)), x])
    start = np.r_[model.intercept, model.coef]
    family = _gamma_slopes if gamma else _logit_slopes
    blocks = [
        _descend(design, y, counts[:, i : i + _BLOCK], penalty, start, family)
        for i in range(0, counts.shape[1], _BLOCK)
    ]
    return LinearRefits(model.design, np.hstack(blocks) if blocks else np.zeros((len(start), 0)))


def _logit_slopes(y: Array, eta: Array) -> tuple[Array, Array, Array]:
    """Loss of each row at its linear predictor, and the first and second derivative."""
    p = expit(eta)
    return np.logaddexp(0.0, eta) - y * eta, p - y, p * (1 - p)


def _gamma_slopes(y: Array, eta: Array) -> tuple[Array, Array, Array]:
    ratio = y * np.exp(-eta)
    return ratio + eta, 1 - ratio, ratio


def _descend(x: Array, y: Array, counts: Array, penalty: Array, start: Array, family: _Family) -> Array:
    """Preconditioned conjugate gradients (Polak-Ribiere) from `start`, all columns of `counts` side by side.

    The Hessian at the start, of all rows alike, is near that of every refit: a few steps do, each of two matrix
    products over all refits, where Newton's method would build a Hessian for each.
    """
    y, penalty = y[:, None], penalty[:, None]
    coef = np.repeat(start[:, None], counts.shape[1], axis=1)
    curve = family(y, x @ start[:, None])[2]
    inverse = np.linalg.inv((x * curve).T @ x + np.diag(penalty[:, 0]))
    eta = x @ coef
    loss, slope, curve = family(y, eta)
    total = (counts * loss).sum(axis=0) + 0.5 * (penalty * coef**2).sum(axis=0)
    gradient = x.T @ (counts * slope) + penalty * coef
    ahead = inverse @ gradient
    towards, decrement = -ahead, (gradient * ahead).sum(axis=0)
    for _ in range(_MOST_STEPS):
        if decrement.max(initial=0.0) < _CLOSE:
            break
        along = x @ towards
        bend = (counts * curve * along**2).sum(axis=0) + (penalty * towards**2).sum(axis=0)
        step = -(gradient * towards).sum(axis=0) / np.where(bend > 0, bend, 1.0)
        for _ in range(30):
            tried, tried_eta = coef + step * towards, eta + step * along
            loss, slope, curve = family(y, tried_eta)
            now = (counts * loss).sum(axis=0) + 0.5 * (penalty * tried**2).sum(axis=0)
            worse = now > total + 1e-9 * np.abs(total)
            if not worse.any():
                break
            step = np.where(worse, step / 2, step)
        coef, eta, total = tried, tried_eta, now
        before, gradient = gradient, x.T @ (counts * slope) + penalty * coef
        ahead = inverse @ gradient
        turned = ((gradient - before) * ahead).sum(axis=0)
        keep = np.maximum(0.0, turned / np.where(decrement > 0, decrement, 1.0))
        towards, decrement = keep * towards - ahead, (gradient * ahead).sum(axis=0)
        # A direction that no longer leads down is begun anew.
        up = (gradient * towards).sum(axis=0) >= 0
        towards = np.where(up, -ahead, towards)
    return coef
