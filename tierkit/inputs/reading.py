"""Files and frames as they stand: CSV, Parquet, Excel and DuckDB, found by name, with the line of every row."""

import datetime as dt
import difflib
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.delimited import read_delimited, read_header

TEXT_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
EXCEL_ENDINGS = (".xlsx", ".xlsm")
DUCKDB_ENDINGS = (".duckdb", ".db")
ENDINGS = (*TEXT_ENDINGS, ".parquet", *EXCEL_ENDINGS, *DUCKDB_ENDINGS)
_PEEKED = 1 << 18
"""Bytes of a text file that hold its header."""


@dataclass(frozen=True)
class Raw:
    """One source as it stands: headers as given, the index is the line (or row) it stands on."""

    frame: pd.DataFrame
    file: str
    sha256: str
    place: str = "line"
    """What the index counts: `line` of a text file, `row` of anything else."""
    notes: tuple[str, ...] = ()
    parts: tuple["Part", ...] = ()
    """The files, where the table was made of exports of a CRM."""
    origin: pd.DataFrame | None = None
    """Where rows of several files stand, by the index: file and line."""
    leaky: Mapping[str, str] = field(default_factory=dict)
    """Columns that can be no feature, with the reason."""
    suspect: tuple[tuple[str, str, pd.Index, str], ...] = ()
    """Rows that break a rule the exports have beyond the contract: column, rule, index, repair."""
    query: str = ""
    """The sha256 of the SQL file that a database was asked with; empty for anything else."""


@dataclass(frozen=True)
class Part:
    """One file out of which a table was made."""

    file: str
    sha256: str
    n_rows: int
    notes: tuple[str, ...] = ()


def read_file(path: Path, *, table: str | None = None) -> Raw:
    """Read a file without guessing what its cells mean.

    Parameters
    ----------
    path : CSV (also .gz), Parquet, Excel or DuckDB file.
    table : sheet of an Excel file or table of a DuckDB file; unset, the first sheet, or the only table.

    Raises
    ------
    TableError : no such file (near names are offered), no such sheet, an ending nobody reads, a broken file.
    """
    if not path.is_file():
        raise TableError(f"{path.name}: no such file in {path.parent} ({_offer(path.name, _data_files(path.parent))})")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if not content:
        raise TableError(f"{path.name}: the file is empty (export it again)")
    name = path.name.lower()
    if name.endswith(TEXT_ENDINGS):
        read = read_delimited(_unpack(content, path.name) if name.endswith(".gz") else content, file=path.name)
        return Raw(read.frame, path.name, sha256, "line", read.notes)
    if name.endswith(".parquet"):
        frame = _read_parquet(path)
    elif name.endswith(EXCEL_ENDINGS):
        frame = _read_excel(path, table)
    elif name.endswith(DUCKDB_ENDINGS):
        frame = _read_duckdb(path, table)
    else:
        raise TableError(f"{path.name}: nobody reads files of this ending (use {', '.join(ENDINGS)})")
    if frame.empty:
        raise TableError(f"{path.name}: a header and no row below it (export it again)")
    return Raw(frame, path.name, sha256, "row")


