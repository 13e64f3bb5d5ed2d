"""Tables asked of a database: one SQL file each, one connection for all of them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tierkit.inputs.files.reading import Raw
from tierkit.inputs.settings import DatabaseSettings
from tierkit.inputs.warehouse.databases import Database, database_of
from tierkit.inputs.warehouse.queries import read_query


def query_readers(
    settings: DatabaseSettings, queries: Mapping[str, Path], *, root: Path
) -> tuple[dict[str, Callable[[], Raw]], str]:
    """For each table with an SQL file, what asks for it; and a sentence that says where they come from.

    Nothing is connected before the first is read; the connection ends with the last.

    Raises
    ------
    SheetError, TableError : the database cannot be told from the settings.
    """
    source = _Source(database_of(settings, root=root), set(queries))
    asked: dict[str, Callable[[], Raw]] = {t: partial(source.read, t, path) for t, path in queries.items()}
    return asked, f"{', '.join(queries)}: asked of {source.where}"


class _Source:
    """A database that is left once every table was asked for."""

    def __init__(self, database: Database, tables: set[str]) -> None:
        self.where, self._database, self._left = database.where, database, tables

    def read(self, table: str, path: Path) -> Raw:
        try:
            query = read_query(path)
            result = self._database.read(query)
        finally:
            self._left.discard(table)
            if not self._left:
                self._database.close()
        return result.to_raw(query=query.sha256)
