"""The monthly run: the notebooks under papermill, the files for people and systems, published whole or not at all."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tierkit.errors import AuditError, SheetError
from tierkit.inputs.tables import open_tables
from tierkit.reporting import words
from tierkit.reporting.export import export_page
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.notebooks import NEEDS, Executed, notebook_folder, run_notebooks
from tierkit.reporting.outputs import HEADLINE, audit_breaches, write_evidence, write_tier_outputs
from tierkit.reporting.provenance import Provenance, sha256_of, trace_run
from tierkit.reporting.publish import open_publication
from tierkit.reporting.runs import open_run
from tierkit.runsheet import read_sheet
from tierkit.tiering.assign import check_policy


@dataclass(frozen=True)
class Published:
    """A published month: its page, and six lines of result."""

    page: Path
    lines: tuple[str, ...]


def run_month(
    sheet: Path, month: str | None = None, *, replace: bool = False, console: Console | None = None
) -> Published:
    """Run a month and publish it.

    Parameters
    ----------
    sheet : the run sheet.
    month : "YYYY-MM"; the last month the data cover unless given.
    replace : another run of the same month may take its place.

    Raises
    ------
    SheetError, TableError : what was asked for, or the data, cannot be; nothing is published.
    AuditError : the self-audit stopped publication; the page stands in `MONTH.failed/`.
    """
    console = console or Console(quiet=True)
    started = datetime.now(UTC)
    sheet = sheet.resolve()
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    month = month or last_month(sheet)
    folder = notebook_folder(settings.folder)
    door = open_run(month, sheet=sheet)
    check_policy(door.tables, settings.tiers, as_of=door.as_of)
    provenance = trace_run(
        month=month,
        as_of=door.as_of,
        seed=settings.seed,
        parameters=settings.model_dump(mode="json"),
        sources=pd.concat([door.tables.sources, _notebooks(folder)], ignore_index=True),
    )
    with open_publication(reports, provenance, replace=replace) as publication:
        if publication.unchanged:
            return _told(publication.target)
        draft = publication.folder / ".draft"
        run = open_run(month, sheet=sheet, draft=draft)
        run.keep(tables=door.tables)
        parameters = {"month": month, "sheet": str(sheet), "draft": str(draft)}
        export = partial(_export, folder=publication.folder, provenance=provenance, company=settings.report.company)
        with _progress(console, f"{month}: notebooks") as step:
            run_notebooks(folder, publication.folder, parameters, then=export, done=step)
        run = open_run(month, sheet=sheet, draft=draft)
        breaches = audit_breaches(run)
        headline = write_evidence(run, publication.folder, provenance)
        if not breaches:
            write_tier_outputs(run, publication.folder, provenance)
        shutil.rmtree(draft.parent / ".draft")
        times = {"started": started.isoformat(), "ended": datetime.now(UTC).isoformat()}
        if breaches:
            failed = publication.fail(headline=headline, times=times)
            raise AuditError(f"{month} was not published: {'; '.join(breaches)} (its page: {failed / 'index.html'})")
        return _told(publication.publish(headline=headline, times=times))


def last_month(sheet: Path) -> str:
    """The last whole month the data cover.

    Raises
    ------
    SheetError : the data carry no dates, so that the month is a label only you can give.
    """
    settings = read_sheet(sheet)
    through = open_tables(settings.data, root=settings.folder).data_through
    if through is None:
        raise SheetError("the data carry no dates: name the run with --month YYYY-MM")
    next_day = through + pd.Timedelta(days=1)
    return f"{next_day.replace(day=1) - pd.Timedelta(days=1):%Y-%m}"


def _notebooks(folder: Path) -> pd.DataFrame:
    """The notebooks as inputs of the run: a changed line is another run."""
    paths = [folder / f"{name}.ipynb" for name in NEEDS]
    return pd.DataFrame(
        {
            "table": [f"notebook {path.stem}" for path in paths],
            "file": [path.name for path in paths],
            "sha256": [sha256_of(path) if path.exists() else "" for path in paths],
            "n_rows": 0,
            "n_rejected": 0,
        }
    )


@contextmanager
def _progress(console: Console, title: str) -> Iterator[Callable[[Executed], None]]:
    """A bar over the notebooks, and a line of seconds for each that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=len(NEEDS))

        def step(done: Executed) -> None:
            bar.advance(task)
            bar.console.print(f"{title[:7]}  {done.name:<18} {done.seconds:5.1f} s", markup=False)

        yield step


def _export(done: Executed, *, folder: Path, provenance: Provenance, company: str) -> None:
    """Turn an executed notebook into a page; the review becomes the month's index."""
    month = words.month_name(provenance.month)
    review = done.name == "70_monthly_review"
    export_page(
        done.path,
        folder / ("index.html" if review else f"{done.name}.html"),
        title=f"{company}: {done.name.replace('_', ' ')[3:]}, {month}",
        hide_code=review,
        provenance=provenance.as_dict(),
        kicker=f"{company}, {month}",
    )
    done.path.unlink()


def _told(folder: Path) -> Published:
    headline = read_manifest(folder)["headline"]
    page = folder / "index.html"
    lines = [f"{name:<13} {headline[name]}" for name in HEADLINE if headline.get(name)]
    return Published(page, (f"{'Page':<13} {page}", *lines))
