import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.inputs.days import days_of, find_day_order, read_days


def text(*cells):
    return pd.Series(cells, dtype="str")


def day(cell, **options):
    found = read_days(text(cell), **options).iloc[0]
    return None if pd.isna(found) else f"{found:%Y-%m-%d %H%M}"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31 23:59:59", "2026-01-31"),
        ("2026-01-31T23:30:00Z", "2026-01-31"),
        ("2026-01-31T23:30:00-05:00", "2026-02-01"),  # 04:30 UTC of the day after
        ("2026-02-01 00:30:00+0200", "2026-01-31"),  # 22:30 UTC of the day before
        ("2026/1/31", "2026-01-31"),
        ("20260131", "2026-01-31"),
        ("31.1.2026", "2026-01-31"),
        ("31/01/2026 14:05", "2026-01-31"),
        ("31 Jan 2026", "2026-01-31"),
        ("31-Jan-2026", "2026-01-31"),
        ("January 31, 2026", "2026-01-31"),
        ("Jan 31, 2026 11:30 PM +02:00", "2026-01-31"),
    ],
)
def test_read_days_reads_common_forms(cell, expected):
    assert day(cell) == f"{expected} 0000"


@pytest.mark.parametrize(
    "cell", ["soon", "2026-13-01", "31/31/2026", "2026-02-30", "0026-01-05", "45231", "31 Foo 2026"]
)
def test_read_days_leaves_other_text_missing(cell):
    assert day(cell) is None


def test_read_days_takes_the_order_of_day_and_month():
    assert day("03/04/2026", day_first=True) == "2026-04-03 0000"
    assert day("03/04/2026", day_first=False) == "2026-03-04 0000"
    # dots are written by people who put the day first
    assert day("03.04.2026", day_first=False) == "2026-04-03 0000"


def test_read_days_moves_naive_times_from_their_zone():
    # 00:30 in Berlin in January is 23:30 UTC of the day before; a date without a time stays
    cells = text("2026-01-31 00:30:00", "2026-01-31", "31.01.2026 00:30")
    assert read_days(cells, zone="Europe/Berlin").dt.day.tolist() == [30, 31, 30]


def test_read_days_takes_a_column_at_midnight_for_dates():
    cells = text("2026-01-31 00:00:00", "2026-02-01 00:00:00")
    assert read_days(cells, zone="Europe/Berlin").dt.day.tolist() == [31, 1]


def test_read_days_survives_a_clock_change():
    # 29 March 2026 02:30 does not exist in Berlin, 25 October 02:30 exists twice
    cells = text("2026-03-29 02:30:00", "2026-10-25 02:30:00")
    assert read_days(cells, zone="Europe/Berlin").dt.strftime("%m-%d").tolist() == ["03-29", "10-25"]


def test_days_of_typed_times():
    aware = pd.Series(pd.to_datetime(["2026-01-31 23:30"]).tz_localize("America/New_York"))
    assert days_of(aware).dt.strftime("%m-%d").tolist() == ["02-01"]
    naive = pd.Series(pd.to_datetime(["2026-01-31 00:30", None]))
    assert days_of(naive, zone="Europe/Berlin").dt.strftime("%m-%d").iloc[0] == "01-30"


def test_find_day_order():
    assert find_day_order(text("03/04/2026")).unsettled == "03/04/2026"
    assert find_day_order(text("03/04/2026", "25/12/2026")).day_first == "25/12/2026"
    assert find_day_order(text("03-04-2026", "12-25-2026")).month_first == "12-25-2026"
    # the same day either way
    assert find_day_order(text("05/05/2026", "2026-03-04", None)).unsettled is None


@given(st.dates(pd.Timestamp("1900-01-01").date(), pd.Timestamp("2200-12-31").date()))
def test_read_days_reads_back_what_was_written(date):
    cells = text(
        date.isoformat(), date.strftime("%d/%m/%Y"), date.strftime("%d %b %Y"), f"{date.isoformat()}T12:00:00Z"
    )
    assert read_days(cells).dt.date.tolist() == [date] * 4
