"""All rows of one object: its files stacked, without deleted and repeated rows and the totals of reports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from tierkit.inputs.coercion import READERS, as_text
from tierkit.inputs.columns import ROW_NUMBER
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.ids import REPAIR, WRONG_CHECKSUM, widen_ids
from tierkit.inputs.crm.matching import Matched, match_headers
from tierkit.inputs.crm.presets import Crm, CrmObject
from tierkit.inputs.crm.recognition import Found
from tierkit.inputs.files.reading import Part, Raw, read_file
from tierkit.inputs.limits import Limits
from tierkit.inputs.settings import TableSource

IDS = ("what_id", "who_id", "merged_into", "record_id", "primary_company")
"""Working names that hold record ids."""
DAYS = ("changed_at", "modified_at", "stamped_at", "completed_at", "converted_at", "started_at", "ended_at", "due_on")
"""Working names that hold days or moments."""
_KEYS = {"accounts": "account_id", "deals": "deal_id", "contacts": "contact_id", "activities": "activity_id"} | {
    "reps": "owner_id",
    "funnel": "lead_id",
}
_TOTAL = re.compile(r"(?:grand |sub)?totals?\b.*|(?:record )?count\b.*", re.IGNORECASE)
_TOTAL_REACH = 5
_MILLISECONDS = r"\d{13}"


@dataclass(frozen=True)
class Holding:
    """The rows of one object.

    Attributes
    ----------
    frame : text under canonical and working names, and under own names what nobody mapped; index as in `Raw`.
    parts : its files.
    origin : file and line of each row, where there are several files.
    leaky : own name of a column = why it can be no feature.
    matched : how the headers of each file were read.
    suspect : as in `Raw`.
    notes : what was read right but not as it stood.
    """

    object: CrmObject
    frame: pd.DataFrame
    parts: tuple[Part, ...]
    place: str
    origin: pd.DataFrame | None = None
    leaky: dict[str, str] = field(default_factory=dict)
    matched: tuple[Matched, ...] = ()
    suspect: tuple[tuple[str, str, pd.Index, str], ...] = ()
    notes: tuple[str, ...] = ()
    deleted: pd.Index = field(default_factory=lambda: pd.Index([], dtype="str"))
    """Ids of deleted records."""

    def __contains__(self, name: str) -> bool:
        return name in self.frame

    def column(self, name: str) -> pd.Series:
        """A column, empty where no file has it."""
        if name in self.frame:
            return self.frame[name]
        return pd.Series(None, self.frame.index, dtype="str")

    def keep(self, rows: pd.Series, note: str = "") -> "Holding":
        """Without the other rows; `note` says how many they were, at {n}."""
        n = int((~rows).sum())
        if not n:
            return self
        said = (*self.notes, note.format(n=f"{n:,}")) if note else self.notes
        return replace(self, frame=self.frame[rows], notes=said)

    def assign(self, **columns: pd.Series) -> "Holding":
        """With further or other columns."""
        return replace(self, frame=self.frame.assign(**columns))

    def say(self, *notes: str) -> "Holding":
        """With further notes; empty ones go."""
        return replace(self, notes=(*self.notes, *(note for note in notes if note)))


def read_holding(found: Sequence[Found], source: TableSource, crm: Crm, limits: Limits) -> Holding:
    """Read the files of one object.

    Parameters
    ----------
    found : at least one file, all of one object.
    source : the sheet's words on the table they become.
    """
    of = found[0].object
    read = [_read_part(file, source, crm, limits) for file in found]
    frames = [frame for frame, *_ in read]
    raws = [raw for _, raw, _, _ in read]
    notes: list[str] = []
    leaky = {name: why for _, _, matched, _ in read for name, why in matched.leaky.items() if name in matched.kept}
    leaky |= {name: why for _, _, m, _ in read for name, why in m.leaky.items() if name in m.also}
    frame, origin = frames[0], None
    if len(frames) > 1:
        frame = pd.concat(frames, ignore_index=True)
        names = [raw.file for raw in raws]
        origin = pd.DataFrame(
            {
                "file": pd.Categorical.from_codes(
                    np.repeat(np.arange(len(frames)), [len(f) for f in frames]), pd.Index(names)
                ),
                "line": np.concatenate([f.index.to_numpy() for f in frames]),
            }
        )
        notes.append(f"{len(frames)} files of {of.title} were stacked: {', '.join(names)}")
    parts = tuple(Part(raw.file, raw.sha256, len(raw.frame), (*raw.notes, *said)) for _, raw, _, said in read)
    held = Holding(of, frame, parts, raws[0].place, origin, leaky, tuple(m for _, _, m, _ in read), notes=tuple(notes))
    if crm == "salesforce":
        held = _widen(held)
    return _once(_without_deleted(held))


def _without_deleted(held: Holding) -> Holding:
    """Without deleted rows; a record that was merged is marked as deleted too, and stays to say into which."""
    if "deleted" not in held:
        return held
    gone = is_yes(held.column("deleted")) & held.column("merged_into").isna()
    key = _KEYS.get(held.object.table)
    if key is not None and key in held:
        held = replace(held, deleted=pd.Index(held.frame.loc[gone, key].dropna()))
    return held.keep(~gone, f"{{n}} deleted rows of {held.object.title} were left out")


def is_yes(cells: pd.Series) -> pd.Series:
    """Whether each cell says yes."""
    return READERS["flag"][0](cells).astype("boolean").fillna(False).astype(bool)


def _read_part(
    found: Found, source: TableSource, crm: Crm, limits: Limits
) -> tuple[pd.DataFrame, Raw, Matched, list[str]]:
    """One file under our names, its cells as text."""
    of = found.object
    raw = read_file(found.path, table=source.table or (of.table if found.is_canonical else None), limits=limits)
    matched = match_headers(raw.frame, of, {} if of.is_helper else source.columns)
    given, notes = _without_totals(raw.frame)
    columns = {name: _cells(given, header) for name, header in matched.to.items()}
    if found.is_canonical:
        known = set(matched.to.values())
        columns |= {header: given[header] for header in map(str, given.columns) if header not in known}
    elif not of.is_helper and of.table in ("accounts", "deals"):
        columns |= {name: as_text(given[header]) for name, header in matched.kept.items()}
        columns |= {own: columns[working] for own, working in matched.also.items()}
    columns |= {join.on: given[join.on] for join in source.join if join.on in given and join.on not in columns}
    if crm == "hubspot":
        columns = {name: _moments(name, cells, of.table) for name, cells in columns.items()}
    return pd.DataFrame(columns, index=given.index), raw, matched, [*notes, *matched.notes]


def _cells(frame: pd.DataFrame, header: str) -> pd.Series:
    if header == ROW_NUMBER and header not in frame:
        return pd.Series(range(1, len(frame) + 1), frame.index).astype("str")
    return as_text(frame[header])


def _without_totals(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Without the lines of totals at the end of a report: a word for it in front, and most other cells empty."""
    tail = frame.tail(_TOTAL_REACH).astype("object")
    first = tail.iloc[:, 0].astype("str").str.strip()
    empty = (tail.isna() | (tail == "")).mean(axis=1)
    totals = tail.index[first.str.fullmatch(_TOTAL).to_numpy(dtype=bool, na_value=False) & (empty >= 0.5)]
    if totals.empty or len(frame) == len(totals):
        return frame, []
    return frame.drop(index=totals), [f"{len(totals)} lines of totals at the end of the report were left out"]


