"""CSV files without a quote, an odd line or an odd byte, read at once; `delimited` reads all others with care."""

import csv
import io

import pyarrow as pa

LEAST_BYTES = 1_000_000
"""Size of a file from which this pays."""
_ODD = (b'"', b"\0", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e")
"""Bytes that another reading may take for more than a character of a cell."""


def read_plain(content: bytes, separator: str, *, most: int) -> tuple[list[str], pa.Table] | None:
    """Header and cells of a file in which every line is a row: cells as text, rows on lines 2, 3, 4, ...

    None where anything is odd, so that it has to be read with care: quotes, blank or ragged lines, rows without any
    value, a line ending of its own, text that is not UTF-8, a cell of more than `most` characters.
    """
    from pyarrow import csv as arrow

    first, _, _ = content.partition(b"\n")
    if any(byte in content for byte in _ODD) or content.count(b"\r") != content.count(b"\r\n"):
        return None
    try:
        header = next(csv.reader([first.decode("utf-8")], delimiter=separator, strict=True), [])
        table = arrow.read_csv(
            io.BytesIO(content),
            read_options=arrow.ReadOptions(skip_rows=1, autogenerate_column_names=True, use_threads=False),
            parse_options=arrow.ParseOptions(
                delimiter=separator, quote_char=False, escape_char=False, ignore_empty_lines=False
            ),
            convert_options=arrow.ConvertOptions(
                column_types={f"f{i}": pa.large_string() for i in range(len(header))}, strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        return None
    if len(header) < 2 or table.num_columns != len(header) or not table.num_rows:
        return None
    return None if _has_empty_row(table) or _has_long_cell(table, most) else (header, table)


def _has_empty_row(table: pa.Table) -> bool:
    import pyarrow.compute as pc

    empty = pc.equal(table.column(0), "")
    for column in table.columns[1:]:
        if not pc.any(empty).as_py():
            return False
        empty = pc.and_(empty, pc.equal(column, ""))
    return bool(pc.any(empty).as_py())


def holds_cell(table: pa.Table, text: str) -> bool:
    """Whether the first column says `text` anywhere, blanks and byte order marks aside."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.equal(pc.utf8_trim(table.column(0), characters="\ufeff "), text)).as_py())


def _has_long_cell(table: pa.Table, most: int) -> bool:
    """Whether a cell is longer than the careful reading takes."""
    import pyarrow.compute as pc

    return any(pc.max(pc.binary_length(column)).as_py() > most for column in table.columns)
