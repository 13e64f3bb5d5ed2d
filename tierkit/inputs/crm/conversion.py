"""A folder of CRM exports as canonical raw tables: what reads each, in the order in which they need one another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.deal_fields import apply_stated
from tierkit.inputs.crm.finishing import as_raw
from tierkit.inputs.crm.history import days_by, history_rows, is_record_id, mapped_name, moments_of, read_changes
from tierkit.inputs.crm.holdings import Holding, read_holding
from tierkit.inputs.crm.links import Links, link_of, look_up, no_links
from tierkit.inputs.crm.money import convert_rates, settle_amounts
from tierkit.inputs.crm.people import build_contacts, build_funnel, build_reps
from tierkit.inputs.crm.presets import Crm, plain_headers, read_preset
from tierkit.inputs.crm.recognition import CANONICAL, Found, canonical_object, recognise, scan_folder
from tierkit.inputs.crm.records import StageChanges, customer_words, settle_accounts, settle_deals, survivors
from tierkit.inputs.crm.stages import Ends
from tierkit.inputs.crm.touches import build_touches
from tierkit.inputs.reading import Raw, plain_name, read_file
from tierkit.inputs.settings import DataSettings, TableSource

CONVERTED = {"deals": ("outcome", "deal_type"), "activities": ("kind", "direction"), "accounts": ("is_customer",)}
"""Columns whose values the conversion maps, the sheet's words first."""
STAMPS = ("modified_at", "stamped_at", "created_at", "opened_at", "known_at", "changed_at", "completed_at")
"""Columns no day of which lies after the export was made."""
_IDENTIFYING = ("account_id", "name", "created_at", "parent_id", "domain")
_STAGES = ("stagename", "stage", "dealstage")
_AUTHOR = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


def find_exports(
    folder: Path, settings: DataSettings
) -> tuple[dict[str, Callable[[], tuple[Raw, list[Raw]]]], list[str]]:
    """For each table that the files of a folder give, what reads it; and a sentence for each file nobody recognised.

    Raises
    ------
    TableError : no such folder; two files named after one table.
    """
    exports = Exports(folder, settings)
    notes = [
        f"{path.name} was not read: it is no {_AUTHOR[exports.crm]} export known here, and no table"
        for path in exports.strangers
    ]
    return {table: partial(exports.read, table) for table in exports.tables}, notes


def export_files(folder: Path, settings: DataSettings) -> list[Path]:
    """The files of a folder that are read, joined ones included."""
    if not folder.is_dir():
        return []
    exports = Exports(folder, settings)
    paths = {found.path for found in exports.found}
    paths |= {folder / join.file for source in settings.sources.values() for join in source.join}
    return sorted(path for path in paths if path.exists())


def without_converted(settings: DataSettings) -> DataSettings:
    """The sheet's words on tables less those the conversion has followed already."""
    left = {}
    for table, source in settings.sources.items():
        values = {name: of for name, of in source.values.items() if name not in CONVERTED.get(table, ())}
        left[table] = source.model_copy(update={"columns": {}, "values": values})
    return settings.model_copy(update=left)


