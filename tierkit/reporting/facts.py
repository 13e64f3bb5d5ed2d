"""Dated facts about an account, each with where it comes from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.features.vocabulary import split_stack
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.card_words import say_role

_COLUMNS = ["account_id", "day", "fact", "source"]
_RECENT = (90, 365)
"""Days within which facts count as fresh, and as not yet old."""

Say = Callable[[dict[Any, Any]], tuple[str, str]]


def account_facts(
    tables: Tables, account_ids: pd.Series, *, as_of: str | pd.Timestamp, per_account: int = 2
) -> pd.DataFrame:
    """What happened at or with each account, with day and source (requirement E1).

    Of facts equally fresh (90 days, a year, older), signals and strategic claims come first, then tools and headcount
    that changed, deals that ended, who came to us and in what role, deals opened, and people we came to know; when it
    entered the CRM stands where nothing else is known. What we did ourselves is no fact about an account. A fact that
    happened several times is told once, with its last day.

    Returns
    -------
    account_id, day, fact, source; at most `per_account` rows an account, newest first.
    """
    now, wanted = pd.Timestamp(as_of), pd.Index(account_ids.dropna().astype("object").unique())
    found = []
    for weight, (rows, say, columns) in enumerate(_told(tables, wanted, now)):
        if rows.empty:
            continue
        part = rows[["account_id", "day"]].reset_index(drop=True)
        part["fact"], part["source"] = (pd.Series(said, dtype="str") for said in _said(rows, say, columns))
        found.append(part[part["fact"] != ""].assign(weight=weight))
    if not found:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in _COLUMNS})
    facts = pd.concat(found, ignore_index=True)
    age = (now - facts["day"]).dt.days
    facts["stale"] = (age > _RECENT[0]).astype("int64") + (age > _RECENT[1]) + 9 * (facts["weight"] == len(_SOURCES))
    newest = ["account_id", "day", "weight", "fact"]
    facts = facts.sort_values(newest, ascending=[True, False, True, True], kind="stable")
    facts = facts.drop_duplicates(["account_id", "fact"])
    by = ["account_id", "stale", "weight", "day", "fact"]
    facts = facts.sort_values(by, ascending=[True, True, True, False, True], kind="stable")
    facts = facts.groupby("account_id", sort=True).head(per_account)
    facts = facts.sort_values(newest, ascending=[True, False, True, True], kind="stable")
    return facts[_COLUMNS].reset_index(drop=True)


def _said(rows: pd.DataFrame, say: Say, by: tuple[str, ...]) -> NDArray[np.object_]:
    """Facts and their sources, shape (2, rows): rows alike in the columns `by` are put into words once."""
    told = rows[[name for name in by if name in rows]]
    if not len(told.columns):
        return np.array([say({})] * len(rows), dtype=object).T
    which = told.groupby(list(told), dropna=False, sort=False).ngroup().to_numpy()
    _, first = np.unique(which, return_index=True)
    said = np.array([say(row) for row in told.iloc[first].to_dict("records")], dtype=object)
    return np.asarray(said[which].T)


def _told(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> list[tuple[pd.DataFrame, Say, tuple[str, ...]]]:
    """Rows of each source with their day, those that were known by `now`, and what they are put into words by."""
    told = [(make(tables, wanted, now), say, by) for make, say, by in _SOURCES]
    return [*told, (_dated(tables, "accounts", "created_at", wanted, now), _entered, ())]


def _dated(tables: Tables, table: str, column: str, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    """Rows of a table that happened and were known by `now`, with `day`."""
    rows = tables.rows_of(table, wanted)
    if rows.empty or not {column, "account_id"} <= set(rows):
        return pd.DataFrame()
    rows = rows[(rows[column] <= now).to_numpy()]
    if "known_at" in rows:
        rows = rows[rows["known_at"].fillna(rows[column]) <= now]
    known: pd.DataFrame = rows.assign(day=rows[column])
    return known


def _signals(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    return _dated(tables, "signals", "occurred_at", wanted, now)


def _signal(row: dict[Any, Any]) -> tuple[str, str]:
    detail = "" if words.is_missing(row.get("detail")) else f": {row['detail']}"
    return f"{_text(row['kind'])}{detail}", _text(row.get("source")) or "signals"


def _claims(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    return _dated(tables, "strategic", "known_at", wanted, now)


def _claim(row: dict[Any, Any]) -> tuple[str, str]:
    evidence = "" if words.is_missing(row.get("evidence")) else f": {row['evidence']}"
    return f"strategic, {_text(row['kind'])}{evidence}", _text(row.get("author")) or "strategic claims"


def _history(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    """Changes of tools and headcount from one known value to another."""
    rows = _dated(tables, "account_history", "known_at", wanted, now)
    if rows.empty:
        return rows
    rows = rows[rows["field"].isin(["technologies", "employees"])].sort_values(
        ["account_id", "field", "known_at"], kind="stable"
    )
    rows = rows.assign(before=rows.groupby(["account_id", "field"])["value"].shift())
    return rows[rows["value"].notna() & rows["before"].notna() & (rows["value"] != rows["before"])]


def _changed(row: dict[Any, Any]) -> tuple[str, str]:
    before, after = str(row["before"]), str(row["value"])
    if row["field"] == "technologies":
        added, gone = split_stack(after) - split_stack(before), split_stack(before) - split_stack(after)
        said = [
            f"{verb} {words.listing([_text(t) for t in sorted(tools)])}"
            for verb, tools in (("began to use", added), ("stopped using", gone))
            if tools
        ]
        return "; ".join(said), "account history"
    try:
        grew = float(after) / float(before) - 1
    except (ValueError, ZeroDivisionError):
        return "", ""
    if abs(grew) < 0.1:
        return "", ""
    return f"headcount {words.count(after)}, before {words.count(before)}", "account history"


def _ended(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    rows = _dated(tables, "deals", "closed_at", wanted, now)
    return rows if rows.empty else rows[rows["outcome"].isin(["won", "lost"])]


def _end(row: dict[Any, Any]) -> tuple[str, str]:
    return f"deal {row['outcome']}{_product(row)}", "deals"


def _inbound(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    """The last touch of each kind from their side, and who it was where that is known."""
    rows = _dated(tables, "activities", "occurred_at", wanted, now)
    if rows.empty or "direction" not in rows:
        return pd.DataFrame()
    rows = rows[rows["direction"] == "inbound"]
    people = tables.frame("contacts")
    about = [c for c in ("role", "seniority") if c in people]
    if "contact_id" in rows and about:
        people = people.drop_duplicates("contact_id").set_index("contact_id")[about]
        rows = rows.join(people, on="contact_id")
    by = ["account_id", "kind", *(c for c in about if c in rows)]
    return rows.sort_values(["day", *by], kind="stable").drop_duplicates(by, keep="last")


def _came(row: dict[Any, Any]) -> tuple[str, str]:
    role = "" if words.is_missing(row.get("role")) else _role(row)
    return f"{_text(row['kind'])} from {role or 'their side'}", "activities"


def _opened(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    return _dated(tables, "deals", "opened_at", wanted, now)


def _open(row: dict[Any, Any]) -> tuple[str, str]:
    return f"deal opened{_product(row)}", "deals"


def _people(tables: Tables, wanted: pd.Index, now: pd.Timestamp) -> pd.DataFrame:
    rows = _dated(tables, "contacts", "known_at", wanted, now)
    return rows if rows.empty or "role" not in rows else rows[rows["role"].notna()]


def _person(row: dict[Any, Any]) -> tuple[str, str]:
    return ("" if words.is_missing(row.get("role")) else f"first known: {_role(row)}"), "contacts"


def _entered(_row: dict[Any, Any]) -> tuple[str, str]:
    return "entered the CRM", "accounts"


_SOURCES: tuple[tuple[Callable[[Tables, pd.Index, pd.Timestamp], pd.DataFrame], Say, tuple[str, ...]], ...] = (
    (_signals, _signal, ("kind", "detail", "source")),
    (_claims, _claim, ("kind", "evidence", "author")),
    (_history, _changed, ("field", "before", "value")),
    (_ended, _end, ("outcome", "product")),
    (_inbound, _came, ("kind", "role", "seniority")),
    (_opened, _open, ("product",)),
    (_people, _person, ("role", "seniority")),
)
"""Where facts come from, in the order of what they tell: their rows, their words, and the columns the words are of."""


def _role(row: dict[Any, Any]) -> str:
    """A person by role and level; their name is nobody's business here."""
    level = "" if words.is_missing(row.get("seniority")) else _text(row["seniority"])
    role = say_role(row["role"])
    return f"their {role}" if not level or level == "individual" else f"their {role} ({level})"


def _product(row: dict[Any, Any]) -> str:
    return "" if words.is_missing(row.get("product")) else f" for {row['product']}"


def _text(value: object) -> str:
    return "" if words.is_missing(value) else str(value).replace("_", " ")
