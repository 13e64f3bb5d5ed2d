"""A starter run sheet for exports of a CRM: what was recognised as comments, what could not be settled as questions."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tierkit.inputs.contracts import OUTCOMES
from tierkit.inputs.crm.proposal import FileProposal, Proposal, StageProposal
from tierkit.reporting import words
from tierkit.runsheet import UNSETTLED

NAMES = {"salesforce": "Salesforce", "hubspot": "HubSpot"}
MOST_KEYS = 12
"""Keys of a starter sheet; the rest have defaults."""
_SHOWN = 12
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Drafted:
    """A run sheet before it is written.

    Attributes
    ----------
    text : the sheet.
    said : what was made of the exports, for the screen.
    questions : one sentence for each line with a question mark.
    """

    text: str
    said: tuple[str, ...]
    questions: tuple[str, ...]


def draft_for_crm(proposal: Proposal, *, beside: Path) -> Drafted:
    """The sheet for a folder of CRM exports, its paths relative to `beside` where they can be."""
    said = [*_say_files(proposal), *_say_stages(proposal.stages), *proposal.notes]
    settled: list[str] = []
    questions: list[str] = []
    folder = as_text(relative(Path(proposal.folder), beside))
    settled.append(
        f"folder = {folder}   # the exports; what else lies there under our names is read too (reps.csv, ...)"
    )
    settled.append(f'crm = "{proposal.crm}"   # its names are known: only what is yours alone need be said below')
    settled.append(_currency(proposal, questions))
    if proposal.data_through is not None:
        day = as_text(proposal.data_through)
        settled.append(f"data_through = {day}   # the last day the exports cover; raise it with every new export")
    if not any(file.table == "deals" for file in proposal.files):
        sentence = "the file of opportunities or deals: none was recognised" + _one_of(proposal.unrecognised)
        settled += ["", "[data.deals]", question("file", sentence, questions)]
    settled += _stage_lines(proposal.stages, MOST_KEYS - 5, questions)
    text = "\n".join([*opening(NAMES[proposal.crm]), "[data]", *settled, "", *_file_comments(proposal), *closing()])
    return Drafted(text + "\n", tuple(said), tuple(questions))


def opening(whose: str) -> list[str]:
    """The first lines of a starter sheet."""
    return [
        f"# The run sheet for {whose} exports. `tierkit explain KEY` describes a key; what is left out has a default.",
        "# `tierkit check` says what is in the data; `tierkit run` makes the page.",
        "",
    ]


def closing() -> list[str]:
    """What most companies come to say later, as comments."""
    return [
        "",
        "# [tiers]",
        '# stability = "normal"                  # low, normal or high',
        "# strategic_slots = 5                   # Tier 1 places kept for strategic value",
        "# [tiers.gates]",
        "# min_employees = 40                    # who is inside the ICP",
        "# [proof]",
        '# tiers_acted_on_since = "2026-01-01"   # from then on wins contain the effect of the tiers themselves',
        "# [report]",
        '# company = "Your company"',
    ]


def question(key: str, sentence: str, questions: list[str]) -> str:
    """A line that only a person can settle, noted among the questions."""
    said = plain(sentence)
    questions.append(f"{key}: write {said}")
    return f'{key} = "{UNSETTLED}"   # write {said}'


def relative(path: Path, beside: Path) -> str:
    """A path from a folder, or as it is where there is no way from one to the other (another drive)."""
    try:
        return Path(os.path.relpath(path.resolve(), beside.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def as_text(value: str) -> str:
    """A TOML string.

    >>> as_text('say "hi"')
    '"say \\\\"hi\\\\""'
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_key(name: str) -> str:
    """A TOML key, quoted where it must be.

    >>> as_key("deal_id"), as_key("Closed Won")
    ('deal_id', '"Closed Won"')
    """
    return name if _BARE.fullmatch(name) else as_text(name)


def plain(text: str) -> str:
    """Text on one line, without what a terminal or a comment could stumble over."""
    return "".join(c if c.isprintable() else " " for c in text).strip()


def listed(names: Iterable[str], most: int = _SHOWN) -> str:
    """Names separated by commas, the first of many."""
    given = [plain(name) for name in names]
    return ", ".join(given[:most]) + (f" and {len(given) - most} more" if len(given) > most else "")


