"""Fields a CRM keeps the history of: whose changes a file holds, and what each field is called here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.history import days_by, history_rows, is_record_id, mapped_name, read_changes
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.crm.ids import widen_ids
from tierkit.inputs.crm.presets import plain_headers
from tierkit.inputs.files.reading import plain_name

_IDENTIFYING = ("account_id", "name", "created_at", "parent_id", "domain")
_STAGES = ("stagename", "stage", "dealstage")
_OWNERS = ("owner", "accountowner", "opportunityowner")
_KINDS = {"accounts": ("account_id", "compan|0-2"), "deals": ("deal_id", "deal|0-3")}
_NOT_CUSTOMERS = r"former|past|ex-|prospect|lost|churned|potential|future"
_CUSTOMERS = r"customer|client|kunde|evangelist"


@dataclass(frozen=True)
class StageChanges:
    """Changes of the deals' stages, and of their other tracked fields."""

    stages: pd.DataFrame | None = None
    fields: pd.DataFrame | None = None


def of_records(held: Holding, table: str) -> Holding | None:
    """Changes of the properties of accounts or of deals, with their `record`; None where there are none.

    A file that names no kind of record is one of the records it names.
    """
    key, words = _KINDS[table]
    other_key, other_words = _KINDS["deals" if table == "accounts" else "accounts"]
    kind = held.column("object_type").str.lower()
    is_other = kind.str.contains(other_words, na=False) | held.column(other_key).notna()
    is_ours = kind.str.contains(words, na=False) | held.column(key).notna()
    held = held.assign(record=held.column(key).fillna(held.column("record_id"))).keep(is_ours | ~is_other)
    return held if len(held.frame) else None


def account_changes(
    held: Holding, record: str, accounts: Holding, *, day_first: Mapping[str, bool | None], zone: str
) -> pd.DataFrame:
    """Rows of account_history out of changes of accounts; the index says where each stands in the file of changes.

    Parameters
    ----------
    record : the column that names the account.
    day_first : the sheet's word on account_history and on accounts.
    """
    changes = read_changes(held, record, name_of=_namer(accounts), day_first=day_first["account_history"], zone=zone)
    changes = changes[changes["record"].isin(accounts.frame["account_id"])]
    changes = _settle_special(changes, accounts)
    created = pd.Series(dtype="datetime64[us]")
    if "created_at" in accounts:
        cells = accounts.frame["created_at"]
        created = days_by(accounts.frame["account_id"], cells, day_first=day_first["accounts"], zone=zone)
    return history_rows(changes, created)


def history_holding(held: Holding, changes: pd.DataFrame) -> Holding:
    """Rows of account_history as a holding that knows where they stood."""
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
    return Holding(held.object, frame, held.parts, held.place, origin, notes=(*held.notes, said))


def deal_changes(
    held: Holding | None,
    record: str,
    stages: Holding | None,
    deals: Holding,
    *,
    day_first: bool | None,
    zone: str,
) -> StageChanges:
    """Changes of the deals' stages and other fields.

    Parameters
    ----------
    held : changes of fields, with the `record` each is of.
    stages : what deals said after each change of stage, amount or closing day.
    """
    found, fields = [], None
    if held is not None:
        mapping = _names_of(deals)

        def name_of(field: str) -> str | None:
            if plain_name(field) in _STAGES:
                return "stage"
            known = deals.object.find(field)
            if known is not None and known.to is not None:
                return known.to
            return "owner_id" if plain_name(field) in _OWNERS else mapped_name(field, mapping)

        changes = read_changes(held, record, name_of=name_of, day_first=day_first, zone=zone)
        changes = changes[changes["record"].isin(deals.frame["deal_id"])]
        changes = _settle_owner(changes, deals)
        found.append(changes[changes["field"] == "stage"])
        fields = changes[changes["field"] != "stage"]
    if stages is not None:
        stages = stages.assign(new=stages.column("to_stage").fillna(stages.column("stage")))
        stages = stages.assign(field=pd.Series("stage", stages.frame.index, dtype="str"))
        found.append(read_changes(stages, "deal_id", name_of=lambda field: field, day_first=day_first, zone=zone))
    return StageChanges(pd.concat(found, ignore_index=True) if found else None, fields)


def customer_words(cells: pd.Series) -> pd.Series:
    """Whether a type or a lifecycle stage is that of a customer: true, false, or missing."""
    lower = cells.str.lower()
    is_one = lower.str.contains(_CUSTOMERS, na=False) & ~lower.str.contains(_NOT_CUSTOMERS, na=False)
    return pd.Series("false", cells.index, dtype="str").mask(is_one, "true").where(cells.notna())


def _namer(accounts: Holding) -> Callable[[str], str | None]:
    """What a tracked field of accounts is called here; nothing for those that identify or leak."""
    mapping = _names_of(accounts)

    def name_of(field: str) -> str | None:
        if plain_name(field) in _OWNERS:
            return "owner_id"
        known = accounts.object.find(field)
        if known is not None and (known.ignored or (known.leaky and known.to is None)):
            return None
        name = known.to if known is not None else None
        if name in ("account_type", "lifecycle"):
            return "is_customer" if name in accounts else None
        name = name or mapped_name(field, mapping)
        if name is None or name in (*_IDENTIFYING, *accounts.leaky):
            return None
        return name if name in CONTRACTS["accounts"] or name in accounts else None

    return name_of


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
