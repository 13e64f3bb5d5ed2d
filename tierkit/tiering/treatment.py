"""Effort delivered against effort intended: what accounts of each tier got from us (requirement T16)."""

import pandas as pd

from tierkit.inputs.staging import days_since_1970
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy

WINDOW_DAYS = 90
"""Days over which effort is counted: long enough that a monthly cadence shows."""

_MONTHS = WINDOW_DAYS / (365.25 / 12)

_TOUCHES = """
SELECT account_id,
       COUNT(*) AS touches,
       SUM(CASE WHEN minutes IS NULL THEN 0 ELSE minutes END) AS minutes
FROM stage_activities
WHERE direction = 'outbound' AND occurred_day > {start} AND occurred_day <= {end} AND known_day <= {end}
GROUP BY account_id
"""
_DISTINCT = """
SELECT account_id, SUM(1) AS n FROM (
    SELECT account_id, {column} AS thing FROM stage_activities
    WHERE direction = 'outbound' AND occurred_day > {start} AND occurred_day <= {end} AND known_day <= {end}
      AND {column} IS NOT NULL
    GROUP BY account_id, {column}) AS things
GROUP BY account_id
"""


def delivered_effort(
    tables: Tables, tiers: pd.DataFrame, policy: Policy, *, as_of: str | pd.Timestamp
) -> pd.DataFrame | None:
    """Touches, contacts, channels and minutes that accounts of each tier got in the 90 days to `as_of`.

    Parameters
    ----------
    tiers : the tiers in use over that time; columns account_id, tier.

    Returns
    -------
    One row per tier: tier, n_accounts, intended (touches per account and month, from the tier's play), delivered (the
    same unit), and where given contacts and channels (distinct, per account over the window) and minutes (per account
    and month). None without outbound activities.
    """
    if not (tables.has("activities", "direction") and len(tiers)):
        return None
    end = int(days_since_1970(pd.Series([pd.Timestamp(as_of)])).iloc[0])
    span = {"start": end - WINDOW_DAYS, "end": end}
    touches = tables.sql(_TOUCHES.format(**span))
    if touches.empty:
        return None
    rows = tiers[["account_id", "tier"]].merge(touches, on="account_id", how="left")
    measures = {"delivered": rows["touches"] / _MONTHS, "minutes": rows["minutes"] / _MONTHS}
    for name, column in (("contacts", "contact_id"), ("channels", "channel")):
        counted = tables.sql(_DISTINCT.format(column=column, **span)).set_index("account_id")["n"]
        measures[name] = rows["account_id"].map(counted)
    given = {n: m.fillna(0.0).astype("float64") for n, m in measures.items() if m.fillna(0).any()}
    by_tier = pd.DataFrame({"tier": rows["tier"].astype("int64"), **given}).groupby("tier")
    effort = by_tier.mean()
    effort.insert(0, "n_accounts", by_tier.size())
    effort.insert(1, "intended", [policy.tier_plays[tier - 1].touches_per_month for tier in effort.index])
    return effort.reset_index()
