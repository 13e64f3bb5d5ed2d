"""What people decided over the model, held against what came of it: were they right, how often, and when."""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.proof.followed import FOLLOWED, follow_decisions, typed_decisions
from tierkit.proof.intervals import wilson

QUARTER_END_DAYS = 10
"""Days before a quarter ends in which decisions are counted apart: then a forecast is easier moved than a deal."""

COLUMNS = ["what", "account_id", "author", "reason", *FOLLOWED]
_TEXT = ("what", "account_id", "author", "reason", "direction")


def score_judgement(
    tables: Tables, record: pd.DataFrame, *, as_of: pd.Timestamp | str, horizon_days: int | None
) -> pd.DataFrame:
    """Every override and strategic claim made by `as_of`, with what became of the account once that can be known.

    Parameters
    ----------
    record : tiers in use over time; columns account_id, tier, valid_from, valid_to (missing: until now).
    horizon_days : days an override has to come true; None, as without dates, leaves nothing to judge.

    Returns
    -------
    One row per decision: what (override, strategic), account_id, author, reason (kind of a claim), made_on, known_on
    (made_on + horizon; of a claim the day it ends), from_tier (in use the day before, missing if none was), to_tier (1
    for a claim), direction (up, down, none; placed where an override gave a first tier; up for a claim), won (a deal
    that opened after made_on was won by known_on; missing while that is after `as_of`), n_peers and n_peers_won
    (accounts of from_tier that day that nobody moved, and how many won in the same days).
    """
    day = pd.Timestamp(as_of)
    empty = typed_decisions(pd.DataFrame(columns=COLUMNS), text=_TEXT)
    if horizon_days is None or not tables.is_dated:
        return empty
    decisions = _decisions(tables, day, horizon_days)
    if decisions.empty:
        return empty
    rows = follow_decisions(tables, decisions, record, as_of=day, moved=set(decisions["account_id"]))
    scored = pd.DataFrame(rows)
    first = np.where(scored["what"] == "strategic", "up", "placed")
    step = np.sign((scored["from_tier"] - scored["to_tier"]).to_numpy(np.float64))
    scored["direction"] = np.where(np.isnan(step), first, np.select([step > 0, step < 0], ["up", "down"], "none"))
    return typed_decisions(
        scored[COLUMNS].sort_values(["made_on", "what", "account_id"], kind="stable", ignore_index=True), text=_TEXT
    )


def judgement_rates(judgement: pd.DataFrame, *, as_of: pd.Timestamp | str, confidence: float = 0.95) -> pd.DataFrame:
    """How decisions fared by direction, and how often they are made by author and at the end of a quarter.

    Returns
    -------
    One row per what and group; by is direction, author or time of the quarter (the latter two of overrides only): n,
    n_days (from the first override to `as_of`, in or out of a quarter's last ten days; missing by direction),
    per_30_days, n_known, n_won, rate, low, high (Wilson; the level is `confidence`), peer_rate (of the accounts that
    stayed in the tiers they came from, each decision weighing the same).
    """
    rows = list(_rate_rows(judgement, pd.Timestamp(as_of), confidence))
    names = ["what", "by", "group", "n", "n_days", "n_known", "n_won", "rate", "low", "high", "peer_rate"]
    table = pd.DataFrame(rows, columns=names)
    table.insert(5, "per_30_days", 30 * table["n"] / table["n_days"])
    return table


def say_judgement(rates: pd.DataFrame) -> tuple[str, ...]:
    """Whether people were right, and whether overrides crowd the end of a quarter, in sentences; none without any."""
    said = []
    for row in rates[(rates["by"] == "direction") & (rates["n_known"] > 0)].to_dict("records"):
        said.append(_say_fate(row))
    overrides = rates[(rates["what"] == "override")]
    waiting = overrides.loc[overrides["by"] == "direction", ["n", "n_known"]].sum()
    if waiting["n"] > waiting["n_known"]:
        n = int(waiting["n"] - waiting["n_known"])
        said.append(f"{n} {'override is' if n == 1 else 'overrides are'} not old enough to judge.")
    authors = overrides[overrides["by"] == "author"]
    if len(authors) > 1:
        most, total = authors.iloc[0], int(authors["n"].sum())
        said.append(f"{most['group']} made {most['n']} of {total} overrides, the most of {len(authors)} people.")
    when = overrides[overrides["by"] == "time"].set_index("group")
    if len(when) == 2 and when["n"].sum() >= 5:
        said.append(_say_quarter(when))
    return tuple(said)


