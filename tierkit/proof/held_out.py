"""What became of the accounts of a randomised test, as rows of kind held_out."""

import numpy as np
import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.holdout import TREATED
from tierkit.proof.outcomes import account_outcomes


def held_out_outcomes(tables: Tables, *, as_of: pd.Timestamp | str, horizon_days: int) -> pd.DataFrame:
    """What became of the accounts of the table `holdout`: rows for `tier_lift`, Tier 1 being the treated arm.

    Returns
    -------
    One row per account and round that started by `as_of`: kind, unit, row_id, account_id, as_of (the day before the
    round), tier (1 treated, 2 control), won_in_horizon (missing while the round lasts), won_acv, top_deal_id,
    top_deal_acv, is_open, horizon_days. Empty without a test.
    """
    day = pd.Timestamp(as_of)
    test = tables.frame("holdout")
    test = test[test["started_at"] <= day].sort_values(["started_at", "account_id"], kind="stable")
    deals = known_deals(tables, before=day)
    deals = deals[deals["is_new_business"]]
    parts = []
    for started, rows in test.groupby("started_at", sort=True):
        before = pd.Timestamp(str(started)) - pd.Timedelta(days=1)
        outcomes = account_outcomes(deals, rows["account_id"], as_of=before, horizon_days=horizon_days, through=day)
        parts.append(
            outcomes.assign(
                kind="held_out",
                unit="account",
                row_id=outcomes["account_id"],
                as_of=before,
                tier=np.where(rows["arm"] == TREATED, 1.0, 2.0),
                is_open=False,
                horizon_days=float(horizon_days),
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
