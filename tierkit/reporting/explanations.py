"""A model's own contributions as the shap library holds them, so that its pictures can be drawn from them."""

import warnings
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.acv import Acv
from tierkit.reporting import words

if TYPE_CHECKING:
    from shap import Explanation

_HELD = "our own effort, held the same for all"
_FAMILIES = {
    "inbound": "what they did, all kinds",
    "outbound": "what we did, all kinds",
    "people": "people involved",
    "size": "company size",
    "stack": "tools in the stack",
    "tenure": "time in the CRM",
}


MOST_DOTS = 5_000
"""Accounts in a picture of one dot each: more cannot be told apart, and take gigabytes to draw."""


class Explains(Protocol):
    """A fitted part of the expected value: `Opening`, `Propensity` or `Acv`."""

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One column a feature, and `_base`; they add up to the prediction on the scale of the link."""
        ...


def explain_rows(
    model: Explains, rows: pd.DataFrame, *, by: Literal["family", "feature"] = "family", currency: str = "USD"
) -> "Explanation":
    """The contributions of `model` to each row, under the names of features in words.

    Parameters
    ----------
    by : one column a family of features that tell the same story, since they share credit at random; or one a feature.

    Returns
    -------
    values (rows, columns) and base_values (rows) on the scale of the link (log-odds, or log of money), adding up to
    the prediction; data: the numbers, missing for text and unknown values, of a family those of the feature that
    contributes most; display_data: what stands behind each value in words, of a family its strongest feature for that
    row; feature_names: labels, each once; output_names: the scale.

    The contributions are exact and the model's own: shap estimates nothing here, it only draws.
    """
    shap = load_shap()
    parts = model.contributions(rows)
    values = parts.drop(columns="_base")
    seen = rows.reindex(columns=values.columns)
    groups: dict[str, list[str]] = {}
    for column in values.columns:
        groups.setdefault(feature_of(column).family if by == "family" else column, []).append(column)
    held = set(getattr(model, "reference", ()))
    told = {c: _told(seen[c], currency) if c not in held else [_HELD] * len(rows) for c in values.columns}
    at = np.arange(len(rows))
    sums, data, said = [], [], []
    for columns in groups.values():
        block = values[columns].to_numpy(np.float64)
        total = block.sum(axis=1)
        lead = columns[int(np.abs(block).mean(axis=0).argmax())] if len(rows) else columns[0]
        strongest = np.argmax(block * np.where(total < 0, -1.0, 1.0)[:, None], axis=1)
        sums.append(total)
        data.append(pd.to_numeric(seen[lead], errors="coerce").to_numpy(np.float64, na_value=np.nan))
        said.append(np.column_stack([np.array(told[c], dtype=object) for c in columns])[at, strongest])
    names = [_FAMILIES.get(name, name) if by == "family" else feature_of(name).label for name in groups]
    return shap.Explanation(
        np.column_stack(sums) if sums else np.zeros((len(rows), 0)),
        base_values=parts["_base"].to_numpy(np.float64),
        data=np.column_stack(data) if data else None,
        display_data=np.column_stack(said) if said else None,
        feature_names=_told_apart(names),
        output_names="log of money" if isinstance(model, Acv) else "log-odds",
    )


def draw_rows(rows: pd.DataFrame, *, most: int = MOST_DOTS, seed: int) -> pd.DataFrame:
    """The rows of a picture of one dot each, in their order: all, or of many so many drawn at random."""
    return rows if len(rows) <= most else rows.sample(most, random_state=seed).sort_index()


def load_shap() -> Any:
    """The shap library; loading it takes seconds, and sets colours in a way that matplotlib is about to drop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap


def _told_apart(labels: list[str]) -> list[str]:
    """The labels; one that stood before gets a number."""
    return [f"{name} ({labels[:i].count(name) + 1})" if name in labels[:i] else name for i, name in enumerate(labels)]


def _told(column: pd.Series, currency: str) -> list[str]:
    """Each value with the name of its feature, as "headcount: 1,200"."""
    feature = feature_of(str(column.name))
    known: dict[Any, str] = {}
    for value in column.dropna().unique():
        if feature.unit == "yes_no":
            known[value] = "yes" if value else "no"
        elif isinstance(value, str):
            known[value] = value
        else:
            known[value] = words.money(value, currency) if feature.unit == "currency" else words.number(value)
    return [f"{feature.label}: {'unknown' if pd.isna(value) else known[value]}" for value in column]
