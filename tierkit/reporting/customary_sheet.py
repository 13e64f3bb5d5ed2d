"""A starter run sheet for deals of any origin: columns by what they are customarily called, the rest as questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.inputs.amounts import find_marks, join_marks
from tierkit.inputs.coercion import as_text as cells_as_text
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.customary import NAMES, Customary, customary_deals
from tierkit.inputs.days import find_day_order
from tierkit.inputs.files.reading import nearest, plain_name, read_file, table_stem
from tierkit.inputs.settings import TableSource
from tierkit.inputs.sources import find_tables
from tierkit.reporting import words
from tierkit.reporting.proposed_sheet import (
    Drafted,
    as_key,
    as_text,
    closing,
    listed,
    opening,
    plain,
    question,
    relative,
)

_DATES, _AMOUNTS = ("opened_at", "closed_at"), ("acv", "amount")
_LEVELS = 12


@dataclass
class _Lines:
    """The lines of a sheet as they are found."""

    keys: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def drafted(self) -> Drafted:
        text = "\n".join([*opening("your"), *self.keys, "", *self.comments, *closing()])
        return Drafted(text + "\n", tuple(self.said), tuple(self.questions))


def draft_for_files(exports: Path, *, beside: Path) -> Drafted:
    """The sheet for one file of deals, or for a folder with such a file and tables under our own names.

    Raises
    ------
    TableError : there is no such file or folder, or the file cannot be read.
    """
    lines = _Lines()
    if not exports.is_dir():
        lines.keys += ["[data.deals]", f"file = {as_text(relative(exports, beside))}"]
        _describe_deals(exports, lines)
        return lines.drafted()
    tables, notes = find_tables(exports)
    lines.keys += ["[data]", f"folder = {as_text(relative(exports, beside))}", ""]
    lines.said += [f"{note}" for note in notes]
    deals = tables.pop("deals", None)
    if deals is None:
        others = [p for p in sorted(exports.iterdir()) if table_stem(p) is not None and p not in tables.values()]
        likely = [path for path in others if _tells_deals(path)]
        if len(likely) != 1:
            known = f"; there are {listed(p.name for p in likely or others)}" if likely or others else ""
            lines.keys += ["[data.deals]", question("file", f"the file of deals{known}", lines.questions)]
        else:
            deals = likely[0]
            lines.keys += ["[data.deals]", f"file = {as_text(deals.name)}"]
    elif _needs_words(deals):
        lines.keys += ["[data.deals]"]
    else:
        lines.keys += ["[data.deals]   # deals are found by their name, and have ours for every column"]
    if deals is not None:
        _describe_deals(deals, lines)
    for name, path in tables.items():
        lines.keys += ["", f"[data.{name}]   # {plain(path.name)}"]
        lines.said.append(f"{plain(path.name)}: {name}, under our own names")
    return lines.drafted()


def _tells_deals(path: Path) -> bool:
    """Whether a file says how something ended, and when or for how much."""
    try:
        found = customary_deals(read_file(path).frame)
    except (SheetError, TableError):
        return False
    return bool({*_DATES, *_AMOUNTS} & set(found.source.columns))


def _needs_words(deals: Path) -> bool:
    frame = read_file(deals).frame
    return any(name not in CONTRACTS["deals"] for name in map(str, frame.columns))


def _describe_deals(path: Path, lines: _Lines) -> None:
    """Columns, values and marks of the deals: as keys where they had to be found, as questions where they were not."""
    raw = read_file(path)
    frame, header = raw.frame, [str(name) for name in raw.frame.columns]
    lines.said.append(f"{plain(raw.file)}: deals, {words.things(len(frame), 'row')}")
    lines.said += [f"  {note}" for note in raw.notes]
    try:
        found = customary_deals(frame, file=raw.file)
    except SheetError:
        found = Customary(TableSource(file=raw.file), "no column says how deals ended")
    lines.said.append(f"  {found.said}")
    columns = dict(found.source.columns)
    by_name = {n: g for n in CONTRACTS["deals"].names if (g := _found_by_name(n, header)) and n not in columns}
    outcome = columns.get("outcome", by_name.get("outcome"))
    typed = _unread(frame, columns | by_name, lines.questions)
    lines.keys += [*typed, "", "[data.deals.columns]   # ours = yours"]
    for name in NAMES:
        if name in columns:
            lines.keys.append(f"{name} = {as_text(columns[name])}")
        elif name in by_name:
            lines.comments.append(f"# {name} is found by its name: {plain(by_name[name])}")
        elif name == "outcome":
            sentence = f"the column that says how deals ended: {listed(header)}"
            lines.keys.append(question("outcome", sentence, lines.questions))
        elif name not in ("amount", "deal_type"):
            about = CONTRACTS["deals"][name].about
            lines.comments.append(f"# {name} = ...   # no column looks like it: {about}")
    if outcome is not None:
        lines.keys += _ends(cells_as_text(frame[outcome]), found.source.values.get("outcome"), lines.questions)
    if types := found.source.values.get("deal_type"):
        lines.keys += ["[data.deals.values]"] if outcome is None else []
        lines.keys.append(f"deal_type = {_inline(types)}")
    taken = {*columns.values(), *by_name.values()}
    alike = {g: nearest(g, CONTRACTS["deals"].names) for g in header if g not in taken}
    for given, near in alike.items():
        if near and near not in columns and near not in by_name:
            lines.said.append(f"  looks like: {plain(given)} like {near}")
    if alike:
        said = f"nobody named, so candidate features after the leak screen: {listed(alike, 40)}"
        lines.comments.append(f"# {said}")
        lines.said.append(f"  {said}")
    if (columns | by_name).keys() & set(_AMOUNTS):
        lines.comments.append('# [data] currency = "USD" and data_through = "YYYY-MM-DD" may be set too.')


def _ends(stages: pd.Series, known: Mapping[str, str] | None, questions: list[str]) -> list[str]:
    """How each stage stands, on one line; a question where no stage says that deals were won, or lost."""
    if known is None:
        return []
    lines = ["", "[data.deals.values]"]
    if not {"won", "lost"} <= set(known.values()):
        unplaced = stages[stages.map(known) == "open"].value_counts().sort_index()
        counts = unplaced.sort_values(ascending=False, kind="stable").items()
        levels = [f"{level} ({words.things(int(n), 'deal')})" for level, n in counts]
        missing = " nor ".join(end for end in ("won", "lost") if end not in known.values())
        sentence = f"won, lost or open for each stage, since none says {missing}: {listed(levels, _LEVELS)}"
        ends = {level: end for level, end in known.items() if end != "open" and level}
        settled = "".join(f"{as_key(level)} = {as_text(end)}, " for level, end in ends.items())
        asked, comment = question('"*"', sentence, questions).split("   # ", 1)
        return [*lines, f"outcome = {{ {settled}{asked} }}   # {comment}"]
    ends = {level: end for level, end in known.items() if end != "open" or not level}
    if any(end == "open" and level for level, end in known.items()):
        ends["*"] = "open"
    return [*lines, f"outcome = {_inline(ends)}   # yours = won, lost or open; * is every other stage"]


def _unread(frame: pd.DataFrame, columns: Mapping[str, str], questions: list[str]) -> list[str]:
    """Questions about dates and numbers that may be read in two ways."""
    out = []
    orders = {n: find_day_order(cells_as_text(frame[columns[n]])) for n in _DATES if columns.get(n) in frame}
    settled = any(o.day_first or o.month_first for o in orders.values())
    unsettled = next((o.unsettled for o in orders.values() if o.unsettled), None)
    if unsettled and not settled:
        out.append(
            question("day_first", f"true if {unsettled} begins with the day, false if with the month", questions)
        )
    marks = join_marks(
        find_marks(cells_as_text(frame[columns[n]]))
        for n in (*_AMOUNTS, "term_months", "seats")
        if columns.get(n) in frame
    )
    if len(marks.votes) == 2 or (marks.unsettled and not marks.votes):
        cell = marks.unsettled or " and ".join(marks.votes.values())
        out.append(question("decimal", f"the decimal mark, . or , of numbers such as {cell}", questions))
    return out


def _inline(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{as_key(key)} = {as_text(value)}" for key, value in values.items()) + " }"


def _found_by_name(name: str, header: list[str]) -> str | None:
    if name in header:
        return name
    return next((given for given in header if plain_name(given) == plain_name(name)), None)
