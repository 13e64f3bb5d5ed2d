"""A company's Salesforce exports in their real shape: objects by Data Loader, opportunities also as a report."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.exports.company import BESIDE, THROUGH, build_company, clock, write_tables
from tests.exports.salesforce_deals import (
    HOME,
    Words,
    in_currencies,
    move_closings,
    write_opportunities,
    write_opportunity_history,
    write_report,
)
from tests.exports.salesforce_files import IDS, MOMENT, key15, key18, save

Frames = dict[str, pd.DataFrame]

_HOUSE = "0055g00000ZZZZZ"
_SOURCES = {"inbound": "Web", "outbound": "Phone Inquiry", "partner": "Partner Referral", "event": "Trade Show"}
_FIELDS = {
    "employees": "NumberOfEmployees",
    "annual_revenue": "AnnualRevenue",
    "owner_id": "Owner",
    "segment": "Segment__c",
    "technologies": "Technologies__c",
    "is_customer": "Type",
}
"""What the history of accounts calls the fields that change."""


@dataclass(frozen=True)
class Exports:
    """The canonical tables, and what was planted in the exports that say the same."""

    canonical: Frames
    n_merged: int
    n_moved_closings: int


def build_salesforce(*, seed: int = 5, n_accounts: int = 800) -> Frames:
    """Canonical tables under Salesforce's ids; everything has an owner, and amounts are totals of the term."""
    frames = build_company(IDS, seed=seed, n_accounts=n_accounts)
    house = key18(_HOUSE)
    frames["account_history"] = _changed(frames["account_history"])
    for table in ("accounts", "deals"):
        frames[table] = frames[table].assign(owner_id=frames[table]["owner_id"].fillna(house).astype("str"))
    history = frames["account_history"]
    nobody = (history["field"] == "owner_id") & (history["value"] == "")
    frames["account_history"] = history.assign(value=history["value"].mask(nobody, house))
    idle = {"owner_id": house, "name": "House Account", "tier1_slots": 0, "tier2_slots": 0}
    idle["known_at"] = frames["reps"]["known_at"].iloc[0]
    frames["reps"] = pd.concat([frames["reps"], pd.DataFrame([idle])], ignore_index=True)
    deals = frames["deals"]
    total = (deals["acv"] * deals["term_months"] / 12).round(2)
    deals = deals.assign(amount=total, source=deals["source"].map(_SOURCES))
    frames["deals"] = deals.drop(columns=["acv", "currency", "crm_probability"])
    touches = frames["activities"]
    is_call = touches["kind"] == "call"
    # Only calls have a direction; what our people logged without one is ours.
    side = touches["direction"].where(is_call, "outbound")
    minutes = touches["minutes"].mask(touches["kind"] == "email")
    frames["activities"] = touches.assign(direction=side.astype("str"), minutes=minutes)
    return frames


def _changed(history: pd.DataFrame) -> pd.DataFrame:
    """The history of fields that ever changed: of others the CRM has no row, and the account says what they are."""
    many = history.groupby(["account_id", "field"])["value"].transform("size")
    return history[many > 1].reset_index(drop=True)


def write_salesforce(
    frames: Frames, folder: Path, *, words: Words = "default", report: bool = True, seed: int = 1
) -> Exports:
    """The exports of a folder, and beside them the tables that Salesforce has no object for."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    merged = _merge_some(frames["accounts"], rng)
    _write_accounts(frames, merged, folder, rng)
    _write_account_history(frames, folder, rng)
    _write_users(frames["reps"], folder)
    _write_contacts(frames["contacts"], merged, folder, rng)
    deals, closings = move_closings(frames["deals"], rng)
    deals = in_currencies(deals, frames["accounts"], folder)
    write_opportunity_history(deals, folder, words, rng)
    if report:
        write_report(deals, frames, folder / "Opportunities with Accounts.csv", words, rng)
    else:
        write_opportunities(deals, folder, words, rng)
    _write_touches(frames, merged, folder, rng)
    write_tables(frames, folder, BESIDE)
    return Exports(frames, len(merged), closings)


def write_report_alone(frames: Frames, path: Path, *, seed: int = 1) -> None:
    """Nothing but a report of opportunities."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    deals = frames["deals"].assign(close_date=frames["deals"]["closed_at"], code=HOME, total=frames["deals"]["amount"])
    write_report(deals, frames, path, "default", rng)


