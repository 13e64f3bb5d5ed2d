"""CSV files that people open in a spreadsheet: no cell may start a formula."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def guard(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it; numbers stay numbers.

    >>> guard("=1+1"), guard("@SUM(A1)"), guard("-12.5"), guard("- call back"), guard("Acme"), guard(-3)
    ("'=1+1", "'@SUM(A1)", '-12.5', "'- call back", 'Acme', -3)
    """
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def is_cell_of(cell: str, value: str) -> bool:
    """Whether a cell that comes back from a spreadsheet is the value that was written, guarded or not.

    A spreadsheet takes the zeros before a number, and writes a long one with an exponent.

    >>> is_cell_of("'=1+1", "=1+1"), is_cell_of("324", "000324"), is_cell_of("1.23457E+15", "1234567890123456")
    (True, True, True)
    >>> is_cell_of("325", "000324"), is_cell_of("", "000324")
    (False, False)
    """
    back, was = cell.strip(), value.strip()
    if back in (was, str(guard(value)).strip()):
        return True
    if not re.fullmatch(r"[0-9]+", was):
        return False
    if re.fullmatch(r"[0-9][.,]?[0-9]*E\+[0-9]+", back, re.I):
        return f"{float(back.replace(',', '.')):.5E}" == f"{int(was):.5E}"
    whole = re.fullmatch(r"([0-9]+)(\.0*)?", back)
    return whole is not None and int(whole[1]) == int(was)


def unguard(cell: str) -> str:
    """The text that `guard` wrote.

    >>> unguard("'=1+1"), unguard("'- call back"), unguard("'tis"), unguard("Acme")
    ('=1+1', '- call back', "'tis", 'Acme')
    """
    return cell[1:] if cell[:1] == "'" and guard(cell[1:]) == cell else cell


def write_for_people(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` as UTF-8 CSV with guarded cells and headers, whole days, whole tiers and cents.

    The same table gives the same bytes on every machine.
    """
    shown = frame.copy()
    shown.columns = pd.Index([guard(str(c)) for c in shown.columns])
    for name in shown.columns:
        column = shown[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            shown[name] = column.dt.strftime("%Y-%m-%d")
        elif pd.api.types.is_float_dtype(column):
            known = column.dropna()
            whole = bool(((known % 1) == 0).all())
            shown[name] = column.astype("Int64") if whole else column.round(4)
        elif not pd.api.types.is_numeric_dtype(column):
            shown[name] = column.map(guard, na_action="ignore")
    path.parent.mkdir(parents=True, exist_ok=True)
    shown.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
