"""The page's parts about tables: files and rows, rows set aside, notes, what is not given, how much is filled."""

from collections.abc import Sequence

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.look import Look
from tierkit.reporting.readiness.missing import find_missing

_FIRST_LINES = 3
_FILES = (
    Field("table", "Table", lead=True),
    Field("file", "File"),
    Field("n_rows", "Rows", "count"),
    Field("n_rejected", "Set aside", "count"),
)
_ASIDE = (
    Field("table", "Table", lead=True),
    Field("said", "Rule"),
    Field("n", "Rows", "count"),
    Field("lines", "First ones"),
)
_BUYS = (Field("name", "Not given", lead=True), Field("buys", "It would buy"))
_COVERAGE = (
    Field("label", "Field", lead=True),
    Field("table", "Table"),
    Field("n_known", "Known", "count"),
    Field("n", "Of", "count"),
    Field("share", "Share", "percent"),
    Field("share_year_ago", "A year before", "percent"),
)
_LEVELS = {"stops it": "Stops it", "weakens it": "Weakens it", "look at it": "Worth a look"}


def show_doubts(doubts: Sequence[Doubt]) -> Fragment:
    """What stops or weakens a run, a list for each level."""
    if not doubts:
        return section("doubts", "<h2>What stops or weakens it</h2>", paragraph("Nothing was found."))
    parts = []
    for level, heading in _LEVELS.items():
        of_level = [d for d in doubts if d.level == level]
        if not of_level:
            continue
        items = "".join(
            f"<li><p>{escape(d.what)}</p>{paragraph(d.repair, 'more') if d.repair else ''}</li>" for d in of_level
        )
        listed = f'<ol class="points">{items}</ol>'
        parts.append(f"<h3>{heading}</h3>{listed}" if level != "look at it" else folded(heading, listed))
    return section("doubts", "<h2>What stops or weakens it</h2>", *parts)


def show_tables(look: Look) -> Fragment:
    """Files, rows, rows set aside and what was read right but not as it stood."""
    opened = look.opened
    if opened is None:
        return Fragment("")
    parts = ["<h2>The tables</h2>"]
    if look.read:
        parts.append(paragraph(f"Columns were found by what CRMs customarily call them: {look.read}."))
    # The text of a query is a source of its own, but no table.
    files = opened.sources[~opened.sources["table"].str.startswith("query ")]
    if len(files):
        parts.append(table(files, _FILES, caption="One row per file", sortable=False))
    if len(opened.rejected):
        parts.append("<h3>Rows set aside</h3>")
        parts.append(table(_by_rule(opened.rejected), _ASIDE, caption="One row per table and rule", sortable=False))
    if opened.notes:
        items = "".join(f"<li>{escape(_sentence(note))}</li>" for note in opened.notes)
        parts.append(f'<h3>Read right, though not as it stood</h3><ul class="limits">{items}</ul>')
    return section("tables", *parts)


def show_missing(look: Look) -> Fragment:
    """What was not given, and what each would buy."""
    if look.tables is None:
        return Fragment("")
    missing = find_missing(look.tables, look.verdicts)
    heading = "<h2>What more would buy</h2>"
    if missing.empty:
        return section("missing", heading, paragraph("Every table and every key column was given."))
    parts = []
    for is_table, said in ((True, "Tables"), (False, "Columns")):
        if len(rows := missing[missing["is_table"] == is_table]):
            parts.append(table(rows, _BUYS, caption=f"{said} that were not given", sortable=False))
    return section("missing", heading, *parts)


def show_coverage(look: Look) -> Fragment:
    """How much of each field is filled, the worst first."""
    rows = look.coverage
    if rows is None or rows.empty:
        return Fragment("")
    heading = "<h2>How much is filled</h2>"
    short = rows[rows["share"] < 1]
    full = rows[rows["share"] == 1]
    parts = []
    if len(short):
        named = short.assign(label=[_label(t, f) for t, f in zip(short["table"], short["field"], strict=True)])
        shown = _COVERAGE if named["share_year_ago"].notna().any() else _COVERAGE[:-1]
        parts.append(table(named, shown, caption="One row per field with gaps, the worst first"))
    if len(full):
        by_table = "; ".join(f"{t}: {', '.join(part['field'])}" for t, part in full.groupby("table", sort=True))
        parts.append(folded(f"Filled in every row: {words.things(len(full), 'field')}", paragraph(f"{by_table}.")))
    return section("coverage", heading, *parts)


def _label(table_name: str, name: str) -> str:
    return "value of won deals" if (table_name, name) == ("deals", "acv") else words.field_name(name)


def _by_rule(rejected: pd.DataFrame) -> pd.DataFrame:
    out = []
    for (name, column, rule), rows in rejected.groupby(["table", "column", "rule"], sort=True):
        first = rows.sort_values("line", kind="stable").head(_FIRST_LINES)
        lines = "; ".join(
            f"line {line:,}: {value if value else 'nothing'}"
            for line, value in zip(first["line"], first["value"].fillna(""), strict=True)
        )
        out.append((str(name), f"{column} {rule}", len(rows), lines))
    return pd.DataFrame(out, columns=["table", "said", "n", "lines"])


def _sentence(note: str) -> str:
    return note if note.endswith(".") else f"{note}."
