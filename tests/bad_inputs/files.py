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

from tests.bad_inputs.cases import Case, Change, aside, asides, both, content, instead, reads, sheet, stops, too_many

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
    return lambda book: (
        [book.active.__setitem__(f"{letter}{i}", values(i)) for i in range(2, book.active.max_row + 1)] and None
    )


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

    return both(
        instead("deals", "crm.duckdb", write), sheet('accounts.file = "accounts.csv"\ndeals.file = "crm.duckdb"')
    )


def _folder(project: Path) -> None:
    (project / "data" / "deals.csv").unlink()
    (project / "data" / "deals.csv").mkdir()


def _cut_book(path: Path, rows: Rows) -> None:
    _book(lambda book: None)(path, rows)
    path.write_bytes(path.read_bytes()[:2000])


CASES = (
    Case(
        "a folder called deals.csv",
        _folder,
        stops(
            "{data}: 'deals' is missing, the one table a run cannot do without (there are accounts; deals.csv was not read: it is a folder)"
        ),
    ),
    Case(
        "a PDF called .csv",
        content("deals.csv", b"%PDF-1.7\n1 0 obj\n"),
        stops("deals.csv: is a PDF, not text in columns (export it as CSV)"),
    ),
    Case(
        "the page of a login called .csv",
        content("deals.csv", b"\n<!DOCTYPE html>\n<html><head><title>Login</title>"),
        stops("deals.csv: is a web page, perhaps that of a login, not text in columns (export it as CSV)"),
    ),
    Case(
        "a table of HTML called .csv",
        content("deals.csv", b"<table><tr><td>deal_id</td></tr></table>"),
        stops("deals.csv: is a web page, perhaps that of a login, not text in columns (export it as CSV)"),
    ),
    Case(
        "an old workbook called .csv",
        content("deals.csv", _OLD_OFFICE),
        stops("deals.csv: is an old Excel file (.xls), or one with a password, not text in columns (export it as CSV)"),
    ),
    Case(
        "a workbook called .csv",
        content("deals.csv", b"PK\x03\x04\x14\x00\x06\x00"),
        stops("deals.csv: is an Excel workbook or a zip archive, not text in columns (export it as CSV)"),
    ),
    Case(
        "a Parquet file called .csv",
        content("deals.csv", b"PAR1\x15\x04\x15\x00"),
        stops("deals.csv: is a Parquet file, not text in columns (export it as CSV)"),
    ),
    Case(
        "a gzip archive called .csv",
        content("deals.csv", b"\x1f\x8b\x08\x00\x00\x00"),
        stops("deals.csv: is a gzip archive, not text in columns (export it as CSV)"),
    ),
    Case(
        "JSON called .csv",
        content("deals.csv", b'[{"deal_id": 1, "outcome": "won"}]'),
        stops("deals.csv: is a JSON file, not text in columns (export it as CSV)"),
    ),
    Case(
        "an error of an API called .csv",
        content("deals.csv", b'{"error": "INVALID_SESSION_ID"}'),
        stops("deals.csv: is a JSON file, not text in columns (export it as CSV)"),
    ),
    Case(
        "XML called .csv",
        content("deals.csv", b'<?xml version="1.0"?>\n<Workbook>'),
        stops("deals.csv: is an XML file, not text in columns (export it as CSV)"),
    ),
    Case(
        "an old workbook by its right name",
        both(content("deals.xls", _OLD_OFFICE), lambda p: (p / "data" / "deals.csv").unlink()),
        stops(
            "{data}: 'deals' is missing, the one table a run cannot do without (there are accounts; deals.xls was not read: nobody reads its ending (use .csv, .csv.gz, .tsv, .tsv.gz, .txt, .parquet, .xlsx, .xlsm, .duckdb, .db))"
        ),
    ),
    Case(
        "an old workbook beside the files that are read",
        content("reps.xls", _OLD_OFFICE),
        reads(
            "reps.xls was not read: nobody reads its ending (use .csv, .csv.gz, .tsv, .tsv.gz, .txt, .parquet, .xlsx, .xlsm, .duckdb, .db)"
        ),
    ),
    Case(
        "two files of one table",
        content("deals.tsv", b"deal_id\toutcome\n1\twon\n"),
        stops("{data}: deals.csv and deals.tsv are both named after 'deals' (keep one)"),
    ),
    # Workbooks
    Case(
        "a workbook with a password",
        instead(
            "deals", "deals.xlsx", lambda p, rows: p.write_bytes(_OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"))
        ),
        stops("deals.xlsx: the workbook is locked by a password (save it without one)"),
    ),
    Case(
        "a CSV called .xlsx",
        instead("deals", "deals.xlsx", lambda p, rows: p.write_bytes(b"deal_id,outcome\n1,won\n")),
        stops("deals.xlsx: is no workbook, whatever its ending says (save it as .xlsx, or export it as CSV)"),
    ),
    Case(
        "a page of HTML called .xlsx",
        instead("deals", "deals.xlsx", lambda p, rows: p.write_bytes(b"<html><table>")),
        stops(
            "deals.xlsx: is a web page, perhaps that of a login, whatever its ending says (save it as .xlsx, or export it as CSV)"
        ),
    ),
    Case(
        "a workbook cut short",
        instead(
            "deals",
            "deals.xlsx",
            _cut_book,
        ),
        stops("deals.xlsx: the workbook is damaged or cut short (open it, and save it again)"),
    ),
    Case(
        "an empty sheet",
        instead("deals", "deals.xlsx", lambda p, rows: pd.DataFrame().to_excel(p)),
        stops("deals.xlsx: sheet 'Sheet1' is empty (name another with table = in tierkit.toml)"),
    ),
    Case(
        "a sheet of a header alone",
        instead("deals", "deals.xlsx", lambda p, rows: pd.DataFrame(columns=list(rows[0])).to_excel(p, index=False)),
        stops("deals.xlsx: a header and no row below it (export it again)"),
    ),
    Case(
        "a formula that nobody calculated",
        _workbook(_set({"F7": "=1+1"})),
        stops(
            "deals.xlsx: row 7 holds a formula that was never calculated, '=1+1' (open the workbook in a spreadsheet and save it, or export values)"
        ),
    ),
    Case(
        "an error in a cell of a workbook",
        _workbook(_set({"F7": "#REF!"})),
        aside("deals.xlsx", 7, "acv", "must be a number", "#REF!"),
    ),
    Case(
        "merged cells above the header",
        _workbook(_merged),
        stops(
            "deals.xlsx: column 'deal_id' is missing (map it in tierkit.toml, [data.deals]; the header says 'Pipeline 2026', 'column 2', 'column 3', 'column 4', 'column 5', 'column 6', ...); column 'outcome' is missing (map it in tierkit.toml, [data.deals]); column 'account_id' is missing (map it in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "hidden sheets beside the first",
        _workbook(_hidden),
        reads("deals.xlsx: sheet 'Export' was read, the first; beside it there are 'Old', 'Notes'"),
    ),
    Case(
        "days as text and as days in one column",
        _workbook(
            _set({"D2": dt.date(2024, 1, 1), "D3": "4 Jan 2024", "D4": dt.datetime.fromisoformat("2024-01-07T13:30")})
        ),
        reads(deals__d002__opened_at="2024-01-07 00:00:00", deals__d001__opened_at="2024-01-04 00:00:00"),
    ),
    Case(
        "days as numbers in a workbook",
        _workbook(_all("D", lambda i: 45290 + i)),
        too_many(
            "deals.xlsx",
            240,
            240,
            "'opened_at' must be a date, got 45292 on row 2 (240 rows) (days as a spreadsheet counts them: give the column a date format, and export again)",
        ),
    ),
    Case(
        "ids of 18 digits in a workbook",
        _workbook(_all("A", lambda i: 123456789012345678 + 1000 * i)),
        too_many(
            "deals.xlsx",
            240,
            240,
            "'deal_id' must be an id in full, got '1.234567890123477e+17' on row 2 (240 rows) (a spreadsheet dropped its digits: give the column the format text, and export again)",
        ),
    ),
    Case(
        "amounts as numbers and one in words",
        _workbook(_all("F", lambda i: "a lot" if i == 7 else 100.5 * i)),
        aside("deals.xlsx", 7, "acv", "must be a number", "a lot"),
    ),
    Case(
        "a header twice in a workbook",
        _workbook(_set({"I1": "acv"})),
        reads("deals.xlsx: column 'acv' is repeated, the first was used; 240 rows differ"),
    ),
    Case(
        "a nameless column of a workbook",
        _workbook(_set({"I1": None})),
        reads("deals.xlsx: a column without a name holds values; it is called 'column 9'"),
    ),
    Case("blank rows between the rows of a workbook", _workbook(lambda book: book.active.insert_rows(50, 3)), reads()),
    Case(
        "a sheet that is not there",
        both(
            _workbook(_hidden),
            sheet('accounts.file = "accounts.csv"\ndeals = { file = "deals.xlsx", table = "Exports" }'),
        ),
        stops("deals.xlsx: no sheet 'Exports' (did you mean 'Export'?)"),
    ),
    # Parquet
    Case(
        "a Parquet file cut short",
        both(
            _parquet(lambda f: f),
            lambda p: (
                (p / "data" / "deals.parquet").write_bytes((p / "data" / "deals.parquet").read_bytes()[:900]) and None
            ),
        ),
        stops("deals.parquet: is a Parquet file that is cut short or cannot be read (export it again)"),
    ),
    Case(
        "text called .parquet",
        instead("deals", "deals.parquet", lambda p, rows: p.write_bytes(b"deal_id,outcome\n")),
        stops("deals.parquet: is not a Parquet file (export it again)"),
    ),
    Case(
        "a list and a struct in Parquet",
        _parquet(lambda f: f.assign(tags=[["a", "b"]] * len(f), owner=[{"id": 1}] * len(f))),
        reads(),
    ),
    Case(
        "decimals in Parquet",
        _parquet(lambda f: f.assign(acv=[decimal.Decimal(c) for c in f["acv"]])),
        reads(deals__d005__acv=1685.5),
    ),
    Case(
        "categories in Parquet",
        _parquet(lambda f: f.astype({"outcome": "category", "account_id": "category"})),
        reads(deals__d004__outcome="won"),
    ),
    Case(
        "times with a zone in Parquet",
        _parquet(lambda f: f.assign(opened_at=pd.to_datetime(f["opened_at"]).dt.tz_localize("America/New_York"))),
        reads(deals__d000__opened_at="2024-01-01 00:00:00"),
    ),
    Case(
        "ids as bytes in Parquet",
        _parquet(lambda f: f.assign(account_id=[c.encode() for c in f["account_id"]])),
        reads(deals__d000__account_id="A000"),
    ),
    Case(
        "ids as bytes that are no text in Parquet",
        _parquet(lambda f: f.assign(account_id=[b"\xff\xfe"] * 2 + [c.encode() for c in f["account_id"][2:]])),
        asides(
            ("deals.parquet", 1, "account_id", "must be an account of the accounts table", "\ufffd\ufffd"),
            ("deals.parquet", 2, "account_id", "must be an account of the accounts table", "\ufffd\ufffd"),
        ),
    ),
    Case(
        "ids as floats beyond what floats can tell",
        _parquet(lambda f: f.assign(deal_id=[1e17 + 100 * i for i in range(len(f))])),
        too_many(
            "deals.parquet",
            240,
            240,
            "'deal_id' must be an id in full, got '1e+17' on row 1 (240 rows) (a spreadsheet dropped its digits: give the column the format text, and export again)",
        ),
    ),
    Case(
        "infinite amounts in Parquet",
        _parquet(lambda f: f.assign(acv=[float("inf") if i == 5 else 1.5 * i for i in range(len(f))])),
        aside(
            "deals.parquet",
            6,
            "acv",
            "must be at most 1,000,000,000,000,000",
            "inf",
            "deals.parquet: 1 won deals of amount 0 have an unknown ACV",
        ),
    ),
    Case(
        "an infinite column nobody named in Parquet",
        _parquet(lambda f: f.assign(ratio=[float("inf")] * len(f))),
        reads("deals.parquet: 240 cells of 'ratio' say 'inf', and were read as empty"),
    ),
    Case(
        "unsigned ids of 64 bits in Parquet",
        _parquet(lambda f: _column(f, "deal_id", pa.array([2**64 - 1 - i for i in range(len(f))], pa.uint64()))),
        reads(deals__18446744073709551615__outcome="won"),
    ),
    Case(
        "durations and times of day in Parquet",
        _parquet(
            lambda f: _column(
                f.assign(cycle=pd.to_timedelta(range(len(f)), unit="D")), "at", pa.array([dt.time(9, 30)] * len(f))
            )
        ),
        reads(),
    ),
    Case(
        "a column twice in Parquet",
        _parquet(lambda f: pa.Table.from_pandas(f).append_column("acv", pa.array(range(len(f))))),
        stops("deals.parquet: column 'acv' is repeated (rename one, and export again)"),
    ),
    Case("an index with a name in Parquet", _parquet(lambda f: f.set_index("deal_id")), reads()),
    Case(
        "no row in Parquet",
        _parquet(lambda f: f.head(0)),
        stops("deals.parquet: a header and no row below it (export it again)"),
    ),
    # DuckDB
    Case(
        "a DuckDB file of the wrong table",
        _engine("deel"),
        stops("crm.duckdb: no table 'deals' (there are deel, other)"),
    ),
    Case(
        "text called .duckdb",
        both(_engine("deals"), content("crm.duckdb", b"deal_id,outcome\n" * 300)),
        stops("crm.duckdb: is not a DuckDB file, or is damaged (export it again)"),
    ),
    Case(
        "an SQLite file called .db",
        both(_engine("deals"), content("crm.duckdb", b"SQLite format 3\x00" + bytes(4096))),
        stops("crm.duckdb: is not a DuckDB file, or is damaged (export it again)"),
    ),
)
