import re

from tests.reporting import example
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.plots.proof import plot_effort, plot_tier_lift


def test_the_same_table_gives_the_same_bytes() -> None:
    first, again = (figure_svg(plot_tier_lift(example.make_lift()), "Win rate", name="lift").html for _ in range(2))
    assert first == again


def test_the_picture_has_a_role_a_title_and_a_caption() -> None:
    html = figure_svg(plot_effort(example.make_effort()), "Touches <by> tier", name="effort").html
    assert html.count('<svg role="img"') == 1
    assert "<title>Touches &lt;by&gt; tier</title>" in html
    assert "<figcaption>Touches &lt;by&gt; tier</figcaption>" in html
    assert "http" not in html


def test_pictures_on_one_page_share_no_id() -> None:
    ax = plot_effort(example.make_effort())
    one, two = figure_svg(ax, "c", name="one").html, figure_svg(ax, "c", name="two").html
    ids = [set(re.findall(r'\bid="([^"]+)"', html)) for html in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'href="#([^"]+)"', one)) | set(re.findall(r"url\(#([^)]+)\)", one))
    assert used
    assert used <= ids[0]
