"""Penalised linear models on a design: the logit, and the Gamma GLM with log link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.design import Array, Design, learn_design
from tierkit.models.skill import gamma_deviances, log_losses
from tierkit.models.splits import grouped_folds

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Candidates for the prior variance of a coefficient: effects of one standard deviation of a number, or of a level."""
_LEAD = {"logit": 0.02, "gamma": 0.1}
# Ridge alone would shrink the one column that matters as much as the sixty that do not.
_STANDS_OUT = 4.0
_TUNING_ROWS = 8_000


@dataclass(frozen=True)
class Linear:
    """A linear predictor: `intercept + matrix(rows) @ coef`."""

    design: Design
    intercept: float
    coef: tuple[float, ...]
    strength: float

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the model looks at."""
        return self.design.features

    def raw(self, rows: pd.DataFrame) -> Array:
        """The linear predictor, on the scale of the link, shape (n,)."""
        return np.asarray(self.intercept + self.design.matrix(rows) @ np.array(self.coef))

    def contributions(self, rows: pd.DataFrame) -> tuple[Array, float]:
        """Each feature's part of `raw` against the average training row, shape (n, features), and the base."""
        return self.design.by_feature(self.design.matrix(rows) * np.array(self.coef)), self.intercept


def fit_logit(
    rows: pd.DataFrame,
    y: Array,
    features: Sequence[str],
    *,
    groups: Array,
    seed: int,
    strengths: Sequence[float] = STRENGTHS,
) -> Linear:
    """Ridge logit, the intercept free; its strength is the best of `strengths` by grouped cross-validated log-loss."""
    return _fit(rows, y, features, groups, seed, strengths, _solve_logit, _logit_losses)


def fit_gamma(
    rows: pd.DataFrame,
    y: Array,
    features: Sequence[str],
    *,
    groups: Array,
    seed: int,
    strengths: Sequence[float] = STRENGTHS,
) -> Linear:
    """Ridge Gamma GLM with log link, the intercept free; strength by grouped cross-validated gamma deviance."""
    return _fit(rows, y, features, groups, seed, strengths, _solve_gamma, _gamma_losses)


Solver = Callable[[Array, Array, float], tuple[float, Array]]


def _fit(
    rows: pd.DataFrame,
    y: Array,
    features: Sequence[str],
    groups: Array,
    seed: int,
    strengths: Sequence[float],
    solve: Solver,
    losses: Callable[[Array, Array], Array],
) -> Linear:
    design = learn_design(rows, features)
    x = design.matrix(rows)
    if len(strengths) > 1 and x.shape[1]:
        strength = _tune(x, y, groups, seed, strengths, solve, losses)
    else:
        strength = strengths[0]
    intercept, coef = _solve(x, y, strength, solve)
    return Linear(design, float(intercept), tuple(float(b) for b in coef), float(strength))


def _tune(
    x: Array,
    y: Array,
    groups: Array,
    seed: int,
    strengths: Sequence[float],
    solve: Solver,
    losses: Callable[[Array, Array], Array],
) -> float:
    """Strength with the lowest loss over three grouped folds, of at most 8,000 rows of whole groups."""
    codes = pd.factorize(groups)[0]
    if len(y) > _TUNING_ROWS:
        share = _TUNING_ROWS / len(y)
        kept = np.flatnonzero(np.random.default_rng(seed).random(codes.max() + 1)[codes] < share)
        x, y, codes = x[kept], y[kept], codes[kept]
    folds = grouped_folds(codes, y > np.median(y), seed=seed, n_folds=3, repeats=1)

    def loss(i: int) -> float:
        total = 0.0
        for fold in folds:
            intercept, coef = _solve(x[fold.train], y[fold.train], strengths[i], solve)
            total += float(losses(y[fold.test], intercept + x[fold.test] @ coef).sum())
        return total

    # The loss has one valley in the strength: from the middle, walk down until it rises.
    middle = len(strengths) // 2
    best, lowest = middle, loss(middle)
    for step in (-1, 1):
        i = best + step
        while 0 <= i < len(strengths) and (tried := loss(i)) < lowest:
            best, lowest, i = i, tried, i + step
        if best != middle:
            break
    return float(strengths[best])


def _solve(x: Array, y: Array, strength: float, solve: Solver) -> tuple[float, Array]:
    """Fit with prior variance `strength`, or more for columns over four standard errors away from no correlation."""
    lead = _LEAD["logit" if solve is _solve_logit else "gamma"]
    centred = x - x.mean(axis=0)
    target = np.log1p(y) - np.log1p(y).mean()
    spread = np.sqrt((centred**2).sum(axis=0) * (target**2).sum())
    z = np.sqrt(len(y)) * np.abs(centred.T @ target) / np.where(spread > 0, spread, np.inf)
    scale = np.where(z > _STANDS_OUT, np.sqrt(max(1.0, lead / strength)), 1.0)
    intercept, coef = solve(x * scale, y, strength)
    return intercept, coef * scale


def _solve_logit(x: Array, y: Array, strength: float) -> tuple[float, Array]:
    from sklearn.linear_model import LogisticRegression

    won = y > 0
    if won.all() or not won.any():
        share = (won.sum() + 0.5) / (len(won) + 1)
        return float(np.log(share / (1 - share))), np.zeros(x.shape[1])
    if x.shape[1] == 0:
        return float(np.log(won.mean() / (1 - won.mean()))), np.zeros(0)
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-5, max_iter=100)
    model.fit(x, won)
    return float(model.intercept_[0]), np.asarray(model.coef_[0])


def _solve_gamma(x: Array, y: Array, strength: float) -> tuple[float, Array]:
    import statsmodels.api as sm

    unit = float(y.mean())
    model = sm.GLM(y / unit, np.column_stack([np.ones(len(y)), x]), family=sm.families.Gamma(sm.families.links.Log()))
    # Unset, statsmodels estimates the scale anew at every step, and its gradient is no longer that of its objective.
    model.scaletype = 1.0
    # A scalar would penalise the constant too.
    alpha = np.r_[0.0, np.full(x.shape[1], 1 / (strength * len(y)))]
    params = np.asarray(model.fit_regularized(alpha=alpha, L1_wt=0, opt_method="L-BFGS-B").params)
    return float(params[0] + np.log(unit)), params[1:]


def _logit_losses(y: Array, raw: Array) -> Array:
    return log_losses(y, 1 / (1 + np.exp(-raw)))


def _gamma_losses(y: Array, raw: Array) -> Array:
    return gamma_deviances(y, np.exp(raw))
