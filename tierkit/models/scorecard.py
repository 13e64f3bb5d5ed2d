"""The scorecard: at most seven lines of whole points that a person adds up, distilled from the month's models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.catalog import feature_of
from tierkit.models.acv import Acv
from tierkit.models.card_steps import COLUMNS, Candidates, card_candidates, merge_steps, say_steps, step_points
from tierkit.models.design import Array
from tierkit.models.opening import STATE, Opening
from tierkit.models.propensity import Propensity

LINES = 7
STEPS = 3
"""Steps of one line: one value looked up, one number added."""
MOST_POINTS = range(3, 11)
"""The largest number on the card, of which the smallest that ranks as well is taken."""
_SAMPLE = 10_000
_LEAST_GAIN = 0.005
_AS_WELL = 0.002
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Points, and what they are worth.

    Attributes
    ----------
    steps : one row per step: line (from 1), feature, kind (`from` a cut on, `upto` a cut, `level`), cut, level, points.
        Of a line the furthest step that holds counts; an unknown value is worth 0.
    last : flags that put an account behind all others (customer, open deal): no points are added up for it.
    log_value, log_per_point : log of the expected value of a card with 0 points, and what a point adds to it.
    n_accounts : how many it was distilled from.
    """

    steps: pd.DataFrame
    last: tuple[str, ...]
    log_value: float
    log_per_point: float
    n_accounts: int

    def points(self, rows: pd.DataFrame) -> Array:
        """Total of each row, shape (n,); missing where a flag of `last` puts it behind all others."""
        total = np.zeros(len(rows))
        for _, line in self.steps.groupby("line", sort=True):
            total += step_points(rows, line)
        return np.where(_flagged(rows, self.last), np.nan, total)

    def value(self, rows: pd.DataFrame) -> Array:
        """Expected value of an account with as many points; ties go by `fit_score` where rows carry one, shape (n,)."""
        total = self.points(rows)
        worth = np.exp(self.log_value + self.log_per_point * np.nan_to_num(total))
        # Whoever comes last is worth less than anybody with points.
        worth = np.where(np.isnan(total), 1e-3 * worth.min(initial=1.0), worth)
        fit = rows["fit_score"].to_numpy(np.float64, na_value=np.nan) if "fit_score" in rows else np.zeros(len(rows))
        return np.asarray(worth * (1 + 1e-6 * np.nan_to_num(fit)))

    def table(self) -> pd.DataFrame:
        """The card to print, one row a line: line, what to look up, points in words, least and most of them."""
        rows = []
        for number, line in self.steps.groupby("line", sort=True):
            what = feature_of(str(line["feature"].iloc[0])).label
            points = [0, *line["points"]]
            rows.append((int(str(number)), what[:1].upper() + what[1:], say_steps(line), min(points), max(points)))
        return pd.DataFrame(rows, columns=["line", "look_up", "points", "least", "most"])


def fit_scorecard(
    scores: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    *,
    places: Sequence[int],
) -> Scorecard:
    """Distil the models into a card.

    Parameters
    ----------
    scores : accounts as `score_accounts` returns them, those to be ranked; expected_value above 0.
    places : accounts in each tier but the last.

    Raises
    ------
    TableError : no account has a value, or no feature of the models tells accounts apart.

    Columns are conditions with round cut points on the features of the models, but for our own effort, which a card
    must not reward. Forward selection by least squares on the log of the expected value, accounts weighted by value,
    since an error among accounts of no value costs nothing; at most seven features with three steps each. Then the
    scale: the fewest points that hold as much value in the places as any (after FasterRisk, Liu 2022, which searches
    scales so for labels; its libraries fit labels, not a ranking). The order of rows changes nothing.
    """
    given = scores[scores["expected_value"].gt(0)]
    given = given.iloc[np.argsort(given["account_id"].astype("str").to_numpy(dtype=object), kind="stable")]
    if given.empty:
        raise TableError("scores: no account has an expected_value above 0, so there is no ranking to distil")
    last = _comes_last(given, opening)
    ranked = given[~_flagged(given, last)].reset_index(drop=True)
    rows, copies = _sample(ranked)
    value = rows["expected_value"].to_numpy(np.float64)
    candidates = card_candidates(rows, _features(opening, win, acv))
    if not candidates.columns:
        raise TableError(
            "scores: no feature of the models tells accounts apart, so there is nothing to give points for"
        )
    weight = copies * np.minimum(value, np.quantile(value, 0.99))
    chosen, effects = _select(candidates, np.log(value), weight)
    steps = pd.DataFrame([candidates.columns[j] for j in chosen], columns=COLUMNS[1:-1]).assign(effect=effects)
    steps = merge_steps(steps)
    card = _scale(rows, steps, value, copies, places, last)
    total = card.points(rows)
    slope, level = _line(total, np.log(value), weight)
    return Scorecard(card.steps, last, level, slope, len(given))


def unseen_values(
    scores: pd.DataFrame, opening: Opening | None, win: Propensity, acv: Acv | None, *, places: Sequence[int]
) -> Array:
    """What a card made from the other four fifths of the accounts says of each, shape (n,): more than hindsight?"""
    ids = scores["account_id"].astype("str")
    fold = pd.util.hash_pandas_object(ids, index=False).to_numpy() % _FOLDS
    out = np.zeros(len(scores))
    for k in range(_FOLDS):
        side = fold == k
        if side.any() and not side.all():
            fewer = [max(1, round(n * (1 - 1 / _FOLDS))) for n in places]
            out[side] = fit_scorecard(scores[~side], opening, win, acv, places=fewer).value(scores[side])
    return out


