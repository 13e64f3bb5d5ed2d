"""How long after the cutoff a value was known, where the tables say when: a date, or a date that stamps another column.

`employees_updated_at` stamps `employees`; `last_enriched_at` stamps every field of its table that has no history.
"""

import json
from collections.abc import Iterable, Mapping

import pandas as pd

from tierkit.features.leak_names import split_name
from tierkit.features.leak_words import words_of
from tierkit.inputs.staging import days_since_1970

MIN_STAMPED = 10
"""Rows with a day below which a median says nothing."""
_STAMP = words_of(
    "known updated update refreshed refresh enriched enrichment modified verified changed change set filled entered"
    " recorded as of at on date day time timestamp last data record row"
)
_DATE = r"\d{4}-\d{2}-\d{2}"
_OF_THE_TABLE = words_of("enriched enrichment refreshed refresh")


def known_late(
    frame: pd.DataFrame, as_of_day: pd.Series, fields: Iterable[str], *, without_history: Iterable[str] = ()
) -> dict[str, tuple[float, int, str]]:
    """Columns known after the cutoff: median days late, rows with a day, and the column of the day.

    Parameters
    ----------
    frame : one row per moment with the columns as given, dates included.
    as_of_day : the cutoff of each row, days since 1970.
    fields : columns that are features or stamped by others.
    without_history : those that a stamp of the whole table speaks for.

    A column counts whose median day lies after the cutoff, over at least ten rows with a day.
    """
    late: dict[str, tuple[float, int, str]] = {}
    names = list(fields)
    by_words = {frozenset(split_name(name)): name for name in reversed(names)}
    for stamp in names:
        days = _days(frame[stamp])
        if days is None:
            continue
        lag = (days - as_of_day.astype("Float64").to_numpy()).dropna()
        if len(lag) < MIN_STAMPED or not lag.median() > 0:
            continue
        found = (float(lag.median()), len(lag), stamp)
        late[stamp] = found
        words = frozenset(split_name(stamp))
        stamped = [by_words[own] for own in _stamped(words, by_words)]
        if words <= _STAMP and words & _OF_THE_TABLE:
            stamped += [name for name in without_history if name != stamp]
        for name in stamped:
            late.setdefault(name, found)
    return late


def note_late(rows: pd.DataFrame, late: Mapping[str, tuple[float, int, str]]) -> None:
    """Write what is known late into the attributes of `rows`, as text, beside what stands there."""
    rows.attrs["known_late"] = json.dumps(read_late(rows) | {name: list(found) for name, found in late.items()})


def read_late(rows: pd.DataFrame) -> dict[str, list[object]]:
    """What `note_late` wrote: by column, median days late, rows with a day and the column of the day."""
    noted: dict[str, list[object]] = json.loads(rows.attrs.get("known_late", "{}"))
    return noted


def _stamped(words: frozenset[str], by_words: Mapping[frozenset[str], str]) -> list[frozenset[str]]:
    """The names that `words` are with words of a stamp added."""
    return [own for own in by_words if own and own < words and words - own <= _STAMP and not own <= _STAMP]


def is_dates(values: pd.Series) -> bool:
    """Whether a column holds dates, or text that begins like one (2026-10-31) throughout."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_numeric_dtype(values) or values.isna().all():
        return False
    text = values.dropna().astype("str")
    # The cheap question first: most text is no date.
    return bool(text.head(50).str.match(_DATE).all() and text.str.match(_DATE).all())


def _days(values: pd.Series) -> pd.Series | None:
    """Days since 1970 of a column of dates; None of any other."""
    if not is_dates(values):
        return None
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = pd.to_datetime(values.astype("str").str[:10], format="%Y-%m-%d", errors="coerce")
    return days_since_1970(values.dt.tz_localize(None)).astype("Float64").reset_index(drop=True)
