"""Text and times to whole UTC days; whether 03/04 is March or April is found or declared, never guessed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

_TIME = (
    r"(?:[T ,]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)? ?(?P<half>[AaPp][Mm])?"
    r" ?(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"
_OFFSET = r"\d(?:Z|[+-]\d{2}:?\d{2})$"
_PARTS = re.compile(r"(?P<a>\d{1,2})(?P<mark>[/.-])(?P<b>\d{1,2})[/.-](?P<year>\d{4})" + _TIME)
_OTHERS = (
    re.compile(r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})" + _TIME),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?P<day>\d{1,2})\.?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})" + _TIME),
    re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + _TIME),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_DAY: Final = "datetime64[us]"


@dataclass(frozen=True)
class DayOrder:
    """What cells say about the order of day and month: one that settles each order, and one that settles none."""

    day_first: str | None = None
    month_first: str | None = None
    unsettled: str | None = None


def find_day_order(text: pd.Series) -> DayOrder:
    """Which order of day and month the cells of one column settle.

    >>> find_day_order(pd.Series(["25/12/2026", "03/04/2026"]))
    DayOrder(day_first='25/12/2026', month_first=None, unsettled='03/04/2026')
    """
    found: dict[str, str] = {}
    for cell in text[text.str.match(r"\d{1,2}[/-]", na=False)].unique():
        parts = _PARTS.fullmatch(cell)
        if parts is None or parts["a"] == parts["b"]:
            continue
        a, b = int(parts["a"]), int(parts["b"])
        key = "day_first" if a > 12 else "month_first" if b > 12 else "unsettled"
        found.setdefault(key, cell)
    return DayOrder(**found)


def read_days(text: pd.Series, *, day_first: bool = True, zone: str = "UTC") -> pd.Series:
    """Midnight `datetime64` of the UTC day; cells that are no date are missing.

    A date without a time is that day. A time with an offset is converted to UTC; a time without one is a time in
    `zone`, unless the whole column stands at midnight: then it holds dates.

    >>> read_days(pd.Series(["2026-01-31T23:30:00-05:00", "31.01.2026", "soon"])).dt.date.tolist()
    [datetime.date(2026, 2, 1), datetime.date(2026, 1, 31), NaT]
    """
    codes, given = pd.factorize(text)
    cells = pd.Series(given, dtype="str")
    iso = cells.str.fullmatch(_ISO)
    moment = pd.Series(pd.NaT, cells.index, dtype=_DAY)
    naive = pd.Series(False, cells.index)
    if iso.any():
        utc = pd.to_datetime(cells[iso], format="ISO8601", errors="coerce", utc=True)
        moment[iso] = utc.dt.tz_localize(None).astype(_DAY)
        naive[iso] = (cells[iso].str.len() > 10) & ~cells[iso].str.contains(_OFFSET, regex=True)
    for i in cells.index[~iso]:
        moment[i], naive[i] = _read_cell(cells[i], day_first)
    moment = _settle(moment, naive, zone)
    # The last stands for the missing, whose code is -1.
    days = np.append(moment.to_numpy(dtype=_DAY), np.datetime64("NaT"))
    return pd.Series(days[codes], text.index, name=text.name)


def days_of(times: pd.Series, *, zone: str = "UTC") -> pd.Series:
    """The same for a column that already holds times, aware of their zone or not."""
    aware = getattr(times.dtype, "tz", None) is not None
    moment = (times.dt.tz_convert("UTC").dt.tz_localize(None) if aware else times).astype(_DAY)
    return _settle(moment, pd.Series(not aware, times.index), zone)


def _settle(moment: pd.Series, naive: pd.Series, zone: str) -> pd.Series:
    """Days of moments; naive ones are moved from their zone to UTC unless all stand at midnight."""
    timed = naive & moment.notna() & (moment != moment.dt.normalize())
    if zone != "UTC" and timed.any():
        there = moment[naive].dt.tz_localize(ZoneInfo(zone), nonexistent="shift_forward", ambiguous=_earlier(naive))
        moment = moment.copy()
        moment[naive] = there.dt.tz_convert("UTC").dt.tz_localize(None).astype(_DAY)
    within = moment.dt.year.between(_FIRST_YEAR, _LAST_YEAR)
    days: pd.Series = moment.where(within).dt.normalize()
    return days


def _earlier(naive: pd.Series) -> np.ndarray:
    """Of an hour that a clock change repeats, take the first."""
    return np.ones(int(naive.sum()), dtype=bool)


def _read_cell(cell: str, day_first: bool) -> tuple[pd.Timestamp | None, bool]:
    """One moment, in UTC if the cell says its offset, and whether it is a time without one."""
    parts = _PARTS.fullmatch(cell)
    if parts is not None:
        first_is_day = day_first or parts["mark"] == "."
        day, month = (parts["a"], parts["b"]) if first_is_day else (parts["b"], parts["a"])
        return _moment(parts, int(month), int(day))
    for pattern in _OTHERS:
        parts = pattern.fullmatch(cell)
        if parts is None:
            continue
        named = parts.groupdict().get("name")
        if named is not None and named[:3].lower() not in _MONTHS:
            return None, False
        month_number = _MONTHS.index(named[:3].lower()) + 1 if named else int(parts["month"])
        return _moment(parts, month_number, int(parts["day"]))
    return None, False


def _moment(parts: re.Match[str], month: int, day: int) -> tuple[pd.Timestamp | None, bool]:
    said = parts.groupdict()
    hour, minute, second = ([*map(int, said["time"].split(":")), 0])[:3] if said.get("time") else (0, 0, 0)
    if said.get("half"):
        hour = hour % 12 + (12 if said["half"].lower() == "pm" else 0)
    try:
        moment = pd.Timestamp(int(said["year"]), month, day, hour, minute, second)
    except ValueError:
        return None, False
    offset = said.get("offset")
    if offset in (None, "Z", "UTC"):
        return moment, bool(said.get("time")) and offset is None
    sign = -1 if offset[0] == "-" else 1
    return moment - sign * dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:])), False
