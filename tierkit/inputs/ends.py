"""How far the data reach: the last day of any event, and whether it is one; fields of history that nobody knows."""

from collections.abc import Mapping

import pandas as pd

_EVENTS = (("deals", "opened_at"), ("deals", "closed_at"), ("activities", "occurred_at"), ("signals", "occurred_at"))
_GAP = pd.Timedelta(days=366)
_FEW = 0.01


def last_day(frames: Mapping[str, pd.DataFrame]) -> pd.Timestamp | None:
    """The latest dated event, missing where no table carries dates."""
    known = [day for column in _dated(frames).values() if not pd.isna(day := column.max())]
    return max(known) if known else None


def check_end(frames: Mapping[str, pd.DataFrame], files: Mapping[str, tuple[str, str]]) -> list[str]:
    """A sentence if the last few events lie more than a year after all others: 2062 typed for 2026 ends no data.

    Parameters
    ----------
    files : for each table its file and what its index counts, `line` or `row`.
    """
    dated = _dated(frames)
    if not dated:
        return []
    counts = pd.concat([column.dropna().value_counts() for column in dated.values()]).groupby(level=0).sum()
    days = pd.Series(counts.index)
    few = counts[::-1].cumsum()[::-1].to_numpy() <= _FEW * counts.sum()
    late_days = days[few & (days.diff() > _GAP).to_numpy()]
    if late_days.empty:
        return []
    first, before = late_days.iloc[0], days[late_days.index[0] - 1]
    (table, name), column = next((at, column) for at, column in dated.items() if (column >= first).any())
    late = column[column >= first]
    file, place = files[table]
    return [
        f"{file}: {name!r} is {late.iloc[0]:%Y-%m-%d} on {place} {late.index[0]:,}, more than a year after every event "
        f'until {before:%Y-%m-%d} (mend it, or say data_through = "{before:%Y-%m-%d}" in tierkit.toml, [data])'
    ]


def unknown_fields(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence for rows of history that tell of no column of accounts: your own fields, or a name mistyped."""
    if "account_history" not in frames or "accounts" not in frames:
        return []
    fields = frames["account_history"]["field"]
    unknown = fields[~fields.isin(frames["accounts"].columns)]
    if unknown.empty:
        return []
    shown = ", ".join(map(repr, sorted(unknown.unique())[:3]))
    n = f"{len(unknown):,} row{'' if len(unknown) == 1 else 's'}"
    return [f"account_history: {n} of fields that accounts do not have ({shown}) are features of their own"]


def _dated(frames: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], pd.Series]:
    return {(table, name): frames[table][name] for table, name in _EVENTS if table in frames and name in frames[table]}
