"""What a folder of exports looks like to tierkit before anything is run: for `tierkit init` to write a sheet from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.exports import Exports
from tierkit.inputs.crm.history import moments_of
from tierkit.inputs.crm.holdings import Holding, read_holding
from tierkit.inputs.crm.matching import Matched
from tierkit.inputs.crm.money import find_home
from tierkit.inputs.crm.presets import Crm, own_name
from tierkit.inputs.crm.recognition import Found
from tierkit.inputs.crm.stages import place_deals
from tierkit.inputs.files.reading import Part, nearest
from tierkit.inputs.settings import DataSettings

_A_MONTH = pd.Timedelta(days=31)


@dataclass(frozen=True)
class FileProposal:
    """One file of the folder and what its columns would become.

    Attributes
    ----------
    file : its name.
    object : what the CRM calls what it holds (`Opportunity`, `deals`), or `canonical` where it is named after a table.
    table : the table it goes to; missing where it only helps others (`OpportunityHistory`).
    n_rows : rows in the file, footers aside.
    matched : canonical column = header of the file.
    leaky : header = why it can be no feature.
    ignored : technical headers, left out.
    used : headers that help to make columns (a task's status, a call's seconds) without being one.
    unmatched : header nobody named = the canonical column its name resembles, or None; it is a candidate feature.
    """

    file: str
    object: str
    table: str | None
    n_rows: int
    matched: Mapping[str, str]
    leaky: Mapping[str, str]
    ignored: tuple[str, ...]
    unmatched: Mapping[str, str | None]
    used: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageProposal:
    """One stage of the deals: how often it occurs, the end it stands for, and how that was decided.

    `outcome` is None where nobody can place it: the sheet must, under [data.deals.values.outcome].
    """

    stage: str
    n_deals: int
    outcome: str | None
    decided_by: str


@dataclass(frozen=True)
class Proposal:
    """What a folder of CRM exports would be read as.

    Attributes
    ----------
    crm : whose exports they are.
    folder : where they are.
    files : one a file that was recognised.
    stages : one a stage of the deals, the most frequent first.
    currencies : ISO code = number of deals.
    home_currency : the one the others are rated in, where the exports say; missing where they do not.
    data_through : last day the export covers, YYYY-MM-DD; missing where no file has a day.
    unrecognised : files nobody recognised.
    notes : what was read right but not as it stood.
    """

    crm: Crm
    folder: str
    files: tuple[FileProposal, ...]
    stages: tuple[StageProposal, ...] = ()
    currencies: Mapping[str, int] | None = None
    data_through: str | None = None
    unrecognised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    home_currency: str | None = None


def propose_mapping(folder: str | Path, crm: Crm) -> Proposal:
    """What the files of a folder would be read as.

    Raises
    ------
    TableError : no such folder, or a file that cannot be read.
    """
    exports = Exports(Path(folder), DataSettings(crm=crm))
    notes: list[str] = []
    files: list[FileProposal] = []
    held_by: dict[str, Holding] = {}
    for name in dict.fromkeys(f.object.name for f in exports.found if not f.is_canonical):
        if (held := exports.holding(name)) is not None:
            held_by[name] = held
            found = [f for f in exports.found if f.object.name == name]
            files += [_file(f, part, m) for f, part, m in zip(found, held.parts, held.matched, strict=True)]
    for one in (f for f in exports.found if f.is_canonical):
        held = read_holding([one], exports.source(one.object.table), crm, exports.settings.limits)
        held_by[f"{one.object.name} {one.object.table}"] = held
        files.append(_file(one, held.parts[0], held.matched[0]))
    deals = next((h for h in held_by.values() if h.object.table == "deals" and not h.object.is_helper), None)
    stages: tuple[StageProposal, ...] = ()
    currencies: dict[str, int] = {}
    last = exports.last_day(list(held_by.values()))
    if deals is not None:
        outcome = deals.column("outcome")
        if "outcome" not in deals:
            ends = place_deals(deals, {}, exports.preset)
            outcome = ends.outcome
            stages = tuple(
                StageProposal(
                    row["stage"], row["n_deals"], _known(row["outcome"]), _known(row["decided_by"]) or "nobody"
                )
                for row in ends.stages.to_dict("records")
            )
        last = _last_closing(deals, outcome, exports, last)
        counts = deals.column("currency").str.upper().value_counts()
        currencies = {str(code): int(n) for code, n in counts.sort_index().items()}
    for held in held_by.values():
        notes += [f"{part.file}: {note}" for part in held.parts for note in part.notes]
        notes += held.notes
    rates = next((h for h in held_by.values() if h.object.name == "DatedConversionRate"), None)
    return Proposal(
        crm,
        str(folder),
        tuple(sorted(files, key=lambda f: f.file)),
        stages,
        currencies,
        f"{last:%Y-%m-%d}" if last is not None else None,
        tuple(path.name for path in exports.strangers),
        tuple(notes),
        find_home(deals, rates),
    )


def _last_closing(
    deals: Holding, outcome: pd.Series, exports: Exports, last: pd.Timestamp | None
) -> pd.Timestamp | None:
    """The last day, where deals closed after all else: within a month, and at no quarter's end, to which days move."""
    ended = deals.column("closed_at")[outcome.isin(["won", "lost"])]
    try:
        day_first, zone = exports.source("deals").day_first, exports.settings.time_zone
        days = moments_of(ended, deals, day_first=day_first, zone=zone).dt.normalize()
    except TableError:
        return last
    days = days[~days.dt.is_quarter_end]
    days = days if last is None else days[days <= last + _A_MONTH]
    return max((day for day in (last, days.max()) if not pd.isna(day)), default=None)


def _file(found: Found, part: Part, matched: Matched) -> FileProposal:
    of = found.object
    contract = CONTRACTS[of.table]
    to = {name: header for name, header in matched.to.items() if name in contract or of.is_helper}
    if "stage" in matched.to and not of.is_helper:
        to["outcome"] = matched.to["stage"]
    headers = {header: name for name, header in (*matched.to.items(), *matched.kept.items())}
    leaky = {header: matched.leaky[name] for name, header in matched.kept.items() if name in matched.leaky}
    leaky |= {matched.to[working]: matched.leaky[name] for name, working in matched.also.items()}
    taken = set(to)
    free = [name for name in contract.names if name not in taken]
    unmatched = {h: nearest(own_name(h), free) for h in matched.unmatched} if not of.is_helper else {}
    return FileProposal(
        found.path.name,
        of.name,
        None if of.is_helper else of.table,
        part.n_rows,
        {name: to[name] for name in contract.names if name in to} | {n: h for n, h in to.items() if n not in contract},
        {header: leaky[header] for header in headers if header in leaky},
        matched.ignored,
        unmatched,
        tuple(header for header in matched.to.values() if header not in to.values() and header not in leaky),
    )


def _known(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]
