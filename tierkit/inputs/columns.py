"""What a company's columns are called here: joins, column mapping, value mapping and constants."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from tierkit.inputs.coercion import READERS, as_text
from tierkit.inputs.contracts import Column, Contract
from tierkit.inputs.files.reading import Raw, nearest, plain_name
from tierkit.inputs.settings import JoinSource, TableSource

ROW_NUMBER = "row_number"
ANY_VALUE = "*"
_LOOKED_AT = 1000
_SHOWN, _WIDEST = 6, 60
_EXPECTED_AT_CLOSE = ("deal_id", "account_id", "outcome", "opened_at", "closed_at", "acv", "amount")


@dataclass(frozen=True)
class Mapped:
    """A source under canonical names; cells are still as they stood, the index still says where.

    Attributes
    ----------
    frame : canonical columns in the order of the contract, then those nobody named under their own names.
    problems : what stops the run, one sentence each.
    notes : what was read right but not as it stood.
    at_close : columns known only once a deal has closed, with the reason.
    """

    frame: pd.DataFrame
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    at_close: dict[str, str] = field(default_factory=dict)


def map_columns(
    raw: Raw, contract: Contract, source: TableSource, *, joined: Sequence[Raw] = (), required: Sequence[str] = ()
) -> Mapped:
    """Bring a source under the names of its contract.

    Parameters
    ----------
    raw : the source as it stands.
    source : its mapping; canonical names need none, whatever their case, spaces and underscores.
    joined : the files of `source.join`, in that order.
    required : columns needed beyond those the contract requires.
    """
    notes: list[str] = []
    problems: list[str] = []
    frame, origin = _join(raw, source.join, joined, contract, problems, notes)
    where = f"(map it in tierkit.toml, [data.{contract.name}])"
    taken = _find_columns(frame, contract, source, problems, notes, where)
    columns = {name: _pick(frame, taken[name]) for name in contract.names if name in taken}
    for name, value in source.constants.items():
        columns[name] = pd.Series(str(value), frame.index, dtype="str")
    header, said = _say_header(list(raw.frame.columns)), False
    for name in [*contract.required, *(n for n in required if n not in contract.required)]:
        if name not in columns and name not in source.columns:
            near = nearest(name, [c for c in frame.columns if c not in taken.values()])
            meant = f", did you mean {_short(near)}?" if near else ""
            problems.append(f"column {name!r} is missing{meant} {where if near or said else where[:-1] + header}")
            said = said or not near
    for given in frame.columns.difference(list(taken.values()), sort=False):
        if given in columns:
            notes.append(f"column {given!r} of the file was left out, since {given!r} is set in tierkit.toml")
            continue
        # A name that differs from a canonical one in its case alone would be the same name to an engine
        name = f"{given} as given" if given.lower() in contract else given
        columns[name], taken[name] = frame[given], given
    _map_values(columns, contract, source, problems)
    at_close = {
        name: origin[given]
        for name, given in taken.items()
        if given in origin and name in columns and name not in _EXPECTED_AT_CLOSE
    }
    ordered = [*(n for n in contract.names if n in columns), *(n for n in columns if n not in contract)]
    return Mapped(
        pd.DataFrame({n: columns[n] for n in ordered}, index=frame.index), tuple(problems), tuple(notes), at_close
    )


def _join(
    raw: Raw,
    joins: Sequence[JoinSource],
    joined: Sequence[Raw],
    contract: Contract,
    problems: list[str],
    notes: list[str],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The source with the columns of further files, and for each that is known at close the reason."""
    frame, origin = raw.frame, {}
    for join, other in zip(joins, joined, strict=True):
        missing = [f for f, columns in ((raw.file, frame), (other.file, other.frame)) if join.on not in columns]
        if missing:
            known = list(frame.columns if raw.file in missing else other.frame.columns)
            near = nearest(join.on, known)
            problems.append(
                f"cannot be joined with {other.file}: column {join.on!r} is missing in {' and '.join(missing)}"
                f"{f', did you mean {near!r}?' if near else ''} (set on in tierkit.toml, [data.{contract.name}])"
            )
            continue
        keys = as_text(other.frame[join.on])
        repeated = keys.duplicated() | keys.isna()
        if keys[keys.notna()].duplicated().any():
            n = int(keys[keys.notna()].duplicated().sum())
            notes.append(f"{other.file} has {n:,} rows whose {join.on!r} is repeated; the first was used")
        renamed = {
            name: name if name not in frame else f"{other.file.split('.')[0]}_{name}"
            for name in other.frame.columns
            if name != join.on
        }
        further = other.frame[~repeated].drop(columns=join.on).rename(columns=renamed)
        further.index = pd.Index(keys[~repeated])
        wanted = as_text(frame[join.on])
        matched = further.reindex(wanted)
        matched.index = frame.index
        frame = pd.concat([frame, matched], axis=1)
        notes.append(f"{int(wanted.isin(further.index).sum()):,} of {len(frame):,} rows found a row in {other.file}")
        if join.known == "at_close":
            reason = f"joined from {other.file}, known only once a deal closed"
            origin.update(dict.fromkeys(renamed.values(), reason))
    return frame, origin


