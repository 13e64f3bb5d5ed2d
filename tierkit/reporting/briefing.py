"""Everything the monthly review shows that no earlier step made: headlines, status, decisions, cards, misses."""

from dataclasses import dataclass

import pandas as pd

from tierkit.features.enrichment import say_coverage
from tierkit.features.readiness import Readiness, enrichment_coverage
from tierkit.models.reason_parts import NOTES
from tierkit.proof.agreement import between_managers, found_wrong, model_agreement, say_agreement
from tierkit.proof.audit import audit_breaches
from tierkit.proof.calibration import calibration_table
from tierkit.proof.declined import declined_rates, say_declined
from tierkit.proof.judgement import judgement_rates, say_judgement
from tierkit.proof.reason_stability import say_reason_stability
from tierkit.reporting import words
from tierkit.reporting.answers import say_interval, say_sensitivity
from tierkit.reporting.approval.proposals import say_proposals
from tierkit.reporting.cards import build_cards, just_below
from tierkit.reporting.claims import known_from, say_doubts
from tierkit.reporting.decisions import find_decisions
from tierkit.reporting.runs import Run
from tierkit.reporting.sections.accounts import list_accounts
from tierkit.reporting.sections.headlines import Status, write_headlines
from tierkit.reporting.sections.lift import money_reconciles
from tierkit.reporting.sections.limits import find_limits
from tierkit.reporting.sections.misses import name_misses
from tierkit.reporting.sections.treatment import compare_effort
from tierkit.reporting.tierfiles import stamp_tiers
from tierkit.tiering.changes import migration_matrix
from tierkit.tiering.committee import buying_committee, say_committee
from tierkit.tiering.feasibility import outside_preset
from tierkit.tiering.personalisation import say_breaches, template_breaches
from tierkit.tiering.treatment import compare_worth, say_worth


@dataclass(frozen=True)
class Briefing:
    """The tables of the review, ready to be shown.

    Attributes
    ----------
    headlines : the three sentences. status : data, model, capacity, delivery.
    accounts : every tiered account, as the list of all shows it.
    unit : what is tiered: "account", or "deal" where each deal is its own account.
    notes : what a sceptic must know of data and models, for the small print. limits : what cannot be claimed.
    prices : what one more place is worth; None where no contract value is known. assumptions : what that rests on, and
    which tiers are smaller or larger than the preset is for.
    judgement : how overrides, claims and declined moves fared. waiting : how many moves wait for approval; empty where
    the sheet asks for none. known_from : the month from which Tier 1 alone can be judged, in words.
    reviewed, review_wrong, review_says : what managers said of the weekly samples, as `show_review` takes it.
    doubts : what a sceptic asks of the tiers, answered.
    treatment : value beside effort, whom we know, what was sent to too many.
    names : name by account_id; None where nobody has one.
    below : the accounts nearest to Tier 1, and what would bring them in.
    decisions, cards, effort, misses, changes_tried, matrix, coverage, coverage_groups, calibration : as the sections
    take them; None where unknown. coverage_says : what stands out of enrichment coverage, in words.
    slots : Tier 1 slots by owner_id, of those who have a number of them. n_slots : their sum; None where some have not.
    with_money : whether expected value reconciles with bookings, so that money may be shown.
    """

    headlines: tuple[str, str, str]
    status: tuple[Status, ...]
    unit: str
    accounts: pd.DataFrame
    notes: tuple[str, ...]
    limits: tuple[str, ...]
    prices: pd.DataFrame | None
    assumptions: tuple[str, ...]
    judgement: tuple[str, ...]
    reviewed: pd.DataFrame
    review_wrong: pd.DataFrame
    review_says: tuple[str, ...]
    waiting: str
    known_from: str | None
    doubts: tuple[str, ...]
    treatment: tuple[str, ...]
    names: "pd.Series[str] | None"
    decisions: pd.DataFrame | None
    cards: pd.DataFrame
    below: pd.DataFrame
    slots: dict[str, int]
    n_slots: int | None
    effort: pd.DataFrame | None
    misses: pd.DataFrame | None
    changes_tried: pd.DataFrame | None
    matrix: pd.DataFrame | None
    coverage: pd.DataFrame | None
    coverage_groups: pd.DataFrame | None
    coverage_says: tuple[str, ...]
    calibration: pd.DataFrame | None
    with_money: bool


