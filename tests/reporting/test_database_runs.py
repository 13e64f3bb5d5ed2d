"""Months from a database: the same tiers as from files, and the password nowhere."""

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.postgres import READER_PASSWORD, Postgres
from tests.reporting.small_project import cli, lay_project, publish, run_of
from tierkit.inputs.opening import open_tables
from tierkit.reporting.manifest import read_manifest, verify_month
from tierkit.reporting.runs import open_run
from tierkit.runsheet import read_sheet

ROOT = Path(__file__).parents[2]
CANARY = "q7Kanari93xZ"
"""The letters of the reader's password that are written alike in a URL, in HTML, in JSON and in Python."""

KINDS = {
    "employees": "integer",
    "annual_revenue": "numeric(16,2)",
    "created_at": "date",
    "is_customer": "boolean",
    "opened_at": "timestamp",
    "closed_at": "date",
    "acv": "numeric(14,2)",
    "term_months": "smallint",
    "seats": "integer",
    "crm_probability": "integer",
    "occurred_at": "timestamptz",
    "known_at": "date",
    "minutes": "double precision",
}
ASKED = ("accounts", "account_history", "deals", "activities", "contacts", "signals")
"""The tables of the demo that a CRM's database has; what people decide stays in files."""


def ask(folder: Path, tables: tuple[str, ...]) -> None:
    """An SQL file for each table."""
    (folder / "sql").mkdir()
    for table in tables:
        (folder / "sql" / f"{table}.sql").write_text(f"SELECT *\nFROM {table};\n", encoding="utf-8")


def from_database(sheet: Path, folder: Path, database: str) -> Path:
    """The project of `sheet`, its tables in a database; the run sheet."""
    folder.mkdir()
    other = folder / "tierkit.toml"
    (folder / "data").mkdir()
    ask(folder, ("accounts", "deals", "reps", "overrides"))
    other.write_text(f"{sheet.read_text(encoding='utf-8')}\n[data.database]\n{database}\n", encoding="utf-8")
    return other


def read_small(sheet: Path) -> dict[str, pd.DataFrame]:
    """The tables of the small project as text."""
    paths = (sheet.parent / "data").glob("*.csv")
    return {path.stem: pd.read_csv(path, dtype="str", keep_default_na=False) for path in paths}


