"""A company's Salesforce exports in their real shape: objects by Data Loader, opportunities also as a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from tests.exports.company import BESIDE, THROUGH, Ids, build_company, clock, quarter_end, write_tables

Frames = dict[str, pd.DataFrame]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MOMENT = "%Y-%m-%dT%H:%M:%S.000Z"
_US_DAY = "%-m/%-d/%Y"
_HOUSE = "0055g00000ZZZZZ"
HISTORY_FROM = pd.Timestamp("2024-11-01")
"""Field history of opportunities is kept for two years."""

HOME = "USD"
_CURRENCIES = {"Canada": "CAD", "Sweden": "SEK", "Japan": "JPY", "Brazil": "BRL"}
_PER_HOME = {"CAD": 1.37, "SEK": 10.4, "JPY": 148.0, "BRL": 5.3}

Words = Literal["default", "german"]
STAGES: Mapping[Words, tuple[str, ...]] = {
    "default": ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review"),
    "german": ("Erstkontakt", "Bedarf geklärt", "Angebot", "Verhandlung"),
}
"""Stages of open opportunities, in their order."""
ENDS: Mapping[Words, tuple[str, str]] = {
    "default": ("Closed Won", "Closed Lost"),
    "german": ("Auftrag erteilt", "Abgesagt"),
}
"""The stage that wins and the one that loses."""

_TYPES = {"new": "New Customer", "expansion": "Existing Customer - Upgrade", "renewal": "Renewal"}
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


def key15(prefix: str, number: int) -> str:
    """A key of 15 characters, capitals apart from small letters; greater numbers come later.

    >>> key15("001", 61), key15("001", 62)
    ('0015g000000000z', '0015g0000000010')
    """
    digits = ""
    for _ in range(7):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return f"{prefix}5g000{digits}"


def key18(key: str) -> str:
    """A key with the three characters that say which of its letters are capitals (Salesforce's own rule).

    >>> key18("001A0000006Vm9u")
    '001A0000006Vm9uIAC'
    """
    suffix = ""
    for block in (key[0:5], key[5:10], key[10:15]):
        bits = sum(1 << i for i, c in enumerate(block) if "A" <= c <= "Z")
        suffix += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return key + suffix


def _keys(prefix: str):
    return lambda number: key18(key15(prefix, number))


IDS = Ids(account=_keys("001"), deal=_keys("006"), contact=_keys("003"), owner=_keys("005"))


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
    deals, closings = _move_closings(frames["deals"], rng)
    deals = _in_currencies(deals, frames["accounts"], folder)
    _write_opportunity_history(deals, folder, words, rng)
    if report:
        _write_report(deals, frames, folder / "Opportunities with Accounts.csv", words, rng)
    else:
        _write_opportunities(deals, folder, words, rng)
    _write_touches(frames, merged, folder, rng)
    write_tables(frames, folder, BESIDE)
    return Exports(frames, len(merged), closings)


def write_report_alone(frames: Frames, path: Path, *, seed: int = 1) -> None:
    """Nothing but a report of opportunities."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    deals = frames["deals"].assign(close_date=frames["deals"]["closed_at"], code=HOME, total=frames["deals"]["amount"])
    _write_report(deals, frames, path, "default", rng)


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
            "CreatedDate": clock(accounts["created_at"], rng, _MOMENT),
            "LastModifiedDate": clock(pd.Series(THROUGH, accounts.index), rng, _MOMENT),
            "SystemModstamp": clock(pd.Series(THROUGH, accounts.index), rng, _MOMENT),
            "LastActivityDate": (THROUGH - pd.to_timedelta(rng.integers(0, 400, n), unit="D")).strftime("%Y-%m-%d"),
            "Rating": np.where(accounts["is_customer"].fillna(False), "Hot", "Cold"),
        }
    ).astype("str")
    twins = rows.set_index("Id").loc[merged["master"]].reset_index()
    twins = twins.assign(Id=merged["account_id"], IsDeleted="true", MasterRecordId=merged["master"])
    gone = rows.sample(10, random_state=3).assign(IsDeleted="true", Name="Deleted by mistake")
    gone["Id"] = [key18(key15("001", 2_000_003 + k)) for k in range(10)]
    _save(pd.concat([rows, twins, gone]), folder / "Account.csv", rng, upper=True)


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
            "CreatedDate": clock(changes["known_at"], rng, _MOMENT),
        }
    )
    # A change of owner is written twice: by key, and by name.
    names = dict(zip(frames["reps"]["owner_id"], frames["reps"]["name"], strict=True))
    named = rows[rows["DataType"] == "EntityId"]
    named = named.assign(DataType="Text", OldValue=named["OldValue"].map(names), NewValue=named["NewValue"].map(names))
    accounts = frames["accounts"]
    born = pd.DataFrame({"AccountId": accounts["account_id"], "Field": "created", "OldValue": "", "NewValue": ""})
    born["DataType"] = "Text"
    born["CreatedDate"] = clock(accounts["created_at"], rng, _MOMENT)
    rows = pd.concat([rows, named, born], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("017", k)) for k in range(len(rows))])
    _save(rows, folder / "AccountHistory.csv", rng)


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
            "CreatedDate": clock(contacts["known_at"], rng, _MOMENT),
            "SystemModstamp": clock(pd.Series(THROUGH, contacts.index), rng, _MOMENT),
        }
    )
    gone = rows.tail(5).assign(IsDeleted="true", Id=[key18(key15("003", 900_003 + k)) for k in range(5)])
    _save(pd.concat([rows, gone]), folder / "Contact.csv", rng)


