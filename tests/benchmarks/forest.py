"""Trees and rows for the page of ratios, how answers are compared, and what becomes of deep trees.

Run `python -m tests.benchmarks.forest` for trees of 63 and 127 leaves; `python -m tests.benchmarks --only "scores and
reasons"` times them beside LightGBM, shap and woodelf.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest import Forest, read_forest

LEVELS = (3, 8, 20, 40, 60, 100, 12, 30)
"""Levels of the categories, which come first."""


def make_rows(n: int, *, seed: int, n_categories: int = 8, missing: float = 0.08) -> Array:
    """Rows of 50 features: categories, then numbers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 50))
    for column in range(n_categories):
        x[:, column] = rng.integers(0, LEVELS[column], n)
    x[rng.random(x.shape) < missing] = np.nan
    return x


def make_hard_rows(n: int, *, seed: int) -> Array:
    """What no training row had: all missing, infinities, tiny numbers, levels unseen, negative, cut, or huge."""
    x, rng = make_rows(n, seed=seed), np.random.default_rng(seed)
    numbers = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, 5e-324, 1e300, -1e300])
    codes = np.array([np.nan, np.inf, -0.5, -1.0, -7.0, 0.5, 2.999, 99.0, 100.0, 5000.0, 2.0**31, 1e12])
    for part, odd in ((x[:, 8:], numbers), (x[:, :8], codes)):
        at = rng.random(part.shape) < 0.3
        part[at] = rng.choice(odd, at.sum())
    x[: n // 8] = np.nan
    return x


def grow(*, n_categories: int = 8, missing: float = 0.08, n_leaves: int = 31, max_depth: int = -1) -> Any:
    """A booster of 300 trees for a chance that depends on numbers, levels and a product."""
    import lightgbm as lgb

    x, rng = make_rows(30_000, seed=1, n_categories=n_categories, missing=missing), np.random.default_rng(2)
    known = np.nan_to_num(x)
    z = known[:, 8:] @ rng.normal(size=42) * 0.3 + known[:, 8] * known[:, 9]
    z += sum(np.sin(known[:, column] * (column + 1)) for column in range(n_categories)) * 0.4
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-z))).astype(float)
    params = {"objective": "binary", "num_leaves": n_leaves, "max_depth": max_depth, "learning_rate": 0.05}
    params |= {"verbose": -1, "num_threads": 1, "seed": 1, "deterministic": True, "force_row_wise": True}
    data = lgb.Dataset(x, y, categorical_feature=list(range(n_categories)), params={"verbose": -1})
    return lgb.train(params, data, 300)


def say_depths(*, n_rows: int = 300) -> Iterator[str]:
    """What becomes of trees of 63 and 127 leaves, 8 deep and without a limit: by tables, or why by LightGBM."""
    for n_leaves in (63, 127):
        for max_depth in (8, -1):
            booster = grow(n_leaves=n_leaves, max_depth=max_depth)
            began = time.process_time()
            forest = _read(booster)
            took, limit = time.process_time() - began, "no limit" if max_depth < 0 else f"{max_depth} deep"
            hard = make_hard_rows(n_rows, seed=8)
            same = np.array_equal(forest.raw(hard), booster.predict(hard, raw_score=True))
            words = f"{n_leaves} leaves, {limit}: scores {'the same' if same else 'DIFFER'}; read in {took:.1f} s; "
            if hasattr(forest.reasons, "reason"):
                yield words + f"contributions by LightGBM ({forest.reasons.reason})"
            else:
                yield (
                    words
                    + f"contributions by tables of {forest.reasons.tables.nbytes / 2**20:.0f} MiB, "
                    + (same_reasons(forest, booster, hard)[1])
                )


def same_reasons(forest: Forest, booster: Any, x: Array) -> tuple[bool, str]:
    """Whether contributions are LightGBM's to 1e-5 and the three largest of each row the same, and in words."""
    apart, other = 0.0, 0
    for start in range(0, len(x), 4_000):
        some = x[start : start + 4_000]
        ours, theirs = forest.contributions(some), booster.predict(some, pred_contrib=True, num_threads=1)[:, :-1]
        apart = max(apart, float(np.abs(ours - theirs).max()))
        first, same = (np.argsort(-np.abs(part), axis=1, kind="stable")[:, :3] for part in (ours, theirs))
        # Where two are the same but for rounding, either may come first.
        at = np.arange(len(some))[:, None]
        tied = np.abs(np.abs(theirs[at, first]) - np.abs(theirs[at, same])) < 1e-12
        other += int(((first != same) & ~tied).any(axis=1).sum())
    return apart <= 1e-5 and other == 0, f"{apart:.0e} apart on {len(x):,} rows, other first three in {other}"


def _read(booster: Any) -> Forest:
    forest = read_forest(booster.model_to_string())
    assert isinstance(forest, Forest)
    return forest


def main() -> None:
    """Print a line for each depth."""
    for line in say_depths():
        print(line, flush=True)


if __name__ == "__main__":
    main()
