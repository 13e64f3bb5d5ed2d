import gc
import sqlite3
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.postgres import READER_PASSWORD, Postgres
from tierkit.errors import SheetError, TableError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DatabaseSettings, DataSettings
from tierkit.inputs.sources import input_files
from tierkit.inputs.tables import Tables
from tierkit.inputs.warehouse.databases import database_of
from tierkit.inputs.warehouse.queries import Query

N = 60
KINDS = {
    "opened_at": "date",
    "closed_at": "timestamptz",
    "acv": "numeric(12,2)",
    "seats": "integer",
    "is_customer": "boolean",
    "employees": "bigint",
    "created_at": "timestamp",
    "ratio": "double precision",
    "occurred_at": "timestamptz",
}


def company() -> dict[str, pd.DataFrame]:
    """Tables as files hold them: all text, but of every kind."""
    ids = [f"{i:03d}" for i in range(N)]
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "name": [f"Müller; \"{i}\", 'Söhne'" for i in range(N)],
            "employees": [str(10 * i) if i % 7 else "" for i in range(N)],
            "created_at": "2024-01-01",
            "is_customer": ["true" if i % 3 else "false" for i in range(N)],
        }
    )
    deals = pd.DataFrame(
        {
            "deal_id": [f"{1001 + i}" for i in range(N)],
            "account_id": ids,
            "outcome": ["won" if i % 3 == 0 else "lost" for i in range(N)],
            "opened_at": "2026-01-05",
            "closed_at": [f"2026-02-{1 + i % 28:02d} 23:30:00+00:00" for i in range(N)],
            "acv": [f"{i * 1234.51:.2f}" if i % 3 == 0 else "" for i in range(N)],
            "seats": [str(i) if i % 2 else "" for i in range(N)],
            "ratio": [f"{i / 7:.6f}" for i in range(N)],
        }
    )
    activities = pd.DataFrame({"account_id": ids, "occurred_at": "2026-01-02 10:00:00+00:00", "kind": "email"})
    return {"accounts": accounts, "deals": deals, "activities": activities}


def lay(folder: Path, queries: dict[str, str]) -> Path:
    """A folder of SQL files."""
    (folder / "sql").mkdir(parents=True, exist_ok=True)
    for table, text in queries.items():
        (folder / "sql" / f"{table}.sql").write_text(text, encoding="utf-8")
    return folder


def ask(folder: Path, *, more: dict[str, object] | None = None, **database: object) -> Tables:
    """The tables of a sheet with this database."""
    settings = DataSettings.model_validate({"database": database, **(more or {})})
    return open_tables(settings, root=folder)


def from_files(folder: Path, frames: dict[str, pd.DataFrame]) -> Tables:
    """The same tables from CSV."""
    folder.mkdir(parents=True)
    for table, frame in frames.items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    return open_tables(folder)


def assert_same(one: Tables, two: Tables) -> None:
    """Every table the same, exactly."""
    assert set(one.frames) == set(two.frames)
    for table in one.frames:
        pd.testing.assert_frame_equal(one.frames[table], two.frames[table], check_exact=True)
    assert one.data_through == two.data_through


@pytest.fixture(scope="module")
def crm(postgres) -> Postgres:
    postgres.load("crm", company(), KINDS)
    with postgres.boss("crm") as boss:
        boss.execute("CREATE SEQUENCE counter")
        boss.execute("GRANT ALL ON SEQUENCE counter TO reader")
    return postgres


@pytest.fixture
def secret(monkeypatch) -> str:
    monkeypatch.setenv("CRM_PASSWORD", READER_PASSWORD)
    return "CRM_PASSWORD"


ALL = {table: f"SELECT * FROM {table}" for table in company()}


def test_postgres_gives_the_tables_that_files_give(crm, secret, tmp_path):
    tables = ask(lay(tmp_path, ALL), url=crm.url("crm"), password_env=secret)
    assert_same(tables, from_files(tmp_path / "files", company()))
    assert "accounts, activities, deals: asked of the database crm on this machine" in tables.notes
    assert tables.sources[["table", "file", "n_rows"]].to_numpy().tolist() == [
        ["accounts", "accounts.sql", N],
        ["query accounts", "accounts.sql", 0],
        ["deals", "deals.sql", N],
        ["query deals", "deals.sql", 0],
        ["activities", "activities.sql", N],
        ["query activities", "activities.sql", 0],
    ]


