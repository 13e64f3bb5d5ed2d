"""How personal the touches are: accounts that got the same template, by tier (requirement T17)."""

import pandas as pd

from tierkit.inputs.staging import day_number
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy
from tierkit.tiering.treatment import WINDOW_DAYS

LIMITS = {1: 3, 2: 50}
"""Accounts of a tier that one template may reach: beyond them it is no longer written for them."""

_SENT = """
SELECT template_id, account_id, COUNT(*) AS n_touches
FROM stage_activities
WHERE direction = 'outbound' AND template_id IS NOT NULL
  AND occurred_day > {start} AND occurred_day <= {end} AND known_day <= {end}
GROUP BY template_id, account_id
"""


def template_use(
    tables: Tables, tiers: pd.DataFrame, policy: Policy, *, as_of: str | pd.Timestamp
) -> pd.DataFrame | None:
    """Accounts of each tier that each template reached in the 90 days to `as_of`.

    Parameters
    ----------
    tiers : the tiers in use over that time; columns account_id, tier.

    Returns
    -------
    One row per tier and template, the widest first: tier, template_id, n_accounts, n_touches, limit (missing in the
    last tier, which has none), breach. None where no touch carries a template.
    """
    sent = _sent(tables, tiers, policy, as_of)
    return None if sent is None else _by_template(sent)


def template_breaches(
    tables: Tables, tiers: pd.DataFrame, policy: Policy, *, as_of: str | pd.Timestamp
) -> pd.DataFrame | None:
    """Accounts that got a template beyond its limit, by the rep who owns them.

    Parameters
    ----------
    tiers : as for `template_use`, with owner_id; else the account table's.

    Returns
    -------
    One row per rep and tier, most accounts first: owner_id (missing without one), name, tier, n_accounts, n_touches,
    templates (those over their limit, `;` between). None where no touch carries a template; empty without a breach.
    """
    sent = _sent(tables, tiers, policy, as_of)
    if sent is None:
        return None
    over = sent.merge(_by_template(sent).query("breach")[["tier", "template_id"]], on=["tier", "template_id"])
    by = over.groupby(["owner_id", "tier"], dropna=False)
    table = by.agg(
        n_accounts=("account_id", "nunique"),
        n_touches=("n_touches", "sum"),
        templates=("template_id", lambda ids: ";".join(sorted(set(ids)))),
    ).reset_index()
    reps = tables.frame("reps")
    names = reps.set_index("owner_id")["name"] if tables.has("reps", "name") else pd.Series(dtype="str")
    table.insert(1, "name", table["owner_id"].map(names).fillna(table["owner_id"]))
    return table.sort_values(["n_accounts", "owner_id", "tier"], ascending=[False, True, True], ignore_index=True)


def say_breaches(breaches: pd.DataFrame | None) -> list[str]:
    """How many accounts got what was written for too many, and with whom most; nothing where no template is named."""
    if breaches is None or breaches.empty:
        return []
    n, most = int(breaches["n_accounts"].sum()), breaches.iloc[0]
    return [
        f"{n:,} account{'' if n == 1 else 's'} of the upper tiers got a template that went to more accounts than their "
        f"tier allows, most of them from {most['name']} ({most['n_accounts']:,})."
    ]


def _sent(tables: Tables, tiers: pd.DataFrame, policy: Policy, as_of: str | pd.Timestamp) -> pd.DataFrame | None:
    """One row per template and account, with the account's tier, its owner and the limit of its tier."""
    if not (tables.has("activities", "template_id") and tables.has("activities", "direction")):
        return None
    end = day_number(as_of)
    sent = tables.sql(_SENT.format(start=end - WINDOW_DAYS, end=end))
    if sent.empty:
        return None
    owner = tiers.set_index("account_id")["owner_id"] if "owner_id" in tiers else None
    if owner is None and tables.has("accounts", "owner_id"):
        owner = tables.frame("accounts").set_index("account_id")["owner_id"]
    sent = sent.merge(tiers[["account_id", "tier"]], on="account_id")
    sent["owner_id"] = None if owner is None else sent["account_id"].map(owner)
    sent["tier"] = sent["tier"].astype("int64")
    limit = sent["tier"].map({t: n for t, n in LIMITS.items() if t < policy.n_tiers})
    return sent.assign(limit=limit.astype("Int64"))


def _by_template(sent: pd.DataFrame) -> pd.DataFrame:
    table = (
        sent.groupby(["tier", "template_id"])
        .agg(n_accounts=("account_id", "nunique"), n_touches=("n_touches", "sum"), limit=("limit", "first"))
        .reset_index()
    )
    table["breach"] = (table["n_accounts"] > table["limit"]).fillna(False).astype("bool")
    by = ["tier", "n_accounts", "template_id"]
    return table.sort_values(by, ascending=[True, False, True], ignore_index=True)