def _find_columns(
    frame: pd.DataFrame, contract: Contract, source: TableSource, problems: list[str], notes: list[str], where: str
) -> dict[str, str]:
    """Canonical column -> column of the file."""
    plain: dict[str, str] = {}
    for given in frame.columns:
        plain.setdefault(plain_name(given), given)
    taken: dict[str, str] = {}
    for name, given in source.columns.items():
        if given in frame or given == ROW_NUMBER:
            taken[name] = given
        elif plain_name(given) in plain:
            taken[name] = plain[plain_name(given)]
        else:
            near = nearest(given, list(frame.columns))
            meant = f", did you mean {_short(near)}?" if near else ""
            at = where if near else where[:-1] + _say_header(list(frame.columns))
            problems.append(f"column {given!r}, mapped to {name!r}, is missing{meant} {at}")
    mapped = set(taken.values())
    for name in contract.names:
        if name in taken or name in source.columns or name in source.constants:
            continue
        given = name if name in frame else plain.get(plain_name(name), "")
        if not given or given in mapped:
            continue
        if given != name and name not in source.values and _holds_something_else(contract[name], frame[given]):
            notes.append(f"column {given!r} does not hold what {name!r} holds, and keeps its own name")
            continue
        taken[name] = given
    return taken


def _holds_something_else(column: Column, cells: pd.Series) -> bool:
    """Whether a column that only resembles an optional one in its name can hold none of its values."""
    text = as_text(cells).dropna().head(_LOOKED_AT)
    if column.required or text.empty:
        return False
    if column.values:
        return not text.str.lower().isin(column.values).any()
    return column.kind in READERS and not any(reads(text).notna().any() for reads in READERS[column.kind])


def _say_header(columns: Sequence[str]) -> str:
    more = ", ..." if len(columns) > _SHOWN else ""
    return f"; the header says {', '.join(map(_short, columns[:_SHOWN]))}{more})"


def _short(name: str) -> str:
    return repr(name if len(name) <= _WIDEST else f"{name[:_WIDEST]}...")


def _pick(frame: pd.DataFrame, given: str) -> pd.Series:
    if given == ROW_NUMBER and given not in frame:
        return pd.Series(range(1, len(frame) + 1), frame.index).astype("str")
    return frame[given]


def _map_values(columns: dict[str, pd.Series], contract: Contract, source: TableSource, problems: list[str]) -> None:
    for name, mapping in source.values.items():
        if name not in columns:
            near = nearest(name, list(columns))
            problems.append(
                f"values are mapped of column {name!r}, which is missing"
                f"{f', did you mean {near!r}?' if near else ''} (tierkit.toml, [data.{contract.name}.values])"
            )
            continue
        cells = as_text(columns[name])
        named = {key.strip(): value for key, value in mapping.items() if key != ANY_VALUE}
        known = cells.fillna("").map(named)
        mapped = known.where(known.notna(), cells)
        if ANY_VALUE in mapping:
            mapped = mapped.mask(known.isna() & cells.notna(), mapping[ANY_VALUE])
        columns[name] = mapped.astype("str")
