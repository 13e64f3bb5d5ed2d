"""Cells to the kinds of a contract: text first, so that identifiers keep what they say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from tierkit.inputs.amounts import Marks, find_currencies, find_marks, join_marks, read_numbers, read_plain_numbers
from tierkit.inputs.blanks import is_cut_short, say_emptied, without_damage, without_first_days
from tierkit.inputs.contracts import Column, Contract
from tierkit.inputs.damage import MOST_EXACT
from tierkit.inputs.days import days_of, find_day_order, read_days

_Read = Callable[[pd.Series], pd.Series]

RULES = {
    "id": "must be an id in full",
    "money": "must be a number",
    "number": "must be a number",
    "integer": "must be a number",
    "date": "must be a date",
    "flag": "must be yes or no",
}
_FLAGS = {"yes": True, "true": True, "1": True, "y": True, "t": True} | {
    "no": False,
    "false": False,
    "0": False,
    "n": False,
    "f": False,
}
_read_point: _Read = partial(read_numbers, decimal=".")
_read_comma: _Read = partial(read_numbers, decimal=",")
READERS: dict[str, tuple[_Read, ...]] = {
    "money": (_read_point, _read_comma),
    "number": (_read_point, _read_comma),
    "integer": (_read_point, _read_comma),
    "date": (partial(read_days, day_first=True), partial(read_days, day_first=False)),
    "flag": (lambda text: text.str.lower().map(_FLAGS),),
}
"""For each kind the ways in which its text may be read; text that none of them reads is of another kind."""

_NUMERIC = ("money", "number", "integer")


@dataclass(frozen=True)
class Typed:
    """A table in the kinds of its contract.

    Attributes
    ----------
    frame : ids and text `str`, dates midnight `datetime64`, numbers float64, flags `boolean`; same index as the source.
    unreadable : for a column, the index of its cells that hold something else.
    problems : what stops the run, one sentence each.
    notes : what was read right but not as it stood.
    """

    frame: pd.DataFrame
    unreadable: dict[str, pd.Index] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def coerce_table(
    contract: Contract,
    frame: pd.DataFrame,
    *,
    decimal: str | None = None,
    day_first: bool | None = None,
    zone: str = "UTC",
    currency: str | None = None,
    place: str = "line",
) -> Typed:
    """Turn the cells of a table, its columns named as in the contract, into the kinds of the contract.

    Columns the contract does not know become float64 if all their cells are plain numbers, and stay text otherwise.
    """
    text = {name: as_text(frame[name]) for name in frame.columns if not _is_typed(frame[name], contract)}
    notes: list[str] = []
    problems: list[str] = []
    for name in (n for n in text if n in contract):
        text[name] = without_damage(contract[name], text[name], notes)
    _check_currencies(contract, text, currency, problems, place)
    mark = decimal or _find_decimal(contract, text, problems, notes, place)
    first = _find_day_first(contract, text, problems, place) if day_first is None else day_first
    columns: dict[str, pd.Series] = {}
    unreadable: dict[str, pd.Index] = {}
    for name in frame.columns:
        cells = text.get(name, frame[name])
        if name not in contract:
            columns[name] = _coerce_extra(cells, notes)
            continue
        columns[name] = _coerce_column(contract[name], cells, mark, first, zone, notes)
        failed = columns[name].isna() & cells.notna()
        if contract[name].event:
            columns[name] = without_first_days(columns[name], notes)
        if failed.any():
            unreadable[name] = frame.index[failed]
    return Typed(pd.DataFrame(columns, index=frame.index), unreadable, tuple(problems), tuple(notes))


def as_text(cells: pd.Series) -> pd.Series:
    """Cells as trimmed `str`, empty ones missing; whole numbers have no `.0`, times are ISO.

    >>> as_text(pd.Series([7.0, 12.0])).tolist()
    ['7', '12']
    >>> as_text(pd.Series([" 007 ", ""])).tolist()
    ['007', nan]
    """
    if isinstance(cells.dtype, pd.StringDtype):
        text = cells.astype("str").str.strip()
    elif isinstance(cells.dtype, pd.CategoricalDtype):
        levels = as_text(pd.Series(cells.cat.categories)).to_numpy()
        return cells.cat.codes.map(dict(enumerate(levels))).astype("str")
    elif pd.api.types.is_bool_dtype(cells.dtype):
        text = cells.astype("object").map(str, na_action="ignore").astype("str")
    elif _is_number(cells):
        text = _number_text(cells)
    elif pd.api.types.is_datetime64_any_dtype(cells.dtype):
        text = cells.map(pd.Timestamp.isoformat, na_action="ignore").astype("str").str.removesuffix("T00:00:00")
    else:
        text = cells.astype("object").map(_cell_text, na_action="ignore").astype("str").str.strip()
    return text.where(text != "")


def _is_typed(cells: pd.Series, contract: Contract) -> bool:
    """Whether a column already has the kind the contract wants, so that its text is not needed."""
    kind = contract[str(cells.name)].kind if cells.name in contract else None
    if pd.api.types.is_bool_dtype(cells.dtype):
        return kind == "flag"
    if _is_number(cells):
        return kind is None or kind in _NUMERIC
    return kind == "date" and pd.api.types.is_datetime64_any_dtype(cells.dtype)


def _is_number(cells: pd.Series) -> bool:
    """Whether a column holds real numbers; complex ones are text to every contract."""
    return pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_complex_dtype(cells.dtype)


def _number_text(cells: pd.Series) -> pd.Series:
    """Whole numbers without `.0` where all are whole, and written out only as far as they are exact."""
    if not pd.api.types.is_float_dtype(cells.dtype):
        return cells.astype("object").map(str, na_action="ignore").astype("str")
    numbers = cells.astype("float64")
    given = numbers.dropna()
    whole = bool((np.isfinite(given) & (given % 1 == 0)).all())
    exact = numbers.abs() < MOST_EXACT
    as_it_is = {
        n: str(n) if not whole else str(int(n)) if ok else f"{n:.5E}"
        for n, ok in zip(numbers, exact, strict=True)
        if n == n
    }
    return numbers.map(lambda n: as_it_is[n], na_action="ignore").astype("str")


def _cell_text(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _coerce_extra(cells: pd.Series, notes: list[str]) -> pd.Series:
    if _is_number(cells) and not pd.api.types.is_bool_dtype(cells.dtype):
        numbers: pd.Series | None = cells.astype("float64")
    else:
        numbers = read_plain_numbers(cells)
    if numbers is None:
        return cells
    infinite = np.isinf(numbers)
    if not infinite.any():
        return numbers
    notes.append(say_emptied(cells.name, infinite, numbers))
    return numbers.mask(infinite)


def _coerce_column(
    column: Column, cells: pd.Series, mark: str, day_first: bool, zone: str, notes: list[str]
) -> pd.Series:
    is_text = isinstance(cells.dtype, pd.StringDtype)
    if column.kind in _NUMERIC:
        numbers = read_numbers(cells, decimal=mark) if is_text else cells.astype("float64")
        # Half a person is rounded later; a tier of 1.5 is none
        return numbers.mask(numbers % 1 != 0) if column.whole else numbers
    if column.kind == "date":
        return read_days(cells, day_first=day_first, zone=zone) if is_text else days_of(cells, zone=zone)
    if column.kind == "flag":
        return cells.str.lower().map(_FLAGS).astype("boolean") if is_text else cells.astype("boolean")
    if column.kind == "id":
        return _without_point_zero(cells.mask(is_cut_short(cells)), column.name, notes)
    if column.values:
        lower = cells.str.lower()
        return cells.where(~lower.isin(column.values), lower)
    return cells


def _without_point_zero(cells: pd.Series, name: str, notes: list[str]) -> pd.Series:
    """Ids that some tool wrote as 1001.0 are 1001."""
    given = cells.dropna()
    if given.empty or not given.str.fullmatch(r"\d+\.0").all():
        return cells
    notes.append(f"ids in {name!r} were written as numbers ({given.iloc[0]}); read without '.0'")
    return cells.str.removesuffix(".0")


def _at(cells: pd.Series, cell: str, place: str) -> str:
    """A cell, and where it stands first."""
    return f"{cell!r} on {place} {cells.index[cells == cell][0]:,}"


def _check_currencies(
    contract: Contract, text: dict[str, pd.Series], currency: str | None, problems: list[str], place: str
) -> None:
    """Amounts that carry signs of several currencies, or of another than the run sheet's, with no column to say it."""
    if "currency" in text:
        return
    for name in (n for n in text if n in contract and contract[n].kind == "money"):
        found = find_currencies(text[name])
        if len(found) > 1:
            shown = " and ".join(_at(text[name], cell, place) for cell in list(found.values())[:2])
            problems.append(f"{name!r} is in several currencies, as in {shown} (convert them before the export)")
        elif currency and found and (code := next(iter(found))) not in (currency, "$", "¥", "kr"):
            problems.append(
                f"{name!r} is in {code}, as in {_at(text[name], found[code], place)}, the run sheet says {currency} "
                f'(set currency = "{code}" in tierkit.toml, [data], or convert before the export)'
            )


