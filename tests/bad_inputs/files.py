"""Files of another kind: renamed, locked, cut, nested; workbooks, Parquet and DuckDB with surprises."""

import datetime as dt
import decimal
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_inputs.cases import Case, Change, both, content, instead, reads, stops, aside, sheet

Rows = list[dict[str, object]]
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def _book(change: Callable[[Any], None]) -> Callable[[Path, Rows], None]:
    """A workbook with the rows in its first sheet, changed."""

    def write(path: Path, rows: Rows) -> None:
        from openpyxl import Workbook

        book = Workbook()
        book.active.title = "Export"
        book.active.append(list(rows[0]))
        for row in rows:
            book.active.append(list(row.values()))
        change(book)
        book.save(path)

    return write


def _workbook(change: Callable[[Any], None]) -> Change:
    return instead("deals", "deals.xlsx", _book(change))


def _parquet(change: Callable[[pd.DataFrame], object]) -> Change:
    """The deals as Parquet: what the change of the frame returns, a frame or an Arrow table."""

    def write(path: Path, rows: Rows) -> None:
        made = change(pd.DataFrame(rows))
        table = made if isinstance(made, pa.Table) else pa.Table.from_pandas(made)
        pq.write_table(table, path)

    return instead("deals", "deals.parquet", write)


def _column(frame: pd.DataFrame, name: str, values: pa.Array) -> pa.Table:
    table = pa.Table.from_pandas(frame)
    return table.drop_columns([name] if name in table.column_names else []).append_column(name, values)


