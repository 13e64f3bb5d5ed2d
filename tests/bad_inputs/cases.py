"""A case: how the good little company is spoiled, and what tierkit must say; the verbs that spoil it."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bad_inputs.company import good_tables, write_rows

Change = Callable[[Path], None]
"""Spoils the project in a folder: `tierkit.toml`, and `data/` with a file a table."""


@dataclass(frozen=True)
class Reads:
    """Read right, and said so: the notes, whole and in order; cells of the tables that came out, by table and key."""

    notes: tuple[str, ...] = ()
    cells: dict[tuple[str, str, str], object] = field(default_factory=dict)
    rejected: tuple[tuple[str, int, str, str, str], ...] = ()


@dataclass(frozen=True)
class Stops:
    """Nothing is read: the exit code, and the whole of what is said; `{data}` stands for the folder of the tables."""

    sentence: str
    exit_code: int


@dataclass(frozen=True)
class Case:
    """One bad input."""

    name: str
    change: Change
    outcome: Reads | Stops


def reads(*notes: str, **cells: object) -> Reads:
    """Read right; each note in full. `deals__d007__acv=1200.0` says what a cell must have become."""
    return Reads(notes, _named(cells))


def aside(file: str, line: int, column: str, rule: str, value: str, *notes: str) -> Reads:
    """One row is set aside: a row of `rejected.csv`."""
    return Reads(notes, {}, ((file, line, column, rule, value),))


def asides(*rows: tuple[str, int, str, str, str], notes: tuple[str, ...] = ()) -> Reads:
    """Several rows are set aside."""
    return Reads(notes, {}, rows)


def stops(sentence: str) -> Stops:
    """The data stop the run: exit 3."""
    return Stops(sentence, 3)


def refused(sentence: str) -> Stops:
    """The run sheet stops the run: exit 2."""
    return Stops(sentence, 2)


def too_many(file: str, n: int, of: int, sentence: str) -> Stops:
    """More rows would be set aside than `max_rejected` allows."""
    mend = "mend the rows, or raise max_rejected in tierkit.toml, [data]"
    return stops(
        f"{file}: {n:,} of {of:,} rows would be set aside, more than max_rejected = 0.01 allows: {sentence} ({mend})"
    )


def nothing(project: Path) -> None:
    """The company as it is."""


def both(*changes: Change) -> Change:
    """One change after the other."""

    def spoil(project: Path) -> None:
        for change in changes:
            change(project)

    return spoil


def given(*tables: str) -> Change:
    """The company has these tables too; as they are."""
    return both(*(lambda project, t=table: _table(project, t) and None for table in tables))  # type: ignore[misc]


def cell(table: str, row: int, **cells: object) -> Change:
    """Other cells in one row, counted from 0: row 5 stands on line 7."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        rows = _rows(path)
        rows[row] |= cells
        write_rows(path, rows)

    return spoil


def column(table: str, name: str, cells: object) -> Change:
    """Other cells in all rows: one value, or what a function of the cell (and of the row's number) gives."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        rows = _rows(path)
        for i, row in enumerate(rows):
            row[name] = cells(row.get(name, ""), i) if callable(cells) else cells
        write_rows(path, rows)

    return spoil


def without(table: str, *names: str) -> Change:
    """The table without some columns."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        write_rows(path, [{n: c for n, c in row.items() if n not in names} for row in _rows(path)])

    return spoil


def more(table: str, **cells: object) -> Change:
    """One more row at the end: the last one, with other cells."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        rows = _rows(path)
        write_rows(path, [*rows, rows[-1] | cells])

    return spoil


def line(table: str, number: int, text: str) -> Change:
    """One more line of text, so that it becomes line `number` of the file."""

    def put(content: str) -> str:
        lines = content.split("\n")
        lines.insert(number - 1, text)
        return "\n".join(lines)

    return rewritten(table, put)


def rewritten(table: str, change: Callable[[str], str]) -> Change:
    """Another text of the file."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")

    return spoil


def recoded(table: str, change: Callable[[str], bytes]) -> Change:
    """Other bytes of the file, made of its text."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        path.write_bytes(change(path.read_text(encoding="utf-8")))

    return spoil


def content(name: str, data: bytes) -> Change:
    """A file of `data/` that holds these bytes."""

    def spoil(project: Path) -> None:
        (project / "data" / name).write_bytes(data)

    return spoil


def instead(table: str, name: str, write: Callable[[Path, list[dict[str, object]]], None]) -> Change:
    """The table in a file of another name, written from its rows; its CSV goes."""

    def spoil(project: Path) -> None:
        path = _table(project, table)
        rows = _rows(path)
        path.unlink()
        write(path.with_name(name), rows)

    return spoil


def sheet(text: str) -> Change:
    """More lines in the run sheet, below `[data]`."""

    def spoil(project: Path) -> None:
        path = project / "tierkit.toml"
        path.write_text(path.read_text(encoding="utf-8") + text + "\n", encoding="utf-8")

    return spoil


def whole_sheet(text: str | bytes) -> Change:
    """Another run sheet."""

    def spoil(project: Path) -> None:
        (project / "tierkit.toml").write_bytes(text.encode() if isinstance(text, str) else text)

    return spoil


def _table(project: Path, table: str) -> Path:
    """The CSV file of a table; laid if the company does not have it yet, so that a case costs its own tables alone."""
    path = project / "data" / f"{table}.csv"
    if not path.exists():
        write_rows(path, good_tables()[table])
    return path


def _rows(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def _named(cells: dict[str, object]) -> dict[tuple[str, str, str], object]:
    return {tuple(name.split("__")): value for name, value in cells.items()}  # type: ignore[misc]
