"""What the dates of the tables give away: months cut off, days on which too much happened, events logged late."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.tables import Tables

EVENTS = (
    ("deals", "opened_at"),
    ("deals", "closed_at"),
    ("activities", "occurred_at"),
    ("funnel", "created_at"),
)
"""What happens month after month, so that a month without it is a gap."""
DAYS_PILED = (("deals", "opened_at"), ("deals", "closed_at"), ("accounts", "created_at"))
"""Days that people set, on which an import or a clean-up piles up."""

EMPTY_SHARE, NEAREST = 0.2, 6
"""Share of what its nearest months hold below which a month is nearly empty; how many months are nearest."""
CHANCE = 0.001
"""Chance below which a count is not what chance gives."""
PILED_TIMES, PILED_LEAST, PILED_SHARE = 10, 20, 0.02
"""How a day with too much is told: times the usual, rows, share of all rows."""
EDGE_TIMES = 1.5
"""Times chance from which an edge of the calendar is said."""
LONELY_DAYS = 62

_Lies = Callable[[pd.Series], pd.Series]
_EDGES: Mapping[str, _Lies] = {
    "the last week of a quarter": lambda d: (d + pd.offsets.QuarterEnd(0) - d).dt.days < 7,
    "the last day of a month": lambda d: d.dt.is_month_end,
    "the first day of a month": lambda d: d.dt.is_month_start,
}


def find_spans(tables: Tables) -> pd.DataFrame:
    """The first and the last day of every column of days that looks back.

    Returns
    -------
    One row per table and column that holds any: table, column, first, last, n, n_known.
    """
    out = []
    for table, frame in tables.frames.items():
        for column in CONTRACTS[table].columns:
            if column.kind == "date" and not column.ahead and column.name in frame and frame[column.name].notna().any():
                days = frame[column.name]
                out.append((table, column.name, days.min(), days.max(), len(days), int(days.notna().sum())))
    return pd.DataFrame(out, columns=["table", "column", "first", "last", "n", "n_known"])


def month_counts(tables: Tables) -> pd.DataFrame:
    """How much happened in each month; index the months to the last the data reach, a column per kind of event.

    Months before the first event of a kind are missing.
    """
    counts = {}
    for table, name in EVENTS:
        if tables.has(table, name):
            days = tables.frame(table)[name].dropna()
            if len(days):
                months = (days.dt.year * 12 + days.dt.month - 1).to_numpy()
                first = int(months.min())
                index = pd.PeriodIndex([_period(m) for m in range(first, int(months.max()) + 1)], freq="M")
                counts[f"{table}.{name}"] = pd.Series(np.bincount(months - first), index)
    if not counts:
        return pd.DataFrame()
    first, last = min(c.index[0] for c in counts.values()), max(c.index[-1] for c in counts.values())
    if tables.data_through is not None:
        last = max(last, tables.data_through.to_period("M"))
    index = pd.period_range(first, last, freq="M")
    frame = pd.DataFrame({name: c.reindex(index) for name, c in counts.items()})
    for name, c in counts.items():
        frame.loc[frame.index > c.index[-1], name] = 0
    return frame


def find_gaps(counts: pd.DataFrame, *, data_through: pd.Timestamp | None = None) -> pd.DataFrame:
    """Months with hardly anything, as an export that is cut off, or that misses a part, leaves them.

    Parameters
    ----------
    counts : as `month_counts` returns it.
    data_through : last day the data cover: a last month not yet over is held against its share of days.

    Returns
    -------
    One row per run of such months: event, first, last (periods), n_months, n (events in them), usual (events a month
    of the nearest months that hold any), at_end (whether nothing follows).
    """
    from scipy.stats import poisson

    out: list[tuple[Any, ...]] = []
    for event in counts:
        held = counts[event].dropna()
        usual = _usual(held.to_numpy())
        if data_through is not None and len(held) and held.index[-1] == data_through.to_period("M"):
            usual[-1] *= data_through.day / data_through.days_in_month
        scarce = (held.to_numpy() <= EMPTY_SHARE * usual) & (poisson.cdf(held.to_numpy(), usual) < CHANCE)
        begun = np.flatnonzero(~scarce)
        scarce[: begun[0] if len(begun) else len(scarce)] = False
        starts = np.flatnonzero(scarce & ~np.r_[False, scarce[:-1]])
        ends = np.flatnonzero(scarce & ~np.r_[scarce[1:], False])
        months = held.index
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
            n = int(held.iloc[a : b + 1].sum())
            out.append((str(event), months[a], months[b], b - a + 1, n, float(usual[a]), b == len(held) - 1))
    return pd.DataFrame(out, columns=["event", "first", "last", "n_months", "n", "usual", "at_end"])


def find_piles(tables: Tables) -> pd.DataFrame:
    """Days on which far more is dated than on others, as an import or a clean-up leaves them.

    Returns
    -------
    At most one row per column, its fullest day: table, column, day, n, share, usual (of days that hold any).
    """
    out = []
    for table, name in DAYS_PILED:
        if not tables.has(table, name):
            continue
        each = tables.frame(table)[name].value_counts()
        if len(each) < 2:
            continue
        day, n, usual = each.index[0], int(each.iloc[0]), float(each.median())
        if n >= PILED_LEAST and n > PILED_TIMES * usual and n >= PILED_SHARE * each.sum():
            out.append((table, name, day, n, n / float(each.sum()), usual))
    return pd.DataFrame(out, columns=["table", "column", "day", "n", "share", "usual"])


def find_edges(deals: pd.DataFrame) -> pd.DataFrame:
    """Where deals are opened or closed at the edges of a month or quarter more often than chance would.

    Returns
    -------
    column, edge, n, n_there, share, chance (share of the span's days that lie there); only those past 1.5 times.
    """
    from scipy.stats import binomtest

    out = []
    for name in ("closed_at", "opened_at"):
        days = deals[name].dropna() if name in deals else pd.Series(dtype="datetime64[us]")
        if len(days) < 2:
            continue
        span = pd.Series(pd.date_range(days.min(), days.max(), freq="D"))
        for edge, lies in _EDGES.items():
            n, chance = int(lies(days).sum()), float(lies(span).mean())
            if not 0 < chance < 1 or n < EDGE_TIMES * chance * len(days):
                continue
            if binomtest(n, len(days), chance, alternative="greater").pvalue < CHANCE:
                out.append((name, edge, len(days), n, n / len(days), chance))
    return pd.DataFrame(out, columns=["column", "edge", "n", "n_there", "share", "chance"])


def find_late(tables: Tables) -> pd.DataFrame:
    """How long after it happened an event became known.

    Returns
    -------
    One row per table with both days and any row known later: table, n, n_late, share, median_days, n_month (over 30).
    """
    out = []
    for table, frame in tables.frames.items():
        if {"known_at", "occurred_at"} <= set(frame.columns):
            late = (frame["known_at"] - frame["occurred_at"]).dt.days
            known = late[late > 0]
            if len(known):
                n = int(late.notna().sum())
                out.append((table, n, len(known), len(known) / n, float(known.median()), int((known > 30).sum())))
    return pd.DataFrame(out, columns=["table", "n", "n_late", "share", "median_days", "n_month"])


def lonely_end(tables: Tables) -> tuple[pd.Timestamp, int] | None:
    """The day after which hardly any date lies, and how many do, where the last day stands far out; else None.

    One in a thousand dates, and five at least, is hardly any; far is over two months.
    """
    days = [tables.frame(t)[c].dropna() for t, c in EVENTS if tables.has(t, c)]
    if not days or tables.data_through is None:
        return None
    every = np.sort(np.concatenate([d.to_numpy(dtype="datetime64[D]") for d in days]))
    few = max(5, len(every) // 1000)
    if len(every) <= 20 * few:
        return None
    settled = pd.Timestamp(every[-few - 1])
    if (tables.data_through - settled).days <= LONELY_DAYS:
        return None
    return settled, int((every > np.datetime64(settled, "D")).sum())


def _usual(counts: np.ndarray) -> np.ndarray:
    """For each month the median of the nearest other months that hold any."""
    places = np.flatnonzero(counts > 0)
    out = np.zeros(len(counts))
    for i in range(len(counts)):
        others = places[places != i]
        near = others[np.argsort(np.abs(others - i), kind="stable")[:NEAREST]]
        out[i] = np.median(counts[near]) if len(near) else 0.0
    return out


def _period(month: int) -> pd.Period:
    return pd.Period(year=month // 12, month=month % 12 + 1, freq="M")
