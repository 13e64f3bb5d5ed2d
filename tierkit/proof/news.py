"""Whether accounts entered a tier on news: at a peak before and after differ, whatever is done with the account."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.inputs.tables import Tables

Ints = NDArray[np.int64]

RECENT_DAYS, YEAR_DAYS = 90, 365
MOST_RATIO, MOST_Z = 1.25, 3.0
"""A rise before entering counts as news from a quarter above the own year, at three standard errors."""

COLUMNS = ["measure", "n_entered", "n_recent", "expected", "ratio", "z", "is_news"]

_WORDS = {"inbound": "inbound touches", "signals": "trigger events", "deals": "deals opened"}


def entry_news(tables: Tables, history: pd.DataFrame, *, acted_on: pd.Timestamp, tier: int = 1) -> pd.DataFrame:
    """What happened at accounts in the 90 days before they entered the tier, against their own year and the season.

    Parameters
    ----------
    tables : activities (inbound ones, or all where none has a direction), signals, deals; those not given are left out.
    history : `tier_history`; account_id, tier, valid_from, optional tier_by.
    acted_on : entries before this day do not matter; the first tiers count as entered on it.

    Returns
    -------
    One row per measure (inbound, signals, deals): n_entered, n_recent (events in the 90 days before), expected (the
    same accounts' events of the year, times the share of the year's events that fell into those days at accounts that
    did not enter), ratio, z (over accounts), is_news (ratio of 1.25 or more, three standard errors above 1).
    """
    entries = entry_days(history, acted_on=acted_on, tier=tier)
    everyone = pd.Index(sorted(set(history["account_id"].astype("str"))))
    rows = []
    for measure, events in _events(tables).items():
        counted = _Counted(events, everyone)
        recent_sum, expected_sum, squares = 0.0, 0.0, 0.0
        for day, who in entries.groupby(entries):
            (recent, recent_of_all), (year, year_of_all) = (
                counted.before(pd.Timestamp(day), who.index, days=days) for days in (RECENT_DAYS, YEAR_DAYS)
            )
            total = year_of_all - year.sum()
            if total == 0:
                continue
            share = float((recent_of_all - recent.sum()) / total)
            recent_sum += float(recent.sum())
            expected_sum += share * float(year.sum())
            squares += float(((recent - share * year) ** 2).sum())
        ratio = recent_sum / expected_sum if expected_sum else float("nan")
        z = (recent_sum - expected_sum) / math.sqrt(squares) if squares else 0.0
        is_news = bool(ratio >= MOST_RATIO and z >= MOST_Z)
        rows.append((measure, len(entries), round(recent_sum), expected_sum, ratio, z, is_news))
    return pd.DataFrame(rows, columns=COLUMNS)


def entry_days(history: pd.DataFrame, *, acted_on: pd.Timestamp, tier: int = 1) -> "pd.Series[pd.Timestamp]":
    """Day each account first stood in the tier, not before `acted_on`; index account_id, sorted."""
    rows = history.sort_values(["account_id", "valid_from"], kind="stable")
    rows = rows[rows["tier"] == tier]
    if "valid_to" in rows:
        rows = rows[~(rows["valid_to"] < acted_on)]
    day = rows["valid_from"].where(rows["valid_from"] > acted_on, acted_on)
    return day.groupby(rows["account_id"].astype("str")).min().sort_index()


def say_news(news: pd.DataFrame) -> tuple[str, ...]:
    """One sentence for each measure that rose before accounts entered."""
    return tuple(
        f"Accounts entered Tier 1 on news: {row['n_recent']:,} {_WORDS[str(row['measure'])]} in the 90 days before, "
        f"{row['ratio']:.1f} times what their own year gives; what they win then goes with the peak and its passing, "
        "whatever is done (regression to the mean), so before and after say nothing of the tier."
        for row in news[news["is_news"]].to_dict("records")
    )


def _events(tables: Tables) -> dict[str, pd.DataFrame]:
    """Account and day of each event, by measure."""
    found = {}
    touches = tables.columns_of("activities", ["account_id", "occurred_at", "direction"])
    if len(touches):
        if "direction" in touches and touches["direction"].notna().any():
            touches = touches[touches["direction"] == "inbound"]
        found["inbound"] = touches[["account_id", "occurred_at"]].set_axis(["account_id", "day"], axis=1)
    if len(signals := tables.frame("signals")):
        found["signals"] = signals[["account_id", "occurred_at"]].set_axis(["account_id", "day"], axis=1)
    if tables.is_dated and tables.has_accounts:
        opened = tables.frame("deals")[["account_id", "opened_at"]].set_axis(["account_id", "day"], axis=1)
        found["deals"] = opened
    return found


class _Counted:
    """Events of some accounts, sorted so that those before any day are counted without looking at each."""

    def __init__(self, events: pd.DataFrame, accounts: pd.Index) -> None:
        code = np.asarray(accounts.get_indexer(pd.Index(events["account_id"])), dtype=np.int64)
        inside = (code >= 0) & events["day"].notna().to_numpy()
        self._accounts = accounts
        self._days, at = np.unique(events["day"].to_numpy()[inside], return_inverse=True)
        self._at = np.sort(at)
        self._keys = np.sort(code[inside] * len(self._days) + at)

    def before(self, day: pd.Timestamp, who: pd.Index, *, days: int) -> tuple[Ints, int]:
        """Events in so many days before the day: of each account of `who`, and of all together."""
        ends = np.searchsorted(self._days, np.array([day - pd.Timedelta(days=days), day], dtype=self._days.dtype))
        first = np.asarray(self._accounts.get_indexer(who), dtype=np.int64) * len(self._days)
        low, high = (np.searchsorted(self._keys, first + end) for end in ends)
        return high - low, int(np.diff(np.searchsorted(self._at, ends))[0])
