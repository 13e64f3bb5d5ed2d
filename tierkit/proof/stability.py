"""What steadiness costs: this month's tiers at each level of stability, from the same scores and tiers before."""

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.changes import tier_stability
from tierkit.tiering.policy import STABILITY, Policy

_ADVANCED = ("band", "min_stay_months", "moving_cost", "churn_budget")


def stability_cost(
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    previous: pd.DataFrame | None,
) -> pd.DataFrame | None:
    """What each level of stability would cost in expected value this month, and how many accounts would move.

    Parameters
    ----------
    gated, previous : as `assign_tiers` takes them.

    Returns
    -------
    One row per level, and one for the sheet's own advanced keys where it sets some: level (low, normal, high, sheet),
    in_use, n_moved (accounts tiered both times whose tier changes), n_moved_tier1 (of them into or out of Tier 1),
    value_tier1 (expected value of Tier 1), gained (sum of expected value x the policy's uplift), cost (against low;
    below 0 it gains), cost_share (of what low gains). None where nobody held a tier before: there is nothing to hold.

    The expected value is the model's own: holding an account always looks like a loss to it, though under noisy scores
    steady tiers may be worth more in truth.
    """
    if previous is None or previous.empty:
        return None
    own = {key: None for key in _ADVANCED if key in Policy.model_fields}
    stated = any(getattr(policy, key) is not None for key in own)
    levels = {level: policy.model_copy(update={**own, "stability": level}) for level in STABILITY}
    if stated:
        levels["sheet"] = policy
    in_use = "sheet" if stated else policy.stability
    rows = [_level(name, gated, tables, p, as_of, previous) for name, p in levels.items()]
    table = pd.DataFrame(rows)
    lowest = float(table.loc[table["level"] == "low", "gained"].iloc[0])
    cost = lowest - table["gained"]
    table = table.assign(cost=cost, cost_share=cost / lowest if lowest else float("nan"))
    table.insert(1, "in_use", table["level"] == in_use)
    return table


def _level(
    name: str,
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    as_of: str | pd.Timestamp,
    previous: pd.DataFrame,
) -> dict[str, object]:
    tiers = assign_tiers(gated, tables, policy, as_of=as_of, previous=previous)
    before = tiers["account_id"].astype("str").map(_tier_of(previous))
    tier = tiers["tier"].astype("int64")
    moved = before.notna() & (before != tier)
    value = tiers["expected_value"].astype("float64")
    share = tier.map(dict(enumerate(policy.tier_uplift, start=1)))
    return {
        "level": name,
        "n_moved": int(tier_stability(tiers, previous)["n_moved"].iloc[0]),
        "n_moved_tier1": int((moved & ((before == 1) | (tier == 1))).sum()),
        "value_tier1": float(value[tier == 1].sum()),
        "gained": float((value * share).sum()),
    }


def _tier_of(previous: pd.DataFrame) -> "pd.Series[float]":
    return previous.set_index(previous["account_id"].astype("str"))["tier"].astype("float64")
