"""The exports of a folder, object by object, and the tables they become, in the order of what needs what."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.deal_fields import apply_stated
from tierkit.inputs.crm.finishing import as_raw
from tierkit.inputs.crm.history import last_day
from tierkit.inputs.crm.holdings import Holding, read_holding
from tierkit.inputs.crm.links import Links, link_of, look_up, no_links
from tierkit.inputs.crm.money import convert_rates, settle_amounts
from tierkit.inputs.crm.people import build_contacts, build_funnel, build_reps
from tierkit.inputs.crm.presets import read_preset
from tierkit.inputs.crm.recognition import CANONICAL, canonical_object, find_files
from tierkit.inputs.crm.records import settle_accounts, settle_deals, survivors
from tierkit.inputs.crm.stages import Ends
from tierkit.inputs.crm.touches import build_touches
from tierkit.inputs.crm.tracked import StageChanges, account_changes, deal_changes, history_holding, of_records
from tierkit.inputs.files.reading import Raw, read_file
from tierkit.inputs.settings import DataSettings, TableSource

CONVERTED = {"deals": ("outcome", "deal_type"), "activities": ("kind", "direction"), "accounts": ("is_customer",)}
"""Columns whose values the conversion maps, the sheet's words first."""
STAMPS = ("modified_at", "stamped_at", "created_at", "opened_at", "known_at", "changed_at", "completed_at")
"""Columns no day of which lies after the export was made."""
AUTHOR = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


class Exports:
    """The exports of a folder; each object is read once, activities only when they are asked for."""

    def __init__(self, folder: Path, settings: DataSettings) -> None:
        if settings.crm is None:
            raise ValueError("crm is not set")
        self.folder, self.settings, self.crm = folder, settings, settings.crm
        self.preset = read_preset(self.crm)
        self.found, self.strangers = find_files(folder, settings, self.crm)
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
        return raw, [read_file(self.folder / join.file, limits=self.settings.limits) for join in source.join]

    def source(self, table: str) -> TableSource:
        """The sheet's words on a table."""
        return self.settings.sources.get(table, TableSource())

    def holding(self, name: str) -> Holding | None:
        """All rows of one object, None where no file holds it; activities are too many to keep."""
        if name not in self._read:
            found = [f for f in self.found if f.object.name == name]
            held = (
                read_holding(found, self.source(found[0].object.table), self.crm, self.settings.limits)
                if found
                else None
            )
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
        held, record = self._history("accounts")
        if self.accounts is None or held is None:
            return pd.DataFrame({"account_id": [], "known_at": [], "field": [], "value": []})
        order = {table: self.source(table).day_first for table in ("account_history", "accounts")}
        return account_changes(held, record, self.accounts, day_first=order, zone=self.settings.time_zone)

    def last_day(self, held: Sequence[Holding | None]) -> pd.Timestamp | None:
        """The last day any record was made, changed or done."""
        order = {table: self.source(table).day_first for table in CONTRACTS}
        return last_day([h for h in held if h is not None], STAMPS, day_first=order)

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
            held, _ = self._history("accounts")
            return [] if held is None or self.account_changes.empty else [history_holding(held, self.account_changes)]
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
        held = read_holding(found, source, self.crm, self.settings.limits)
        said = {
            name: apply_stated(held.column(name), source.values[name]).fillna(held.column(name))
            for name in CONVERTED.get(table, ())
            if name in source.values and name in held
        }
        return [held.assign(**said)] if said else [held]

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
            same_as=look_up(rows["account_id"], last).fillna(rows["same_as"]), decision="same", author=AUTHOR[self.crm]
        ).astype("str")
        said = f"{len(frame):,} merges of accounts are decisions of the CRM's users"
        parts = tuple(replace(part, notes=()) for part in accounts.parts)
        return [Holding(canonical_object(CONTRACTS["identity"]), frame, parts, "line", origin, notes=(said,))]

    def _history(self, table: str) -> tuple[Holding | None, str]:
        """The changes of accounts or deals, and the column that names their record."""
        if self.crm == "salesforce":
            names = ("AccountHistory", "account_id") if table == "accounts" else ("OpportunityFieldHistory", "deal_id")
            return self.holding(names[0]), names[1]
        held = self.holding("propertyhistory")
        return (None if held is None else of_records(held, table)), "record"

    def _deal_changes(self, deals: Holding) -> StageChanges:
        held, record = self._history("deals")
        stages = self.holding("OpportunityHistory") if self.crm == "salesforce" else None
        first, zone = self.source("deals").day_first, self.settings.time_zone
        return deal_changes(held, record, stages, deals, day_first=first, zone=zone)

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


def _joined(links: list[pd.Series]) -> pd.Series:
    if not links:
        return no_links()
    every = pd.concat(links)
    return pd.Series(every[~every.index.duplicated()])
