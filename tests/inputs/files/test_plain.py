import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.files import delimited, plain

PLAIN = ["", "a", "1", " x ", "é", "日", "a b", "#", "'", "\\", "NA", "null", "1,5", "copyright (c) salesforce"]
CELLS = st.sampled_from([*PLAIN, '"', '"q"', "x\ry", "\0", "\x0b", "\x1c", "\u2028", "\ufeff"])
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=0, max_size=6)
ENDINGS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


def reading(content: bytes):
    try:
        read = delimited.read_delimited(content, file="deals.csv")
    except TableError as error:
        return str(error)
    return read


def both_ways(content: bytes):
    """The file read with care, and as a long file would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LEAST_BYTES", 10**12)
        slow = reading(content)
        patch.setattr(delimited, "LEAST_BYTES", 0)
        return slow, reading(content)


@settings(max_examples=400, deadline=None)
@given(
    header=st.lists(CELLS, min_size=1, max_size=3),
    rows=ROWS,
    mark=st.sampled_from([",", ";", "\t", "|"]),
    ending=ENDINGS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    last=st.booleans(),
)
@example([" a", "b"], [["1", "2"], ["", ""]], ",", "\n", "utf-8", True)
@example(["a", "b"], [["1", "2"], ["copyright (c) salesforce", ""]], ",", "\n", "utf-8", True)
@example(["a", "a"], [["1", "2"], ["3", "3"]], ";", "\r\n", "utf-8-sig", False)
def test_a_long_file_reads_as_a_short_one(header, rows, mark, ending, encoding, last):
    text = ending.join(mark.join(row) for row in [header, *rows]) + (ending if last else "")
    slow, fast = both_ways(text.encode(encoding, errors="replace"))
    if isinstance(slow, str):
        assert fast == slow
        return
    assert fast.notes == slow.notes
    pd.testing.assert_frame_equal(fast.frame, slow.frame)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_an_ordinary_file_is_read_at_once(mark):
    text = "\r\n".join(mark.join(row) for row in [["account_id", "kind"], ["007", ""], ["a b", "NA"]])
    header, table = plain.read_plain(text.encode(), mark, most=100)
    assert header == ["account_id", "kind"]
    assert table.to_pydict() == {"f0": ["007", "a b"], "f1": ["", "NA"]}


@pytest.mark.parametrize("odd", ['"', "\0", "\x0b", "\r"])
def test_anything_odd_is_left_to_the_careful_reading(odd):
    assert plain.read_plain(f"a,b\n1,x{odd}y\n2,3\n".encode(), ",", most=100) is None


def test_a_cell_longer_than_the_careful_reading_takes_is_refused_alike():
    slow, fast = both_ways(("a,b\n1," + "x" * 1_200_000 + "\n").encode())
    assert isinstance(slow, str)
    assert slow == fast
