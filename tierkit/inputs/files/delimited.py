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
from tierkit.inputs.damage import INVISIBLE
from tierkit.inputs.files.disguise import refuse_disguise
from tierkit.inputs.files.encodings import decode
from tierkit.inputs.files.plain import LEAST_BYTES, holds_cell, read_plain
from tierkit.inputs.limits import GENEROUS, Limits

SEPARATORS = ",;\t|"
_SEPARATOR_NAMES = {";": "';'", "\t": "tab", "|": "'|'"}
_FOOTER = re.compile(r"confidential information - do not distribute|copyright \(c\).*salesforce", re.IGNORECASE)
_FOOTER_REACH = 20
_INVISIBLE = re.compile(INVISIBLE)
_BOM = b"\xef\xbb\xbf"
_CHUNK = 50_000
_EXAMPLES = 3


@dataclass(frozen=True)
class Delimited:
    """A CSV file as text: one `str` column per header, the index is the line a row begins on."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def read_delimited(content: bytes, *, file: str, limits: Limits = GENEROUS) -> Delimited:
    """Read the bytes of a CSV file without guessing what its cells mean.

    Returns
    -------
    All cells as `str`, empty cells as "", index the 1-based line of the file; and what had to be said about the file.

    Raises
    ------
    TableError : the file is empty, has a header alone, has ragged rows, or a quote that is never closed.
    """
    refuse_disguise(content, file)
    if len(content) >= LEAST_BYTES and (plain := _read_at_once(content, file, limits)) is not None:
        return plain
    text, notes = decode(content, file=file)
    if not text.strip():
        raise TableError(f"{file}: the file is empty (export it again)")
    text, said = _take_hint(text)
    separator = said or _separator(text)
    if separator != ",":
        notes.append(f"columns are separated by {_SEPARATOR_NAMES.get(separator, repr(separator))}")
    records = _records(text, separator, file, limits)
    begins, header = next(records, (1, []))
    limits.check_columns(len(header), file)
    header = [clean_name(name) for name in header]
    lines, rows = _body(records, header, begins, file, notes)
    if not lines:
        raise TableError(f"{file}: a header and no row below it (export it again)")
    columns = [pa.chunked_array([chunk[i] for chunk in rows], type=pa.large_string()) for i in range(len(header))]
    return _delimited(header, columns, np.asarray(lines, dtype="int64"), notes)


def read_header(content: bytes) -> list[str]:
    """The headers of a CSV file out of its first bytes; none where there is no text.

    >>> read_header(b"Account ID;Stage\\n001;Won")
    ['Account ID', 'Stage']
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="ignore")
    else:
        # What follows the last line break may end inside a letter
        text, _ = decode(content[: content.rfind(b"\n") + 1] or content, file="")
    text, said = _take_hint(text)
    if not text.strip():
        return []
    record = next(csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=said or _separator(text)), [])
    return [clean_name(name) for name in record]


def _delimited(header: list[str], columns: Sequence[pa.ChunkedArray], lines: np.ndarray, notes: list[str]) -> Delimited:
    frame = name_columns(header, [pd.Series(c.to_pandas(), dtype="str") for c in columns], notes)
    frame.index = pd.Index(lines)
    return Delimited(frame, tuple(notes))


def _read_at_once(content: bytes, file: str, limits: Limits) -> Delimited | None:
    """A long file in which nothing is odd; None where it takes a careful reading to tell."""
    _, notes = decode(content[: len(_BOM)], file=file) if content.startswith(_BOM) else ("", [])
    content = content.removeprefix(_BOM)
    try:
        first = content[: content.index(b"\n")].decode("utf-8")
    except ValueError:
        return None
    if not first.strip() or _take_hint(f"{first}\n")[1]:
        return None
    separator = _separator(first)
    if separator != ",":
        notes.append(f"columns are separated by {_SEPARATOR_NAMES[separator]}")
    if (read := read_plain(content, separator, most=limits.max_cell_kb * 1000)) is None:
        return None
    header, table = [clean_name(name) for name in read[0]], read[1]
    limits.check_columns(len(header), file)
    limits.check_rows(len(table), file)
    if holds_cell(table, header[0]):  # the header may stand there again
        return None
    if any(_FOOTER.search(cell) for cell in table.column(0).slice(max(0, len(table) - _FOOTER_REACH)).to_pylist()):
        return None
    return _delimited(header, table.columns, np.arange(2, len(table) + 2), notes)


