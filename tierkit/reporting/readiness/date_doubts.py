"""What the dates speak against: an end that is not one, months cut off, days that were set rather than lived."""

from collections.abc import Iterator

from tierkit.features.deals import lived_briefly
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.readiness import dates
from tierkit.reporting.readiness.date_words import say_edge, say_event, say_gap
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.look import Look

STALE = 1 / 3
"""Share of open deals older than the horizon from which it is said."""


def doubt_reach(tables: Tables, look: Look) -> Iterator[Doubt]:
    """A last day that stands far out, and months with hardly anything."""
    lonely = dates.lonely_end(tables)
    if lonely and look.sheet and look.sheet.data.data_through is None:
        settled, n = lonely
        yield Doubt(
            "weakens it",
            f"The latest date is {words.day(tables.data_through)}, but only {words.things(n, 'date')} "
            f"{'lies' if n == 1 else 'lie'} after {words.day(settled)}: the month to run may be wrong.",
            "State the last day the export covers: data_through in [data].",
        )
    for gap in dates.find_gaps(dates.month_counts(tables), data_through=tables.data_through).to_dict("records"):
        yield Doubt(
            "weakens it",
            f"{say_event(gap['event'])}: {say_gap(gap)}.",
            "Look whether the export was cut off there, or a filter left them out.",
        )


def doubt_open_deals(tables: Tables, look: Look) -> Iterator[Doubt]:
    """Open deals that nobody closed, and losses that nobody wrote down."""
    deals = tables.frame("deals")
    is_open = deals["outcome"] == "open"
    if is_open.any() and not (deals["outcome"] == "lost").any():
        yield Doubt(
            "weakens it",
            f"No deal is marked lost, and {words.count(is_open.sum())} stay open: a dead deal cannot be told from a "
            "living one, and counts as not won once its time is over.",
            "Have lost deals closed as lost, and export them with the day.",
        )
    if not tables.is_dated or look.horizon is None or tables.data_through is None or not is_open.any():
        return
    age = (tables.data_through - deals.loc[is_open, "opened_at"]).dt.days
    stale = int((age > look.horizon.days).sum())
    if stale > STALE * len(age):
        yield Doubt(
            "weakens it",
            f"{words.count(stale)} of {words.count(len(age))} open deals opened more than "
            f"{words.things(look.horizon.days, 'day')} ago, within which a win counts.",
            "Close in the CRM what is dead: an account with an open deal leaves the outreach lists.",
        )


def doubt_days(tables: Tables) -> Iterator[Doubt]:
    """Deals that lived too briefly, days on which too much happened, edges of the calendar."""
    deals = tables.frame("deals")
    if tables.is_dated and (brief := lived_briefly(deals) & (deals["outcome"] != "open")).any():
        n, won = int(brief.sum()), int((deals.loc[brief, "outcome"] == "won").sum())
        yield Doubt(
            "weakens it" if n > len(deals) / 100 or won == n else "look at it",
            f"{words.things(n, 'deal')} lived under two days, {words.count(won)} of them won: likely entered once "
            "their end was known.",
            "Have deals entered when they open; drop_brief_deals in [features] leaves them out, which looks ahead.",
        )
    for pile in dates.find_piles(tables).to_dict("records"):
        yield Doubt(
            "weakens it",
            f"{words.count(pile['n'])} rows of {pile['table']} have the same {pile['column']}, "
            f"{words.day(pile['day'])} (usual: {words.number(pile['usual'])} a day).",
            "An import or a clean-up dates rows anew: give the day it really happened, or leave these rows out.",
        )
    for edge in dates.find_edges(deals).to_dict("records"):
        yield Doubt("look at it", f"{say_edge(edge)}.", "Such days are set by deadlines: trust months, not days.")
    for late in dates.find_late(tables).to_dict("records"):
        if late["n_month"]:
            yield Doubt(
                "look at it",
                f"{late['table']}: {words.count(late['n_late'])} of {words.count(late['n'])} rows became known later "
                f"than they happened, {words.count(late['n_month'])} of them over 30 days later.",
                "Nothing to mend: each counts from the day it was known.",
            )
