"""Everything that can be found out about a company's tables before a run, even where they do not open."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tierkit.errors import SheetError, TierkitError
from tierkit.features.deals import count_existing_business
from tierkit.features.horizon import Horizon
from tierkit.features.readiness import Readiness, find_repeats
from tierkit.inputs.customary import customary_deals, read_pairs
from tierkit.inputs.files.reading import read_file
from tierkit.inputs.opening import Opened, inspect_tables
from tierkit.inputs.settings import DataSettings, TableSource
from tierkit.inputs.tables import Tables
from tierkit.reporting.calendar import check_month
from tierkit.reporting.draft import Draft
from tierkit.reporting.monthly import last_month
from tierkit.reporting.policy_words import say_policy
from tierkit.reporting.readiness.coverage import field_coverage
from tierkit.reporting.runs import Run
from tierkit.runsheet import RunSheet, check_sheet, read_sheet

UNDATED = "2000-01"
"""A month for data without dates, where a run's month is only its label; it is never shown."""

Tell = Callable[[str], None]
"""Is told what is being done, for a reader who waits."""


@dataclass
class Look:
    """What was found; a part stays empty where what stands before it stops a run.

    Attributes
    ----------
    file : what was looked at: the run sheet, or the export.
    is_export : whether a bare export was given, without a run sheet.
    stops : what stops a run: file (or empty) and sentence, in the order in which it was met.
    error : the first of them, to be raised once everything has been said.
    read : how a bare export's columns were read, in a sentence.
    rows : deal rows, features as known before each deal opened. waiting : rows to be tiered.
    n_existing : deals of customers, which models leave out.
    coverage : as of `field_coverage`.
    """

    file: Path
    is_export: bool
    sheet: RunSheet | None = None
    opened: Opened | None = None
    stops: list[tuple[str, str]] = field(default_factory=list)
    error: TierkitError | None = None
    read: str = ""
    month: str = UNDATED
    horizon: Horizon | None = None
    readiness: Readiness | None = None
    rows: pd.DataFrame | None = None
    waiting: pd.DataFrame | None = None
    verdicts: pd.DataFrame | None = None
    repeats: pd.DataFrame | None = None
    n_existing: int = 0
    coverage: pd.DataFrame | None = None
    policy: list[str] = field(default_factory=list)

    @property
    def tables(self) -> Tables | None:
        """The checked tables, where they opened."""
        return self.opened.tables if self.opened else None

    @property
    def name(self) -> str:
        """Whose data they are."""
        stated = self.sheet is not None and "company" in self.sheet.report.model_fields_set
        return self.sheet.report.company if self.sheet and stated else self.file.resolve().name

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Write down what stops a run rather than stop at it."""
        try:
            yield
        except TierkitError as error:
            self.error = self.error or error
            self.stops.append(("", str(error)))


def look_at(path: Path, *, columns: Sequence[str] = (), tell: Tell = lambda _: None) -> Look:
    """Look at a run sheet's tables and policy, at a folder of tables, or at one export of deals.

    Parameters
    ----------
    path : a run sheet (.toml), a folder, or a file.
    columns : `canonical=name`, where an export calls a column of deals by a name that is not customary.
    """
    look = Look(path, is_export=path.suffix != ".toml" and not path.is_dir())
    tell("Reading the tables")
    with look.hold():
        look.sheet = _sheet_for(look, columns)
    if look.sheet is None:
        return look
    look.opened, look.error = inspect_tables(look.sheet.data, root=look.sheet.folder)
    if look.tables is None:
        look.stops += look.opened.breaches
        return look
    look.coverage = field_coverage(look.tables)
    with tempfile.TemporaryDirectory() as folder:
        run = _open(look, look.tables, Path(folder))
        if look.error is None:
            _build(look, run, tell)
        if not look.is_export:
            tell("Reading the policy")
            with look.hold():
                look.policy = say_policy(look.sheet.tiers, look.tables, as_of=run.as_of)
    return look


def _sheet_for(look: Look, columns: Sequence[str]) -> RunSheet:
    path = look.file
    if not look.is_export:
        return read_sheet(path) if path.suffix == ".toml" else check_sheet({}, folder=path.resolve())
    custom = customary_deals(read_file(path).frame, file=path.name, stated=read_pairs(columns))
    look.read = custom.said
    data = DataSettings(deals=TableSource(**custom.source.model_dump()))
    return check_sheet({"data": data.model_dump(exclude_defaults=True)}, folder=path.resolve().parent)


def _open(look: Look, tables: Tables, folder: Path) -> Run:
    with look.hold():
        if tables.is_dated:
            look.month = last_month(tables)
            check_month(look.month, tables)
    assert look.sheet is not None
    run = Run(look.month, look.sheet, Draft(folder / "draft", ""), folder)
    run.keep(tables=tables)
    return run


def _build(look: Look, run: Run, tell: Tell) -> None:
    """Rows, readiness, repeats and verdicts; each stands where those before it could be made."""
    tell("Looking at each deal as it was known before it opened")
    with look.hold():
        look.horizon = run.horizon
        look.rows = run.deal_rows
        look.n_existing = count_existing_business(run.tables, before=run.as_of)
        look.repeats = find_repeats(look.rows)
        look.readiness = run.readiness
        tell("Looking at each account as it is known now")
        look.waiting = run.account_rows
        tell(f"Screening {look.rows.shape[1]:,} columns for what knows the outcome")
        look.verdicts = run.verdicts


def check_out(path: Path) -> None:
    """Refuse a path for the page that would write over something else.

    Raises
    ------
    SheetError : the path does not end in .html, or its folder is missing.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise SheetError(f"--out {path}: the page is an HTML file (name it something.html)")
    if not path.resolve().parent.is_dir():
        raise SheetError(f"--out {path}: there is no folder {path.resolve().parent}")
