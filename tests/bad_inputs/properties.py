"""What holds of whatever is read: a table, or one error of ours with a sentence; `tests/benchmarks/fuzz.py` runs it long.

Each property is a function of what a strategy makes. The suite runs a few examples of each with a fixed seed.
"""

import csv
import datetime as dt
import decimal
import gzip
import io
import re
import tempfile
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from tests.bad_inputs.company import SHEET, good_tables
from tierkit.errors import SheetError, TableError, TierkitError
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.files.delimited import read_delimited
from tierkit.inputs.files.reading import read_file
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings
from tierkit.inputs.tables import Tables
from tierkit.runsheet import check_sheet, read_sheet, sheet_keys

INSIDE = re.compile(
    r"Traceback|pandas|pydantic|pyarrow|Arrow[A-Z]|openpyxl|pandera|numpy|[A-Z]\w+Error\b|NoneType|dtype|0x[0-9a-f]{8}"
)
"""Words of libraries, which say nothing to people."""

NASTY = (
    "", " ", "-", "n/a", "NULL", "nan", "#REF!", "#N/A", "1E+05", "1.23457E+14", "inf", "-inf", "1e400", "1e308", "-0",
    "0", "007", "7.0", "1,234", "1.234", "1.234,56", "1,234.56", "(1,200)", "$1.2M", "€5", "kr 5", "12%", "١٢", "１２",
    "5'000", "1 000", "1\u202f000", "+5", "5-", "0x1F", "1_000", "true", "Yes", "0", "2026-01-31", "2026-02-30",
    "31/01/2026", "01/31/2026", "03/04/2026", "31.01.2026", "31.1.26", "20260131", "00000000", "0000-00-00",
    "1900-01-01", "9999-12-31", "45992", "1704067200000", "2026-01-31T23:30:00Z", "2026-01-31T25:61:00+05:30",
    "2026-01-31 10:00 PM", "31/01/2026 13:30 PM +99:99", "Jan 31, 2026", "31 janvier 2026", "0001-01-01", "1/0/1900",
    "won", "Won", "lost", "open", "new", "A001", "a001", "A001 ", "A\u200b001", "\ufeffA001", "=1+1", "<b>", "'; --",
    "\x00", "\x1a", "\u2028", "x" * 300, "🚀", "\ud7ff", "ß", "İ",
)  # fmt: skip
cell = st.one_of(st.sampled_from(NASTY), st.text(max_size=12), st.decimals(allow_nan=True).map(str))
plain_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)
_TYPED: tuple[Callable[[int], Any], ...] = (
    lambda n: [i * 7 % 5 for i in range(n)],
    lambda n: [float("inf") if i % 3 == 0 else i / 7 for i in range(n)],
    lambda n: [2**63 + i for i in range(n)],
    lambda n: [10.0**300 + i for i in range(n)],
    lambda n: pd.date_range("2024-01-01", periods=n, tz="Asia/Tokyo"),
    lambda n: pd.to_datetime(pd.Series(["2024-02-29", None] * n)[:n]),
    lambda n: pd.Categorical(["won", "lost", None][i % 3] for i in range(n)),
    lambda n: pd.Categorical([i % 3 for i in range(n)]),
    lambda n: [b"A001", b"\xff\xfe", None][: n % 3 + 1] * n,
    lambda n: [["a"], {"b": 1}, None] * n,
    lambda n: [decimal.Decimal("12.50"), None] * n,
    lambda n: pd.to_timedelta(range(n), unit="h"),
    lambda n: pd.array([True, None] * n, dtype="boolean"),
    lambda n: pd.array([1, None] * n, dtype="Int64"),
    lambda n: [dt.date(2024, 1, 1), dt.date.min, "soon", 5, None] * n,
    lambda n: [complex(1, 2)] * n,
    lambda n: pd.period_range("2024-01", periods=n, freq="M"),
    lambda n: pd.Series(["\ud800 half", "A001"] * n, dtype="object"),
    lambda n: [float("nan")] * n,
    lambda n: pd.array(["won", None] * n, dtype="string"),
)


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, Any]]:
    """Rows of text without a reading of their own, and how they are written."""
    width = draw(st.integers(2, 5))
    # A first cell with text keeps a row from being blank, and from being a footer or the header again
    row = st.tuples(st.integers(0, 99).map("k{}".format), *[plain_text] * (width - 1)).map(list)
    rows = draw(st.lists(row, min_size=1, max_size=30))
    how = {
        "delimiter": draw(st.sampled_from(",;\t|")),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
        "gz": draw(st.booleans()),
    }
    return rows, how