def prepare_briefing(run: Run) -> Briefing:
    """The month's review from the results the run kept."""
    tables, tiers, effort = run.tables, stamp_tiers(run.tiers, as_of=run.as_of, run_id=""), run.effort
    reps, committee = tables.frame("reps"), buying_committee(tables, tiers, as_of=run.as_of)
    owners = reps.set_index("owner_id")["name"] if tables.has("reps", "name") else None
    due = run.as_of + pd.offsets.MonthEnd(1)
    decisions = find_decisions(
        tiers, run.reasons, as_of=run.as_of, due=due, overrides=tables.frame("overrides"), owners=owners
    )
    first = run.capacity[run.capacity["tier"] == 1]
    bounded = first[first["slots"].notna()]
    accounts = tables.frame("accounts")
    names = accounts.set_index("account_id")["name"] if tables.has("accounts", "name") else None
    soon = known_from(run)
    headlines = write_headlines(
        tiers,
        run.gated,
        changes=run.changes,
        lift=run.lift,
        effort=effort,
        n_decisions=len(decisions),
        lead_in=first_words(run),
        judged_from=soon,
        unit="account" if tables.has_accounts else "deal",
    )
    run.draft.keep("headlines", headlines)
    return Briefing(
        unit="account" if tables.has_accounts else "deal",
        accounts=list_accounts(tiers, run.reasons, owners=owners),
        notes=_notes(run),
        limits=tuple(find_limits(tables)),
        headlines=headlines,
        prices=None if run.acv is None else run.prices,
        assumptions=(*sizes_to_note(run), *(() if run.acv is None else _assumptions(run))),
        known_from=soon,
        doubts=say_doubts(run),
        judgement=(
            *say_judgement(judgement_rates(run.judgement, as_of=run.as_of)),
            *say_declined(declined_rates(run.declined)),
        ),
        waiting=say_proposals(run.proposals),
        reviewed=(reviewed := model_agreement(run.reviews.rows)),
        review_wrong=found_wrong(run.reviews.rows),
        review_says=_review_says(run, reviewed),
        treatment=_treatment(run, committee),
        names=names,
        status=_status(run, effort),
        decisions=decisions if len(tiers) else None,
        cards=build_cards(
            tiers,
            run.reasons,
            tables,
            as_of=run.as_of,
            counterfactuals=run.counterfactuals,
            unknowns=run.unknowns,
            committee=committee,
            since=run.value_changes,
        ),
        below=just_below(tiers, tables, run.counterfactuals),
        slots={str(k): int(v) for k, v in zip(bounded["owner_id"], bounded["slots"], strict=True)},
        n_slots=int(first["slots"].sum()) if len(first) == len(bounded) > 0 else None,
        effort=effort,
        misses=None if run.misses is None else name_misses(run.misses, names=names),
        changes_tried=run.changes_tried,
        matrix=None if run.previous is None else migration_matrix(run.tiers, run.previous),
        coverage=enrichment_coverage(tables) if tables.has_accounts else None,
        coverage_groups=run.coverage_groups,
        coverage_says=tuple(say_coverage(run.coverage_groups, run.coverage_trend)) if tables.has_accounts else (),
        calibration=None
        if run.win_in_use is None or run.win_in_use.predictions.empty
        else calibration_table(run.win_in_use.predictions),
        with_money=run.win_in_use is not None and (not tables.is_dated or money_reconciles(run.bookings)),
    )


def first_words(run: Run) -> str:
    """What must stand in the first line: a failed audit, or tiers that rest on no model tested on later deals."""
    stopped, waived = audit_breaches(run.audit), audit_breaches(run.audit, waived=True)
    said = []
    if stopped:
        said.append(f"Not published, since the self-audit stopped this run ({'; '.join(stopped)}): earlier tiers stay.")
    if waived:
        said.append(f"Published although the self-audit failed, as the run sheet allows ({'; '.join(waived)}).")
    return " ".join([*said, *_model_words(run)])


def _model_words(run: Run) -> list[str]:
    ready = run.readiness
    if run.win is None:
        instead = ", and tiers come from the fit scorecard" if len(run.tiers) else ""
        return [f"No model is trained: {_outcomes(ready)} are too few{instead}."]
    if not run.win.skill:
        beaten = "the win model does not beat the base rate by more than chance"
        return [f"No usable signal: {beaten}, so tiers come from the fit scorecard."]
    said = []
    if run.win.level == "indicative":
        said.append(f"Indicative only: {_outcomes(ready)} are few to learn from.")
    if not run.tables.is_dated:
        said.append("Without dates nothing can be replayed: the ranking is cross-validated.")
    elif run.win.label == "cross_validated":
        said.append("Too few outcomes are old enough to test on later deals: the ranking is cross-validated.")
    return said


def _review_says(run: Run, reviewed: pd.DataFrame) -> tuple[str, ...]:
    """How far managers agree, and whether the ledger of their answers still stands."""
    broken = (f"Answers are missing here: {run.reviews.broken}",) if run.reviews.broken else ()
    return (*broken, *say_agreement(reviewed, between_managers(run.reviews.rows)))


