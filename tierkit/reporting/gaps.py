"""Parts of the review that have nothing to show: taken out with their heading, and named in one list of limits."""

import copy
import re
from typing import Any

from tierkit.reporting.fragments import UNAVAILABLE

_HEADING = re.compile(r"^## +(.+)$", re.M)
_LIMITS = re.compile(r'(<section id="limits"[^>]*><ul class="limits">)(.*?)(</ul></section>)', re.S)


def gather_gaps(notebook: Any) -> Any:
    """A copy of an executed notebook in which no heading stands over "not available".

    A part, from one level-two heading to the next, whose every output is unavailable leaves; inside a part that has
    something to show, only the unavailable piece leaves. Each is named in the list of `show_limits`; a list of limits
    without an entry leaves too. A notebook without that list is handed back as it is.
    """
    if not any(_LIMITS.search(html) for cell in notebook.cells for html in _htmls(cell)):
        return notebook
    notebook = copy.deepcopy(notebook)
    parts: list[list[Any]] = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and _HEADING.search(cell.source):
            parts.append([])
        parts[-1].append(cell)
    gaps: list[str] = []
    kept = [part for part in parts if not _emptied(part, gaps)]
    for part in kept:
        for cell in part:
            _rewrite(cell, lambda html: _LIMITS.sub(lambda m: m[1] + m[2] + "".join(gaps) + m[3], html))
    notebook.cells = [cell for part in kept for cell in part if gaps or not _only_limits(part)]
    return notebook


def _emptied(part: list[Any], gaps: list[str]) -> bool:
    """Take the unavailable pieces out of a part and name them; whether nothing is left of it."""
    found = [gap for cell in part for html in _htmls(cell) for gap in UNAVAILABLE.finditer(html)]
    if not found:
        return False
    title = next((m[1] for cell in part if (m := _HEADING.search(cell.source))), "")
    for cell in part:
        _rewrite(cell, lambda html: UNAVAILABLE.sub("", html))
    empty = not any(html.strip() for cell in part for html in _htmls(cell))
    named = found[:1] if empty else found
    gaps += [f"<li><b>{title if empty else g['label'] or title}.</b> {_sentence(g['because'])}</li>" for g in named]
    return empty


def _only_limits(part: list[Any]) -> bool:
    """Whether a part is the list of limits and it has no entry."""
    found = [m for cell in part for html in _htmls(cell) if (m := _LIMITS.search(html))]
    return bool(found) and not any(m[2] for m in found)


def _sentence(because: str) -> str:
    return f"{because[0].upper()}{because[1:]}."


def _htmls(cell: Any) -> list[str]:
    return [output.data["text/html"] for output in cell.get("outputs", ()) if "text/html" in output.get("data", {})]


def _rewrite(cell: Any, change: Any) -> None:
    for output in cell.get("outputs", ()):
        if "text/html" in output.get("data", {}):
            output.data["text/html"] = change(output.data["text/html"])
