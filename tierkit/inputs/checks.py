"""Hold a table to its contract: every breach at once; rows are set aside, or the run stops."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.coercion import RULES, as_text
from tierkit.inputs.contracts import Column, Contract
from tierkit.inputs.damage import repair_of, repair_of_stranger
from tierkit.inputs.identity.domains import normalise_domains

REJECTED = ("table", "file", "line", "column", "rule", "value")
EMPTY = "must not be empty"
REPEATED = "must be unique"
WHOLE = "must be a whole number"
UNKNOWN_ACCOUNT = "must be an account of the accounts table"
ACCOUNT_ASIDE = "must be an account whose own row was not set aside"
CLOSED_EARLY = "must not be before opened_at"
CLOSED_UNDATED = "must be given for a closed deal"
OPENED_UNDATED = "must be given where deals are dated"
_SHOWN_VALUES = 5


@dataclass(frozen=True)
class Breach:
    """One rule broken in one column, by the rows of `index`; `stop` if it cannot be set aside."""

    column: str
    rule: str
    index: pd.Index
    stop: bool = False
    repair: str = ""


@dataclass(frozen=True)
class Settled:
    """A table without the rows set aside; `problems` stop the run."""

    frame: pd.DataFrame
    rejected: pd.DataFrame
    problems: tuple[str, ...] = field(default=())


def check_contract(
    contract: Contract,
    frame: pd.DataFrame,
    *,
    unreadable: dict[str, pd.Index] | None = None,
    required: Sequence[str] = (),
    accounts: pd.Index | None = None,
    accounts_aside: pd.Index | None = None,
    data_through: pd.Timestamp | None = None,
) -> list[Breach]:
    """All breaches of a typed table.

    Parameters
    ----------
    frame : columns in the kinds of the contract; the index says where each row stands in its file.
    unreadable : cells already known to hold something of another kind.
    required : columns that may not be empty, beyond those the contract requires.
    accounts : the account ids there are; unset, any will do.
    accounts_aside : the account ids whose own row was set aside.
    data_through : last day a date may have, but for those that may lie ahead.

    Ranges and allowed values are checked by pandera, lazily; keys, references and what concerns several columns here,
    since references may be to hundreds of thousands of accounts.
    """
    from pandera.errors import SchemaErrors
    from pandera.pandas import Check, DataFrameSchema
    from pandera.pandas import Column as Rule

    unreadable = unreadable or {}
    breaches = [_unreadable(contract[n], index) for n, index in unreadable.items()]
    columns: dict[str, Rule] = {}
    for column in (contract[name] for name in frame.columns if name in contract):
        checks = _range_checks(column)
        if column.values:
            checks.append(Check.isin(column.values, error=f"must be one of {', '.join(column.values)}"))
        if column.kind == "date" and data_through is not None and not column.ahead:
            checks.append(Check.le(data_through, error=after(data_through)))
        needed = (column.required and not column.may_be_empty) or column.name in required
        columns[column.name] = Rule(None, checks, nullable=not needed, required=False)
    found = _row_breaches(contract, frame)
    try:
        DataFrameSchema(columns).validate(frame, lazy=True)
    except SchemaErrors as errors:
        found += _breaches(errors.failure_cases, contract, unreadable)
    if accounts is not None and "account_id" in frame:
        found += _strangers(frame["account_id"], accounts, accounts_aside)
    order = {name: i for i, name in enumerate(contract.names)}
    return breaches + sorted(found, key=lambda breach: order[breach.column])


def suspects(found: Iterable[tuple[str, str, pd.Index, str]]) -> list[Breach]:
    """Breaches of rules that a source has beyond the contract: column, rule, index, repair."""
    return [Breach(column, rule, index, repair=repair) for column, rule, index, repair in found]


def excludes_nobody(exclusions: pd.DataFrame) -> list[Breach]:
    """Exclusions of neither an account nor a domain: left in, they would exclude nobody."""
    nobody = pd.Series(True, exclusions.index)
    if "account_id" in exclusions:
        nobody &= exclusions["account_id"].isna()
    if "domain" in exclusions:
        nobody &= normalise_domains(exclusions["domain"]).isna()
    rule = "must be a web domain, or the row must name an account_id"
    return [Breach("domain", rule, exclusions.index[nobody])] if nobody.any() else []


def _strangers(ids: pd.Series, accounts: pd.Index, aside: pd.Index | None) -> list[Breach]:
    """Ids that are no account's, and those of accounts whose own row was set aside; each is looked up once."""
    codes, given = pd.factorize(ids)
    known = pd.Index(given).isin(accounts)
    was_set_aside = ~known & pd.Index(given).isin([] if aside is None else aside)
    # The last stands for the missing, whose code is -1.
    strange = ids.index[np.append(~known & ~was_set_aside, False)[codes]].sort_values()
    lost = ids.index[np.append(was_set_aside, False)[codes]].sort_values()
    # Where most rows name strangers, something happened to the ids; where few do, they are strangers
    many = 100 * len(strange) > len(ids)
    repair = repair_of_stranger(ids.loc[strange], accounts) if many and len(strange) else ""
    found = [
        Breach("account_id", UNKNOWN_ACCOUNT, strange, repair=repair),
        Breach("account_id", ACCOUNT_ASIDE, lost),
    ]
    return [breach for breach in found if len(breach.index)]


