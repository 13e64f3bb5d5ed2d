"""The rows of a replay by tier: counts, and what they are worth once clustering is taken out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.intervals import design_effect

METHODS = {"tierkit": "tier", "size_only": "size_tier", "tiers_in_use": "tier_in_use"}
"""The column of a replay that holds each method's tiers."""

DAYS_A_MONTH = 30.4375


@dataclass(frozen=True)
class Arm:
    """Counts of the rows of one tier.

    Attributes
    ----------
    n, n_won : mature rows, and those won. n_open : mature yet still open. n_immature : in no rate.
    n_accounts, n_won_accounts : distinct accounts behind them.
    deff : how much clustering by account inflates the variance of the rate; no less than account-months overlap.
    """

    n: int
    n_accounts: int
    n_open: int
    n_won: int
    n_won_accounts: int
    n_immature: int
    deff: float

    @property
    def rate(self) -> float:
        """Won over mature rows; missing where there are none."""
        return self.n_won / self.n if self.n else np.nan

    @property
    def n_eff(self) -> float:
        """Rows that would tell as much if none were clustered."""
        return self.n / self.deff

    @property
    def won_eff(self) -> float:
        """Wins among them."""
        return self.n_won / self.deff

    @property
    def counts(self) -> dict[str, int]:
        """Every count by name."""
        return {k: v for k, v in vars(self).items() if k != "deff"}


def arm_of(rows: pd.DataFrame) -> Arm:
    """Rows of a replay as one arm, whatever their tier."""
    mature = rows[rows["won_in_horizon"].notna()]
    won = mature["won_in_horizon"] == 1
    seen = design_effect(won.to_numpy(), clusters_of(mature).to_numpy()) if len(mature) else 1.0
    return Arm(
        n=len(mature),
        n_accounts=mature["account_id"].nunique(),
        n_open=int((mature["is_open"] == True).sum()) if "is_open" in mature else 0,  # noqa: E712
        n_won=int(won.sum()),
        n_won_accounts=mature.loc[won, "account_id"].nunique(),
        n_immature=len(rows) - len(mature),
        deff=max(seen, _overlap(mature)),
    )


def horizon_months(rows: pd.DataFrame) -> float:
    """Months that a row's outcome covers, at least 1; missing where the horizon is not known."""
    days = rows["horizon_days"].iloc[0] if "horizon_days" in rows and len(rows) else np.nan
    return max(1.0, float(days) / DAYS_A_MONTH)


def _overlap(mature: pd.DataFrame) -> float:
    """Rows per horizon that does not overlap another of the same account; 1 for deals.

    Neighbouring months of an account share most of their horizon, also where too few wins show it: m months in a row
    cover (m - 1 + h) / h horizons of h months.
    """
    months = horizon_months(mature)
    if "unit" not in mature or mature.empty or mature["unit"].iloc[0] != "account" or np.isnan(months):
        return 1.0
    n, accounts = len(mature), mature["account_id"].nunique()
    return n / (accounts + (n - accounts) / months)


def arms_of(part: pd.DataFrame, column: str) -> dict[str, Arm]:
    """Every tier up to the last in use, best first; and Tiers 1 and 2 pooled where a third one stands against them."""
    return {name: arm_of(part[inside]) for name, inside in arm_rows(part, column).items()}


def arm_rows(part: pd.DataFrame, column: str) -> "dict[str, pd.Series[bool]]":
    """The same as masks of `part`."""
    tiers = pd.to_numeric(part[column]).astype("float64")
    if tiers.notna().sum() == 0:
        return {}
    last = int(tiers.max())
    return {str(tier): tiers == tier for tier in range(1, last + 1)} | ({"1+2": tiers <= 2} if last > 2 else {})


def clusters_of(rows: pd.DataFrame) -> pd.Series:
    """Whose each row is: of its group, else of its account."""
    return rows["group_id" if "group_id" in rows else "account_id"]


def check_replay(replay: pd.DataFrame) -> None:
    """Raise `TableError` where a column is missing, or a deal (or an account in one month) appears twice in a kind."""
    needed = ["kind", "unit", "row_id", "account_id", "tier", "won_in_horizon"]
    if missing := [c for c in needed if c not in replay]:
        raise TableError(f"replay: column '{missing[0]}' is missing; tier_lift needs {', '.join(needed)}")
    deals = replay[replay["unit"] == "deal"]
    if (again := deals.duplicated(["kind", "row_id"])).any():
        name = deals.loc[again, "row_id"].iloc[0]
        raise TableError(
            f"replay: deal {name!r} appears more than once ({again.sum():,} rows too many); "
            "a deal counts in one tier, keep the row of the month before it opened"
        )
    accounts = replay[replay["unit"] == "account"]
    if len(accounts) and (again := accounts.duplicated(["kind", "row_id", "as_of"])).any():
        name = accounts.loc[again, "row_id"].iloc[0]
        raise TableError(
            f"replay: account {name!r} appears more than once in one month ({again.sum():,} rows too many); "
            "keep one row per account and month"
        )
