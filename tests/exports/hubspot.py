"""A company's HubSpot exports: companies, deals, contacts and engagements, in their real shape."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.exports.company import BESIDE, THROUGH, Ids, build_company, clock, write_tables

Frames = dict[str, pd.DataFrame]

_MINUTE = "%Y-%m-%d %H:%M"
_ISO = "%Y-%m-%dT%H:%M:%SZ"
_PREFIX = "hubspot-crm-exports-"

IDS = Ids(
    account=lambda k: str(8_104_000_000 + k),
    deal=lambda k: str(17_320_000_000 + k),
    contact=lambda k: str(51_007_000_000 + k),
    owner=lambda k: str(71_043_000 + k),
)

STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
)
"""Stages of the default pipeline, before its two ends."""

_PARTNER = {"open": "139573910", "won": "139573915", "lost": "139573916"}
"""Stages of a pipeline of the company's own are numbers."""

_PER_HOME = {"United Kingdom": ("SEK", 10.41), "Canada": ("CAD", 1.37), "Japan": ("JPY", 148.2)}
_SOURCES = {
    "inbound": "Organic Search",
    "outbound": "Offline Sources",
    "partner": "Referrals",
    "event": "Other Campaigns",
}
_LIFECYCLE = np.array(["Lead", "Customer"])


def build_hubspot(*, seed: int = 8, n_accounts: int = 800) -> Frames:
    """Canonical tables as HubSpot knows them: no history of companies, owners by name, amounts without a term."""
    frames = build_company(IDS, seed=seed, n_accounts=n_accounts)
    del frames["account_history"]
    people = dict(zip(frames["reps"]["owner_id"], frames["reps"]["name"], strict=True))
    for table in ("accounts", "deals", "reps"):
        frames[table] = frames[table].assign(owner_id=frames[table]["owner_id"].map(people).astype("str"))
    deals = frames["deals"]
    partner = np.random.default_rng(seed).random(len(deals)) < 0.15
    deals = deals.assign(
        amount=deals["acv"],
        pipeline=np.where(partner, "Partner Pipeline", "default"),
        source=deals["source"].map(_SOURCES),
        deal_type=deals["deal_type"].replace("renewal", "expansion"),
    )
    frames["deals"] = deals.drop(columns=["acv", "term_months", "currency", "crm_probability"])
    touches = frames["activities"]
    # A meeting has no direction, and is what our people did.
    side = touches["direction"].mask(touches["kind"] == "meeting", "outbound")
    minutes = touches["minutes"].mask(touches["kind"] == "email")
    frames["activities"] = touches.assign(direction=side.astype("str"), minutes=minutes)
    return frames


