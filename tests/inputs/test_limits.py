"""Inputs that are too large, that are no files, or that could do something: a sentence each, and nothing is done."""

import gzip
import os
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from tierkit.errors import TableError
from tierkit.inputs.files.reading import read_file
from tierkit.inputs.limits import GENEROUS, Limits
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sources import find_tables
from tierkit.reporting.provenance import sha256_of
from tierkit.runsheet import check_sheet

KEYS = sorted(set(Limits.model_fields) - {"max_minutes", "max_memory_gb"})


def write_csv(path: Path, text: str = "deal_id,outcome\n1,won\n2,lost\n") -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_file_gb": 1e-8}, "deals.csv: has 0.0 GB, more than limits.max_file_gb = 1e-08"),
        ({"max_rows": 1}, "deals.csv: has more rows than limits.max_rows = 1 "),
        ({"max_columns": 1}, "deals.csv: has 2 columns, more than limits.max_columns = 1 "),
        ({"max_cell_kb": 1}, "limits.max_cell_kb"),
    ],
)
def test_each_limit_names_its_key_its_value_and_the_repair(tmp_path: Path, limits: dict[str, float], says: str) -> None:
    text = "deal_id,outcome\n1,won\n2,lost\n" if "max_cell_kb" not in limits else 'deal_id,outcome\n1,"' + "x" * 2000
    write_csv(tmp_path / "deals.csv", text)
    sheet = check_sheet({"limits": limits}, folder=tmp_path)
    with pytest.raises(TableError) as caught:
        open_tables(sheet.data, root=tmp_path)
    assert says in str(caught.value)
    assert "raise" in str(caught.value)


def test_limits_reach_every_kind_of_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"deal_id": ["1", "2"], "outcome": ["won", "lost"]})
    frame.to_parquet(tmp_path / "deals.parquet")
    frame.to_excel(tmp_path / "deals.xlsx", index=False)
    frame.to_csv(tmp_path / "deals.csv.gz", index=False)
    with duckdb.connect(str(tmp_path / "deals.duckdb")) as engine:
        engine.execute("CREATE TABLE deals AS SELECT * FROM frame")
    for path in sorted(tmp_path.iterdir()):
        assert len(read_file(path, limits=Limits(max_rows=2, max_columns=2)).frame) == 2
        for key in ("max_rows", "max_columns"):
            with pytest.raises(TableError, match=f"limits.{key} = 1 "):
                read_file(path, limits=Limits(**{key: 1}))


def test_a_header_of_fifty_thousand_columns_is_refused_where_the_sheet_says_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "deals.csv", ",".join(f"c{i}" for i in range(50_000)) + "\n")
    with pytest.raises(TableError, match=r"deals.csv: has 50,000 columns, more than limits.max_columns = 2000"):
        read_file(path)


def test_what_is_packed_stops_while_it_unpacks(tmp_path: Path) -> None:
    bomb = tmp_path / "deals.csv.gz"
    bomb.write_bytes(gzip.compress(b"deal_id,outcome\n" + b"0" * 30_000_000))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(TableError, match=r"deals.csv.gz: unpacks to more than limits.max_file_gb = 0.01 "):
        read_file(bomb, limits=Limits(max_file_gb=0.01))


def workbook(path: Path, rows: list[list[object]], **parts: bytes) -> Path:
    """A workbook, with parts of it put in place of its own."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    if parts:
        with zipfile.ZipFile(path) as old:
            kept = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in (kept | parts).items():
                if name == "[Content_Types].xml" and "xl/sharedStrings.xml" in parts:
                    content = content.replace(b"</Types>", SHARED + b"</Types>")
                new.writestr(name, content)
    return path


def test_a_workbook_that_unpacks_to_more_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "deals.xlsx", [["deal_id"], ["1"]], **{"xl/media/x.bin": b"0" * 20_000_000})
    assert path.stat().st_size < 100_000
    with pytest.raises(TableError, match=r"deals.xlsx: unpacks to more than limits.max_file_gb = 0.01 "):
        read_file(path, limits=Limits(max_file_gb=0.01))


SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b;</t></si></sst>"""
BLOWN_UP = LAUGHS.replace(b'"ha"', b'"' + b"h" * 100_000 + b'"')
OUTSIDE = LAUGHS.replace(b'"&a;&a;&a;&a;&a;&a;&a;&a;"', b'SYSTEM "file:///etc/passwd"')


@pytest.mark.parametrize("strings", [LAUGHS, BLOWN_UP, OUTSIDE], ids=["laughs", "quadratic", "outside"])
@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_workbook_whose_xml_defines_entities_is_refused(tmp_path: Path, part: str, strings: bytes) -> None:
    path = workbook(tmp_path / "deals.xlsx", [["deal_id", "outcome"], ["1", "won"]], **{part: strings})
    with pytest.raises(TableError, match=r"^deals.xlsx: the workbook is damaged") as caught:
        read_file(path)
    behind: list[BaseException] = [caught.value]
    while (earlier := behind[-1].__cause__ or behind[-1].__context__) is not None:
        behind.append(earlier)
    assert any(type(error).__name__ == "EntitiesForbidden" for error in behind)


