"""E[ACV given win]: a Gamma GLM and a boosted gamma, chosen by deviance and total bias, with an interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.models.contest import size_column
from tierkit.models.design import Array, model_features
from tierkit.models.linear import Linear, Ridge, fit_gamma
from tierkit.models.medians import Medians, fit_medians
from tierkit.models.settings import ModelSettings
from tierkit.models.skill import better_by, gamma_deviances
from tierkit.models.splits import CROSS_VALIDATED, OUT_OF_TIME, Fold, grouped_folds, groups_of, rolling_origins
from tierkit.models.training import contribution_frame, training_window
from tierkit.models.trees import Trees, fit_trees

MIN_WINS = 50
_BETTER = 0.9
_MOST_BIAS = 0.10
_FACTOR = (0.8, 1.25)
_WINSOR = 0.995

Model = Linear | Trees | Medians


@dataclass(frozen=True)
class AcvFit:
    """A model of log ACV, the factor that makes its out-of-fold sum right, and its conformal bounds on the log."""

    model: Model
    factor: float
    log_low: float
    log_high: float

    def mean(self, rows: pd.DataFrame) -> Array:
        """Expected ACV, not capped."""
        return self.mean_of(self.model.raw(rows))

    def mean_of(self, raw: Array) -> Array:
        """The same of rows of which the model said `raw`."""
        return np.asarray(self.factor * np.exp(raw))


@dataclass(frozen=True, eq=False)
class Acv:
    """A fitted model of the contract value of won deals.

    Attributes
    ----------
    cap : predictions stop here, a quantile of won ACV: one outlier must not take a Tier 1 place.
    comparison : one row per method (mean, size_only, median, gamma_glm, lightgbm): n, gamma_deviance (lower is
        better), total_bias (sum predicted / sum won - 1), top_fifth_share (of won ACV, among the fifth predicted
        highest), label, chosen.
    interval_level, interval_coverage, interval_n : the level asked for, and the share of n unseen rows inside.
    label : `out_of_time`, `cross_validated` or `not_compared`.
    """

    fit: AcvFit
    cap: float
    interval_level: float
    interval_coverage: float
    interval_n: int
    n_won: int
    window: tuple[str, str] | None
    label: str
    comparison: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> Literal["gamma_glm", "lightgbm", "median"]:
        """Which model was chosen."""
        if isinstance(self.fit.model, Linear):
            return "gamma_glm"
        return "lightgbm" if isinstance(self.fit.model, Trees) else "median"

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the model looks at."""
        return self.fit.model.features

    def predict(self, rows: pd.DataFrame) -> Array:
        """Expected ACV given a win, capped, shape (n,)."""
        return np.minimum(self.fit.mean(rows), self.cap)

    def interval(self, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Low and high end of the ACV of one deal at `interval_level`, shape (n,) each."""
        return self.amounts_of(self.fit.model.raw(rows))[1:]

    def amounts_of(self, raw: Array) -> tuple[Array, Array, Array]:
        """Expected ACV and both ends of its interval of rows of which the model said `raw`, shape (n,) each."""
        mean = self.fit.mean_of(raw)
        low, high = np.minimum(mean * np.exp(self.fit.log_low), self.cap), mean * np.exp(self.fit.log_high)
        return np.minimum(mean, self.cap), low, high

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log of the expected ACV before the cap, taken apart exactly: one column a feature, and `_base`."""
        parts, base = self.fit.model.contributions(rows)
        return contribution_frame(rows, self.features, parts, base + float(np.log(self.fit.factor)))


def fit_acv(
    rows: pd.DataFrame,
    verdicts: pd.DataFrame,
    *,
    settings: ModelSettings | None = None,
    seed: int,
    compare: bool = True,
    kind: Literal["gamma_glm", "lightgbm"] | None = None,
    ridge: Ridge | None = None,
) -> Acv:
    """Fit E[ACV given win] on rows with `won_acv` above 0 and the columns the verdicts allow, and the segment.

    Below 50 wins it is the segment's median times a smear. Else the Gamma GLM, unless LightGBM's paired gamma
    deviance is better by a 90 % one-sided bound and its total bias is no worse than 10 %. `compare=False` skips that
    and fits `kind` (default the GLM), for those who refit again and again. `ridge` is the GLM's penalty, as an earlier
    fit tuned it; tuned here unless given.

    Raises
    ------
    TableError : no row has an ACV.

    The interval is split-conformal on out-of-fold log residuals (Vovk 2005; Lei 2018): ACV errs by a factor, so a
    bound on the log is one factor for every account, exact under exp, and two numbers to keep.
    """
    settings = settings or ModelSettings()
    rows = rows[rows["won_acv"].gt(0)].reset_index(drop=True)
    if rows.empty:
        raise TableError("deals: no won deal carries an ACV above 0; map the column acv, or tier on win_prob alone")
    y = rows["won_acv"].to_numpy(np.float64)
    groups = groups_of(rows)
    # The segment describes a row and is no feature of wins, but it tells sizes where the headcount is unknown.
    segment = () if "segment" in set(verdicts["column"]) else ("segment",)
    methods = _methods(rows, model_features(verdicts, rows, also=segment), settings, seed, ridge)
    few = len(rows) < MIN_WINS or "gamma_glm" not in methods
    chosen = "median" if few else kind or "gamma_glm"
    notes = (f"{len(rows)} wins with an ACV: the median of the segment stands in for a model",) if few else ()
    comparison, label, coverage, tested = pd.DataFrame(), "not_compared", float("nan"), 0
    if compare and len(rows) >= 10:
        if few:
            methods = {name: methods[name] for name in ("mean", "median")}
        label, folds = _folds(rows, groups, seed)
        entrants = ("median",) if few else ("gamma_glm", "lightgbm")
        means, inside = _out_of_sample(rows, y, groups, folds, methods, entrants, settings.interval, seed)
        at = ~np.isnan(means["mean"])
        if not few and kind is None and _trees_win(y[at], {k: v[at] for k, v in means.items()}, groups[at]):
            chosen = "lightgbm"
        comparison = _table(y[at], {k: v[at] for k, v in means.items()}, label, chosen)
        coverage, tested = float(inside[chosen][at].mean()), int(at.sum())
    return Acv(
        fit=_fit(rows, y, groups, methods[chosen], settings.interval, seed),
        cap=float(np.quantile(y, settings.cap_quantile)),
        interval_level=settings.interval,
        interval_coverage=coverage,
        interval_n=tested,
        n_won=len(rows),
        window=training_window(rows, "closed_at"),
        label=label,
        comparison=comparison,
        notes=notes,
    )


def conformal_bounds(residuals: Array, level: float) -> tuple[float, float]:
    """Two residuals between which a new one falls with probability `level` or more, equal tails.

    The k-th smallest and the k-th largest with k = floor((n + 1) (1 - level) / 2), the extremes where n is too small.
    """
    ordered = np.sort(residuals)
    # The rounding keeps (9 + 1) * 0.1 from becoming 0.99999.
    k = max(1, int(np.floor(round((len(ordered) + 1) * (1 - level) / 2, 9))))
    return float(ordered[k - 1]), float(ordered[-k])


Fitter = Callable[[pd.DataFrame, Array, Array, Model | None], Model]
"""Fits rows, amounts and groups; the last argument is a model whose tuning is taken over."""


def _methods(
    rows: pd.DataFrame, features: list[str], settings: ModelSettings, seed: int, ridge: Ridge | None
) -> dict[str, Fitter]:
    def glm(columns: Sequence[str], ridge: Ridge | None) -> Fitter:
        def fit(train: pd.DataFrame, y: Array, groups: Array, like: Model | None) -> Model:
            tuned = like.ridge if isinstance(like, Linear) else ridge
            return fit_gamma(train, y, columns, groups=groups, seed=seed, ridge=tuned)

        return fit

    def trees(train: pd.DataFrame, y: Array, groups: Array, like: Model | None) -> Model:
        n_trees = like.booster.num_trees() if isinstance(like, Trees) else None
        return fit_trees(train, y, features, objective="gamma", groups=groups, seed=seed, n_trees=n_trees)

    methods: dict[str, Fitter] = {"mean": glm([], Ridge(1.0))}
    if size := size_column(rows, settings.size_column):
        methods["size_only"] = glm([size], Ridge(1.0))
    methods["median"] = lambda train, y, groups, like: fit_medians(train, y)
    if features:
        methods["gamma_glm"] = glm(features, ridge)
        methods["lightgbm"] = trees
    return methods


def _folds(rows: pd.DataFrame, groups: Array, seed: int) -> tuple[str, tuple[Fold, ...]]:
    """Rolling origins trained on deals won by then, else grouped folds."""
    if all(name in rows.columns and rows[name].notna().all() for name in ("opened_at", "closed_at")):
        folds = rolling_origins(rows["opened_at"], rows["closed_at"], None, n_origins=4, least=(MIN_WINS, 10))
        if len(folds) >= 2:
            return OUT_OF_TIME, folds
    return CROSS_VALIDATED, grouped_folds(groups, np.ones(len(rows), dtype=bool), seed=seed, repeats=1)


def _out_of_sample(
    rows: pd.DataFrame,
    y: Array,
    groups: Array,
    folds: tuple[Fold, ...],
    methods: dict[str, Fitter],
    entrants: Sequence[str],
    level: float,
    seed: int,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Expected ACV of every tested row by each method, and whether the interval held it, of those that may be chosen.

    The others are there to be beaten, and are spared the folds that a factor and an interval take.
    """
    means = {name: np.full(len(y), np.nan) for name in methods}
    inside = {name: np.zeros(len(y), dtype=bool) for name in entrants}
    for fold in folds:
        train, test = rows.iloc[fold.train].reset_index(drop=True), rows.iloc[fold.test]
        for name, method in methods.items():
            won, parts = y[fold.train], groups[fold.train]
            if name not in entrants:
                means[name][fold.test] = np.exp(method(train, tame(won), parts, None).raw(test))
                continue
            fit = _fit(train, won, parts, method, level, seed)
            means[name][fold.test] = fit.mean(test)
            error = np.log(y[fold.test] / means[name][fold.test])
            inside[name][fold.test] = (error >= fit.log_low) & (error <= fit.log_high)
    return means, inside


def _fit(rows: pd.DataFrame, y: Array, groups: Array, method: Fitter, level: float, seed: int) -> AcvFit:
    """The model on all rows; factor and bounds from three grouped folds it has not seen."""
    tamed = tame(y)
    model = method(rows, tamed, groups, None)
    unseen = np.exp(model.raw(rows))
    if len(np.unique(groups)) >= 3:
        for fold in grouped_folds(groups, np.ones(len(y), dtype=bool), seed=seed, n_folds=3, repeats=1):
            train = rows.iloc[fold.train].reset_index(drop=True)
            part = method(train, tamed[fold.train], groups[fold.train], model)
            unseen[fold.test] = np.exp(part.raw(rows.iloc[fold.test]))
    factor = float(np.clip(y.sum() / unseen.sum(), *_FACTOR))
    low, high = conformal_bounds(np.log(y / (factor * unseen)), level)
    return AcvFit(model, factor, low, high)


def tame(y: Array) -> Array:
    """Amounts to train on: one contract of ten million would bend every coefficient."""
    return np.asarray(np.minimum(y, np.quantile(y, _WINSOR)))


def _trees_win(y: Array, means: dict[str, Array], groups: Array) -> bool:
    glm, trees = (gamma_deviances(y, means[name]) for name in ("gamma_glm", "lightgbm"))
    bias = {name: abs(means[name].sum() / y.sum() - 1) for name in ("gamma_glm", "lightgbm")}
    fair = bias["lightgbm"] <= max(bias["gamma_glm"], _MOST_BIAS)
    return bool(fair and better_by(glm, trees, groups, confidence=_BETTER) > 0)


def _table(y: Array, means: dict[str, Array], label: str, chosen: str) -> pd.DataFrame:
    fifth = max(1, round(len(y) / 5))
    return pd.DataFrame(
        {
            "method": name,
            "n": len(y),
            "gamma_deviance": float(gamma_deviances(y, mean).mean()),
            "total_bias": float(mean.sum() / y.sum() - 1),
            "top_fifth_share": float(y[np.argsort(-mean, kind="stable")[:fifth]].sum() / y.sum()),
            "label": label,
            "chosen": name == chosen,
        }
        for name, mean in means.items()
    )
