"""Every bad input ends as it must, with its whole sentence; none in a traceback, none that must stop publishes."""

import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.bad_inputs import cells, encodings, files, hostile, keys, sheets, structure, tables
from tests.bad_inputs.cases import Reads, Stops, given, nothing
from tests.bad_inputs.company import good_tables, lay_company
from tierkit.cli import app
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.opening import open_tables
from tierkit.runsheet import read_sheet

KINDS = (structure, encodings, cells, keys, tables, hostile, files, sheets)
CASES = {f"{kind.__name__.rsplit('.', 1)[1]}: {case.name}": case for kind in KINDS for case in kind.CASES}
STOPPING = [name for name, case in CASES.items() if isinstance(case.outcome, Stops)]
INSIDE = re.compile(
    r"Traceback|pandas|pydantic|pyarrow|openpyxl|duckdb\.|pandera|Error\b|Exception|NoneType|0x[0-9a-f]{6}"
)
"""Words of libraries, which say nothing to people."""


def cli(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def open_company(sheet):
    return open_tables(read_sheet(sheet).data, root=sheet.parent)


def test_the_corpus_is_large_and_its_names_are_apart():
    assert len(CASES) == sum(len(kind.CASES) for kind in KINDS)
    assert len(CASES) >= 120


def test_the_good_little_company_is_good(tmp_path):
    sheet = lay_company(tmp_path)
    given(*CONTRACTS)(tmp_path)
    tables = open_company(sheet)
    assert set(tables.frames) == set(CONTRACTS)
    assert tables.notes == ()
    assert tables.rejected.empty
    assert {name: len(frame) for name, frame in tables.frames.items()} == {n: len(r) for n, r in good_tables().items()}
    result = cli("check", "--sheet", sheet, "--out", tmp_path / "check.html")
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_bad_input_ends_as_it_must(tmp_path, name):
    case = CASES[name]
    sheet = lay_company(tmp_path)
    case.change(tmp_path)
    if isinstance(case.outcome, Reads):
        check_read(case.outcome, tmp_path, open_company(sheet))
        return
    result = cli("check", "--sheet", sheet, "--out", tmp_path / "check.html")
    assert (result.exit_code, said(result.stderr, tmp_path)) == (case.outcome.exit_code, case.outcome.sentence)
    assert isinstance(result.exception, SystemExit)
    assert not INSIDE.search(result.output.replace(str(tmp_path), ""))


def check_read(outcome, project, tables):
    """The notes, the rows set aside and the cells are those of the case, and no row is lost on the way."""
    assert tuple(note.replace(str(project / "data"), "{data}") for note in tables.notes) == outcome.notes
    rejected = tables.rejected[["file", "line", "column", "rule", "value"]]
    assert tuple(rejected.itertuples(index=False, name=None)) == outcome.rejected
    for (table, key, column), value in outcome.cells.items():
        frame = tables.frame(table)
        cell = frame.loc[frame[frame.columns[0]] == key, column].iloc[0]
        assert (None if pd.isna(cell) else str(cell)) == (None if value is None else str(value))
    kept = {table: len(frame) for table, frame in tables.frames.items()}
    for row in tables.sources.itertuples():
        children = len(tables.children) if row.table == "accounts" else 0
        assert row.n_rows == kept[row.table] + row.n_rejected + children


@pytest.mark.parametrize("name", STOPPING[::9])
def test_what_must_stop_publishes_nothing(tmp_path, name):
    sheet = lay_company(tmp_path)
    CASES[name].change(tmp_path)
    result = cli("run", "--sheet", sheet, "--month", "2026-05")
    assert result.exit_code == CASES[name].outcome.exit_code
    assert said(result.stderr, tmp_path).endswith(CASES[name].outcome.sentence)
    written = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert [path for path in written if path.name != ".lock"] == []


def said(text, project):
    """What the command line said, its folders by name."""
    plain = text.replace(str(project / "data"), "{data}").replace(str(project), "{project}")
    return plain.removeprefix("tierkit: ").removesuffix("\n")


def test_nothing_changes_nothing(tmp_path):
    sheet = lay_company(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    nothing(tmp_path)
    open_company(sheet)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
