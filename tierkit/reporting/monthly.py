"""The monthly run: the notebooks under papermill, the files for people and systems, published whole or not at all."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tierkit.errors import AuditError, SheetError
from tierkit.inputs.tables import Tables, open_tables
from tierkit.proof.audit import audit_breaches
from tierkit.reporting import words
from tierkit.reporting.ahead import replay_ahead
from tierkit.reporting.approval.commits import answers_behind
from tierkit.reporting.calendar import as_of_month, check_month
from tierkit.reporting.export import export_page
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.memory import give_back
from tierkit.reporting.notebooks import KERNELS, NEEDS, check_parameters, notebook_folder, run_notebook
from tierkit.reporting.outputs import HEADLINE, write_evidence, write_tier_outputs
from tierkit.reporting.provenance import Provenance, sha256_of, trace_run
from tierkit.reporting.publish import Publication, hold_reports, open_publication
from tierkit.reporting.review.ledger import known_reviews
from tierkit.reporting.runs import ASKED, Run, open_run
from tierkit.reporting.schedule import run_tasks
from tierkit.runsheet import RunSheet, read_sheet
from tierkit.tiering.feasibility import check_policy

READS, ASKS_EARLIER = "10_data", "50_tiers"
"""The first notebook; the one that asks what tiers were, and waits for the month before."""

REPLAY, LEARNS, PROVES = "replay", "20_propensity", "60_tier_lift"
"""The replay, which runs beside other notebooks; the notebook it comes after, and the first that shows it."""

PUBLISH = "publish"
"""What comes after all."""

Task = tuple[str, str]
"""A month, and a notebook of it, `REPLAY` or `PUBLISH`."""


@dataclass(frozen=True)
class Published:
    """A published month: its page, and six lines of result."""

    page: Path
    lines: tuple[str, ...]


def run_months(
    sheet: Path,
    months: Sequence[str] = (),
    *,
    replace: bool = False,
    thorough: bool = False,
    console: Console | None = None,
) -> list[Published]:
    """Run months and publish them, oldest first.

    Months run side by side; each waits for the one before it only where it asks what tiers were.

    Parameters
    ----------
    sheet : the run sheet.
    months : each "YYYY-MM"; the last month the data cover unless given.
    replace : another run of the same month may take its place.
    thorough : refit the models 200 times instead of as often as the sheet says.

    Raises
    ------
    SheetError, TableError : what was asked for, or the data, cannot be; nothing is published.
    AuditError : the self-audit stopped publication of a month; its page stands in `MONTH.failed/`, and no later month
        is published.
    """
    sheet = sheet.resolve()
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    console = console or Console(quiet=True)
    with _reading(console) as say:
        tables = open_tables(settings.data, root=settings.folder, say=say)
    with hold_reports(reports), ExitStack() as stack:
        asked = sorted(set(months) or {last_month(tables)})
        pages = stack.enter_context(ThreadPoolExecutor(1))
        opened = [_Month.open(m, sheet, tables, stack, pages, replace=replace, thorough=thorough) for m in asked]
        # Every month keeps what it needs of them, and reads that; held on to, they would stand in memory throughout.
        del tables
        give_back()
        due = {one.name: one for one in opened if not one.publication.unchanged}
        begun, done = stack.enter_context(_progress(console, list(due)))
        run_tasks(_needs(list(due)), lambda task: due[task[0]].work(task[1]), begun=begun, done=done, workers=KERNELS)
        return [_told(one.publication.target) for one in opened]


def last_month(tables: Tables) -> str:
    """The last whole month the data cover.

    Raises
    ------
    SheetError : the data carry no dates, so that the month is a label only you can give.
    """
    through = tables.data_through
    if through is None:
        raise SheetError("the data carry no dates: name the run with --month YYYY-MM")
    next_day = through + pd.Timedelta(days=1)
    return f"{next_day.replace(day=1) - pd.Timedelta(days=1):%Y-%m}"


def _needs(months: Sequence[str]) -> dict[Task, list[Task]]:
    """The tasks of all months, the most urgent first, and those each comes after."""
    needs: dict[Task, list[Task]] = {}
    for month in months:
        for name, earlier in {REPLAY: (LEARNS,), **NEEDS, PUBLISH: tuple(NEEDS)}.items():
            needs[month, name] = [(month, other) for other in earlier]
        needs[month, PROVES].append((month, REPLAY))
    for before, month in pairwise(months):
        needs[month, ASKS_EARLIER].append((before, PUBLISH))
        # The months read their data side by side; then the earlier one goes first, since the later one waits for it.
        for name in (n for n, earlier in NEEDS.items() if READS in earlier):
            needs[month, name].append((before, READS))
    return needs


@dataclass(frozen=True)
class _Month:
    """One month on its way to publication."""

    name: str
    sheet: Path
    settings: RunSheet
    provenance: Provenance
    publication: Publication
    started: datetime
    pages: Executor
    """Where pages are made, while the next notebook runs."""
    making: list[Future[None]] = field(default_factory=list)

    @classmethod
    def open(
        cls,
        name: str,
        sheet: Path,
        tables: Tables,
        stack: ExitStack,
        pages: Executor,
        *,
        replace: bool,
        thorough: bool,
    ) -> "_Month":
        """Check what can be checked before anything is fitted, and open a folder to write into."""
        started, settings = datetime.now(UTC), read_sheet(sheet)
        settings = settings.thorough() if thorough else settings
        as_of = as_of_month(name, settings)
        check_month(name, tables)
        check_policy(tables, settings.tiers, as_of=as_of)
        reports = settings.folder / settings.report.folder
        said = (known_reviews(reports, as_of).sources, answers_behind(reports, name))
        read = [tables.sources, _notebooks(notebook_folder(settings.folder)), *(part for part in said if len(part))]
        provenance = trace_run(
            month=name,
            as_of=as_of,
            seed=settings.seed,
            parameters=settings.model_dump(mode="json"),
            sources=pd.concat(read, ignore_index=True),
        )
        publication = stack.enter_context(open_publication(reports, provenance, replace=replace))
        month = cls(name, sheet, settings, provenance, publication, started, pages)
        if not publication.unchanged:
            for notebook in NEEDS:
                check_parameters(month.notebook(notebook), month.parameters)
            if thorough:
                drafts = Path(month.parameters["draft"])
                drafts.mkdir()
                (drafts / ASKED).write_text(json.dumps({"thorough": True}), encoding="utf-8")
            month.run().keep(tables=tables)
        return month

    def notebook(self, name: str) -> Path:
        """The notebook of that name."""
        return notebook_folder(self.settings.folder) / f"{name}.ipynb"

    @property
    def parameters(self) -> dict[str, str]:
        """What each notebook is run with; in `draft` they keep what they make."""
        return {"month": self.name, "sheet": str(self.sheet), "draft": str(self.publication.folder / ".draft")}

    def run(self) -> Run:
        """The month as its notebooks left it."""
        return open_run(**self.parameters)

    def work(self, name: str) -> None:
        """Publish the month, replay it, or execute a notebook and have its page made."""
        if name == PUBLISH:
            self.publish()
            return
        if name == REPLAY:
            replay_ahead(self.parameters)
            return
        executed = run_notebook(self.notebook(name), self.parameters)
        self.making.append(self.pages.submit(self.make_page, name, executed))

    def make_page(self, name: str, executed: Any) -> None:
        """Write the page of an executed notebook; the review becomes the month's index."""
        company, month = self.settings.report.company, words.month_name(self.name)
        review = name == "70_monthly_review"
        export_page(
            executed,
            self.publication.folder / ("index.html" if review else f"{name}.html"),
            title=f"{company}: {name.replace('_', ' ')[3:]}, {month}",
            hide_code=review,
            provenance=self.provenance.as_dict(),
            kicker=f"{company}, {month}",
        )

    def publish(self) -> None:
        """Write the files beside the pages, and publish them all unless the audit stops it."""
        for page in self.making:
            page.result()
        run, folder = self.run(), self.publication.folder
        breaches = audit_breaches(run.audit)
        headline = write_evidence(run, folder, self.provenance)
        if not breaches:
            write_tier_outputs(run, folder, self.provenance)
        shutil.rmtree(folder / ".draft")
        times = {"started": self.started.isoformat(), "ended": datetime.now(UTC).isoformat()}
        if breaches:
            failed = self.publication.fail(headline=headline, times=times)
            review = failed / "index.html"
            raise AuditError(f"{self.name} was not published: {'; '.join(breaches)} (its page: {review})")
        self.publication.publish(headline=headline, times=times)


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
def _reading(console: Console) -> Iterator[Callable[[str], None]]:
    """What is being read, and a line of seconds for each step that took one or more."""
    step, began = "", time.monotonic()

    def say(words: str) -> None:
        nonlocal step, began
        if (seconds := time.monotonic() - began) >= 1 and step:
            console.print(f"{step:<27} {seconds:5.1f} s", markup=False)
        step, began = words, time.monotonic()
        status.update(words)

    with console.status("opening the run sheet") as status:
        yield say
        say("")


@contextmanager
def _progress(
    console: Console, months: Sequence[str]
) -> Iterator[tuple[Callable[[Task], None], Callable[[Task, float], None]]]:
    """A bar for each month with the tasks under way, and a line of seconds for each task that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bars = {month: progress.add_task(month, total=len(NEEDS) + 2) for month in months}
        under_way: list[Task] = []

        def show(month: str) -> None:
            names = [name for of, name in under_way if of == month]
            progress.update(bars[month], description=f"{month} {', '.join(names)}")

        def begun(task: Task) -> None:
            under_way.append(task)
            show(task[0])

        def done(task: Task, seconds: float) -> None:
            month, name = task
            under_way.remove(task)
            show(month)
            progress.advance(bars[month])
            progress.console.print(f"{month}  {name:<18} {seconds:5.1f} s", markup=False)

        yield begun, done


def _told(folder: Path) -> Published:
    headline = read_manifest(folder)["headline"]
    page = folder / "index.html"
    lines = [f"{name:<13} {headline[name]}" for name in HEADLINE if headline.get(name)]
    return Published(page, (f"{'Page':<13} {page}", *lines))
