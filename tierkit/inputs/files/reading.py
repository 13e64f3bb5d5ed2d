"""Files and frames as they stand: CSV, Parquet, Excel and DuckDB, found by name, with the line of every row."""

import difflib
import gzip
import hashlib
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.engine import connect_engine
from tierkit.inputs.files.delimited import clean_name, read_delimited, read_header
from tierkit.inputs.files.disguise import refuse_no_workbook
from tierkit.inputs.files.workbooks import read_workbook
from tierkit.inputs.limits import GENEROUS, Limits

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


def read_file(path: Path, *, table: str | None = None, limits: Limits = GENEROUS) -> Raw:
    """Read a file without guessing what its cells mean.

    Parameters
    ----------
    path : CSV (also .gz), Parquet, Excel or DuckDB file.
    table : sheet of an Excel file or table of a DuckDB file; unset, the first sheet, or the only table.
    limits : how large it may be.

    Raises
    ------
    TableError : no such file (near names are offered), no such sheet, an ending nobody reads, a broken file, one that
        is too large, or something that is no file.
    """
    content = _content(path, limits)
    sha256 = hashlib.sha256(content).hexdigest()
    if not content:
        raise TableError(f"{path.name}: the file is empty (export it again)")
    name = path.name.lower()
    notes: list[str] = []
    if name.endswith(TEXT_ENDINGS):
        text = _unpack(content, path.name, limits) if name.endswith(".gz") else content
        read = read_delimited(text, file=path.name, limits=limits)
        return Raw(read.frame, path.name, sha256, "line", read.notes)
    if name.endswith(".parquet"):
        frame = _read_parquet(path, limits)
    elif name.endswith(EXCEL_ENDINGS):
        refuse_no_workbook(content, path.name)
        frame, notes = read_workbook(path, table, offer=_offer, limits=limits)
    elif name.endswith(DUCKDB_ENDINGS):
        frame = _read_duckdb(path, table, limits)
    else:
        raise TableError(f"{path.name}: nobody reads files of this ending (use {', '.join(ENDINGS)})")
    if frame.empty:
        raise TableError(f"{path.name}: a header and no row below it (export it again)")
    frame.columns = pd.Index([clean_name(str(name)) for name in frame.columns])
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise TableError(f"{path.name}: column {repeated[0]!r} is repeated (rename one, and export again)")
    return Raw(frame, path.name, sha256, "row", tuple(notes))


def read_frame(frame: pd.DataFrame, *, table: str) -> Raw:
    """A frame as a source named after its table; the caller's frame is not changed."""
    if frame.empty:
        raise TableError(f"{table}: the frame has no row (leave the table out if there is none)")
    raw = frame.copy(deep=False)
    raw.columns = pd.Index([clean_name(str(name)) for name in frame.columns])
    repeated = raw.columns[raw.columns.duplicated()]
    if len(repeated):
        raise TableError(f"{table}: column {repeated[0]!r} is repeated in the frame (rename it)")
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
    return "".join(c for c in clean_name(name).casefold() if c not in " _-\t\n\r\xa0")


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


def _content(path: Path, limits: Limits) -> bytes:
    """The bytes of a file; a pipe or a device is never opened, since it may never end."""
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a pipe or a device"
            raise TableError(f"{path.name}: is {what}, not a file (name the file itself, {path})")
        if not path.is_file():
            raise TableError(
                f"{path.name}: no such file in {path.parent} ({_offer(path.name, _data_files(path.parent))})"
            )
        limits.check_size(path.stat().st_size, path.name)
        with path.open("rb") as file:
            content = file.read(limits.max_bytes + 1)  # a file may say that it is empty, and not be
    except OSError as error:
        raise TableError(f"{path.name}: cannot be read: {(error.strerror or 'unknown cause').lower()}") from None
    limits.check_size(len(content), path.name)
    return content


def _unpack(content: bytes, file: str, limits: Limits) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            text = packed.read(limits.max_bytes + 1)
    except EOFError:
        raise TableError(f"{file}: the archive is cut short (copy or export it again)") from None
    except (OSError, zlib.error):
        raise TableError(f"{file}: is not a gzip archive, or is damaged (export it again)") from None
    limits.check_size(len(text), file, unpacked=True)
    return text


def _read_parquet(path: Path, limits: Limits) -> pd.DataFrame:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        about = pq.read_metadata(path)
        limits.check_rows(about.num_rows, path.name)
        limits.check_columns(about.num_columns, path.name)
        sizes = (about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        limits.check_size(sum(sizes), path.name, unpacked=True)
        names = pq.read_schema(path).names
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise TableError(f"{path.name}: column {repeated!r} is repeated (rename one, and export again)")
        frame = pd.read_parquet(path)
    except (OSError, ValueError, TypeError, KeyError, OverflowError, ArrowException):
        with path.open("rb") as file:
            cut = file.read(4) == b"PAR1"
        what = "is a Parquet file that is cut short or cannot be read" if cut else "is not a Parquet file"
        raise TableError(f"{path.name}: {what} (export it again)") from None
    if not isinstance(frame.index, pd.RangeIndex) and any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _read_duckdb(path: Path, table: str | None, limits: Limits) -> pd.DataFrame:
    import duckdb

    try:
        engine = connect_engine(path)
    except duckdb.Error:
        raise TableError(f"{path.name}: is not a DuckDB file, or is damaged (export it again)") from None
    with engine:
        known = [row[0] for row in engine.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        known += [
            row[0] for row in engine.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        ]
        if table is None and len(known) == 1:
            table = known[0]
        if table is None or table not in known:
            raise TableError(f"{path.name}: no table {table!r} ({_offer(str(table), known)})")
        try:
            view = engine.sql(f'SELECT * FROM "{table.replace(chr(34), chr(34) * 2)}"')
            limits.check_columns(len(view.columns), path.name)
            frame: pd.DataFrame = view.limit(limits.max_rows + 1).df()
        except duckdb.Error:
            raise TableError(f"{path.name}: table {table!r} cannot be read (is it a view of something else?)") from None
    limits.check_rows(len(frame), path.name)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _hash_frame(frame: pd.DataFrame) -> str:
    """A hash of names, kinds and values in the order given."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name}\x1f{column.dtype}\x1e".encode())
        # Objects may be bytes, lists or halves of characters, which no text column holds
        values = column.map(ascii).astype("str") if column.dtype == object else column
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy(dtype=np.uint64).tobytes())
    return digest.hexdigest()
