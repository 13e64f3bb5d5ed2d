import pandas as pd
import pytest

from tierkit.inputs.coercion import as_text, coerce_table
from tierkit.inputs.contracts import CONTRACTS

DEALS, ACCOUNTS = CONTRACTS["deals"], CONTRACTS["accounts"]


def frame(**columns):
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pd.Series(["007", " 8 ", "", None], dtype="str"), ["007", "8", None, None]),
        (pd.Series([7.0, None]), ["7", None]),
        (pd.Series([7, 8]), ["7", "8"]),
        (pd.Series([7, None], dtype="Int64"), ["7", None]),
        (pd.Series([1.5, 2.0]), ["1.5", "2.0"]),
        (pd.Series(["a", 7.0, None, True], dtype="object"), ["a", "7", None, "True"]),
        (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series(pd.to_datetime(["2026-01-31 00:00", "2026-01-31 12:00"])), ["2026-01-31", "2026-01-31T12:00:00"]),
    ],
)
def test_as_text(cells, expected):
    text = as_text(cells)
    assert text.dtype == "str"
    assert [None if pd.isna(t) else t for t in text] == expected


def test_coerce_table_gives_every_kind():
    typed = coerce_table(
        ACCOUNTS,
        frame(
            account_id=["007", "8"],
            employees=["1,200", "12"],
            annual_revenue=["$1,200.50", ""],
            created_at=["2026-01-31", ""],
            is_customer=["Yes", "0"],
            mood=["good", ""],
            score=["1", "2.5"],
            plant=["007", "008"],
        ),
    )
    assert typed.frame["account_id"].tolist() == ["007", "8"]
    assert typed.frame["employees"].tolist() == [1200.0, 12.0]
    assert typed.frame["annual_revenue"].iloc[0] == 1200.5
    assert typed.frame["created_at"].iloc[0] == pd.Timestamp("2026-01-31")
    assert typed.frame["is_customer"].tolist() == [True, False]
    assert typed.frame["is_customer"].dtype == "boolean"
    assert typed.frame["mood"].isna().tolist() == [False, True]
    assert typed.frame["score"].tolist() == [1.0, 2.5]
    assert typed.frame["plant"].tolist() == ["007", "008"]
    assert typed.unreadable == {}
    assert typed.problems == ()


def test_coerce_table_takes_typed_columns_as_they_are():
    given = pd.DataFrame(
        {
            "account_id": [7.0, 8.0],
            "employees": [12.345, 3.0],
            "created_at": pd.to_datetime(["2026-01-31", None]),
            "is_customer": [True, False],
            "score": [1, 2],
        }
    )
    typed = coerce_table(ACCOUNTS, given)
    assert typed.frame["account_id"].tolist() == ["7", "8"]
    assert typed.frame["employees"].tolist() == [12.345, 3.0]
    assert typed.frame["score"].dtype == "float64"
    assert typed.frame["is_customer"].dtype == "boolean"
    assert typed.problems == ()


def test_coerce_table_finds_a_decimal_comma_and_says_so():
    # 12,5 settles it for the whole file, so 1,234 is 1.234
    typed = coerce_table(DEALS, frame(acv=["1,234", "5"], seats=["12,5", ""]))
    assert typed.frame["acv"].tolist() == [1.234, 5]
    assert typed.notes == ("numbers have a decimal comma, as in '12,5'",)


def test_coerce_table_stops_at_undeclared_ambiguity():
    unsaid = coerce_table(DEALS, frame(acv=["1,234"], opened_at=["03/04/2026"]))
    assert unsaid.problems == (
        "'acv' may be read in two ways, got '1,234' on line 0 (say decimal = \".\" or \",\" in "
        "tierkit.toml, [data.deals])",
        "'opened_at' may be read in two ways, got '03/04/2026' on line 0 "
        "(say day_first = true or false in tierkit.toml, [data.deals])",
    )
    both = coerce_table(DEALS, frame(acv=["1.234,5", "1,234.5"], opened_at=["25/12/2026", "12/25/2026"]))
    assert "both decimal marks, '1,234.5' on line 1 and '1.234,5' on line 0" in both.problems[0]
    assert "both orders of day and month, '25/12/2026' on line 0 and '12/25/2026' on line 1" in both.problems[1]


def test_coerce_table_obeys_what_is_declared():
    cells = frame(acv=["1,234", "x"], opened_at=["03/04/2026", "25/12/2026"])
    typed = coerce_table(DEALS, cells, decimal=",", day_first=False)
    assert typed.problems == ()
    assert typed.frame["acv"].iloc[0] == 1.234
    assert typed.frame["opened_at"].iloc[0] == pd.Timestamp("2026-03-04")
    # an order declared is kept to: 25 is no month
    assert {name: list(index) for name, index in typed.unreadable.items()} == {"acv": [1], "opened_at": [1]}


def test_coerce_table_lets_one_date_column_settle_another():
    typed = coerce_table(DEALS, frame(opened_at=["03/04/2026"], closed_at=["12/25/2026"]))
    assert typed.problems == ()
    assert typed.frame["opened_at"].iloc[0] == pd.Timestamp("2026-03-04")


def test_coerce_table_reads_words_for_nothing_as_empty_and_says_so():
    typed = coerce_table(ACCOUNTS, frame(country=["NA", "DE"], employees=["n/a", "5"]))
    assert typed.frame["employees"].isna().tolist() == [True, False]
    # NA is Namibia
    assert typed.frame["country"].tolist() == ["NA", "DE"]
    assert typed.unreadable == {}
    assert typed.notes == ("1 cell of 'employees' says 'n/a', and was read as empty",)


def test_coerce_table_mends_ids_written_as_numbers():
    typed = coerce_table(ACCOUNTS, frame(account_id=["1001", "1002"], parent_id=["1002.0", ""]))
    assert typed.frame["parent_id"].iloc[0] == "1002"
    assert "'parent_id' were written as numbers (1002.0)" in typed.notes[0]


def test_coerce_table_knows_allowed_values_in_any_case():
    typed = coerce_table(DEALS, frame(outcome=["Won", "LOST", "Loss"]))
    assert typed.frame["outcome"].tolist() == ["won", "lost", "Loss"]
