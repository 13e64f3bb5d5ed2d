"""Trees as arrays beside LightGBM, shap and woodelf: CPU seconds a row, and whether the answers are the same.

Run `python -m tests.benchmarks.forest`: 300 trees of 31 leaves on 50 features, 8 of them categories, a twelfth of all
values missing; contributions on 100,000 ordinary rows and 8,000 hard ones (`--rows`, `--hard-rows` for fewer). All
ways are timed in turn in one process with one thread. LightGBM and shap explain a part of the rows on the clock, since
all would take minutes; woodelf sees numbers without missing values, for it refuses or mishandles the rest.
"""

import argparse
import contextlib
import io
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tierkit.models.design import Array
from tierkit.models.forest import Forest, read_forest

LEVELS = (3, 8, 20, 40, 60, 100, 12, 30)
"""Levels of the categories, which come first."""
PART = 600
"""Rows that LightGBM and shap explain in each turn."""


@dataclass(frozen=True)
class Beside:
    """Two ways to one answer: median CPU microseconds a row, and whether the answers agree (and by what measure)."""

    what: str
    peer: str
    ours: float
    theirs: float
    at_least: float | None
    agrees: bool
    compared: str

    @property
    def times(self) -> float:
        """How many times the peer's time ours is contained in."""
        return self.theirs / self.ours


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


def shap_beside(*, n_rows: int = 100_000, n_hard: int = 8_000, turns: int = 5) -> Iterator[Beside]:
    """Contributions beside `pred_contrib` and `shap.TreeExplainer`, with categories and missing values."""
    import shap

    booster = grow()
    forest = _read(booster)
    x, hard = make_rows(n_rows, seed=7), make_hard_rows(n_hard, seed=8)
    agrees, compared = same_reasons(forest, booster, np.vstack([x, hard]))
    explainer = shap.TreeExplainer(booster)
    some, few = x[: min(len(x), 40_000)], x[:PART]
    with warnings.catch_warnings():
        # It says at every call that the shape of its answer changed.
        warnings.simplefilter("ignore", UserWarning)
        took = _turns(
            turns,
            lambda: forest.contributions(some),
            lambda: booster.predict(few, pred_contrib=True, num_threads=1),
            lambda: explainer.shap_values(few),
        )
    ours, contrib, explained = took[0] / len(some), took[1] / len(few), took[2] / len(few)
    what = "SHAP, 300 trees of 31 leaves, 8 of 50 features categories"
    yield Beside(what, "lightgbm predict(pred_contrib=True)", ours, contrib, 40.0, agrees, compared)
    yield Beside(what, "shap TreeExplainer", ours, explained, 40.0, agrees, compared)


def woodelf_beside(*, n_rows: int = 20_000, turns: int = 3) -> Iterator[Beside]:
    """Contributions beside `woodelf-explainer` on numbers without missing values, which is all it takes."""
    try:
        from woodelf import WoodelfExplainer
    except ImportError:
        return
    import pandas as pd

    booster = grow(n_categories=0, missing=0.0, max_depth=8)
    forest, x = _read(booster), make_rows(n_rows, seed=7, n_categories=0, missing=0.0)
    frame = pd.DataFrame(x, columns=booster.feature_name())

    def explain() -> Array:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return np.asarray(WoodelfExplainer(booster).shap_values(frame))

    theirs = explain()
    apart = float(np.abs(forest.contributions(x) - theirs).max())
    took = _turns(turns, lambda: forest.contributions(x), explain)
    what, compared = f"SHAP, numbers alone, at most 8 deep, {n_rows:,} rows", f"{apart:.0e} apart"
    yield Beside(what, "woodelf-explainer", took[0] / n_rows, took[1] / n_rows, None, apart < 1e-5, compared)


def scores_beside(*, n_rows: int = 50_000, turns: int = 7) -> Iterator[Beside]:
    """Scores beside `Booster.predict`, of numbers alone and with categories."""
    for words, n_categories, missing, at_least in (("numbers alone", 0, 0.0, 12.0), ("8 categories", 8, 0.08, 5.0)):
        booster = grow(n_categories=n_categories, missing=missing)
        forest, x = _read(booster), make_rows(n_rows, seed=7, n_categories=n_categories, missing=missing)
        both = np.vstack([x, make_hard_rows(8_000, seed=8)])
        same = bool(np.array_equal(forest.raw(both), booster.predict(both, raw_score=True, num_threads=1)))
        took = _turns(turns, partial(forest.raw, x), partial(booster.predict, x, raw_score=True, num_threads=1))
        what = f"Scores, 300 trees of 31 leaves, {words}"
        each = (took[0] / n_rows, took[1] / n_rows)
        yield Beside(what, "lightgbm predict(raw_score=True)", *each, at_least, same, "bit for bit")


def depths_beside(*, n_rows: int = 300) -> Iterator[str]:
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


def _turns(turns: int, *ways: Callable[[], object]) -> list[float]:
    """Median CPU microseconds of each way, taken in turn after one turn that is not counted."""
    taken: list[list[float]] = [[] for _ in ways]
    for turn in range(turns + 1):
        for way, seconds in zip(ways, taken, strict=True):
            began = time.process_time()
            way()
            if turn:
                seconds.append(1e6 * (time.process_time() - began))
    return [statistics.median(seconds) for seconds in taken]


def main() -> None:
    """Print a line for each peer; stop where an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--hard-rows", type=int, default=8_000)
    args = parser.parse_args()
    differ = []
    for part in (scores_beside(), shap_beside(n_rows=args.rows, n_hard=args.hard_rows), woodelf_beside()):
        for row in part:
            print(
                f"{row.what}: ours {row.ours:,.2f} us a row, {row.peer} {row.theirs:,.1f}: {row.times:.1f} times"
                f"{'' if row.at_least is None else f' (at least {row.at_least:.0f})'}; {row.compared}",
                flush=True,
            )
            if not row.agrees:
                differ.append(row.what)
    for line in depths_beside():
        print(line, flush=True)
    if differ:
        raise SystemExit(f"answers differ: {'; '.join(differ)}")


if __name__ == "__main__":
    main()
