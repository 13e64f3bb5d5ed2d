"""An executed notebook as one self-contained page: no request leaves it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tierkit.errors import TableError, TierkitError
from tierkit.reporting.fragments import escape
from tierkit.reporting.gaps import gather_gaps
from tierkit.reporting.sections.smallprint import show_provenance

_TEMPLATES = Path(__file__).parent / "templates"
_REQUEST = re.compile(
    r"""(?:\b(?:src|href|xlink:href)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?)\s*(?:https?:)?//""", re.I
)


def export_page(
    notebook: Any,
    path: Path,
    *,
    title: str,
    hide_code: bool,
    provenance: Mapping[str, Any] | None = None,
    kicker: str = "",
) -> None:
    """Write an executed notebook as HTML through tierkit's own template.

    Parameters
    ----------
    notebook : an executed notebook, as nbformat holds it; its first level-one heading heads the page, level-two
        headings make the contents. Where it has a list of limits, parts without anything to show move there
        (`gather_gaps`).
    title : of the browser's tab.
    hide_code : leave out code and warnings: the page for people who do not read code.
    provenance : as `Provenance.as_dict` returns it, for the footer.
    kicker : the line above the heading, as "Acme Software, October 2026".

    Raises
    ------
    TierkitError : something in the notebook would make the page ask another address for a file.
    """
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="tierkit",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
        exclude_input=hide_code,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    body, _ = exporter.from_notebook_node(gather_gaps(notebook))
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, flags=re.S)
    if heading:
        body = body.replace(heading.group(0), "", 1)
    body, contents = link_contents(_link_cards(body))
    html = page_shell(
        title=title,
        heading=_text_of(heading.group(1)) if heading else title,
        kicker=kicker,
        contents=contents if hide_code else "",
        body=body,
        footer=show_provenance(provenance).html if provenance else "",
    )
    if near := _request(html):
        raise TierkitError(f"{path.name}: the page would ask another address for a file: {near!r}")
    path.write_text(html, encoding="utf-8")


def write_page(html: str, path: Path) -> None:
    """Write a page that a command was asked for (`--out`), whole or not at all.

    Raises
    ------
    TableError : the folder of `path` is missing.
    TierkitError : something in the page would ask another address for a file.
    """
    folder = path.resolve().parent
    if not folder.is_dir():
        raise TableError(f"{path}: there is no folder {folder} to write the page to (--out)")
    if near := _request(html):
        raise TierkitError(f"{path.name}: the page would ask another address for a file: {near!r}")
    beside = folder / f".{path.name}.new"
    beside.write_text(html, encoding="utf-8")
    os.replace(beside, path)


def _request(html: str) -> str:
    """Where the page would ask another address for a file; "" if nowhere. A name that only reads so is no request."""
    for outside in _REQUEST.finditer(html):
        before = html[: outside.start()]
        if before.rfind("<") > before.rfind(">") or before.rfind("<style") > before.rfind("</style"):
            return html[outside.start() : outside.start() + 90]
    return ""


def page_shell(*, title: str, heading: str, body: str, kicker: str = "", contents: str = "", footer: str = "") -> str:
    """A whole page around `body`; `body`, `contents` and `footer` are HTML, the rest is escaped here."""
    styles = sorted((_TEMPLATES / "tierkit").glob("*.css"), key=lambda p: (p.name != "page.css", p.name))
    css = "".join(p.read_text(encoding="utf-8") for p in styles)
    script = (_TEMPLATES / "tierkit" / "page.js").read_text(encoding="utf-8")
    over = f'<p class="kicker">{escape(kicker)}</p>' if kicker else ""
    foot = f'<footer class="foot">{footer}</footer>' if footer else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n<style>\n{css}</style>\n</head>\n<body>\n'
        '<a class="skip" href="#main">Skip to the content</a>\n'
        f'<header class="top">{over}<h1>{escape(heading)}</h1>{contents}</header>\n'
        f'<main id="main" tabindex="-1">\n{body}\n</main>\n{foot}\n<script>\n{script}</script>\n</body>\n</html>\n'
    )


def _link_cards(body: str) -> str:
    """The body without links to cards that are not on the page: their words stay."""
    cards = set(re.findall(r'\bid="(account-[^"]+)"', body))
    link = re.compile(r'<a href="#(account-[^"]+)">(.*?)</a>', re.S)
    return link.sub(lambda m: m[0] if m[1] in cards else m[2], body)


def link_contents(body: str) -> tuple[str, str]:
    """The body with an id on each level-two heading, and links to them."""
    links: list[str] = []

    def mark(heading: re.Match[str]) -> str:
        name = f"part-{len(links) + 1}"
        links.append(f'<li><a href="#{name}">{escape(_text_of(heading.group(1)))}</a></li>')
        return f'<h2 id="{name}">{heading.group(1)}</h2>'

    marked = re.sub(r"<h2[^>]*>(.*?)</h2>", mark, body, flags=re.S)
    return marked, f'<nav aria-label="On this page"><ul class="contents">{"".join(links)}</ul></nav>' if links else ""


def _text_of(inner: str) -> str:
    """The words of a heading without its markup."""
    import html

    return html.unescape(re.sub(r"<[^>]+>", "", inner)).strip()
