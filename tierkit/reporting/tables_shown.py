"""Frames as tables for reading: heads in words, figures rounded as people say them, a caption with how many rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.catalog import feature_of
from tierkit.reporting import words
from tierkit.reporting.column_words import INTERVALS, Head, Written, code_words, head_of
from tierkit.reporting.fragments import Fragment, escape, paragraph, say

MISSING = "–"
_UNBROKEN = "\u00a0"

_RIGHT: tuple[Written, ...] = ("money", "percent", "count", "number", "three", "chance")


def show_table(
    frame: pd.DataFrame | None,
    *,
    title: str,
    name: str,
    caption: str = "",
    columns: Sequence[str] | None = None,
    heads: Mapping[str, tuple[str, Written]] | None = None,
    currency: str = "USD",
    most: int = 30,
) -> Fragment:
    """A frame as a table for reading, made by great_tables; the frame itself stays as it is.

    Parameters
    ----------
    frame : shown in its order, a named index first; None or empty gives one sentence instead of a table.
    name : unique in the notebook; ids in the table start with it, so that the same rows give the same bytes.
    caption : below the table; after it, how many rows there are beyond those shown.
    columns : which columns, in this order; those the frame lacks are left out.
    heads : label and way of writing of columns, instead of those of `column_words.HEADS`.
    most : rows shown.

    The two ends of an interval (`column_words.INTERVALS`) become one column. Everything is escaped; nothing is asked of
    another address.

    Raises
    ------
    TableError : none of `columns` is in the frame.
    """
    if frame is None or frame.empty:
        return Fragment(paragraph(f"{title}: nothing to show.", "more"))
    rows = frame.reset_index() if any(n is not None for n in frame.index.names) else frame
    wanted = [c for c in rows.columns if columns is None] if columns is None else [c for c in columns if c in rows]
    if not wanted:
        raise TableError(f"{title}: the table has none of {', '.join(map(str, columns or ()))}")
    shown = rows[wanted].head(most)
    told: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    right = []
    for label, cells, is_figure in _written(shown, dict(heads or {}), currency):
        key = f"c{len(told)}"
        told[key], labels[key] = cells, label
        right += [key] if is_figure else []
    left_out = len(rows) - len(shown)
    more = f"The first {words.count(len(shown))} of {words.count(len(rows))} rows." if left_out else ""
    return Fragment(_lay_out(told, labels, right, title=title, name=name, note=f"{caption} {more}".strip()))


def _written(
    shown: pd.DataFrame, heads: Mapping[str, tuple[str, Written]], currency: str
) -> list[tuple[str, list[str], bool]]:
    """Label, cells and whether they are figures, of each column; an interval takes the place of its lower end."""
    ends = {high: None for low, high in INTERVALS if {low, high} <= set(shown.columns)}
    lows = {low: (high, label) for (low, high), label in INTERVALS.items() if high in ends}
    out, around = [], Head("", "three")
    for column in shown.columns:
        head = Head(*heads[column]) if column in heads else head_of(str(column), shown[column])
        if column in ends:
            continue
        if column in lows:
            high, label = lows[column]
            written = heads[column][1] if column in heads else around.written
            bounds = zip(shown[column], shown[high], strict=True)
            cells = [_between(a, b, written, currency) for a, b in bounds]
            out.append((heads[column][0] if column in heads else label, cells, True))
            continue
        if head.written in _RIGHT and head.written != "count":
            # An interval is written as the figure before it.
            around = head
        cells = [write(v, head.written, currency) for v in shown[column]]
        if head.written in _RIGHT or head.written == "tier":
            cells = [cell.replace(" ", _UNBROKEN) for cell in cells]
        out.append((head.label, cells, head.written in _RIGHT))
    return out


def _between(low: Any, high: Any, written: Written, currency: str) -> str:
    if words.is_missing(low) and words.is_missing(high):
        return MISSING
    return f"{write(low, written, currency)} to {write(high, written, currency)}".replace(" ", _UNBROKEN)


def write(value: Any, written: Written, currency: str = "USD") -> str:
    """A value as people read it, not escaped; missing as a dash.

    >>> write(0.1234, "percent"), write(0.66399, "three"), write(7e-9, "chance"), write(float("nan"), "money")
    ('12 %', '0.664', 'under 0.001', '–')
    >>> write("1+2 vs 3", "tier"), write(True, "flag"), write("employees", "feature")
    ('Tiers 1 and 2 over Tier 3', 'yes', 'headcount')
    """
    if words.is_missing(value):
        return MISSING
    if isinstance(value, str) and written in _RIGHT:
        written = "code"
    match written:
        case "money" | "percent" | "count" | "date":
            return say(value, written, currency)
        case "number":
            return _figure(value)
        case "three":
            return f"{round(float(value), 3) + 0.0:,.3f}"
        case "chance":
            return "under 0.001" if float(value) < 0.001 else f"{float(value):.3f}"
        case "flag":
            return "yes" if bool(value) else "no"
        case "tier":
            return " over ".join(words.tier_name(part) for part in str(value).split(" vs "))
        case "feature":
            return feature_of(str(value)).label
        case "field":
            return words.field_name(value)
        case "code":
            return code_words(str(value))
        case _:
            return str(value)


def _figure(value: Any) -> str:
    """As many digits after the point in a whole column: `words.number` drops zeros, which is right in a sentence."""
    if float(value) == 0 or isinstance(value, (int, np.integer)):
        return words.count(value)
    size = abs(float(value))
    return f"{float(value):,.{0 if size >= 100 else 1 if size >= 10 else 2}f}"


def _lay_out(
    told: Mapping[str, list[str]], labels: Mapping[str, str], right: list[str], *, title: str, name: str, note: str
) -> str:
    from great_tables import GT, html

    table = (
        GT(pd.DataFrame({k: pd.Series(v, dtype="object") for k, v in told.items()}), id=name)
        # Escaped here: great_tables reads markup in labels and notes that are plain text.
        .cols_label(cases={key: html(escape(label)) for key, label in labels.items()})
        .cols_align("left")
        .cols_align("right", columns=right)
        .tab_header(title=html(f"<strong>{escape(title)}</strong>"))
        .tab_options(
            heading_align="left",
            heading_title_font_size="15px",
            heading_border_bottom_style="none",
            table_font_size="14px",
            table_font_color="#1d2a36",
            table_border_top_style="none",
            table_border_bottom_style="none",
            column_labels_font_size="13px",
            column_labels_border_top_style="none",
            column_labels_border_bottom_color="#5c6a77",
            column_labels_border_bottom_width="1px",
            table_body_border_bottom_color="#dde2e7",
            table_body_border_bottom_width="1px",
            table_body_hlines_color="#dde2e7",
            source_notes_font_size="13px",
            data_row_padding="5px",
            data_row_padding_horizontal="9px",
            column_labels_padding_horizontal="9px",
            heading_padding_horizontal="9px",
            source_notes_padding_horizontal="9px",
            container_padding_x="0px",
            table_margin_left="0px",
        )
    )
    if note:
        table = table.tab_source_note(html(escape(note)))
    return _own_style(str(table.as_raw_html()), name)


def _own_style(drawn: str, name: str) -> str:
    """The table with those rules alone that it uses, each bound to it: great_tables writes some for every table."""
    style, sep, body = drawn.partition("</style>")
    used = set(re.findall(r"gt_\w+", body))
    opening, _, rules = style.partition("<style>")
    kept = []
    for selectors, rule in re.findall(r"([^{}]+)(\{[^{}]*\})", rules):
        if (of := re.search(r"\.(gt_\w+)", selectors)) and of[1] not in used:
            continue
        bound = ", ".join(f"#{name} {part.strip().removeprefix(f'#{name} ')}" for part in selectors.split(","))
        kept.append(f"{bound} {' '.join(rule.split())}")
    return "\n".join([f"{opening}<style>", *kept, sep + body])