def after(data_through: pd.Timestamp) -> str:
    """The rule that nothing lies after the last day the export covers."""
    return f"must not be after data_through ({data_through:%Y-%m-%d})"


def settle(
    contract: Contract,
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    breaches: Sequence[Breach],
    *,
    file: str,
    place: str,
    max_rejected: float | None,
    origin: pd.DataFrame | None = None,
) -> Settled:
    """Set broken rows aside, or say why the run stops.

    Parameters
    ----------
    frame : the typed table.
    cells : the same rows as they stood in the file, from which the values are quoted.
    place : what the index counts, `line` or `row`.
    max_rejected : the share of rows that may be set aside; the run stops above it. None: every row counts.
    origin : file and line by the index, where the rows come from several files.

    Returns
    -------
    The rows kept; rows set aside (one row each, under the first rule broken): table, file, line, column, rule, value;
    the sentences that stop the run.
    """

    def where(line: Any) -> str:
        if origin is None:
            return f"{place} {line:,}"
        at = origin.loc[line]
        return f"{place} {int(at['line']):,} of {at['file']!s}"

    problems = [_sentence(b, cells, where) for b in breaches if b.stop]
    aside = [b for b in breaches if not b.stop]
    lost = pd.concat([pd.DataFrame({"line": b.index, "column": b.column, "rule": b.rule}) for b in aside] or [_NONE])
    lost = lost.drop_duplicates("line").sort_values("line", kind="stable")
    if max_rejected is None:
        mend = "(mend it: every row of this table counts)"
        problems += [f"{_sentence(b, cells, where)}{_repair(b, contract, cells)} {mend}" for b in aside]
    elif len(lost) > max_rejected * len(frame):
        each = "; ".join(_sentence(b, cells, where) + _repair(b, contract, cells) for b in aside)
        problems.append(
            f"{len(lost):,} of {len(frame):,} rows would be set aside, more than max_rejected = {max_rejected:.4g} "
            f"allows: {each} (mend the rows, or raise max_rejected in tierkit.toml, [data])"
        )
    values = [_value(cells, line, column) for line, column in zip(lost["line"], lost["column"], strict=True)]
    rejected = lost.assign(table=contract.name, file=file, value=pd.Series(values, lost.index, dtype="str"))
    if origin is not None:
        there = origin.loc[lost["line"]]
        rejected = rejected.assign(file=there["file"].astype("str").to_numpy(), line=there["line"].to_numpy())
    kept = frame.drop(index=pd.Index(lost["line"])) if len(lost) else frame
    return Settled(kept, rejected[list(REJECTED)].reset_index(drop=True), tuple(problems))


_NONE = pd.DataFrame(
    {
        "line": pd.Series(dtype="int64"),
        "column": pd.Series(dtype="str"),
        "rule": pd.Series(dtype="str"),
    }
)


