import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.warehouse.results import Result

UTC = dt.UTC
DAY = dt.datetime.fromisoformat("2026-03-01")


def read(rows, names=("a",), part=2):
    """Rows through `Result` in parts of two, so that kinds must be joined."""
    result = Result(names, file="deals.sql")
    for i in range(0, len(rows), part):
        result.add_rows(rows[i : i + part])
    return result.to_raw(query="")


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["007", None, "0x"], "str", ["007", "0x"]),
        ([3, None, 2**60], "Int64", [3, 2**60]),
        ([2**63, 5, None], "str", ["5", "9223372036854775808"]),
        ([Decimal("1001"), Decimal("1002.00")], "Int64", [1001, 1002]),
        ([Decimal("12345678901234567890"), None], "str", ["12345678901234567890"]),
        ([Decimal("10.10"), 3, Decimal("NaN")], "float64", [3.0, 10.1]),
        ([1, 2, 0.5, float("nan")], "float64", [0.5, 1.0, 2.0]),
        ([True, None, False], "boolean", [False, True]),
        ([dt.date(2026, 3, 1), None], "datetime64[us]", [pd.Timestamp("2026-03-01")]),
        ([dt.date(2026, 3, 1), None, DAY.replace(hour=5)], "datetime64[us]", ["2026-03-01", "2026-03-01 05:00"]),
        (
            [dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))), None],
            "datetime64[us, UTC]",
            [pd.Timestamp("2026-02-28 22:30", tz="UTC")],
        ),
        ([1, 2, "x", Decimal("1.50"), 2.0], "str", ["1", "1.50", "2", "2", "x"]),
        (
            [dt.date(2026, 3, 1), dt.datetime(2026, 3, 1, tzinfo=UTC), True],
            "str",
            ["2026-03-01", "2026-03-01T00:00:00+00:00", "True"],
        ),
        ([["crm", "erp"], [], None], "str", ["", "crm;erp"]),
        ([b"\x01\xff", memoryview(b"a")], "str", ["01ff", "61"]),
        ([{"b": 1, "a": "é"}], "str", ['{"a": "é", "b": 1}']),
        ([uuid.UUID(int=1)], "str", ["00000000-0000-0000-0000-000000000001"]),
        ([None, None, None], "str", []),
    ],
)
def test_values_keep_what_they_say(values, dtype, expected):
    column = read([(value,) for value in values]).frame["a"]
    assert str(column.dtype) == dtype
    given = column.dropna()
    assert len(column) == len(values)
    if dtype.startswith("datetime"):
        assert given.tolist() == [pd.Timestamp(e) for e in expected]
    else:
        assert given.tolist() == expected


_CELLS = st.none() | st.integers(-(2**65), 2**65) | st.decimals(allow_infinity=False, places=2) | st.text(max_size=3)
_ZONES = st.sampled_from([UTC, dt.timezone(dt.timedelta(hours=2))])
_TIMES = st.datetimes(DAY, DAY + dt.timedelta(days=2))
_DAYS = st.none() | st.dates() | _TIMES | st.just(DAY) | st.datetimes(DAY, timezones=_ZONES)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(_CELLS, _DAYS, st.booleans() | st.sampled_from([0.5, 3.0, float("nan"), float("inf")])),
        min_size=1,
        max_size=12,
    ),
    st.data(),
)
def test_neither_the_order_of_rows_nor_the_parts_they_come_in_matter(rows, data):
    other = data.draw(st.permutations(rows))
    one = read(rows, ("a", "b", "c"), part=data.draw(st.integers(1, 5)))
    two = read(other, ("a", "b", "c"), part=data.draw(st.integers(1, 5)))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.sha256 == two.sha256


def test_the_hash_is_of_the_content():
    rows = [("a", 1), ("b", None)]
    same = read(rows, ("x", "y")).sha256
    others = [
        read([("a", 1), ("b", 0)], ("x", "y")),
        read([("a", "1"), ("b", None)], ("x", "y")),
        read([("a", 1), ("b", None), ("b", None)], ("x", "y")),
        read([("ab", 1), ("", None)], ("x", "y")),
        read([("a", 1), (None, None)], ("x", "y")),
        read(rows, ("x", "z")),
    ]
    assert len({same, *(other.sha256 for other in others)}) == 7


def test_money_is_the_number_its_digits_say():
    digits = [f"{v:.2f}" for v in np.random.default_rng(5).lognormal(10, 2, 3000)]
    column = read([(Decimal(d),) for d in digits], part=100).frame["a"]
    assert column.tolist() == sorted(map(float, digits))


def test_a_result_without_rows_and_one_with_repeated_names_are_refused():
    with pytest.raises(TableError, match=r"deals\.sql: the query found no row"):
        read([])
    with pytest.raises(TableError, match=r"two columns of the result are called 'id' \(name one with AS\)"):
        Result(["id", "x", "id"], file="deals.sql")
