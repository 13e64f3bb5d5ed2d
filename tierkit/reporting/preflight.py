"""What is in the data before anything is run: rows, wins, refused columns, what cannot be claimed, and the policy."""

import tempfile
from pathlib import Path

import pandas as pd

from tierkit.inputs.settings import DataSettings, TableSource
from tierkit.inputs.tables import Tables, open_tables
from tierkit.reporting import words
from tierkit.reporting.draft import Draft
from tierkit.reporting.policy_words import say_policy
from tierkit.reporting.runs import Run
from tierkit.reporting.sections.limits import find_limits
from tierkit.runsheet import RunSheet, check_sheet, read_sheet


def check_data(path: Path) -> list[str]:
    """Sentences about a run sheet's tables and its tier policy, or about one export of deals.

    Raises
    ------
    SheetError : the policy cannot be carried out.
    TableError : a table breaks its contract.
    """
    sheet = read_sheet(path) if path.suffix == ".toml" else _sheet_for(path)
    with tempfile.TemporaryDirectory() as folder:
        run = _open(sheet, Path(folder))
        policy = say_policy(sheet.tiers, run.tables, as_of=run.as_of) if path.suffix == ".toml" else []
        return [*_describe(run), *policy]


def _sheet_for(deals: Path) -> RunSheet:
    data = DataSettings(deals=TableSource(file=deals.name))
    return check_sheet({"data": data.model_dump(exclude_defaults=True)}, folder=deals.resolve().parent)


def _open(sheet: RunSheet, folder: Path) -> Run:
    tables = open_tables(sheet.data, root=sheet.folder)
    through = tables.data_through if tables.data_through is not None else pd.Timestamp("2000-01-31")
    run = Run(f"{through:%Y-%m}", sheet, Draft(folder / "draft", ""), folder)
    run.keep(tables=tables)
    return run


def _describe(run: Run) -> list[str]:
    return [*_say_rows(run.tables), *run.readiness.sentences, *_say_columns(run), *_say_limits(run.tables)]


def _say_rows(tables: Tables) -> list[str]:
    deals = tables.frame("deals")
    counts = deals["outcome"].value_counts()
    ended = ", ".join(f"{words.count(counts.get(o, 0))} {o}" for o in ("won", "lost", "open"))
    span = ""
    if tables.is_dated:
        span = f", opened {words.day(deals['opened_at'].min())} to {words.day(deals['opened_at'].max())}"
    rows = [f"{words.things(len(deals), 'deal')}: {ended}{span}."]
    others = [f"{words.count(len(frame))} {name}" for name, frame in tables.frames.items() if name != "deals"]
    if others:
        rows.append(f"Beside them: {', '.join(others)}.")
    rows += [f"{note}." for note in tables.notes]
    if len(tables.rejected):
        for (table, rule), part in tables.rejected.groupby(["table", "rule"], sort=True):
            rows.append(f"{table}: {words.things(len(part), 'row')} set aside ({rule}).")
    return rows


def _say_columns(run: Run) -> list[str]:
    verdicts = run.verdicts
    usable = verdicts[verdicts["verdict"].isin(["ok", "flagged"])]
    said = [f"{words.things(len(usable), 'column')} may be looked at."]
    for row in verdicts[verdicts["verdict"].isin(["refused", "flagged"])].to_dict("records"):
        said.append(f"{row['verdict']}: {row['column']}: {row['reason']}")
    return said


def _say_limits(tables: Tables) -> list[str]:
    limits = [f"Cannot be claimed: {limit[0].lower()}{limit[1:]}" for limit in find_limits(tables)]
    return limits or ["Nothing is missing that a claim needs."]