def write_hubspot(frames: Frames, folder: Path, *, seed: int = 2) -> None:
    """The exports of a folder, and beside them the tables that HubSpot has no object for."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    accounts = frames["accounts"]
    kept = rng.choice(accounts["account_id"].to_numpy(dtype=object), 8, replace=False)
    merged = {str(k): str(8_900_000_000 + 3 * i) for i, k in enumerate(kept)}
    _write_companies(frames, merged, folder, rng)
    write_deals(frames, folder / f"{_PREFIX}all-deals-2026-10-31.csv", merged, rng)
    _write_contacts(frames["contacts"], folder, rng)
    _write_engagements(frames, merged, folder, rng)
    write_tables(frames, folder, BESIDE)


def write_deals_alone(frames: Frames, path: Path, *, seed: int = 2) -> None:
    """Nothing but the deals."""
    write_deals(frames, path, {}, np.random.default_rng(seed))


def _write_companies(frames: Frames, merged: dict[str, str], folder: Path, rng: np.random.Generator) -> None:
    accounts = frames["accounts"]
    n_deals = frames["deals"].groupby("account_id").size()
    n_people = frames["contacts"].groupby("account_id").size()
    of = accounts["account_id"]
    rows = pd.DataFrame(
        {
            "Record ID": of,
            "Company name": accounts["name"],
            "Company Domain Name": accounts["domain"].str.lower(),
            "Industry": accounts["industry"],
            "Number of Employees": _whole(accounts["employees"]),
            "Annual Revenue": _whole(accounts["annual_revenue"]),
            "Country/Region": accounts["country"],
            "Company owner": accounts["owner_id"].fillna(""),
            "Parent Company": accounts["parent_id"].fillna(""),
            "Create Date": clock(accounts["created_at"], rng, _MINUTE),
            "Lifecycle Stage": _LIFECYCLE[accounts["is_customer"].fillna(False).astype(int)],
            "Last Activity Date": clock(pd.Series(THROUGH, accounts.index), rng, _MINUTE),
            "Last Modified Date": clock(pd.Series(THROUGH, accounts.index), rng, _MINUTE),
            "Number of Associated Deals": of.map(n_deals).fillna(0).astype(int),
            "Number of Associated Contacts": of.map(n_people).fillna(0).astype(int),
            "Merged Record IDs": of.map(merged).fillna(""),
            "Region": accounts["region"],
            "Segment": accounts["segment"],
            "Technologies": accounts["technologies"].fillna(""),
        }
    )
    _save(rows, folder / f"{_PREFIX}all-companies-2026-10-31.csv", rng)


def write_deals(frames: Frames, path: Path, merged: dict[str, str], rng: np.random.Generator) -> None:
    """The deals, some of them named by two companies, the first of which is whose they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deals, accounts = frames["deals"], frames["accounts"].set_index("account_id")
    n = len(deals)
    won, lost = deals["outcome"] == "won", deals["outcome"] == "lost"
    partner = (deals["pipeline"] == "Partner Pipeline").to_numpy()
    step = rng.integers(0, len(STAGES), n)
    stage = np.where(won, "closedwon", np.where(lost, "closedlost", np.array(STAGES, dtype=object)[step]))
    stage = np.where(partner, deals["outcome"].map(_PARTNER), stage)
    home = deals["account_id"].map(accounts["country"]).map(_PER_HOME)
    code = home.map(lambda pair: pair[0], na_action="ignore").fillna("USD")
    rate = home.map(lambda pair: pair[1], na_action="ignore").fillna(1.0).astype("float64")
    extra = rng.choice(accounts.index.to_numpy(dtype=object), n)
    two = (rng.random(n) < 0.06) & (extra != deals["account_id"].to_numpy())
    ended = deals["closed_at"].where(deals["outcome"] != "open")
    rows = pd.DataFrame(
        {
            "Record ID": deals["deal_id"],
            "Deal Name": "Deal " + deals["deal_id"],
            "Deal Stage": stage,
            "Pipeline": deals["pipeline"],
            "Amount": (deals["amount"] * rate).round(2).map("{:.2f}".format),
            "Currency": code,
            "Amount in company currency": deals["amount"].map("{:.2f}".format),
            "Close Date": clock(deals["closed_at"], rng, _MINUTE),
            "Create Date": clock(deals["opened_at"], rng, _MINUTE),
            "Deal Type": np.where(deals["deal_type"] == "new", "newbusiness", "existingbusiness"),
            "Deal Owner": deals["owner_id"].fillna(""),
            "Is Closed Won": np.where(won, "true", "false"),
            "Is Deal Closed?": np.where(won | lost, "true", "false"),
            "Deal probability": np.where(won, 1.0, np.where(lost, 0.0, 0.2)),
            "Days to close": (ended - deals["opened_at"]).dt.days.astype("Int64"),
            "Closed Lost Reason": np.where(lost, "Price", ""),
            "Closed Won Reason": np.where(won, "Fit", ""),
            "Product": deals["product"],
            "Seats": _whole(deals["seats"]),
            "Use Case": deals["use_case"],
            "Original Traffic Source": deals["source"],
            "Associated Company IDs": deals["account_id"] + np.where(two, ";" + extra, ""),
            "Associated Company": deals["account_id"].map(accounts["name"]),
        }
    )
    old = deals["account_id"].map(merged)
    stale = old.notna() & (rng.random(n) < 0.5)
    rows["Associated Company IDs"] = rows["Associated Company IDs"].mask(stale, old)
    _save(rows, path, rng)


def _write_contacts(contacts: pd.DataFrame, folder: Path, rng: np.random.Generator) -> None:
    rows = pd.DataFrame(
        {
            "RECORD ID": contacts["contact_id"],
            "FIRST NAME": "Pat",
            "LAST NAME": [f"Person {k}" for k in range(len(contacts))],
            "EMAIL": [f"pat.{k}@mail.example" for k in range(len(contacts))],
            "ASSOCIATED COMPANY IDS": contacts["account_id"],
            "BUYING ROLE": contacts["role"],
            "SENIORITY": contacts["seniority"],
            "CREATE DATE": clock(contacts["known_at"], rng, _MINUTE),
        }
    )
    _save(rows, folder / f"{_PREFIX}all-contacts-2026-10-31.csv", rng)