class Exports:
    """The exports of a folder; each object is read once, activities only when they are asked for."""

    def __init__(self, folder: Path, settings: DataSettings) -> None:
        if settings.crm is None:
            raise ValueError("crm is not set")
        self.folder, self.settings, self.crm = folder, settings, settings.crm
        self.preset = read_preset(self.crm)
        self.found, self.strangers = _find(folder, settings, self.crm)
        self._read: dict[str, Holding | None] = {}

    @property
    def tables(self) -> list[str]:
        """Tables there are, in the order of the contracts."""
        given = {found.object.table for found in self.found if not found.object.is_helper}
        if self._has("accounts", converted=True) and len(self.merges):
            given.add("identity")
        if len(self.account_changes):
            given.add("account_history")
        return [table for table in CONTRACTS if table in given]

    def read(self, table: str) -> tuple[Raw, list[Raw]]:
        """One table, and the files joined to it."""
        source = self.source(table)
        held = [*self._converted(table), *self._canonical(table)]
        if table == "reps" and len(held) > 1:
            # People who keep a table of sellers say in it who sells
            held = [h for h in held if h.object.name == CANONICAL]
        if table not in ("accounts", "identity"):
            held = [self._with_survivors(h) for h in held]
        raw = as_raw(table, held, source, helpers=self._helpers(table))
        return raw, [read_file(self.folder / join.file) for join in source.join]

    def source(self, table: str) -> TableSource:
        """The sheet's words on a table."""
        return self.settings.sources.get(table, TableSource())

    def holding(self, name: str) -> Holding | None:
        """All rows of one object, None where no file holds it; activities are too many to keep."""
        if name not in self._read:
            found = [f for f in self.found if f.object.name == name]
            held = read_holding(found, self.source(found[0].object.table), self.crm) if found else None
            if held is not None and held.object.table == "activities":
                return held
            self._read[name] = held
        return self._read[name]

    def holdings(self, table: str) -> list[Holding]:
        """All rows of each object that becomes a table."""
        names = [name for name, of in self.preset.objects.items() if of.table == table and not of.is_helper]
        return [held for name in names if (held := self.holding(name)) is not None]

    @cached_property
    def accounts(self) -> Holding | None:
        """Accounts, merged ones left out."""
        return self._accounts[0]

    @cached_property
    def merges(self) -> pd.DataFrame:
        """Merged accounts: account_id, same_as."""
        return self._accounts[1]

    @cached_property
    def _accounts(self) -> tuple[Holding | None, pd.DataFrame]:
        nothing = pd.DataFrame({"account_id": [], "same_as": []}, dtype="str")
        held = self.holdings("accounts")
        if not held:
            return None, nothing
        settled, merges = settle_accounts(held[0], self.source("accounts"), currency=self.settings.currency)
        return self._with_owner(settled), merges

    @cached_property
    def links(self) -> Links:
        """What leads to accounts, apart from deals and people."""
        given = [h.frame for h in (self.accounts, *self._canonical("accounts")) if h is not None]
        ids = pd.Index(pd.concat([f["account_id"] for f in given if "account_id" in f])) if given else None
        named = [f for f in given if {"name", "account_id"} <= set(f)]
        by_name = [link_of(f["name"], f["account_id"]) for f in named]
        deleted = self.accounts.deleted if self.accounts is not None else pd.Index([], dtype="str")
        return Links(
            ids,
            by_name[0] if by_name else no_links(),
            no_links(),
            no_links(),
            no_links(),
            survivors(self.merges),
            deleted,
        )

    @cached_property
    def deals(self) -> Holding | None:
        """Deals as they are converted."""
        return self._deals[0]

    @cached_property
    def ends(self) -> Ends | None:
        """How deals stand, by stage."""
        return self._deals[1]

    @cached_property
    def _deals(self) -> tuple[Holding | None, Ends | None]:
        held = self.holdings("deals")
        if not held:
            return None, None
        source, zone = self.source("deals"), self.settings.time_zone
        deals = self._with_owner(held[0])
        settled, ends = settle_deals(deals, self.links, source, self.preset, self._deal_changes(deals), zone=zone)
        return settle_amounts(settled, currency=self.settings.currency, decimal=source.decimal), ends

    @cached_property
    def all_links(self) -> Links:
        """What leads to accounts, deals and people included."""
        deals = [h for h in (self.deals, *self._canonical("deals")) if h is not None and "account_id" in h]
        contacts = [*self._contacts, *self._canonical("contacts")]
        leads = [h.frame for h in self.holdings("funnel") if {"lead_id", "account_id"} <= set(h.frame)]
        by_contact = _joined([link_of(h.frame["contact_id"], h.frame["account_id"]) for h in contacts])
        by_lead = _joined([link_of(f["lead_id"], f["account_id"]) for f in leads])
        by_deal = _joined([link_of(h.frame["deal_id"], h.frame["account_id"]) for h in deals])
        return replace(self.links, by_deal=by_deal, by_contact=by_contact, by_lead=by_lead)

    @cached_property
    def account_changes(self) -> pd.DataFrame:
        """Rows of account_history; the index says where they stand in the file of changes."""
        accounts = self.accounts
        empty = pd.DataFrame({"account_id": [], "known_at": [], "field": [], "value": []})
        held, record = self._history("accounts")
        if accounts is None or held is None:
            return empty
        source, zone = self.source("account_history"), self.settings.time_zone
        changes = read_changes(held, record, name_of=self._account_field, day_first=source.day_first, zone=zone)
        changes = changes[changes["record"].isin(accounts.frame["account_id"])]
        changes = _settle_special(changes, accounts)
        created = pd.Series(dtype="datetime64[us]")
        if "created_at" in accounts:
            order = self.source("accounts").day_first
            created = days_by(accounts.frame["account_id"], accounts.frame["created_at"], day_first=order, zone=zone)
        return history_rows(changes, created)

    def last_day(self, held: Sequence[Holding | None]) -> pd.Timestamp | None:
        """The last day any record was made, changed or done."""
        days = []
        for one in (h for h in held if h is not None):
            for name in (n for n in STAMPS if n in one):
                first = self.source(one.object.table).day_first
                try:
                    cells = one.frame[name]
                    text = cells if isinstance(cells.dtype, pd.StringDtype) else cells.astype("str")
                    days.append(moments_of(text, one, day_first=first, zone=self.settings.time_zone).max())
                except TableError:
                    continue
        known = [day for day in days if not pd.isna(day)]
        return max(known).normalize() if known else None

    @cached_property
    def through(self) -> pd.Timestamp | None:
        """The last day the export covers, declared or found in accounts and deals."""
        if self.settings.data_through is not None:
            return pd.Timestamp(self.settings.data_through)
        return self.last_day([self.accounts, self.deals])

    @cached_property
    def _contacts(self) -> list[Holding]:
        return [build_contacts(h, self.links) for h in self.holdings("contacts")]

    def _converted(self, table: str) -> list[Holding]:
        """What the CRM's own objects give of a table."""
        if table == "accounts":
            return [self.accounts] if self.accounts is not None else []
        if table == "deals":
            return [self.deals] if self.deals is not None else []
        if table == "contacts":
            return self._contacts
        if table == "activities":
            return [self._touches(held) for held in self.holdings("activities")]
        if table == "reps":
            return [build_reps(h, self._owners) for h in self.holdings("reps")]
        if table == "funnel":
            return [build_funnel(h, self.links) for h in self.holdings("funnel")]
        if table == "rates":
            order = self.source("rates").day_first
            return [convert_rates(h, currency=self.settings.currency, day_first=order) for h in self.holdings("rates")]
        if table == "account_history":
            return self._history_holding()
        return self._identity_holding() if table == "identity" else []

    def _touches(self, held: Holding) -> Holding:
        through, declared = self.through, self.settings.data_through
        if declared is None:
            own = self.last_day([held])
            through = max((d for d in (through, own) if d is not None), default=None)
        return build_touches(
            held, self.all_links, self.source("activities"), crm=self.crm, through=through, zone=self.settings.time_zone
        )

    def _canonical(self, table: str) -> list[Holding]:
        """What files of ours in the same folder give of a table."""
        found = [f for f in self.found if f.is_canonical and f.object.table == table]
        if not found:
            return []
        source = self.source(table)
        held = read_holding(found, source, self.crm)
        said = {
            name: apply_stated(held.column(name), source.values[name]).fillna(held.column(name))
            for name in CONVERTED.get(table, ())
            if name in source.values and name in held
        }
        return [held.assign(**said)] if said else [held]

    def _history_holding(self) -> list[Holding]:
        changes = self.account_changes
        held, _ = self._history("accounts")
        if held is None or changes.empty:
            return []
        origin = held.origin
        if origin is None:
            origin = pd.DataFrame({"file": held.parts[0].file, "line": held.frame.index}, index=held.frame.index)
        origin = origin.loc[changes.index].reset_index(drop=True)
        fields = ", ".join(sorted(changes["field"].unique()))
        said = (
            f"{len(held.frame):,} changes of accounts became {len(changes):,} rows of history ({fields}); an account "
            "without a change of one of these is taken to have held today's value all along"
        )
        frame = changes.reset_index(drop=True)
        return [Holding(held.object, frame, held.parts, held.place, origin, notes=(*held.notes, said))]

    def _identity_holding(self) -> list[Holding]:
        accounts = self.accounts
        if accounts is None or self.merges.empty:
            return []
        origin = accounts.origin
        if origin is None:
            origin = pd.DataFrame({"file": accounts.parts[0].file, "line": self.merges.index}, index=self.merges.index)
        origin = origin.loc[self.merges.index].reset_index(drop=True)
        last = survivors(self.merges)
        rows = self.merges.reset_index(drop=True)
        frame = rows.assign(
            same_as=look_up(rows["account_id"], last).fillna(rows["same_as"]), decision="same", author=_AUTHOR[self.crm]
        ).astype("str")
        said = f"{len(frame):,} merges of accounts are decisions of the CRM's users"
        parts = tuple(replace(part, notes=()) for part in accounts.parts)
        return [Holding(canonical_object(CONTRACTS["identity"]), frame, parts, "line", origin, notes=(said,))]

    def _history(self, table: str) -> tuple[Holding | None, str]:
        """The changes of accounts or deals, and the column that names their record."""
        name, key = ("AccountHistory", "account_id") if table == "accounts" else ("OpportunityFieldHistory", "deal_id")
        if self.crm == "salesforce":
            return self.holding(name), key
        held = self.holding("propertyhistory")
        if held is None:
            return None, key
        record = held.column(key).fillna(held.column("record_id"))
        kind = held.column("object_type").str.lower()
        ours, others = (
            (("compan", "0-2"), ("deal", "0-3")) if table == "accounts" else (("deal", "0-3"), ("compan", "0-2"))
        )
        is_other = (
            kind.str.contains("|".join(others), na=False)
            | held.column("deal_id" if table == "accounts" else "account_id").notna()
        )
        # A file that names no kind of record is one of the records it names
        is_ours = kind.str.contains("|".join(ours), na=False) | held.column(key).notna()
        held = held.assign(record=record).keep(is_ours | ~is_other, "")
        return (held if len(held.frame) else None), "record"

    def _deal_changes(self, deals: Holding) -> StageChanges:
        zone, first = self.settings.time_zone, self.source("deals").day_first
        stages, fields = [], None
        held, record = self._history("deals")
        if held is not None:
            of = self.preset.objects["Opportunity" if self.crm == "salesforce" else "deals"]
            mapping = _names_of(deals)

            def name_of(field: str) -> str | None:
                if plain_name(field) in _STAGES:
                    return "stage"
                known = of.find(field)
                if known is not None and known.to is not None:
                    return known.to
                if plain_name(field) == "owner":
                    return "owner_id"
                return mapped_name(field, mapping)

            changes = read_changes(held, record, name_of=name_of, day_first=first, zone=zone)
            changes = changes[changes["record"].isin(deals.frame["deal_id"])]
            changes = _settle_owner(changes, deals)
            stages.append(changes[changes["field"] == "stage"])
            fields = changes[changes["field"] != "stage"]
        history = self.holding("OpportunityHistory") if self.crm == "salesforce" else None
        if history is not None:
            history = history.assign(new=history.column("to_stage").fillna(history.column("stage")))
            history = history.assign(field=pd.Series("stage", history.frame.index, dtype="str"))
            stages.append(read_changes(history, "deal_id", name_of=lambda f: f, day_first=first, zone=zone))
        return StageChanges(pd.concat(stages, ignore_index=True) if stages else None, fields)

    def _account_field(self, field: str) -> str | None:
        accounts = self.accounts
        if accounts is None:
            return None
        if plain_name(field) in ("owner", "accountowner"):
            return "owner_id"
        known = accounts.object.find(field)
        if known is not None and (known.ignored or (known.leaky and known.to is None)):
            return None
        name = known.to if known is not None else None
        if name in ("account_type", "lifecycle"):
            return "is_customer" if name in accounts else None
        name = name or mapped_name(field, _names_of(accounts))
        if name is None or name in (*_IDENTIFYING, *accounts.leaky):
            return None
        return name if name in CONTRACTS["accounts"] or name in accounts else None

    @cached_property
    def _owners(self) -> pd.Series:
        held = [h for h in (self.accounts, self.deals, *self._canonical("accounts")) if h is not None]
        given = [h.frame["owner_id"] for h in held if "owner_id" in h]
        return pd.concat(given).dropna().drop_duplicates() if given else pd.Series(dtype="str")

    @cached_property
    def _user_by_name(self) -> pd.Series:
        held = [h for h in self.holdings("reps") if {"owner_id", "name"} <= set(h.frame)]
        return link_of(held[0].frame["name"], held[0].frame["owner_id"]) if held else no_links()

    def _with_owner(self, held: Holding) -> Holding:
        """Owners by id, or by name where only that is exported."""
        if "owner_name" not in held:
            return held
        name = held.column("owner_name")
        found = look_up(name, self._user_by_name)
        return held.assign(owner_id=held.column("owner_id").fillna(found).fillna(name))

    def _with_survivors(self, held: Holding) -> Holding:
        """Rows of merged accounts under the account these became."""
        if "account_id" not in held or self.links.survivor.empty:
            return held
        found = look_up(held.frame["account_id"], self.links.survivor)
        n = int(found.notna().sum())
        if not n:
            return held
        moved = held.assign(account_id=found.fillna(held.frame["account_id"]))
        return moved.say(f"{n:,} rows of {held.object.table} name a merged account and went to what it became")

    def _helpers(self, table: str) -> list[Holding]:
        """Files that helped to make a table, for what is said of the sources."""
        names = {"deals": ("OpportunityHistory", "OpportunityFieldHistory")}.get(table, ())
        return [held for name in names if name in self.preset.objects and (held := self.holding(name)) is not None]

    def _has(self, table: str, *, converted: bool) -> bool:
        return any(
            f.object.table == table and f.is_canonical != converted and not f.object.is_helper for f in self.found
        )


