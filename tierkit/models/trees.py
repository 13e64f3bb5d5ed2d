"""Boosted trees on a design: LightGBM, held back in proportion to how little there is to learn from."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tierkit.models.design import Array, Design, learn_design
from tierkit.models.splits import grouped_folds

if TYPE_CHECKING:
    from tierkit.models.forest import Forest

SMALL = 2_000
_LARGE = 50_000
_MOST_TREES = 600
_MANY = 5_000
"""Rows from which loops of our own, twenty times as fast, pay for being loaded: three seconds where none did before."""


@dataclass(frozen=True)
class Trees:
    """A LightGBM booster, held as its text, and the design of its input."""

    design: Design
    text: str

    @property
    def features(self) -> tuple[str, ...]:
        """Columns the trees look at."""
        return self.design.features

    @cached_property
    def booster(self) -> Any:
        """The booster, read from the text once."""
        import lightgbm as lgb

        return lgb.Booster(model_str=self.text)

    @cached_property
    def forest(self) -> "Forest | None":
        """The trees as arrays, for many rows; None where they are too large for it."""
        from tierkit.models.forest import read_forest

        return read_forest(self.text)

    def raw(self, rows: pd.DataFrame) -> Array:
        """Sum of the trees, on the scale of the link, shape (n,)."""
        return np.asarray(self._predict(rows, raw_score=True))

    def contributions(self, rows: pd.DataFrame) -> tuple[Array, float]:
        """Exact path-dependent SHAP values, shape (n, features), and their base (Lundberg 2020)."""
        if len(rows) >= _MANY and self.forest is not None:
            return self.forest.contributions(self.design.codes(rows)), self.forest.base
        both = np.asarray(self._predict(rows, pred_contrib=True))
        return both[:, :-1], float(both[0, -1]) if len(both) else 0.0

    def _predict(self, rows: pd.DataFrame, **how: bool) -> Any:
        if rows.empty:
            return np.zeros((0, len(self.design.features) + 1)) if how.get("pred_contrib") else np.zeros(0)
        # Without the check, columns in another order change predictions silently.
        return self.booster.predict(self.design.frame(rows), num_threads=1, validate_features=True, **how)


def fit_trees(
    rows: pd.DataFrame,
    y: Array,
    features: Sequence[str],
    *,
    objective: Literal["binary", "gamma"],
    groups: Array,
    seed: int,
    n_trees: int | None = None,
) -> Trees:
    """Boosted trees: below 2,000 rows 150 trees of 7 leaves; above, 15 or 31 leaves, stopped early on a grouped fifth.

    `n_trees` states their number instead. No class weights: they shift every probability and rank nothing better
    (van den Goorbergh 2022).
    """
    design = learn_design(rows, features)
    frame = design.frame(rows)
    params = _params(len(rows), objective, seed)
    if n_trees is None and len(rows) < SMALL:
        n_trees = 150
    elif n_trees is None:
        fold = grouped_folds(groups, y > np.median(y), seed=seed, repeats=1)[0]
        n_trees = _stop_early(frame, y, fold.train, fold.test, params)
    return Trees(design, _train(frame, y, params, n_trees).model_to_string(num_iteration=-1))


def refit_trees(
    like: Trees, rows: pd.DataFrame, y: Array, counts: Array, *, objective: Literal["binary", "gamma"], seed: int
) -> list[Trees]:
    """As many trees as `like` on its design and bins, grown anew under each column of `counts` (rows, refits)."""
    import lightgbm as lgb

    params, n_trees = _params(len(rows), objective, seed), like.booster.num_trees()
    data = lgb.Dataset(like.design.frame(rows), y, params={**params}, free_raw_data=False)
    texts = []
    for b in range(counts.shape[1]):
        data.set_weight(counts[:, b])
        texts.append(lgb.train(params, data, num_boost_round=n_trees).model_to_string(num_iteration=-1))
    return [Trees(like.design, text) for text in texts]


def _params(n_rows: int, objective: str, seed: int) -> dict[str, Any]:
    small = n_rows < SMALL
    return {
        "objective": objective,
        # Shallow trees also keep exact contributions cheap: their cost grows with leaves times squared depth.
        "num_leaves": 7 if small else 15 if n_rows < _LARGE else 31,
        "max_depth": 3 if small else 4 if n_rows < _LARGE else 8,
        "learning_rate": 0.03 if small else 0.05,
        "min_data_in_leaf": int(np.clip(n_rows / 50, 10, 30)) if small else 60,
        "min_data_per_group": 30 if small else 100,
        "max_bin": 63,
        "lambda_l2": 5.0,
        "cat_l2": 10.0,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }


def _train(frame: pd.DataFrame, y: Array, params: dict[str, Any], n_trees: int) -> Any:
    import lightgbm as lgb

    return lgb.train(params, lgb.Dataset(frame, y, params={"verbose": -1}), num_boost_round=n_trees)


def _stop_early(frame: pd.DataFrame, y: Array, train: Array, test: Array, params: dict[str, Any]) -> int:
    import lightgbm as lgb

    data = lgb.Dataset(frame.iloc[train], y[train], params={"verbose": -1})
    held = lgb.Dataset(frame.iloc[test], y[test], reference=data)
    quiet = lgb.early_stopping(30, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        booster = lgb.train(params, data, num_boost_round=_MOST_TREES, valid_sets=[held], callbacks=[quiet])
    return max(20, int(booster.best_iteration))
