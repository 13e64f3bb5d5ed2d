"""Databases as sources: opened only to read, every answer of the same moment, streamed, and within a time."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tierkit.errors import SheetError, TableError
from tierkit.inputs.engine import connect_engine
from tierkit.inputs.settings import DatabaseSettings
from tierkit.inputs.warehouse.failures import Secrets, say_failure
from tierkit.inputs.warehouse.queries import Query
from tierkit.inputs.warehouse.results import Result

ROWS = 20_000
"""Rows of an answer that are held as Python objects at once."""

_FILE = re.compile(r"(?:duckdb|sqlite)(?:\+\w+)?:///(?P<path>[^?]+)$")


class Database:
    """A database to be read: connected at the first query, and never again once the connection was refused or lost.

    Parameters
    ----------
    where : what it is called, without user and password.
    seconds : how long the answer to one query may take.
    """

    def __init__(self, where: str, seconds: int, secrets: Secrets) -> None:
        self.where = where
        self._seconds, self._secrets = seconds, secrets
        self._connection: Any = None
        self._lost: TableError | None = None

    def read(self, query: Query) -> Result:
        """Ask a query.

        Raises
        ------
        SheetError : the driver is missing, or user and password are refused.
        TableError : the database cannot be reached, or the query not be answered.
        """
        if self._lost is not None:
            raise self._lost
        if self._connection is None:
            self._open_once()
        with _at_most(self._seconds, self._interrupt) as clock:
            try:
                return self._gather(query, clock)
            except TableError:
                raise
            except Exception as error:  # a driver may raise anything, and its words may hold the password
                lost = bool(getattr(error, "connection_invalidated", False))
                problem = TableError(
                    say_failure(error, query.file, self._secrets, late=clock.is_over, lost=lost, seconds=self._seconds)
                )
        if lost:
            self._lost = problem
        else:
            # The query has spoilt its transaction; the next one gets another, to find what is wrong with it too.
            self._begin_again()
        raise problem

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(Exception):  # a connection that was lost cannot even be closed in order
            if self._connection is not None:
                self._connection.close()

    def _open_once(self) -> None:
        try:
            self._connection = self._open()
        except TableError as error:
            self._lost = error
            raise

    def _open(self) -> Any:
        raise NotImplementedError

    def _gather(self, query: Query, clock: "Clock") -> Result:
        raise NotImplementedError

    def _interrupt(self) -> None:
        raise NotImplementedError

    def _begin_again(self) -> None:
        raise NotImplementedError


class DuckDBFile(Database):
    """A DuckDB file, opened with DuckDB itself: read-only, and closed to every other file and to the network."""

    def __init__(self, path: Path, seconds: int) -> None:
        super().__init__(path.name, seconds, Secrets())
        self._path = path

    def _open(self) -> Any:
        import duckdb

        try:
            connection = connect_engine(self._path)
        except duckdb.Error as error:
            raise TableError(f"{self.where}: cannot be opened: {str(error).splitlines()[0]}") from None
        connection.execute("BEGIN TRANSACTION")
        return connection

    def _gather(self, query: Query, clock: "Clock") -> Result:
        answer = self._connection.sql(query.text)
        result = Result(answer.columns, file=query.file)
        for batch in answer.to_arrow_reader(ROWS):
            result.add_batch(batch)
            clock.check()
        return result

    def _interrupt(self) -> None:
        self._connection.interrupt()

    def _begin_again(self) -> None:
        with suppress(Exception):  # an interrupted query ends its transaction itself
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN TRANSACTION")


def database_of(settings: DatabaseSettings, *, root: Path) -> Database:
    """The database of the run sheet, not connected yet.

    Raises
    ------
    SheetError : an environment variable is not set, the URL cannot be read, or SQLAlchemy is not installed.
    TableError : the file of DuckDB or SQLite is missing.
    """
    from tierkit.inputs.warehouse.engines import EngineDatabase

    url = settings.url if settings.url is not None else _variable(settings.url_env, "url_env")
    password = None if settings.password_env is None else _variable(settings.password_env, "password_env")
    path = database_file(settings, root)
    if path is not None and not path.is_file():
        raise TableError(f"{path.name}: no such file in {path.parent} ([data.database] url in tierkit.toml)")
    if url.startswith("duckdb"):
        if path is None:
            raise SheetError("[data.database] must name a file of DuckDB, as in duckdb:///crm.duckdb")
        return DuckDBFile(path, settings.timeout_seconds)
    secrets = Secrets.of(url if settings.url_env else "", password)
    return EngineDatabase(url, password, secrets, path, settings.timeout_seconds)


def database_file(settings: DatabaseSettings, root: Path) -> Path | None:
    """The file of a database that is one (DuckDB, SQLite), relative to the folder of the run sheet; else None."""
    found = _FILE.fullmatch(settings.url or os.environ.get(settings.url_env or "", ""))
    return root / unquote(found["path"]) if found else None


def _variable(name: str | None, key: str) -> str:
    # The name is not repeated: whoever mistakes the key for the password writes the password there.
    value = os.environ.get(name or "", "")
    if not value:
        raise SheetError(f"the environment variable that [data.database] {key} names is not set")
    return value


class Clock:
    """How long a query may still take."""

    def __init__(self, seconds: int) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._ends

    def check(self) -> None:
        """Stop an answer that takes too long."""
        if self.is_over:
            raise TimeoutError("it took too long")


@contextmanager
def _at_most(seconds: int, interrupt: Callable[[], None]) -> Iterator[Clock]:
    """A time limit, also for databases that keep none themselves: they are interrupted from another thread."""
    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    clock = Clock(seconds)
    timer.start()
    try:
        yield clock
    finally:
        timer.cancel()
