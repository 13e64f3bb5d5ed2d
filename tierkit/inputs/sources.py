"""Where each table comes from: frames, files found by name or named by the run sheet, or a database."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.files.reading import DUCKDB_ENDINGS, ENDINGS, Raw, read_file, read_frame, table_stem
from tierkit.inputs.limits import Limits
from tierkit.inputs.settings import DataSettings, TableSource
from tierkit.inputs.warehouse.databases import database_file
from tierkit.inputs.warehouse.queries import find_queries
from tierkit.inputs.warehouse.readers import query_readers

Reader = Callable[[], tuple[Raw, list[Raw]]]
"""Reads one table and the files joined to it."""


def find_readers(
    source: str | Path | DataSettings | Mapping[str, pd.DataFrame], settings: DataSettings, root: Path
) -> tuple[dict[str, Reader], list[str]]:
    """For each table given, what reads it; and a sentence for each file that nearly bears the name of a table.

    Where the run sheet has a database, a table with an SQL file is asked of it, and the others come from files.

    Raises
    ------
    SheetError : the database, or the folder of its SQL files, cannot be what the run sheet says.
    TableError : deals are missing, or a frame is named after no table.
    """
    readers: dict[str, Reader] = {}
    if isinstance(source, Mapping):
        folder = root / settings.folder
        for name, frame in source.items():
            if name not in CONTRACTS:
                near = difflib.get_close_matches(str(name), CONTRACTS, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(CONTRACTS)}"
                raise TableError(f"{name}: no such table ({hint})")
            readers[name] = partial(
                _read_given, frame, name, settings.sources.get(name, TableSource()), folder, settings.limits
            )
        return _with_deals(readers, "the frames"), []
    folder = root / (settings.folder if isinstance(source, DataSettings) else source)
    if settings.crm is not None:
        from tierkit.inputs.crm.conversion import find_exports

        readers, notes = find_exports(folder, settings)
        return _with_deals(readers, str(folder)), notes
    database = source.database if isinstance(source, DataSettings) else None
    queries, said = find_queries(root / database.queries) if database else ({}, [])
    named = {table: given for table, given in settings.sources.items() if table not in queries}
    needs_names = not named or any(given.file is None for given in named.values())
    by_name, notes = find_tables(folder) if needs_names else ({}, [])
    for table, given in (named or {table: TableSource() for table in by_name}).items():
        path = folder / given.file if given.file else by_name.get(table, folder / f"{table}.csv")
        readers[table] = partial(_read_files, path, given, table, folder, settings.limits)
    if database is not None:
        asked, where = query_readers(database, queries, root=root)
        for table, read in asked.items():
            given = settings.sources.get(table, TableSource())
            readers[table] = partial(_read_asked, read, given, folder, settings.limits)
            if file := given.file or (by_name[table].name if table in by_name else None):
                said.append(f"{file} was not read: {queries[table].name} stands in its place")
        notes = [*notes, *said, where]
    return _with_deals(readers, str(folder), notes), notes


def input_files(settings: DataSettings, *, root: Path) -> list[Path]:
    """The files a run sheet's tables are read from, joined ones, SQL files and the file of a database included.

    Those that are missing are left out; of a database elsewhere, its SQL files are all that is seen from here.
    """
    folder = root / settings.folder
    if settings.crm is not None:
        from tierkit.inputs.crm.conversion import export_files

        return export_files(folder, settings)
    named = settings.sources
    given = [source.file for source in named.values()] + [j.file for source in named.values() for j in source.join]
    paths = {folder / file for file in given if file}
    if folder.is_dir() and (not named or None in given):
        paths |= set(find_tables(folder)[0].values())
    if settings.database is not None:
        paths |= set((root / settings.database.queries).glob("*.sql"))
        paths |= {path for path in [database_file(settings.database, root)] if path is not None}
    return sorted(path for path in paths if path.exists())


def find_tables(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Files of a folder that are named after a table, and a sentence for each that nearly is.

    Raises
    ------
    TableError : the folder is missing, or two files are named after one table.
    """
    if not folder.is_dir():
        raise TableError(f"{folder}: no such folder ([data] folder in tierkit.toml)")
    found: dict[str, Path] = {}
    notes = []
    for path in sorted(folder.iterdir()):
        stem = table_stem(path)
        if stem is None:
            if path.name.lower().split(".")[0] in CONTRACTS:
                why = "it is a folder" if path.is_dir() else f"nobody reads its ending (use {', '.join(ENDINGS)})"
                notes.append(f"{path.name} was not read: {why}")
            continue
        if stem in CONTRACTS and stem in found:
            raise TableError(f"{folder}: {found[stem].name} and {path.name} are both named after {stem!r} (keep one)")
        if stem in CONTRACTS:
            if not path.resolve().is_relative_to(folder.resolve()):
                raise TableError(
                    f"{path.name}: leads out of {folder}, to {path.resolve()}; a file that is only found by its name "
                    f"must lie there (put it there, or name it: [data.{stem}] file = ...)"
                )
            found[stem] = path
        elif near := difflib.get_close_matches(stem, CONTRACTS, n=1, cutoff=0.8):
            # As Python writes it, since a name may hold line breaks and marks that turn the text around
            notes.append(f"{repr(path.name)[1:-1]} was not read: is it meant to be {near[0]}?")
    return found, notes


def _with_deals(readers: dict[str, Reader], where: str, notes: Sequence[str] = ()) -> dict[str, Reader]:
    if "deals" not in readers:
        known = f"there are {', '.join(readers)}" if readers else "no file there is named after a table"
        raise TableError(
            f"{where}: 'deals' is missing, the one table a run cannot do without ({'; '.join([known, *notes])})"
        )
    return readers


def _read_asked(read: Callable[[], Raw], given: TableSource, folder: Path, limits: Limits) -> tuple[Raw, list[Raw]]:
    return read(), [read_file(folder / join.file, limits=limits) for join in given.join]


def _read_given(
    frame: pd.DataFrame, table: str, given: TableSource, folder: Path, limits: Limits
) -> tuple[Raw, list[Raw]]:
    return read_frame(frame, table=table), [read_file(folder / join.file, limits=limits) for join in given.join]


def _read_files(path: Path, given: TableSource, table: str, folder: Path, limits: Limits) -> tuple[Raw, list[Raw]]:
    # A DuckDB file may hold all tables, each under its own name
    inside = given.table or (table if path.name.lower().endswith(DUCKDB_ENDINGS) else None)
    joined = [read_file(folder / join.file, limits=limits) for join in given.join]
    return read_file(path, table=inside, limits=limits), joined
