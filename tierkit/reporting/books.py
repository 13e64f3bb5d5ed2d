"""A list per rep: books/OWNER.csv, by priority, with three reasons and the next step."""

import hashlib
import re
from pathlib import Path

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.facts import account_facts
from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.spreadsheet import write_for_people

_RESERVED = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(10)), *(f"lpt{i}" for i in range(10))}


def file_name(owner: object) -> str:
    """A file name for an owner that every system takes, and that no other owner shares.

    >>> file_name("ana.lopez"), file_name("../etc"), file_name(None)
    ('ana.lopez', 'etc-f7f9121f', 'no-owner')
    """
    if words.is_missing(owner):
        return "no-owner"
    text = str(owner)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:60]
    if plain == text and plain == plain.lower() and plain.split(".")[0] not in _RESERVED and plain != "no-owner":
        return plain
    return f"{plain.lower()}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")


def book_notes(
    tiers: pd.DataFrame, tables: Tables, *, as_of: str | pd.Timestamp, since: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What a rep is told of each account besides reasons: a dated fact, and what changed.

    Parameters
    ----------
    since : what changed since the last month: account_id, sentence; None in a first month.

    Returns
    -------
    account_id, fact (newest of what tells most, known by `as_of`, with day and source), changed.
    """
    ids = tiers["account_id"].sort_values(ignore_index=True)
    facts = account_facts(tables, ids, as_of=as_of, per_account=1)
    told = [f"{words.day(d)}: {fact} ({source})" for d, fact, source in facts[["day", "fact", "source"]].to_numpy()]
    changed = {} if since is None else dict(zip(since["account_id"], since["sentence"], strict=True))
    notes = {"fact": dict(zip(facts["account_id"], told, strict=True)), "changed": changed}
    return pd.DataFrame({"account_id": ids, **{name: ids.map(by_id).astype("object") for name, by_id in notes.items()}})


def build_book(tiers: pd.DataFrame, reasons: pd.DataFrame, notes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every account a rep may contact, by priority, with three reasons, the next step, a dated fact and what changed.

    Parameters
    ----------
    notes : as `book_notes` returns it; without it there is no fact, and nothing changed.

    Accounts that may not be contacted (`contactable` False: an open deal, a customer in its own lane) keep their tier
    and are left out (requirement G1).

    Returns
    -------
    owner_id, priority_rank, account_id, name, tier, next_step, reason_1, reason_2, reason_3, reason_against,
    expected_value, valid_until, promoted_until, fact, changed.
    """
    rows = tiers
    if "contactable" in rows:
        rows = rows[rows["contactable"].fillna(True).astype("bool")]
    by = [c for c in ("owner_id", "priority_rank", "tier", "account_id") if c in rows]
    rows = rows.sort_values(by, kind="stable", ignore_index=True)
    why = split_reasons(reasons, rows["account_id"])
    for i in range(3):
        rows[f"reason_{i + 1}"] = [x[i] if len(x) > i else None for x in why["reasons_for"]]
    rows["reason_against"] = why["reason_against"].set_axis(rows.index)
    if notes is not None:
        rows = rows.drop(columns=["fact", "changed"], errors="ignore").merge(notes, on="account_id", how="left")
    columns = ["owner_id", "priority_rank", "account_id", "name", "tier", "next_step"]
    columns += ["reason_1", "reason_2", "reason_3", "reason_against", "expected_value", "valid_until"]
    columns += ["promoted_until", "fact", "changed"]
    return rows.reindex(columns=columns)


def write_books(
    folder: Path, tiers: pd.DataFrame, reasons: pd.DataFrame, notes: pd.DataFrame | None = None
) -> list[Path]:
    """Write books/OWNER.csv under `folder`, one file per rep, as `build_book` makes it; the paths written."""
    book = build_book(tiers, reasons, notes)
    paths: list[Path] = []
    for owner, rows in book.groupby("owner_id", sort=True, dropna=False):
        path = folder / "books" / f"{file_name(owner)}.csv"
        while path in paths:  # somebody is called as another's file is
            path = path.with_name(f"{path.stem}-2.csv")
        write_for_people(rows.drop(columns="owner_id"), path)
        paths.append(path)
    return paths
