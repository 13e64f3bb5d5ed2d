"""The tiers that people had on a day, by a record of when each began and ended."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class TiersInUse:
    """Tiers in use on any day of a record; quick to ask for many days, as where people decided on hundreds.

    Parameters
    ----------
    record : columns account_id, tier, valid_from, optional valid_to (the last day; missing: until now).

    Attributes
    ----------
    accounts : each account of the record once.
    """

    def __init__(self, record: pd.DataFrame) -> None:
        ends = record["valid_to"] if "valid_to" in record else pd.Series(pd.NaT, record.index)
        rows = record.assign(valid_to=pd.to_datetime(ends)).sort_values("valid_from", kind="stable")
        self._row, accounts = pd.factorize(rows["account_id"])
        self.accounts = pd.Index(accounts, name="account_id")
        self._tier = rows["tier"].to_numpy(dtype="float64", na_value=np.nan)
        self._begins, self._ends = (rows[name].to_numpy("datetime64[us]") for name in ("valid_from", "valid_to"))

    def on(self, day: pd.Timestamp) -> NDArray[np.float64]:
        """Tier by account, in the order of `accounts`; missing where none was in use."""
        at = day.to_datetime64()
        live = (self._begins <= at) & ~(self._ends < at)
        tier = np.full(len(self.accounts), np.nan)
        tier[self._row[live]] = self._tier[live]  # of an account's rows the one that began last is written last
        return tier


def tiers_in_use(history: pd.DataFrame, day: pd.Timestamp) -> "pd.Series[float]":
    """Tier of each account that had one on `day` by `tier_history`: index account_id, sorted."""
    if history.empty:
        return pd.Series(dtype="float64")
    in_use = TiersInUse(history)
    return pd.Series(in_use.on(day), in_use.accounts).dropna().sort_index()
