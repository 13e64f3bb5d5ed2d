"""Penalised linear models on a design: the logit, and the Gamma GLM with log link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.models.design import Array, Design, learn_design
from tierkit.models.skill import gamma_deviances, log_losses
from tierkit.models.splits import Fold, grouped_folds

_STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_LEADS = (0.02, 0.1, 0.5)
_STANDS_OUT = 4.0
_TUNING_ROWS = 4_000


@dataclass(frozen=True)
class Ridge:
    """Prior variances of coefficients, on effects of one standard deviation of a number or of one level.

    `lead` is that of columns more than four standard errors away from no correlation with the label: under one
    strength for all, the column that matters is shrunk as hard as the sixty that do not.
    """

    strength: float
    lead: float = 0.0


@dataclass(frozen=True)
class Linear:
    """A linear predictor: `intercept + matrix(rows) @ coef`."""

    design: Design
    intercept: float
    coef: tuple[float, ...]
    ridge: Ridge

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the model looks at."""
        return self.design.features

    def raw(self, rows: pd.DataFrame) -> Array:
        """The linear predictor, on the scale of the link, shape (n,)."""
        return self.raw_of(self.design.codes(rows))

    def raw_of(self, codes: Array) -> Array:
        """The same of rows that are codes of the design."""
        return self.intercept + self.design.product(codes, np.array(self.coef))

    def contributions(self, rows: pd.DataFrame) -> tuple[Array, float]:
        """Each feature's part of `raw` against the average training row, shape (n, features), and the base."""
        return self.contributions_of(self.design.codes(rows)), self.intercept

    def contributions_of(self, codes: Array) -> Array:
        """The same of rows that are codes of the design, without the base."""
        return self.design.by_feature(self.design.matrix_of(codes) * np.array(self.coef))


def fit_logit(
    rows: pd.DataFrame, y: Array, features: Sequence[str], *, groups: Array, seed: int, ridge: Ridge | None = None
) -> Linear:
    """Ridge logit, the intercept free; unless stated, `ridge` has the best log-loss over three grouped folds."""
    return _fit(rows, y, features, groups, seed, ridge, _LOGIT)


def fit_gamma(
    rows: pd.DataFrame, y: Array, features: Sequence[str], *, groups: Array, seed: int, ridge: Ridge | None = None
) -> Linear:
    """Ridge Gamma GLM with log link, as `fit_logit`, by gamma deviance; `y` above 0."""
    return _fit(rows, y, features, groups, seed, ridge, _GAMMA)


@dataclass(frozen=True)
class _Family:
    solve: Callable[[Array, Array, Array], tuple[float, Array]]
    losses: Callable[[Array, Array], Array]


def _fit(
    rows: pd.DataFrame,
    y: Array,
    features: Sequence[str],
    groups: Array,
    seed: int,
    ridge: Ridge | None,
    family: _Family,
) -> Linear:
    design = learn_design(rows, features)
    x = design.matrix(rows)
    if ridge is None:
        ridge = _tune(x, y, groups, seed, family) if x.shape[1] else Ridge(1.0)
    intercept, coef = _solve(x, y, ridge, family)
    return Linear(design, float(intercept), tuple(float(b) for b in coef), ridge)


