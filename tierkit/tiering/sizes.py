"""How many accounts each tier holds, against what the reps can hold."""

import pandas as pd


def tier_sizes(tiers: pd.DataFrame, capacity: pd.DataFrame) -> pd.DataFrame:
    """Accounts in each tier beside its capacity: tier, n_accounts, capacity (missing where a tier takes the rest)."""
    sizes = tiers["tier"].astype("int64").value_counts().sort_index().rename("n_accounts").rename_axis("tier")
    slots = capacity.groupby("tier")["slots"].sum().rename("capacity")
    return sizes.to_frame().join(slots.astype("Float64")).reset_index()
