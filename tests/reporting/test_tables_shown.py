"""Tables for reading: escaped, self-contained, the same bytes from the same rows, in words."""

import re

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.reporting.export import _REQUEST
from tierkit.reporting.tables_shown import show_table, write

HOSTILE = ["<script>alert(1)</script>", "=cmd()", "\u202eevil", "x" * 200, "🦊", "", "**bold**", "{{x}}", "$a$"]


def shown(frame: pd.DataFrame, **how) -> str:
    return show_table(frame, **{"title": "A table", "name": "t", **how}).html


def cells_of(html: str) -> list[list[str]]:
    body = html[html.index("<tbody") : html.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in rows]


def heads_of(html: str) -> list[str]:
    return re.findall(r'<th [^>]*scope="col"[^>]*>(.*?)</th>', html)


def test_heads_are_words_figures_are_rounded_and_missing_is_a_dash():
    frame = pd.DataFrame(
        {"method": ["size_only", "logit"], "n": [1845, 1845], "auc": [0.49586, np.nan], "auc_low": [0.4652, np.nan]}
    ).assign(auc_high=[0.5264, np.nan], chosen=[False, True])
    html = shown(frame)
    assert heads_of(html) == ["ranked by", "n", "AUC", "interval", "used"]
    assert cells_of(html) == [
        ["company size alone", "1,845", "0.496", "0.465\u00a0to\u00a00.526", "no"],
        ["logit", "1,845", "–", "–", "yes"],
    ]


def test_an_interval_is_written_as_the_figure_before_it():
    frame = pd.DataFrame({"rate": [0.1029], "low": [0.0599], "high": [0.171]})
    assert cells_of(shown(frame)) == [["10\u00a0%", "6.0\u00a0%\u00a0to\u00a017\u00a0%"]]
    ratio = shown(frame, heads={"rate": ("times", "number")})
    assert cells_of(ratio) == [["0.10", "0.06\u00a0to\u00a00.17"]]
    assert heads_of(ratio) == ["times", "interval"]


def test_no_column_keeps_its_raw_name():
    frame = pd.DataFrame({"n_widgets_90d": [1], "first_seen": [pd.Timestamp("2026-10-31")]})
    html = shown(frame)
    assert heads_of(html) == ["widgets 90d", "first seen"]
    assert cells_of(html) == [["1", "31 Oct 2026"]]


def test_hostile_text_runs_nowhere():
    frame = pd.DataFrame({"name": HOSTILE, "<img src=x onerror=alert(1)>": range(len(HOSTILE))})
    html = shown(frame, title="<script>", caption="<script>alert(2)</script> & more")
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") == 3
    assert not _REQUEST.search(html)
    assert len(cells_of(html)) == len(HOSTILE)


def test_its_style_touches_no_other_table():
    html = shown(pd.DataFrame({"n": [1]}), caption="c")
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", style) for part in rule.split(",")]
    assert selectors
    assert all(part.startswith("#t ") for part in selectors)
    # What it uses is still styled.
    assert "#t .gt_row " in style
    assert "#t .gt_sourcenote " in style
    assert len(html) < 9_000


def test_same_rows_same_bytes_and_the_frame_stays():
    frame = pd.DataFrame({"tier": ["1+2 vs 3"], "share": [0.5]}, index=pd.Index([7], name="decile"))
    before = frame.copy()
    assert shown(frame) == shown(frame)
    assert cells_of(shown(frame)) == [["7", "Tiers\u00a01\u00a0and\u00a02\u00a0over\u00a0Tier\u00a03", "50\u00a0%"]]
    pd.testing.assert_frame_equal(frame, before)


def test_rows_left_out_are_counted():
    html = shown(pd.DataFrame({"n": range(40)}), most=5, caption="Said.")
    assert len(cells_of(html)) == 5
    assert "Said. The first 5 of 40 rows." in html


def test_nothing_to_show_is_a_sentence_and_no_such_column_an_error():
    assert show_table(None, title="Rates", name="r").html == '<p class="more">Rates: nothing to show.</p>'
    assert "nothing to show" in shown(pd.DataFrame({"n": []}))
    with pytest.raises(TableError, match="none of rate, low"):
        shown(pd.DataFrame({"n": [1]}), columns=["rate", "low"])


@pytest.mark.parametrize(
    ("value", "written", "said"),
    [
        (0.00001, "chance", "under 0.001"),
        (-0.0003, "three", "0.000"),
        (0.0, "number", "0"),
        (2.0, "number", "2.00"),
        (41_250, "money", "€41k"),
        ("all", "count", "all"),
        (pd.NA, "flag", "–"),
        ("n_inbound_90d", "feature", "inbound touches in the last 90 days"),
    ],
)
def test_a_value_is_written_as_people_read_it(value, written, said):
    assert write(value, written, "EUR") == said
