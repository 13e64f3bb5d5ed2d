import re
from pathlib import Path

import nbformat.v4 as nb
import pytest

from tests.reporting import example
from tests.reporting.test_fragments import read
from tierkit.errors import TierkitError
from tierkit.reporting.export import export_page


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.write_page(tmp_path_factory.mktemp("page"))


def write(folder: Path, *cells: object, hide_code: bool = False) -> str:
    path = folder / "n.html"
    export_page(nb.new_notebook(cells=list(cells)), path, title="T", hide_code=hide_code)
    return path.read_text(encoding="utf-8")


def code(source: str, *outputs: object) -> object:
    return nb.new_code_cell(source, outputs=list(outputs), execution_count=1)


def test_the_page_holds_every_part_and_its_heading(review: Path) -> None:
    html = review.read_text(encoding="utf-8")
    for name in example.make_sections():
        assert len(re.findall(rf'<section[^>]*\bid="{name}"', html)) == 1, name
    assert html.count("<h1>") == 1
    assert "Which accounts get our best work in November</h1>" in html
    links = re.findall(r'<a href="#(part-\d+)">', html)
    assert links
    assert all(f'<h2 id="{link}">' in html for link in links)


def test_no_request_leaves_the_page_and_no_code_is_on_it(review: Path) -> None:
    html = review.read_text(encoding="utf-8")
    assert not re.search(r'<[^>]*(?:src|href)="(?:https?:)?//', html)
    assert "http" not in re.sub(r"<title>.*?</title>", "", html)
    assert "page.show_" not in html
    assert len(html) < 1_500_000


def test_the_footer_says_what_made_the_page(review: Path) -> None:
    foot = review.read_text(encoding="utf-8").split('<footer class="foot">')[1]
    for needed in ("3f9c21ab07de", "31 Oct 2026", "0123456789ab", "9a9a9a9a9a9a9a9a", "lightgbm 4.7.0", "20261031"):
        assert needed in foot


def test_tags_open_and_close(review: Path) -> None:
    html = review.read_text(encoding="utf-8")
    for tag in ("section", "details", "table", "figure", "div", "svg", "ol", "ul", "dl", "main", "footer"):
        assert len(re.findall(rf"<{tag}[\s>]", html)) == html.count(f"</{tag}>"), tag
    assert "script" in read(html).tags


def test_every_kind_of_output_is_shown(tmp_path: Path) -> None:
    html = write(
        tmp_path,
        nb.new_markdown_cell("# Question\n\nAnswer *so*."),
        code("1", nb.new_output("execute_result", {"text/plain": "result-of-cell"}, execution_count=1)),
        code("2", nb.new_output("display_data", {"text/html": "<b>shown</b>", "text/plain": "no"})),
        code("3", nb.new_output("stream", name="stdout", text="said")),
        code("4", nb.new_output("stream", name="stderr", text="warned")),
        code("5", nb.new_output("display_data", {"image/png": "aGk="})),
        code("6", nb.new_output("error", ename="E", evalue="v", traceback=["failed <here>"])),
    )
    for needed in ("result-of-cell", "<b>shown</b>", "said", "warned", "data:image/png;base64,aGk=", "failed &lt;here"):
        assert needed in html
    assert "<em>so</em>" in html


def test_hidden_code_takes_warnings_with_it_and_leaves_results(tmp_path: Path) -> None:
    html = write(
        tmp_path,
        code(
            "secret_source()",
            nb.new_output("stream", name="stderr", text="/some/path warned"),
            nb.new_output("execute_result", {"text/html": "<p>kept</p>"}, execution_count=1),
        ),
        hide_code=True,
    )
    assert "secret_source" not in html
    assert "/some/path" not in html
    assert "<p>kept</p>" in html


@pytest.mark.parametrize(
    "outside",
    ['<script src="https://cdn.example/x.js"></script>', '<img src="//x/y.png">', "<p style='b:url(http://a)'>"],
)
def test_a_page_that_would_ask_elsewhere_is_refused(tmp_path: Path, outside: str) -> None:
    with pytest.raises(TierkitError, match="another address"):
        write(tmp_path, code("x", nb.new_output("display_data", {"text/html": outside})))


def test_a_name_that_only_reads_like_a_request_is_shown(tmp_path: Path) -> None:
    html = write(tmp_path, code("x", nb.new_output("display_data", {"text/html": "<p>src=//x url(//y) http://z</p>"})))
    assert "<p>src=//x url(//y) http://z</p>" in html


def test_links_lead_only_to_cards_that_are_on_the_page(tmp_path: Path) -> None:
    listed = '<a href="#account-A1">One</a> <a href="#account-A2">Two</a> <details id="account-A1"></details>'
    html = write(tmp_path, code("x", nb.new_output("display_data", {"text/html": listed})))
    assert '<a href="#account-A1">One</a> Two <details' in html
