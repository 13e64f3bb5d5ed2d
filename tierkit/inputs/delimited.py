"""CSV as text: encodings, separators, repeated headers, footers, and the true line of every row."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tierkit.errors import TableError
from tierkit.inputs.plain import LEAST_BYTES, read_plain

SEPARATORS = ",;\t|"
_SEPARATOR_NAMES = {";": "';'", "\t": "tab", "|": "'|'"}
_FOOTER = re.compile(r"confidential information - do not distribute|copyright \(c\).*salesforce", re.IGNORECASE)
_FOOTER_REACH = 20
_BOM, _SAID_BOM = b"\xef\xbb\xbf", "read as UTF-8 with a byte order mark"
_CHUNK = 50_000
_EXAMPLES = 3


@dataclass(frozen=True)
class Delimited:
    """A CSV file as text: one `str` column per header, the index is the line a row begins on."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def read_delimited(content: bytes, *, file: str) -> Delimited:
    """Read the bytes of a CSV file without guessing what its cells mean.

    Returns
    -------
    All cells as `str`, empty cells as "", index the 1-based line of the file; and what had to be said about the file.

    Raises
    ------
    TableError : the file is empty, has a header alone, has ragged rows, or a quote that is never closed.
    """
    if len(content) >= LEAST_BYTES and (plain := _read_at_once(content)) is not None:
        return plain
    text, notes = _decode(content)
    if not text.strip():
        raise TableError(f"{file}: the file is empty (export it again)")
    separator = _separator(text)
    if separator != ",":
        notes.append(f"columns are separated by {_SEPARATOR_NAMES[separator]}")
    records = _records(text, separator, file)
    _, header = next(records)
    header = [name.strip() for name in header]
    lines, rows = _body(records, len(header), file, notes)
    if not lines:
        raise TableError(f"{file}: a header and no row below it (export it again)")
    columns = [pa.chunked_array([chunk[i] for chunk in rows], type=pa.large_string()) for i in range(len(header))]
    return _delimited(header, columns, np.asarray(lines, dtype="int64"), notes)


def _delimited(header: list[str], columns: Sequence[pa.ChunkedArray], lines: np.ndarray, notes: list[str]) -> Delimited:
    frame = _name_columns(header, [pd.Series(c.to_pandas(), dtype="str") for c in columns], notes)
    frame.index = pd.Index(lines)
    return Delimited(frame, tuple(notes))


def _read_at_once(content: bytes) -> Delimited | None:
    """A long file in which nothing is odd; None where it takes a careful reading to tell."""
    notes = []
    if content.startswith(_BOM):
        content, notes = content[len(_BOM) :], [_SAID_BOM]
    try:
        first = content[: content.index(b"\n")].decode("utf-8")
    except ValueError:
        return None
    if not first.strip():
        return None
    separator = _separator(first)
    if separator != ",":
        notes.append(f"columns are separated by {_SEPARATOR_NAMES[separator]}")
    if (read := read_plain(content, separator)) is None:
        return None
    header, table = read
    if any(_FOOTER.search(cell) for cell in table.column(0).slice(max(0, len(table) - _FOOTER_REACH)).to_pylist()):
        return None
    return _delimited([name.strip() for name in header], table.columns, np.arange(2, len(table) + 2), notes)


def _decode(content: bytes) -> tuple[str, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), ["read as UTF-16"]
    if content.startswith(_BOM):
        return content.decode("utf-8-sig"), [_SAID_BOM]
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        # cp1252 leaves five bytes undefined; they become a replacement mark rather than stop a run
        return content.decode("cp1252", errors="replace"), ["is not UTF-8, read as cp1252 (Windows)"]


def _separator(text: str) -> str:
    """The candidate that occurs most in the first line with text, outside quotes."""
    first = next(line for line in text.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=bare.count)


def _records(text: str, separator: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """The line each record begins on, and its cells; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for record in reader:
            if record and (len(record) > 1 or record[0].strip()):
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{file}: line {begins} cannot be read: {error} (look for a quote never closed)") from None


def _body(
    records: Iterator[tuple[int, list[str]]], width: int, file: str, notes: list[str]
) -> tuple[list[int], list[list[pa.Array]]]:
    """Lines and column chunks of all rows as wide as the header."""
    lines: list[int] = []
    chunks: list[list[pa.Array]] = []
    pending: list[list[str]] = []
    ragged: list[tuple[int, list[str]]] = []
    tail: list[tuple[int, list[str]]] = []
    n_blank = 0

    def keep(line: int, record: list[str]) -> None:
        nonlocal n_blank, pending
        if len(record) != width:
            ragged.append((line, record))
        elif not any(record):
            n_blank += 1
        else:
            lines.append(line)
            pending.append(record)
            if len(pending) == _CHUNK:
                chunks.append(_columns_of(pending))
                pending = []

    # The last records are held back: they may be the footer of a report, which is no row.
    for line, record in records:
        tail.append((line, record))
        if len(tail) > _FOOTER_REACH:
            keep(*tail.pop(0))
    kept, footer = _cut_footer(tail, width)
    for line, record in kept:
        keep(line, record)
    if pending:
        chunks.append(_columns_of(pending))
    if ragged:
        shown = ", ".join(f"line {line} has {len(record)}" for line, record in ragged[:_EXAMPLES])
        raise TableError(
            f"{file}: every row must have the {width} cells of the header, {shown} ({len(ragged):,} rows) "
            "(quote cells that hold the separator, and export again)"
        )
    if footer:
        notes.append(f"{len(footer)} footer lines of the report were left out, from line {footer[0][0]}")
    if n_blank:
        notes.append(f"{n_blank:,} rows without any value were passed over")
    return lines, chunks


def _columns_of(rows: list[list[str]]) -> list[pa.Array]:
    return [pa.array(column, type=pa.large_string()) for column in zip(*rows, strict=True)]


def _cut_footer(
    tail: list[tuple[int, list[str]]], width: int
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, list[str]]]]:
    """Split the report's footer off the last records: lines of one cell around the words only a footer says."""
    marked = [i for i, (_, record) in enumerate(tail) if _FOOTER.search(record[0])]
    if not marked or width == 1:
        return tail, []
    start = marked[0]
    while start > 0 and len(tail[start - 1][1]) == 1:
        start -= 1
    if any(sum(map(bool, record)) > 1 for _, record in tail[start:]):
        return tail, []
    return tail[:start], tail[start:]


def _name_columns(header: list[str], columns: list[pd.Series], notes: list[str]) -> pd.DataFrame:
    """Columns by name; of a repeated name the first wins, nameless empty columns go."""
    named: dict[str, pd.Series] = {}
    for i, (name, column) in enumerate(zip(header, columns, strict=True)):
        if not name and (column == "").all():
            continue
        name = name or f"column {i + 1}"
        if name in named:
            differing = int((named[name] != column).sum())
            notes.append(f"column {name!r} is repeated, the first was used; {differing:,} rows differ")
        else:
            named[name] = column
    return pd.DataFrame(named)