def sizes_to_note(run: Run) -> tuple[str, ...]:
    """Which of Tiers 1 and 2 hold fewer or more accounts than the sheet's preset is for."""
    tiers = range(1, run.sheet.tiers.n_tiers + 1)
    return outside_preset([int((run.tiers["tier"] == t).sum()) for t in tiers], run.sheet.tiers)


def _assumptions(run: Run) -> tuple[str, ...]:
    """What the worth of a place rests on."""
    return (
        "Worth is what treatment is assumed to add to expected value; a place kept for claims and promotions is not "
        "given by value.",
        *say_sensitivity(run.sensitivity),
    )


def _treatment(run: Run, committee: pd.DataFrame | None) -> tuple[str, ...]:
    """Value beside effort, whom we know at Tier 1 accounts, and templates that went to too many."""
    tables, policy, as_of = run.tables, run.sheet.tiers, run.as_of
    worth = say_worth(compare_worth(run.tiers, run.effort), last_tier=policy.n_tiers)[:1] if len(run.tiers) else []
    return (
        *worth,
        *say_committee(committee),
        *say_breaches(template_breaches(tables, run.tiers_worked, policy, as_of=as_of)),
    )


def _outcomes(ready: Readiness) -> str:
    return f"{words.count(ready.n_won)} won and {words.count(ready.n_lost)} lost {ready.unit}"


def _notes(run: Run) -> tuple[str, ...]:
    """What was read right but not as it stood, what to know of the outcomes, and what the models lean on."""
    notes = [*run.tables.notes, *run.readiness.sentences[1:]]
    if run.readiness.n_immature:
        notes.append(f"{_immature(run)}: they are in no rate and teach nothing yet.")
    if run.horizon is not None:
        stated = "as the run sheet says" if run.horizon.stated else "the 85th percentile of won deals"
        missed = (
            ""
            if words.is_missing(run.horizon.share_missed)
            else (f"; {words.percent(run.horizon.share_missed)} of wins took longer")
        )
        notes.append(f"A deal has {words.count(run.horizon.days)} days to be won, {stated}{missed}.")
    if run.win is not None:
        notes += run.win.notes
        judged = run.flagged_verdicts
        used = judged[(judged["verdict"] == "flagged") & judged["column"].isin(run.win.features)]
        notes += [f"{r['column']!r} is used though flagged: {r['reason']}." for r in used.to_dict("records")]
    if run.acv is not None:
        notes += [say_interval(run.acv), *run.acv.notes]
    # With the tables, since models are learned in one notebook and the page is written in another.
    notes += dict.fromkeys([*run.scores.attrs.get(NOTES, ()), *run.reasons.attrs.get(NOTES, ())])
    if run.reason_stability is not None:
        notes += say_reason_stability(run.reason_stability)
    return tuple(notes)


def _immature(run: Run) -> str:
    return f"{words.things(run.readiness.n_immature, 'deal')} not old enough to judge"


def _status(run: Run, effort: pd.DataFrame | None) -> tuple[Status, ...]:
    ready = run.readiness
    n_rejected = len(run.tables.rejected)
    apart = [_immature(run)] if ready.n_immature else []
    apart += [f"{words.things(n_rejected, 'row')} set aside"] if n_rejected else []
    data = Status(
        "Data",
        "good" if ready.level == "full" and not n_rejected else "watch",
        _outcomes(ready) + "".join(f"; {part}" for part in apart),
    )
    if run.win is None:
        model = Status("Model", "stop", "none: too few outcomes" + (", tiers by fit" if len(run.tiers) else ""))
    elif not run.win.skill:
        model = Status("Model", "stop", "no skill beyond the base rate, tiers by fit")
    else:
        indicative = run.win.level == "indicative"
        model = Status(
            "Model", "watch" if indicative else "good", "indicative" if indicative else "beats the base rate"
        )
    used, slots = int(run.capacity["used"].sum()), int(run.capacity["slots"].sum())
    capacity = Status(
        "Capacity",
        "unknown" if not (slots and len(run.tiers)) else "good" if used <= slots else "stop",
        "nobody to place"
        if run.tiers.empty
        else f"{words.count(used)} of {words.count(slots)} places filled"
        if slots
        else "no slots given",
    )
    if effort is None:
        delivery = Status("Delivery", "unknown", "no activities given")
    else:
        says = compare_effort(effort)
        short = any("under half" in sentence for sentence in says)
        delivery = Status("Delivery", "watch" if short else "good", "tiers treated too alike" if short else says[0])
    return data, model, capacity, delivery
