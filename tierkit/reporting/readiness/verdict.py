"""Three sentences: can it run and what will it be, what it will leave unsaid, what to mend first."""

from collections.abc import Sequence

from tierkit.reporting import words
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.look import Look
from tierkit.reporting.sections.limits import find_limits


def say_verdict(look: Look, doubts: Sequence[Doubt]) -> tuple[str, str, str]:
    """Whether a run can be made and what it will be, what it cannot claim, and what to mend first."""
    return say_run(look), say_unsaid(look), _say_first(doubts)


def say_run(look: Look) -> str:
    """Whether a run can be made, for whom, and how it will rank them."""
    if look.stops:
        files = list(dict.fromkeys(file for file, _ in look.stops if file))
        what = words.things(len(look.stops), "breach", "breaches") + (f" of {words.listing(files)}" if files else "")
        return f"It cannot run yet: {what} must be mended first, and nothing is published until then."
    assert look.tables is not None
    assert look.readiness is not None
    ready, tables = look.readiness, look.tables
    if not tables.has_accounts and look.waiting is not None and look.waiting.empty:
        whom = "It can run, but every deal is closed, so it tiers nobody and says what ranking them is worth"
    else:
        n = 0 if look.waiting is None else len(look.waiting)
        when = f" for {words.month_name(look.month)}" if tables.data_through is not None else ""
        whom = f"It can run{when}, and tiers {words.things(n, 'account' if tables.has_accounts else 'open deal')}"
    counted = f"{ready.n_won:,} won and {ready.n_lost:,} lost {ready.unit}"
    if ready.level == "scorecard":
        return f"{whom}, by a scorecard: {counted} are too few for a model."
    tried = "" if tables.is_dated else ", tried by cross-validation alone since deals carry no days"
    if ready.level == "indicative":
        return f"{whom}, by a penalised logit{tried}: {counted} make its figures indicative."
    return f"{whom}, by models trained on {counted}{tried}."


def say_unsaid(look: Look) -> str:
    """What the tables do not let it claim, in one sentence."""
    if look.tables is None:
        return "What it could claim shows once the tables open; all that was found so far stands below."
    limits = [limit.split(":")[0].rstrip(".") for limit in find_limits(look.tables)]
    if not limits:
        return "Nothing is missing that a claim needs; that effort causes wins, only a randomised test can show."
    return f"Cannot be claimed: {'; '.join(f'{limit[0].lower()}{limit[1:]}' for limit in limits)}."


def _say_first(doubts: Sequence[Doubt]) -> str:
    worst = [d for d in doubts if d.level != "look at it"]
    if not worst:
        return "Nothing has to be mended first."
    if worst[0].level == "stops it":
        return (
            "Each breach stands below with its place, its value and its repair; a run keeps the same rules, so that "
            "it starts once this page names none."
        )
    rest = len(worst) - 1
    more = f" {words.things(rest, 'more point weakens', 'more points weaken')} it." if rest else ""
    return f"Look first at this: {worst[0].what} {worst[0].repair}{more}"
