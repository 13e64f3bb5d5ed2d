"""What a database answers, part by part, to columns of one kind each: nothing is guessed, nothing rounded but money."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.files.reading import Raw

Part = tuple[str, Any]
"""A kind, and a pyarrow array of it: nothing, flag, whole, exact (digits as text), real, day, time, moment or text."""


class Result:
    """The rows of one query, gathered part by part, so that only one part is ever held as Python objects.

    Parameters
    ----------
    names : the columns of the answer.
    file : the SQL file, for messages.

    Raises
    ------
    TableError : two columns share a name.
    """

    def __init__(self, names: Sequence[str], *, file: str) -> None:
        self._names, self._file = [str(name) for name in names], file
        self._parts: list[list[Part]] = [[] for _ in self._names]
        if repeated := sorted({name for name in self._names if self._names.count(name) > 1}):
            raise TableError(f"{file}: two columns of the result are called {repeated[0]!r} (name one with AS)")

    def add_rows(self, rows: Sequence[Sequence[object]]) -> None:
        """Rows as a driver gives them."""
        for parts, values in zip(self._parts, zip(*rows, strict=True), strict=bool(rows)):
            parts.append(_part_of_values(values))

    def add_batch(self, batch: Any) -> None:
        """A record batch of Arrow."""
        for parts, array in zip(self._parts, batch.columns, strict=True):
            parts.append(_part_of_array(array))

    def to_raw(self, *, query: str) -> Raw:
        """The rows in an order of their own, since a database keeps none; `query` is the sha256 of the SQL file.

        Whole numbers are `Int64`, fractions float64, flags `boolean`, days and times `datetime64`, those with a zone in
        UTC, the rest `str`. Rows are sorted by their columns from left to right, and counted from 1; so the hash is
        that of the content.

        Raises
        ------
        TableError : there is no row.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = [_join(parts) for parts in self._parts]
        self._parts = [[] for _ in self._names]
        if not columns or not len(columns[0]):
            raise TableError(f"{self._file}: the query found no row (remove the file if there is none to find)")
        table = pa.table(columns, names=self._names)
        del columns
        order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self._names])
        table = table.take(order).combine_chunks()
        sha256 = _hash(table)
        frame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
        frame = frame.astype({name: "str" for name in frame if frame[name].dtype == object})
        frame.index = pd.RangeIndex(1, len(frame) + 1)
        return Raw(frame, self._file, sha256, "row", query=query)


def _part_of_values(values: Sequence[object]) -> Part:
    import pyarrow as pa

    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return "nothing", pa.nulls(len(values), pa.large_string())
    if kinds == {str}:
        return "text", pa.array(values, pa.large_string())
    if kinds == {bool}:
        return "flag", pa.array(values, pa.bool_())
    if kinds == {int} and all(v is None or -(2**63) <= v < 2**63 for v in values):  # type: ignore[operator]
        return "whole", pa.array(values, pa.int64())
    if kinds <= {int, Decimal}:
        return "exact", pa.array([_digits(v) for v in values], pa.large_string())
    if kinds <= {int, Decimal, float}:
        numbers = [None if v is None else float(v) for v in values]  # type: ignore[arg-type]
        return "real", pa.array(numbers, pa.float64(), from_pandas=True)
    if kinds == {dt.date}:
        return "day", pa.array(values, pa.date32())
    if kinds <= {dt.date, dt.datetime}:
        zoned = {isinstance(v, dt.datetime) and v.tzinfo is not None for v in values if v is not None}
        if zoned == {False}:
            return "time", pa.array([_midnight(v) for v in values], pa.timestamp("us"))
        if zoned == {True}:
            return "moment", pa.array([_in_utc(v) for v in values], pa.timestamp("us")).cast(
                pa.timestamp("us", tz="UTC")
            )
    return "text", pa.array([_text(v) for v in values], pa.large_string())


def _in_utc(value: object) -> object:
    # Not left to pyarrow, which drops the offset of a time once pandera has been imported.
    return value.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(value, dt.datetime) else None


def _midnight(value: object) -> object:
    return dt.datetime(value.year, value.month, value.day) if type(value) is dt.date else value  # noqa: DTZ001


