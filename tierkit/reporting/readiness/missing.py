"""What each table and each key column that was not given would buy."""

import pandas as pd

from tierkit.inputs.tables import Tables

TABLES = {
    "accounts": "tiers of accounts rather than of deals; gates by industry, country and size; parents with children",
    "activities": "engagement as evidence, and whether Tier 1 really gets more of your effort than Tier 2",
    "account_history": "headcount and technologies as they were then",
    "reps": "places counted for each rep, and a list for each to work from",
    "contacts": "whether a Tier 1 account rests on one person, and which roles have never been met",
    "signals": "windows in which funding, a new executive or a displaced competitor raises an account",
    "tier_history": "tierkit against the tiers you have, and reasons for the first month's moves",
    "exclusions": "competitors, partners and those who asked to be left alone, off every list",
    "funnel": "acceptance, meetings and speed before and after tiering, by source",
    "strategic": "Tier 1 places for reference customers and new markets, whatever their contract value",
    "overrides": "decisions of people over the model: bounded, shown, and scored once their outcome is known",
    "tal": "wins from outside the target list, and what each source of the list is worth",
    "holdout": "whether your effort causes wins, from accounts drawn at random near the cut",
}
"""What a table that is not given would buy, the most first."""

COLUMNS = {
    ("deals", "opened_at"): "everything with a date: a horizon, a replay of past months, drift, when it will be known",
    ("deals", "closed_at"): "dated deals: without it the day of opening cannot be used either",
    ("deals", "account_id"): "deals of one company kept together, so that skill is not flattered by near copies",
    ("deals", "acv"): "expected value: tiers by money rather than by the chance to win alone",
    ("deals", "deal_type"): "new business told from renewals by what you wrote, not by an earlier win",
    ("deals", "source"): "what each source of deals is worth",
    ("accounts", "owner_id"): "places and lists by rep; without it all accounts share one pool",
    ("accounts", "created_at"): "replays of earlier months without accounts that were not there yet",
    ("accounts", "employees"): "fit by headcount, and a ranking by size that every other has to beat",
    ("accounts", "industry"): "fit by industry",
    ("accounts", "country"): "fit by country, and duplicates told by name and country",
    ("accounts", "domain"): "duplicates by web address, and exclusions by domain",
    ("accounts", "name"): "pages with names, and duplicates told by them",
    ("accounts", "parent_id"): "a company and its subsidiaries tiered as one",
    ("accounts", "is_customer"): "customers in a lane of their own, off the outreach lists",
    ("activities", "known_at"): "touches that were logged late kept out of replays of earlier days",
    ("activities", "direction"): "their interest told from your effort",
    ("activities", "contact_id"): "how many people answer, not only how many touches",
    ("activities", "minutes"): "effort in hours",
    ("activities", "template_id"): "whether Tier 1 gets its own words or everybody's template",
    ("contacts", "role"): "which roles of the buying committee have been met",
    ("contacts", "known_at"): "people counted from the day they were known",
    ("signals", "known_at"): "signals counted from the day they were known, not the day they happened",
    ("reps", "tier1_slots"): "each rep's own number of places instead of the sheet's one for all",
    ("reps", "known_at"): "past months replayed with the reps of that month; undated rows are left out of them",
    ("strategic", "known_at"): "claims in replays of past months; undated rows are left out of them",
    ("exclusions", "known_at"): "exclusions in replays of past months; undated rows are left out of them",
}
"""The same for the columns of tables that are given."""

_NO_TERM = "no term_months is given"


def find_missing(tables: Tables, verdicts: pd.DataFrame | None = None) -> pd.DataFrame:
    """What was not given, and what each would buy.

    Returns
    -------
    One row per table, then one per column of a table that is given: name, is_table, buys.
    """
    out = []
    for table, buys in TABLES.items():
        if tables.has(table):
            continue
        if table == "account_history":
            if not tables.has_accounts:
                continue
            undated = undated_features(verdicts)
            if undated:
                stand = "feature stands" if len(undated) == 1 else "features stand"
                buys += f"; without it {len(undated)} {stand} as of unknown date: {', '.join(undated)}"
        out.append((table, True, buys))
    if len(tables.duplicates) and not tables.has("identity"):
        out.append(("identity", True, "accounts that look alike treated as one, or told apart for good"))
    for (table, column), buys in COLUMNS.items():
        if not tables.has(table) or _given(tables, table, column):
            continue
        out.append((f"{column} of {table}", False, buys))
    if any(_NO_TERM in note for note in tables.notes):
        out.append(("term_months of deals", False, "a yearly value of contracts longer or shorter than a year"))
    return pd.DataFrame(out, columns=["name", "is_table", "buys"])


def undated_features(verdicts: pd.DataFrame | None) -> list[str]:
    """Columns that may be used though nobody wrote down since when they say what they say."""
    if verdicts is None:
        return []
    usable = verdicts["verdict"].isin(["ok", "flagged"])
    return verdicts.loc[usable & (verdicts["known_when"] == "unknown"), "column"].tolist()


def _given(tables: Tables, table: str, column: str) -> bool:
    """Whether a column was given, also where opening the tables has used it up."""
    if (table, column) == ("accounts", "parent_id") and len(tables.children):
        return True
    if (table, column) == ("deals", "account_id") and not tables.has_accounts:
        # A deal is its own account there, and what the export called one stands as the deal's group.
        return tables.has("deals", "group_key")
    return tables.has(table, column)
