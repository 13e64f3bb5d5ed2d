"""What the account table said at each moment: from its history, or as it stands where there is none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.features import asof_sql
from tierkit.features.known_days import is_dates, known_late
from tierkit.features.vocabulary import split_stack
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.tables import Tables

NOT_FIELDS = ("account_id", "name", "domain", "parent_id", "created_at")
"""Columns of accounts that identify it; none is a feature as it stands."""
DESCRIBES = ("owner_id", "segment", "is_customer")
"""Columns of accounts that describe a row (row keys) and are never features."""


@dataclass(frozen=True)
class FieldValues:
    """Values of account fields at moments.

    Attributes
    ----------
    frame : one row per moment, one column per field of accounts: text `str`, numbers and flags float64.
    known_when : for each field `dated` (it has history), `static` or `unknown` (it changes, nobody wrote when).
    """

    frame: pd.DataFrame
    known_when: dict[str, str]


def account_fields(tables: Tables) -> list[str]:
    """Columns of accounts whose value at a moment is asked for, those that only history has included, your own too."""
    fields = [c for c in tables.frame("accounts").columns if c not in NOT_FIELDS]
    return fields + [c for c in _past_fields(tables) if c not in (*fields, *NOT_FIELDS)]


def dated_fields(tables: Tables) -> list[str]:
    """Those of them that have a history."""
    past = set(_past_fields(tables))
    return [name for name in account_fields(tables) if name in past]


def _past_fields(tables: Tables) -> list[str]:
    return [str(name) for name in tables.sql(asof_sql.DATED_FIELDS)["field"]]


def field_values(tables: Tables, moments: pd.DataFrame, *, only: Collection[str] | None = None) -> FieldValues:
    """Every field of accounts, or `only` some, as it was known at each moment (moment, account_id, as_of_day).

    A field with history for the account has its last value known on or before the day, or none; without history for
    the account, the value of the account table.
    """
    accounts = tables.frame("accounts").set_index("account_id")
    fields = [name for name in account_fields(tables) if only is None or name in only]
    past, have = _history(tables, moments, fields)
    at = accounts.index.get_indexer(pd.Index(moments["account_id"]))
    frame, known_when = {}, {}
    for name in fields:
        given = accounts[name] if name in accounts else _nothing(tables, name, accounts.index)
        now = as_feature(given, moments["as_of_day"], at)
        if name not in past:
            frame[name] = now
            known_when[name] = "unknown" if _changes(name) else "static"
            continue
        then = _parse(past[name], like=now)
        frame[name] = now.where(~have[name], then)
        known_when[name] = "dated"
    return FieldValues(pd.DataFrame(frame, index=moments.index), known_when)


def fields_late(tables: Tables, rows: pd.DataFrame, known_when: Mapping[str, str]) -> dict[str, tuple[float, int, str]]:
    """Fields without history that were written after the cutoff, by a day that the account table gives.

    `rows` has account_id and as_of_day; what comes back is that of `known_late`.
    """
    accounts = tables.frame("accounts").set_index("account_id")
    fields = [name for name in accounts.columns if name not in NOT_FIELDS and known_when.get(name) != "dated"]
    if not any(is_dates(accounts[name]) for name in fields):
        return {}
    then = accounts[fields].reindex(rows["account_id"].to_numpy())
    unknown = [name for name in fields if known_when.get(name) == "unknown"]
    late = known_late(then, rows["as_of_day"], fields, without_history=unknown)
    return late | {f"account_{name}": found for name, found in late.items()}


def technology_flags(stacks: pd.Series, technologies: tuple[str, ...]) -> pd.DataFrame:
    """One float64 flag `tech_<name>` per technology; missing where the stack is unknown."""
    codes, seen = pd.factorize(stacks)
    has = np.array([[name in split_stack(str(stack)) for name in technologies] for stack in seen], dtype="float64")
    has = np.vstack([has.reshape(len(seen), len(technologies)), np.full(len(technologies), np.nan)])
    return pd.DataFrame(has[codes], index=stacks.index, columns=[f"tech_{name}" for name in technologies])


def as_feature(values: pd.Series, as_of_day: pd.Series, at: NDArray[np.intp] | None = None) -> pd.Series:
    """A column as a feature: numbers and flags float64, text `str`, dates as days before `as_of_day`.

    A date after `as_of_day` is missing, since nobody could have known it. Text that holds only numbers becomes numbers.
    `at` says where the value of each row stands in `values`, -1 for nowhere; each in its own row unless given.
    """
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = _as_number_or_text(values)
    if at is not None:
        values = pd.Series(pd.api.extensions.take(values.array, at, allow_fill=True))
    values = values.set_axis(as_of_day.index)
    if pd.api.types.is_datetime64_any_dtype(values):
        days = (values.dt.tz_localize(None) - pd.Timestamp("1970-01-01")) // pd.Timedelta(days=1)
        ago = as_of_day.astype("float64") - days.astype("float64")
        return pd.Series(ago.where(ago >= 0))
    return values


def _as_number_or_text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.astype("Float64").astype("float64")
    text = values.astype("str")
    levels = pd.Series(text.dropna().unique(), dtype="str")
    if len(levels) and pd.to_numeric(levels, errors="coerce").notna().all():
        return pd.to_numeric(text).astype("float64")
    return text


def _history(
    tables: Tables, moments: pd.DataFrame, fields: list[str]
) -> tuple[dict[str, pd.Series], dict[str, NDArray[np.bool_]]]:
    """Text of each field with history at each moment, missing where it was unknown then; and whether the account of the
    moment has any history of the field, known by then or not."""
    past_fields = set(_past_fields(tables))
    named = [name for name in fields if name in past_fields]
    if not named:
        return {}, {}
    codes = pd.DataFrame({"field": pd.Series(named, dtype="str"), "code": range(len(named))})
    found = tables.sql(asof_sql.FIELD_VALUES, moments=moments, history_fields=codes)
    past = {}
    for code, name in enumerate(named):
        of = found[found["code"] == code]
        past[name] = of.set_index("moment")["value"].astype("str").reindex(moments["moment"].to_numpy())
    flags = ", ".join(asof_sql.FIELD_TOLD.format(code=code) for code in codes["code"])
    told = tables.sql(asof_sql.FIELDS_TOLD.format(flags=flags), moments=moments, history_fields=codes)
    told = told.set_index("moment").reindex(moments["moment"].to_numpy(), fill_value=0)
    return past, {name: (told[f"told_{code}"] > 0).to_numpy() for code, name in enumerate(named)}


def _parse(text: pd.Series, *, like: pd.Series) -> pd.Series:
    text = text.set_axis(like.index)
    text = text.where(text.str.strip() != "")
    if like.dtype != "float64":
        return text
    flags = text.str.lower().map({"true": "1", "yes": "1", "false": "0", "no": "0"})
    return pd.to_numeric(flags.fillna(text), errors="coerce").astype("float64")


def _nothing(tables: Tables, name: str, index: pd.Index) -> pd.Series:
    """A column without a value, of the kind that its history holds."""
    if name in CONTRACTS["accounts"]:
        is_text = CONTRACTS["accounts"][name].kind in ("text", "id")
    else:
        named = pd.DataFrame({"field": pd.Series([name], dtype="str")})
        is_text = (
            _as_number_or_text(tables.sql(asof_sql.VALUES_OF_FIELD, history_fields=named)["value"]).dtype != "float64"
        )
    return pd.Series(np.nan, index, dtype="str" if is_text else "float64")


def _changes(name: str) -> bool:
    contract = CONTRACTS["accounts"]
    return contract[name].mutable if name in contract else True
