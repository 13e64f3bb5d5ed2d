"""Pictures as SVG in the page: the same bytes from the same table, with a title and a caption in words."""

import io
import re
from typing import TYPE_CHECKING

from tierkit.reporting.fragments import Fragment, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SALT = "tierkit"
_CSS_PER_POINT = 1.2 * 96 / 72
"""Widest a picture is shown, in CSS pixels a point: a fifth over its natural size on a desk, less on a phone."""


def figure_svg(ax: "Axes", caption: str, *, name: str = "figure") -> Fragment:
    """The figure of `ax` as one inline SVG under its caption.

    Parameters
    ----------
    caption : what is drawn, in words; also the picture's title for those who hear the page.
    name : unique on the page; ids inside the SVG start with it, so that two pictures never share one.

    Byte-stable: fixed hash salt, no date, glyphs as paths.
    """
    import matplotlib as mpl

    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("ax belongs to no figure")
    raw = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": f"{_SALT}-{name}", "svg.fonttype": "path"}):
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = raw.getvalue().decode("utf-8")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{escape(name)}-", svg)
    size = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
    width = f"{float(size.group(1)) * _CSS_PER_POINT:.0f}" if size else "560"
    title = f"<title>{escape(caption)}</title>"
    svg = re.sub(r"<svg[^>]*>", lambda tag: _open_tag(tag.group(0)) + title, svg, count=1)
    return Fragment(
        f'<figure style="max-width:{width}px">{svg.strip()}<figcaption>{escape(caption)}</figcaption></figure>'
    )


def _open_tag(tag: str) -> str:
    """Say that it is a picture; drop the fixed size, so that it shrinks with the screen, and what HTML implies."""
    tag = re.sub(r'\s(?:width|height)="[^"]*"', "", tag)
    tag = re.sub(r'\sxmlns(?::xlink)?="[^"]*"', "", tag)
    return tag.replace("<svg", '<svg role="img"', 1)
