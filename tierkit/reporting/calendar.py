"""The days of a month: which one a run looks back from, and whether the data cover it."""

import datetime as dt

import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.inputs.tables import Tables
from tierkit.runsheet import RunSheet


def month_end(month: str) -> pd.Timestamp:
    """Last day of "YYYY-MM".

    >>> month_end("2024-02").date().isoformat()
    '2024-02-29'
    """
    try:
        return pd.Period(month, freq="M").end_time.normalize()
    except ValueError:
        raise SheetError(f"month must be YYYY-MM, got {month!r}") from None


def check_day(day: str) -> str:
    """A day as YYYY-MM-DD.

    >>> check_day("2026-11-03")
    '2026-11-03'
    """
    try:
        return dt.date.fromisoformat(day).isoformat()
    except ValueError:
        raise SheetError(f"a day must be YYYY-MM-DD, got {day!r}") from None


def as_of_month(month: str, sheet: RunSheet) -> pd.Timestamp:
    """Last day of the month, or of the data where the sheet says they end within it."""
    end = month_end(month)
    stated = sheet.data.data_through
    return min(end, pd.Timestamp(stated)) if stated and pd.Timestamp(stated) >= end.replace(day=1) else end


def check_month(month: str, tables: Tables) -> None:
    """Refuse a month that the data do not cover.

    Raises
    ------
    TableError : the data begin after the month, or end before it.
    """
    if not tables.is_dated:
        return
    first = tables.frame("deals")["opened_at"].min()
    end = month_end(month)
    if end < first:
        raise TableError(f"deals: the data begin on {first.date()}, after {month}; choose a later month")
    last = tables.data_through
    if last is not None and end.to_period("M") > last.to_period("M"):
        raise TableError(f"the data reach {last.date()}; {month} is not covered yet (choose {last:%Y-%m} or earlier)")
