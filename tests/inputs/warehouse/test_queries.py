import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import SheetError, TableError
from tierkit.inputs.warehouse.queries import check_query, find_queries, read_query


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "select 1;\n\n",
        "select 1 ; ;",
        "SELECT 1; -- the end; really\n/* ; */",
        "-- who; where\n/* a /* nested ; */ comment */ SELECT ';', \"a;b\", $$;$$, $x$ ; $x$, E'it\\'s;' FROM t",
        "WITH d AS (SELECT 'into' AS word) SELECT * FROM d WHERE note LIKE '100%' AND day::date > '2026-01-01'",
        "(SELECT 1) UNION ALL (SELECT 2)",
        'SELECT deleted, updated_at, "update", insert_date, delete FROM deals',
        "SELECT 'a''b;c' AS x, arr[1:2]",
        "SELECT price$ FROM t",
    ],
)
def test_a_query_stands_as_it_was_written_but_for_its_semicolon(text):
    said = check_query(text, file="deals.sql")
    assert text == said or text.startswith(f"{said};")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no query"),
        (" ;\n", "holds no query"),
        ("-- nothing yet\n", "holds no query"),
        ("SELECT 1;\nSELECT 2", "line 1: holds more than one statement"),
        ("SELECT 1\n;;SELECT 2;", "line 2: holds more than one statement"),
        ("DELETE FROM deals", "must begin with SELECT or WITH, got 'DELETE'"),
        ("COPY deals TO PROGRAM 'sh'", "must begin with SELECT or WITH, got 'COPY'"),
        ("ATTACH 'x.db'", "must begin with SELECT or WITH, got 'ATTACH'"),
        ("{{ ref('deals') }}", "must begin with SELECT or WITH, got '{'"),
        ("-- fine\nSELECT *\nINTO copy FROM deals", "line 3: may only read, got 'INTO'"),
        ("WITH x AS (\n  DELETE FROM deals RETURNING *) SELECT * FROM x", "line 2: may only read, got 'DELETE FROM'"),
        ("WITH x AS (UPDATE deals SET acv = 0 RETURNING *) SELECT * FROM x", "may only read, got 'UPDATE DEALS'"),
        ("WITH x AS (SELECT 1) INSERT INTO deals SELECT * FROM x", "may only read"),
        ("WITH x AS (SELECT 1)\nMERGE INTO deals USING x", "may only read"),
        ("SELECT 'open", "line 1: ' is never closed"),
        ("SELECT 1\n/* a /* b */", "line 2: /\\* is never closed"),
        ("SELECT $$ open", r"\$\$ is never closed"),
        ("SELECT 1\0", "holds no query"),
    ],
)
def test_what_is_not_one_select_is_refused_with_its_line(text, said):
    with pytest.raises(TableError, match=f"deals.sql: .*{said}"):
        check_query(text, file="deals.sql")


_PIECES = [
    "SELECT ",
    "WITH ",
    "1",
    " ",
    ";",
    "'",
    '"',
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    "\n",
    "(",
    ")",
    "`",
    "E'",
    "\\",
    "into",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(lambda p: "".join(["SELECT 1", *p])) | st.text(max_size=40))
def test_any_text_is_a_query_or_one_sentence(text):
    with contextlib.suppress(TableError):
        said = check_query(text, file="deals.sql")
        assert text.startswith(said)
        # nothing is left behind the semicolon that a database would run
        assert check_query(said, file="deals.sql") == said


def test_files_are_found_by_the_names_of_tables_and_near_names_are_offered(tmp_path):
    for name in ("deals.sql", "Accounts.SQL", "activites.sql", "shared.sql", "notes.txt"):
        (tmp_path / name).write_text("SELECT 1")
    (tmp_path / "reps.sql").mkdir()
    found, notes = find_queries(tmp_path)
    assert {table: path.name for table, path in found.items()} == {"accounts": "Accounts.SQL", "deals": "deals.sql"}
    assert notes == [
        "activites.sql was not read: is it meant to be activities?",
        "shared.sql was not read: no table has this name",
    ]
    (tmp_path / "Deals.sql").write_text("SELECT 2")
    with pytest.raises(TableError, match="both named after 'deals'"):
        find_queries(tmp_path)


def test_a_folder_without_queries_says_what_would_be_one(tmp_path):
    with pytest.raises(SheetError, match="no such folder of SQL files"):
        find_queries(tmp_path / "sql")
    with pytest.raises(SheetError, match=r"no SQL file is named after a table \(name one a table: accounts.sql"):
        find_queries(tmp_path)
    (tmp_path / "dealz.sql").write_text("SELECT 1")
    with pytest.raises(SheetError, match=r"dealz.sql was not read: is it meant to be deals\?"):
        find_queries(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "deals.sql"
    path.write_bytes(b"\xff\xfeS\x00")
    with pytest.raises(TableError, match=r"deals\.sql: is not UTF-8"):
        read_query(path)
    path.write_bytes(b"\xef\xbb\xbfSELECT 1")
    assert read_query(path).text == "SELECT 1"
    path.write_bytes(b"SELECT 1" + b" " * 1_000_001)
    with pytest.raises(TableError, match="larger than a query can be"):
        read_query(path)