def _write_engagements(frames: Frames, merged: dict[str, str], folder: Path, rng: np.random.Generator) -> None:
    """Calls, meetings, emails and tasks under internal names; what was planned, or fell through, was no touch."""
    touches = frames["activities"]
    old = touches["account_id"].map(merged)
    stale = old.notna() & (rng.random(len(touches)) < 0.4)
    common = pd.DataFrame(
        {
            "hs_object_id": [str(60_000_000_000 + k) for k in range(len(touches))],
            "hs_timestamp": clock(touches["occurred_at"], rng, _ISO),
            "hs_createdate": clock(touches["known_at"], rng, _ISO),
            "hubspot_owner_id": frames["reps"]["name"].iloc[0],
            "Associated Company IDs": touches["account_id"].mask(stale, old),
            "Associated Contact IDs": touches["contact_id"].fillna(""),
        }
    )
    theirs = touches["direction"] == "inbound"
    calls = common.assign(
        hs_call_title="Call",
        hs_call_direction=np.where(theirs, "INBOUND", "OUTBOUND"),
        hs_call_duration=(touches["minutes"] * 60_000).astype("Int64"),
        hs_call_status="COMPLETED",
        hs_call_disposition="Connected",
    )[touches["kind"] == "call"]
    busy = calls.sample(40, random_state=1).assign(hs_call_status="CANCELED")
    _save(_again(calls, busy), folder / f"{_PREFIX}calls-2026-10-31.csv", rng)
    emails = common.assign(
        hs_email_subject="Following up", hs_email_direction=np.where(theirs, "INCOMING_EMAIL", "EMAIL")
    )[touches["kind"] == "email"]
    _save(emails, folder / f"{_PREFIX}emails-2026-10-31.csv", rng)
    is_meeting = touches["kind"] == "meeting"
    start = pd.to_datetime(common["hs_timestamp"])
    length = pd.to_timedelta(touches["minutes"].fillna(0), unit="min")
    # A meeting that begins late in the day still ends on it or the next; the day it began is what counts.
    meetings = common.assign(
        hs_meeting_title="Meeting",
        hs_meeting_start_time=common["hs_timestamp"],
        hs_meeting_end_time=(start + length).dt.strftime(_ISO),
        hs_meeting_outcome="COMPLETED",
    )[is_meeting]
    missed = meetings.sample(30, random_state=2).assign(hs_meeting_outcome="NO_SHOW")
    ahead = meetings.sample(30, random_state=3).assign(hs_meeting_outcome="SCHEDULED")
    later = (THROUGH + pd.to_timedelta(rng.integers(1, 60, len(ahead)), unit="D")).strftime(_ISO)
    ahead = ahead.assign(hs_timestamp=later, hs_meeting_start_time=later, hs_meeting_end_time=later)
    off = meetings.sample(30, random_state=4).assign(hs_meeting_outcome="CANCELED")
    _save(_again(meetings, missed, ahead, off), folder / f"{_PREFIX}meetings-2026-10-31.csv", rng)
    tasks = common.head(150).assign(hs_task_subject="Call back", hs_task_type="CALL", hs_task_status="NOT_STARTED")
    _save(_again(tasks.head(0), tasks), folder / f"{_PREFIX}tasks-2026-10-31.csv", rng)


def _again(kept: pd.DataFrame, *others: pd.DataFrame) -> pd.DataFrame:
    """Records and further ones that were no touch, under keys of their own."""
    planted = pd.concat(others, ignore_index=True)
    planted["hs_object_id"] = [str(69_000_000_000 + k) for k in range(len(planted))]
    return pd.concat([kept, planted], ignore_index=True)


def _whole(numbers: pd.Series) -> pd.Series:
    return numbers.astype("Int64").astype("str").replace("<NA>", "")


def _save(rows: pd.DataFrame, path: Path, rng: np.random.Generator) -> None:
    """Everything quoted, with a byte order mark, rows in no order."""
    rows = rows.sample(frac=1, random_state=int(rng.integers(1 << 30)))
    rows.to_csv(path, index=False, quoting=1, lineterminator="\n", encoding="utf-8-sig")
