"""The page's parts about what can be learned: minimums, dates, repeats, identity."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tierkit.features.readiness import MIN_ANY, MIN_FULL, say_repeats
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, folded, pairs, paragraph, section, table
from tierkit.reporting.plots.readiness import plot_minimums, plot_months
from tierkit.reporting.readiness import dates
from tierkit.reporting.readiness.date_words import say_edge, say_event, say_gap
from tierkit.reporting.readiness.doubts import mature_months
from tierkit.reporting.readiness.look import Look

_EXAMPLES = 8
_SPANS = (
    Field("label", "Day", lead=True),
    Field("first", "First", "date"),
    Field("last", "Last", "date"),
    Field("n_known", "Rows with it", "count"),
    Field("n", "Of", "count"),
)
_REPEATS = (
    Field("row_ids", "Deals", lead=True),
    Field("n", "Deals in all", "count"),
    Field("n_groups", "Groups", "count"),
    Field("n_won", "Won", "count"),
)
_TREE = (
    Field("parent", "Account", lead=True),
    Field("n", "Accounts below it", "count"),
    Field("names", "First ones"),
)


def show_minimums(look: Look) -> Fragment:
    """Won and lost accounts against the two minimums, and what else decides whether figures hold."""
    ready, rows = look.readiness, look.rows
    if ready is None or rows is None:
        return Fragment("")
    counts = {f"won {ready.unit}": ready.n_won, f"lost {ready.unit}": ready.n_lost}
    caption = (
        f"Won and lost {ready.unit} of new business: from {MIN_ANY} of each a model is trained, from {MIN_FULL} every "
        "one. One may be both."
    )
    mature = int(rows["won_in_horizon"].notna().sum())
    said: list[tuple[str, str]] = [
        ("Deals whose outcome counts", words.count(mature)),
        ("Won of these", words.percent(ready.base_rate)),
    ]
    if ready.n_immature:
        said.append(("Too young, or still open", words.count(ready.n_immature)))
    if look.n_existing:
        said.append(("Deals of customers, left out", words.count(look.n_existing)))
    if look.horizon is not None:
        missed = look.horizon.share_missed
        late = "" if words.is_missing(missed) else f"; {words.percent(missed)} of wins took longer"
        said.append(("A win counts within", f"{words.span(look.horizon.days)} of opening{late}"))
    if (months := mature_months(look)) is not None:
        said.append(("Opened within", f"{months:.0f} months"))
    inner = "".join(paragraph(s) for s in ready.sentences)
    return section(
        "minimums",
        "<h2>Is there enough to learn from?</h2>",
        '<div class="beside">',
        figure_svg(plot_minimums(counts, least=MIN_ANY, enough=MIN_FULL), caption, name="minimums"),
        f'<div class="says"><dl class="facts">{pairs(said)}</dl></div></div>',
        folded("What a run will say of it", inner),
    )


def show_dates(look: Look) -> Fragment:
    """Spans, gaps, crowded days, deals that lived briefly, and what was logged late."""
    tables = look.tables
    if tables is None:
        return Fragment("")
    heading = "<h2>What the dates give away</h2>"
    spans = dates.find_spans(tables)
    if spans.empty:
        return section("dates", heading, paragraph("No table carries a day."))
    counts = dates.month_counts(tables)
    gaps = dates.find_gaps(counts, data_through=tables.data_through)
    parts = [heading]
    if len(counts) > 1:
        named = counts.rename(columns=say_event)
        drawn = plot_months(named, gaps=gaps.assign(event=gaps["event"].map(say_event)))
        hatched = " Hatched: months with hardly anything." if len(gaps) else ""
        caption = f"What happened in each month, each strip on its own scale.{hatched}"
        said = "".join(paragraph(s) for s in _say_dates(tables, gaps, look))
        parts += ['<div class="beside">', figure_svg(drawn, caption, name="months").html]
        parts += [f'<div class="says">{said}</div></div>']
    labelled = spans.assign(label=spans["table"] + ": " + spans["column"].str.replace("_", " "))
    listed = table(labelled, _SPANS, caption="One row per column of days", sortable=False)
    parts.append(folded("First and last day of every column", listed))
    return section("dates", *parts)


def _say_dates(tables: Tables, gaps: pd.DataFrame, look: Look) -> list[str]:
    stated = look.sheet is not None and look.sheet.data.data_through is not None
    through = words.day(tables.data_through)
    said = [f"The data reach {through}{', as the run sheet says' if stated else ', their latest event'}."]
    after = tables.rejected["rule"].str.startswith("must not be after data_through")
    if after.any():
        said.append(f"{words.things(int(after.sum()), 'row')} dated after that day stand aside.")
    said += [f"{say_event(gap['event'])}: {say_gap(gap)}." for gap in gaps.to_dict("records")]
    if gaps.empty:
        said.append("No month between is nearly empty.")
    for pile in dates.find_piles(tables).to_dict("records"):
        said.append(
            f"{words.count(pile['n'])} rows of {pile['table']} have {words.day(pile['day'])} as their "
            f"{pile['column']}, where {words.number(pile['usual'])} a day are usual."
        )
    said += [f"{say_edge(edge)}." for edge in dates.find_edges(tables.frame("deals")).to_dict("records")]
    for late in dates.find_late(tables).to_dict("records"):
        said.append(
            f"{late['table'].capitalize()}: {words.count(late['n_late'])} of {words.count(late['n'])} rows became "
            f"known later than they happened, half of them within {words.things(int(late['median_days']), 'day')}; "
            "each counts from the day it was known."
        )
    return said


def show_repeats(look: Look) -> Fragment:
    """Rows that are copies of another, and deals alike in every column a model would see."""
    tables, repeats = look.tables, look.repeats
    if tables is None or look.rows is None or repeats is None:
        return Fragment("")
    said = [s for s in (_say_copies(tables), _say_groups(tables)) if s]
    said += say_repeats(repeats, len(look.rows))
    shown = ""
    if len(repeats):
        listed = table(repeats.head(_EXAMPLES), _REPEATS, caption="The most frequent, one row each", sortable=False)
        shown = folded("The most frequent repeats", listed)
    return section("repeats", "<h2>What repeats</h2>", *(paragraph(s) for s in said), shown)


def _say_copies(tables: Tables) -> str:
    deals = tables.frame("deals")
    own = [] if tables.has_accounts else ["account_id"]
    columns = [c for c in deals.columns if c not in ("deal_id", *own)]
    n = int(deals[columns].duplicated().sum()) if columns else 0
    if not n:
        return ""
    return (
        f"{words.count(n)} of {words.count(len(deals))} rows of deals are copies: the same as an earlier row in every "
        f"column but the id, outcome included. {words.count(len(deals) - n)} are distinct."
    )


def _say_groups(tables: Tables) -> str:
    deals = tables.frame("deals")
    if tables.has_accounts or "group_key" not in deals:
        return ""
    keys = deals["group_key"].dropna()
    each = keys.value_counts()
    several = each[each > 1]
    if several.empty:
        return "No two deals share the key that groups them."
    keys_occur = words.things(len(several), "key occurs", "keys occur")
    return (
        f"{words.count(len(each))} groups stand behind {words.things(len(keys), 'deal')}; "
        f"{keys_occur} more than once ({words.count(several.sum())} deals). "
        "Each group stays on one side of every split."
    )


def show_identity(look: Look) -> Fragment:
    """Accounts that look alike, with examples, and parents with their children."""
    tables = look.tables
    if tables is None or not tables.has_accounts:
        return Fragment("")
    alike = tables.duplicates
    accounts = tables.frame("accounts")
    names = accounts.set_index("account_id")["name"] if "name" in accounts else pd.Series(dtype="str")
    parts = ["<h2>Which accounts are one</h2>"]
    if alike.empty:
        parts.append(paragraph(f"No two of {words.things(len(accounts), 'account')} look alike."))
    else:
        by = ", ".join(f"{rule}: {words.count(n)}" for rule, n in alike["rule"].value_counts().sort_index().items())
        parts.append(
            paragraph(
                f"{words.count(len(alike))} of {words.things(len(accounts), 'account')} look like another ({by}). None "
                "was merged; in training such accounts stay on one side of every split."
            )
        )
        parts.append(_pairs_table(alike, names))
    parts.append(_tree(tables, names))
    return section("identity", *parts)


def _pairs_table(alike: pd.DataFrame, names: pd.Series) -> str:
    """Examples of pairs: the ids by name, and whatever else is said of a pair, such as a score."""
    ranked = alike.sort_values("score", ascending=False, kind="stable") if "score" in alike else alike
    # Some of each rule, so that a rare one is seen too.
    shown = ranked[ranked.groupby("rule", sort=False).cumcount() < _EXAMPLES].head(3 * _EXAMPLES)
    shown = shown.assign(
        account_id=[_named(i, names) for i in shown["account_id"]],
        duplicate_of=[_named(i, names) for i in shown["duplicate_of"]],
    )
    others = [c for c in shown.columns if c not in ("account_id", "duplicate_of", "rule")]
    fields = [
        Field("account_id", "Account", lead=True),
        Field("duplicate_of", "Looks like"),
        Field("rule", "By"),
        *(
            Field(c, c.replace("_", " "), "number" if pd.api.types.is_numeric_dtype(shown[c]) else "text")
            for c in others
        ),
    ]
    return table(shown, fields, caption="Examples, one row per pair", sortable=False)


def _tree(tables: Tables, names: pd.Series) -> str:
    children = tables.children
    if children.empty:
        return paragraph("No account names a parent that is there.")
    groups = children.groupby("unit_id", sort=True)
    rows = pd.DataFrame(
        {
            "parent": [_named(unit, names) for unit in groups.groups],
            "n": groups.size().to_numpy(),
            "names": [", ".join(_child(r) for r in part.head(4).to_dict("records")) for _, part in groups],
        }
    ).sort_values(["n", "parent"], ascending=[False, True], kind="stable")
    said = (
        f"{words.things(len(children), 'account was', 'accounts were')} rolled up into "
        f"{words.things(len(rows), 'parent')}: a parent is tiered once, with the deals and touches of all below it."
    )
    listed = table(rows.head(_EXAMPLES), _TREE, caption="The largest, one row per parent", sortable=False)
    return paragraph(said) + folded("Parents with the most accounts below them", listed)


def _named(account_id: Any, names: pd.Series) -> str:
    name = names.get(account_id)
    return str(account_id) if words.is_missing(name) else f"{name} ({account_id})"


def _child(row: Mapping[Any, Any]) -> str:
    return str(row["account_id"] if words.is_missing(row["name"]) else row["name"])