def _part_of_array(array: Any) -> Part:
    import pyarrow as pa
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if types.is_null(kind):
        return "nothing", array.cast(pa.large_string())
    if types.is_string(kind) or types.is_large_string(kind):
        return "text", array.cast(pa.large_string())
    if types.is_boolean(kind):
        return "flag", array
    if types.is_integer(kind) and kind != pa.uint64():
        return "whole", array.cast(pa.int64())
    if types.is_decimal(kind) or kind == pa.uint64():
        return "exact", array.cast(pa.string()).cast(pa.large_string())
    if types.is_floating(kind):
        return "real", pa.array(array.to_numpy(zero_copy_only=False), pa.float64(), from_pandas=True)
    if types.is_date32(kind):
        return "day", array
    if types.is_timestamp(kind):
        zone = None if kind.tz is None else "UTC"
        return "time" if zone is None else "moment", array.cast(pa.timestamp("us", tz=zone), safe=False)
    return _part_of_values(array.to_pylist())


def _join(parts: list[Part]) -> Any:
    """One column of all its parts, in the narrowest kind that holds every value, whatever the order they came in."""
    import pyarrow as pa

    kinds = {kind for kind, _ in parts} - {"nothing"}
    arrays = [(kind, array) for kind, array in parts if len(array)]
    if not arrays:
        return _chunked([], pa.large_string())
    if len(kinds) > 1 and not (kinds <= {"whole", "exact", "real"} or kinds == {"day", "time"}):
        return _chunked([_as_text(kind, array) for kind, array in arrays], pa.large_string())
    if kinds == {"day"} or kinds == {"day", "time"}:
        return _chunked([array.cast(pa.timestamp("us")) for _, array in arrays], pa.timestamp("us"))
    if "real" in kinds:
        return _chunked([array.cast(pa.float64()) for _, array in arrays], pa.float64())
    if "exact" in kinds:
        return _settle_digits(_chunked([array.cast(pa.large_string()) for _, array in arrays], pa.large_string()))
    kind = arrays[0][1].type if not kinds else next(array.type for kind, array in arrays if kind != "nothing")
    return _chunked([array.cast(kind) for _, array in arrays], kind)


def _chunked(arrays: list[Any], kind: Any) -> Any:
    import pyarrow as pa

    return pa.chunked_array(arrays, type=kind)


def _settle_digits(digits: Any) -> Any:
    """Exact numbers: whole ones as integers, or as text where they are longer; fractions as float64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.any(pc.match_substring_regex(digits, r"\.0*[1-9]")).as_py():
        return digits.cast(pa.float64())
    whole = pc.replace_substring_regex(digits, r"\.0*$", "")
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:
        return whole


def _as_text(kind: str, array: Any) -> Any:
    import pyarrow as pa

    if kind in ("text", "exact", "nothing"):
        return array
    return pa.array([_text(v) for v in array.to_pylist()], pa.large_string())


def _digits(value: object) -> str | None:
    if value is None or (isinstance(value, Decimal) and value.is_nan()):
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _text(value: object) -> str | None:
    """One value as the text it would be in an export; lists are joined by semicolons."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.isoformat().removesuffix("T00:00:00")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple | set | frozenset):
        texts = [text for part in value if (text := _text(part)) is not None]
        return ";".join(sorted(texts) if isinstance(value, set | frozenset) else texts)
    if isinstance(value, float):
        return None if value != value else str(int(value)) if value.is_integer() else str(value)
    return _digits(value) if isinstance(value, Decimal) else str(value)


def _hash(table: Any) -> str:
    """The sha256 of names, kinds and values in the order given."""
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name}\x1f{column.type}\x1e".encode())
        for array in column.chunks:
            for part in _bytes_of(array):
                digest.update(part)
    return digest.hexdigest()


def _bytes_of(array: Any) -> list[bytes]:
    """Which values are given, and the values: of text its lengths and its letters."""
    import pyarrow as pa
    import pyarrow.compute as pc

    given = array.is_valid().to_numpy(zero_copy_only=False).tobytes()
    if pa.types.is_large_string(array.type):
        text = array.fill_null("")
        lengths = pc.binary_length(text).to_numpy().tobytes()
        return [given, lengths, "".join(text.to_pylist()).encode("utf-8")]
    zero = pa.scalar(0, pa.int64()).cast(array.type) if not pa.types.is_boolean(array.type) else pa.scalar(False)
    return [given, array.fill_null(zero).to_numpy(zero_copy_only=False).tobytes()]
