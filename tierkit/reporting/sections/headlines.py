"""Part 1: three sentences, and a strip that says how data, model, capacity and delivery stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Fragment, escape, section
from tierkit.reporting.sections.lift import lead_lift
from tierkit.reporting.sections.repairs import rank_missing, say_reason

State = Literal["good", "watch", "stop", "unknown"]

_SHAPES = {
    "good": ("in order", '<circle cx="7" cy="7" r="6"/>'),
    "watch": ("look at it", '<path d="M7 1 13.2 12.5H.8Z"/>'),
    "stop": ("act on it", '<path d="M1 1h12v12H1Z"/>'),
    "unknown": ("not known", '<circle cx="7" cy="7" r="5" class="hollow"/>'),
}


@dataclass(frozen=True)
class Status:
    """How one thing stands, in words."""

    name: str
    state: State
    words: str


def write_headlines(
    tiers: pd.DataFrame,
    gates: pd.DataFrame,
    *,
    changes: pd.DataFrame | None = None,
    lift: pd.DataFrame | None = None,
    effort: pd.DataFrame | None = None,
    n_decisions: int = 0,
    lead_in: str = "",
    judged_from: str | None = None,
) -> tuple[str, str, str]:
    """The three sentences a sales leader reads first.

    Parameters
    ----------
    tiers : one row per qualified account; columns tier, owner_id (optional).
    gates : one row per input account; columns gate, missing_fields, value_of_learning (optional).
    changes : as `tier_changes` returns it, one row per move; columns from_tier, to_tier. None in a first month.
    lift : as `tier_lift` returns it; None where nothing can be replayed.
    effort : as `show_treatment` takes it.
    n_decisions : rows of the decisions table.
    lead_in : what must stand in the first line, as "Scorecard tiers: 31 won accounts are too few for a model."
    judged_from : the month from which Tier 1 alone can be judged, in words.
    """
    return (
        " ".join(filter(None, (lead_in, _approve(tiers, gates, changes, n_decisions)))),
        _works(lift, judged_from),
        _not_shown(gates, effort),
    )


def show_headlines(sentences: Sequence[str]) -> Fragment:
    """The headline sentences as a numbered list."""
    items = "".join(f"<li>{escape(s)}</li>" for s in sentences)
    return section("headlines", f"<ol>{items}</ol>", label="Headlines")


def show_status(statuses: Sequence[Status]) -> Fragment:
    """The strip under the headlines: a shape, a word and a sentence for each thing."""
    items = "".join(
        f'<li class="{s.state}"><svg viewBox="0 0 14 14" aria-hidden="true">{_SHAPES[s.state][1]}</svg>'
        f'<p class="state"><b>{escape(s.name)}</b> <span>{_SHAPES[s.state][0]}</span></p>'
        f"<p>{escape(s.words)}</p></li>"
        for s in statuses
    )
    return section("status", f"<ul>{items}</ul>", label="Status")


def _approve(tiers: pd.DataFrame, gates: pd.DataFrame, changes: pd.DataFrame | None, n_decisions: int) -> str:
    first = tiers[tiers["tier"] == 1]
    if tiers.empty:
        reasons = gates["gate_reason"].value_counts() if "gate_reason" in gates else pd.Series(dtype="int64")
        if set(reasons.index) == {"deal_closed"}:
            return f"All {words.count(len(gates))} deals are closed, so there is nobody to tier."
        why = words.listing([f"{say_reason(r)} ({words.count(n)})" for r, n in reasons.head(3).items()])
        return f"Nobody can be tiered this month: {why}." if why else "Nobody can be tiered this month."
    if first.empty:
        return "There is no Tier 1 account to approve this month."
    sentence = f"Approve {words.things(len(first), 'Tier 1 account')}"
    if "owner_id" in first and first["owner_id"].notna().any():
        sizes = first["owner_id"].value_counts()
        low, high = int(sizes.min()), int(sizes.max())
        sentence += f", {low if low == high else f'{low} to {high}'} per rep"
    if changes is None:
        sentence += ": the first month, so none has moved"
    else:
        enter, leave = int((changes["to_tier"] == 1).sum()), int((changes["from_tier"] == 1).sum())
        sentence += f": {len(first) - enter} stay, {enter} enter, {leave} leave"
    if n_decisions:
        sentence += f"; {n_decisions} need{'s' if n_decisions == 1 else ''} your decision"
    return sentence + "."


def _works(lift: pd.DataFrame | None, judged_from: str | None) -> str:
    best = lead_lift(lift)
    if lift is None:
        return "Whether tiers win more cannot be said: without a model there is no ranking of earlier deals to test."
    if best is None:
        return "Whether the tiers win more cannot be said yet: no outcome is old enough to count."
    soon = f" It can be judged from {judged_from}." if best.caution and judged_from else ""
    return " ".join(filter(None, (best.sentence, best.caution))) + soon


def _not_shown(gates: pd.DataFrame, effort: pd.DataFrame | None) -> str:
    sentence = "Not shown: that our effort causes wins."
    missing = rank_missing(gates)
    fixes = []
    if not missing.empty:
        top = missing.iloc[0]
        lacks = "account lacks" if top["n"] == 1 else "accounts lack"
        fix = f"{words.count(top['n'])} {lacks} {words.field_name(top['field'])}"
        if top["n_could_move"]:
            fix += f", {words.count(top['n_could_move'])} of them could change tier"
        fixes.append(fix)
    if effort is not None and {1, 2} <= set(effort["tier"]):
        by_tier = effort.set_index("tier")
        done, planned = by_tier["delivered"], by_tier["intended"]
        if done[2] > 0 and planned[2] > 0:
            fixes.append(
                f"Tier 1 gets {words.number(round(done[1] / done[2], 1))} times Tier 2's effort, "
                f"planned {words.number(round(planned[1] / planned[2], 1))}"
            )
    return f"{sentence} Fix first: {'; '.join(fixes)}." if fixes else sentence
