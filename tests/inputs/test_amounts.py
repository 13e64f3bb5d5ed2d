import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.inputs.amounts import find_marks, join_marks, read_numbers, read_plain_numbers


def text(*cells):
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("12", ".", 12),
        ("1,200.50", ".", 1200.5),
        ("$1,200", ".", 1200),
        ("USD 1,200.00", ".", 1200),
        ("1 200,50 €", ",", 1200.5),
        ("1.200,50", ",", 1200.5),
        ("1'200.50", ".", 1200.5),
        ("R$ 99,90", ",", 99.9),
        ("(1,200)", ".", -1200),
        ("-131769.0", ".", -131769),
        (".5", ".", 0.5),
        ("1e3", ".", 1000),
        ("1,20", ".", np.nan),
        ("1.20", ",", np.nan),
        ("soon", ".", np.nan),
        ("inf", ".", np.nan),
        ("12 to 15", ".", np.nan),
    ],
)
def test_read_numbers(cell, decimal, number):
    assert read_numbers(text(cell), decimal=decimal).tolist() == pytest.approx([number], nan_ok=True)


@pytest.mark.parametrize(
    ("cell", "mark"),
    [("12,5", ","), ("1.234,5", ","), ("1,234.5", "."), ("1,234,567", "."), ("1.234.567", ","), ("0.125", ".")],
)
def test_find_marks_settles(cell, mark):
    assert list(find_marks(text(cell)).votes) == [mark]


@pytest.mark.parametrize("cell", ["1,234", "12.345", "-999,000"])
def test_find_marks_leaves_what_may_be_both_unsettled(cell):
    assert find_marks(text(cell)).votes == {}
    assert find_marks(text(cell)).unsettled == cell


def test_find_marks_settles_thousands_of_whole_numbers():
    # 1,234 people are not 1.234 people
    assert list(find_marks(text("1,234"), whole=True).votes) == ["."]


def test_join_marks_lets_one_column_settle_another():
    assert list(join_marks([find_marks(text("1,234")), find_marks(text("0,5"))]).votes) == [","]


def test_read_plain_numbers_leaves_identifiers_text():
    assert read_plain_numbers(text("007", "12")) is None
    assert read_plain_numbers(text("1234567890123456")) is None
    assert read_plain_numbers(text("+4912345678")) is None
    assert read_plain_numbers(text("a", "1")) is None
    assert read_plain_numbers(text("1,234")) is None
    assert read_plain_numbers(text(None, None)) is None
    numbers = read_plain_numbers(text("0.5", None, "-3", "0"))
    assert numbers is not None
    assert numbers.tolist() == pytest.approx([0.5, np.nan, -3, 0], nan_ok=True)
    commas = read_plain_numbers(text("0,5", "1,234"))
    assert commas is not None
    assert commas.tolist() == [0.5, 1.234]


@given(st.integers(-(10**9), 10**9), st.sampled_from([".", ","]))
def test_read_numbers_reads_back_what_was_written(cents, decimal):
    written = f"{cents / 100:,.2f}"
    if decimal == ",":
        written = written.translate(str.maketrans(".,", ",."))
    assert read_numbers(text(written), decimal=decimal).tolist() == pytest.approx([cents / 100])
    assert set(find_marks(text(written)).votes) == {decimal}
