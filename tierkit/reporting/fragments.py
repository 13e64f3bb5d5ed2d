"""Pieces of the page: escaped text, tables that sort and reflow, notices."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from tierkit.reporting import words

MAX_ROWS = 5_000
"""Lists on the page stop here; the files hold every row."""

Kind = Literal["text", "money", "percent", "count", "number", "date", "tier"]


@dataclass(frozen=True)
class Fragment:
    """A piece of HTML that a notebook displays as it is; everything in it has been escaped."""

    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __add__(self, other: "Fragment") -> "Fragment":
        return Fragment(self.html + other.html)


@dataclass(frozen=True)
class Field:
    """One column of a table on the page."""

    column: str
    label: str
    kind: Kind = "text"
    lead: bool = False
    """Whether it names the row: it heads the card that the row becomes on a narrow screen."""


def escape(value: Any) -> str:
    """Text for HTML: nothing in it is markup; a figure stays with its per cent sign, an interval on its line."""
    text = re.sub(r"(\d) %", "\\1\u00a0%", html.escape(str(value), quote=True))
    return re.sub(r"\(([\d.]+)-([\d.]+)\)", "(\\1\u2011\\2)", text)


def anchor(account_id: Any) -> str:
    """The id of an account's card on the page; no two accounts share one.

    >>> anchor("A0001"), anchor("a b/ü")
    ('account-A0001', 'account-a_20_b_2f__fc_')
    """
    return "account-" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):x}_", str(account_id))


def section(name: str, *parts: str | Fragment, label: str | None = None) -> Fragment:
    """A part of the page under a stable id."""
    inner = "".join(p.html if isinstance(p, Fragment) else p for p in parts)
    aria = f' aria-label="{escape(label)}"' if label else ""
    return Fragment(f'<section id="{escape(name)}" class="part {escape(name)}"{aria}>{inner}</section>')


def unavailable(name: str, because: str, *, label: str | None = None) -> Fragment:
    """A part whose input is missing: one honest sentence, no figure."""
    return section(name, f'<p class="unavailable">Not available, because {escape(because)}.</p>', label=label)


UNAVAILABLE = re.compile(
    r'<section id="[^"]*" class="[^"]*"(?: aria-label="(?P<label>[^"]*)")?>'
    r'<p class="unavailable">Not available, because (?P<because>.*?)\.</p></section>',
    re.S,
)
"""What `unavailable` makes, so that the page can gather the sentences in one place."""


def paragraph(text: str, kind: str = "") -> str:
    """One escaped paragraph."""
    return f'<p class="{escape(kind)}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def say(value: Any, kind: Kind, currency: str = "USD") -> str:
    """A cell as people read it; not escaped."""
    if words.is_missing(value):
        return "not tiered" if kind == "tier" else "–"
    match kind:
        case "money":
            return words.money(value, currency)
        case "percent":
            return words.percent(value)
        case "count":
            return words.count(value)
        case "number":
            return words.number(value)
        case "date":
            return words.day(value)
        case "tier":
            return words.tier_name(value)
        case _:
            return str(value)


def table(
    frame: pd.DataFrame, fields: Sequence[Field], *, caption: str, currency: str = "USD", sortable: bool = True
) -> str:
    """A table whose headers sort it and whose rows become cards on a narrow screen.

    Parameters
    ----------
    frame : at least the columns of `fields`; the order of its rows is kept. Past `MAX_ROWS` the rest is counted.
    caption : what one row is, for people who hear the page.
    """
    shown = frame.head(MAX_ROWS)
    heads = "".join(_head(f, sortable) for f in fields)
    columns = [shown[f.column].tolist() for f in fields]
    rows = "".join(
        "<tr>" + "".join(_cell(v, f, currency) for v, f in zip(row, fields, strict=True)) + "</tr>"
        for row in zip(*columns, strict=True)
    )
    more = len(frame) - len(shown)
    rest = paragraph(f"{words.count(more)} more rows are in the files beside this page.", "more") if more else ""
    kind = "sortable" if sortable else "plain"
    return (
        f'<div class="table-wrap"><table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{rest}"
    )


def _head(field: Field, sortable: bool) -> str:
    numeric = "" if field.kind in ("text", "tier") else ' class="num"'
    if not sortable:
        return f'<th scope="col"{numeric}>{escape(field.label)}</th>'
    return f'<th scope="col" aria-sort="none"{numeric}><button type="button">{escape(field.label)}</button></th>'


def _cell(value: Any, field: Field, currency: str) -> str:
    text = escape(say(value, field.kind, currency))
    if field.lead:
        return f'<th scope="row" data-label="{escape(field.label)}">{text}</th>'
    if field.kind == "text":
        return f'<td data-label="{escape(field.label)}">{text}</td>'
    numeric = "" if field.kind == "tier" else ' class="num"'
    return f'<td{numeric} data-label="{escape(field.label)}" data-value="{_sort_value(value)}">{text}</td>'


def _sort_value(value: Any) -> str:
    if words.is_missing(value):
        return ""
    if isinstance(value, pd.Timestamp) or not isinstance(value, (int, float)):
        return escape(value)
    return repr(float(value))


def folded(summary: str, inner: str, *, prints: bool = True) -> str:
    """A part that opens on a click, and, unless it only repeats in full what stands above it, in print."""
    kind = ' class="prints"' if prints else ""
    return f"<details{kind}><summary>{escape(summary)}</summary><div>{inner}</div></details>"


def pairs(said: Iterable[tuple[str, Any]]) -> str:
    """Names and values, escaped, as the inside of a `dl`."""
    return "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in said)
