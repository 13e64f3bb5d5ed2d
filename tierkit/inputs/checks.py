"""Hold a table to its contract: every breach at once; rows are set aside, or the run stops."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.coercion import RULES
from tierkit.inputs.contracts import Column, Contract

REJECTED = ("table", "file", "line", "column", "rule", "value")
EMPTY = "must not be empty"
REPEATED = "must be unique"
UNKNOWN_ACCOUNT = "must be an account of the accounts table"
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
    data_through: pd.Timestamp | None = None,
) -> list[Breach]:
    """All breaches of a typed table.

    Parameters
    ----------
    frame : columns in the kinds of the contract; the index says where each row stands in its file.
    unreadable : cells already known to hold something of another kind.
    required : columns that may not be empty, beyond those the contract requires.
    accounts : the account ids there are; unset, any will do.
    data_through : last day a date may have, but for those that may lie ahead.

    Ranges, allowed values and keys are checked by pandera, lazily; references by themselves, since they may be to
    hundreds of thousands of accounts.
    """
    from pandera.errors import SchemaErrors
    from pandera.pandas import Check, DataFrameSchema
    from pandera.pandas import Column as Rule

    unreadable = unreadable or {}
    breaches = [Breach(n, RULES[contract[n].kind], index) for n, index in unreadable.items()]
    columns: dict[str, Rule] = {}
    for column in (contract[name] for name in frame.columns if name in contract):
        checks = _range_checks(column)
        if column.values:
            checks.append(Check.isin(column.values, error=f"must be one of {', '.join(column.values)}"))
        if column.kind == "date" and data_through is not None and not column.ahead:
            checks.append(Check.le(data_through, error=after(data_through)))
        needed = (column.required and not column.may_be_empty) or column.name in required
        columns[column.name] = Rule(None, checks, nullable=not needed, required=False)
    keys = [key for key in contract.key if key in frame]
    schema = DataFrameSchema(columns, unique=keys or None, report_duplicates="exclude_first")
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        breaches += _breaches(errors.failure_cases, contract, unreadable)
    if accounts is not None and "account_id" in frame and len(lost := _unknown(frame["account_id"], accounts)):
        strange = Breach("account_id", UNKNOWN_ACCOUNT, lost)
        order = {name: i for i, name in enumerate(contract.names)}
        first = len(unreadable)
        breaches[first:] = sorted([*breaches[first:], strange], key=lambda b: order[b.column])
    return breaches


def _unknown(ids: pd.Series, accounts: pd.Index) -> pd.Index:
    """Where ids stand that are no account's; each is looked up once."""
    codes, given = pd.factorize(ids)
    # The last stands for the missing, whose code is -1.
    strange = np.append(~pd.Index(given).isin(accounts), False)
    return ids.index[strange[codes]].sort_values()


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
    max_rejected: float,
) -> Settled:
    """Set broken rows aside, or say why the run stops.

    Parameters
    ----------
    frame : the typed table.
    cells : the same rows as they stood in the file, from which the values are quoted.
    place : what the index counts, `line` or `row`.
    max_rejected : the share of rows that may be set aside; the run stops above it.

    Returns
    -------
    The rows kept; rows set aside (one row each, under the first rule broken): table, file, line, column, rule, value;
    the sentences that stop the run.
    """
    problems = [_sentence(b, cells, place) for b in breaches if b.stop]
    aside = [b for b in breaches if not b.stop]
    lost = pd.concat([pd.DataFrame({"line": b.index, "column": b.column, "rule": b.rule}) for b in aside] or [_NONE])
    lost = lost.drop_duplicates("line").sort_values("line", kind="stable")
    if len(lost) > max_rejected * len(frame):
        each = "; ".join(_sentence(b, cells, place) for b in aside)
        problems.append(
            f"{len(lost):,} of {len(frame):,} rows would be set aside, more than max_rejected = {max_rejected:.4g} "
            f"allows: {each} (mend the rows, or raise max_rejected in tierkit.toml, [data])"
        )
    values = [_value(cells, line, column) for line, column in zip(lost["line"], lost["column"], strict=True)]
    rejected = lost.assign(table=contract.name, file=file, value=pd.Series(values, lost.index, dtype="str"))
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
        rule = f"must be from {column.low:g} to {column.high:g}"
        return [Check.in_range(column.low, column.high, error=rule)]
    if column.low is not None:
        return [Check.ge(column.low, error=f"must be {column.low:g} or more")]
    return []


def _breaches(failures: pd.DataFrame, contract: Contract, unreadable: dict[str, pd.Index]) -> list[Breach]:
    found = []
    for names, rows in failures.groupby(["column", "check"], sort=False):
        column, check = map(str, names)
        index = pd.Index(rows["index"].astype("int64").drop_duplicates().sort_values())
        rule = {"not_nullable": EMPTY, "multiple_fields_uniqueness": REPEATED}.get(check, check)
        if rule == EMPTY:
            index = index.difference(unreadable.get(column, pd.Index([], dtype="int64")))
        stops = bool(contract[column].values) and rule != EMPTY
        repair = f" (map it in tierkit.toml, [data.{contract.name}.values.{column}])" if stops else ""
        if len(index):
            found.append(Breach(column, rule, index, stops, repair))
    order = {name: i for i, name in enumerate(contract.names)}
    return sorted(found, key=lambda b: order[b.column])


def _sentence(breach: Breach, cells: pd.DataFrame, place: str) -> str:
    """`'acv' must be 0 or more, got -131769.0 on line 812 (1,830 rows)`."""
    if breach.stop:
        broken = cells[breach.column].reindex(breach.index)
        counts = broken.value_counts(sort=True)
        first = broken.drop_duplicates()
        lines = dict(zip(first, first.index, strict=True))
        shown = [f"{_quote(v)} on {place} {lines[v]:,} ({_rows(n)})" for v, n in counts.head(_SHOWN_VALUES).items()]
        more = f" and {len(counts) - _SHOWN_VALUES} more values" if len(counts) > _SHOWN_VALUES else ""
        return f"{breach.column!r} {breach.rule}, got {', '.join(shown)}{more}{breach.repair}"
    line = breach.index[0]
    got = _quote(_value(cells, line, breach.column))
    return f"{breach.column!r} {breach.rule}, got {got} on {place} {line:,} ({_rows(len(breach.index))}){breach.repair}"


def _rows(n: int) -> str:
    return f"{n:,} row{'' if n == 1 else 's'}"


def _value(cells: pd.DataFrame, line: int, column: str) -> str:
    if column not in cells:
        return ""
    value = cells[column].loc[line]
    return "" if pd.isna(value) else str(value)


def _quote(value: object) -> str:
    text = str(value)
    plain = text.replace("-", "", 1).replace(".", "", 1).isdigit()
    return text if plain else "nothing" if text in ("", "nan") else repr(text)
