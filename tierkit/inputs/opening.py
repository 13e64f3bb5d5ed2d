"""Open the tables of a company: each is let in at the door, typed, checked and put in order, all problems at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.checks import Breach, check_contract, excludes_nobody, no_rejected, settle, suspects
from tierkit.inputs.coercion import Typed, coerce_table
from tierkit.inputs.columns import map_columns
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.deals import check_dates, check_outcomes, own_accounts, settle_dates, settle_money
from tierkit.inputs.ends import check_end, last_day, unknown_fields
from tierkit.inputs.identity.domains import normalise_domains, say_domains
from tierkit.inputs.identity.duplicates import Duplicates, find_duplicates
from tierkit.inputs.identity.folding import Folding
from tierkit.inputs.identity.parents import roll_up
from tierkit.inputs.rates import Exchange, check_rates
from tierkit.inputs.settings import DataSettings, TableSource
from tierkit.inputs.sources import Reader, find_readers
from tierkit.inputs.tables import Tables

_FIRST = ("identity", "rates", "accounts", "deals")
"""Tables that others are read by: who is who, what money is worth, which accounts there are."""
_EVERY_ROW_COUNTS = ("identity", "rates")
"""Tables of which no row is set aside, since each bears on the rows of others."""


def open_tables(
    source: str | Path | DataSettings | Mapping[str, pd.DataFrame],
    *,
    settings: DataSettings | None = None,
    root: str | Path | None = None,
    say: Callable[[str], None] | None = None,
) -> Tables:
    """Open the tables of a company and check them: what comes out keeps every contract.

    Parameters
    ----------
    source : a folder whose files are named after tables; `[data]` of a run sheet, its folder relative to `root`; or
        frames by table name.
    settings : mappings, currency, time zone and limits, where `source` is a folder or frames.
    root : folder of the run sheet; unset, the working directory.
    say : told what is about to be done, a few words a step: files may be long.

    Returns
    -------
    Rows in an order of their own, so that the order of the files does not matter. Children stand under their root.

    Raises
    ------
    TableError : every breach of every table, each with file, line, column, value, rule and repair.
    """
    settings = source if isinstance(source, DataSettings) else settings or DataSettings()
    readers, notes = find_readers(source, settings, Path(root) if root is not None else Path())
    if settings.crm is not None and not isinstance(source, Mapping):
        from tierkit.inputs.crm.conversion import without_converted

        settings = without_converted(settings)
    tell = say or (lambda _: None)
    door = _Door(settings, notes=notes)
    door.has_accounts = "accounts" in readers
    for table in (*_FIRST, *(name for name in CONTRACTS if name not in _FIRST)):
        if table in readers:
            tell(f"reading {table}")
            door.let_in(table, readers[table])
    tell("putting the tables in order")
    return door.close()


@dataclass(frozen=True)
class Opened:
    """What was found on opening the tables of a company, whether or not they opened.

    Attributes
    ----------
    tables : None where something stops a run.
    breaches : what stops it: file (empty where it is part of the sentence, or no one file is at fault) and sentence.
    rejected, sources, notes : as of `Tables`, of every table that could be read.
    """

    tables: Tables | None
    breaches: tuple[tuple[str, str], ...]
    rejected: pd.DataFrame
    sources: pd.DataFrame
    notes: tuple[str, ...]


def inspect_tables(settings: DataSettings, *, root: str | Path) -> tuple[Opened, TableError | None]:
    """All that is found on opening the tables of a run sheet, and the error that `open_tables` raises, if it does."""
    try:
        tables = open_tables(settings, root=root)
    except TableError as error:
        if error.opened is not None:
            return error.opened, error
        return _Door(settings, notes=[], problems=[str(error)]).found, error
    return Opened(tables, (), tables.rejected, tables.sources, tables.notes), None


@dataclass
class _Door:
    """Tables let in one after the other, and what was found on the way; problems are raised all at once."""

    settings: DataSettings
    notes: list[str]
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """File of each table, and what its index counts."""
    problems: list[str] = field(default_factory=list)
    rejected: list[pd.DataFrame] = field(default_factory=list)
    sources: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    at_close: dict[str, str] = field(default_factory=dict)
    has_accounts: bool = False
    accounts: pd.Index | None = None
    """Ids other tables may name; unset where accounts are not given, or are broken themselves."""
    accounts_aside: pd.Index = field(default_factory=lambda: pd.Index([], dtype="str"))
    """Ids of accounts whose own row was set aside."""
    strangers: pd.Index = field(default_factory=lambda: pd.Index([], dtype="str"))
    """Accounts that deals name where no accounts table is given."""
    folding: Folding = field(default_factory=Folding)
    exchange: Exchange = field(init=False)
    breaches: list[tuple[str, str]] = field(default_factory=list)
    """The problems of tables that could be read, one by one: file and sentence."""

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.settings.currency, through=self._declared_end)

    def let_in(self, table: str, read: Reader) -> None:
        """Read, map, type and check one table."""
        try:
            raw, joined = read()
        except TableError as error:
            self.problems.append(str(error))
            self.exchange.failed |= table == "rates"
            return
        contract = CONTRACTS[table]
        given = getattr(self.settings, table) or TableSource()
        needed = ("account_id",) if table == "deals" and self.has_accounts else ()
        mapped = map_columns(raw, contract, given, joined=joined, required=needed)
        typed = coerce_table(
            contract,
            mapped.frame,
            decimal=given.decimal,
            day_first=given.day_first,
            zone=self.settings.time_zone,
            currency=self.settings.currency,
            place=raw.place,
        )
        if table == "deals":
            typed = settle_dates(typed)
        if table == "rates" and "currency" in typed.frame:
            typed = replace(typed, frame=typed.frame.assign(currency=typed.frame["currency"].str.upper()))
        settled = settle(
            contract,
            typed.frame,
            mapped.frame,
            [*self._breaches(table, typed, needed), *suspects(raw.suspect)],
            file=raw.file,
            place=raw.place,
            origin=raw.origin,
            max_rejected=None if table in _EVERY_ROW_COUNTS else self.settings.max_rejected,
        )
        frame, problems = settled.frame, [*mapped.problems, *typed.problems, *settled.problems]
        notes = [*raw.notes, *mapped.notes, *typed.notes]
        if table == "rates":
            problems += check_rates(typed.frame, currency=self.settings.currency, place=raw.place)
            self.exchange.rates, self.exchange.failed = frame, bool(problems)
        if table in ("accounts", "exclusions") and "domain" in frame:
            domain = normalise_domains(frame["domain"])
            notes += say_domains(frame["domain"], domain)
            frame = frame.assign(domain=domain)
        figures = self.exchange.convert(table, frame, place=raw.place)
        problems += figures.problems
        notes += figures.notes
        frame = self.folding.fold(table, figures.frame) if not problems else figures.frame
        if table == "deals":
            frame = self._finish_deals(frame, raw.place, problems, notes)
            self.at_close.update(mapped.at_close)
        self.at_close.update({name: why for name, why in raw.leaky.items() if name in frame})
        if problems:
            self.problems.append(f"{raw.file}: {'; '.join(problems)}")
        elif table == "accounts":
            self.accounts = pd.Index(frame["account_id"]).append(self.folding.absorbed)
            self.accounts_aside = pd.Index(typed.frame["account_id"].drop(index=frame.index).dropna())
        elif table == "identity":
            self.folding = Folding(frame, raw.file, raw.place)
        self.notes += [f"{raw.file}: {note}" for note in notes]
        self.notes += [f"{other.file}: {note}" for other in joined for note in other.notes]
        self.notes += [f"{part.file}: {note}" for part in raw.parts for note in part.notes]
        self.breaches += [(raw.file, problem) for problem in problems]
        self.rejected.append(settled.rejected)
        if raw.parts:
            n_rejected = settled.rejected["file"].value_counts()
            self.sources += [
                (table, part.file, part.sha256, part.n_rows, int(n_rejected.get(part.file, 0))) for part in raw.parts
            ]
        else:
            self.sources.append((table, raw.file, raw.sha256, len(raw.frame), len(settled.rejected)))
        self.sources += [(table, other.file, other.sha256, len(other.frame), 0) for other in joined]
        if raw.query:
            self.sources.append((f"query {table}", raw.file, raw.query, 0, 0))
        self.frames[table] = frame
        self.files[table] = (raw.file, raw.place)

    def close(self) -> Tables:
        """The tables, unless there was a problem."""
        if self.folding.problems:
            self.problems.append(f"{self.folding.file}: {'; '.join(self.folding.problems)}")
        if not self.problems and self._declared_end is None:
            self.problems += check_end(self.frames, self.files)
        if self.problems:
            # A connection that was lost is lost for every table: said once.
            raise TableError("\n".join(dict.fromkeys(self.problems)), opened=self.found)
        self.notes += unknown_fields(self.frames)
        if not self.has_accounts:
            self._leave_out_strangers()
        self.frames, said = self.folding.finish(self.frames)
        self.notes += said
        alike = self._find_duplicates()
        units = roll_up(self.frames)
        frames = {table: _in_order(table, frame) for table, frame in units.frames.items()}
        notes = [*self.notes, *units.notes]
        notes += alike.notes
        return Tables(
            frames=frames,
            children=units.children,
            rejected=pd.concat([r for r in self.rejected if len(r)] or [no_rejected()], ignore_index=True),
            sources=pd.DataFrame(self.sources, columns=["table", "file", "sha256", "n_rows", "n_rejected"]),
            notes=tuple(notes),
            data_through=self._declared_end or last_day(frames),
            currency=self.settings.currency,
            known_at_close=self.at_close,
            alike=alike.frame,
        )

    def _find_duplicates(self) -> Duplicates:
        accounts = self.frames["accounts"] if self.has_accounts else pd.DataFrame({"account_id": []}, dtype="str")
        return find_duplicates(accounts, apart=self.folding.apart)

    @property
    def found(self) -> Opened:
        """What was found of tables that do not open."""
        files = {file for file, _ in self.breaches}
        loose = [("", said) for said in dict.fromkeys(self.problems) if said.partition(": ")[0] not in files]
        return Opened(
            None,
            (*loose, *self.breaches),
            pd.concat([r for r in self.rejected if len(r)] or [no_rejected()], ignore_index=True),
            pd.DataFrame(self.sources, columns=["table", "file", "sha256", "n_rows", "n_rejected"]),
            tuple(self.notes),
        )

    @property
    def _declared_end(self) -> pd.Timestamp | None:
        return None if self.settings.data_through is None else pd.Timestamp(self.settings.data_through)

    def _breaches(self, table: str, typed: Typed, needed: Sequence[str]) -> list[Breach]:
        found = check_contract(
            CONTRACTS[table],
            typed.frame,
            unreadable=typed.unreadable,
            required=needed,
            accounts=None if table == "identity" else self.accounts,
            accounts_aside=self.accounts_aside,
            data_through=self._declared_end,
        )
        if table == "exclusions":
            found += excludes_nobody(typed.frame)
        return found + check_dates(typed) if table == "deals" else found

    def _finish_deals(self, frame: pd.DataFrame, place: str, problems: list[str], notes: list[str]) -> pd.DataFrame:
        """Money, outcomes and, where there are no accounts, whose the deals are."""
        if not {"deal_id", "outcome"} <= set(frame.columns):
            return frame
        if self.exchange.failed:
            frame = frame.drop(columns="currency", errors="ignore")
        money = settle_money(
            frame,
            currency=self.settings.currency,
            zero_is_missing=self.settings.zero_acv_is_missing,
            rates=self.exchange.rates,
            place=place,
        )
        problems += money.problems
        notes += money.notes
        if not problems:
            problems += check_outcomes(money.frame)
        if self.has_accounts:
            return money.frame
        if "account_id" in money.frame:
            self.strangers = pd.Index(money.frame["account_id"].dropna())
        owned = own_accounts(money.frame, group_by=self.settings.group_by)
        problems += owned.problems
        return owned.frame

    def _leave_out_strangers(self) -> None:
        """Without accounts a table can only speak of deals; one that rather speaks of accounts is left out."""
        deals = self.frames["deals"]["account_id"]
        for table in [name for name in self.frames if name != "deals" and "account_id" in self.frames[name]]:
            named = self.frames[table]["account_id"].dropna()
            if len(named) and named.isin(deals).sum() <= named.isin(self.strangers).sum():
                del self.frames[table]
                self.notes.append(f"{table} was left out: without an accounts table its accounts are not known")


def _in_order(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by key, or by all their columns: the order of the file carries no information."""
    key = [name for name in CONTRACTS[table].key if name in frame]
    return frame.sort_values(key or list(frame.columns), kind="stable", ignore_index=True)
