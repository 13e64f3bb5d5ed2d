"""The readiness page: one file, in the look of the monthly page."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.export import link_contents, page_shell, write_page
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table
from tierkit.reporting.readiness.columns import figure_words, order_verdicts
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.evidence_part import show_dates, show_identity, show_minimums, show_repeats
from tierkit.reporting.readiness.look import Look
from tierkit.reporting.readiness.tables_part import show_coverage, show_doubts, show_missing, show_tables
from tierkit.reporting.readiness.verdict import say_verdict
from tierkit.reporting.sections.headlines import show_headlines
from tierkit.reporting.sections.limits import find_remedies

_COLUMNS = (
    Field("column", "Column", lead=True),
    Field("verdict_words", "Verdict", "label"),
    Field("figure_words", "Figure", "label"),
    Field("reason", "Why"),
    Field("known", "Known", "label"),
)
_VERDICTS = {
    "refused": "refused",
    "flagged": "used, but doubted",
    "not_available_at_scoring": "cannot be used",
    "ok": "used",
}
_KNOWN = {"dated": "as it was then", "static": "does not change", "unknown": "as it is today"}


def write_check_page(look: Look, doubts: Sequence[Doubt], path: Path) -> None:
    """Write the page: self-contained, the same bytes from the same inputs.

    Raises
    ------
    TableError : the folder of `path` is missing.
    """
    parts = [
        show_headlines(say_verdict(look, doubts)),
        show_doubts(doubts),
        show_minimums(look),
        _show_columns(look),
        _show_limits(look),
        show_tables(look),
        show_missing(look),
        show_dates(look),
        show_coverage(look),
        show_repeats(look),
        show_identity(look),
        _show_policy(look),
    ]
    body, contents = link_contents("\n".join(part.html for part in parts if part.html))
    html = page_shell(
        title=f"Readiness: {look.name}",
        heading="Can it run, and what will it be worth?",
        kicker=look.name,
        contents=contents,
        body=body,
    )
    write_page(html, path)


def _show_columns(look: Look) -> Fragment:
    verdicts = look.verdicts
    if verdicts is None:
        return Fragment("")
    rows = order_verdicts(verdicts)
    shown = rows.assign(
        verdict_words=rows["verdict"].map(_VERDICTS),
        figure_words=[figure_words(r, f) for r, f in zip(rows["rule"], rows["figure"], strict=True)],
        known=rows["known_when"].map(_KNOWN),
    )
    doubted = shown[shown["verdict"].isin(["refused", "flagged"])]
    rest = shown[~shown["verdict"].isin(["refused", "flagged"])]
    n = int((verdicts["verdict"] == "refused").sum())
    said = (
        f"{words.things(int(rows['verdict'].isin(['ok', 'flagged']).sum()), 'column')} may be used, "
        f"{words.count(n)} refused. An AUC is of two deals, one won and one not, the chance that the column alone puts "
        "the won one first: 0.5 is a coin, and above 0.85 an honest column is rare."
    )
    listed = table(doubted, _COLUMNS, caption="Columns refused or doubted, one row each", sortable=False)
    return section(
        "columns",
        "<h2>Which columns may be believed</h2>",
        paragraph(said),
        listed if len(doubted) else paragraph("None is refused or doubted."),
        folded(f"The other {words.things(len(rest), 'column')}", _list_rest(rest)) if len(rest) else "",
    )


def _list_rest(rest: pd.DataFrame) -> str:
    return table(rest, _COLUMNS, caption="Columns that may be used, and those that rows to be scored lack")


def _show_limits(look: Look) -> Fragment:
    if look.tables is None:
        return Fragment("")
    said = find_remedies(look.tables)
    if not look.tables.has("holdout"):
        said.append(
            (
                "Not that your effort causes wins: whom you work is chosen, by you or by the tiers.",
                "Carry out the randomised test a monthly run plans in holdout.csv, and give it back as a table.",
            )
        )
    items = "".join(f"<li>{paragraph(claim)}{paragraph(cure, 'more')}</li>" for claim, cure in said)
    return section("limits", "<h2>What cannot be claimed</h2>", f'<ul class="points">{items}</ul>')


def _show_policy(look: Look) -> Fragment:
    if not look.policy or look.tables is None:
        return Fragment("")
    first, *lines = look.policy
    if look.tables.data_through is None:
        # Without days nothing is in force or not: what counts those that are would count none.
        lines = [line for line in lines if not re.match(r"(Overrides|Trigger windows):", line)]
        first = "The tier policy:"
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return section("policy", "<h2>The tier policy in words</h2>", paragraph(first), f'<ul class="limits">{items}</ul>')
