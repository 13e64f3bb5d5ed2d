"""Tables as every engine agrees on them: whole days since 1970 (UTC), money in cents, every column present."""

from collections.abc import Collection

import pandas as pd

from tierkit.inputs.contracts import CONTRACTS, Column

EVENT_OF = {"activities": "occurred_day", "signals": "occurred_day", "overrides": "created_day"}


def stage_table(table: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    """A frame with the columns SQL text reads: `x_at` as `x_day`, money `x` as `x_cents`, text as it is.

    A table that was not given is staged empty, a column that was not given is null. `known_day` is never before the
    day of the event it tells of.
    """
    index = pd.RangeIndex(0) if frame is None else frame.index
    staged = {}
    for column in CONTRACTS[table].columns:
        given = None if frame is None or column.name not in frame else frame[column.name]
        name, values = _stage_column(column, given, index)
        staged[name] = values
    out = pd.DataFrame(staged)
    if table in EVENT_OF:
        event = out[EVENT_OF[table]]
        known = out.get("known_day", event).fillna(event)
        out["known_day"] = known.where(known >= event, event)
    return out


def staging_sql(table: str, columns: Collection[str], source: str) -> str:
    """The same as SQL text over `source`, a table of DuckDB with these columns."""
    staged = dict(_staged_column(column, column.name in columns) for column in CONTRACTS[table].columns)
    if table in EVENT_OF:
        event = staged[EVENT_OF[table]]
        known = f"COALESCE({staged['known_day']}, {event})" if "known_day" in staged else event
        staged["known_day"] = f"CASE WHEN {known} >= {event} THEN {known} ELSE {event} END"
    return f"SELECT {', '.join(f'{text} AS {name}' for name, text in staged.items())} FROM {source}"


def _staged_column(column: Column, given: bool) -> tuple[str, str]:
    quoted = f'"{column.name}"'
    if column.kind == "date":
        name = column.name.removesuffix("_at") + "_day"
        text = f"CAST(DATE_DIFF('day', DATE '1970-01-01', CAST({quoted} AS DATE)) AS BIGINT)"
        return name, text if given else "CAST(NULL AS BIGINT)"
    if column.kind == "money":
        name, text = column.name + "_cents", f"CAST(ROUND_EVEN({quoted} * 100, 0) AS BIGINT)"
        return name, text if given else "CAST(NULL AS BIGINT)"
    if column.kind == "number":
        return column.name, f"CAST({quoted} AS DOUBLE)" if given else "CAST(NULL AS DOUBLE)"
    if column.kind == "integer":
        return column.name, f"CAST(ROUND_EVEN({quoted}, 0) AS BIGINT)" if given else "CAST(NULL AS BIGINT)"
    kind = "BIGINT" if column.kind == "flag" else "VARCHAR"
    return column.name, f"CAST({quoted if given else 'NULL'} AS {kind})"


def days_since_1970(dates: pd.Series) -> pd.Series:
    """Whole UTC days since 1970 as nullable integers.

    >>> days_since_1970(pd.Series(pd.to_datetime(["1970-01-02", None]))).tolist()
    [1, <NA>]
    """
    days = (pd.to_datetime(dates) - pd.Timestamp("1970-01-01")) // pd.Timedelta(days=1)
    return days.astype("Int64")


def day_number(day: str | pd.Timestamp) -> int:
    """One day as `days_since_1970` counts it.

    >>> day_number("1970-01-02")
    1
    """
    return int(days_since_1970(pd.Series([pd.Timestamp(day)])).iloc[0])


def _stage_column(column: Column, given: pd.Series | None, index: pd.Index) -> tuple[str, pd.Series]:
    if column.kind == "date":
        name = column.name.removesuffix("_at") + "_day"
        return name, pd.Series(pd.NA, index, dtype="Int64") if given is None else days_since_1970(given)
    if column.kind == "money":
        name = column.name + "_cents"
        return name, pd.Series(pd.NA, index, dtype="Int64") if given is None else (given * 100).round().astype("Int64")
    if column.kind in ("number", "integer"):
        values = pd.Series(pd.NA, index, dtype="Float64") if given is None else given.astype("Float64")
        return column.name, values.round().astype("Int64") if column.kind == "integer" else values
    if column.kind == "flag":
        flag = pd.Series(pd.NA, index, dtype="boolean") if given is None else given.astype("boolean")
        return column.name, flag.astype("Int64")
    return column.name, pd.Series(None, index, dtype="str") if given is None else given.astype("str")
