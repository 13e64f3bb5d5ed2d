"""What the command prints: the verdict, what weakens it, the columns refused with their figures, the places."""

from collections.abc import Iterator, Sequence

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.readiness.columns import by_reason, order_verdicts
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.look import Look
from tierkit.reporting.readiness.verdict import say_run, say_unsaid

MOST_COLUMNS, MOST_DOUBTS = 6, 4


def say_screen(look: Look, doubts: Sequence[Doubt]) -> list[str]:
    """The lines of a first screen, read in half a minute; the page holds the rest."""
    lines = [say_run(look)]
    if look.read:
        lines.append(f"Read as: {look.read}.")
    if look.tables is None:
        return lines
    lines += _say_rows(look.tables)
    weak = [d for d in doubts if d.level == "weakens it"]
    lines += [f"Weakens it: {doubt.what}" for doubt in weak[:MOST_DOUBTS]]
    lines += _say_columns(look.verdicts)
    lines.append(say_unsaid(look))
    if places := _say_places(look):
        lines.append(places)
    if (rest := len(weak) - MOST_DOUBTS) > 0:
        lines.append(f"{words.things(rest, 'more point weakens', 'more points weaken')} it: see the page.")
    return lines


def _say_rows(tables: Tables) -> Iterator[str]:
    deals = tables.frame("deals")
    counts = deals["outcome"].value_counts()
    ended = ", ".join(f"{words.count(counts.get(o, 0))} {o}" for o in ("won", "lost", "open"))
    span = ""
    if tables.is_dated:
        span = f", opened {words.day(deals['opened_at'].min())} to {words.day(deals['opened_at'].max())}"
    aside = f"; {words.things(len(tables.rejected), 'row')} set aside" if len(tables.rejected) else ""
    yield f"{words.things(len(deals), 'deal')}: {ended}{span}{aside}."
    others = [f"{words.count(len(frame))} {name}" for name, frame in tables.frames.items() if name != "deals"]
    if others:
        yield f"Beside them: {', '.join(others)}."


def _say_columns(verdicts: pd.DataFrame | None) -> Iterator[str]:
    if verdicts is None:
        return
    usable = verdicts["verdict"].isin(["ok", "flagged"])
    yield f"{words.things(int(usable.sum()), 'column')} of {words.count(len(verdicts))} may be used."
    doubted = by_reason(order_verdicts(verdicts[verdicts["verdict"] == "refused"]))
    for row in doubted.head(MOST_COLUMNS).to_dict("records"):
        yield f"refused: {row['columns']}: {row['reason']}"
    if (rest := len(doubted) - MOST_COLUMNS) > 0:
        yield f"{words.things(rest, 'more reason')} to refuse columns on the page."


def _say_places(look: Look) -> str:
    """How many places each tier has, in one line."""
    if not look.policy or look.sheet is None:
        return ""
    labels = tuple(f"{label}:" for label in look.sheet.tiers.labels)
    held = [line.split(";")[0].rstrip(".") for line in look.policy if line.startswith(labels)]
    return f"{'; '.join(held)}."
