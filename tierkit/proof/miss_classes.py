"""Why each miss was missed, by one stated rule, and the cheapest change that would have caught it (requirement E8)."""

from typing import Any

import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.inputs.tables import Tables
from tierkit.proof.backtest import Replayed
from tierkit.proof.change_words import WORK, upper_tiers, with_verdicts, work_row
from tierkit.proof.changes_tried import possible_changes, try_changes
from tierkit.proof.misses import FAILED, WON, find_misses, touches_after, what_happened
from tierkit.proof.retiered import open_months
from tierkit.tiering.gates import NEEDS_INFO, OUT_OF_ICP
from tierkit.tiering.policy import Policy

NOT_WORKED, MISSING_DATA, POLICY, MODEL = CLASSES = ("not worked", "missing data", "policy", "model")
"""The classes in the order their rules are asked: the first that holds is the class, and the last holds always."""

RULES = {
    NOT_WORKED: "a Tier 1 account that got no more touches than the last tier's play asks for",
    MISSING_DATA: "a field was unknown then, and a gate asked for it or knowing it would have put the account right",
    POLICY: "a rule of the sheet kept it where it was, and another would not have",
    MODEL: "the rest: what was known was known, no rule held it, and the model expected otherwise",
}
"""What each class means, for the page."""

_HELD = {
    "strategic": "a strategic claim",
    "trigger": "a trigger",
    "override": "an override",
    "exploration": "a draw by lot",
    "band": "the stability band",
    "churn budget": "the churn budget",
    "stay": "the minimum stay",
    "deal open": "an open deal",
}


