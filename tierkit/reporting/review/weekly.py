"""`tierkit review sample`: draw a week's accounts, and write the evidence and the forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import SheetError
from tierkit.inputs.opening import open_tables
from tierkit.reporting import words
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.publish import hold_reports, published_months
from tierkit.reporting.review.chain import add_to_chain, check_chain_holds
from tierkit.reporting.review.drawn import DRAWN, FOLDER, check_managers, deal_out, form_path, seen_lately
from tierkit.reporting.review.evidence import write_evidence_sheet
from tierkit.reporting.review.forms import write_form
from tierkit.reporting.review.sample import draw_review_sample, say_uncovered
from tierkit.reporting.review.weeks import week_end
from tierkit.reporting.sections.lift import money_reconciles
from tierkit.reporting.spreadsheet import guard
from tierkit.runsheet import RunSheet, read_sheet


@dataclass(frozen=True)
class ReviewedMonth:
    """A published month as its review reads it."""

    month: str
    run_id: str
    as_of: pd.Timestamp
    tiers: pd.DataFrame
    reasons: pd.DataFrame
    changes: pd.DataFrame | None
    with_money: bool


def sample_week(sheet: Path, *, week: str, month: str | None = None, managers: Sequence[str] = ()) -> list[str]:
    """Draw the review of a week, or hand back the one that was drawn; what was done, in sentences.

    Writes `reports/review/WEEK/evidence.html` and a form for each manager; a file that stands is left as it is, since
    somebody may have written into it.

    Parameters
    ----------
    month : a published month; the latest that ended by the week's end unless given.
    managers : those of the run sheet unless given.

    Raises
    ------
    SheetError : there is no such week or month, or the week was drawn from another month or for other managers.
    TierkitError : what was drawn before was changed by hand.
    """
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    named = check_managers(managers or settings.report.review_managers)
    end = week_end(week)
    if not published_months(reports):
        raise SheetError(f"{reports}: no month is published yet (make one with `tierkit run`)")
    with hold_reports(reports):
        drawn = check_chain_holds(reports / FOLDER / DRAWN)
        rows = [d for d in drawn if d["week"] == week]
        said = []
        if rows:
            _check_same(rows, week, month, named if managers else ())
            read = _read_month(_folder_of(reports, rows[0]["month"], rows[0]["run_id"]))
            said.append(f"{week} was drawn before, from {read.month}: it stands as it was.")
        else:
            read = _read_month(_month_for(reports, month, end, week))
            rows, told = _draw(read, settings, drawn, week, named)
            add_to_chain(reports / FOLDER / DRAWN, rows)
            said += told
        return said + _write(reports / FOLDER / week, rows, read, settings, week)


def _draw(
    read: ReviewedMonth, settings: RunSheet, drawn: Sequence[dict[str, Any]], week: str, managers: tuple[str, ...]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of a new week, and what has to be said of them."""
    report, seed = settings.report, settings.seed
    seen = seen_lately(drawn, week=week, window=report.review_weeks)
    sample = draw_review_sample(
        read.tiers,
        week=week,
        seed=seed,
        changes=read.changes,
        n=report.review_sample,
        window=report.review_weeks,
        seen=seen,
    )
    if sample.empty:
        raise SheetError(
            f"nobody is left to draw for {week}: every account of {read.month} was drawn in the last "
            f"{report.review_weeks} weeks (report.review_weeks), or report.review_sample is 0"
        )
    readers = deal_out(sample, managers, week=week, seed=seed)
    rows = [
        {
            "week": week,
            "month": read.month,
            "run_id": read.run_id,
            "seed": seed,
            "review_id": f"{week}-{place:02d}",
            "account_id": str(row["account_id"]),
            "name": "" if words.is_missing(row["name"]) else str(row["name"]),
            "tier": int(row["tier"]),
            "stratum": row["stratum"],
            "readers": list(who),
        }
        for place, (row, who) in enumerate(zip(sample.to_dict("records"), readers, strict=True), start=1)
    ]
    counts = sample["stratum"].value_counts(sort=False)
    said = [f"{week}: {words.things(len(rows), 'account')} of {read.month}."]
    said.append(f"Kinds: {', '.join(f'{n} {name}' for name, n in counts.items())}.")
    said += say_uncovered(read.tiers, sample, changes=read.changes, seen=seen, n=report.review_sample)
    n_twice = sum(len(who) > 1 for who in readers)
    if n_twice:
        said.append(f"{words.things(n_twice, 'account')} go to two managers, each on their own form.")
    else:
        said.append("Nobody is judged twice: name two managers or more (--manager, or report.review_managers).")
    return rows, said