def test_duckdb_and_sqlite_give_them_too_and_are_not_touched(tmp_path):
    frames = company()
    lay(tmp_path, ALL)
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as connection:
        for table, frame in frames.items():
            connection.register("given", frame)
            kinds = ", ".join(
                f'CAST(NULLIF("{c}", \'\') AS {KINDS[c]}) AS "{c}"' if c in KINDS else f'"{c}"' for c in frame
            )
            connection.execute(f"CREATE TABLE {table} AS SELECT {kinds} FROM given")
    connection = sqlite3.connect(tmp_path / "crm#1.sqlite")
    for table, frame in frames.items():
        typed = frame.assign(acv=pd.to_numeric(frame["acv"])) if "acv" in frame else frame
        typed.to_sql(table, connection, index=False)
    connection.close()
    files = from_files(tmp_path / "files", frames)
    stood = {path: path.read_bytes() for path in tmp_path.glob("crm*")}
    assert_same(ask(tmp_path, url="duckdb:///crm.duckdb"), files)
    assert_same(ask(tmp_path, url="sqlite:///crm%231.sqlite"), files)
    assert_same(ask(tmp_path, url=f"sqlite:///{tmp_path}/crm%231.sqlite"), files)
    assert {path: path.read_bytes() for path in tmp_path.glob("crm*")} == stood
    database = DataSettings.model_validate({"database": {"url": "duckdb:///crm.duckdb"}})
    names = [path.name for path in input_files(database, root=tmp_path)]
    assert names == ["crm.duckdb", "accounts.sql", "activities.sql", "deals.sql"]


def test_a_password_may_hold_any_letter_in_the_url_or_by_itself(crm, tmp_path, monkeypatch):
    lay(tmp_path, {"deals": "SELECT * FROM deals"})
    monkeypatch.setenv("CRM_URL", crm.url("crm", password=READER_PASSWORD))
    by_url = ask(tmp_path, url_env="CRM_URL")
    monkeypatch.setenv("CRM_URL", crm.url("crm").replace("postgresql+psycopg", "postgres"))
    monkeypatch.setenv("CRM_PASSWORD", READER_PASSWORD)
    by_itself = ask(tmp_path, url_env="CRM_URL", password_env="CRM_PASSWORD")
    monkeypatch.setenv("PGPASSWORD", READER_PASSWORD)
    by_driver = ask(tmp_path, url=crm.url("crm"))
    assert_same(by_url, by_itself)
    assert_same(by_url, by_driver)


def test_a_query_goes_to_the_database_as_it_was_written(crm, secret, tmp_path):
    asked = "SELECT deal_id, outcome FROM deals -- 1%s :x\nWHERE deal_id LIKE '100%' AND ' :b %(c)' <> '' AND 7 % 2 = 1"
    tables = ask(lay(tmp_path, {"deals": asked}), url=crm.url("crm"), password_env=secret)
    assert len(tables.frames["deals"]) == 9


def test_a_query_is_read_in_a_transaction_that_cannot_write_and_streamed(crm, secret, tmp_path):
    said = "current_setting('transaction_read_only') AS read_only, current_setting('transaction_isolation') AS sees,"
    said += "current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS at_most,"
    said += "(SELECT count(*) FROM pg_cursors WHERE name <> '') AS cursors"
    lay(tmp_path, {"deals": f"SELECT deal_id, outcome, {said} FROM deals"})
    row = ask(tmp_path, url=crm.url("crm"), password_env=secret, timeout_seconds=77).frames["deals"].iloc[0]
    assert [row[c] for c in ("read_only", "sees", "zone", "at_most")] == ["on", "repeatable read", "UTC", "77s"]
    assert row["cursors"] == 1


