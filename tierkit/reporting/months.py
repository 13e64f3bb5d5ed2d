"""The index across months: trends, then each month with its headline figures and a link to its page."""

import os
import re
from pathlib import Path
from typing import Any

from tierkit.errors import TierkitError
from tierkit.reporting import words
from tierkit.reporting.export import page_shell
from tierkit.reporting.fragments import escape
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.month_figures import read_month_figures
from tierkit.reporting.sections.trends import show_trends

_FIRST = ("To decide", "Does it work", "Not shown")
"""Headline sentences, in the order of the page; other figures follow."""

_FAILED = ".failed"


def write_index(reports: Path) -> Path:
    """Write reports/index.html over every published month, the newest first; its path.

    Shows trends of what each month's files say, the figures of each manifest's `headline` mapping, and months whose
    audit stopped them.
    """
    months = sorted((p for p in reports.iterdir() if re.fullmatch(r"\d{4}-\d{2}(\.failed)?", p.name)), reverse=True)
    months = [p for p in months if (p / "manifest.json").is_file()]
    items = "".join(_item(p) for p in months)
    listed = f'<h2>Each month</h2><ol class="months">{items}</ol>'
    body = _trends(months) + listed if items else "<p>No month has been published yet.</p>"
    html = page_shell(title="Tier reviews", heading="Tier reviews, month by month", body=body)
    path = reports / "index.html"
    beside = reports / ".index.html.new"
    beside.write_text(html, encoding="utf-8")
    os.replace(beside, path)
    return path


def _trends(months: list[Path]) -> str:
    published = [p for p in months if not p.name.endswith(_FAILED)]
    stopped = {p.name.removesuffix(_FAILED) for p in months if p.name.endswith(_FAILED)} - {p.name for p in published}
    shown = show_trends(read_month_figures(published), stopped=sorted(stopped)).html
    return f"<h2>How it went</h2>{shown}" if shown else ""


def _item(folder: Path) -> str:
    try:
        manifest = read_manifest(folder)
    except TierkitError:
        unreadable = "its manifest cannot be read: see `tierkit verify`"
        return f"<li><h3>{escape(folder.name)} <em>{escape(unreadable)}</em></h3></li>"
    month = escape(words.month_name(str(manifest["month"])))
    stopped = " <em>stopped by the audit; the month before stays valid</em>" if manifest.get("failed") else ""
    headline = manifest.get("headline", {})
    told = [k for k in _FIRST if k in headline] + sorted(set(headline) - set(_FIRST))
    figures = "".join(
        f"<div><dt>{escape(k)}</dt><dd>{escape(_say(v))}</dd></div>" for k, v in ((k, headline[k]) for k in told)
    )
    page = folder / "index.html"
    name = f'<a href="{escape(folder.name)}/index.html">{month}</a>' if page.is_file() else month
    run = f'<p class="run">run {escape(manifest["run_id"])}, as of {escape(words.day(manifest["as_of"]))}</p>'
    return f"<li><h3>{name}{stopped}</h3><dl>{figures}</dl>{run}</li>"


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.number(value) if isinstance(value, float) else str(value)