def what_is_read_is_what_was_written(given: tuple[list[list[str]], dict[str, Any]]) -> None:
    """Every cell comes back, whatever separates, ends and encodes it."""
    rows, how = given
    header = [f"h{i}" for i in range(len(rows[0]))]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=how["delimiter"], lineterminator=how["lineterminator"], quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    content = buffer.getvalue().encode(how["encoding"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("deals.csv.gz" if how["gz"] else "deals.csv")
        path.write_bytes(gzip.compress(content) if how["gz"] else content)
        raw, again = read_file(path), read_file(path)
    assert raw.frame.columns.tolist() == header
    assert raw.frame.to_numpy().tolist() == rows
    assert raw.sha256 == again.sha256
    pd.testing.assert_frame_equal(raw.frame, again.frame)
    assert raw.frame.index.is_monotonic_increasing


raw_bytes = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [b"deal_id", b"outcome", b",", b";", b'"', b"\n", b"\r", b"\x00", b"\xff", b"won", b"1", b"sep=;"]
        ),
        max_size=40,
    ).map(b"".join),
    st.text(max_size=200).map(lambda text: text.encode("utf-16-le", "surrogatepass")),
)


def bytes_are_a_table_or_one_sentence(content: bytes) -> None:
    """Any bytes are read, or refused in a sentence; the same every time."""
    outcomes = [_outcome(lambda: read_delimited(content, file="deals.csv").frame) for _ in range(2)]
    assert str(outcomes[0]) == str(outcomes[1])


@st.composite
def spoilt_tables(draw: st.DrawFn) -> tuple[str, list[dict[str, object]], dict[str, Any], int]:
    """One table of the good little company with nasty cells, settings that let rows be set aside, and a seed."""
    table = draw(st.sampled_from(sorted(CONTRACTS)))
    rows = [dict(row) for row in good_tables()[table][: draw(st.integers(1, 25))]]
    names = list(rows[0])
    spoilt = draw(st.lists(st.tuples(st.integers(0, len(rows) - 1), st.sampled_from(names), cell), max_size=8))
    for i, name, value in spoilt:
        rows[i][name] = value
    if draw(st.booleans()):
        name, value = draw(st.sampled_from(names)), draw(cell)
        rows = [row | {name: value} for row in rows]
    settings: dict[str, Any] = {"max_rejected": draw(st.sampled_from([0.0, 1.0]))}
    if draw(st.booleans()):
        settings["data_through"] = "2026-06-30"
    if draw(st.booleans()):
        settings["time_zone"] = draw(st.sampled_from(["America/New_York", "Asia/Kolkata"]))
    source = {
        "decimal": draw(st.sampled_from([None, ".", ","])),
        "day_first": draw(st.sampled_from([None, True, False])),
    }
    return table, rows, {**settings, table: source}, draw(st.integers(0, 99))


def no_row_is_lost(given: tuple[str, list[dict[str, object]], dict[str, Any], int]) -> None:
    """Rows in = rows kept + rows set aside (+ children); again is the same; the order of rows does not matter."""
    table, rows, settings, seed = given
    frames = {name: _text_frame(good_tables()[name]) for name in ("accounts", "deals")} | {table: _text_frame(rows)}
    data = DataSettings.model_validate(settings)
    first = _outcome(lambda: open_tables(frames, settings=data))
    again = _outcome(lambda: open_tables(frames, settings=data))
    if not isinstance(first, Tables):
        assert str(first) == str(again)
        return
    assert isinstance(again, Tables)
    _same_tables(first, again)
    for row in first.sources.itertuples():
        kept = len(first.frames[row.table]) if row.table in first.frames else row.n_rows - row.n_rejected
        children = len(first.children) if row.table == "accounts" else 0
        assert row.n_rows == kept + row.n_rejected + children
    key = [name for name in CONTRACTS[table].key if name in frames[table]]
    if not key or not frames[table].duplicated(key).any():
        shuffled = frames | {table: frames[table].sample(frac=1, random_state=seed).reset_index(drop=True)}
        other = _outcome(lambda: open_tables(shuffled, settings=data))
        assert isinstance(other, Tables), other
        if not first.rejected["rule"].eq("must be unique").any():
            _same_tables(first, other)


@st.composite
def typed_tables(draw: st.DrawFn) -> tuple[str, pd.DataFrame]:
    """A table whose columns hold whatever kinds a frame can hold."""
    table = draw(st.sampled_from(sorted(CONTRACTS)))
    rows = good_tables()[table][: draw(st.integers(1, 12))]
    frame = pd.DataFrame(rows)
    names = [*frame.columns, "extra"]
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)):
        values = draw(st.sampled_from(_TYPED))(len(frame))[: len(frame)]
        frame[name] = values if isinstance(values, pd.Series) else pd.Series(values, frame.index)
    return table, frame