def _once(held: Holding) -> Holding:
    """Without rows that repeat another: equal ones, and of several files' rows of one record all but the newest."""
    name = held.object.title
    key = _KEYS.get(held.object.table)
    if key is None or key not in held or held.object.is_helper:
        again = held.frame.duplicated() if held.origin is not None else pd.Series(False, held.frame.index)
        return held.keep(~again, f"{{n}} rows of {name} repeat another and were left out")
    ids = held.frame[key]
    repeated = ids.notna() & ids.duplicated(keep=False)
    if not repeated.any():
        return held
    rows = held.frame[repeated]
    again = pd.Series(False, held.frame.index)
    again[rows.index] = rows.duplicated()
    held = held.keep(~again, f"{{n}} rows of {name} repeat another and were left out")
    if held.origin is None or held.object.name == "canonical":
        return held
    stamp = held.column("modified_at").fillna(held.column("stamped_at")).fillna("")
    rows = pd.DataFrame({"id": held.frame[key], "stamp": stamp})
    rows = rows[rows["id"].notna()].sort_values("stamp", kind="stable")
    newest = pd.Series(True, held.frame.index)
    newest[rows.index[rows["id"].duplicated(keep="last")]] = False
    said = f"{{n}} rows of {name} are older states of a record in another file and were left out"
    return held.keep(newest, said)


def _widen(held: Holding) -> Holding:
    """Record ids of 15 characters as ids of 18."""
    contract = CONTRACTS[held.object.table]
    columns: dict[str, pd.Series] = {}
    suspect = list(held.suspect)
    n = 0
    for name in held.frame.columns:
        if name not in IDS and not (name in contract and contract[name].kind == "id") and name != "same_as":
            continue
        columns[name], wrong = widen_ids(as_text(held.frame[name]))
        n += int((columns[name] != held.frame[name]).where(held.frame[name].notna(), False).sum())
        if len(wrong):
            suspect.append((name, WRONG_CHECKSUM, wrong, REPAIR))
    if not columns:
        return held
    held = replace(held.assign(**columns), suspect=tuple(suspect))
    return held.say(f"{n:,} ids of 15 characters in {held.object.title} were widened to 18" if n else "")


def _moments(name: str, cells: pd.Series, table: str) -> pd.Series:
    """Moments that an API wrote as milliseconds since 1970, in ISO."""
    contract = CONTRACTS[table]
    is_day = name in DAYS or name.startswith("entered:") or (name in contract and contract[name].kind == "date")
    if not is_day or not isinstance(cells.dtype, pd.StringDtype):
        return cells
    given = cells.dropna()
    if given.empty or not given.str.fullmatch(_MILLISECONDS).all():
        return cells
    moments = pd.to_datetime(pd.to_numeric(cells), unit="ms", utc=True)
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("str").where(cells.notna())
