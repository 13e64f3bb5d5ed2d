"""The files of a month, besides its pages: what may be acted on, and the evidence behind it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.models.store import save_models
from tierkit.proof.ledger import freeze_promises
from tierkit.proof.ledger_chain import follow_ledgers
from tierkit.reporting import words
from tierkit.reporting.approval.commits import written_back
from tierkit.reporting.approval.proposals import ASKED, FORM, NOTES, SLOTS, STANDING, run_label, write_form
from tierkit.reporting.books import book_notes, write_books
from tierkit.reporting.briefing import prepare_briefing
from tierkit.reporting.earlier import earlier_ledgers
from tierkit.reporting.last_month import GROUND, write_ground
from tierkit.reporting.lookalikes import FORM as DUPLICATES
from tierkit.reporting.lookalikes import duplicate_form
from tierkit.reporting.provenance import Provenance
from tierkit.reporting.review.sample import draw_review_sample, write_review_sample
from tierkit.reporting.review.weeks import week_of
from tierkit.reporting.runs import Run
from tierkit.reporting.spreadsheet import write_for_people
from tierkit.reporting.tierfiles import stamp_tiers, write_tier_files
from tierkit.reporting.writeback import build_writeback, read_held, revert_writeback, write_writeback

HEADLINE = ("Accounts", "Tiers", "To decide", "Does it work", "Win model", "Not shown")
"""What the six lines of result tell, in their order."""


def write_tier_outputs(run: Run, folder: Path, provenance: Provenance) -> None:
    """Write everything somebody may act on: tiers, books, review sample, write-back, ledger.

    Where the sheet asks for approval, proposals stand in place of books and write-back, which come with the answer.
    """
    tiers = stamp_tiers(run.tiers, as_of=run.as_of, run_id=provenance.run_id)
    write_tier_files(folder, tiers, run.gated, run.changes)
    tiers.sort_values("account_id", kind="stable").to_parquet(folder / "tiers.parquet", index=False)
    report, first = run.sheet.report, week_of(run.as_of.date() + timedelta(days=7))
    notes = book_notes(tiers, run.tables, as_of=run.as_of, since=run.value_changes)
    if run.proposals is None:
        write_books(folder, tiers, run.reasons, notes)
        _write_crm(run, folder, tiers, provenance)
    else:
        _write_proposals(run, folder, provenance)
        notes.to_parquet(folder / NOTES, index=False)
    sample = draw_review_sample(
        tiers, week=first, seed=run.seed, changes=run.changes, n=report.review_sample, window=report.review_weeks
    )
    write_review_sample(folder, sample, tiers, run.reasons)
    write_for_people(run.overlays, folder / "overlays.csv")
    write_ground(folder / GROUND, run.ground)
    if run.holdout is not None and run.holdout.verdict != "refused" and run.holdout.n_pairs:
        write_for_people(run.holdout.accounts, folder / "holdout.csv")
    _write_json(folder / "ledger.json", _ledger(run))


def _write_crm(run: Run, folder: Path, tiers: pd.DataFrame, provenance: Provenance) -> None:
    """The write-back and what reverts it."""
    settings = run.sheet.report.writeback
    held = read_held(written_back(run.reports, run.month), settings.names, run.previous)
    back = build_writeback(
        tiers,
        run.gated,
        run.reasons,
        held=held,
        as_of=run.as_of,
        run_id=provenance.run_id,
        labels=run.sheet.tiers.labels,
        settings=settings,
    )
    write_writeback(folder, back, revert_writeback(back, held, settings))


def _write_proposals(run: Run, folder: Path, provenance: Provenance) -> None:
    """The moves that wait for approval, the form to answer them in, and what an answer is held against."""
    proposals = run.proposals
    assert proposals is not None
    proposals.to_parquet(folder / ASKED, index=False)
    write_form(folder / FORM, proposals, run=run_label(run.month, provenance.run_id))
    run.standing.to_parquet(folder / STANDING, index=False)
    write_for_people(run.capacity, folder / SLOTS)


def write_evidence(run: Run, folder: Path, provenance: Provenance) -> dict[str, str]:
    """Write what the tiers rest on: rows as scored, reasons, lift, audit, models, rejected rows,
    accounts that look alike.

    Returns
    -------
    The headline figures of the month, by name.
    """
    run.scores.sort_values("row_id", kind="stable").to_parquet(folder / "scoring_rows.parquet", index=False)
    run.reasons.to_parquet(folder / "reasons.parquet", index=False)
    run.flagged_verdicts.to_csv(folder / "verdicts.csv", index=False)
    if run.lift is not None:
        run.lift.to_csv(folder / "tier_lift.csv", index=False)
    if run.bookings is not None:
        run.bookings.to_csv(folder / "bookings.csv", index=False)
    _write_json(folder / "audit.json", run.audit.to_dict("records"))
    save_models(folder / "models", opening=run.opening, win=run.win, acv=run.acv, icp=run.icp, scorecard=run.scorecard)
    write_for_people(run.tables.rejected, folder / "rejected.csv")
    if len(run.tables.duplicates):
        write_for_people(duplicate_form(run.tables), folder / DUPLICATES)
    return _headline(run)


def _headline(run: Run) -> dict[str, str]:
    """Six lines of result, for the terminal and the index of months."""
    counts = run.gated["gate"].value_counts()
    sizes = run.tiers["tier"].value_counts().sort_index()
    tiers = ", ".join(f"{words.count(n)} in {words.tier_name(t)}" for t, n in sizes.items()) or "none"
    approve, works, not_shown = _headlines(run)
    gates = ", ".join(f"{words.count(n)} {str(gate).replace('_', ' ')}" for gate, n in counts.items())
    said = (gates, tiers, approve, works, _model_line(run), not_shown.removeprefix("Not shown: "))
    return dict(zip(HEADLINE, said, strict=True))


def _headlines(run: Run) -> tuple[str, str, str]:
    """The sentences the review shows, which it kept; made anew where a review of your own did not."""
    if not run.draft.has("headlines"):
        return prepare_briefing(run).headlines
    first, second, third = run.draft.read("headlines")
    return first, second, third


def _model_line(run: Run) -> str:
    if run.win is None:
        return "none: " + run.readiness.sentences[0]
    by = run.win.comparison.set_index("method")
    chosen, size = by.loc[run.win.kind], by["auc"].get("size_only", float("nan"))
    return (
        f"{run.win.kind}, {run.win.label.replace('_', ' ')} AUC {chosen['auc']:.2f} "
        f"({chosen['auc_low']:.2f} to {chosen['auc_high']:.2f}); size alone "
        f"{'unknown' if words.is_missing(size) else format(size, '.2f')}; base rate {words.percent(run.win.base_rate)}"
    )


def _ledger(run: Run) -> dict[str, Any]:
    """This month's promises, frozen, every earlier month's scored, and the hashes of the ledgers before this one."""
    entries = []
    if len(run.tiers):
        entries.append(freeze_promises(run.tiers, as_of=run.as_of, horizon_days=run.horizon_days)[1])
    return {
        "frozen": entries,
        "scored": json.loads(run.promises.to_json(orient="records", date_format="iso")),
        "follows": follow_ledgers(earlier_ledgers(run.reports, run.month)),
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
