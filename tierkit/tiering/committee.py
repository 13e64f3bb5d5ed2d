"""The buying committee: whom we know at an account, and with how many of them we talk (requirement T18)."""

import pandas as pd

from tierkit.inputs.staging import day_number
from tierkit.inputs.tables import Tables
from tierkit.tiering.standing import known_rows
from tierkit.tiering.treatment import WINDOW_DAYS

_EXECUTIVE = r"\b(?:exec(?:utive)?|c-?level|c-?suite|chief|v\.?p|vice president|president|founder|c[efotmris]o)\b"
_TALKED = """
SELECT account_id, contact_id FROM stage_activities
WHERE contact_id IS NOT NULL AND occurred_day > {start} AND occurred_day <= {end} AND known_day <= {end}
GROUP BY account_id, contact_id
"""


def buying_committee(tables: Tables, tiers: pd.DataFrame, *, as_of: str | pd.Timestamp) -> pd.DataFrame | None:
    """What is known of the people at each account, and who was in touch in the 90 days to `as_of`.

    Parameters
    ----------
    tiers : columns account_id, tier; name and owner_id where known.

    Returns
    -------
    One row per account by tier and account_id: account_id, name, owner_id, tier, n_contacts, roles (covered, `;`
    between), n_roles, roles_missing (roles known elsewhere in the company but not here), executive_known, n_in_touch
    (people with a touch either way), executive_in_touch, single_threaded (a Tier 1 account with fewer than two people
    in touch, or, where touches name nobody, fewer than two known). Flags of touches are missing where touches name
    nobody. None without contacts.
    """
    day = pd.Timestamp(as_of)
    contacts = known_rows(tables.frame("contacts"), day, undated=True)
    if contacts.empty or not len(tiers):
        return None
    role = contacts["role"] if "role" in contacts else pd.Series(pd.NA, contacts.index, dtype="str")
    seniority = contacts["seniority"] if "seniority" in contacts else pd.Series(pd.NA, contacts.index, dtype="str")
    executive = seniority.astype("str").str.contains(_EXECUTIVE, case=False, regex=True).fillna(False).astype("bool")
    people = contacts[["contact_id", "account_id"]].assign(role=role, executive=executive)
    names_people = tables.has("activities", "contact_id")
    people["in_touch"] = people["contact_id"].isin(_in_touch(tables, day)) if names_people else False
    people["executive_in_touch"] = people["executive"] & people["in_touch"]
    people = people[people["account_id"].isin(set(tiers["account_id"]))]
    every = sorted(set(role.dropna()))
    by = people.groupby("account_id")
    covered = people.dropna(subset=["role"]).drop_duplicates(["account_id", "role"]).sort_values(["account_id", "role"])
    known = pd.DataFrame(
        {
            "n_contacts": by.size(),
            "roles": covered.groupby("account_id")["role"].agg(";".join),
            "n_roles": by["role"].nunique(),
            "executive_known": by["executive"].any(),
            "n_in_touch": by["in_touch"].sum(),
            "executive_in_touch": by["executive_in_touch"].any(),
        }
    )
    given = [c for c in ("name", "owner_id") if c in tiers]
    rows = tiers[["account_id", *given, "tier"]].merge(known, on="account_id", how="left")
    counts, flags = ["n_contacts", "n_roles", "n_in_touch"], ["executive_known", "executive_in_touch"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    rows[flags] = rows[flags].astype("boolean").fillna(False)
    rows["roles"] = rows["roles"].fillna("").astype("str")
    rows["roles_missing"] = [";".join(r for r in every if r not in has.split(";")) for has in rows["roles"]]
    few = (rows["n_in_touch"] if names_people else rows["n_contacts"]) < 2
    rows["single_threaded"] = few & (rows["tier"].astype("int64") == 1)
    if not names_people:
        rows["n_in_touch"] = pd.Series(pd.NA, rows.index, dtype="Int64")
        rows["executive_in_touch"] = pd.Series(pd.NA, rows.index, dtype="boolean")
    columns = ["account_id", *given, "tier", "n_contacts", "roles", "n_roles", "roles_missing", "executive_known"]
    columns += ["n_in_touch", "executive_in_touch", "single_threaded"]
    return rows.sort_values(["tier", "account_id"], kind="stable", ignore_index=True)[columns]


def committee_by_tier(committee: pd.DataFrame) -> pd.DataFrame:
    """The committee of the accounts of each tier.

    Returns
    -------
    One row per tier: tier, n_accounts, mean_roles, mean_in_touch, executive_known, executive_in_touch (shares of
    accounts), n_single_threaded.
    """
    by = committee.assign(tier=committee["tier"].astype("int64")).groupby("tier")
    table = pd.DataFrame(
        {
            "n_accounts": by.size(),
            "mean_roles": by["n_roles"].mean(),
            "mean_in_touch": by["n_in_touch"].mean().astype("Float64"),
            "executive_known": by["executive_known"].mean().astype("Float64"),
            "executive_in_touch": by["executive_in_touch"].mean().astype("Float64"),
            "n_single_threaded": by["single_threaded"].sum().astype("int64"),
        }
    )
    return table.reset_index()


def say_committee(committee: pd.DataFrame | None) -> list[str]:
    """Whom we know at Tier 1 accounts, in words; nothing without contacts."""
    if committee is None or not (committee["tier"].astype("int64") == 1).any():
        return []
    first = committee_by_tier(committee).set_index("tier").loc[1]
    alone, n = first["n_single_threaded"], first["n_accounts"]
    says = f"{alone:,.0f} of {n:,.0f} Tier 1 accounts hang on fewer than two people"
    if pd.notna(first["executive_in_touch"]):
        says += f"; {first['executive_in_touch'] * n:,.0f} have an executive in touch"
    return [f"{says}."]


def _in_touch(tables: Tables, day: pd.Timestamp) -> pd.Series:
    end = day_number(day)
    return tables.sql(_TALKED.format(start=end - WINDOW_DAYS, end=end))["contact_id"]
