"""Parts without anything to show leave the page and are named once."""

import nbformat.v4 as nb

from tierkit.reporting.fragments import Fragment, section, unavailable
from tierkit.reporting.gaps import gather_gaps
from tierkit.reporting.sections.limits import show_limits


def shown(*fragments: Fragment) -> object:
    html = "".join(f.html for f in fragments)
    return nb.new_code_cell("", outputs=[nb.new_output("display_data", data={"text/html": html})])


def page(*cells: object) -> str:
    gathered = gather_gaps(nb.new_notebook(cells=list(cells)))
    return "\n".join(
        cell.source if cell.cell_type == "markdown" else "".join(o.data["text/html"] for o in cell.outputs)
        for cell in gathered.cells
    )


def heading(text: str) -> object:
    return nb.new_markdown_cell(f"## {text}")


LIMITS = (heading("What this page cannot say"), shown(show_limits(["No dates."])))


def test_a_part_without_anything_leaves_with_its_heading_and_its_prose_and_is_named():
    html = page(
        heading("Kept"),
        shown(section("a", "<p>x</p>")),
        heading("Do we?"),
        nb.new_markdown_cell("prose of the part"),
        shown(unavailable("b", "no activities were given")),
        *LIMITS,
    )
    assert "## Kept" in html
    assert "## Do we?" not in html
    assert "prose of the part" not in html
    assert "<li>No dates.</li><li><b>Do we?</b> No activities were given.</li></ul>" in html


def test_a_piece_leaves_alone_where_its_part_has_more_to_show():
    html = page(
        heading("Does it work"),
        shown(section("a", "<p>x</p>"), unavailable("b", "there are no bookings", label="Bookings")),
        *LIMITS,
    )
    assert "## Does it work" in html
    assert "<p>x</p>" in html
    assert "Not available" not in html
    assert "<li><b>Bookings.</b> There are no bookings.</li>" in html


def test_without_gaps_an_empty_list_of_limits_leaves_too():
    html = page(heading("Kept"), shown(section("a", "<p>x</p>")), heading("Limits"), shown(show_limits([])))
    assert "## Kept" in html
    assert "Limits" not in html


def test_a_notebook_without_a_list_stays_as_it_is():
    html = page(heading("Do we?"), shown(unavailable("b", "no activities were given")))
    assert "## Do we?" in html
    assert "Not available, because no activities were given." in html
