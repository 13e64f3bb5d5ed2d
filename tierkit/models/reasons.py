"""Reasons: the exact contributions to each part of the expected value, grouped by what they tell, in plain words."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.catalog import Feature
from tierkit.features.catalog import feature_of as catalogued
from tierkit.models.acv import Acv
from tierkit.models.design import Array, Design
from tierkit.models.medians import Medians
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity

_PARTS = {
    "opens": "the chance that a deal opens",
    "wins": "the chance to win",
    "value": "the expected contract value",
}
_COLUMNS = ["account_id", "rank", "part", "feature", "group", "contribution", "words"]
_LEAST = 1e-6

_STATE = {
    "is_customer": Feature("is_customer", "customer", "relationship", "customer already", "yes_no", False),
    "has_open_deal": Feature("has_open_deal", "open deals", "relationship", "deal open now", "yes_no", False),
}
_PLURAL = re.compile(r"\bpeople\b|\b(\w+?)(?:(?<=ch)es|(?<![su])s)\b")

Typical = float | str | None


def explain_scores(
    rows: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None, *, top: int = 5
) -> pd.DataFrame:
    """The `top` reasons of each row, strongest first.

    Parameters
    ----------
    rows : the feature rows that were scored.

    Returns
    -------
    One row per account and reason: account_id, rank (1 is strongest), part (opens, wins, value), feature (the column
    that says most of it), group, contribution (log-odds, or log of money, summed over the feature's family: the three
    parts share one scale, since log expected value is the sum of their logs where chances are small), words.

    Contributions compare with the average training row; a number that is just the typical one is no reason. They
    describe the model, not what would happen if a value changed. Our own effort is held fixed in the chance that a
    deal opens, so it is no reason there.
    """
    families: list[tuple[str, list[str]]] = []
    sums, strongest, typical = [], [], {}
    for part, model in (("opens", opening), ("wins", win), ("value", acv)):
        if model is None:
            continue
        parts = model.contributions(rows).drop(columns="_base")
        typical[part] = _typical(model)
        fixed = set(model.reference) if isinstance(model, Opening) else set()
        for columns in _families([name for name in parts.columns if name not in fixed]):
            block = parts[columns].to_numpy()
            total = block.sum(axis=1)
            member = np.argmax(block * np.where(total < 0, -1.0, 1.0)[:, None], axis=1)
            families.append((part, columns))
            strongest.append(member)
            usual = _usual(rows, columns, typical[part])
            sums.append(np.where(usual[np.arange(len(rows)), member], 0.0, total))
    if not families or rows.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in _COLUMNS})
    return _top(rows, families, np.column_stack(sums), np.column_stack(strongest), typical, top)


def _top(
    rows: pd.DataFrame,
    families: list[tuple[str, list[str]]],
    sums: Array,
    strongest: Array,
    typical: dict[str, dict[str, Typical]],
    top: int,
) -> pd.DataFrame:
    order = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :top]
    at = np.repeat(np.arange(len(rows)), order.shape[1])
    picked = pd.DataFrame(
        {
            "at": at,
            "rank": np.tile(np.arange(1, order.shape[1] + 1), len(rows)),
            "family": order.ravel(),
            "contribution": sums[at, order.ravel()],
            "member": strongest[at, order.ravel()],
        }
    )
    picked = picked[picked["contribution"].abs() > _LEAST]
    told = []
    # One pass over the values of each column rather than one over the rows.
    picked["story"] = picked["family"] * 10_000 + picked["member"]
    for _, some in picked.groupby("story"):
        part, columns = families[int(some["family"].iloc[0])]
        column = columns[int(some["member"].iloc[0])]
        values = rows[column].iloc[some["at"].to_numpy()]
        phrase = phrases(column, values, typical[part].get(column))
        verb = np.where(some["contribution"] > 0, "raises", "lowers")
        told.append(
            some.assign(
                part=part,
                feature=column,
                group=feature_of(column).group,
                words=[f"{v} {_PARTS[part]}: {words}" for v, words in zip(verb, phrase, strict=True)],
            )
        )
    table = pd.concat(told).sort_values(["at", "rank"], kind="stable")
    table["account_id"] = rows["account_id"].to_numpy()[table["at"].to_numpy()]
    return table[_COLUMNS].reset_index(drop=True)


def phrases(column: str, values: pd.Series, typical: Typical = None) -> list[str]:
    """Values of a feature in words, with the typical one where it differs.

    >>> phrases("n_inbound_90d", pd.Series([6.0, 1.0]), 1.0)
    ['6 inbound touches in the last 90 days (typical 1)', '1 inbound touch in the last 90 days']
    >>> phrases("employees", pd.Series([None, 1200.0]), 90.0)
    ['headcount unknown', 'headcount 1,200 (typical 90)']
    """
    known: dict[Any, str] = {}
    words = []
    for value in values:
        if pd.isna(value):
            words.append(_unknown(column))
            continue
        if value not in known:
            known[value] = _phrase(column, value, typical)
        words.append(known[value])
    return words


def feature_of(column: str) -> Feature:
    """The catalogue, and the two keys of a row that the opening propensity looks at."""
    return _STATE.get(column) or catalogued(column)


def _phrase(column: str, value: Any, typical: Typical) -> str:
    feature = feature_of(column)
    if isinstance(value, str):
        beside = f" (most often {typical})" if isinstance(typical, str) and typical != value else ""
        return f"{feature.label} {value}{beside}"
    if feature.unit == "yes_no":
        return _yes_no(column, feature.label, yes=bool(value))
    number = _number(float(value), feature.unit)
    usual = _number(float(typical), feature.unit) if isinstance(typical, (int, float)) else number
    beside = f" (typical {usual})" if usual != number else ""
    if feature.unit == "touches" or feature.unit in feature.label.split():
        label = _PLURAL.sub(lambda m: m[1] or "person", feature.label, count=1) if number == "1" else feature.label
        return f"{number} {label}{beside}"
    return f"{feature.label} {number}{beside}"


def _yes_no(column: str, label: str, *, yes: bool) -> str:
    if column.startswith("missing_"):
        field = label.removeprefix("unknown ")
        return f"{field} unknown" if yes else f"{field} known"
    if column in _STATE:
        return f"{'a' if yes else 'no'} {label}".replace("no customer already", "no customer yet")
    if yes:
        return label
    return f"does not use {label.removeprefix('uses ')}" if label.startswith("uses ") else f"no {label}"


def _unknown(column: str) -> str:
    label = feature_of(column).label
    since = label.removeprefix("days since ")
    return f"unknown when {since}" if since != label else f"{label} unknown"


def _number(value: float, unit: str) -> str:
    if unit == "currency" and abs(value) >= 1e6:
        return f"{value / 1e6:,.1f}M"
    if unit == "currency" and abs(value) >= 1e4:
        return f"{value / 1e3:,.0f}k"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.2g}"


def _families(columns: list[str]) -> Iterator[list[str]]:
    """Columns that tell the same story, in the order of their first."""
    families: dict[str, list[str]] = {}
    for column in columns:
        families.setdefault(feature_of(column).family, []).append(column)
    yield from families.values()


def _usual(rows: pd.DataFrame, columns: list[str], typical: dict[str, Typical]) -> Array:
    """Whether a number is the typical one: what most accounts share tells none of them apart."""
    usual = np.zeros((len(rows), len(columns)), dtype=bool)
    for i, column in enumerate(columns):
        value = typical.get(column)
        if isinstance(value, float):
            usual[:, i] = rows[column].to_numpy(np.float64, na_value=np.nan) == value
    return usual


def _typical(model: Opening | Propensity | Acv) -> dict[str, Typical]:
    fitted = model.fit.model if isinstance(model, Acv) else model.model
    if isinstance(fitted, Medians):
        return {}
    design: Design = fitted.design
    return {column.name: column.typical for column in design.columns}