def explain_misses(
    replayed: Replayed, tables: Tables, policy: Policy, *, as_of: pd.Timestamp, horizon_days: int, limit: int = 10
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The misses of a replay, classed, and every change tried on all of its months.

    Returns
    -------
    misses : as `class_misses` returns them. tried : as `with_verdicts` returns it, with a last row `work` where Tier 1
    accounts were hardly worked: what working them would have brought no replay can say.
    """
    replay, months, later = replayed.replay, replayed.months, replayed.later
    misses = find_misses(replay, months=months, limit=limit)
    misses = what_happened(misses, tables, through=as_of, horizon_days=horizon_days)
    opened = open_months(months, tables, policy)
    changes = possible_changes(misses, opened, later, policy)
    trials = try_changes(changes, misses, replay, opened, later, tables, policy)
    misses = class_misses(misses, trials.caught, trials.table, months, later, policy, horizon_days=horizon_days)
    tried = with_verdicts(trials.table, policy)
    first = replay[(replay["unit"] == "account") & (replay["tier"] == 1) & replay["won_in_horizon"].notna()]
    touches = touches_after(first, tables, horizon_days=horizon_days, through=as_of)
    work = work_row(first["won_in_horizon"], is_worked(touches, policy, horizon_days=horizon_days), misses, tried)
    return misses, tried if work is None else pd.concat([tried, work], ignore_index=True)


def class_misses(
    misses: pd.DataFrame,
    caught: pd.DataFrame,
    tried: pd.DataFrame,
    months: pd.DataFrame,
    later: pd.DataFrame,
    policy: Policy,
    *,
    horizon_days: int,
) -> pd.DataFrame:
    """The misses with their class, why, and the cheapest change tried that would have caught each.

    Parameters
    ----------
    misses : as `what_happened` returns them.
    caught, tried : of `Trials`. months, later : of `Replayed`.

    Returns
    -------
    The rows of `misses` with class (one of `CLASSES`), why (a sentence), change (its key, empty where none of those
    tried would have caught it) and change_says. Cheapest: gives up the fewest other wins, then asks for the fewest
    places more, then moves or fills in the fewest accounts; ties go to the order of the table.
    """
    cost = tried.assign(
        given_up=(tried["n_lost"] - tried["n_gained"]).clip(lower=0),
        wanted=tried["places_more"].clip(lower=0),
        touched=tried["n_moved"] + tried["n_filled"],
    ).sort_values(["given_up", "wanted", "touched"], kind="stable")
    key = ["as_of", "account_id"]
    then = months.drop_duplicates(key).set_index(key)
    came = later.sort_values([*key, "field"], kind="stable").set_index(key)
    out = []
    for row in misses.to_dict("records"):
        at = (row["as_of"], row["account_id"])
        by = set(caught.loc[(caught["as_of"] == at[0]) & (caught["account_id"] == at[1]), "change"])
        known = came.loc[[at]] if at in came.index else came.iloc[:0]
        month = then.loc[at] if at in then.index else pd.Series(dtype="object")
        own = {f"know_{field}" for field in known["field"]}
        right = cost[cost["change"].isin(by & own) | (cost["change"].isin(by) & (cost["kind"] != "data"))]
        kinds = set(right["kind"])
        cheapest = right.iloc[0] if len(right) else None
        ruled = right.loc[right["kind"] == "policy", "says"]
        name, why = _class(row, kinds, month, known, policy, horizon_days, rule=ruled.iloc[0] if len(ruled) else "")
        change = "" if cheapest is None else str(cheapest["change"])
        says = "none of those tried" if cheapest is None else str(cheapest["says"])
        if name == NOT_WORKED:
            change, says = "work", WORK
        out.append((name, why, change, says))
    new = pd.DataFrame(out, columns=["class", "why", "change", "change_says"], index=misses.index, dtype="str")
    return pd.concat([misses, new], axis=1)


def is_worked(n_touches: "pd.Series[float]", policy: Policy, *, horizon_days: int) -> "pd.Series[bool]":
    """Whether accounts got more touches than the last tier's play asks for; uncounted touches are taken for enough."""
    asked = policy.tier_plays[-1].touches_per_month * horizon_days / (365.25 / 12)
    return n_touches.isna() | (n_touches > asked)


def _class(
    row: dict[Any, Any],
    kinds: set[str],
    month: pd.Series,
    known: pd.DataFrame,
    policy: Policy,
    horizon_days: int,
    *,
    rule: str,
) -> tuple[str, str]:
    gate, by = month.get("gate"), str(month.get("tier_by", "value"))
    months = horizon_days / (365.25 / 12)
    if row["miss"] == FAILED and not is_worked(pd.Series([row["n_touches"]]), policy, horizon_days=horizon_days)[0]:
        meant = policy.tier_plays[0].touches_per_month * months
        n = int(row["n_touches"])
        return NOT_WORKED, f"It got {_touches(n)} in {horizon_days:,} days; the play of Tier 1 asks for {meant:,.0f}."
    if gate == NEEDS_INFO:
        still = (
            "" if "data" in kinds or known.empty else " Even with it, it would have stood in the last tier, or in none."
        )
        return (
            MISSING_DATA,
            f"It had no tier, since {_fields(str(month['missing_fields']))} not known. {_came(known)}{still}",
        )
    if "data" in kinds:
        right = f"in {upper_tiers(policy)}" if row["miss"] == WON else "below Tier 1"
        lacked = _fields(";".join(known["field"]))
        return (
            MISSING_DATA,
            f"{lacked[0].upper()}{lacked[1:]} not known; with it, it would have stood {right}. {_came(known)}",
        )
    if gate == OUT_OF_ICP:
        return POLICY, "It had no tier, since it stood outside the profile of the run sheet."
    if row["miss"] == FAILED and by in _HELD:
        return POLICY, f"It stood in Tier 1 by {_HELD[by]}, not by value."
    if "policy" in kinds:
        kept = f"below {upper_tiers(policy)}" if row["miss"] == WON else "in Tier 1"
        return POLICY, f"A rule of the sheet kept it {kept}; this would not have: {rule[0].lower()}{rule[1:]}."
    return MODEL, _expected(row, month, set(known["field"]))


def _expected(row: dict[Any, Any], month: pd.Series, told: set[str]) -> str:
    both = month.get("open_prob", float("nan")) * month.get("win_prob", float("nan"))
    chance = "" if pd.isna(both) else f", a chance of {_percent(both)} to open a deal and win it"
    lacks = ";".join(f for f in str(month.get("unknown", "") or "").split(";") if f and f not in told)
    unknown = f" {_fields(lacks)[0].upper()}{_fields(lacks)[1:]} not known, then or since." if lacks else ""
    if row["miss"] == WON:
        return f"The model expected little of it{chance}.{unknown}"
    times = "" if pd.isna(row["n_touches"]) else f" It got {_touches(int(row['n_touches']))}."
    return f"The model expected much of it{chance}.{times}{unknown}"


def _came(known: pd.DataFrame) -> str:
    if known.empty:
        return "It still is not."
    days = sorted(
        (day, feature_of(str(field)).label) for field, day in zip(known["field"], known["known_at"], strict=True)
    )
    when = pd.Timestamp(days[0][0])
    said = f"{days[0][1]} was written down on {when.day} {when:%b %Y}."
    return said[0].upper() + said[1:]


def _fields(names: str) -> str:
    labels = [feature_of(name).label for name in names.split(";") if name]
    listed = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    return f"{listed} {'was' if len(labels) == 1 else 'were'}"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")


def _touches(n: int) -> str:
    return "no touch" if n == 0 else f"{n:,} touch{'' if n == 1 else 'es'}"
