"""Opportunities as Salesforce exports them: a report or the object, their history, and the rates of currencies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from tests.exports.company import THROUGH, clock, quarter_end
from tests.exports.salesforce_files import MOMENT, key15, key18, save

Frames = dict[str, pd.DataFrame]

_US_DAY = "%-m/%-d/%Y"
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


def move_closings(deals: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Closing days as they stand: some moved to the last day of a quarter, the true one only in the history."""
    closed = deals["closed_at"]
    told = (deals["opened_at"] >= HISTORY_FROM) & (deals["outcome"] != "open")
    moved = told & (rng.random(len(deals)) < 0.25)
    # Just after a quarter it is dated back into it, else put off to the end of its own.
    back = closed - pd.offsets.QuarterEnd(1)
    end = back.where((closed - back).dt.days < 14, quarter_end(closed))
    return deals.assign(close_date=closed.mask(moved, end), told=told, moved=moved), int(moved.sum())


def in_currencies(deals: pd.DataFrame, accounts: pd.DataFrame, folder: Path) -> pd.DataFrame:
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


def write_opportunity_history(deals: pd.DataFrame, folder: Path, words: Words, rng: np.random.Generator) -> None:
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
    out = out.assign(DataType="Text", CreatedDate=moment.dt.strftime(MOMENT)).drop(columns="at")
    out.insert(0, "Id", [key18(key15("017", 500_000 + k)) for k in range(len(out))])
    save(out, folder / "OpportunityFieldHistory.csv", rng)


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


def write_report(deals: pd.DataFrame, frames: Frames, path: Path, words: Words, rng: np.random.Generator) -> None:
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


def write_opportunities(deals: pd.DataFrame, folder: Path, words: Words, rng: np.random.Generator) -> None:
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
            "CreatedDate": clock(told["opened_at"], rng, MOMENT),
            "LastModifiedDate": clock(told["last"], rng, MOMENT),
            "SystemModstamp": clock(told["last"], rng, MOMENT),
            "LastActivityDate": told["last"].dt.strftime("%Y-%m-%d"),
            "FiscalYear": told["opened_at"].dt.year,
            "FiscalQuarter": told["opened_at"].dt.quarter,
        }
    )
    gone = rows.sample(12, random_state=4).assign(IsDeleted="true", StageName=ENDS[words][0])
    gone["Id"] = [key18(key15("006", 3_000_003 + k)) for k in range(12)]
    save(pd.concat([rows, gone]), folder / "Opportunity.csv", rng)