def _find_decimal(
    contract: Contract, text: dict[str, pd.Series], problems: list[str], notes: list[str], place: str
) -> str:
    named = [n for n in text if n in contract and contract[n].kind in _NUMERIC]
    found = {n: find_marks(text[n], whole=contract[n].kind == "integer") for n in named}
    marks: Marks = join_marks(found.values())
    shown = {
        mark: next(_at(text[n], cell, place) for n in named if (cell := found[n].votes.get(mark)) is not None)
        for mark in marks.votes
    }
    if len(marks.votes) == 2:
        problems.append(
            f"numbers have both decimal marks, {shown['.']} and {shown[',']} "
            f'(say decimal = "." or "," in tierkit.toml, [data.{contract.name}])'
        )
    elif not marks.votes and marks.unsettled:
        name = next(n for n in named if found[n].unsettled)
        problems.append(
            f"{name!r} may be read in two ways, got {_at(text[name], marks.unsettled, place)} "
            f'(say decimal = "." or "," in tierkit.toml, [data.{contract.name}])'
        )
    elif "," in marks.votes:
        notes.append(f"numbers have a decimal comma, as in {marks.votes[',']!r}")
        return ","
    return "."


def _find_day_first(contract: Contract, text: dict[str, pd.Series], problems: list[str], place: str) -> bool:
    named = [n for n in text if n in contract and contract[n].kind == "date"]
    found = {n: find_day_order(text[n]) for n in named}
    day = next((_at(text[n], o.day_first, place) for n, o in found.items() if o.day_first), None)
    month = next((_at(text[n], o.month_first, place) for n, o in found.items() if o.month_first), None)
    unsettled = next(((n, _at(text[n], o.unsettled, place)) for n, o in found.items() if o.unsettled), None)
    repair = f"(say day_first = true or false in tierkit.toml, [data.{contract.name}])"
    if day and month:
        problems.append(f"dates have both orders of day and month, {day} and {month} {repair}")
    elif unsettled and not day and not month:
        problems.append(f"{unsettled[0]!r} may be read in two ways, got {unsettled[1]} {repair}")
    return month is None