def test_a_cell_far_to_the_right_of_the_header_is_not_read(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["deal_id", "outcome"])
    for i in range(2, 400):
        book.active.cell(i, 1, str(i))
        book.active.cell(i, 16_384, "far")
    book.save(tmp_path / "deals.xlsx")
    assert list(read_file(tmp_path / "deals.xlsx").frame.columns) == ["deal_id", "outcome"]


@pytest.mark.parametrize("name", ["deals.csv", "deals.parquet", "deals.xlsx", "deals.duckdb", "deals.csv.gz"])
def test_a_pipe_a_device_or_a_folder_is_named_and_never_opened(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(TableError, match=f"{name}: is a pipe or a device, not a file"):
        read_file(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(TableError, match=f"{name}: is a pipe or a device, not a file"):
        read_file(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(TableError, match=f"{name}: is a folder, not a file"):
        read_file(tmp_path / name)


def test_a_link_out_of_the_folder_must_be_named_to_be_read(tmp_path: Path) -> None:
    outside = write_csv(tmp_path / "elsewhere.csv")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "deals.csv").symlink_to(outside)
    with pytest.raises(TableError, match=r"deals.csv: leads out of .*elsewhere.csv.*\[data.deals\] file = "):
        open_tables(folder)
    named = check_sheet({"data": {"folder": "data", "deals": {"file": "deals.csv"}}}, folder=tmp_path)
    assert len(open_tables(named.data, root=tmp_path).frame("deals")) == 2
    (tmp_path / "linked").symlink_to(folder, target_is_directory=True)
    (folder / "deals.csv").unlink()
    write_csv(folder / "real.csv")
    (folder / "deals.csv").symlink_to("real.csv")  # within the folder, as mounted settings are
    assert set(find_tables(tmp_path / "linked")[0]) == {"deals"}


def test_names_that_no_export_has_are_not_read_and_cannot_disturb_what_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "deals.csv")
    for name in ("deals\n.csv", "-deals.csv", "=deals.csv", "\u202edeals.csv", "\x1b[31mdeals.csv"):
        write_csv(tmp_path / name)
    found, notes = find_tables(tmp_path)
    assert found == {"deals": tmp_path / "deals.csv"}
    assert len(notes) >= 4
    assert all(note.isprintable() for note in notes)


def test_a_view_of_a_duckdb_file_reads_no_other_file_and_the_file_stays_as_it_is(tmp_path: Path) -> None:
    other = write_csv(tmp_path / "secret.csv")
    path = tmp_path / "deals.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute(f"CREATE VIEW deals AS SELECT * FROM read_csv('{other}')")
    before = sha256_of(path), sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(TableError, match=r"deals.duckdb: table 'deals' cannot be read"):
        read_file(path)
    assert (sha256_of(path), sorted(p.name for p in tmp_path.iterdir())) == before


def test_every_connection_to_duckdb_is_made_where_extensions_are_off() -> None:
    from tierkit.inputs.engine import connect_engine

    package = Path(__file__).parents[2] / "tierkit"
    text = {p.relative_to(package).as_posix(): p.read_text(encoding="utf-8") for p in package.rglob("*.py")}
    assert [name for name, code in text.items() if "duckdb.connect(" in code] == ["inputs/engine.py"]
    with connect_engine() as engine:
        asked = "SELECT value FROM duckdb_settings() WHERE name IN ('{}', '{}')"
        names = ("autoinstall_known_extensions", "autoload_known_extensions")
        assert engine.execute(asked.format(*names)).fetchall() == [("false",), ("false",)]


def test_parquet_of_an_unknown_kind_runs_nothing(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    # What protocol 0 of pickle does with it: os.system("touch ...")
    attack = f"cos\nsystem\n(S'touch {ran}'\ntR.".encode()
    named = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": attack}
    schema = pa.schema([pa.field("deal_id", pa.string(), metadata=named), pa.field("outcome", pa.string())])
    pq.write_table(pa.table([["1"], ["won"]], schema=schema), tmp_path / "deals.parquet")
    try:
        frame = read_file(tmp_path / "deals.parquet").frame
        assert frame["deal_id"].astype("str").tolist() == ["1"]
    except TableError as refused:
        assert "deals.parquet" in str(refused)  # noqa: PT017 - either will do, so long as nothing ran
    assert not ran.exists()


def test_limits_are_generous_and_no_figure_depends_on_them(tmp_path: Path) -> None:
    assert GENEROUS.max_rows >= 5_000_000 * 10
    write_csv(tmp_path / "deals.csv")
    sheets = [check_sheet({"limits": {"max_rows": n}}, folder=tmp_path) for n in (10, 20)]
    frames = [open_tables(s.data, root=tmp_path).frame("deals") for s in sheets]
    pd.testing.assert_frame_equal(*frames)
    assert len({s.model_dump_json(exclude={"limits"}) for s in sheets}) == 1
    assert set(KEYS) == {"max_file_gb", "max_rows", "max_columns", "max_cell_kb"}


def test_what_the_system_does_not_let_us_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"x{300}.csv: cannot be read: file name too long"):
        read_file(tmp_path / f"{'x' * 300}.csv")
