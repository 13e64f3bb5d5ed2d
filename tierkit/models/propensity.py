"""P(win within the horizon, given a deal opens): a penalised logit and LightGBM, compared out of time, calibrated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.models.calibration import Calibration, calibrate, update_on_newest
from tierkit.models.contest import Contest, Fitter, hold_contest, size_column
from tierkit.models.design import Array, model_features
from tierkit.models.linear import Linear, Ridge, fit_logit
from tierkit.models.settings import ModelSettings
from tierkit.models.splits import Splits, choose_splits, grouped_folds, groups_of, label_known
from tierkit.models.training import contribution_frame, horizon_of, training_window
from tierkit.models.trees import Trees, fit_trees

MIN_ACCOUNTS = 40
FULL_ACCOUNTS = 200
_BETTER = 0.9
_SKILL = 0.8

Model = Linear | Trees


@dataclass(frozen=True, eq=False)
class Propensity:
    """A fitted win propensity.

    Attributes
    ----------
    model, calibration : the chosen model's log-odds, and the slope and shift that calibrate them.
    comparison : one row per method (base_rate, size_only, logit, lightgbm): n, n_won, log_loss, brier, auc, auc_low,
        auc_high, n_new, auc_new (rows of accounts unseen in training), label, chosen. Not calibrated: each figure is
        of a model that saw nothing of the row. `auc` compares rows of one fold only, so a constant has 0.5.
    predictions : tested rows: row_id, account_id, group_id, as_of, origin, won_in_horizon, win_prob of the chosen kind.
    label : `out_of_time`, `cross_validated` or `not_compared`.
    level : `indicative` below 200 won or 200 lost accounts, else `full`.
    skill : whether its log-loss beats the base rate's, by an 80 % one-sided bound clustered by account, and the 95 %
        interval of its AUC lies above 0.5; true where nothing was compared. The first alone passes one company in
        eight whose outcomes are shuffled, both 3 of 240 (`tests/benchmarks/nosignal.py`).
    """

    model: Model
    calibration: Calibration
    base_rate: float
    n_rows: int
    n_won: int
    n_accounts: int
    window: tuple[str, str] | None
    horizon_days: float | None
    label: str
    level: str
    skill: bool
    comparison: pd.DataFrame
    predictions: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> Literal["logit", "lightgbm"]:
        """Which of the two was chosen."""
        return "logit" if isinstance(self.model, Linear) else "lightgbm"

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the model looks at."""
        return self.model.features

    def predict(self, rows: pd.DataFrame) -> Array:
        """Calibrated P(win within the horizon) of each row, shape (n,)."""
        return self.calibration.prob(self.model.raw(rows))

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds of `predict`, taken apart exactly: one column a feature, and `_base`."""
        parts, base = self.model.contributions(rows)
        return contribution_frame(
            rows, self.features, self.calibration.slope * parts, self.calibration.slope * base + self.calibration.shift
        )


def fit_propensity(
    rows: pd.DataFrame,
    verdicts: pd.DataFrame,
    *,
    settings: ModelSettings | None = None,
    seed: int,
    compare: bool = True,
    kind: Literal["logit", "lightgbm"] | None = None,
    ridge: Ridge | None = None,
) -> Propensity:
    """Fit P(won_in_horizon) on mature rows and the columns the verdicts allow.

    Parameters
    ----------
    rows : one row per deal with `won_in_horizon` (missing while immature, then unused).
    kind : fit this one and no other; default `settings.win`.
    compare : False skips the comparison (label `not_compared`), for those who refit again and again.
    ridge : penalty of the logit, as an earlier fit tuned it; tuned here unless given.

    Raises
    ------
    TableError : fewer than 40 won or 40 lost accounts, or no usable feature.

    The logit stands until LightGBM's paired log-loss is better by a 90 % one-sided bound clustered by account.
    """
    settings = settings or ModelSettings()
    rows = rows[rows["won_in_horizon"].notna()].reset_index(drop=True)
    y = rows["won_in_horizon"].to_numpy(np.float64)
    features = model_features(verdicts, rows)
    level = _check(rows, y, features)
    notes: list[str] = []
    wanted = kind or settings.win
    if level == "indicative" and wanted != "logit":
        notes.append(
            "Fewer than 200 won or 200 lost: only the penalised logit is fitted, and its figures are indicative."
        )
        wanted = "logit"
    groups = groups_of(rows)
    fitters = _fitters(features, seed)
    chosen = "logit" if wanted == "auto" else wanted
    contest = None
    if compare:
        contest = _compare(rows, y, groups, fitters, level, settings, seed)
        if wanted == "auto" and contest.beats("lightgbm", "logit", confidence=_BETTER):
            chosen = "lightgbm"
    model: Model
    if chosen == "logit":
        model = fit_logit(rows, y, features, groups=groups, seed=seed, ridge=ridge)
        calibration = _calibrate(contest, chosen) if contest else Calibration()
    else:
        model = fit_trees(rows, y, features, objective="binary", groups=groups, seed=seed)
        calibration = _calibrate(contest or _out_of_fold(rows, y, groups, model, features, seed), chosen)
    predictions = _predictions(rows, contest, chosen) if contest else pd.DataFrame()
    if settings.follow_newest and not predictions.empty:
        calibration = update_on_newest(calibration, predictions)
        if calibration.update:
            notes.append(
                f"Chances to win were moved by {calibration.update:+.2f} in log-odds to the newest mature deals "
                "(follow_newest)."
            )
    comparison = contest.table(chosen) if contest else pd.DataFrame()
    return Propensity(
        model=model,
        calibration=calibration,
        base_rate=float(y.mean()),
        n_rows=len(rows),
        n_won=int(y.sum()),
        n_accounts=len(set(groups)),
        window=training_window(rows, "opened_at"),
        horizon_days=horizon_of(rows),
        label=contest.label if contest else "not_compared",
        level=level,
        skill=_has_skill(contest, comparison, chosen) if contest else True,
        comparison=comparison,
        predictions=predictions,
        notes=tuple(notes),
    )


def _has_skill(contest: Contest, comparison: pd.DataFrame, chosen: str) -> bool:
    """Better chances than the base rate, and a better order than chance: the figure shown must bear the claim."""
    auc_low = float(comparison.loc[comparison["chosen"], "auc_low"].iloc[0])
    return auc_low > 0.5 and contest.beats(chosen, "base_rate", confidence=_SKILL)


def _check(rows: pd.DataFrame, y: Array, features: list[str]) -> str:
    # Without accounts a group is a deal and its repeats: copies are no further evidence.
    groups = pd.Series(groups_of(rows))
    won, lost = groups[y > 0].nunique(), groups[y == 0].nunique()
    if min(won, lost) < MIN_ACCOUNTS:
        raise TableError(
            f"deals: {won} won and {lost} lost accounts with a mature outcome, but a win propensity needs "
            f"{MIN_ACCOUNTS} of each; use the scorecard until then"
        )
    if not features:
        raise TableError("no column is usable as a feature of wins; see the verdicts for the reason of each")
    return "full" if min(won, lost) >= FULL_ACCOUNTS else "indicative"


def _fitters(features: list[str], seed: int) -> dict[str, Fitter]:
    return {
        "logit": lambda rows, y, groups: fit_logit(rows, y, features, groups=groups, seed=seed).raw,
        "lightgbm": lambda rows, y, groups: (
            fit_trees(rows, y, features, objective="binary", groups=groups, seed=seed).raw
        ),
    }


def _compare(
    rows: pd.DataFrame,
    y: Array,
    groups: Array,
    fitters: dict[str, Fitter],
    level: str,
    settings: ModelSettings,
    seed: int,
) -> Contest:
    entrants: dict[str, Fitter] = {}
    if size := size_column(rows, settings.size_column):
        entrants["size_only"] = lambda train, labels, parts: (
            fit_logit(train, labels, [size], groups=parts, seed=seed, ridge=Ridge(1.0)).raw
        )
    entrants["logit"] = fitters["logit"]
    if level == "full":
        entrants["lightgbm"] = fitters["lightgbm"]
    splits = choose_splits(rows, y > 0, start="opened_at", known=label_known(rows, "opened_at"), seed=seed)
    return hold_contest(rows, y, groups, splits, entrants)


def _out_of_fold(rows: pd.DataFrame, y: Array, groups: Array, model: Trees, features: list[str], seed: int) -> Contest:
    """Three grouped folds by boosters of as many trees as `model`: enough to calibrate by."""
    n_trees = model.booster.num_trees()
    splits = Splits("not_compared", grouped_folds(groups, y > 0, seed=seed, n_folds=3, repeats=1))

    def fit(train: pd.DataFrame, labels: Array, parts: Array) -> Callable[[pd.DataFrame], Array]:
        return fit_trees(train, labels, features, objective="binary", groups=parts, seed=seed, n_trees=n_trees).raw

    return hold_contest(rows, y, groups, splits, {"lightgbm": fit})


def _calibrate(contest: Contest, chosen: str) -> Calibration:
    at = contest.fold[:, 0] >= 0
    return calibrate(contest.y[at], contest.raw[chosen][at, 0])


def _predictions(rows: pd.DataFrame, contest: Contest, chosen: str) -> pd.DataFrame:
    keys = [name for name in ("row_id", "account_id", "group_id", "as_of") if name in rows.columns]
    table = rows[[*keys, "won_in_horizon"]].assign(origin=contest.origin, win_prob=contest.prob(chosen))
    return table[contest.tested].reset_index(drop=True)
