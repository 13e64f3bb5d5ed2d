"""The counterfactual runs between two months: one ingredient swapped at a time, in one order, and the tiers of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import plan_on
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.ground import Ground
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import among

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "carried": "left from last month",
        "corrections": "data correction",
        "features": "new facts",
        "model": "model refit",
        "capacity": "places and cut",
        "windows": "window or claim",
        "overrides": "override",
        "gates": "gate",
    }
)
"""The steps in the order they are taken, and what people call each."""

VALUED = ("corrections", "features", "model", "gates")
"""Steps that can change an expected value; the others only change places."""

_WINDOW_KEYS = ("windows", "promote", "promotion_min_fit")
"""Keys of the policy that belong to the step of windows; `gates` belongs to that of gates, the rest to capacity."""

Score = Callable[[pd.DataFrame], pd.DataFrame]
"""Feature rows to the same rows with fit and expected_value."""


@dataclass(frozen=True)
class Month:
    """What set a month's tiers, so that each ingredient can be swapped alone.

    Attributes
    ----------
    rows : one row per scored account: account_id, features, owner_id, strategic_value, as scored then.
    score : the month's models and fit.
    gated : the accounts as they were gated: account_id, gate and contactable at least.
    """

    rows: pd.DataFrame
    score: Score
    gated: pd.DataFrame
    policy: Policy
    ground: Ground
    as_of: pd.Timestamp


@dataclass(frozen=True)
class Walk:
    """Where every account stood after each step.

    Attributes
    ----------
    tiers : by `start` and step, the tiers (those of the plan; at the start those published).
    rows : the feature rows of `carried`, `corrections` and `features`, one row per account of last month in one order.
    gated : the rows as gated, for each of `VALUED`.
    values : expected value by account_id (index) after `start`, each of `VALUED`; missing where there is none.
    """

    tiers: Mapping[str, pd.DataFrame]
    rows: Mapping[str, pd.DataFrame]
    gated: Mapping[str, pd.DataFrame]
    values: pd.DataFrame


def walk_steps(before: Month, now: Month, corrected: pd.DataFrame, previous: pd.DataFrame, tables: Tables) -> Walk:
    """Run the months between `before` and `now`, swapping one ingredient at a time and gating and tiering anew.

    Parameters
    ----------
    corrected : last month's rows as this month's tables give them.
    previous : the tiers published, or committed, last month; every run starts from them, since stability does.
    tables : this month's.

    The first run swaps nothing: what moves in it was due last month already (the churn budget put it off, or nobody
    approved it), and is a part of its own. Then data corrections; features; models and fit; slots, reps' books, rules
    and the months in a tier; windows, claims and trials; overrides; gates, which also bring accounts that are new to
    the data and take those that are gone, so that up to there every run is of last month's accounts.

    Raises
    ------
    SheetError : capacity is short in a run that mixes both months.
    """
    old = before.rows.reset_index(drop=True)
    rows = {"carried": old, "corrections": _in_place(old, corrected)}
    rows["features"] = _in_place(rows["corrections"], now.rows)
    scored = {step: before.score(rows[step]) for step in ("corrections", "features")}
    scored["model"] = now.score(rows["features"])
    scored = {step: _held(frame, old) for step, frame in scored.items()}
    then = replace_frame(tables, "exclusions", before.ground.exclusions)
    gated = {"carried": _as_gated(old, before.gated)}
    for step, frame in scored.items():
        gated[step] = _gate(frame, then, before, gated["carried"])
    owned = gated["model"].assign(owner_id=_now(gated["model"], now.rows, "owner_id"))
    claimed = owned.assign(strategic_value=_now(owned, now.rows, "strategic_value"))

    keys = {key: getattr(before.policy, key) for key in _WINDOW_KEYS}
    cut = now.policy.model_copy(update=keys)
    ground = replace(before.ground, reps=now.ground.reps, hold_day=now.ground.hold_day)
    ground = replace(ground, overrides=_within(ground.overrides, cut))
    windows = replace(
        ground,
        claims=now.ground.claims,
        triggers=now.ground.triggers,
        draw_day=now.ground.draw_day,
        seed=now.ground.seed,
    )
    runs = {
        "carried": (gated["carried"], before.policy, before.ground),
        "corrections": (gated["corrections"], before.policy, before.ground),
        "features": (gated["features"], before.policy, before.ground),
        "model": (gated["model"], before.policy, before.ground),
        "capacity": (owned, cut, ground),
        "windows": (claimed, now.policy, windows),
        "overrides": (claimed, now.policy, replace(windows, overrides=now.ground.overrides)),
        "gates": (now.gated, now.policy, now.ground),
    }
    tiers = {"start": previous}
    for step, (frame, policy, on) in runs.items():
        tiers[step] = plan_on(frame, tables, policy, on, previous=previous).tiers
    gated["gates"] = now.gated
    return Walk(tiers, rows, gated, _values(old, scored, now.gated))


def replace_frame(tables: Tables, name: str, frame: pd.DataFrame) -> Tables:
    """The tables with another frame under a name."""
    return tables.with_frame(name, frame)


def _in_place(rows: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """`rows` with the newer row of each account that has one, in the order of `rows`; columns of either."""
    newer = newer[among(newer["account_id"], rows["account_id"])]
    gone = rows[~among(rows["account_id"], newer["account_id"])]
    both = newer if gone.empty else pd.concat([newer, gone], ignore_index=True)
    lacking = [c for c in rows if c not in both]
    both = both.reindex(columns=[*both.columns, *lacking]) if lacking else both
    return both.set_index("account_id", drop=False).loc[rows["account_id"].to_numpy()].reset_index(drop=True)


def _held(scored: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """Owner and claims as they were: they are swapped in steps of their own. Rows stand in the order of `old`."""
    kept = [c for c in ("owner_id", "strategic_value") if c in old]
    return scored.assign(**{c: old[c].to_numpy() for c in kept})


def _now(rows: pd.DataFrame, newer: pd.DataFrame, column: str) -> pd.Series:
    """A column as it stands now, of accounts that are gone as it was."""
    was = rows[column] if column in rows else pd.Series(pd.NA, rows.index, dtype="str")
    if column not in newer:
        return was
    there = among(rows["account_id"], newer["account_id"])
    return rows["account_id"].map(newer.set_index("account_id")[column]).where(there, was)


def _as_gated(rows: pd.DataFrame, gated: pd.DataFrame) -> pd.DataFrame:
    """The rows with the gate they had."""
    by_id = gated.set_index(gated["account_id"].astype("str"))
    gate = rows["account_id"].map(by_id["gate"]).astype("str")
    contactable = rows["account_id"].map(by_id["contactable"].astype("boolean"))
    return rows.assign(gate=gate, contactable=contactable.astype("boolean").fillna(False).astype(bool))


def _gate(scored: pd.DataFrame, tables: Tables, before: Month, published: pd.DataFrame) -> pd.DataFrame:
    """The rows gated by last month's rules; accounts that are no longer in the tables keep their gate."""
    known = tables.frame("accounts" if tables.has_accounts else "deals")["account_id"]
    there = among(scored["account_id"], pd.concat([known, tables.children["account_id"]]).astype("str"))
    found = gate_accounts(scored[there], tables, before.policy, as_of=before.as_of)
    found = found[among(found["account_id"], scored["account_id"])]
    if there.all():
        return found
    return pd.concat([found, _as_gated(scored[~there], published)], ignore_index=True)


def _within(overrides: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The overrides into tiers that the policy has."""
    return overrides[overrides["tier"] <= policy.n_tiers]


def _values(old: pd.DataFrame, scored: Mapping[str, pd.DataFrame], now: pd.DataFrame) -> pd.DataFrame:
    after = now.set_index(now["account_id"].astype("str"))["expected_value"].astype("float64")
    by_step = {"start": old, **scored}
    columns = {step: frame.set_index("account_id")["expected_value"] for step, frame in by_step.items()}
    out = pd.DataFrame({step: column.astype("float64") for step, column in columns.items()})
    out = out.reindex(out.index.union(after.index[after.notna()]).sort_values())
    return out.assign(gates=after.reindex(out.index)).replace([np.inf, -np.inf], np.nan).rename_axis("account_id")