def _take_hint(text: str) -> tuple[str, str | None]:
    """The text with the first line emptied if it is Excel's `sep=;`, and the separator it names."""
    hint = re.match(r'"?sep=(.)"?[,;\t|]*(?=\r|\n)', text, re.IGNORECASE)
    return (text[hint.end() :], hint[1]) if hint else (text, None)


def _separator(text: str) -> str:
    """The candidate that occurs most in the first line with text, outside quotes."""
    first = next(line for line in text.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=bare.count)


def _records(text: str, separator: str, file: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """The line each record begins on, and its cells; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(limits.max_cell_kb * 1000)
    begins, n = 1, 0
    try:
        for record in reader:
            if record and (len(record) > 1 or record[0].strip()):
                if n > limits.max_rows:
                    limits.check_rows(n, file)
                n += 1
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{file}: line {begins:,} cannot be read: {_say(error)}") from None


def _say(error: csv.Error) -> str:
    said = str(error)
    if "limit" in said:
        most = f"{csv.field_size_limit():,} characters"
        return f"a cell holds more than {most} (is a quote never closed? else raise limits.max_cell_kb)"
    if "unexpected end" in said:
        return "a quote is opened there and never closed (close it, or double quotes inside cells)"
    return "text follows a closing quote (double quotes inside cells, and export again)"


def _body(
    records: Iterator[tuple[int, list[str]]], header: list[str], begins: int, file: str, notes: list[str]
) -> tuple[list[int], list[list[pa.Array]]]:
    """Lines and column chunks of all rows as wide as the header."""
    lines: list[int] = []
    chunks: list[list[pa.Array]] = []
    pending: list[list[str]] = []
    ragged: list[tuple[int, list[str]]] = []
    tail: list[tuple[int, list[str]]] = []
    repeats: list[int] = []
    n_blank, width = 0, len(header)

    def keep(line: int, record: list[str]) -> None:
        nonlocal n_blank, pending
        if len(record) != width:
            ragged.append((line, record))
        elif record[0].strip("\ufeff ") == header[0] and width > 1 and [clean_name(c) for c in record] == header:
            repeats.append(line)
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
        shown = ", ".join(f"line {line:,} has {len(record)}" for line, record in ragged[:_EXAMPLES])
        wider = not lines and all(len(record) > width for _, record in ragged)
        repair = "quote cells that hold the separator, and export again"
        if wider:
            repair = f"the header seems to stand on line {ragged[0][0]:,}: delete the lines above it"
        elif len(ragged) == 1 and lines and ragged[0][0] > lines[-1] and len(ragged[0][1]) < width:
            repair = "the file seems to be cut short: export it again"
        cells = "the 1 cell" if width == 1 else f"the {width:,} cells"
        n = f"{len(ragged):,} row{'' if len(ragged) == 1 else 's'}"
        raise TableError(
            f"{file}: every row must have {cells} of the header (line {begins:,}), {shown} ({n}) ({repair})"
        )
    if repeats:
        said = (
            "1 row that repeats the header was" if len(repeats) == 1 else f"{len(repeats):,} rows that repeat it were"
        )
        notes.append(f"the header stands more than once: {said} passed over, first on line {repeats[0]:,}")
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


def clean_name(name: str) -> str:
    """A header without spaces around it and without invisible characters."""
    return _INVISIBLE.sub("", name).strip()


def name_columns(header: Sequence[str], columns: Sequence[pd.Series], notes: list[str]) -> pd.DataFrame:
    """Columns by name; of a repeated name the first wins, nameless empty columns go."""
    named: dict[str, pd.Series] = {}
    for i, (name, column) in enumerate(zip(header, columns, strict=True)):
        if not name and (column.isna() | (column.astype("object") == "")).all():
            continue
        if not name:
            name = f"column {i + 1}"
            notes.append(f"a column without a name holds values; it is called {name!r}")
        if name in named:
            same = (named[name] == column) | (named[name].isna() & column.isna())
            notes.append(f"column {name!r} is repeated, the first was used; {int((~same).sum()):,} rows differ")
        else:
            named[name] = column
    return pd.DataFrame(named)
