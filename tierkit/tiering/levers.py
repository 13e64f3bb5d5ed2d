"""What an account or we could change, each change made whole: every column that it touches."""

import re

import numpy as np
import pandas as pd

from tierkit.features.windows import NOT_IN_A_YEAR, WINDOWS
from tierkit.tiering.book import Flags, Floats

_USUAL = 0.75
"""A count is raised no further than this quantile of the accounts that have any."""
_LEAST = 0.25
"""A count is lowered no further than this quantile of all accounts."""
_STEPS = 8
"""Sizes tried of one change, at most."""
_COMMON = 0.05
"""A tool may be taken up or dropped that at least so many use, and as many do not."""
_FRESH = 15.0
"""Days since a touch that fell somewhere in the last 30."""

_KIND = re.compile(r"n_(?P<kind>[a-z0-9_]+)_inbound_90d")
_PEOPLE = "n_contacts_inbound_90d"
_INBOUND = "n_inbound_90d"

Columns = dict[str, Floats]


def lever_rows(rows: pd.DataFrame, donors: pd.DataFrame, up: Flags) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each row under each change that it or we could bring about, one change at a time.

    Parameters
    ----------
    rows : feature rows. donors : those of qualified accounts, whose values say what is usual.
    up : whether an account is to rise (touches and people are added) or to fall (they stay away).

    Returns
    -------
    The changed rows, and for each of them: at (position in `rows`), lever (touches, people, quiet, signal, technology),
    what (kind of touch or signal, or tool, in words), now, then, shift (share of qualified accounts that the change
    passes by: the percentile shift of Ustun, Spangher and Liu 2019).

    What nobody can change (industry, country, headcount, past deals) and what we do ourselves is left alone: the effort
    that went with wins is no advice. A touch is added to every window from the last 30 days on, to all touches and to
    their trend; the newest leave first. More people come with at least as many touches.
    """
    found: list[tuple[pd.DataFrame, pd.DataFrame]] = []

    def add(mask: Flags, columns: Columns, lever: str, what: str, base: str, then: Floats) -> None:
        at = np.flatnonzero(mask)
        if not len(at):
            return
        now = _numbers(rows, base)
        meta = pd.DataFrame({"at": at, "lever": lever, "what": what, "now": now[at], "then": then[at]})
        meta["shift"] = np.abs(_share_below(donors, base, then[at]) - _share_below(donors, base, now[at]))
        changed = {name: values[at] for name, values in columns.items() if name in rows}
        found.append((rows.iloc[at].assign(**changed), meta))

    for column in _kinds(rows):
        kind, now = column.removesuffix("_90d"), _numbers(rows, column)
        for then in _sizes(now, _usual(donors, column), up):
            add(then > now, _added(rows, kind, then - now), "touches", _words(column), column, then)
        for then in _sizes(now, _numbers(donors, column), ~up, down=True):
            add(then < now, _removed(rows, [kind], then), "touches", _words(column), column, then)
    if _PEOPLE in rows and _INBOUND in rows and _kinds(rows):
        now = _numbers(rows, _PEOPLE)
        for then in _sizes(now, _usual(donors, _PEOPLE), up):
            add(then > now, _joined(rows, donors, then - now), "people", "", _PEOPLE, then)
        quiet, none = [c.removesuffix("_90d") for c in _kinds(rows)], np.zeros(len(rows))
        if np.quantile(_numbers(donors, _INBOUND), _LEAST) == 0:
            add(~up & (_numbers(rows, _INBOUND) > 0), _removed(rows, quiet, none), "quiet", "", _INBOUND, none)
    for column in [c for c in map(str, rows) if c.startswith(("live_", "tech_"))]:
        share, now = float(np.nanmean(_numbers(donors, column))), _numbers(rows, column)
        signal = column.startswith("live_")
        if not signal and not _COMMON <= share <= 1 - _COMMON:
            continue
        add(~np.isnan(now), {column: 1 - now}, "signal" if signal else "technology", _words(column), column, 1 - now)
    if not found:
        return rows.iloc[:0], pd.DataFrame({"at": [], "lever": [], "what": [], "now": [], "then": [], "shift": []})
    return pd.concat([f for f, _ in found], ignore_index=True), pd.concat([m for _, m in found], ignore_index=True)


def _kinds(rows: pd.DataFrame) -> list[str]:
    """The 90-day counts of each kind of touch from their side."""
    return [c for c in map(str, rows) if _KIND.fullmatch(c) and c != _PEOPLE]


def _words(column: str) -> str:
    m = _KIND.fullmatch(column)
    name = m["kind"] if m else column.split("_", 1)[1]
    return name.replace("_", " ")


def _sizes(now: Floats, usual: Floats, mask: Flags, *, down: bool = False) -> list[Floats]:
    """Values from the nearest to the farthest usual one; where there is none left, the value as it is."""
    if not len(usual):
        return []
    end = np.floor(np.quantile(usual, _LEAST)) if down else np.ceil(np.quantile(usual, _USUAL))
    way = np.minimum(end - now, 0) if down else np.maximum(end - now, 0)
    way = np.where(mask, way, 0.0)
    sizes, before = [], now
    for step in range(1, _STEPS + 1):
        part = way * step / _STEPS
        then = now + (np.floor(part) if down else np.ceil(part))
        sizes.append(np.where(then == before, now, then))
        before = then
    return sizes


def _added(rows: pd.DataFrame, kind: str, by: Floats) -> Columns:
    """Touches of a kind that came in the last 30 days on top of those there are."""
    out = {}
    for w in WINDOWS:
        for name in (f"{kind}_{w}d", f"n_inbound_{w}d"):
            if name in rows:
                out[name] = _numbers(rows, name) + by
    if "days_since_inbound" in rows:
        since = _numbers(rows, "days_since_inbound")
        out["days_since_inbound"] = np.where(by > 0, np.minimum(since, _FRESH), since)
    return _with_trend(rows, out)


def _removed(rows: pd.DataFrame, kinds: list[str], then: Floats) -> Columns:
    """Touches of the last 90 days that did not come, the newest first, until `then` of each kind are left."""
    out = {f"n_inbound_{w}d": _numbers(rows, f"n_inbound_{w}d") for w in WINDOWS if f"n_inbound_{w}d" in rows}
    for kind in kinds:
        gone = _numbers(rows, f"{kind}_90d") - then
        for w in WINDOWS:
            if (name := f"{kind}_{w}d") in rows:
                was = _numbers(rows, name)
                out[name] = np.maximum(was - gone, 0.0)
                if f"n_inbound_{w}d" in out:
                    out[f"n_inbound_{w}d"] = out[f"n_inbound_{w}d"] - (was - out[name])
    if "days_since_inbound" in rows:
        since = _numbers(rows, "days_since_inbound")
        for w in WINDOWS:
            if f"n_inbound_{w}d" in out:
                since = np.where(out[f"n_inbound_{w}d"] <= 0, np.maximum(since, min(w + 1.0, NOT_IN_A_YEAR)), since)
        out["days_since_inbound"] = since
    for w in (90, 365):
        name, touches = f"n_contacts_inbound_{w}d", f"n_inbound_{w}d"
        if name in rows and touches in out:
            out[name] = np.minimum(_numbers(rows, name), np.maximum(out[touches], 0.0))
    return _with_trend(rows, out)


def _joined(rows: pd.DataFrame, donors: pd.DataFrame, by: Floats) -> Columns:
    """More of their people come; where there are fewer touches than people, of the commonest kind."""
    names = [f"n_contacts{side}_{w}d" for side in ("", "_inbound") for w in (90, 365)]
    out = {name: _numbers(rows, name) + by for name in names if name in rows}
    lacking = np.zeros(len(rows))
    for w in (90, 365):
        if (name := f"n_contacts_inbound_{w}d") in out and f"n_inbound_{w}d" in rows:
            lacking = np.maximum(lacking, out[name] - _numbers(rows, f"n_inbound_{w}d"))
    common = max(_kinds(rows), key=lambda c: (float(np.nansum(_numbers(donors, c))), c))
    return {**_added(rows, common.removesuffix("_90d"), np.where(by > 0, lacking, 0.0)), **out}


def _with_trend(rows: pd.DataFrame, out: Columns) -> Columns:
    """`inbound_trend` as the changed counts make it."""
    if "inbound_trend" in rows and {_INBOUND, "n_inbound_180d"} <= set(out):
        recent = out[_INBOUND]
        earlier = out["n_inbound_180d"] - recent
        out["inbound_trend"] = (recent - earlier) / np.maximum(recent + earlier, 1)
    return out


def _usual(donors: pd.DataFrame, column: str) -> Floats:
    """What accounts have that have any."""
    values = _numbers(donors, column)
    return values[values > 0]


def _share_below(donors: pd.DataFrame, column: str, values: Floats) -> Floats:
    """Where values stand among those of donors, equal ones counted half."""
    known = np.sort(_numbers(donors, column))
    known = known[~np.isnan(known)]
    both = np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")
    return np.asarray(both / 2 / max(len(known), 1), dtype=np.float64)


def _numbers(rows: pd.DataFrame, column: str) -> Floats:
    return rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