def no_rejected() -> pd.DataFrame:
    """An empty table of rows set aside."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "line" else "str") for name in REJECTED})


def _range_checks(column: Column) -> list[Any]:
    from pandera.pandas import Check

    if column.low is not None and column.high is not None:
        return [Check.in_range(column.low, column.high, error=f"must be from {column.low:g} to {column.high:g}")]
    checks = [] if column.low is None else [Check.ge(column.low, error=f"must be {column.low:g} or more")]
    if column.most is not None:
        checks.append(Check.le(column.most, error=f"must be at most {column.most:,.0f}"))
    return checks


def _row_breaches(contract: Contract, frame: pd.DataFrame) -> list[Breach]:
    """What no single cell breaks: keys, and the order of days."""
    found = []
    keys = [key for key in contract.key if key in frame]
    if keys and (repeated := frame.duplicated(keys) & frame[keys].notna().all(axis=1)).any():
        others = f" with {', '.join(map(repr, keys[1:]))}" if len(keys) > 1 else ""
        found.append(Breach(keys[0], f"{REPEATED}{others}", frame.index[repeated]))
    for column in contract.columns:
        if column.not_before and {column.name, column.not_before} <= set(frame.columns):
            early = frame.index[frame[column.name] < frame[column.not_before]]
            found.append(Breach(column.name, f"must not be before {column.not_before}", early))
    return [breach for breach in found if len(breach.index)]


def _unreadable(column: Column, index: pd.Index) -> Breach:
    return Breach(column.name, WHOLE if column.whole else RULES[column.kind], index)


def _breaches(failures: pd.DataFrame, contract: Contract, unreadable: dict[str, pd.Index]) -> list[Breach]:
    found = []
    for names, rows in failures.groupby(["column", "check"], sort=False):
        column, check = map(str, names)
        index = pd.Index(rows["index"].astype("int64").drop_duplicates().sort_values())
        rule = {"not_nullable": EMPTY}.get(check, check)
        if rule == EMPTY:
            index = index.difference(unreadable.get(column, pd.Index([], dtype="int64")))
        stops = bool(contract[column].values) and rule != EMPTY
        repair = f" (map it in tierkit.toml, [data.{contract.name}.values.{column}])" if stops else ""
        if len(index):
            found.append(Breach(column, rule, index, stops, repair))
    return found


def _sentence(breach: Breach, cells: pd.DataFrame, where: Callable[[Any], str]) -> str:
    """`'acv' must be 0 or more, got -131769.0 on line 812 (1,830 rows)`."""
    if breach.stop:
        broken = as_text(cells[breach.column].reindex(breach.index)).fillna("")
        counts = broken.value_counts(sort=True)
        first = broken.drop_duplicates()
        lines = dict(zip(first, first.index, strict=True))
        shown = [f"{_quote(v)} on {where(lines[v])} ({_rows(n)})" for v, n in counts.head(_SHOWN_VALUES).items()]
        more = f" and {len(counts) - _SHOWN_VALUES} more values" if len(counts) > _SHOWN_VALUES else ""
        return f"{breach.column!r} {breach.rule}, got {', '.join(shown)}{more}{breach.repair}"
    line = breach.index[0]
    got = _quote(_value(cells, line, breach.column))
    return f"{breach.column!r} {breach.rule}, got {got} on {where(line)} ({_rows(len(breach.index))}){breach.repair}"


def _repair(breach: Breach, contract: Contract, cells: pd.DataFrame) -> str:
    """How to mend cells of another kind, where the first of them tells."""
    column = contract[breach.column]
    if breach.repair or breach.rule not in (WHOLE, RULES.get(column.kind)):
        return ""
    kind = "whole" if column.whole else column.kind
    where = f"[data.{contract.name}.values.{column.name}]"
    return repair_of(_value(cells, breach.index[0], breach.column).strip(), kind, where=where)


def _rows(n: int) -> str:
    return f"{n:,} row{'' if n == 1 else 's'}"


def _value(cells: pd.DataFrame, line: int, column: str) -> str:
    if column not in cells:
        return ""
    value = cells[column].loc[line]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if not pd.api.types.is_list_like(value) and pd.isna(value):
        return ""
    return str(value).encode("utf-8", errors="replace").decode("utf-8")


def _quote(value: object) -> str:
    text = str(value)
    plain = text.replace("-", "", 1).replace(".", "", 1).isdigit()
    return text if plain else "nothing" if text in ("", "nan") else repr(text)
