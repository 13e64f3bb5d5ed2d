"""What became of the accounts of a randomised test, as rows of kind held_out."""

import numpy as np
import pandas as pd

from tierkit.proof.holdout import TREATED
from tierkit.proof.outcomes import account_outcomes


def held_out_outcomes(
    accounts: pd.DataFrame, deals: pd.DataFrame, *, started_at: pd.Timestamp, horizon_days: int, through: pd.Timestamp
) -> pd.DataFrame:
    """What became of a test's accounts: rows of kind held_out for `tier_lift`, Tier 1 being the treated arm.

    Parameters
    ----------
    accounts : the frozen table of a plan; account_id, arm.
    deals : new business as known at `through`, as `known_deals`.

    Returns
    -------
    One row per account: kind, unit, row_id, account_id, as_of, tier (1 treated, 2 control),
    won_in_horizon (missing while the round lasts), won_acv, top_deal_id, top_deal_acv, is_open, horizon_days.
    """
    rows = accounts.sort_values("account_id", kind="stable", ignore_index=True)
    outcomes = account_outcomes(deals, rows["account_id"], as_of=started_at, horizon_days=horizon_days, through=through)
    return outcomes.assign(
        kind="held_out",
        unit="account",
        row_id=outcomes["account_id"],
        as_of=started_at,
        tier=np.where(rows["arm"] == TREATED, 1.0, 2.0),
        is_open=False,
        horizon_days=float(horizon_days),
    )
