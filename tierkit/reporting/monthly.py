"""The monthly run: the notebooks under papermill, the files for people and systems, published whole or not at all."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tierkit.errors import MachineError, SheetError, TierkitError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.children import Children
from tierkit.reporting.machine import hold_memory, say_refusal
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.memory import give_back
from tierkit.reporting.notebooks import KERNELS, NEEDS, puts_in_place
from tierkit.reporting.one_month import LEARNS, MISSES, PUBLISH, REPLAY, OneMonth
from tierkit.reporting.outputs import HEADLINE
from tierkit.reporting.publish import clear_leftovers, hold_reports
from tierkit.reporting.schedule import OutOfTime, run_tasks
from tierkit.reporting.scratch import clear_scratch
from tierkit.runsheet import RunSheet, read_sheet

READS, ASKS_EARLIER = "10_data", "50_tiers"
"""The notebook of the rows that all learn from; the one that asks what tiers were, and waits for the month before."""

PROVES, CONCLUDES = "60_tier_lift", "70_monthly_review"
"""The first notebook that shows the replay, and the one that shows its misses."""

Task = tuple[str, str]
"""A month, and a notebook of it, `REPLAY`, `MISSES` or `PUBLISH`."""


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
    MachineError : disk, memory, rights or the time of `limits.max_minutes` did not do; the message says what was
        published before.
    KeyboardInterrupt : somebody stopped it; its message says the same.
    """
    sheet = sheet.resolve()
    settings = read_sheet(sheet)
    until = time.monotonic() + 60 * settings.limits.max_minutes
    reports = settings.folder / settings.report.folder
    console, opened, children = console or Console(quiet=True), list[OneMonth](), Children()
    # The lock first: who finds another run at work hears of it before anything is read.
    with _said_plainly(settings, opened), hold_memory(settings.limits.max_memory_gb), ExitStack() as stack:
        stack.enter_context(hold_reports(reports))
        clear_scratch()
        with _reading(console) as say:
            tables = open_tables(settings.data, root=settings.folder, say=say)
        asked = sorted(set(months) or {last_month(tables)})
        pages = stack.enter_context(ThreadPoolExecutor(1))
        for name in asked:
            month = OneMonth.open(name, sheet, tables, pages, children, stack, replace=replace, thorough=thorough)
            opened.append(month)
        clear_leftovers(reports, but=[one.publication.folder for one in opened])
        due = {one.name: one for one in opened if not one.publication.unchanged}
        for month in due.values():
            if n_kept := month.begin(tables, {one.name: one.provenance.run_id for one in opened}):
                said = f"goes on from {words.things(n_kept, 'result')} of a run that was ended before it was done"
                console.print(f"{month.name}  {said}", markup=False)
        # Every month keeps what it needs of them, and reads that; held on to, they would stand in memory throughout.
        del tables
        gc.collect()
        give_back()
        begun, done = stack.enter_context(_progress(console, list(due)))
        run_tasks(
            _needs(list(due), own_rows=any(puts_in_place(month.notebook(READS)) for month in due.values())),
            lambda task: due[task[0]].work(task[1]),
            begun=begun,
            done=done,
            workers=KERNELS,
            until=until,
            stop=children.end,
        )
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


def _needs(months: Sequence[str], *, own_rows: bool = False) -> dict[Task, list[Task]]:
    """The tasks of all months, the most urgent first, and those each comes after.

    Where the first notebook puts `own_rows` in place of the run's, those that learn from them wait for it.
    """
    needs: dict[Task, list[Task]] = {}
    for month in months:
        # The longest way first: the replay begins as soon as it is known whether the model is used
        first = {LEARNS: NEEDS[LEARNS], REPLAY: (), MISSES: (REPLAY,)}
        for name, earlier in {**first, **NEEDS, PUBLISH: tuple(NEEDS)}.items():
            needs[month, name] = [(month, other) for other in earlier]
            if own_rows and not earlier and name != READS:
                needs[month, name].append((month, READS))
        needs[month, PROVES].append((month, REPLAY))
        needs[month, CONCLUDES].append((month, MISSES))
    for before, month in pairwise(months):
        needs[month, ASKS_EARLIER].append((before, PUBLISH))
    return needs


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
        bars = {month: progress.add_task(month, total=len(NEEDS) + 3) for month in months}
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


@contextmanager
def _said_plainly(settings: RunSheet, opened: Sequence[OneMonth]) -> Iterator[None]:
    """What the machine refused, the time that was over, or an interrupt, in a sentence with what was published."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped; {_published(opened)}") from None
    except OutOfTime:
        given = f"limits.max_minutes = {settings.limits.max_minutes:g}"
        repair = "look for a cell that never ends, or raise it under [limits]"
        raise MachineError(f"the run took longer than {given} ({repair}); {_published(opened)}") from None
    except MachineError as error:
        raise MachineError(f"{error}; {_published(opened)}") from None
    except TierkitError:
        raise
    except Exception as error:
        if refused := say_refusal(type(error).__name__, str(error)):
            raise MachineError(f"{refused}; {_published(opened)}") from error
        raise


def _published(opened: Sequence[OneMonth]) -> str:
    done = [one.name for one in opened if one.publication.published]
    return f"{' and '.join(done)} had been published" if done else "nothing was published"


def _told(folder: Path) -> Published:
    headline = read_manifest(folder)["headline"]
    page = folder / "index.html"
    lines = [f"{name:<13} {headline[name]}" for name in HEADLINE if headline.get(name)]
    return Published(page, (f"{'Page':<13} {page}", *lines))
