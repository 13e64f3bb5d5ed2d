"""Pieces of the page: escaped text, tables that sort and reflow, notices."""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from tierkit.reporting import words

MAX_ROWS = 5_000
"""Lists on the page stop here; the files hold every row."""

SEARCHED_FROM = 12
"""Lists of this many rows and more can be searched."""

Kind = Literal["text", "label", "money", "percent", "count", "number", "date", "tier"]
"""What a column holds; a label is a few words that stay on one line."""


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
    link: str = ""
    """The column of account_id whose card the text leads to; the link is dropped where the page has no such card."""


_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that would turn the direction of what follows."""


def escape(value: Any) -> str:
    """Text for HTML: nothing in it is markup; a figure stays with its per cent sign, an interval on its line."""
    text = re.sub(r"(\d) %", "\\1\u00a0%", html.escape(_UNSEEN.sub("", str(value)), quote=True))
    return re.sub(r"\(([\d.]+)-([\d.]+)\)", "(\\1\u2011\\2)", text)


def say_name(name: Any, *, card_of: Any = None) -> str:
    """A name from data as HTML: escaped, and written from right to left by itself where its letters are.

    Parameters
    ----------
    card_of : account_id; the name then leads to its card. A page drops links to cards it does not have.
    """
    text = escape(name)
    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in text):
        text = f"<bdi>{text}</bdi>"
    return text if words.is_missing(card_of) else f'<a href="#{anchor(card_of)}">{text}</a>'


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
    frame: pd.DataFrame,
    fields: Sequence[Field],
    *,
    caption: str,
    currency: str = "USD",
    sortable: bool = True,
    labelled: bool = True,
) -> str:
    """A table whose headers sort it, with a search box where it is long; rows become cards on a narrow screen.

    Parameters
    ----------
    frame : at least the columns of `fields`; the order of its rows is kept. Past `MAX_ROWS` the rest is counted.
    caption : what one row is, for people who hear the page.
    labelled : whether each cell carries its label for narrow screens; a list of thousands leaves that to the style.
    """
    shown = frame.head(MAX_ROWS)
    heads = "".join(_head(f, sortable) for f in fields)
    columns = [_cells(shown, f, currency, labelled=labelled) for f in fields]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*columns, strict=True))
    more = len(frame) - len(shown)
    rest = paragraph(f"{words.count(more)} more rows are in the files beside this page.", "more") if more else ""
    kind = "sortable" if sortable else "plain"
    search = _search(caption) if sortable and len(shown) >= SEARCHED_FROM else ""
    return (
        f'<div class="table-wrap">{search}<table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{rest}"
    )


def _search(caption: str) -> str:
    """A box that the page's script shows and answers; without a script it stays hidden."""
    return (
        '<p class="search" hidden><label>Find in this list '
        f'<input type="search" autocomplete="off" aria-label="Find in this list: {escape(caption)}"></label> '
        '<output aria-live="polite"></output></p>'
    )


def _head(field: Field, sortable: bool) -> str:
    numeric = "" if field.kind in ("text", "label", "tier") else ' class="num"'
    if not sortable:
        return f'<th scope="col"{numeric}>{escape(field.label)}</th>'
    return f'<th scope="col" aria-sort="none"{numeric}><button type="button">{escape(field.label)}</button></th>'


def _cells(frame: pd.DataFrame, field: Field, currency: str, *, labelled: bool) -> list[str]:
    """The cells of one column."""
    values = frame[field.column].tolist()
    cards = frame[field.link].tolist() if field.link else [None] * len(values)
    label = f' data-label="{escape(field.label)}"' if labelled else ""
    return [_cell(v, card, field, currency, label) for v, card in zip(values, cards, strict=True)]


def _cell(value: Any, card: Any, field: Field, currency: str, label: str) -> str:
    text = say_name(say(value, field.kind, currency), card_of=card)
    if field.lead:
        return f'<th scope="row"{label}>{text}</th>'
    if field.kind == "text":
        return f"<td{label}>{text}</td>"
    if field.kind == "label":
        return f'<td class="label"{label}>{text}</td>'
    numeric = "" if field.kind == "tier" else ' class="num"'
    return f'<td{numeric}{label} data-value="{_sort_value(value)}">{text}</td>'


def _sort_value(value: Any) -> str:
    if words.is_missing(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:.9g}" if isinstance(value, (int, float)) else escape(value)


def folded(summary: str, inner: str, *, prints: bool = True) -> str:
    """A part that opens on a click, and, unless it only repeats in full what stands above it, in print."""
    kind = ' class="prints"' if prints else ""
    return f"<details{kind}><summary>{escape(summary)}</summary><div>{inner}</div></details>"


def pairs(said: Iterable[tuple[str, Any]]) -> str:
    """Names and values, escaped, as the inside of a `dl`."""
    return "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in said)
