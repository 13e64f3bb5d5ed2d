"""`tierkit audit-tiers`: open a table of tiers or scores that someone else set, judge it, and write its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.inputs.checks import check_contract, settle
from tierkit.inputs.coercion import coerce_table
from tierkit.inputs.columns import map_columns
from tierkit.inputs.contracts import Column, Contract
from tierkit.inputs.customary import customary_deals, read_pairs, say_columns
from tierkit.inputs.files.reading import Raw, plain_name, read_file
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings, TableSource
from tierkit.inputs.tables import Tables
from tierkit.proof.duel import Duel, audit_tiers
from tierkit.proof.duel_words import say_duel
from tierkit.reporting import words
from tierkit.reporting.duel_page import write_duel_page
from tierkit.runsheet import RunSheet, read_sheet

RATINGS = Contract(
    "ratings",
    "one row per account and day from which a tier or score held",
    (
        Column("account_id", "id", "key of the account, unchanged from the CRM", required=True),
        Column("known_at", "date", "first day on which it held", required=True),
        Column("valid_to", "date", "last day; empty while in use", ahead=True),
    ),
)
_DAYS = ("known_at", "valid_from", "as_of", "effective_date", "effective_from", "date", "scored_at", "created_at")
_ENDS = ("valid_to", "valid_until", "effective_to", "end_date")


def audit_file(
    file: Path,
    *,
    tier: str | None,
    score: str | None,
    sheet: Path | None = None,
    known_at: str | None = None,
    order: str | None = None,
    size: str | None = None,
    columns: Sequence[str] = (),
    as_of: str | None = None,
    out: Path,
) -> list[str]:
    """Judge the columns of a file, write the page, and say what was found.

    Parameters
    ----------
    file : an export of deals; with `sheet`, a table of dated tiers or scores of accounts.
    columns : `canonical=name`, where the export calls a column by a name that is not customary.
    out : where the page is written.

    Raises
    ------
    SheetError : a column is missing (near names are offered), or a day or the order cannot be.
    TableError : a table breaks its contract.
    """
    if tier is None and score is None:
        raise SheetError(f"{file.name}: name a column of tiers (--tier), a column of scores (--score), or both")
    day = _day(as_of)
    raw = read_file(file)
    header = [str(name) for name in raw.frame.columns]
    named = {role: _find(name, header, file.name) for role, name in (("tier", tier), ("score", score)) if name}
    best_first = [part for part in (order or "").split(",") if part.strip()]
    if sheet is None:
        extra = [_find(name, header, file.name) for name in (known_at, size) if name]
        tables, said = _open_deals(file, raw, read_pairs(columns), apart=[*named.values(), *extra])
        given = list(tables.frame("deals").columns)
        roles = {role: _find(name, given, file.name) for role, name in named.items()}
        duel = audit_tiers(
            tables,
            tier=roles.get("tier"),
            score=roles.get("score"),
            known_at=_find(known_at, given, file.name) if known_at else None,
            order=best_first,
            size=_find(size, given, file.name) if size else None,
            as_of=day,
        )
    else:
        settings = read_sheet(sheet)
        tables, said = open_tables(settings.data, root=settings.folder), ""
        duel = audit_tiers(
            tables,
            tier=named.get("tier"),
            score=named.get("score"),
            ratings=_read_ratings(raw, tables, settings),
            order=best_first,
            size=size or settings.models.size_column,
            as_of=day,
            months=settings.proof.months,
            settings=settings.features,
            confidence=settings.proof.confidence,
            seed=settings.seed,
        )
    read = [f"{file.name}: {said}."] if said else []
    if len(tables.rejected):
        for (table, rule), part in tables.rejected.groupby(["table", "rule"], sort=True):
            read.append(f"{table}: {words.things(len(part), 'row')} set aside ({rule}).")
    read += [f"{note}." for note in (*tables.notes, *duel.notes)]
    write_duel_page(duel, out, file=file.name, read=read)
    return [*say_duel(duel), _say_rows(duel), *([read[0]] if said else []), f"Page: {out}"]


def _open_deals(file: Path, raw: Raw, stated: Mapping[str, str], *, apart: Sequence[str]) -> tuple[Tables, str]:
    custom = customary_deals(raw.frame, file=file.name, stated=stated, apart=apart)
    data = DataSettings(deals=custom.source)
    return open_tables(data, root=file.resolve().parent), custom.said


def _read_ratings(raw: Raw, tables: Tables, sheet: RunSheet) -> pd.DataFrame:
    """Dated tiers or scores under the names account_id, known_at and valid_to, accounts as the tables hold them."""
    header = {plain_name(str(name)): str(name) for name in raw.frame.columns}
    mapping = {}
    for name, known in (("known_at", _DAYS), ("valid_to", _ENDS)):
        if found := [header[plain_name(k)] for k in known if plain_name(k) in header]:
            mapping[name] = found[0]
    if "known_at" not in mapping:
        hint = (
            "leave out --sheet to judge an export of deals" if "outcome" in header else f"one of {', '.join(_DAYS[:4])}"
        )
        raise TableError(f"{raw.file}: no column says from which day a tier or score held ({hint})")
    source = TableSource(columns=mapping)
    mapped = map_columns(raw, RATINGS, source)
    typed = coerce_table(RATINGS, mapped.frame, zone=sheet.data.time_zone)
    breaches = check_contract(RATINGS, typed.frame, unreadable=typed.unreadable)
    settled = settle(
        RATINGS,
        typed.frame,
        mapped.frame,
        breaches,
        file=raw.file,
        place=raw.place,
        max_rejected=sheet.data.max_rejected,
    )
    if problems := [*mapped.problems, *typed.problems, *settled.problems]:
        raise TableError(f"{raw.file}: {'; '.join(problems)}")
    frame = settled.frame
    frame = _of_units(frame, tables)
    deals = tables.frame("deals")
    if not frame["account_id"].isin(deals["account_id"]).any():
        raise TableError(
            f"{raw.file}: none of its {frame['account_id'].nunique():,} accounts has a deal "
            f"(account_id must be as in deals, such as {deals['account_id'].iloc[0]!r})"
        )
    return frame.reset_index(drop=True)


def _of_units(ratings: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Ratings of child accounts as their parent's, where the parent has none of its own: deals stand under parents."""
    parent = dict(zip(tables.children["account_id"], tables.children["unit_id"], strict=True))
    units = [parent.get(account, account) for account in ratings["account_id"]]
    moved = pd.Series(units, ratings.index, dtype="str")
    own = set(ratings["account_id"])
    kept = (moved == ratings["account_id"]) | ~moved.isin(own)
    return ratings.assign(account_id=moved)[kept]


def _say_rows(duel: Duel) -> str:
    left = f"; {words.count(duel.n_existing)} of customers left out" if duel.n_existing else ""
    if duel.horizon_days is None:
        return (
            f"{words.things(duel.n_deals, 'deal')}{left}, undated: won among closed ones, which is biased where losses "
            "linger."
        )
    return (
        f"{words.things(duel.n_deals, 'new-business deal')}{left}; outcomes to {words.day(duel.as_of)}, a win counts "
        f"within {duel.horizon_days} days of opening."
    )


def _find(name: str, header: Sequence[str], file: str) -> str:
    """The column that is meant, apart from case and spaces."""
    if name in header:
        return name
    plain = {plain_name(given.removesuffix(" as given")): given for given in reversed(header)}
    if plain_name(name) in plain:
        return plain[plain_name(name)]
    raise SheetError(f"{file}: {say_columns(name, list(header))}")


def _day(text: str | None) -> pd.Timestamp | None:
    if text is None:
        return None
    try:
        return pd.to_datetime(text, format="%Y-%m-%d")
    except ValueError:
        raise SheetError(f"--as-of must be a day, YYYY-MM-DD, got {text!r}") from None
