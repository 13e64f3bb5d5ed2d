"""Contacts with a role and a seniority, sellers out of users, leads handed over."""

import re
from dataclasses import replace

import pandas as pd

from tierkit.inputs.crm.holdings import Holding, is_yes
from tierkit.inputs.crm.links import Links, first_of, look_up

_EXECUTIVE = re.compile(
    r"\b(?:chief|c[a-z]o|ceo|cfo|cto|cio|coo|cmo|cro|president|founder|owner|partner|vp|svp|evp|vice president"
    r"|managing director|geschäftsführer\w*)\b",
    re.IGNORECASE,
)
_DIRECTOR = re.compile(r"\b(?:director|head of|head)\b", re.IGNORECASE)
_MANAGER = re.compile(r"\b(?:manager|lead|supervisor|team leader)\b", re.IGNORECASE)
_FINANCE = re.compile(
    r"\b(?:finance|financial|accounting|controller|controlling|procurement|purchasing|cfo|treasur\w+)\b", re.I
)
_IT = re.compile(r"\b(?:it|information technology|information systems|infrastructure|cio|cto|security|devops)\b", re.I)
_ROLES = {
    "end_user": "user",
    "budget_holder": "finance",
    "economic_buyer": "decision_maker",
    "economic_decision_maker": "decision_maker",
} | {
    "business_user": "user",
    "evaluator": "user",
    "technical_buyer": "it",
    "executive_sponsor": "decision_maker",
}
_SENIORITY = {
    "executive": "executive",
    "c_level": "executive",
    "vp": "executive",
    "owner": "executive",
    "partner": "executive",
} | {
    "director": "director",
    "manager": "manager",
    "senior": "individual",
    "employee": "individual",
    "entry": "individual",
}


def build_contacts(held: Holding, links: Links) -> Holding:
    """Contacts of accounts; role and seniority as given, else by department and title."""
    held = held.keep(held.column("merged_into").isna(), "{n} contacts were merged into others and left out")
    held = owned(held, links)
    held = held.keep(held.column("account_id").notna(), "{n} contacts of no account were left out")
    columns = {name: held.frame[name] for name in ("contact_id", "account_id", "known_at") if name in held}
    title = held.column("title")
    role = _plain(held.column("role")).replace(_ROLES)
    if "title" in held or "department" in held:
        words = held.column("department").fillna("") + " " + title.fillna("")
        found = pd.Series(None, held.frame.index, dtype="str")
        found = found.mask(words.str.contains(_IT), "it").mask(words.str.contains(_FINANCE), "finance")
        role = role.fillna(found)
    seniority = _plain(held.column("seniority"))
    seniority = seniority.map(_SENIORITY).astype("str").fillna(seniority)
    if "title" in held:
        found = pd.Series("individual", held.frame.index, dtype="str").where(title.notna())
        for pattern, level in ((_MANAGER, "manager"), (_DIRECTOR, "director"), (_EXECUTIVE, "executive")):
            found = found.mask(title.str.contains(pattern, na=False), level)
        seniority = seniority.fillna(found)
    for name, cells in (("role", role), ("seniority", seniority)):
        if cells.notna().any():
            columns[name] = cells
    return replace(held, frame=pd.DataFrame(columns, index=held.frame.index))


def build_reps(held: Holding, owners: pd.Series) -> Holding:
    """Sellers: the users who own an account or a deal; their slots are the sheet's default."""
    key = held.column("owner_id")
    if "user_id" in held and not key.isin(owners).any():
        key = held.column("user_id")
    name = held.column("name")
    whole = (held.column("first_name").fillna("") + " " + held.column("last_name").fillna("")).str.strip()
    name = name.fillna(whole.where(whole != ""))
    if not key.isin(owners).any() and name.isin(owners).any():
        # Exports with labels name owners rather than giving their ids
        key = name
    columns = {"owner_id": key, "name": name}
    if "known_at" in held:
        columns["known_at"] = held.frame["known_at"]
    active = is_yes(held.column("is_active")) if "is_active" in held else pd.Series(True, held.frame.index)
    owns = key.isin(owners)
    n_left = int((owns & ~active).sum())
    n = int((~owns).sum())
    said = (
        f"{n:,} users who own no account and no deal are no sellers",
        f"{n_left:,} owners are no longer active users",
    )
    held = replace(held, frame=pd.DataFrame(columns, index=held.frame.index)[owns])
    return held.say(said[0] if n else "", said[1] if n_left else "")


def build_funnel(held: Holding, links: Links) -> Holding:
    """Leads handed over; conversion counts as acceptance where no day of acceptance is given."""
    held = held.keep(held.column("merged_into").isna(), "{n} leads were merged into others and left out")
    account = held.column("account_id")
    account = look_up(account, links.survivor).fillna(account)
    if links.accounts is not None:
        account = account.where(account.isin(links.accounts))
    columns = {"lead_id": held.column("lead_id"), "account_id": account}
    columns |= {
        name: held.frame[name] for name in ("created_at", "source", "meeting_at", "rejected_reason") if name in held
    }
    accepted = held.column("accepted_at")
    if "converted_at" in held:
        n = int((accepted.isna() & held.column("converted_at").notna()).sum())
        accepted = accepted.fillna(held.column("converted_at"))
        held = held.say(f"{n:,} leads count as accepted on the day they were converted" if n else "")
    if accepted.notna().any():
        columns["accepted_at"] = accepted
    if "status" in held and "rejected_reason" not in columns:
        lost = held.column("status").str.lower().str.contains("unqualif|disqualif|reject|junk|not interested", na=False)
        if lost.any():
            columns["rejected_reason"] = held.column("status").where(lost)
    return replace(held, frame=pd.DataFrame(columns, index=held.frame.index))


def owned(held: Holding, links: Links) -> Holding:
    """Rows with the account they are of: the primary one, the first of several, or the one of that name."""
    name = held.object.title
    account, n_several = first_of(held.column("account_id"))
    if "primary_company" in held:
        primary = held.column("primary_company")
        account = primary.where(primary.notna(), account)
    if n_several:
        held = held.say(
            f"{n_several:,} rows of {name} are associated with several companies; the first or primary was used"
        )
    if "account_name" in held:
        named, _ = first_of(held.column("account_name"))
        found = look_up(named, links.by_name)
        n = int((account.isna() & found.notna()).sum())
        account = account.fillna(found)
        held = held.say(f"{n:,} rows of {name} found their account by its name" if n else "")
        if links.accounts is None and not account.notna().any():
            account = named
    account = look_up(account, links.survivor).fillna(account)
    held = held.assign(account_id=account)
    return held.keep(~account.isin(links.deleted), f"{{n}} rows of {name} are of deleted accounts and were left out")


def _plain(cells: pd.Series) -> pd.Series:
    return cells.str.strip().str.lower().str.replace(r"[^\w]+", "_", regex=True).str.strip("_")