def traces(folder: Path) -> list[str]:
    """Files under a folder in which the canary sings: as it stands, in Parquet, in base64, in hexadecimal."""
    words = {CANARY, CANARY.encode().hex()}
    for shift in range(3):
        # base64 of what begins one, two or no letters before: its inner letters, whatever stands beside it
        words.add(base64.b64encode(b"x" * shift + CANARY.encode())[4:-4].decode())
    found = []
    for path in (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += f"{pd.read_parquet(path).to_csv()}{pd.read_parquet(path).attrs}"
        if any(word.lower() in text.lower() for word in words):
            found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def test_the_canary_is_found_where_it_sings(tmp_path):
    (tmp_path / "plain.html").write_text(f"no &amp; {CANARY.upper()}")
    pd.DataFrame({"a": [f"x{CANARY}"] * 3}).to_parquet(tmp_path / "table.parquet")
    for i in range(3):
        (tmp_path / f"{i}.txt").write_bytes(base64.b64encode(b"#" * i + READER_PASSWORD.encode() + b"tail"))
    (tmp_path / "quiet.csv").write_text("account_id\n7\n")
    assert traces(tmp_path) == ["0.txt", "1.txt", "2.txt", "plain.html", "table.parquet"]


@pytest.fixture
def small(postgres: Postgres, tmp_path, monkeypatch):
    """The small project, and the same in PostgreSQL; their run sheets."""
    sheet = lay_project(tmp_path / "files", approval=False)
    name = f"small_{os.urandom(4).hex()}"
    kinds = {**KINDS, "tier": "integer", "expires_at": "date", "tier1_slots": "integer", "tier2_slots": "bigint"}
    postgres.load(name, read_small(sheet), kinds)
    monkeypatch.setenv("CRM_PASSWORD", READER_PASSWORD)
    settings = f'url = "{postgres.url(name)}"\npassword_env = "CRM_PASSWORD"'
    return sheet, from_database(sheet, tmp_path / "postgres", settings), name


def assert_same_tiers(one: Path, two: Path) -> None:
    """Byte-identical lists, and the same tiers but for the run they are of."""
    for name in ("tiers.csv", "gates.csv"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    left, right = (pd.read_parquet(folder / "tiers.parquet") for folder in (one, two))
    assert len(left) > 10
    pd.testing.assert_frame_equal(left.drop(columns="run_id"), right.drop(columns="run_id"), check_exact=True)


def test_postgres_and_duckdb_give_the_tiers_that_files_give(small, tmp_path):
    sheet, queried, _ = small
    published = publish(sheet, "2026-10")
    assert_same_tiers(published, publish(queried, "2026-10"))
    local = from_database(sheet, tmp_path / "duckdb", 'url = "duckdb:///crm.duckdb"')
    with duckdb.connect(str(local.parent / "crm.duckdb")) as connection:
        for table, frame in read_small(sheet).items():
            connection.register("given", frame)
            typed = "CAST(tier1_slots AS INTEGER) AS tier1_slots" if table == "reps" else "account_id AS account_id"
            connection.execute(f"CREATE TABLE {table} AS SELECT * REPLACE ({typed}) FROM given")
    assert_same_tiers(published, publish(local, "2026-10"))


def test_a_manifest_names_what_was_asked_and_never_who_asked(small, postgres):
    _, queried, name = small
    manifest = read_manifest(publish(queried, "2026-10"))
    deals = [i for i in manifest["inputs"] if "deals" in i["table"]]
    assert [(i["table"], i["file"], i["n_rows"]) for i in deals] == [
        ("deals", "deals.sql", 30),
        ("query deals", "deals.sql", 0),
    ]
    assert manifest["parameters"]["data"]["database"]["url"] == postgres.url(name)
    assert manifest["parameters"]["data"]["database"]["password_env"] == "CRM_PASSWORD"
    with postgres.boss(name) as boss:
        # The same rows in another order are the same run; another value is another.
        boss.execute("CREATE TABLE turned AS SELECT * FROM deals ORDER BY deal_id DESC")
        boss.execute("TRUNCATE deals")
        boss.execute("INSERT INTO deals SELECT * FROM turned")
    assert run_of(publish(queried, "2026-10")) == manifest["run_id"]
    with postgres.boss(name) as boss:
        boss.execute("UPDATE deals SET closed_at = '2026-04-02' WHERE deal_id = 'd3'")
    assert run_of(publish(queried, "2026-10", replace=True)) != manifest["run_id"]


def test_a_draft_keeps_what_it_read_of_a_database_until_a_query_changes(small, postgres):
    _, queried, name = small
    before = open_run("2026-10", sheet=queried).tables.frame("deals")
    with postgres.boss(name) as boss:
        boss.execute("UPDATE deals SET closed_at = '2026-04-02'")
    kept = open_run("2026-10", sheet=queried).tables.frame("deals")
    pd.testing.assert_frame_equal(kept, before)
    query = queried.parent / "sql" / "deals.sql"
    query.write_text(f"{query.read_text()}-- asked again\n")
    assert (open_run("2026-10", sheet=queried).tables.frame("deals")["closed_at"] == "2026-04-02").all()


@pytest.mark.parametrize("command", [["check"], ["run", "--month", "2026-10"]])
def test_what_fails_shows_no_password(small, postgres, monkeypatch, tmp_path, command):
    _, queried, name = small
    text = queried.read_text()
    monkeypatch.setenv("PGPASSWORD", f"{CANARY}-of-the-driver")
    monkeypatch.setenv("CRM_URL", postgres.url(name, password=READER_PASSWORD))
    queried.write_text(text.partition("[data.database]")[0] + '[data.database]\nurl_env = "CRM_URL"\n')
    query = queried.parent / "sql" / "deals.sql"
    query.write_text("SELECT * FROM dealz")
    said = [cli(*command, "--sheet", queried)]
    query.write_text("SELECT * FROM deals")
    monkeypatch.setenv("CRM_URL", postgres.url(name, password=f"{CANARY}-wrong"))
    said.append(cli(*command, "--sheet", queried))
    monkeypatch.setenv("CRM_URL", f"postgresql://reader:{CANARY}@wrong@/{name}")
    said.append(cli(*command, "--sheet", queried))
    queried.write_text(text.replace(postgres.url(name), postgres.url(name, password=READER_PASSWORD)))
    said.append(cli(*command, "--sheet", queried))
    assert [result.exit_code for result in said] == [3, 2, 2, 2]
    assert 'relation "dealz" does not exist' in said[0].stderr
    assert "refuses user or password" in said[1].stderr
    assert "more than one @" in said[2].stderr
    assert "'data.database.url' holds a password" in said[3].stderr
    assert not [result.output for result in said if CANARY in result.output]
    queried.write_text(text)
    assert traces(tmp_path) == []


def demo_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The demo's tables of the CRM as text."""
    found = {}
    for table in ASKED:
        path = next(folder.glob(f"{table}.*"))
        if path.suffix == ".parquet":
            found[table] = pd.read_parquet(path)
        else:
            found[table] = pd.read_csv(path, dtype="str", keep_default_na=False)
    return found


@pytest.mark.slow
def test_a_whole_run_from_postgres_writes_the_bytes_of_files_and_no_password(
    postgres, demo_project, demo_reports, tmp_path, monkeypatch
):
    project, temporary = tmp_path / "project", tmp_path / "temporary"
    data = ROOT / "data" / "demo"
    for folder in (project / "data" / "demo", temporary):
        folder.mkdir(parents=True)
    postgres.load("demo", demo_tables(data), KINDS)
    for path in data.iterdir():
        if path.name.partition(".")[0] not in ASKED:
            shutil.copy(path, project / "data" / "demo")
    ask(project, ASKED)
    sheet = project / "tierkit.toml"
    sheet.write_text((ROOT / "tierkit.toml").read_text() + '\n[data.database]\nurl_env = "CRM_URL"\n')
    environment = {
        **os.environ,
        "CRM_URL": postgres.url("demo", password=READER_PASSWORD),
        "PGPASSWORD": f"{CANARY}-of-the-driver",
        "TMPDIR": str(temporary),
        "JUPYTER_RUNTIME_DIR": str(temporary / "jupyter"),
        "IPYTHONDIR": str(temporary / "ipython"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tierkit.cli import app; app()",
            "run",
            "--month",
            "2026-09",
            "--sheet",
            str(sheet),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert traces(tmp_path) == []
    ours, files = project / "reports" / "2026-09", demo_reports / "2026-09"
    assert verify_month(ours) == []
    assert_same_tiers(ours, files)
    for name in ("changes.csv", "scoring_rows.parquet", "reasons.parquet", "tier_lift.csv", "rejected.csv"):
        assert (ours / name).read_bytes() == (files / name).read_bytes(), name
    monkeypatch.setenv("CRM_URL", environment["CRM_URL"])
    one, two = (read_sheet(s) for s in (sheet, demo_project))
    left, right = (open_tables(s.data, root=s.folder) for s in (one, two))
    for table, frame in right.frames.items():
        pd.testing.assert_frame_equal(left.frames[table], frame, check_exact=True)
