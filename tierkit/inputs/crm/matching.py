"""Which column of an export is which field: the sheet's word first, then the preset's names, then ours."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.columns import ROW_NUMBER
from tierkit.inputs.contracts import CONTRACTS, Contract
from tierkit.inputs.crm.presets import CrmObject, Field, own_name, plain_headers
from tierkit.inputs.files.reading import plain_name

NOT_BY_NAME = ("outcome", "group_key")
"""Columns of ours that a custom field does not become by its name alone: stages and the sheet say how deals ended."""


@dataclass(frozen=True)
class Matched:
    """The headers of one file.

    Attributes
    ----------
    to : canonical column or working name = header.
    kept : own name of a candidate feature = header.
    leaky : own name = why it can be no feature.
    also : own name of a leaky field the conversion reads = its working name.
    parts : working name of one of a family (`entered:closedwon`) = what its header says.
    ignored : headers left out.
    unmatched : headers no preset knows, of those kept.
    notes : what was decided between two headers.
    """

    to: Mapping[str, str]
    kept: Mapping[str, str]
    leaky: Mapping[str, str]
    also: Mapping[str, str]
    parts: Mapping[str, str]
    ignored: tuple[str, ...]
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]


def match_headers(frame: pd.DataFrame, of: CrmObject, columns: Mapping[str, str]) -> Matched:
    """Match the headers of a file of one object.

    Parameters
    ----------
    columns : the sheet's own mapping of the table, canonical column = header; it wins over the preset.

    Two headers of one field: the first wins, unless it is empty throughout.
    """
    contract = CONTRACTS[of.table]
    headers = [str(name) for name in frame.columns]
    plain = {plain_name(header): header for header in reversed(headers)}
    to = {name: plain[plain_name(h)] for name, h in columns.items() if plain_name(h) in plain}
    to |= {name: h for name, h in columns.items() if h == ROW_NUMBER and name not in to}
    stated = set(to.values())
    fields = {header: of.find(header) for header in headers if header not in stated}
    notes: list[str] = []
    parts: dict[str, str] = {}
    second: list[str] = []
    for header, field in fields.items():
        if field is None or field.to is None:
            continue
        name = field.to if field.part is None else f"{field.to}:{field.part}"
        if field.part is not None:
            parts[name] = field.part
        if name not in to:
            to[name] = header
        elif name not in columns and _is_empty(frame[to[name]]) and not _is_empty(frame[header]):
            second.append(to[name])
            to[name] = header
        else:
            second.append(header)
            if not field.leaky and name in contract:
                notes.append(f"column {header!r} was left out, since {to[name]!r} is {name}")
    if not of.is_helper:
        _take_by_name(frame, contract, fields, to, notes)
    taken = set(to.values())
    known: dict[str, Field | None] = {h: f for h, f in fields.items() if h not in taken and h not in second}
    kept, leaky, also = _name_others(contract, known, to, fields)
    ignored = tuple(h for h, f in known.items() if f is not None and f.ignored)
    unmatched = tuple(h for h, f in known.items() if f is None)
    return Matched(to, kept, leaky, also, parts, (*ignored, *second), unmatched, tuple(notes))


def _take_by_name(
    frame: pd.DataFrame, contract: Contract, fields: dict[str, Field | None], to: dict[str, str], notes: list[str]
) -> None:
    """Custom fields that bear the name of a column of ours."""
    ours = {plain_name(name): name for name in contract.names if name not in NOT_BY_NAME}
    for header, field in fields.items():
        name = next((ours[p] for p in plain_headers(header) if p in ours), None)
        if name is None or (field is not None and (field.to or field.leaky or field.ignored)):
            continue
        if name not in to or (_is_empty(frame[to[name]]) and not _is_empty(frame[header])):
            to[name] = header
        else:
            notes.append(f"column {header!r} keeps its own name, since {to[name]!r} is {name}")


def _name_others(
    contract: Contract, known: dict[str, Field | None], to: Mapping[str, str], fields: Mapping[str, Field | None]
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Own names of candidate features and leaky fields; none is a name of ours."""
    kept: dict[str, str] = {}
    leaky: dict[str, str] = {}
    also: dict[str, str] = {}

    def free(name: str, working: str = "") -> str:
        while name in kept or name in contract or name in also or (name in to and name != working):
            name += "_given"
        return name

    for header, field in known.items():
        if field is None:
            kept[free(own_name(header))] = header
        elif not field.ignored:
            name = free(own_name(field.name if field.part is None and "(" not in field.name else header))
            kept[name] = header
            if field.leaky:
                leaky[name] = field.leaky
    for working, header in to.items():
        field = fields.get(header)
        if field is not None and field.leaky and working not in contract:
            name = free(own_name(header if field.part is not None else field.name), working)
            also[name], leaky[name] = working, field.leaky
    return kept, leaky, also


def _is_empty(cells: pd.Series) -> bool:
    text = isinstance(cells.dtype, pd.StringDtype)
    return bool((cells.isna() | (cells == "")).all()) if text else bool(cells.isna().all())