def _currency(proposal: Proposal, questions: list[str]) -> str:
    codes = proposal.currencies or {}
    home = proposal.home_currency or (next(iter(codes)) if len(codes) == 1 else None)
    if home is not None:
        return f"currency = {as_text(home)}   # money is shown in it; amounts in others are converted at dated rates"
    if not codes:
        return '# currency = "USD"   # the exports name none; write yours'
    there = ", ".join(f"{code} in {words.things(n, 'deal')}" for code, n in codes.items())
    return question("currency", f"the one currency money is to be shown in: there are {there}", questions)


def _stage_lines(stages: tuple[StageProposal, ...], room: int, questions: list[str]) -> list[str]:
    """The ends that nothing settles, each a line to be filled in."""
    unplaced = [stage for stage in stages if stage.outcome is None]
    if not unplaced:
        return []
    ends = ", ".join(OUTCOMES[:-1]) + f" or {OUTCOMES[-1]}"
    if len(unplaced) > room:
        more = words.things(sum(stage.n_deals for stage in unplaced), "deal")
        questions.append(f"outcome: write {ends}: how the {more} of {listed(s.stage for s in unplaced)} stand")
        asked = ", ".join(f'{as_key(stage.stage)} = "{UNSETTLED}"' for stage in unplaced)
        return ["", "[data.deals.values]", f"outcome = {{ {asked} }}   # write {ends} for each; other stages are known"]
    lines = ["", "[data.deals.values.outcome]   # yours = won, lost or open; every other stage is known"]
    for stage in unplaced:
        many = words.things(stage.n_deals, "deal")
        lines.append(question(as_key(stage.stage), f"{ends}: how the {many} of this stage stand", questions))
    return lines


def _file_comments(proposal: Proposal) -> list[str]:
    lines = ["# How the files are read, at every run; a line of [data.TABLE.columns] would change it, ours = yours."]
    for file in proposal.files:
        lines += ["#", f"# {plain(file.file)}: {_what(file)}"]
        lines += [f"#   {name} = {plain(given)}" for name, given in _renamed(file).items()]
        for said, names in (
            ("never features, since they know how it ended", file.leaky),
            ("read to make other columns", file.used),
            ("left out, since only machines need them", file.ignored),
            ("nobody named, so candidate features after the leak screen", file.unmatched),
        ):
            if names:
                lines.append(f"#   {said}: {listed(names, 30)}")
    if proposal.stages:
        lines += ["#", "# Stages of deals, and how each was placed:"]
        lines += [f"#   {plain(s.stage)} = {s.outcome or UNSETTLED} ({plain(s.decided_by)})" for s in proposal.stages]
    if proposal.unrecognised:
        lines += ["#", f"# Not recognised, so not read: {listed(proposal.unrecognised, 30)}"]
    return lines


def _say_files(proposal: Proposal) -> list[str]:
    said = []
    for file in proposal.files:
        said.append(f"{plain(file.file)}: {_what(file)}")
        if renamed := _renamed(file):
            said.append(f"  matched: {listed((f'{name} = {given}' for name, given in renamed.items()), 40)}")
        if file.used:
            said.append(f"  read to make other columns: {listed(file.used, 30)}")
        if file.leaky:
            said.append(f"  never features, since they know how it ended: {listed(file.leaky, 30)}")
        alike = {given: name for given, name in file.unmatched.items() if name}
        if alike:
            said.append(f"  looks like: {listed(f'{given} like {name}' for given, name in alike.items())}")
        if unlike := [given for given in file.unmatched if given not in alike]:
            said.append(f"  not matched: {listed(unlike)}")
    if proposal.unrecognised:
        said.append(f"Not recognised, so not read: {listed(proposal.unrecognised)}")
    return said


def _say_stages(stages: tuple[StageProposal, ...]) -> list[str]:
    if not stages:
        return []
    said = [
        f"  {plain(s.stage)}: {words.things(s.n_deals, 'deal')}, {s.outcome or 'not settled'} ({plain(s.decided_by)})"
        for s in stages[:30]
    ]
    more = [f"  and {len(stages) - 30} more"] if len(stages) > 30 else []
    return ["Stages of deals:", *said, *more]


def _what(file: FileProposal) -> str:
    target = f" -> {file.table}" if file.table else ", read to help the others"
    if file.object == "canonical":
        return f"{words.things(file.n_rows, 'row')}{target}, under our own names"
    return f"{plain(file.object)}, {words.things(file.n_rows, 'row')}{target}"


def _renamed(file: FileProposal) -> Mapping[str, str]:
    """What a file calls otherwise than we do; all of it, unless it is ours."""
    ours = file.object == "canonical"
    return {name: given for name, given in file.matched.items() if not ours or name != given}


def _one_of(names: tuple[str, ...]) -> str:
    return f"; there are {listed(names)}" if names else ""
