"""A PostgreSQL of the tests' own: started from Debian's package in a temporary folder, behind a unix socket alone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pandas as pd

BOSS_PASSWORD = "boss"
READER, READER_PASSWORD = "reader", "q7Kanari93xZ@:/%#?&='\" é"
"""Who reads, and a password that no URL bears as it stands."""


class PostgresMissingError(Exception):
    """PostgreSQL cannot be started here; the message says why."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    folder: Path
    databases: list[str] = field(default_factory=list)

    def url(self, database: str, user: str = READER, password: str = "") -> str:
        """A URL for SQLAlchemy; with a password it is what an environment variable may hold."""
        who = f"{user}:{quote(password, safe='')}" if password else user
        return f"postgresql+psycopg://{who}@/{database}?host={self.folder}"

    def boss(self, database: str = "postgres"):
        """A connection that may do anything."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder), user="boss", password=BOSS_PASSWORD, dbname=database, autocommit=True
        )

    def load(self, database: str, tables: dict[str, pd.DataFrame], kinds: dict[str, str] | None = None) -> None:
        """A database of these tables, which the reader may read; `kinds` are column types other than text."""
        with self.boss() as connection:
            connection.execute(f"CREATE DATABASE {database}")
        with self.boss(database) as connection:
            for table, frame in tables.items():
                columns = ", ".join(f'"{c}" {(kinds or {}).get(c, "text")}' for c in frame)
                connection.execute(f"CREATE TABLE {table} ({columns})")
                with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, NULL '')") as copy:
                    copy.write(frame.to_csv(index=False, header=False))
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """A server that is gone, with its folder, at the end.

    Raises
    ------
    PostgresMissingError : the package is missing, or root has no user to run it as.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else Path(shutil.which("initdb") or "")
    if not initdb.is_file():
        raise PostgresMissingError("PostgreSQL is not installed (apt-get install postgresql)")
    # Not pytest's folder: it is closed to other users, and its path is longer than a socket's may be
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        as_user = _as_postgres(folder)
        secret = folder / "password"
        secret.write_text(BOSS_PASSWORD)
        secret.chmod(0o644)
        data = folder / "data"
        how = ["-U", "boss", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run([*as_user, str(initdb), "-D", str(data), *how])
        secret.unlink()
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off "
            "-c synchronous_commit=off -c autovacuum=off"
        )
        control = [*as_user, str(initdb.with_name("pg_ctl")), "-D", str(data)]
        _run([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"])
        try:
            server = Postgres(folder)
            with server.boss() as connection:
                password = READER_PASSWORD.replace("'", "''")
                connection.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{password}'")
            yield server
        finally:
            _run([*control, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _as_postgres(folder: Path) -> list[str]:
    """How to run a command as somebody PostgreSQL accepts, who owns the folder."""
    if os.getuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise PostgresMissingError("root may not run PostgreSQL, and there is no user postgres") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr or done.stdout}")
