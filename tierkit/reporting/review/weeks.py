"""ISO weeks, written 2026-W45."""

import datetime as dt
import re

import pandas as pd

from tierkit.errors import SheetError


def monday_of(week: str) -> dt.date:
    """First day of a week.

    >>> monday_of("2026-W45").isoformat()
    '2026-11-02'

    Raises
    ------
    SheetError : it is not written YYYY-Www, or the year has no such week.
    """
    found = re.fullmatch(r"(\d{4})-W(\d{2})", week)
    try:
        if found:
            return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass
    raise SheetError(f"--week must be an ISO week such as 2026-W45, got {week!r}")


def week_end(week: str) -> pd.Timestamp:
    """Last day of a week, its Sunday.

    >>> week_end("2026-W45").date().isoformat()
    '2026-11-08'
    """
    return pd.Timestamp(monday_of(week)) + pd.Timedelta(days=6)


def week_of(day: dt.date) -> str:
    """The week a day is in.

    >>> week_of(dt.date(2027, 1, 3))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weeks_apart(one: str, other: str) -> int:
    """Weeks between two, whichever comes first.

    >>> weeks_apart("2026-W53", "2027-W02"), weeks_apart("2026-W45", "2026-W41")
    (2, 4)
    """
    return abs((monday_of(other) - monday_of(one)).days) // 7
