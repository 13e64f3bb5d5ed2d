"""The three parts of expected value, each taken apart into families of features that tell one story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.acv import Acv
from tierkit.models.design import Array, DesignColumn
from tierkit.models.linear import Linear
from tierkit.models.medians import Medians
from tierkit.models.opening import Opening, at_reference
from tierkit.models.propensity import Propensity
from tierkit.models.trees import Trees

PARTS = ("opens", "wins", "value")
"""The chance that a deal opens, the chance to win it, and what it is worth."""
HELD, CAP = "(our effort, held as typical)", "(cap)"
"""Rows that are no feature: what trees make of the effort at which every account is scored, and the cap of the ACV."""
NOTES = "notes"
"""Name of the attribute of scores and reasons that holds sentences for the page: what a reader must know of them."""

Fitted = Opening | Propensity | Acv


@dataclass(frozen=True, eq=False)
class Part:
    """One part, taken apart.

    Attributes
    ----------
    families : columns of each family. sums : its contribution to log-odds or log value, shape (rows, families).
    member : which column of the family says most of it by a value that is not just the typical one, same shape.
    usual : whether there is no such column, so that nothing tells the row apart.
    base : log-odds or log value of the reference, which no row changes.
    held : what own effort adds beyond the base, though every row is scored at the same, shape (rows,); 0 for a
        linear model, where it is part of the base.
    columns : what the model learned about each column, by name.
    """

    name: str
    model: Fitted
    families: tuple[tuple[str, ...], ...]
    sums: Array
    member: Array
    usual: Array
    base: float
    held: Array
    columns: Mapping[str, DesignColumn]

    @property
    def log(self) -> Array:
        """Log-odds, or log value before the cap, of each row."""
        return np.asarray(self.base + self.held + self.sums.sum(axis=1))


def take_apart(rows: pd.DataFrame, name: str, model: Fitted) -> Part:
    """The part of a model, exact: base, held and sums add up to what it says of each row."""
    contributions = model.contributions(rows)
    fixed = held_columns(model)
    families = families_of([c for c in contributions.columns if c != "_base" and c not in fixed])
    columns = _columns(model)
    sums, shape = np.zeros((len(rows), len(families))), (len(rows), len(families))
    member, usual = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    for i, family in enumerate(families):
        block = contributions[list(family)].to_numpy()
        sums[:, i] = block.sum(axis=1)
        along = block * np.where(sums[:, i] < 0, -1.0, 1.0)[:, None]
        told = np.where(np.column_stack([_is_usual(rows, c, columns.get(c)) for c in family]), -np.inf, along)
        usual[:, i] = told.max(axis=1) <= 0
        member[:, i] = np.argmax(np.where(usual[:, [i]], along, told), axis=1)
    held = contributions[[c for c in contributions.columns if c in fixed]].to_numpy().sum(axis=1)
    if isinstance(fitted_model(model), Linear):
        held = np.zeros(len(rows))
    return Part(name, model, families, sums, member, usual, base_of(model), held, columns)


def base_of(model: Fitted) -> float:
    """Log-odds, or log value, of the reference: the average training row, own effort as every row is scored at."""
    fitted = fitted_model(model)
    if isinstance(fitted, Medians):
        typical = pd.DataFrame(index=[0])
    else:
        typical = pd.DataFrame({c.name: [c.typical] for c in fitted.design.columns})
    contributions = model.contributions(typical).iloc[0]
    # Effort held at one value adds one number to a linear score; trees bend it by what else they see.
    fixed = held_columns(model) if isinstance(fitted, Linear) else ()
    return float(contributions["_base"] + sum(contributions[c] for c in fixed if c in contributions.index))


def families_of(columns: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Columns of one group that tell the same story, in the order of their first."""
    families: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        feature = feature_of(column)
        families.setdefault((feature.group, feature.family), []).append(column)
    return tuple(tuple(members) for members in families.values())


def held_columns(model: Fitted) -> frozenset[str]:
    """Columns a model sees at one value for all rows, so that they tell nobody apart."""
    return frozenset(model.reference) if isinstance(model, Opening) else frozenset()


def seen_rows(rows: pd.DataFrame, model: Fitted) -> pd.DataFrame:
    """Rows as the model sees them."""
    return at_reference(rows, model.reference) if isinstance(model, Opening) else rows


def fitted_model(model: Fitted) -> Linear | Trees | Medians:
    """What a part's contributions come from."""
    return model.fit.model if isinstance(model, Acv) else model.model


def note_doubts(table: pd.DataFrame, *models: Fitted | None) -> pd.DataFrame:
    """The table, with what a reader must know of the trees it comes from (`Trees.notes`), if anything."""
    trees = [fitted for m in models if m is not None and isinstance(fitted := fitted_model(m), Trees)]
    if notes := list(dict.fromkeys(note for fitted in trees for note in fitted.notes)):
        table.attrs[NOTES] = notes
    return table


def _columns(model: Fitted) -> Mapping[str, DesignColumn]:
    fitted = fitted_model(model)
    return {} if isinstance(fitted, Medians) else {c.name: c for c in fitted.design.columns}


def _is_usual(rows: pd.DataFrame, name: str, column: DesignColumn | None) -> Array:
    """Whether a number is the typical one, or taken for it: what most share tells none of them apart."""
    if column is None or column.kind != "number":
        return np.full(len(rows), name not in rows.columns)
    numbers = rows[name].to_numpy(np.float64, na_value=np.nan)
    usual = numbers == float(column.typical)
    # Never missing in training: the model takes it for the typical one.
    return np.asarray(usual | ~np.isfinite(numbers) if column.missing_share == 0 else usual)
