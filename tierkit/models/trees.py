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
    from tierkit.models.forest_text import Refused
    from tierkit.models.strongest import Strongest

SMALL = 2_000
_LARGE = 50_000
_MOST_TREES = 600
MANY = 5_000
"""Rows from which loops of our own pay for being loaded, a second or two: LightGBM takes two milliseconds to explain a
row, they a hundredth of one."""
_MANY_SCORED = 100_000
"""The same of scores, for which LightGBM takes a fortieth of a millisecond: where loops are loaded they are taken."""
_CHECKED = 32
"""Rows of every call that LightGBM is asked about as well."""
_APART = 1e-9
"""How far apart contributions may be, which differ by rounding alone."""
_BATCH = 20_000
"""Rows whose contributions are whole at a time where LightGBM gives them."""


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
    def forest(self) -> "Forest | Refused":
        """The trees as arrays, for many rows; else why they are left to LightGBM."""
        from tierkit.models.forest import read_forest

        return read_forest(self.text)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: that arrays and LightGBM did not agree, so that LightGBM was taken for all rows."""
        return tuple(self._doubts)

    @cached_property
    def _doubts(self) -> list[str]:
        return []

    def raw(self, rows: pd.DataFrame) -> Array:
        """Sum of the trees, on the scale of the link, shape (n,)."""
        # The bits are the same either way, so that it does not matter what was loaded before.
        if len(rows) >= (MANY if "forest" in self.__dict__ else _MANY_SCORED):
            return self.raw_of(self.design.codes(rows))
        return np.asarray(self._predict(rows, raw_score=True))

    def contributions(self, rows: pd.DataFrame) -> tuple[Array, float]:
        """Exact path-dependent SHAP values, shape (n, features), and their base (Lundberg 2020)."""
        if len(rows) >= MANY:
            return self.contributions_of(self.design.codes(rows))
        both = np.asarray(self._predict(rows, pred_contrib=True))
        return both[:, :-1], float(both[0, -1]) if len(both) else 0.0

    def raw_of(self, x: Array) -> Array:
        """The same bits as `raw`, of many rows given as `Design.codes`."""
        if (forest := self._loaded(reasons=False)) is not None:
            raw, at = forest.raw(x), _spread(len(x))
            if self._agree("scores", [(raw[at], self._ask(x[at], raw_score=True))], 0.0):
                return raw
        return self._ask(x, raw_score=True)

    def contributions_of(self, x: Array) -> tuple[Array, float]:
        """`contributions` of many rows given as `Design.codes`."""
        if (forest := self._loaded(reasons=True)) is not None:
            parts, at = forest.contributions(x), _spread(len(x))
            both = self._ask(x[at], pred_contrib=True)
            if self._agree("contributions", [(parts[at], both[:, :-1]), (forest.base, both[:, -1])], _APART):
                return parts, forest.base
        both = self._ask(x, pred_contrib=True)
        return both[:, :-1], float(both[0, -1]) if len(both) else 0.0

    def strongest_of(
        self, x: Array, k: int, *, family_of: Array, typical: Array, unknown_is_typical: Array
    ) -> "Strongest":
        """The k strongest families of the contributions of many rows, given as `Design.codes`, without the whole of
        them (`strongest.strongest_of`)."""
        from tierkit.models.strongest import Strongest, strongest_of

        how: Any = {"family_of": family_of, "typical": typical, "unknown_is_typical": unknown_is_typical}
        if (forest := self._loaded(reasons=True)) is not None:
            kept, at = forest.strongest(x, k, **how), _spread(len(x))
            both = self._ask(x[at], pred_contrib=True)
            same = strongest_of(both[:, :-1], x[at], k, **how)
            # Of two families of one size and unlike signs either may be named.
            pairs = [(abs(kept.contribution[at]), abs(same.contribution)), (forest.base, both[:, -1])]
            pairs += [(kept.total[at], same.total), (kept.held[at], same.held)]
            if self._agree("contributions", pairs, _APART):
                return kept
        parts = []
        for start in range(0, max(len(x), 1), _BATCH):
            some = x[start : start + _BATCH]
            parts.append(strongest_of(self._ask(some, pred_contrib=True)[:, :-1], some, k, **how))
        return Strongest(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _loaded(self, *, reasons: bool) -> "Forest | None":
        """The arrays, where they can say what is asked and never differed from LightGBM."""
        from tierkit.models.forest_text import Refused

        if self._doubts or isinstance(self.forest, Refused) or (reasons and isinstance(self.forest.reasons, Refused)):
            return None
        return self.forest

    def _agree(self, what: str, pairs: Sequence[tuple[Any, Array]], most: float) -> bool:
        """Whether arrays and LightGBM said the same of the rows that both were asked about; else it is noted."""
        apart = max(float(np.abs(ours - theirs).max(initial=0.0)) for ours, theirs in pairs)
        # Not a number is not the same either.
        if apart <= most:
            return True
        self._doubts.append(
            f"The fast way to work out {what} of the trees and LightGBM differed by {apart:.1g} on {_CHECKED} rows "
            "asked of both; all rows were left to LightGBM, whose figures these are."
        )
        warnings.warn(self._doubts[-1], UserWarning, stacklevel=3)
        return False

    def _ask(self, x: Array, **how: bool) -> Array:
        if not len(x):
            return np.zeros((0, len(self.design.features) + 1)) if how.get("pred_contrib") else np.zeros(0)
        return np.asarray(self.booster.predict(x, num_threads=1, **how))

    def _predict(self, rows: pd.DataFrame, **how: bool) -> Any:
        if rows.empty:
            return np.zeros((0, len(self.design.features) + 1)) if how.get("pred_contrib") else np.zeros(0)
        # Without the check, columns in another order change predictions silently.
        return self.booster.predict(self.design.frame(rows), num_threads=1, validate_features=True, **how)


def _spread(n: int) -> Array:
    """Places of a few rows, from the first to the last of n."""
    return np.unique(np.linspace(0, max(n - 1, 0), min(n, _CHECKED)).astype(np.int64))


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