def _bytes_of(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _set(cells: dict[str, object]) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        for place, value in cells.items():
            book.active[place] = value

    return change


def _all(letter: str, values: Callable[[int], object]) -> Callable[[Any], None]:
    return lambda book: [book.active.__setitem__(f"{letter}{i}", values(i)) for i in range(2, book.active.max_row + 1)] and None


def _hidden(book: Any) -> None:
    book.create_sheet("Old").sheet_state = "hidden"
    book.create_sheet("Notes")


def _merged(book: Any) -> None:
    book.active.insert_rows(1)
    book.active["A1"] = "Pipeline 2026"
    book.active.merge_cells("A1:I1")


def _engine(table: str) -> Change:
    def write(path: Path, rows: Rows) -> None:
        import duckdb

        frame = pd.DataFrame(rows)
        with duckdb.connect(str(path)) as engine:
            engine.register("given", frame)
            engine.execute(f"CREATE TABLE {table} AS SELECT * FROM given")
            engine.execute("CREATE TABLE other AS SELECT 1 AS x")

    return both(instead("deals", "crm.duckdb", write), sheet('accounts.file = "accounts.csv"\ndeals.file = "crm.duckdb"'))


def _folder(project: Path) -> None:
    (project / "data" / "deals.csv").unlink()
    (project / "data" / "deals.csv").mkdir()


CASES = (
    Case("a folder called deals.csv", _folder, TODO_S),
    Case("a PDF called .csv", content("deals.csv", b"%PDF-1.7\n1 0 obj\n"), TODO_S),
    Case("the page of a login called .csv", content("deals.csv", b"\n<!DOCTYPE html>\n<html><head><title>Login</title>"), TODO_S),
    Case("a table of HTML called .csv", content("deals.csv", b"<table><tr><td>deal_id</td></tr></table>"), TODO_S),
    Case("an old workbook called .csv", content("deals.csv", _OLD_OFFICE), TODO_S),
    Case("a workbook called .csv", content("deals.csv", b"PK\x03\x04\x14\x00\x06\x00"), TODO_S),
    Case("a Parquet file called .csv", content("deals.csv", b"PAR1\x15\x04\x15\x00"), TODO_S),
    Case("a gzip archive called .csv", content("deals.csv", b"\x1f\x8b\x08\x00\x00\x00"), TODO_S),
    Case("JSON called .csv", content("deals.csv", b'[{"deal_id": 1, "outcome": "won"}]'), TODO_S),
    Case("an error of an API called .csv", content("deals.csv", b'{"error": "INVALID_SESSION_ID"}'), TODO_S),
    Case("XML called .csv", content("deals.csv", b'<?xml version="1.0"?>\n<Workbook>'), TODO_S),
    Case("an old workbook by its right name", both(content("deals.xls", _OLD_OFFICE), lambda p: (p / "data" / "deals.csv").unlink()), TODO_S),
    Case("two files of one table", content("deals.tsv", b"deal_id\toutcome\n1\twon\n"), TODO_S),
    # Workbooks
    Case("a workbook with a password", instead("deals", "deals.xlsx", lambda p, rows: p.write_bytes(_OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"))), TODO_S),
    Case("a CSV called .xlsx", instead("deals", "deals.xlsx", lambda p, rows: p.write_bytes(b"deal_id,outcome\n1,won\n")), TODO_S),
    Case("a page of HTML called .xlsx", instead("deals", "deals.xlsx", lambda p, rows: p.write_bytes(b"<html><table>")), TODO_S),
    Case("a workbook cut short", instead("deals", "deals.xlsx", lambda p, rows: (_book(lambda b: None)(p, rows), p.write_bytes(p.read_bytes()[:2000])) and None), TODO_S),
    Case("an empty sheet", instead("deals", "deals.xlsx", lambda p, rows: pd.DataFrame().to_excel(p)), TODO_S),
    Case("a sheet of a header alone", instead("deals", "deals.xlsx", lambda p, rows: pd.DataFrame(columns=list(rows[0])).to_excel(p, index=False)), TODO_S),
    Case("a formula that nobody calculated", _workbook(_set({"F7": "=1+1"})), TODO_S),
    Case("an error in a cell of a workbook", _workbook(_set({"F7": "#REF!"})), TODO_A),
    Case("merged cells above the header", _workbook(_merged), TODO_S),
    Case("hidden sheets beside the first", _workbook(_hidden), TODO_R),
    Case("days as text and as days in one column", _workbook(_set({"D2": dt.datetime(2024, 1, 1), "D3": "4 Jan 2024", "D4": dt.datetime(2024, 1, 7, 13, 30)})), TODO_R),
    Case("days as numbers in a workbook", _workbook(_all("D", lambda i: 45290 + i)), TODO_S),
    Case("ids of 18 digits in a workbook", _workbook(_all("A", lambda i: 123456789012345678 + 1000 * i)), TODO_S),
    Case("amounts as numbers and one in words", _workbook(_all("F", lambda i: "a lot" if i == 7 else 100.5 * i)), TODO_A),
    Case("a header twice in a workbook", _workbook(_set({"I1": "acv"})), TODO_R),
    Case("a nameless column of a workbook", _workbook(_set({"I1": None})), TODO_R),
    Case("blank rows between the rows of a workbook", _workbook(lambda book: book.active.insert_rows(50, 3)), TODO_R),
    Case("a sheet that is not there", both(_workbook(_hidden), sheet('accounts.file = "accounts.csv"\ndeals = { file = "deals.xlsx", table = "Exports" }')), TODO_S),
    # Parquet
    Case("a Parquet file cut short", both(_parquet(lambda f: f), lambda p: (p / "data" / "deals.parquet").write_bytes((p / "data" / "deals.parquet").read_bytes()[:900]) and None), TODO_S),
    Case("text called .parquet", instead("deals", "deals.parquet", lambda p, rows: p.write_bytes(b"deal_id,outcome\n")), TODO_S),
    Case("a list and a struct in Parquet", _parquet(lambda f: f.assign(tags=[["a", "b"]] * len(f), owner=[{"id": 1}] * len(f))), TODO_R),
    Case("decimals in Parquet", _parquet(lambda f: f.assign(acv=[decimal.Decimal(c) for c in f["acv"]])), TODO_R),
    Case("categories in Parquet", _parquet(lambda f: f.astype({"outcome": "category", "account_id": "category"})), TODO_R),
    Case("times with a zone in Parquet", _parquet(lambda f: f.assign(opened_at=pd.to_datetime(f["opened_at"]).dt.tz_localize("America/New_York"))), TODO_R),
    Case("ids as bytes in Parquet", _parquet(lambda f: f.assign(account_id=[c.encode() for c in f["account_id"]])), TODO_R),
    Case("ids as floats beyond what floats can tell", _parquet(lambda f: f.assign(deal_id=[1e17 + 100 * i for i in range(len(f))])), TODO_S),
    Case("infinite amounts in Parquet", _parquet(lambda f: f.assign(acv=[float("inf") if i == 5 else 1.5 * i for i in range(len(f))])), TODO_A),
    Case("an infinite column nobody named in Parquet", _parquet(lambda f: f.assign(ratio=[float("inf")] * len(f))), TODO_R),
    Case("unsigned ids of 64 bits in Parquet", _parquet(lambda f: _column(f, "deal_id", pa.array([2**64 - 1 - i for i in range(len(f))], pa.uint64()))), TODO_R),
    Case("durations and times of day in Parquet", _parquet(lambda f: _column(f.assign(cycle=pd.to_timedelta(range(len(f)), unit="D")), "at", pa.array([dt.time(9, 30)] * len(f)))), TODO_R),
    Case("a column twice in Parquet", _parquet(lambda f: pa.Table.from_pandas(f).append_column("acv", pa.array(range(len(f))))), TODO_S),
    Case("an index with a name in Parquet", _parquet(lambda f: f.set_index("deal_id")), TODO_R),
    Case("no row in Parquet", _parquet(lambda f: f.head(0)), TODO_S),
    # DuckDB
    Case("a DuckDB file of the wrong table", _engine("deel"), TODO_S),
    Case("text called .duckdb", both(_engine("deals"), content("crm.duckdb", b"deal_id,outcome\n" * 300)), TODO_S),
    Case("an SQLite file called .db", both(_engine("deals"), content("crm.duckdb", b"SQLite format 3\x00" + bytes(4096))), TODO_S),
)