def _decisions(tables: Tables, day: pd.Timestamp, horizon_days: int) -> pd.DataFrame:
    """Overrides and claims known by `day`; an undated claim, or one without an end, cannot be judged."""
    overrides, claims = tables.frame("overrides"), tables.frame("strategic")
    made = pd.to_datetime(overrides["created_at"])
    due = made + pd.Timedelta(days=horizon_days)
    parts = [overrides.assign(what="override", made_on=made, known_on=due, to_tier=overrides["tier"])]
    if {"known_at", "expires_at"} <= set(claims.columns):
        made, ends = pd.to_datetime(claims["known_at"]), pd.to_datetime(claims["expires_at"])
        author = claims["author"] if "author" in claims else pd.Series(pd.NA, claims.index, dtype="str")
        claims = claims.assign(what="strategic", made_on=made, known_on=ends, to_tier=1, author=author)
        parts.append(claims.assign(reason=claims["kind"])[ends > made])
    names = ["what", "account_id", "author", "reason", "made_on", "known_on", "to_tier"]
    both = pd.concat([p[names].astype({"to_tier": "float64"}) for p in parts], ignore_index=True)
    return both[both["made_on"] <= day]


def _rate_rows(judgement: pd.DataFrame, day: pd.Timestamp, confidence: float) -> Iterator[tuple[Any, ...]]:
    for (what, direction), part in judgement.groupby(["what", "direction"], sort=True):
        yield what, "direction", direction, len(part), np.nan, *known_rate(part, confidence)
    overrides = judgement[judgement["what"] == "override"]
    if overrides.empty:
        return
    days = pd.Series(pd.date_range(overrides["made_on"].min().normalize(), day, freq="D"))
    counts = overrides["author"].value_counts().rename_axis("author").reset_index(name="n")
    for author in counts.sort_values(["n", "author"], ascending=[False, True])["author"]:
        part = overrides[overrides["author"] == author]
        yield "override", "author", author, len(part), float(len(days)), *known_rate(part, confidence)
    for name, ending in ((f"last {QUARTER_END_DAYS} days of a quarter", True), ("other days", False)):
        part = overrides[_ends_quarter(overrides["made_on"]) == ending]
        n_days = float((_ends_quarter(days) == ending).sum())
        yield "override", "time", name, len(part), n_days, *known_rate(part, confidence)


def known_rate(part: pd.DataFrame, confidence: float) -> tuple[float, ...]:
    """Of decisions: how many can be judged and how many of these won, the rate, its Wilson interval, their peers'."""
    known = part[part["won"].notna()]
    n, n_won = len(known), int(known["won"].sum())
    low, high = wilson(n_won, n, confidence=confidence) if n else (np.nan, np.nan)
    peers = (known["n_peers_won"] / known["n_peers"]).mean()
    return n, n_won, n_won / n if n else np.nan, low, high, float(peers)


def _ends_quarter(day: pd.Series) -> pd.Series:
    end = day.dt.to_period("Q").dt.end_time.dt.normalize()
    ends: pd.Series = (end - day.dt.normalize()).dt.days < QUARTER_END_DAYS
    return ends


def _say_fate(row: dict[Hashable, Any]) -> str:
    who = "Strategic accounts" if row["what"] == "strategic" else "Accounts that overrides"
    how = {"up": "moved up", "down": "moved down", "none": "held where they were", "placed": "placed"}[row["group"]]
    who = f"{who} {how}" if row["what"] == "override" else who
    text = f"{who} won {row['n_won']} of {row['n_known']} ({_percent(row['low'])} to {_percent(row['high'])})"
    if np.isnan(row["peer_rate"]):
        return f"{text}."
    text += f", those left in the tier they came from {_percent(row['peer_rate'])}"
    better, worse = row["low"] > row["peer_rate"], row["high"] < row["peer_rate"]
    if row["group"] == "none" or not (better or worse):
        return f"{text}: too few to say who was right."
    right = better if row["group"] == "up" else worse
    return f"{text}: people were {'right' if right else 'wrong'}."


def _say_quarter(when: pd.DataFrame) -> str:
    """Decisions a day at the end of quarters over those of other days; given their sum the count is binomial."""
    (n1, days1), (n2, days2) = when[["n", "n_days"]].to_numpy()
    text = f"{n1:.0f} overrides in the last {QUARTER_END_DAYS} days of quarters, {n2:.0f} on other days"
    if not (n2 and days1 and days2):
        return f"{text}."
    low = wilson(n1, n1 + n2).low
    least = low / (1 - low) * days2 / days1
    ratio = (n1 / days1) / (n2 / days2)
    if least > 1:
        return f"{text}: {ratio:.1f} times as many a day, more than chance gives; look at who gains by them."
    return f"{text}: {ratio:.1f} times as many a day, as chance could give."


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"
