from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.reporting.fragments import MAX_ROWS, Field, escape, section, table, unavailable


class Reader(HTMLParser):
    """Collects tags and text, as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(st.text(max_size=60))
def test_escaped_text_is_text_and_nothing_else(text: str) -> None:
    reader = read(f"<p>{escape(text)}</p>")
    assert reader.tags == ["p"]


def test_a_name_that_is_markup_stays_a_name() -> None:
    name = '<script>alert("x")</script>'
    html = table(pd.DataFrame({"name": [name]}), [Field("name", "Account", lead=True)], caption="c")
    assert "script" not in read(html).tags
    assert name in read(html).text


def test_a_figure_stays_with_its_per_cent_sign() -> None:
    assert escape("won 3.6 % of deals") == "won 3.6\u00a0% of deals"


def test_table_keeps_the_order_of_rows_and_gives_sort_values() -> None:
    frame = pd.DataFrame({"who": ["B", "A"], "value": [41_250.0, None]})
    html = table(frame, [Field("who", "Who", lead=True), Field("value", "Value", "money")], caption="c")
    assert html.index(">B<") < html.index(">A<")
    assert 'data-value="41250">$41k<' in html
    assert 'data-value="">–<' in html
    assert html.count('aria-sort="none"') == html.count('<button type="button">') == 2


def test_lists_stop_at_the_limit_and_say_how_many_more() -> None:
    frame = pd.DataFrame({"who": [f"a{i}" for i in range(MAX_ROWS + 3)]})
    html = table(frame, [Field("who", "Who", lead=True)], caption="c")
    assert html.count("<tr>") == MAX_ROWS + 1  # and the header
    assert "3 more rows are in the files" in html


@pytest.mark.parametrize("part", [section("lift", "<p>x</p>"), unavailable("lift", "no deal is dated")])
def test_a_part_has_its_id_once(part) -> None:
    assert part.html.count('id="lift"') == 1
    assert part._repr_html_() == part.html


def test_what_is_missing_is_said_in_a_sentence() -> None:
    assert "Not available, because no deal is dated." in read(unavailable("lift", "no deal is dated").html).text
