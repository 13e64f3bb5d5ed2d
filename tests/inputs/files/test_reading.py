import datetime as dt
import gzip
import hashlib

import duckdb
import pandas as pd
import pytest
from openpyxl import Workbook

from tierkit.errors import TableError
from tierkit.inputs.files.reading import nearest, read_file, read_frame

DEALS = pd.DataFrame({"deal_id": ["007", "08"], "acv": [1.5, 2.0], "won": [True, False]})


def test_read_file_reads_csv_and_gz_alike(tmp_path):
    content = b"deal_id,outcome\n007,won\n"
    (tmp_path / "deals.csv").write_bytes(content)
    (tmp_path / "deals.csv.gz").write_bytes(gzip.compress(content))
    plain, packed = (read_file(tmp_path / name) for name in ("deals.csv", "deals.csv.gz"))
    pd.testing.assert_frame_equal(plain.frame, packed.frame)
    assert plain.place == "line"
    assert plain.sha256 == hashlib.sha256(content).hexdigest()
    assert packed.sha256 == hashlib.sha256((tmp_path / "deals.csv.gz").read_bytes()).hexdigest()


def test_read_file_reads_parquet_with_its_kinds(tmp_path):
    DEALS.to_parquet(tmp_path / "deals.parquet")
    raw = read_file(tmp_path / "deals.parquet")
    assert raw.frame["acv"].dtype == "float64"
    assert raw.frame.index.tolist() == [1, 2]
    assert raw.place == "row"


def test_read_file_reads_the_sheet_named(tmp_path):
    book = Workbook()
    book.active.append(["not this"])
    sheet = book.create_sheet("Deals")
    sheet.append([])
    sheet.append(["deal_id", "code", "acv", "opened_at", "mixed", None])
    sheet.append(["007", 12, 1.5, dt.date(2026, 1, 31), "a", None])
    sheet.append(["08", 13, 2, None, 2.0, None])
    book.save(tmp_path / "crm.xlsx")
    raw = read_file(tmp_path / "crm.xlsx", table="Deals")
    assert raw.frame["deal_id"].tolist() == ["007", "08"]
    assert raw.frame["code"].tolist() == [12, 13]
    assert raw.frame["acv"].tolist() == [1.5, 2.0]
    assert raw.frame["opened_at"].dt.day.tolist()[0] == 31
    assert raw.frame["mixed"].tolist() == ["a", "2"]
    # the rows of the sheet: 1 is blank, 2 the header
    assert raw.frame.index.tolist() == [3, 4]
    with pytest.raises(TableError, match=r"crm\.xlsx: no sheet 'Deal' \(did you mean 'Deals'\?\)"):
        read_file(tmp_path / "crm.xlsx", table="Deal")


def test_read_file_reads_the_table_named(tmp_path):
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as engine:
        engine.execute("CREATE TABLE deals AS SELECT '007' AS deal_id, 1.5::DOUBLE AS acv")
        engine.execute("CREATE TABLE accounts AS SELECT 1 AS account_id")
    raw = read_file(tmp_path / "crm.duckdb", table="deals")
    assert raw.frame.to_dict("list") == {"deal_id": ["007"], "acv": [1.5]}
    assert raw.frame.index.tolist() == [1]
    with pytest.raises(TableError, match=r"crm\.duckdb: no table 'deal' \(did you mean 'deals'\?\)"):
        read_file(tmp_path / "crm.duckdb", table="deal")


def test_read_file_names_a_missing_file_and_its_neighbours(tmp_path):
    (tmp_path / "deals_2026.csv").write_text("a\n1\n")
    (tmp_path / "notes.md").write_text("no table")
    with pytest.raises(TableError, match=r"deals\.csv: no such file in .* \(did you mean 'deals_2026\.csv'\?\)"):
        read_file(tmp_path / "deals.csv")
    with pytest.raises(TableError, match=r"\(there are deals_2026\.csv\)"):
        read_file(tmp_path / "quite_another.parquet")


@pytest.mark.parametrize("name", ["deals.parquet", "deals.xlsx", "deals.duckdb", "deals.csv.gz"])
def test_read_file_refuses_a_broken_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"neither this nor that, but long enough to be looked at by any reader of files" * 9)
    with pytest.raises(TableError, match=r"^deals\.[a-z.]+: is (not|no workbook)"):
        read_file(tmp_path / name)


def test_read_file_refuses_other_endings_and_empty_files(tmp_path):
    (tmp_path / "deals.json").write_text("[]")
    with pytest.raises(TableError, match=r"deals\.json: nobody reads"):
        read_file(tmp_path / "deals.json")
    (tmp_path / "deals.csv").write_text("")
    with pytest.raises(TableError, match=r"deals\.csv: the file is empty"):
        read_file(tmp_path / "deals.csv")
    DEALS.head(0).to_parquet(tmp_path / "deals.parquet")
    with pytest.raises(TableError, match=r"deals\.parquet: a header and no row"):
        read_file(tmp_path / "deals.parquet")


def test_read_frame_hashes_contents_and_leaves_the_frame_alone():
    given = DEALS.set_index(pd.Index([5, 5]))
    raw = read_frame(given, table="deals")
    assert raw.frame.index.tolist() == [1, 2]
    assert given.index.tolist() == [5, 5]
    assert raw.sha256 == read_frame(DEALS, table="deals").sha256
    assert raw.sha256 != read_frame(DEALS.assign(acv=[1.5, 2.1]), table="deals").sha256
    assert raw.sha256 != read_frame(DEALS.rename(columns={"acv": "tcv"}), table="deals").sha256


def test_read_frame_refuses_no_rows_and_repeated_columns():
    with pytest.raises(TableError, match="deals: the frame has no row"):
        read_frame(DEALS.head(0), table="deals")
    with pytest.raises(TableError, match="deals: column 'acv' is repeated"):
        read_frame(DEALS[["deal_id", "acv", "acv"]], table="deals")


def test_nearest_offers_nothing_far_fetched():
    assert nearest("outcome", ["Out-come", "Route To Market"]) == "Out-come"
    assert nearest("outcome", ["Route To Market"]) is None
