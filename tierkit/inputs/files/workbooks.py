"""Excel workbooks as they stand: one sheet, each column in the kind all its cells agree on, else as text."""

import datetime as dt
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.damage import MOST_EXACT
from tierkit.inputs.files.delimited import clean_name, name_columns
from tierkit.inputs.limits import GENEROUS, Limits

_REACH = 20
"""Columns beyond the header in which cells are still looked for."""
_Row = tuple[int, tuple[Any, ...]]


def read_workbook(
    path: Path, sheet: str | None, *, offer: Callable[[str, Sequence[str]], str], limits: Limits = GENEROUS
) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a sheet, the index its row numbers; and what had to be said about it.

    Parameters
    ----------
    sheet : unset, the first.

    Raises
    ------
    TableError : the workbook is damaged or too large, the sheet is missing or empty, or holds formulas that were never
        calculated.
    """
    notes: list[str] = []
    _check_size(path, limits)
    names = _sheets(path)
    if sheet is not None and sheet not in names:
        raise TableError(f"{path.name}: no sheet {sheet!r} ({offer(sheet, names)})")
    if sheet is None and len(names) > 1:
        others = ", ".join(map(repr, names[1:4])) + (", ..." if len(names) > 4 else "")
        notes.append(f"sheet {names[0]!r} was read, the first; beside it there are {others}")
    rows = _rows_of(path, sheet or names[0], limits)
    if not rows:
        raise TableError(
            f"{path.name}: sheet {sheet or names[0]!r} is empty (name another with table = in tierkit.toml)"
        )
    if _has_formulas(path):
        _refuse_uncalculated(path, sheet or names[0], rows)
    header = ["" if cell is None else clean_name(str(cell)) for cell in rows[0][1]]
    width = max(len(cells) for _, cells in rows)
    header += [""] * (width - len(header))
    index = pd.Index([number for number, _ in rows[1:]], dtype="int64")
    columns = [_column([row[i] if i < len(row) else None for _, row in rows[1:]], index) for i in range(width)]
    frame = name_columns(header, columns, notes)
    return frame.set_axis(index), notes


def _open(file: BinaryIO, *, values: bool = True) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        # openpyxl warns of styles and validations it leaves out; no cell depends on them
        warnings.simplefilter("ignore")
        return load_workbook(file, read_only=True, data_only=values)


def _sheets(path: Path) -> list[str]:
    try:
        # Opened here, so that it is closed whatever trips the reader up
        with path.open("rb") as file:
            return [sheet.title for sheet in _open(file).worksheets]
    except Exception:  # openpyxl raises whatever a damaged part of the archive trips it with
        raise _damaged(path) from None


def _check_size(path: Path, limits: Limits) -> None:
    """Hold what the parts of the archive unpack to against the limit; no part can unpack to more than it says."""
    try:
        with zipfile.ZipFile(path) as parts:
            n_bytes = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError):
        raise _damaged(path) from None
    limits.check_size(n_bytes, path.name, unpacked=True)


def _rows_of(path: Path, sheet: str, limits: Limits, *, values: bool = True) -> list[_Row]:
    """The rows that hold anything; a cell far to the right of the header is not one of a column."""
    rows: list[_Row] = []
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number, cells in enumerate(_open(file, values=values)[sheet].iter_rows(values_only=True), start=1):
                width = max((i for i, cell in enumerate(cells, 1) if cell is not None and cell != ""), default=0)
                if width:
                    within = min(width, len(rows[0][1]) + _REACH) if rows else width
                    limits.check_columns(within, path.name)
                    limits.check_rows(len(rows), path.name)
                    rows.append((number, cells[:within]))
    except TableError:
        raise
    except Exception:  # openpyxl raises whatever a damaged part of the archive trips it with
        raise _damaged(path) from None
    return rows


def _damaged(path: Path) -> TableError:
    return TableError(f"{path.name}: the workbook is damaged or cut short (open it, and save it again)")


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as parts:
        for part in parts.namelist():
            if part.startswith("xl/worksheets/"):
                with parts.open(part) as file:
                    before = b""
                    while block := file.read(1 << 20):
                        if b"<f>" in before + block or b"<f " in before + block:
                            return True
                        before = block[-2:]
    return False


def _refuse_uncalculated(path: Path, sheet: str, rows: list[_Row]) -> None:
    """Formulas that no spreadsheet has calculated have no value in the file: they would be read as empty."""
    given = dict(rows)
    for number, cells in _rows_of(path, sheet, GENEROUS, values=False):
        for i, cell in enumerate(cells):
            is_formula = (isinstance(cell, str) and cell.startswith("=")) or type(cell).__name__.endswith("Formula")
            value = given.get(number, ())[i] if i < len(given.get(number, ())) else None
            if is_formula and value is None:
                said = cell if isinstance(cell, str) else "an array formula"
                raise TableError(
                    f"{path.name}: row {number:,} holds a formula that was never calculated, {said!r} "
                    "(open the workbook in a spreadsheet and save it, or export values)"
                )


def _column(cells: list[Any], index: pd.Index) -> pd.Series:
    """Numbers and dates keep their type where a whole column agrees; anything mixed is read as text."""
    given = [c for c in cells if c is not None]
    if given and all(isinstance(c, int | float) and not isinstance(c, bool) for c in given):
        # What has more than 15 digits was rounded by the spreadsheet, whatever its type says here
        if all(isinstance(c, int) and abs(c) < MOST_EXACT for c in given):
            return pd.Series(cells, index, dtype="Int64")
        return pd.Series([None if c is None else float(c) for c in cells], index, dtype="float64")
    if given and all(isinstance(c, dt.datetime | dt.date) for c in given):
        times = pd.Series([None if c is None else c.isoformat() for c in cells], dtype="object")
        return pd.Series(pd.to_datetime(times, format="ISO8601").to_numpy(), index)
    return pd.Series(["" if c is None else _cell_text(c) for c in cells], index, dtype="str")


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < MOST_EXACT else f"{cell:.5E}"
    return cell.isoformat() if isinstance(cell, dt.date | dt.datetime) else str(cell)