def read_frame(frame: pd.DataFrame, *, table: str) -> Raw:
    """A frame as a source named after its table; the caller's frame is not changed."""
    if frame.empty:
        raise TableError(f"{table}: the frame has no row (leave the table out if there is none)")
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise TableError(f"{table}: column {repeated[0]!r} is repeated in the frame (rename it)")
    raw = frame.copy(deep=False)
    raw.columns = pd.Index([str(name) for name in frame.columns])
    raw.index = pd.RangeIndex(1, len(raw) + 1)
    return Raw(raw, table, _hash_frame(raw), "row")


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that looks most like `name`, apart from case, spaces and underscores.

    >>> nearest("Out come", ["deal_id", "outcome"])
    'outcome'
    """
    plain = {plain_name(k): k for k in reversed(known)}
    near = difflib.get_close_matches(plain_name(name), plain, n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def plain_name(name: str) -> str:
    """A header without case, spaces, underscores and hyphens.

    >>> plain_name("Account ID") == plain_name("account_id")
    True
    """
    return "".join(c for c in name.casefold() if c not in " _-\t\xa0")


def peek_header(path: Path) -> list[str]:
    """The headers of a file, without reading its rows; none where it cannot be read, or is a DuckDB file."""
    name = path.name.lower()
    try:
        if name.endswith(TEXT_ENDINGS):
            with gzip.open(path) if name.endswith(".gz") else path.open("rb") as file:
                return read_header(file.read(_PEEKED))
        if name.endswith(".parquet"):
            import pyarrow.parquet as pq

            return [str(column) for column in pq.read_schema(path).names]
        if name.endswith(EXCEL_ENDINGS):
            from openpyxl import load_workbook

            book = load_workbook(path, read_only=True, data_only=True)
            try:
                rows = book[book.sheetnames[0]].iter_rows(values_only=True)
                first = next((row for row in rows if any(cell is not None for cell in row)), ())
                return [str(cell).strip() for cell in first if cell is not None]
            finally:
                book.close()
    except Exception:  # whatever is wrong with it is said in words when it is read
        return []
    return []


def table_stem(path: Path) -> str | None:
    """The name of a file without its ending, in lower case, if tierkit reads files of that ending."""
    name = path.name.lower()
    ending = next((e for e in sorted(ENDINGS, key=len, reverse=True) if name.endswith(e)), None)
    return name.removesuffix(ending) if ending and path.is_file() else None


def _data_files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if table_stem(p) is not None) if folder.is_dir() else []


def _offer(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    if near:
        return f"did you mean {near!r}?"
    return f"there are {', '.join(known[:8])}" if known else "there is nothing tierkit reads"


def _unpack(content: bytes, file: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise TableError(f"{file}: cannot be unpacked: {error} (export it again)") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path.name}: is not a Parquet file: {error}") from None
    if not isinstance(frame.index, pd.RangeIndex) and frame.index.name is not None:
        frame = frame.reset_index()
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _read_excel(path: Path, sheet: str | None) -> pd.DataFrame:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise TableError(f"{path.name}: is not an Excel workbook: {error}") from None
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise TableError(f"{path.name}: no sheet {sheet!r} ({_offer(sheet, book.sheetnames)})")
        rows = [
            (number, cells)
            for number, cells in enumerate(book[sheet or book.sheetnames[0]].iter_rows(values_only=True), start=1)
            if any(cell is not None for cell in cells)
        ]
    finally:
        book.close()
    if not rows:
        raise TableError(f"{path.name}: the sheet is empty")
    header = rows[0][1]
    columns: dict[str, pd.Series] = {}
    index = pd.Index([number for number, _ in rows[1:]], dtype="int64")
    for i, name in enumerate(header):
        if name is not None and str(name).strip() not in columns:
            cells = [row[i] if i < len(row) else None for _, row in rows[1:]]
            columns[str(name).strip()] = _excel_column(cells, index)
    return pd.DataFrame(columns, index=index)


def _excel_column(cells: list[Any], index: pd.Index) -> pd.Series:
    """Numbers and dates keep their type where a whole column agrees; anything mixed is read as text."""
    given = [c for c in cells if c is not None]
    if given and all(isinstance(c, int | float) and not isinstance(c, bool) for c in given):
        if all(isinstance(c, int) for c in given):
            return pd.Series(cells, index, dtype="Int64")
        return pd.Series(cells, index, dtype="float64")
    if given and all(isinstance(c, dt.date | dt.datetime) for c in given):
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype="object"), format="ISO8601").to_numpy(), index)
    return pd.Series(["" if c is None else _cell_text(c) for c in cells], index, dtype="str")


def _cell_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, dt.date | dt.datetime) else str(cell)


def _read_duckdb(path: Path, table: str | None) -> pd.DataFrame:
    import duckdb

    try:
        engine = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise TableError(f"{path.name}: is not a DuckDB file: {error}") from None
    with engine:
        known = [row[0] for row in engine.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        known += [
            row[0] for row in engine.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        ]
        if table is None and len(known) == 1:
            table = known[0]
        if table is None or table not in known:
            raise TableError(f"{path.name}: no table {table!r} ({_offer(str(table), known)})")
        frame = engine.execute(f'SELECT * FROM "{table.replace(chr(34), chr(34) * 2)}"').df()
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _hash_frame(frame: pd.DataFrame) -> str:
    """A hash of names, kinds and values in the order given."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}\x1f{column.dtype}\x1e".encode())
        values = column.astype("str") if column.dtype == object else column
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy(dtype=np.uint64).tobytes())
    return digest.hexdigest()
