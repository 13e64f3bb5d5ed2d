"""How many accounts each tier holds, against what the reps can hold and what more would be worth."""

import pandas as pd


def tier_sizes(tiers: pd.DataFrame, capacity: pd.DataFrame) -> pd.DataFrame:
    """Accounts in each tier beside its capacity: tier, n_accounts, capacity (missing where a tier takes the rest)."""
    sizes = tiers["tier"].astype("int64").value_counts().sort_index().rename("n_accounts").rename_axis("tier")
    slots = capacity.groupby("tier")["slots"].sum().rename("capacity")
    return sizes.to_frame().join(slots.astype("Float64")).reset_index()


def value_by_size(tiers: pd.DataFrame) -> pd.DataFrame:
    """Expected value that Tier 1 would hold at each size: n_tier1, expected_value of the best n_tier1 accounts."""
    best = tiers.sort_values(["expected_value", "account_id"], ascending=[False, True], kind="stable")
    held = best["expected_value"].fillna(0).cumsum().reset_index(drop=True)
    return pd.DataFrame({"n_tier1": range(1, len(held) + 1), "expected_value": held})
