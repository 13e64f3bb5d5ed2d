import re
from pathlib import Path

import nbformat.v4 as nb
import pytest

from tests.reporting import example, rendered
from tests.reporting.test_fragments import read
from tierkit.errors import TierkitError
from tierkit.reporting.export import export_page
from tierkit.reporting.publish import hold_reports, open_publication, trace_run


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
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
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


needs_chromium = pytest.mark.skipif(rendered.CHROMIUM is None, reason="no Chromium on this machine")


@pytest.mark.page
@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_overflows(review: Path, width: int) -> None:
    assert rendered.overflows(review, width) == []


@pytest.mark.page
@needs_chromium
def test_the_measure_sees_what_overflows(tmp_path: Path) -> None:
    page = tmp_path / "wide.html"
    page.write_text('<!DOCTYPE html><body><p id="w" style="width:500px">x</p><p id="o">short</p></body>')
    assert rendered.overflows(page, 1280) == []
    assert any("p#w" in found for found in rendered.overflows(page, 390))


@pytest.mark.page
@needs_chromium
def test_a_click_on_a_header_sorts_and_the_slider_says_who_leaves(review: Path, tmp_path: Path) -> None:
    script = """<script>addEventListener("load", () => {
      const table = document.querySelector("#misses table"), head = table.tHead.rows[0].cells[4];
      const first = () => table.tBodies[0].rows[0].cells[4].textContent;
      const said = [];
      head.querySelector("button").click(); said.push(first() + head.ariaSort);
      head.querySelector("button").click(); said.push(first() + head.ariaSort);
      const slider = document.getElementById("size-slider");
      slider.value = 39; slider.dispatchEvent(new Event("input"));
      said.push(document.getElementById("size-said").textContent);
      document.title = said.join("|");
    });</script>"""
    page = tmp_path / "clicked.html"
    page.write_text(review.read_text(encoding="utf-8").replace("</body>", script + "</body>"), encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", rendered.dump_dom(page))
    assert title is not None
    up, down, slid = title.group(1).split("|")
    # unknown values stay last both ways; the misses won $50k, $60k, $70k
    assert up == "$50kascending"
    assert down == "$70kdescending"
    assert slid.startswith("39 accounts hold $")
    assert "Leave: " in slid


@pytest.mark.page
@needs_chromium
def test_the_index_across_months_fits_a_phone(tmp_path: Path) -> None:
    empty = example.pd.DataFrame({c: [] for c in ("table", "file", "sha256", "n_rows", "n_rejected")})
    for month in ("2026-09", "2026-10"):
        run = trace_run(month=month, as_of=f"{month}-30", seed=1, parameters={}, sources=empty)
        with hold_reports(tmp_path), open_publication(tmp_path, run) as publication:
            publication.publish(headline={"To decide": "Approve 40 Tier 1 accounts, 5 per rep.", "Tiers": "Tier 1 40"})
    assert rendered.overflows(tmp_path / "index.html", 390) == []
