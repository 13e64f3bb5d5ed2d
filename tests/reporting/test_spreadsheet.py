from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tierkit.reporting.spreadsheet import guard, write_for_people


@given(st.text(max_size=30))
def test_no_guarded_text_starts_a_formula(text: str) -> None:
    guarded = guard(text)
    if guarded[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(guarded)  # then it is a number


def test_negative_numbers_stay_numbers() -> None:
    assert [guard(x) for x in ("-12.5", "+3e4", "-", "-1+2", -4.0)] == ["-12.5", "+3e4", "'-", "'-1+2", -4.0]


def test_written_files_are_guarded_whole_and_stable(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "=name": ["=HYPERLINK(1)", None],
            "tier": [1.0, None],
            "value": [-1234.56789, 2.0],
            "until": pd.to_datetime(["2026-11-29", None]),
        }
    )
    before = frame.copy()
    write_for_people(frame, tmp_path / "a" / "b.csv")
    assert (tmp_path / "a" / "b.csv").read_bytes() == (
        b"'=name,tier,value,until\n'=HYPERLINK(1),1,-1234.5679,2026-11-29\n,,2.0,\n"
    )
    pd.testing.assert_frame_equal(frame, before)
