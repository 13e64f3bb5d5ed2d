"""The forms managers fill: written, and read back as spreadsheets leave them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.files.reading import plain_name, read_file
from tierkit.proof.agreement import VERDICTS
from tierkit.reporting import words
from tierkit.reporting.spreadsheet import is_cell_of, unguard, write_for_people

GIVEN, ASKED = ("review_id", "account_id", "name", "tier"), ("verdict", "reason", "coaching_note", "next_step")
FORM = (*GIVEN, *ASKED, "reviewer")
"""Columns of a form."""

Entry = dict[str, Any]


def write_form(path: Path, drawn: Sequence[Entry], manager: str | None) -> None:
    """Write a form of the accounts drawn for a manager; of all where none is named."""
    rows = [
        {**{c: d[c] for c in GIVEN}, "reviewer": manager or ""}
        for d in drawn
        if manager is None or manager in d["readers"]
    ]
    write_for_people(pd.DataFrame(rows, columns=list(FORM)), path)


@dataclass
class _Answers:
    """What was answered so far, and what is wrong with each file."""

    drawn: dict[str, Entry]
    answered: dict[tuple[str, str], Entry]
    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    """File of each week and person that a form was read of."""
    new: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_forms(paths: Sequence[Path], drawn: Sequence[Entry], ledger: Sequence[Entry]) -> list[Entry]:
    """The answers of filled forms that the ledger does not hold yet.

    Capitals, blanks, separators, byte order marks and guards are as a spreadsheet leaves them; ids may have lost their
    leading zeros.

    Parameters
    ----------
    drawn, ledger : every entry of what was drawn, and of what was answered before.

    Raises
    ------
    TableError : a form names what was not drawn, lacks a verdict or has an unknown one, has an id or tier changed,
        answers twice, or leaves out accounts of its manager; every line of every form is named.
    """
    known = {(e["review_id"], _who(e["reviewer"])): e for e in ledger}
    answers = _Answers({d["review_id"].casefold(): d for d in drawn}, known)
    for path in paths:
        _read_form(path, answers)
    # Whoever answers must answer for all that was given to them: what is skipped would not be what is agreed with.
    if problems := answers.problems or _left_out(answers):
        raise TableError(f"{'; '.join(problems)} (nothing was recorded: mend the form and record it again)")
    return sorted(answers.new, key=lambda e: (e["week"], e["review_id"], _who(e["reviewer"])))


def _read_form(path: Path, answers: _Answers) -> None:
    raw = read_file(path)
    header = {plain_name(str(name)): name for name in reversed(raw.frame.columns)}
    if missing := [c for c in FORM if plain_name(c) not in header]:
        answers.problems.append(f"{raw.file}: column {words.listing([repr(c) for c in missing])} is missing")
        return
    frame = raw.frame[[header[plain_name(c)] for c in FORM]].set_axis(list(FORM), axis="columns")
    wrong: dict[str, list[int]] = {}
    here: set[tuple[str, str]] = set()
    for line, row in zip(raw.frame.index, frame.to_dict("records"), strict=True):
        cells = {str(k): _text(v) for k, v in row.items()}
        if not any(cells.values()):
            continue
        said = _problems(cells, answers.drawn)
        if not said:
            entry = _entry(cells, answers.drawn[cells["review_id"].casefold()])
            answers.asked.setdefault((entry["week"], _who(entry["reviewer"])), raw.file)
            said = _take(entry, answers, here)
        for problem in said:
            wrong.setdefault(problem, []).append(int(line))
    if told := [f"{problem} on {_lines(raw.place, lines)}" for problem, lines in wrong.items()]:
        answers.problems.append(f"{raw.file}: {', '.join(told)}")


def _problems(cells: dict[str, str], drawn: dict[str, Entry]) -> list[str]:
    """What is wrong with a line by itself."""
    said = []
    entry = drawn.get(cells["review_id"].casefold())
    if entry is None:
        said.append(f"a review that was not drawn ({cells['review_id']!r}, account {cells['account_id']!r})")
    else:
        if not is_cell_of(cells["account_id"], entry["account_id"]):
            known = any(is_cell_of(cells["account_id"], d["account_id"]) for d in drawn.values())
            what = "another account" if known else "an account that was not drawn"
            said.append(f"{what} ({cells['account_id']!r} in the place of {entry['account_id']!r})")
        if not is_cell_of(re.sub(r"(?i)^tier\s*", "", cells["tier"]), str(entry["tier"])):
            said.append(f"a changed tier ({cells['tier']!r} in the place of {entry['tier']})")
        readers = {_who(r) for r in entry["readers"]}
        if readers and cells["reviewer"] and _who(unguard(cells["reviewer"])) not in readers:
            given = " and ".join(entry["readers"])
            said.append(f"reviewer {unguard(cells['reviewer'])!r} for what was given to {given}")
    if not cells["reviewer"]:
        said.append("no reviewer")
    choice = f"{', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}"
    if not cells["verdict"]:
        said.append(f"no verdict ({choice})")
    elif _verdict(cells["verdict"]) not in VERDICTS:
        said.append(f"unknown verdict {cells['verdict']!r} ({choice})")
    return said


def _entry(cells: dict[str, str], drawn: Entry) -> Entry:
    """An answer as the ledger keeps it; the account as it was drawn, not as the form has it."""
    reviewer = unguard(cells["reviewer"])
    name = next((r for r in drawn["readers"] if _who(r) == _who(reviewer)), reviewer)
    kept = {c: drawn[c] for c in ("week", "month", "review_id", "account_id", "name", "tier", "stratum")}
    texts = {c: unguard(cells[c]) for c in ASKED[1:]}
    return {**kept, "reviewer": name, "verdict": _verdict(cells["verdict"]), **texts}


def _take(entry: Entry, answers: _Answers, here: set[tuple[str, str]]) -> list[str]:
    """Take an answer unless it stands already; what is wrong where the same person said something else before."""
    key = (entry["review_id"], _who(entry["reviewer"]))
    if key in here:
        return [f"an answer of {entry['reviewer']!r} to what an earlier line answers"]
    here.add(key)
    before = answers.answered.get(key)
    if before is None:
        answers.answered[key] = entry
        answers.new.append(entry)
    elif any(before[c] != entry[c] for c in ASKED):
        return [f"a second answer of {entry['reviewer']!r}, who said {before['verdict']!r} before"]
    return []


def _left_out(answers: _Answers) -> list[str]:
    """For each file, the reviews of its weeks that its people were given and did not answer."""
    left: dict[str, list[str]] = {}
    for (week, who), file in answers.asked.items():
        for d in answers.drawn.values():
            mine = d["week"] == week and (not d["readers"] or who in {_who(r) for r in d["readers"]})
            if mine and (d["review_id"], who) not in answers.answered:
                left.setdefault(file, []).append(d["review_id"])
    return [f"{file}: no line for {words.listing(sorted(ids))}" for file, ids in left.items()]


def _text(cell: Any) -> str:
    """A cell as text, whatever type a workbook gave its column."""
    if words.is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\r\n", "\n").strip().strip("\ufeff\xa0")


def _verdict(cell: str) -> str:
    return re.sub(r"[\s_.-]+", " ", cell).strip().casefold()


def _who(name: str) -> str:
    return " ".join(name.split()).casefold()


def _lines(place: str, lines: list[int]) -> str:
    return f"{place}{'s' if len(lines) > 1 else ''} {words.listing([str(n) for n in lines])}"