def _move_closings(deals: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Closing days as they stand: some moved to the last day of a quarter, the true one only in the history."""
    closed = deals["closed_at"]
    told = (deals["opened_at"] >= HISTORY_FROM) & (deals["outcome"] != "open")
    moved = told & (rng.random(len(deals)) < 0.25)
    # Just after a quarter it is dated back into it, else put off to the end of its own.
    back = closed - pd.offsets.QuarterEnd(1)
    end = back.where((closed - back).dt.days < 14, quarter_end(closed))
    return deals.assign(close_date=closed.mask(moved, end), told=told, moved=moved), int(moved.sum())


def _in_currencies(deals: pd.DataFrame, accounts: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Amounts in the currency of the account's country, at the rate of the quarter; the rates are an export too."""
    country = dict(zip(accounts["account_id"], accounts["country"], strict=True))
    code = deals["account_id"].map(country).map(_CURRENCIES).fillna(HOME)
    starts = pd.date_range("2022-01-01", "2026-10-01", freq="QS")
    rows = []
    for name, per_home in {HOME: 1.0, **_PER_HOME}.items():
        for k, start in enumerate(starts):
            rate = 1.0 if name == HOME else round(per_home * (1 + 0.02 * ((k * 7 + len(name)) % 5)), 4)
            rows.append((name, start, starts[k + 1] if k + 1 < len(starts) else pd.Timestamp("9999-12-31"), rate))
    rates = pd.DataFrame(rows, columns=["IsoCode", "StartDate", "NextStartDate", "ConversionRate"])
    days = {c: rates[c].map(lambda d: f"{d:%Y-%m-%d}") for c in ("StartDate", "NextStartDate")}
    said = rates.assign(**days)
    said.insert(0, "Id", [key18(key15("04w", k)) for k in range(len(said))])
    said.to_csv(folder / "DatedConversionRate.csv", index=False)
    kinds = rates.groupby("IsoCode").tail(1)
    kinds = pd.DataFrame({"IsoCode": kinds["IsoCode"], "ConversionRate": kinds["ConversionRate"], "DecimalPlaces": 2})
    kinds = kinds.assign(IsActive="true", IsCorporate=np.where(kinds["IsoCode"] == HOME, "true", "false"))
    kinds.to_csv(folder / "CurrencyType.csv", index=False)
    day = rate_day(deals)
    at = pd.DataFrame({"IsoCode": code, "StartDate": day.astype("datetime64[us]"), "row": range(len(deals))})
    rates["StartDate"] = rates["StartDate"].astype("datetime64[us]")
    found = pd.merge_asof(at.sort_values("StartDate"), rates.sort_values("StartDate"), on="StartDate", by="IsoCode")
    per = found.set_index("row")["ConversionRate"].reindex(range(len(deals))).to_numpy()
    return deals.assign(code=code, total=(deals["amount"] * per).round(2))


def rate_day(deals: pd.DataFrame) -> pd.Series:
    """The day whose rate an amount is read at: that of closing, or of opening while a deal is open."""
    return deals["closed_at"].where(deals["outcome"] != "open", deals["opened_at"])


def _write_opportunity_history(deals: pd.DataFrame, folder: Path, words: Words, rng: np.random.Generator) -> None:
    """Stages, amounts and closing days as they were edited, of the deals of the last two years."""
    rows: list[tuple[str, str, str, str, pd.Timestamp]] = []
    open_stages, ends = STAGES[words], ENDS[words]
    recent = deals[deals["opened_at"] >= HISTORY_FROM]
    for deal in recent.itertuples():
        born, ended = deal.opened_at, deal.closed_at if deal.outcome != "open" else THROUGH
        rows.append((deal.deal_id, "created", "", "", born))
        steps = int(rng.integers(1, len(open_stages)))
        days = np.sort(rng.integers(0, max((ended - born).days, 0) + 1, steps))
        for k, day in enumerate(days):
            moment = born + pd.Timedelta(days=int(day))
            rows.append((deal.deal_id, "StageName", open_stages[k], open_stages[k + 1], moment))
        if rng.random() < 0.4:
            rows.append((deal.deal_id, "Amount", f"{deal.total * 0.8:.2f}", f"{deal.total:.2f}", ended))
        if deal.outcome == "open":
            continue
        won = deal.outcome == "won"
        last = open_stages[steps]
        if (ended - born).days > 20 and rng.random() < 0.02:
            # Lost, opened again, and ended for good on the day that counts.
            before = ended - pd.Timedelta(days=9)
            rows.append((deal.deal_id, "StageName", last, ends[1], before))
            rows.append((deal.deal_id, "StageName", ends[1], last, before + pd.Timedelta(days=2)))
        rows.append((deal.deal_id, "StageName", last, ends[0] if won else ends[1], ended))
        if deal.moved:
            day = min(ended + pd.Timedelta(days=2), THROUGH)
            rows.append((deal.deal_id, "CloseDate", f"{ended:%Y-%m-%d}", f"{deal.close_date:%Y-%m-%d}", day))
    out = pd.DataFrame(rows, columns=["OpportunityId", "Field", "OldValue", "NewValue", "at"])
    # Rows of one deal and day are a second apart, in the order they were written.
    place = out.groupby(["OpportunityId", "at"]).cumcount()
    moment = out["at"] + pd.to_timedelta(9 * 3600 + 60 * place, unit="s")
    out = out.assign(DataType="Text", CreatedDate=moment.dt.strftime(_MOMENT)).drop(columns="at")
    out.insert(0, "Id", [key18(key15("017", 500_000 + k)) for k in range(len(out))])
    _save(out, folder / "OpportunityFieldHistory.csv", rng)


def _described(deals: pd.DataFrame, words: Words, rng: np.random.Generator) -> pd.DataFrame:
    """What the CRM says of each deal today: stage, probability and forecast, which know how it ended."""
    n = len(deals)
    step = rng.integers(0, len(STAGES[words]), n)
    stage = np.array(STAGES[words], dtype=object)[step]
    won, lost = deals["outcome"] == "won", deals["outcome"] == "lost"
    stage = np.where(won, ENDS[words][0], np.where(lost, ENDS[words][1], stage))
    chance = np.where(won, 100, np.where(lost, 0, 10 + 20 * step))
    forecast = np.where(won, "Closed", np.where(lost, "Omitted", "Pipeline"))
    last = deals["closed_at"].where(deals["outcome"] != "open", THROUGH)
    return deals.assign(stage=stage, chance=chance, forecast=forecast, last=last)


def _write_report(deals: pd.DataFrame, frames: Frames, path: Path, words: Words, rng: np.random.Generator) -> None:
    """A report export: labels, keys of 15 characters, days as in the United States, and a footer."""
    told = _described(deals, words, rng)
    people = dict(zip(frames["reps"]["owner_id"], frames["reps"]["name"], strict=True))
    accounts = frames["accounts"].set_index("account_id")
    of = told["account_id"]
    rows = pd.DataFrame(
        {
            "Opportunity ID": told["deal_id"].str[:15],
            "Opportunity Name": of.map(accounts["name"]) + " - " + told["product"],
            "Account ID": of.str[:15],
            "Account Name": of.map(accounts["name"]),
            "Stage": told["stage"],
            "Amount Currency": told["code"],
            "Amount": told["total"].map("{:.2f}".format),
            "Probability (%)": told["chance"],
            "Forecast Category": told["forecast"],
            "Close Date": told["close_date"].dt.strftime(_US_DAY),
            "Created Date": told["opened_at"].dt.strftime(_US_DAY),
            "Last Activity": told["last"].dt.strftime(_US_DAY),
            "Age": (told["last"] - told["opened_at"]).dt.days,
            "Type": told["deal_type"].map(_TYPES),
            "Lead Source": told["source"],
            "Term (months)": told["term_months"].astype("Int64"),
            "Product": told["product"],
            "Seats": told["seats"].astype("Int64"),
            "Use Case": told["use_case"],
            "Opportunity Owner": told["owner_id"].map(people),
            "Closed": (told["outcome"] != "open").astype(int),
            "Won": (told["outcome"] == "won").astype(int),
        }
    )
    shuffled = rows.sample(frac=1, random_state=int(rng.integers(1 << 30)))
    text = shuffled.to_csv(index=False, lineterminator="\n", quoting=1)
    total = f"Grand Totals ({len(rows)} records)"
    legal = "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
    lines = ["", total, "", "Opportunities with Accounts", legal]
    lines += ["Confidential Information - Do Not Distribute", "Generated By:  Ana Abara  10/31/2026, 6:15 PM"]
    quoted = "\n".join(f'"{line}"' if line else "" for line in lines)
    path.write_text(f"{text}{quoted}\n", encoding="cp1252")


def _write_opportunities(deals: pd.DataFrame, folder: Path, words: Words, rng: np.random.Generator) -> None:
    """The object itself, under the names of the API."""
    told = _described(deals, words, rng)
    rows = pd.DataFrame(
        {
            "Id": told["deal_id"],
            "IsDeleted": "false",
            "AccountId": told["account_id"],
            "Name": "Deal " + told["deal_id"].str[:15],
            "StageName": told["stage"],
            "Amount": told["total"].map("{:.2f}".format),
            "CurrencyIsoCode": told["code"],
            "Probability": told["chance"],
            "ExpectedRevenue": (told["total"] * told["chance"] / 100).round(2),
            "CloseDate": told["close_date"].dt.strftime("%Y-%m-%d"),
            "Type": told["deal_type"].map(_TYPES),
            "LeadSource": told["source"],
            "IsClosed": np.where(told["outcome"] != "open", "true", "false"),
            "IsWon": np.where(told["outcome"] == "won", "true", "false"),
            "ForecastCategory": told["forecast"],
            "ForecastCategoryName": told["forecast"],
            "OwnerId": told["owner_id"],
            "Term_Months__c": told["term_months"].astype("Int64"),
            "Product__c": told["product"],
            "Seats__c": told["seats"].astype("Int64"),
            "Use_Case__c": told["use_case"],
            "CreatedDate": clock(told["opened_at"], rng, _MOMENT),
            "LastModifiedDate": clock(told["last"], rng, _MOMENT),
            "SystemModstamp": clock(told["last"], rng, _MOMENT),
            "LastActivityDate": told["last"].dt.strftime("%Y-%m-%d"),
            "FiscalYear": told["opened_at"].dt.year,
            "FiscalQuarter": told["opened_at"].dt.quarter,
        }
    )
    gone = rows.sample(12, random_state=4).assign(IsDeleted="true", StageName=ENDS[words][0])
    gone["Id"] = [key18(key15("006", 3_000_003 + k)) for k in range(12)]
    _save(pd.concat([rows, gone]), folder / "Opportunity.csv", rng)


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
            "CompletedDateTime": clock(tasks["occurred_at"], rng, _MOMENT),
            "IsClosed": "true",
            "IsDeleted": "false",
            "CallType": tasks["direction"].str.title().where(is_call, ""),
            "CallDurationInSeconds": (tasks["minutes"] * 60).astype("Int64").astype("str").replace("<NA>", ""),
            "CallDisposition": np.where(is_call, "Connected", ""),
            "CreatedDate": clock(tasks["known_at"], rng, _MOMENT),
            "LastModifiedDate": clock(pd.Series(THROUGH, tasks.index), rng, _MOMENT),
        }
    )
    planned = rows.sample(200, random_state=5).assign(Status="Not Started", IsClosed="false", CompletedDateTime="")
    ahead = THROUGH + pd.to_timedelta(rng.integers(-30, 90, len(planned)), unit="D")
    planned["ActivityDate"] = ahead.strftime("%Y-%m-%d")
    gone = rows.sample(60, random_state=6).assign(IsDeleted="true")
    rows = pd.concat([rows, planned, gone], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("00T", k)) for k in range(len(rows))])
    _save(rows, folder / "Task.csv", rng, upper=True)


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
            "StartDateTime": start.dt.strftime(_MOMENT),
            "EndDateTime": (start + pd.to_timedelta(minutes, unit="min")).dt.strftime(_MOMENT),
            "ActivityDate": events["occurred_at"].dt.strftime("%Y-%m-%d"),
            "DurationInMinutes": minutes,
            "IsGroupEvent": "false",
            "IsDeleted": "false",
            "Location": "",
            "CreatedDate": clock(events["known_at"], rng, _MOMENT),
        }
    )
    ahead = rows.sample(40, random_state=7)
    later = THROUGH + pd.to_timedelta(rng.integers(1, 60, len(ahead)), unit="D")
    for column in ("StartDateTime", "EndDateTime"):
        ahead[column] = later.strftime(_MOMENT)
    ahead["ActivityDate"] = later.strftime("%Y-%m-%d")
    rows = pd.concat([rows, ahead], ignore_index=True)
    rows.insert(0, "Id", [key18(key15("00U", k)) for k in range(len(rows))])
    _save(rows, folder / "Event.csv", rng)


def _machine(value: float) -> str:
    return f"{value:.1f}"


def _save(rows: pd.DataFrame, path: Path, rng: np.random.Generator, *, upper: bool = False) -> None:
    """As Data Loader writes it: everything quoted, rows in no order, the header in capitals where it was typed so."""
    rows = rows.sample(frac=1, random_state=int(rng.integers(1 << 30)))
    rows = rows.rename(columns=str.upper) if upper else rows
    rows.to_csv(path, index=False, quoting=1, lineterminator="\n", encoding="utf-8")
