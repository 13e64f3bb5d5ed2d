"""Effort delivered against effort intended: what accounts of each tier got from us (requirement T16)."""

import pandas as pd

from tierkit.inputs.staging import day_number
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
    end = day_number(as_of)
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


def compare_worth(tiers: pd.DataFrame, effort: pd.DataFrame | None) -> pd.DataFrame:
    """What an account of Tier 1 is worth and gets, beside one of the last tier (requirement T14).

    Parameters
    ----------
    tiers : an assignment; columns tier, expected_value, and investment where there is a budget.
    effort : as `delivered_effort` returns it; None without activities.

    Returns
    -------
    One row per measure, those that are known: measure (value, investment, touches_intended, touches_delivered,
    minutes_delivered), unit, first, last (means per account of Tier 1 and of the last tier), ratio (missing where the
    last tier has none). Without a budget there is no investment. Empty where there is one tier only.
    """
    by_tier = tiers.groupby(tiers["tier"].astype("int64"))
    parts = [("value", "expected money", by_tier["expected_value"].mean())]
    if "investment" in tiers and tiers["investment"].notna().any():
        parts.append(("investment", "money a month", by_tier["investment"].mean()))
    if effort is not None:
        of = effort.set_index("tier")
        for name, column in (("touches_intended", "intended"), ("touches_delivered", "delivered")):
            parts.append((name, "touches a month", of[column]))
        if "minutes" in of:
            parts.append(("minutes_delivered", "minutes a month", of["minutes"]))
    rows = [
        (name, unit, float(mean.iloc[0]), float(mean.iloc[-1])) for name, unit, mean in parts if len(mean.dropna()) > 1
    ]
    table = pd.DataFrame(rows, columns=["measure", "unit", "first", "last"])
    return table.assign(ratio=(table["first"] / table["last"].where(table["last"] > 0)).astype("float64"))


def say_worth(worth: pd.DataFrame, *, last_tier: int) -> list[str]:
    """Value and investment side by side, and whether effort follows the plan, in words.

    Parameters
    ----------
    worth : as `compare_worth` returns it.
    """
    ratio = worth.set_index("measure")["ratio"].dropna()
    says = []
    for name, gets in (
        ("investment", "the money"),
        ("minutes_delivered", "our time"),
        ("touches_delivered", "the touches"),
    ):
        if "value" in ratio and name in ratio:
            says.append(
                f"A Tier 1 account is worth {ratio['value']:.1f} times one of Tier {last_tier} and gets "
                f"{ratio[name]:.1f} times {gets}."
            )
            break
    if {"touches_intended", "touches_delivered"} <= set(ratio.index):
        done, meant = ratio["touches_delivered"], ratio["touches_intended"]
        if done < meant / 2:
            says.append(
                f"Tier 1 gets {done:.1f} times the touches of Tier {last_tier}, under half of the {meant:.1f} times "
                "that the plays intend: raise its cadence, or make the tier smaller."
            )
    return says