def _merge_some(accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Records that were merged into an account: their key, and that of the account they became."""
    kept = rng.choice(accounts["account_id"].to_numpy(dtype=object), 8, replace=False)
    lost = [key18(key15("001", 1_000_003 + 11 * k)) for k in range(8)]
    return pd.DataFrame({"account_id": lost, "master": kept})


def _write_accounts(frames: Frames, merged: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    accounts = frames["accounts"]
    n = len(accounts)
    rows = pd.DataFrame(
        {
            "Id": accounts["account_id"],
            "IsDeleted": "false",
            "MasterRecordId": "",
            "Name": accounts["name"],
            "Type": np.where(accounts["is_customer"].fillna(False), "Customer - Direct", "Prospect"),
            "ParentId": accounts["parent_id"].fillna(""),
            "BillingCountry": accounts["country"],
            "Industry": accounts["industry"],
            "AnnualRevenue": accounts["annual_revenue"].map(_machine, na_action="ignore").fillna(""),
            "NumberOfEmployees": accounts["employees"].astype("Int64").astype("str").replace("<NA>", ""),
            "Website": "https://www." + accounts["domain"].str.lower().str.removeprefix("www.") + "/",
            "OwnerId": accounts["owner_id"],
            "Region__c": accounts["region"],
            "Segment__c": accounts["segment"],
            "Technologies__c": accounts["technologies"].fillna(""),
            "CreatedDate": clock(accounts["created_at"], rng, MOMENT),
            "LastModifiedDate": clock(pd.Series(THROUGH, accounts.index), rng, MOMENT),
            "SystemModstamp": clock(pd.Series(THROUGH, accounts.index), rng, MOMENT),
            "LastActivityDate": (THROUGH - pd.to_timedelta(rng.integers(0, 400, n), unit="D")).strftime("%Y-%m-%d"),
            "Rating": np.where(accounts["is_customer"].fillna(False), "Hot", "Cold"),
        }
    ).astype("str")
    twins = rows.set_index("Id").loc[merged["master"]].reset_index()
    twins = twins.assign(Id=merged["account_id"], IsDeleted="true", MasterRecordId=merged["master"])
    gone = rows.sample(10, random_state=3).assign(IsDeleted="true", Name="Deleted by mistake")
    gone["Id"] = [key18(key15("001", 2_000_003 + k)) for k in range(10)]
    save(pd.concat([rows, twins, gone]), folder / "Account.csv", rng, upper=True)


def _write_account_history(frames: Frames, folder: Path, rng: np.random.Generator) -> None:
    """What changed: the first value of a field is the old value of its first change, or stands in the account."""
    history = frames["account_history"].sort_values(["account_id", "field", "known_at"], kind="stable")
    of = history.groupby(["account_id", "field"])["value"]
    changes = history.assign(old=of.shift())[of.cumcount() > 0]
    is_flag = changes["field"] == "is_customer"
    told = {"1": "Customer - Direct", "0": "Prospect"}
    rows = pd.DataFrame(
        {
            "AccountId": changes["account_id"],
            "Field": changes["field"].map(_FIELDS),
            "OldValue": changes["old"].mask(is_flag, changes["old"].map(told)),
            "NewValue": changes["value"].mask(is_flag, changes["value"].map(told)),
            "DataType": np.where(changes["field"] == "owner_id", "EntityId", "Text"),
            "CreatedDate": clock(changes["known_at"], rng, MOMENT),
        }
    )
    # A change of owner is written twice: by key, and by name.
    names = dict(zip(frames["reps"]["owner_id"], frames["reps"]["name"], strict=True))
    named = rows[rows["DataType"] == "EntityId"]
    named = named.assign(DataType="Text", OldValue=named["OldValue"].map(names), NewValue=named["NewValue"].map(names))
    accounts = frames["accounts"]
    born = pd.DataFrame({"AccountId": accounts["account_id"], "Field": "created", "OldValue": "", "NewValue": ""})
    born["DataType"] = "Text"
    born["CreatedDate"] = clock(accounts["created_at"], rng, MOMENT)
    rows = pd.concat([rows, named, born], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("017", k)) for k in range(len(rows))])
    save(rows, folder / "AccountHistory.csv", rng)


def _write_users(reps: pd.DataFrame, folder: Path) -> None:
    mail = reps["name"].str.lower().str.replace(" ", ".") + "@meridian.example"
    users = pd.DataFrame({"Id": reps["owner_id"], "Username": mail, "Name": reps["name"], "Email": mail})
    users.assign(IsActive="true", ProfileId=key18(key15("00e", 7))).to_csv(folder / "User.csv", index=False)


def _write_contacts(contacts: pd.DataFrame, merged: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    rows = pd.DataFrame(
        {
            "Id": contacts["contact_id"],
            "IsDeleted": "false",
            "MasterRecordId": "",
            "AccountId": contacts["account_id"],
            "FirstName": "Pat",
            "LastName": [f"Person {k}" for k in range(len(contacts))],
            "Email": [f"pat.{k}@mail.example" for k in range(len(contacts))],
            "Role__c": contacts["role"],
            "Seniority__c": contacts["seniority"],
            "CreatedDate": clock(contacts["known_at"], rng, MOMENT),
            "SystemModstamp": clock(pd.Series(THROUGH, contacts.index), rng, MOMENT),
        }
    )
    gone = rows.tail(5).assign(IsDeleted="true", Id=[key18(key15("003", 900_003 + k)) for k in range(5)])
    save(pd.concat([rows, gone]), folder / "Contact.csv", rng)


def _write_touches(frames: Frames, merged: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    """Emails and calls are tasks, meetings are events; some name a deal alone, some a record since merged."""
    touches = frames["activities"]
    named = _named_by(touches, frames["deals"], merged, rng)
    _write_tasks(named[named["kind"] != "meeting"].reset_index(drop=True), frames, folder, rng)
    _write_events(named[named["kind"] == "meeting"].reset_index(drop=True), folder, rng)


def _named_by(
    touches: pd.DataFrame, deals: pd.DataFrame, merged: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """What each touch names: its account, or only a deal of it, or the record that became it."""
    out = touches.assign(account=touches["account_id"], what="")
    lost = touches["account_id"].map(dict(zip(merged["master"], merged["account_id"], strict=True)))
    old = lost.notna() & (rng.random(len(touches)) < 0.4)
    out["account"] = out["account"].mask(old, lost)
    of = deals.drop_duplicates("account_id").set_index("account_id")["deal_id"]
    deal = touches["account_id"].map(of)
    alone = deal.notna() & ~old & (rng.random(len(touches)) < 0.1)
    out["what"] = out["what"].mask(alone, deal)
    out["account"] = out["account"].mask(alone, "")
    return out


def _write_tasks(tasks: pd.DataFrame, frames: Frames, folder: Path, rng: np.random.Generator) -> None:
    is_call = tasks["kind"] == "call"
    day = tasks["occurred_at"].dt.strftime("%Y-%m-%d")
    rows = pd.DataFrame(
        {
            "AccountId": tasks["account"],
            "WhatId": tasks["what"],
            "WhoId": tasks["contact_id"].fillna(""),
            "OwnerId": frames["reps"]["owner_id"].iloc[0],
            "Subject": np.where(is_call, "Call", "Email: following up"),
            "Type": np.where(is_call, "Call", "Email"),
            "TaskSubtype": np.where(is_call, "Call", "Email"),
            "Status": "Completed",
            "Priority": "Normal",
            "ActivityDate": day,
            "CompletedDateTime": clock(tasks["occurred_at"], rng, MOMENT),
            "IsClosed": "true",
            "IsDeleted": "false",
            "CallType": tasks["direction"].str.title().where(is_call, ""),
            "CallDurationInSeconds": (tasks["minutes"] * 60).astype("Int64").astype("str").replace("<NA>", ""),
            "CallDisposition": np.where(is_call, "Connected", ""),
            "CreatedDate": clock(tasks["known_at"], rng, MOMENT),
            "LastModifiedDate": clock(pd.Series(THROUGH, tasks.index), rng, MOMENT),
        }
    )
    planned = rows.sample(200, random_state=5).assign(Status="Not Started", IsClosed="false", CompletedDateTime="")
    ahead = THROUGH + pd.to_timedelta(rng.integers(-30, 90, len(planned)), unit="D")
    planned["ActivityDate"] = ahead.strftime("%Y-%m-%d")
    gone = rows.sample(60, random_state=6).assign(IsDeleted="true")
    rows = pd.concat([rows, planned, gone], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("00T", k)) for k in range(len(rows))])
    save(rows, folder / "Task.csv", rng, upper=True)


def _write_events(events: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    start = events["occurred_at"] + pd.to_timedelta(rng.integers(8, 16, len(events)), unit="h")
    minutes = events["minutes"].astype("int64")
    rows = pd.DataFrame(
        {
            "AccountId": events["account"],
            "WhatId": events["what"],
            "WhoId": events["contact_id"].fillna(""),
            "Subject": "Meeting",
            "Type": "Meeting",
            "EventSubtype": "Event",
            "StartDateTime": start.dt.strftime(MOMENT),
            "EndDateTime": (start + pd.to_timedelta(minutes, unit="min")).dt.strftime(MOMENT),
            "ActivityDate": events["occurred_at"].dt.strftime("%Y-%m-%d"),
            "DurationInMinutes": minutes,
            "IsGroupEvent": "false",
            "IsDeleted": "false",
            "Location": "",
            "CreatedDate": clock(events["known_at"], rng, MOMENT),
        }
    )
    ahead = rows.sample(40, random_state=7)
    later = THROUGH + pd.to_timedelta(rng.integers(1, 60, len(ahead)), unit="D")
    for column in ("StartDateTime", "EndDateTime"):
        ahead[column] = later.strftime(MOMENT)
    ahead["ActivityDate"] = later.strftime("%Y-%m-%d")
    rows = pd.concat([rows, ahead], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("00U", k)) for k in range(len(rows))])
    save(rows, folder / "Event.csv", rng)


def _machine(value: float) -> str:
    return f"{value:.1f}"