def _find(folder: Path, settings: DataSettings, crm: Crm) -> tuple[list[Found], list[Path]]:
    """The files of a folder; the ones the sheet names for a table are all there is of it."""
    found, strangers = scan_folder(folder, crm)
    for table, source in settings.sources.items():
        if source.file is None:
            continue
        path = folder / source.file
        held = recognise(path, crm, table=table) or canonical_object(CONTRACTS[table])
        found = [f for f in found if (f.object.table != table or f.object.is_helper) and f.path != path]
        found.append(Found(path, held))
        strangers = [p for p in strangers if p != path]
    joined = {folder / join.file for source in settings.sources.values() for join in source.join}
    return [f for f in found if f.path not in joined], [p for p in strangers if p not in joined]


def _joined(links: list[pd.Series]) -> pd.Series:
    if not links:
        return no_links()
    every = pd.concat(links)
    return pd.Series(every[~every.index.duplicated()])


def _names_of(held: Holding) -> Mapping[str, str]:
    """What each header of an object became, by its plain names."""
    out: dict[str, str] = {}
    for matched in held.matched:
        for name, header in (*matched.to.items(), *matched.kept.items()):
            for plain in plain_headers(header):
                out.setdefault(plain, name)
    return out


def _settle_owner(changes: pd.DataFrame, held: Holding) -> pd.DataFrame:
    """Changes of owners in the way the object names them: the CRM writes each twice, by name and by id."""
    owner = changes["field"] == "owner_id"
    if not owner.any() or "owner_id" not in held:
        return changes[~owner]
    by_id = bool(is_record_id(held.column("owner_id").dropna()).mean() > 0.5)
    named = changes["new"].fillna(changes["old"])
    return changes[~owner | (is_record_id(named) == by_id)]


def _settle_special(changes: pd.DataFrame, accounts: Holding) -> pd.DataFrame:
    """Changes of owners and of whether an account is a customer, as the account table says them."""
    from tierkit.inputs.crm.ids import widen_ids

    changes = _settle_owner(changes, accounts)
    owner, customer = changes["field"] == "owner_id", changes["field"] == "is_customer"
    out = changes.copy()
    for name in ("old", "new"):
        if owner.any():
            out.loc[owner, name] = widen_ids(changes.loc[owner, name].astype("str"))[0]
        words = changes.loc[customer, name].dropna()
        if len(words) and not words.str.lower().isin(["true", "false", "yes", "no", "1", "0"]).all():
            out.loc[customer, name] = customer_words(changes.loc[customer, name].astype("str"))
    return out