def _tune(x: Array, y: Array, groups: Array, seed: int, family: _Family) -> Ridge:
    """The best ridge of at most 4,000 rows of whole groups: first the strength, then that of the leads."""
    codes = pd.factorize(groups)[0]
    if len(y) > _TUNING_ROWS:
        share = _TUNING_ROWS / len(y)
        kept = np.flatnonzero(np.random.default_rng(seed).random(codes.max() + 1)[codes] < share)
        x, y, codes = x[kept], y[kept], codes[kept]
    folds = grouped_folds(codes, y > y.mean(), seed=seed, n_folds=3, repeats=1)
    strengths = [Ridge(s, _LEADS[0]) for s in _STRENGTHS]
    best, lowest = _descend(strengths, len(strengths) // 2, lambda r: _loss(x, y, folds, r, family))
    if not _leads(x, y).any():
        return best
    leads = [best, *(Ridge(best.strength, lead) for lead in _LEADS[1:] if lead > best.strength)]
    return _descend(leads, 0, lambda r: lowest if r == best else _loss(x, y, folds, r, family))[0]


def _descend(candidates: list[Ridge], start: int, loss: Callable[[Ridge], float]) -> tuple[Ridge, float]:
    """The lowest of candidates in order, whose loss has one valley: from the start, walk down until it rises."""
    best, lowest = start, loss(candidates[start])
    for step in (-1, 1):
        i = best + step
        while 0 <= i < len(candidates) and (tried := loss(candidates[i])) < lowest:
            best, lowest, i = i, tried, i + step
        if best != start:
            break
    return candidates[best], lowest


def _loss(x: Array, y: Array, folds: tuple[Fold, ...], ridge: Ridge, family: _Family) -> float:
    total = 0.0
    for fold in folds:
        intercept, coef = _solve(x[fold.train], y[fold.train], ridge, family)
        total += float(family.losses(y[fold.test], intercept + x[fold.test] @ coef).sum())
    return total


def _solve(x: Array, y: Array, ridge: Ridge, family: _Family) -> tuple[float, Array]:
    return family.solve(x, y, prior_variances(x, y, ridge))


def solve_logit(x: Array, y: Array, ridge: Ridge) -> tuple[float, Array]:
    """Intercept and coefficients of the ridge logit on a matrix of `Design.matrix`."""
    return _solve(x, y, ridge, _LOGIT)


def prior_variances(x: Array, y: Array, ridge: Ridge) -> Array:
    """Prior variance of the coefficient of each column of `x`."""
    return np.where(_leads(x, y), max(ridge.strength, ridge.lead), ridge.strength)


def _leads(x: Array, y: Array) -> Array:
    """Columns whose correlation with the label, or the log of an amount, stands out."""
    centred = x - x.mean(axis=0)
    target = np.log1p(y) - np.log1p(y).mean()
    spread = np.sqrt((centred**2).sum(axis=0) * (target**2).sum())
    z = np.sqrt(len(y)) * np.abs(centred.T @ target) / np.where(spread > 0, spread, np.inf)
    return np.asarray(z > _STANDS_OUT)


def _solve_logit(x: Array, y: Array, variances: Array) -> tuple[float, Array]:
    from sklearn.linear_model import LogisticRegression

    won = y > 0
    if won.all() or not won.any():
        share = (won.sum() + 0.5) / (len(won) + 1)
        return float(np.log(share / (1 - share))), np.zeros(x.shape[1])
    if x.shape[1] == 0:
        return float(np.log(won.mean() / (1 - won.mean()))), np.zeros(0)
    # One penalty for all is what scikit-learn offers; on scaled columns it is one for each.
    scale = np.sqrt(variances)
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-5, max_iter=100).fit(x * scale, won)
    return float(model.intercept_[0]), np.asarray(model.coef_[0]) * scale


def _solve_gamma(x: Array, y: Array, variances: Array) -> tuple[float, Array]:
    import statsmodels.api as sm

    unit = float(y.mean())
    model = sm.GLM(y / unit, np.column_stack([np.ones(len(y)), x]), family=sm.families.Gamma(sm.families.links.Log()))
    # Unset, statsmodels estimates the scale anew at every step, and its gradient is no longer that of its objective.
    model.scaletype = 1.0
    # A scalar would penalise the constant too.
    alpha = np.r_[0.0, 1 / (variances * len(y))]
    # The line search may look where exp overflows; it comes back by itself.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        params = np.asarray(model.fit_regularized(alpha=alpha, L1_wt=0, opt_method="L-BFGS-B").params)
    return float(params[0] + np.log(unit)), params[1:]


def _logit_losses(y: Array, raw: Array) -> Array:
    return log_losses(y, 1 / (1 + np.exp(-raw)))


def _gamma_losses(y: Array, raw: Array) -> Array:
    return gamma_deviances(y, np.exp(raw))


_LOGIT = _Family(_solve_logit, _logit_losses)
_GAMMA = _Family(_solve_gamma, _gamma_losses)
