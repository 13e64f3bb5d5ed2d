"""Words of deals in ours: types to new, expansion and renewal, terms to months."""

import re
from collections.abc import Mapping

import pandas as pd

from tierkit.inputs.amounts import read_numbers
from tierkit.inputs.columns import ANY_VALUE
from tierkit.inputs.contracts import DEAL_TYPES
from tierkit.inputs.deals import MONTHS_A_YEAR

_RENEWAL = re.compile(r"renew", re.IGNORECASE)
_NEW = re.compile(r"(?:\b|_)(?:net)?new|first|land\b|acquisition|logo", re.IGNORECASE)
_EXISTING = re.compile(
    r"existing|up-?\s?sell|upgrade|downgrade|expan|cross-?\s?sell|add-?\s?on|amend|replace|contraction|growth",
    re.IGNORECASE,
)
_YEARS, _MONTHS = re.compile(r"y(?:ea)?rs?|annual|jahre?|ans?$", re.IGNORECASE), re.compile(r"mo|mth", re.IGNORECASE)
_MOST_YEARS = 10
"""A term without a unit is one of years where none is longer than this."""
_SHOWN = 5


def apply_stated(cells: pd.Series, stated: Mapping[str, str]) -> pd.Series:
    """What the sheet's values make of each cell, missing where it says nothing."""
    named = {key.strip(): value for key, value in stated.items() if key != ANY_VALUE}
    said = cells.fillna("").map(named).astype("str")
    if ANY_VALUE in stated:
        said = said.mask(said.isna() & cells.notna(), stated[ANY_VALUE])
    return said


def map_types(cells: pd.Series, stated: Mapping[str, str]) -> tuple[pd.Series, str]:
    """Deal types in our words, and a sentence about those nobody knows, which are left empty.

    >>> map_types(pd.Series(["Existing Customer - Upgrade", "newbusiness", "Renewal"]), {})[0].tolist()
    ['expansion', 'new', 'renewal']
    """
    known = {level: kind for level in cells.dropna().unique() if (kind := _kind_of(level))}
    types = apply_stated(cells, stated)
    types = types.fillna(cells.map(known).astype("str"))
    strange = (
        cells[types.isna() & cells.notna()].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    )
    if strange.empty:
        return types, ""
    shown = ", ".join(f"{level!r} ({n:,})" for level, n in strange.head(_SHOWN).items())
    return types, (
        f"deal types nobody knows were left empty: {shown} (map them in tierkit.toml, [data.deals.values.deal_type])"
    )


def months_of(cells: pd.Series, header: str) -> tuple[pd.Series, str]:
    """Terms in months, and a sentence where their unit had to be inferred.

    Parameters
    ----------
    cells : numbers, with a unit or without one.
    header : what the export calls them, where it may name the unit.

    >>> months_of(pd.Series(["3 years", "18 months"]), "Term")[0].tolist()
    [36.0, 18.0]
    >>> months_of(pd.Series(["1", "3"]), "Term (Years)")[0].tolist()
    [12.0, 36.0]
    """
    number = read_numbers(cells.str.extract(r"([\d.,]+)", expand=False))
    years = cells.str.contains(_YEARS, na=False)
    months = cells.str.contains(_MONTHS, na=False) & ~years
    bare = number.notna() & ~years & ~months
    note = ""
    if bare.any():
        in_years = bool(_YEARS.search(header)) and not _MONTHS.search(header)
        if not in_years and not _MONTHS.search(header):
            in_years = bool((number[bare] <= _MOST_YEARS).all())
            note = f"column {header!r} names no unit and was read as {'years' if in_years else 'months'}"
        years = years | (bare & in_years)
    return number.where(~years, number * MONTHS_A_YEAR), note


def _kind_of(level: str) -> str | None:
    if level.casefold() in DEAL_TYPES:
        return level.casefold()
    if _RENEWAL.search(level):
        return "renewal"
    if _EXISTING.search(level):
        return "expansion"
    return "new" if _NEW.search(level) else None
