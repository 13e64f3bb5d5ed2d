"""A column of tiers or of scores that someone else set, as tiers numbered from 1."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.inputs.coercion import as_text
from tierkit.inputs.files.reading import nearest
from tierkit.proof.lift import cut_tiers

MOST_TIERS = 9
SHARES = (0.1, 0.2)
"""Shares of Tiers 1 and 2 that a score is cut to where no column of tiers says how many places there are."""
MIN_PERIOD = 20
"""Deals that a month needs at the median, for scores to be ranked within months."""

_UNTIERED = {"", "-", "–", "none", "no tier", "not tiered", "untiered", "unassigned", "n/a", "na", "null", "unknown"}
_SCALES = (
    ("strategic", "priority", "programme"),
    ("high", "medium", "low"),
    ("hot", "warm", "cold"),
    ("large", "medium", "small"),
    ("platinum", "gold", "silver", "bronze"),
)
_ALSO = {"big": "large", "program": "programme", "mid": "medium", "med": "medium"}
_LETTER = re.compile(r"(?:(?:tier|class|grade|segment|group|icp|account|rank)[\s_:-]*)*([a-f])([+-]?)", re.I)


@dataclass(frozen=True)
class OrderedTiers:
    """Tiers numbered from 1, the best; missing where a row has none.

    Attributes
    ----------
    labels : what each tier was called, best first. said : the order, and whether it was stated or assumed.
    """

    tier: pd.Series
    labels: tuple[str, ...]
    said: str


def order_tiers(values: pd.Series, *, order: Sequence[str] = ()) -> OrderedTiers:
    """Number the tiers of a column: by `order` where it is stated, else by the digits in them, else by letter A to F,
    else by words of a known scale (strategic, priority, programme; high, medium, low; hot, warm, cold; metals).

    Raises
    ------
    SheetError : the order cannot be told and must be stated, or the one stated does not name the tiers there are.
    TableError : the column holds one tier, or more than nine.
    """
    name = str(values.name)
    text = as_text(values)
    text = text.mask(text.str.lower().isin(_UNTIERED))
    levels = sorted(text.dropna().unique())
    if order:
        rank, how = _stated(name, levels, order), "as stated"
    else:
        rank, how = _by_rule(name, levels)
    places = sorted(set(rank.values()))
    if len(places) < 2 or len(places) > MOST_TIERS:
        held = f"one tier, {levels[0]!r}" if len(places) == 1 else f"{len(places):,} tiers" if places else "no tier"
        repair = "there is nothing to compare" if len(places) < 2 else "name it with --score if it is a score"
        raise TableError(f"deals: column {name!r} holds {held} ({repair})")
    number = {level: places.index(place) + 1 for level, place in rank.items()}
    counts = text.value_counts()
    labels = tuple(
        max((lv for lv in levels if number[lv] == k), key=lambda lv: (int(counts[lv]), lv))
        for k in range(1, len(places) + 1)
    )
    said = f"{name}: {', '.join(repr(label) for label in labels)}, best first ({how})"
    return OrderedTiers(text.map(number).astype("float64"), labels, said)


def read_scores(values: pd.Series) -> pd.Series:
    """Scores as numbers, higher is better; a per cent sign is dropped.

    Raises
    ------
    TableError : a value is no number, or all are the same.
    """
    name = str(values.name)
    if pd.api.types.is_numeric_dtype(values.dtype):
        score = pd.to_numeric(values).astype("float64")
    else:
        text = as_text(values)
        text = text.mask(text.str.lower().isin(_UNTIERED))
        score = pd.to_numeric(text.str.rstrip("% ").str.replace(",", "."), errors="coerce").astype("float64")
        bad = text[score.isna() & text.notna()]
        if len(bad):
            raise TableError(
                f"deals: score {name!r} must be a number, got {bad.iloc[0]!r} ({len(bad):,} rows; "
                "name a column of words with --tier)"
            )
    score = score.mask(np.isinf(score))
    if score.nunique() < 2:
        raise TableError(f"deals: score {name!r} holds one value or none, so it ranks nobody")
    return score


def choose_periods(day: pd.Series) -> pd.Series:
    """The period within which rows compete for the places: the month they opened in, or a longer one where months hold
    under 20 rows at the median; one period where rows are undated."""
    if day.isna().all():
        return pd.Series("all", day.index)
    for freq in ("M", "Q", "Y"):
        period: pd.Series = day.dt.to_period(freq).astype("str")
        if period.value_counts().median() >= MIN_PERIOD:
            return period
    return pd.Series("all", day.index)


def cut_like(score: pd.Series, key: pd.Series, period: pd.Series, tier: pd.Series | None) -> pd.Series:
    """Tiers by falling score within each period: as many places as `tier` has there, else 10, 20 and 70 %.

    Rows without a score, or outside the tiers, get none.
    """
    ranked = score.notna() if tier is None else tier.notna()
    out = pd.Series(np.nan, score.index)
    last = 0 if tier is None else int(tier.max())
    for _, index in period[ranked].groupby(period[ranked], sort=True).groups.items():
        if tier is None:
            sizes = np.diff(np.round(np.cumsum((0.0, *SHARES)) * len(index))).astype(int).tolist()
        else:
            sizes = [int((tier[index] == k).sum()) for k in range(1, last)]
        out[index] = cut_tiers(score[index], key[index], sizes)
    return out


def _stated(name: str, levels: list[str], order: Sequence[str]) -> dict[str, float]:
    place = {part.strip().lower(): float(i) for i, part in enumerate(order)}
    missing = [level for level in levels if level.lower() not in place]
    strange = [part for part in order if part.strip().lower() not in {level.lower() for level in levels}]
    if missing or strange:
        there = ", ".join(repr(level) for level in levels[:12])
        what = f"{missing[0]!r} of the column is not in it" if missing else f"there is no {strange[0].strip()!r}"
        near = nearest(strange[0].strip(), levels) if strange and not missing else None
        hint = f", did you mean {near!r}?" if near else ""
        raise SheetError(f"--order of {name!r} must name its tiers, best first: {what}{hint} (there are {there})")
    return {level: place[level.lower()] for level in levels}


def _by_rule(name: str, levels: list[str]) -> tuple[dict[str, float], str]:
    numbers = {level: found for level in levels if (found := re.search(r"\d+", level))}
    if levels and len(numbers) == len(levels):
        return {level: float(found[0]) for level, found in numbers.items()}, "the smallest number is taken as the best"
    letters = {level: found for level in levels if (found := _LETTER.fullmatch(level))}
    if levels and len(letters) == len(levels):
        shift = {"+": -0.3, "": 0.0, "-": 0.3}
        place = {level: ord(found[1].lower()) + shift[found[2]] for level, found in letters.items()}
        return place, "A is taken as the best"
    plain = {level: _ALSO.get(level.lower(), level.lower()) for level in levels}
    for scale in _SCALES:
        if levels and set(plain.values()) <= set(scale):
            return {level: float(scale.index(word)) for level, word in plain.items()}, "this order is assumed"
    if not levels:
        return {}, ""
    there = ", ".join(repr(level) for level in levels[:12]) + (" ..." if len(levels) > 12 else "")
    raise SheetError(
        f"--order is needed: nothing tells which tier of {name!r} is the best; there are {there} "
        f'(state them best first: --order "{",".join(levels)}")'
    )
