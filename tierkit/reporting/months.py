"""The index across months: one line each, headline figures, a link to the page."""

import os
import re
from pathlib import Path
from typing import Any

from tierkit.errors import TierkitError
from tierkit.reporting import words
from tierkit.reporting.export import page_shell
from tierkit.reporting.fragments import escape
from tierkit.reporting.manifest import read_manifest

_FIRST = ("To decide", "Does it work", "Not shown")
"""Headline sentences, in the order of the page; other figures follow."""


def write_index(reports: Path) -> Path:
    """Write reports/index.html over every published month, the newest first; its path.

    Shows the figures of each manifest's `headline` mapping, and months whose audit stopped them.
    """
    months = sorted((p for p in reports.iterdir() if re.fullmatch(r"\d{4}-\d{2}(\.failed)?", p.name)), reverse=True)
    items = "".join(_item(p) for p in months if (p / "manifest.json").is_file())
    body = f'<ol class="months">{items}</ol>' if items else "<p>No month has been published yet.</p>"
    html = page_shell(title="Tier reviews", heading="Tier reviews, month by month", body=body)
    path = reports / "index.html"
    beside = reports / ".index.html.new"
    beside.write_text(html, encoding="utf-8")
    os.replace(beside, path)
    return path


def _item(folder: Path) -> str:
    try:
        manifest = read_manifest(folder)
    except TierkitError:
        unreadable = "its manifest cannot be read: see `tierkit verify`"
        return f"<li><h2>{escape(folder.name)} <em>{escape(unreadable)}</em></h2></li>"
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
    return f"<li><h2>{name}{stopped}</h2><dl>{figures}</dl>{run}</li>"


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.number(value) if isinstance(value, float) else str(value)