def test_no_more_than_a_part_of_an_answer_is_held_as_python_objects(crm, secret, tmp_path):
    rows = (
        "SELECT 'deal ' || g AS deal_id, 'note ' || g AS note, 'text ' || g AS text FROM generate_series(1, 120000) g"
    )
    settings = DatabaseSettings(url=crm.url("crm"), password_env=secret)
    database = database_of(settings, root=tmp_path)
    database.read(Query("deals.sql", "SELECT 1 AS one", ""))
    tracemalloc.start()
    try:
        database.read(Query("deals.sql", rows, ""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        database.close()
    # 120,000 rows of three texts and a tuple are 31 MB, a sixth of them 5
    assert peak < 15e6


def test_all_tables_are_of_one_moment(crm, secret, tmp_path):
    # a query that waits while another connection writes: the next one does not see what was written
    with crm.boss("crm") as boss:
        boss.execute("CREATE TABLE moment (account_id text, kind text, occurred_at date)")
        boss.execute("INSERT INTO moment VALUES ('001', 'email', '2026-01-02')")
        boss.execute("GRANT SELECT ON moment TO reader")
        slow = "SELECT a.* FROM accounts a, (SELECT pg_sleep(1.5)) AS s"
        lay(tmp_path, {**ALL, "accounts": slow, "activities": "SELECT * FROM moment"})

        def write() -> None:
            time.sleep(0.7)
            boss.execute("INSERT INTO moment VALUES ('002', 'email', '2026-01-02')")

        writer = threading.Thread(target=write)
        writer.start()
        tables = ask(tmp_path, url=crm.url("crm"), password_env=secret)
        writer.join()
        assert len(tables.frames["activities"]) == 1
        assert boss.execute("SELECT count(*) FROM moment").fetchone() == (2,)


def test_mappings_joins_and_files_beside_the_queries(crm, secret, tmp_path):
    lay(
        tmp_path,
        {
            "deals": "SELECT deal_id AS \"Id\", account_id, CASE outcome WHEN 'won' THEN 1 ELSE 0 END AS w FROM deals",
            "accunts": "SELECT 1",
        },
    )
    frames = company()
    (tmp_path / "data").mkdir()
    frames["accounts"].to_csv(tmp_path / "data" / "accounts.csv", index=False)
    frames["deals"].to_csv(tmp_path / "data" / "deals.csv", index=False)
    pd.DataFrame({"Id": frames["deals"]["deal_id"], "plan": "gold"}).to_csv(tmp_path / "data" / "plan.csv", index=False)
    deals = {
        "columns": {"deal_id": "Id", "outcome": "w"},
        "values": {"outcome": {"1": "won", "0": "lost"}},
        "join": [{"file": "plan.csv", "on": "Id"}],
    }
    tables = ask(tmp_path, more={"folder": "data", "deals": deals}, url=crm.url("crm"), password_env=secret)
    assert tables.frames["deals"]["outcome"].value_counts().to_dict() == {"lost": 40, "won": 20}
    assert (tables.frames["deals"]["plan"] == "gold").all()
    assert len(tables.frames["accounts"]) == N
    assert "deals.csv was not read: deals.sql stands in its place" in tables.notes
    assert "accunts.sql was not read: is it meant to be accounts?" in tables.notes
    (tmp_path / "sql" / "deals.sql").rename(tmp_path / "sql" / "deels.sql")
    (tmp_path / "sql" / "accunts.sql").rename(tmp_path / "sql" / "accounts.sql")
    (tmp_path / "data" / "deals.csv").unlink()
    with pytest.raises(TableError, match=r"'deals' is missing.*deels\.sql was not read: is it meant to be deals"):
        ask(tmp_path, more={"folder": "data"}, url=crm.url("crm"), password_env=secret)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT *\nFROM dealz", r'deals\.sql: line 2: the database says: relation "dealz" does not exist'),
        ("SELECT amout\nFROM deals", r'deals\.sql: line 1: the database says: column "amout" does not exist'),
        ("SELECT\n opened\nFROM deals", r"line 2: the database says.*Perhaps you meant to reference the column"),
        ("SELECT FROM WHERE", r"line 1: the database says: syntax error"),
        ("SELECT * FROM deals WHERE deal_id = :as_of", r"the database says: syntax error at or near \":\""),
        ("SELECT * FROM deals WHERE false", r"deals\.sql: the query found no row"),
        ("SELECT rolpassword FROM pg_authid", r"permission denied for table pg_authid \(ask for the right to SELECT"),
        ("SELECT nextval('counter')", r"\(it may only read: use SELECT alone\)"),
        ("SELECT 'infinity'::timestamptz AS x", r"timestamp too large.*write NULLIF\(the column, 'infinity'\)"),
        ("SELECT deal_id, outcome, 1/(length(deal_id)-4) AS x FROM deals", r"the database says: division by zero"),
        ("SELECT d.*, a.account_id FROM deals d, accounts a", r"two columns of the result are called 'account_id'"),
        ("SELECT pg_sleep(9)", r"took longer than timeout_seconds = 1 \(raise it in tierkit\.toml"),
        ("UPDATE deals SET acv = 0", r"must begin with SELECT or WITH, got 'UPDATE'"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", r"deals\.sql: the connection to the database was lost"),
    ],
)
def test_a_query_that_cannot_be_answered_says_so_in_one_sentence(crm, secret, tmp_path, sql, said):
    lay(tmp_path, {"deals": sql})
    with pytest.raises(TableError, match=said) as error:
        ask(tmp_path, url=crm.url("crm"), password_env=secret, timeout_seconds=1)
    assert "\n" not in str(error.value)
    # nothing is left open, which Python would warn of as it clears it away
    del error
    gc.collect()


def test_every_query_that_is_wrong_is_named_at_once(crm, secret, tmp_path):
    lay(tmp_path, {"deals": "SELECT x FROM deals", "accounts": "SELECT y FROM accounts", "reps": "DELETE FROM reps"})
    with pytest.raises(TableError) as error:
        ask(tmp_path, url=crm.url("crm"), password_env=secret)
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["accounts.sql", "deals.sql", "reps.sql"]


def test_a_connection_lost_half_way_is_said_once(crm, secret, tmp_path):
    slow = "SELECT g::text AS account_id, pg_sleep(0.001)::text AS s FROM generate_series(1, 60000) g"
    lay(tmp_path, {**ALL, "accounts": slow})

    def cut() -> None:
        with crm.boss("crm") as boss:
            for _ in range(100):
                time.sleep(0.1)
                ours = "FROM pg_stat_activity WHERE usename = 'reader' AND query LIKE 'FETCH%' AND state = 'active'"
                if boss.execute(f"SELECT pg_terminate_backend(pid) {ours}").fetchall():
                    return

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(TableError, match=r"^accounts\.sql: the connection to the database was lost: [^\n]*$"):
        ask(tmp_path, url=crm.url("crm"), password_env=secret)
    cutter.join()
    gc.collect()


def test_a_database_that_cannot_be_reached_is_said_once_and_never_shows_the_password(crm, tmp_path, monkeypatch):
    lay(tmp_path, ALL)
    monkeypatch.setenv("CRM_PASSWORD", "q7Kanari93xZ")
    for url, kind, said in (
        (crm.url("crm"), SheetError, r"^the database crm on this machine refuses user or password: "),
        (
            "postgresql://ana@127.0.0.1:9/crm",
            TableError,
            r"^the database crm at 127\.0\.0\.1 cannot be reached: .*refused",
        ),
        ("mysql://ana@db/crm", SheetError, r"needs MySQLdb, which is not installed \(install the driver"),
        ("duckdb:///none.duckdb", TableError, r"none\.duckdb: no such file in"),
        ("duckdb://", SheetError, "must name a file of DuckDB"),
        ("duckdb:///sql/deals.sql", TableError, r"deals\.sql: cannot be opened"),
        ("sqlite:///sql/deals.sql", TableError, r"the database says: file is not a database"),
    ):
        with pytest.raises(kind, match=said) as error:
            ask(tmp_path, url=url, password_env="CRM_PASSWORD")
        assert "q7Kanari93xZ" not in str(error.value)
        if not url.startswith("sqlite"):
            assert "\n" not in str(error.value)


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
def test_a_missing_driver_names_the_extra_that_brings_it(missing, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "sqlalchemy":
        monkeypatch.setitem(sys.modules, "sqlalchemy.engine", None)
    with pytest.raises(SheetError, match=rf'needs {missing}.*pip install "tierkit\[warehouse\]"'):
        ask(lay(tmp_path, ALL), url="postgresql://ana@db/crm")


def test_duckdb_opens_no_other_file_and_keeps_its_time(tmp_path):
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    (tmp_path / "other.csv").write_text("deal_id,outcome\n1,won\n")
    for sql, said in (
        (f"SELECT * FROM read_csv('{tmp_path}/other.csv')", r"deals\.sql: the database says: Permission Error"),
        (f"SELECT * FROM '{tmp_path}/other.csv'", "the database says: "),
        ("SELECT * FROM nothing", r"deals\.sql: the database says: Catalog Error: .*Did you mean"),
        ("SELECT a\nFROM t +", r"deals\.sql: line 2: the database says: Parser Error: syntax error"),
        ("SELECT count(*) AS n FROM range(100000000) a, range(100000) b", "took longer than timeout_seconds = 1"),
    ):
        lay(tmp_path, {"deals": sql})
        with pytest.raises(TableError, match=said):
            ask(tmp_path, url="duckdb:///crm.duckdb", timeout_seconds=1)


def test_sqlite_is_interrupted_too(tmp_path):
    sqlite3.connect(tmp_path / "crm.sqlite").close()
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) AS s FROM n"
    lay(tmp_path, {"deals": forever})
    with pytest.raises(TableError, match="took longer than timeout_seconds = 1"):
        ask(tmp_path, url="sqlite:///crm.sqlite", timeout_seconds=1)