def typed_columns_are_read_or_refused(given: tuple[str, pd.DataFrame]) -> None:
    """Frames of any kinds open, or are refused in a sentence; the caller's frame is not changed."""
    table, frame = given
    copy = frame.copy()
    frames = {name: _text_frame(good_tables()[name]) for name in ("accounts", "deals")} | {table: frame}
    opened = _outcome(lambda: open_tables(frames, settings=DataSettings(max_rejected=1.0)))
    if isinstance(opened, Tables):
        opened.sql("SELECT count(*) FROM stage_deals")
    pd.testing.assert_frame_equal(frame, copy)


@st.composite
def damaged_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file of another kind, cut or with other bytes in places."""
    ending = draw(st.sampled_from([".csv", ".csv.gz", ".parquet", ".xlsx"]))
    content = bytearray(_good_file(ending))
    for _ in range(draw(st.integers(0, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return ending, bytes(content)


def damage_is_a_table_or_one_sentence(given: tuple[str, bytes]) -> None:
    """Damaged files open, or are refused in a sentence."""
    ending, content = given
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"deals{ending}"
        path.write_bytes(content)
        _outcome(lambda: open_tables(folder, settings=DataSettings(max_rejected=1.0)))


wrong = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.integers(2**40, 2**70), st.floats(), st.text(max_size=8),
        st.dates(), st.sampled_from(["won", "yes", "2026-10-31", "UTC", ".", "low", "deals.csv", "\x00", "../..", "USD"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=5,
)  # fmt: skip
sheets = st.dictionaries(st.sampled_from(sorted(sheet_keys())) | st.text(max_size=8), wrong, max_size=4)


def a_sheet_is_settings_or_one_sentence(keys: dict[str, Any]) -> None:
    """Any values under any keys are settings, or are refused in a sentence."""
    raw: dict[str, Any] = {}
    for key, value in keys.items():
        *parents, last = key.split(".")
        section = raw
        for part in parents:
            section = section[part] if isinstance(section.get(part), dict) else section.setdefault(part, {})
            if not isinstance(section, dict):
                section = {}
        section[last] = value
    outcome = _outcome(lambda: check_sheet(raw, folder=Path()), expected=SheetError)
    assert str(outcome) == str(_outcome(lambda: check_sheet(raw, folder=Path()), expected=SheetError))


_SHEET_TEXT = SHEET + '[tiers]\nlabels = ["a", "b"]\n[report]\ncompany = "Ärmel"\napproval = true\n[features]\n'
edits = st.lists(
    st.tuples(
        st.integers(0, len(_SHEET_TEXT)),
        st.integers(0, 4),
        st.sampled_from(
            ["", "\n", '"', "'", "[", "]", "[[", "{", "=", ",", "\\", "\\u", "#", "1", "-", ".", "x", "\x00", "é"]
        )
        | st.text(max_size=3),
    ),
    min_size=1,
    max_size=4,
)


def an_edited_sheet_is_settings_or_one_sentence(changes: list[tuple[int, int, str]]) -> None:
    """A sheet somebody mistyped is read, or refused in a sentence."""
    text = _SHEET_TEXT
    for place, n, put in changes:
        text = text[:place] + put + text[place + n :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tierkit.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        _outcome(lambda: read_sheet(path), expected=SheetError)


PROPERTIES: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "what is read is what was written": (what_is_read_is_what_was_written, written_tables()),
    "bytes are a table or one sentence": (bytes_are_a_table_or_one_sentence, raw_bytes),
    "no row is lost": (no_row_is_lost, spoilt_tables()),
    "typed columns are read or refused": (typed_columns_are_read_or_refused, typed_tables()),
    "damage is a table or one sentence": (damage_is_a_table_or_one_sentence, damaged_files()),
    "a sheet is settings or one sentence": (a_sheet_is_settings_or_one_sentence, sheets),
    "an edited sheet is settings or one sentence": (an_edited_sheet_is_settings_or_one_sentence, edits),
}
"""By name: the property, and what it is asked of."""


def _outcome(work: Callable[[], Any], *, expected: type[TierkitError] = TableError) -> Any:
    """What the work gives, or the error of ours it ends in, whose sentence is held to what a sentence is."""
    try:
        return work()
    except expected as error:
        said = str(error)
        assert said.strip()
        assert not INSIDE.search(said), said
        return error


def _text_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame([{name: str(value) for name, value in row.items()} for row in rows], dtype="object")


def _same_tables(one: Tables, other: Tables) -> None:
    assert set(one.frames) == set(other.frames)
    for table, frame in one.frames.items():
        pd.testing.assert_frame_equal(frame, other.frames[table])


@cache
def _good_file(ending: str) -> bytes:
    rows = [dict(row) for row in good_tables()["deals"][:40]]
    frame = pd.DataFrame(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"deals{ending}"
        if ending == ".parquet":
            frame.to_parquet(path)
        elif ending == ".xlsx":
            frame.to_excel(path, index=False)
        else:
            frame.to_csv(path, index=False)
        return path.read_bytes()


assert tomllib.loads(_SHEET_TEXT)
