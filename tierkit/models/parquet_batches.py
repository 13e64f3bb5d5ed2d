"""Parquet in and out, batch by batch: what was read is let go, and what is written is there whole or not at all."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tierkit.errors import SheetError, TableError
from tierkit.models.arrow_rows import check_kinds
from tierkit.models.design import Design

_BUFFER = 1 << 18
"""Bytes read ahead of a column: without them a row group is held whole, and once read is not let go."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Batches of one schema; how many rows they hold, where it is known, and what the source is called."""

    schema: Any
    batches: Iterable[Any]
    total: int | None
    name: str


@contextmanager
def opened_rows(source: Any, designs: Sequence[Design], *, keys: Sequence[str], at_once: int) -> Iterator[Rows]:
    """The rows of a Parquet file, or of a reader of batches: of a file only what is needed, texts as a dictionary.

    Raises
    ------
    TableError : it is no Parquet file, holds no row, or its columns are not those that the designs encode.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if isinstance(source, pa.RecordBatchReader):
        _needed(source.schema, designs, keys, "the rows")
        yield Rows(source.schema, source, None, "the rows")
        return
    path = Path(source)
    if not path.is_file():
        raise TableError(f"{path}: there is no such file")
    try:
        schema = pq.read_schema(path)
        columns, texts = _needed(schema, designs, keys, path.name)
        file = pq.ParquetFile(path, read_dictionary=texts, buffer_size=_BUFFER, pre_buffer=False)
    except pa.ArrowInvalid as error:
        raise TableError(f"{path.name}: not a Parquet file that can be read (export it again)") from error
    with file:
        if not file.metadata.num_rows:
            raise TableError(f"{path.name}: no row in it (export it again)")
        yield Rows(schema, _read(file, columns, at_once, path.name), file.metadata.num_rows, path.name)


def _read(file: Any, columns: list[str], at_once: int, name: str) -> Iterator[Any]:
    import pyarrow as pa

    n = 0
    try:
        for batch in file.iter_batches(at_once, columns=columns, use_threads=False):
            yield batch
            n += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise TableError(f"{name}: row {n + 1} and those after it cannot be read (export it again)") from error


def _needed(schema: Any, designs: Sequence[Design], keys: Sequence[str], name: str) -> tuple[list[str], list[str]]:
    """Columns to read, and those of them that are categories."""
    try:
        kinds = check_kinds(schema, designs, keys=("account_id",), texts=("segment",))
    except TableError as error:
        raise TableError(f"{name}: {error}") from None
    columns = [field for field in schema.names if field in kinds or field in keys]
    return columns, [column for column, kind in kinds.items() if kind == "category"]


def evened(batches: Iterable[Any], n: int) -> Iterator[Any]:
    """Batches of `n` rows, the last of fewer: those of a source are as small as its row groups."""
    import pyarrow as pa

    for table in regrouped((pa.Table.from_batches([batch]) for batch in batches), n):
        yield from table.unify_dictionaries().combine_chunks().to_batches()


def regrouped(tables: Iterable[Any], n: int) -> Iterator[Any]:
    """The same rows in tables of `n`, the last of fewer."""
    import pyarrow as pa

    waiting: list[Any] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += len(table)
        if held < n:
            continue
        whole = pa.concat_tables(waiting)
        for start in range(0, held - n + 1, n):
            yield whole.slice(start, n)
        left = held % n
        waiting, held = [whole.slice(len(whole) - left)] if left else [], left
    if held:
        yield pa.concat_tables(waiting)


def check_target(target: Path) -> None:
    """Raise `SheetError` where a file cannot be written, or would be written over."""
    if target.exists():
        raise SheetError(f"{target} exists already (name another file, or remove it)")
    if not target.resolve().parent.is_dir():
        raise SheetError(f"{target}: there is no folder {target.resolve().parent} to write it to")


@contextmanager
def written(target: Path, *, texts: tuple[str, ...]) -> Iterator[Callable[[Any], None]]:
    """What takes table after table into a file beside the target, which takes its name once it is whole.

    `texts` : how the names of columns of texts end that are written once and referred to.
    """
    import pyarrow.parquet as pq

    beside = target.resolve().with_name(f".{target.name}.{os.getpid()}.new")
    writer: Any = None

    def write(table: Any) -> None:
        nonlocal writer
        if writer is None:
            named = [name for name in table.schema.names if name.endswith(texts)]
            writer = pq.ParquetWriter(beside, table.schema, compression="zstd", use_dictionary=named)
        writer.write_table(table.combine_chunks(), row_group_size=len(table))

    try:
        yield write
        if writer is not None:
            writer.close()
            os.replace(beside, target)
    finally:
        try:
            if writer is not None:
                writer.close()
        finally:
            beside.unlink(missing_ok=True)