def _features(opening: Opening | None, win: Propensity, acv: Acv | None) -> list[str]:
    models: list[Any] = [model for model in (opening, win, acv) if model is not None]
    names = {name for model in models for name in model.features} - set(STATE)
    return sorted(n for n in names if not feature_of(n).own_effort and not n.startswith("missing_"))


def _comes_last(rows: pd.DataFrame, opening: Opening | None) -> tuple[str, ...]:
    """Flags of the opening model whose accounts are worth under a tenth of the others."""
    flags = []
    for name in STATE if opening is not None else ():
        on = _flagged(rows, (name,))
        value = rows["expected_value"].to_numpy(np.float64)
        if on.any() and not on.all() and value[on].mean() < 0.1 * value[~on].mean():
            flags.append(name)
    return tuple(flags)


def _flagged(rows: pd.DataFrame, flags: Sequence[str]) -> Array:
    out = np.zeros(len(rows), dtype=bool)
    for name in flags:
        if name in rows:
            out |= rows[name].astype("boolean").fillna(False).to_numpy(dtype=bool)
    return out


def _sample(rows: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """The most valuable accounts and every k-th of the rest, and how many each stands for."""
    if len(rows) <= 2 * _SAMPLE:
        return rows, np.ones(len(rows))
    order = np.argsort(-rows["expected_value"].to_numpy(np.float64), kind="stable")
    every = -(-(len(rows) - _SAMPLE) // _SAMPLE)
    at = np.concatenate([order[:_SAMPLE], order[_SAMPLE::every]])
    return rows.iloc[at].reset_index(drop=True), np.where(np.arange(len(at)) < _SAMPLE, 1.0, float(every))


def _select(candidates: Candidates, target: Array, weight: Array) -> tuple[list[int], Array]:
    """Columns by forward selection and their effects: the sweep operator on the weighted cross products."""
    x = np.column_stack([np.ones(len(target)), candidates.holds, target])
    cross = (x * weight[:, None]).T @ x
    _sweep(cross, 0)
    whole, spread = cross[-1, -1], np.diag(cross).copy()
    chosen: list[int] = []
    features = [column[0] for column in candidates.columns]
    while True:
        used = [features[j] for j in chosen]
        free = np.array(
            [
                j not in chosen and used.count(f) < STEPS and (f in used or len(set(used)) < LINES)
                for j, f in enumerate(features)
            ]
        )
        left = np.diag(cross)[1:-1]
        free &= left > 1e-3 * spread[1:-1]
        gain = np.where(free, cross[1:-1, -1] ** 2 / np.where(free, left, 1.0), 0.0)
        best = int(np.argmax(gain))
        if gain[best] <= _LEAST_GAIN * whole:
            return chosen, cross[[j + 1 for j in chosen], -1]
        chosen.append(best)
        _sweep(cross, best + 1)


def _sweep(cross: Array, k: int) -> None:
    """Regress everything else on row k, in place (Goodnight 1979)."""
    pivot = cross[k, k]
    row, column = cross[k] / pivot, cross[:, k].copy()
    cross -= np.outer(column, row)
    cross[k], cross[:, k] = row, -column / pivot
    cross[k, k] = 1 / pivot


def _scale(
    rows: pd.DataFrame, steps: pd.DataFrame, value: Array, copies: Array, places: Sequence[int], last: tuple[str, ...]
) -> Scorecard:
    """The card with the fewest points that holds as much value in the places as any."""
    cards = []
    for most in MOST_POINTS:
        points = np.rint(steps["effect"] / steps["effect"].abs().max() * most).astype("int64")
        card = Scorecard(_tidy(steps.assign(points=points)), last, 0.0, 1.0, len(rows))
        cards.append((_held(card.points(rows), value, copies, places), card))
    best = max(held for held, _ in cards)
    return next(card for held, card in cards if held >= best - _AS_WELL)


def _tidy(steps: pd.DataFrame) -> pd.DataFrame:
    """Without steps that add nothing to the one before; lines numbered by the most they can give."""
    before = steps.groupby("feature", sort=False)["points"].shift(fill_value=0)
    kept = steps[steps["points"] != before.where(steps["kind"] != "level", 0)]
    most = kept.groupby("feature")["points"].agg(lambda p: -float(p.abs().max()))
    rank = {name: i for i, name in enumerate(most.sort_index().sort_values(kind="stable").index, start=1)}
    kept = kept.assign(line=kept["feature"].map(rank).astype("int64"))
    return kept.sort_values("line", kind="stable", ignore_index=True)[COLUMNS]


def _held(total: Array, value: Array, copies: Array, places: Sequence[int]) -> float:
    """Mean over the cuts of the share of the best possible value that the highest totals hold; ties share a place."""
    shares = []
    for cut in np.cumsum(places):
        ours, best = _first(total, value, copies, int(cut)), _first(value, value, copies, int(cut))
        shares.append(ours / best if best else 1.0)
    return float(np.mean(shares))


def _first(score: Array, value: Array, copies: Array, cut: int) -> float:
    """Value of the `cut` accounts with the highest scores."""
    levels, at = np.unique(-score, return_inverse=True)
    n, worth = np.bincount(at, weights=copies), np.bincount(at, weights=copies * value)
    taken = np.clip(cut - np.r_[0.0, np.cumsum(n)[:-1]], 0, n)
    return float((worth * taken / n).sum()) if len(levels) else 0.0


def _line(x: Array, y: Array, weight: Array) -> tuple[float, float]:
    """Slope and level of the weighted least squares line; a slope that ranks upside down counts as none."""
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    spread = float((weight * (x - mean_x) ** 2).sum())
    slope = max(float((weight * (x - mean_x) * (y - mean_y)).sum()) / spread, 1e-6) if spread > 0 else 1e-6
    return slope, float(mean_y - slope * mean_x)
