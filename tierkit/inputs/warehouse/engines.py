"""PostgreSQL, SQLite and any other database that SQLAlchemy has a driver for."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tierkit.errors import SheetError, TableError
from tierkit.inputs.warehouse.databases import ROWS, Clock, Database
from tierkit.inputs.warehouse.failures import Secrets, is_lost, say_database, say_failure, say_refusal
from tierkit.inputs.warehouse.queries import Query
from tierkit.inputs.warehouse.results import Result

_PLAIN = re.compile(r"^postgres(?:ql)?://")
_PATIENCE = {"connect_timeout": 15, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""What libpq is told, in seconds and tries, so that a host that is silent is noticed."""

_OPENING: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET LOCAL statement_timeout = {milliseconds}",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "SET LOCAL TIME ZONE 'UTC'",
    ),
    "mysql": ("SET TRANSACTION READ ONLY",),
    "mariadb": ("SET TRANSACTION READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",),
}
"""What begins a transaction in which nothing can be written; PostgreSQL's is read-only by its driver."""


class EngineDatabase(Database):
    """A database behind SQLAlchemy; PostgreSQL and SQLite let nothing be written, others as far as they know how to.

    Parameters
    ----------
    url : with or without its password, which is shown nowhere.
    password : in place of that of the URL.
    path : the file of an SQLite database.
    """

    def __init__(self, url: str, password: str | None, secrets: Secrets, path: Path | None, seconds: int) -> None:
        self._address, self._path = _parse(url, password), path
        super().__init__(path.name if path else secrets.blot(say_database(self._address)), seconds, secrets)

    def _open(self) -> Any:
        try:
            connection = _connect(self._address, self._path)
            self._begin(connection)
        except ModuleNotFoundError as error:
            problem: Exception = SheetError(_say_driver(error))
        except Exception as error:  # a driver may raise anything, and its words may hold the password
            problem = say_refusal(error, self.where, self._secrets)
        else:
            return connection
        raise problem

    def _gather(self, query: Query, clock: Clock) -> Result:
        # As it stands: neither : nor % means a parameter.
        asked = {"no_parameters": True, "stream_results": True, "yield_per": ROWS}
        with self._connection.exec_driver_sql(query.text, execution_options=asked) as answer:
            result = Result(list(answer.keys()), file=query.file)
            for rows in answer.partitions(ROWS):
                result.add_rows(rows)
                clock.check()
        return result

    def _interrupt(self) -> None:
        if self._path is not None:
            self._connection.connection.driver_connection.interrupt()

    def _begin(self, connection: Any) -> None:
        for text in _OPENING.get(connection.dialect.name, ()):
            connection.exec_driver_sql(text.format(milliseconds=self._seconds * 1000))

    def _begin_again(self) -> None:
        try:
            self._connection.rollback()
            self._begin(self._connection)
        except Exception as error:  # as above
            self._lost = self._lost or TableError(say_failure(error, self.where, self._secrets, lost=True))


def _parse(url: str, password: str | None) -> Any:
    """The URL as SQLAlchemy reads it; PostgreSQL's without a driver means psycopg."""
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ModuleNotFoundError as error:
        raise SheetError(_say_driver(error)) from None
    if url.count("@") > 1:
        raise SheetError(
            "the URL of [data.database] has more than one @: write those of user and password as %40, "
            "or give the password by password_env"
        )
    try:
        address = make_url(_PLAIN.sub("postgresql+psycopg://", url))
        address.get_dialect()
    except ModuleNotFoundError as error:
        raise SheetError(_say_driver(error)) from None
    except (ArgumentError, ValueError):
        address = None
    # Outside the handler, so that no traceback leads back to the URL
    if address is None:
        raise SheetError(
            "the URL of [data.database] is of no known database, or cannot be read "
            "(write it as postgresql+psycopg://user@host/name)"
        )
    return address if password is None else address.set(password=password)


def _connect(address: Any, path: Path | None) -> Any:
    import sqlalchemy as sa

    if path is not None:
        import sqlite3

        place = f"file:{quote(str(path.resolve()))}?mode=ro"
        engine = sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(place, uri=True, check_same_thread=False),
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        return engine.connect()
    libpq = address.drivername in ("postgresql+psycopg", "postgresql+psycopg2")
    patience = {k: v for k, v in _PATIENCE.items() if libpq and k not in address.query}
    engine = sa.create_engine(address, poolclass=sa.NullPool, hide_parameters=True, connect_args=patience)
    sa.event.listen(engine, "handle_error", _let_go)
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _let_go(context: Any) -> None:
    """Of a connection that was lost, close what SQLAlchemy and the driver would leave open or try to talk to."""
    if is_lost(context.original_exception):
        # The server has said so; the driver may not have noticed yet.
        context.is_disconnect = True
    if context.is_disconnect and context.execution_context is not None:
        with suppress(Exception):
            cursor = context.execution_context.cursor
            cursor.connection.close()
            cursor.close()


def _say_driver(error: ModuleNotFoundError) -> str:
    name = str(error.name).partition(".")[0]
    ours = name in ("sqlalchemy", "psycopg")
    repair = 'pip install "tierkit[warehouse]"' if ours else "install the driver that the URL names"
    return f"[data.database] needs {name}, which is not installed ({repair})"
