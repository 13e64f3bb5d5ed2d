"""Cells that say nothing in the words of some tool, and what copying leaves inside them: taken out, counted, said."""

import pandas as pd

from tierkit.inputs.contracts import Column
from tierkit.inputs.damage import FOREVER, INVISIBLE, LONG_NUMBER, NO_DAY, NO_EVENT, NO_VALUE

_EMPTY = ("null", "none", "nan", "na", "n/a", "#n/a", "-")
_NOTHING = {"id": (*NO_VALUE, "None"), "text": NO_VALUE}


def without_damage(column: Column, cells: pd.Series, notes: list[str]) -> pd.Series:
    """Cells without invisible characters, and without what tools write for nothing; each with its count."""
    if column.kind != "text" or column.values:
        hidden = cells.str.contains(INVISIBLE, regex=True, na=False)
        if hidden.any():
            notes.append(f"invisible characters were left out of {_cells(int(hidden.sum()))} of {column.name!r}")
            cells = cells.str.replace(INVISIBLE, "", regex=True).str.strip()
            cells = cells.where(cells != "")
    empty = cells.isin(_NOTHING[column.kind]) if column.kind in _NOTHING else cells.str.lower().isin(_EMPTY)
    if column.kind == "date":
        none = f"{NO_DAY}|{FOREVER}" if column.ahead and not column.required else NO_DAY
        levels = pd.Series(cells.dropna().unique(), dtype="str")
        empty |= cells.isin(levels[levels.str.fullmatch(none)])
    if not empty.any():
        return cells
    notes.append(say_emptied(column.name, empty, cells))
    return cells.mask(empty)


def without_first_days(days: pd.Series, notes: list[str]) -> pd.Series:
    """Days of events without the first days that databases count from."""
    first = days.isin(NO_EVENT)
    if not first.any():
        return days
    notes.append(say_emptied(days.name, first, days.dt.strftime("%Y-%m-%d")))
    return days.mask(first)


def say_emptied(name: object, empty: pd.Series, cells: pd.Series) -> str:
    """`2 cells of 'acv' say 'NaN' and the like, and were read as empty`."""
    n, words = int(empty.sum()), cells[empty]
    like = "" if (words == words.iloc[0]).all() else " and the like"
    verbs = ("says", "was") if n == 1 else ("say", "were")
    return f"{_cells(n)} of {name!r} {verbs[0]} {str(words.iloc[0])!r}{like}, and {verbs[1]} read as empty"


def is_cut_short(ids: pd.Series) -> pd.Series:
    """Ids of many digits that a spreadsheet wrote as 1.23E+14: the digits are gone."""
    suspect = ids.str.contains("E+", regex=False, na=False)
    return suspect & ids.where(suspect).str.fullmatch(LONG_NUMBER.pattern, na=False) if suspect.any() else suspect


def _cells(n: int) -> str:
    return f"{n:,} cell{'' if n == 1 else 's'}"
