"""Part 4: what moved since last month, and why."""

import numpy as np
import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, folded, paragraph, section, table, unavailable
from tierkit.reporting.sections.repairs import say_reason
from tierkit.tiering.steps import STEPS


def show_moves(
    changes: pd.DataFrame | None, matrix: pd.DataFrame | None = None, *, because: str = "", unknown: str = ""
) -> Fragment:
    """The tier flow, why accounts moved, in which order that was told apart, and every account that changed tier.

    Parameters
    ----------
    changes : as `tier_changes` returns it, one row per move; columns account_id, name, from_tier, to_tier (missing:
        not tiered), cause, sentence. None in a first month.
    matrix : as `migration_matrix` returns it; None draws no picture.
    unknown : why moves are not taken apart, as the end of a sentence; where they are, tier_<step> stands in `changes`.
    """
    from tierkit.reporting.plots.tiering import plot_tier_flow

    if changes is None:
        return unavailable("moves", because or "this is the first month: there is no earlier one to compare with")
    line = f"{words.things(len(changes), 'account')} changed tier."
    if matrix is not None:
        tiers = [t for t in matrix.index if t in matrix.columns]
        stayed = int(np.trace(matrix.loc[tiers, tiers].to_numpy()))
        line = f"{line[:-1]}, {words.count(stayed)} stayed where they were."
    if changes.empty:
        return section("moves", paragraph(line if matrix is not None else "No account changed tier."))
    moved = _readable(changes)
    first = (moved["from_tier"] == 1).fillna(False) | (moved["to_tier"] == 1).fillna(False)
    parts: list[str | Fragment] = []
    if matrix is not None:
        caption = (
            "Accounts that changed tier, from last month on the left to this month on the right; the width of a "
            "band is the number of accounts. Those that stayed are counted beside the boxes, not drawn."
        )
        picture = figure_svg(plot_tier_flow(matrix), caption, name="flow")
        says = [paragraph(line), *(paragraph(s) for s in (*_steadiness(matrix), *_first_tier(moved)))]
        parts += ['<div class="beside">', picture, f'<div class="says">{"".join(says)}</div></div>']
    else:
        parts += [paragraph(line)]
    parts += [paragraph(_by_cause(changes))]
    if not _taken_apart(changes):
        why = f", because {unknown}" if unknown else ""
        parts.append(
            paragraph(f"How much each cause adds to a move is not known{why}; each is named as far as tiers tell.")
        )
    top, rest = moved[first], moved[~first]
    if len(top):
        parts.append(table(top.head(_OPEN), _FIELDS, caption="Into and out of Tier 1: one row per account"))
    for rows, what in ((top.iloc[_OPEN:], "into or out of Tier 1"), (rest, "between the other tiers")):
        if len(rows):
            listed = table(rows, _FIELDS, caption="One row per account")
            more = "more " if rows is not rest else ""
            parts.append(folded(f"{words.count(len(rows))} {more}moves {what}", listed, prints=False))
    if _taken_apart(changes):
        parts.append(folded("How causes are told apart", _TOLD_APART))
    return section("moves", *parts)


def _readable(changes: pd.DataFrame) -> pd.DataFrame:
    """The moves, those that touch the best tier first, with a name and a move to read."""
    moved = changes.assign(_best=changes[["from_tier", "to_tier"]].min(axis=1))
    moved = moved.sort_values(["_best", "to_tier", "from_tier", "account_id"], kind="stable")
    ids = moved["account_id"].astype("str")
    moved["shown_name"] = moved["name"].fillna(ids) if "name" in moved else ids
    for code in ("deal_closed", "deal_past_horizon"):
        moved["sentence"] = moved["sentence"].str.replace(code, say_reason(code))
    both = zip(moved["from_tier"], moved["to_tier"], strict=True)
    moved["sentence"] = [words.readable(sentence) for sentence in moved["sentence"]]
    moved["move"] = [f"{words.tier_name(a)} to {words.tier_name(b)}" for a, b in both]
    return moved


def _steadiness(matrix: pd.DataFrame) -> list[str]:
    """How many of those tiered in both months moved, and how much of Tier 1 is the same."""
    tiers = [t for t in matrix.index if t in matrix.columns]
    both = matrix.loc[tiers, tiers].to_numpy()
    n, first = int(both.sum()), int(both[0, 0])
    ever = int(matrix.loc[tiers[0]].sum() + matrix[tiers[0]].sum()) - first
    said = []
    if n:
        share = words.percent(1 - np.trace(both) / n)
        said.append(f"Of {words.things(n, 'account')} tiered in both months, {share} changed tier.")
    if ever:
        shared = f"{words.count(first)} of the {words.things(ever, 'account')}"
        said.append(f"{shared} in {words.tier_name(tiers[0])} in either month {'is' if first == 1 else 'are'} in both.")
    return said


def _by_cause(changes: pd.DataFrame) -> str:
    counts = changes["cause"].value_counts()
    order = [c for c in STEPS.values() if c in counts] + sorted(set(counts.index) - set(STEPS.values()))
    return f"By cause: {words.listing([f'{words.count(counts[c])} {c}' for c in order])}."


def _taken_apart(changes: pd.DataFrame) -> bool:
    return f"tier_{next(iter(STEPS))}" in changes


def _first_tier(moved: pd.DataFrame, most: int = 8) -> list[str]:
    """Who enters and who leaves Tier 1, by name, as long as the names are few."""
    says = []
    for column, verb in (("to_tier", "enter"), ("from_tier", "leave")):
        names = moved.loc[(moved[column] == 1).fillna(False), "shown_name"].astype("str").tolist()
        if names:
            shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
            says.append(f"{len(names)} {verb}{'s' if len(names) == 1 else ''} Tier 1: {words.listing(shown)}.")
    return says


_OPEN = 30
"""Moves that touch Tier 1 and stand open; the rest is folded."""

_FIELDS = (
    Field("shown_name", "Account", lead=True, link="account_id"),
    Field("move", "Move", "label"),
    Field("cause", "Cause", "label"),
    Field("sentence", "Why"),
)

_LEFT, *_ORDER = STEPS.values()
_TOLD_APART = (
    paragraph("One thing was changed at a time, in this order, and everybody was placed anew each time:")
    + f"<ol>{''.join(f'<li>{name}</li>' for name in _ORDER)}</ol>"
    + paragraph(
        "The cause of a move is the step that moved the account furthest the way it went; of equal ones the last. The "
        f"parts of every move stand in changes.csv and add up. What would have moved without any change is {_LEFT}; a "
        "field without a dated history counts as corrected when it reads differently."
    )
)
