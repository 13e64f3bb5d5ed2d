"""Scores and reasons of trees as rows of the page: beside LightGBM, shap, and woodelf-explainer where it applies.

Models, rows and the comparison of answers are those of `tests.benchmarks.forest`.
"""

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np

from tests.benchmarks.ratios import Ratio, Row, take_turns

WORK = {"scores": "Raw scores", "reasons": "SHAP of every feature"}


def rows(*, n_rows: int = 100_000, n_hard: int = 8_000, part: int = 600, turns: int = 5) -> Iterator[Row]:
    """Scores of numbers alone and with categories; contributions with categories, and of numbers alone."""
    yield from _scores(n_rows // 2, n_hard, turns)
    yield from _reasons(n_rows, n_hard, part, turns)
    if importlib.util.find_spec("woodelf"):
        yield from _reasons_of_numbers(n_rows // 5, turns)


def _scores(n_rows: int, n_hard: int, turns: int) -> Iterator[Row]:
    from tests.benchmarks.forest import grow, make_hard_rows, make_rows
    from tierkit.models.forest import read_forest

    for words, n_categories, missing, least in (("all numbers", 0, 0.0, 12.0), ("8 of them categories", 8, 0.08, 5.0)):
        booster = grow(n_categories=n_categories, missing=missing)
        forest = read_forest(booster.model_to_string())
        x = make_rows(n_rows, seed=7, n_categories=n_categories, missing=missing)
        both = np.vstack([x, make_hard_rows(n_hard, seed=8)])
        same = bool(np.array_equal(forest.raw(both), booster.predict(both, raw_score=True, num_threads=1)))
        took = take_turns(
            partial(forest.raw, x), partial(booster.predict, x, raw_score=True, num_threads=1), turns=turns
        )
        size = f"{n_rows:,} rows, 300 trees of 31 leaves, 50 features, {words}"
        compared = f"bit for bit, on {n_hard:,} hard rows too"
        yield Ratio(WORK["scores"], size, "Booster.predict", "lightgbm", took.ours, took.theirs, same, compared, least)


def _reasons(n_rows: int, n_hard: int, part: int, turns: int) -> Iterator[Row]:
    import shap

    from tests.benchmarks.forest import grow, make_hard_rows, make_rows, same_reasons
    from tierkit.models.forest import read_forest

    booster = grow()
    forest = read_forest(booster.model_to_string())
    x = make_rows(n_rows, seed=7)
    agrees, apart = same_reasons(forest, booster, np.vstack([x, make_hard_rows(n_hard, seed=8)]))
    explainer, few = shap.TreeExplainer(booster), x[:part]
    size = f"{n_rows:,} rows, 300 trees of 31 leaves, 50 features, 8 of them categories"
    with warnings.catch_warnings():
        # shap says at every call that the shape of its answer changed
        warnings.simplefilter("ignore", UserWarning)
        for peer, library, theirs in (
            (
                "Booster.predict(pred_contrib=True)",
                "lightgbm",
                partial(booster.predict, few, pred_contrib=True, num_threads=1),
            ),
            ("TreeExplainer.shap_values", "shap", partial(explainer.shap_values, few)),
        ):
            took = take_turns(partial(forest.contributions, x), theirs, turns=turns, part=part / n_rows)
            # Both peers run the same code of LightGBM; whether they do is looked at as well
            alike = np.abs(forest.contributions(few) - np.asarray(took.their_answer)[:, : x.shape[1]]).max() <= 1e-5
            compared = f"{apart}; limit 1e-5 and none"
            yield Ratio(
                WORK["reasons"],
                size,
                peer,
                library,
                took.ours,
                took.theirs,
                agrees and bool(alike),
                compared,
                40.0,
                f"from {part:,} rows",
            )


def _reasons_of_numbers(n_rows: int, turns: int) -> Iterator[Row]:
    import pandas as pd
    from woodelf import WoodelfExplainer

    from tests.benchmarks.forest import grow, make_rows
    from tierkit.models.forest import read_forest

    booster = grow(n_categories=0, missing=0.0, max_depth=8)
    forest = read_forest(booster.model_to_string())
    x = make_rows(n_rows, seed=7, n_categories=0, missing=0.0)
    frame = pd.DataFrame(x, columns=booster.feature_name())

    explainer = WoodelfExplainer(booster)

    def explain() -> np.ndarray:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return np.asarray(explainer.shap_values(frame))

    took = take_turns(partial(forest.contributions, x), explain, turns=turns)
    apart = float(np.abs(took.our_answer - took.their_answer).max())
    size = f"{n_rows:,} rows, 300 trees at most 8 deep, 50 numbers of which none is missing"
    compared = f"{apart:.0e} apart; limit 1e-5"
    yield Ratio(
        WORK["reasons"],
        size,
        "WoodelfExplainer.shap_values",
        "woodelf-explainer",
        took.ours,
        took.theirs,
        apart <= 1e-5,
        compared,
    )