def _write(folder: Path, rows: list[dict[str, Any]], read: ReviewedMonth, settings: RunSheet, week: str) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    said, sheet = [], folder / "evidence.html"
    if not sheet.exists():
        tables = open_tables(settings.data, root=settings.folder)
        write_evidence_sheet(
            sheet,
            rows,
            read.tiers,
            read.reasons,
            tables,
            as_of=read.as_of,
            changes=read.changes,
            company=settings.report.company,
            with_money=read.with_money,
        )
    said.append(f"Evidence: {sheet}")
    names = sorted({name for d in rows for name in d["readers"]}) or [None]
    for name in names:
        path = form_path(folder, name)
        kept = " (kept as it is)" if path.exists() else ""
        if not kept:
            write_form(path, rows, name)
        said.append(f"Form: {path}{kept}")
    return [*said, f"Filled forms go back with: tierkit review record {folder}/form*.csv"]


def _check_same(rows: list[dict[str, Any]], week: str, month: str | None, managers: tuple[str, ...]) -> None:
    """Refuse to draw a week in another way than it was drawn."""
    if month is not None and month != rows[0]["month"]:
        raise SheetError(f"{week} was drawn from {rows[0]['month']}, not {month}: name another week")
    given = {name for d in rows for name in d["readers"]}
    if managers and set(managers) != given:
        whom = words.listing(sorted(given)) or "nobody by name"
        raise SheetError(f"{week} was drawn for {whom}, not for {words.listing(sorted(managers))}: name another week")


def _month_for(reports: Path, month: str | None, end: pd.Timestamp, week: str) -> Path:
    """The folder of the month to review."""
    standing = [f for f in published_months(reports) if f.parent == reports]
    if month is not None:
        found = [f for f in standing if f.name == month]
        if not found:
            raise SheetError(f"{month} is not published; there are {', '.join(f.name for f in standing) or 'none'}")
        return found[0]
    ended = [f for f in standing if pd.Timestamp(read_manifest(f)["as_of"]) <= end]
    if not ended:
        first = standing[0].name if standing else "none"
        raise SheetError(f"no month was published that ended by {week} (the first is {first}); name one with --month")
    return ended[-1]


def _folder_of(reports: Path, month: str, run_id: str) -> Path:
    """The month as it was when the week was drawn, also where another run took its place since."""
    for folder in published_months(reports):
        if folder.name[:7] == month and read_manifest(folder)["run_id"] == run_id:
            return folder
    raise SheetError(f"run {run_id} of {month} is gone, so its evidence cannot be shown again; name another week")


def _read_month(folder: Path) -> ReviewedMonth:
    manifest = read_manifest(folder)
    tiers = pd.read_parquet(folder / "tiers.parquet")
    moves, bookings = folder / "changes.csv", folder / "bookings.csv"
    changes = None
    if moves.exists():
        written = {str(guard(a)): a for a in tiers["account_id"]}
        changes = pd.read_csv(moves, dtype={"account_id": "str"})
        changes = changes.assign(account_id=changes["account_id"].map(written)).dropna(subset="account_id")
    return ReviewedMonth(
        month=str(manifest["month"]),
        run_id=str(manifest["run_id"]),
        as_of=pd.Timestamp(manifest["as_of"]),
        tiers=tiers,
        reasons=pd.read_parquet(folder / "reasons.parquet"),
        changes=changes,
        with_money=bookings.exists() and money_reconciles(pd.read_csv(bookings)),
    )
