"""Whether accounts entered a tier on news: at a peak before and after differ, whatever is done with the account."""

import math

import pandas as pd

from tierkit.inputs.tables import Tables

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
        recent_sum, expected_sum, squares = 0.0, 0.0, 0.0
        for day, who in entries.groupby(entries):
            counts = _counts(events, pd.Timestamp(day), everyone)
            entered = counts.index.isin(who.index)
            others = counts[~entered]
            total = float(others["year"].sum())
            if total == 0:
                continue
            share = float(others["recent"].sum()) / total
            excess = counts.loc[entered, "recent"] - share * counts.loc[entered, "year"]
            recent_sum += float(counts.loc[entered, "recent"].sum())
            expected_sum += share * float(counts.loc[entered, "year"].sum())
            squares += float((excess**2).sum())
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
    touches = tables.frame("activities")
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


def _counts(events: pd.DataFrame, day: pd.Timestamp, accounts: pd.Index) -> pd.DataFrame:
    """Events of each account in the 90 days and in the year before the day."""
    year = events[(events["day"] < day) & (events["day"] >= day - pd.Timedelta(days=YEAR_DAYS))]
    recent = year[year["day"] >= day - pd.Timedelta(days=RECENT_DAYS)]
    columns = {"recent": recent, "year": year}
    return pd.DataFrame(
        {name: part.groupby("account_id").size().reindex(accounts, fill_value=0) for name, part in columns.items()}
    )
