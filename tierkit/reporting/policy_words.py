"""The tier policy in words, before anything runs: tiers, capacity, gates, windows, stability, overlays, idle rules."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.tiering.capacity import POOL, UNLIMITED, Capacity
from tierkit.tiering.feasibility import check_policy, over_hours, planned_capacity
from tierkit.tiering.gate_settings import Bound, Gates
from tierkit.tiering.policy import WINDOWS, Policy, labels_without_treatment
from tierkit.tiering.presets import PRESETS
from tierkit.tiering.standing import known_rows, live_claims, live_overrides, live_triggers


def say_policy(policy: Policy, tables: Tables, *, as_of: str | pd.Timestamp) -> list[str]:
    """One line for each thing the policy does, then what it warns of and what does nothing.

    Raises
    ------
    SheetError : the policy cannot be carried out, as `check_policy` says it.
    """
    day = pd.Timestamp(as_of)
    check_policy(tables, policy, as_of=day)
    capacity = planned_capacity(tables, policy, as_of=day)
    return [
        f"The tier policy as of {words.day(day)}:",
        *_say_tiers(policy, capacity),
        *_say_gates(policy.gates, tables),
        *_say_stability(policy),
        *_say_overlays(policy, tables, day),
        *(f"Warning: {said}." for said in (*over_hours(capacity, policy), *labels_without_treatment(policy))),
        *(f"Does nothing: {said}." for said in idle_keys(policy, tables, as_of=day)),
    ]


def _say_tiers(policy: Policy, capacity: Capacity) -> Iterator[str]:
    n_reps = sum(owner != POOL for owner in capacity.owners)
    if policy.preset:
        yield f"Preset {policy.preset}: {PRESETS[policy.preset].about}; keys of the sheet come before it."
    hours = policy.tier_hours
    for t, label in enumerate(policy.labels):
        play = policy.tier_plays[t]
        held = "every other account inside the ICP"
        if t < policy.n_tiers - 1:
            held = _say_size(policy, capacity, t, n_reps)
        time = f"; {hours[t]:g} selling hours an account and month" if hours[t] else ""
        yield f"{label}: {held}{time}; {play.cadence[0].lower()}{play.cadence[1:]}."
    if policy.budget is not None:
        top = "" if policy.investment_ceiling is None else f" and at most {policy.investment_ceiling:,.0f}"
        yield (
            f"Investment: {policy.budget:,.0f} a month in proportion to value, at least {policy.investment_floor:,.0f}"
            f"{top} an account."
        )


def _say_size(policy: Policy, capacity: Capacity, t: int, n_reps: int) -> str:
    if policy.shares is not None:
        return f"the best {policy.shares[t]:.0%} by value, whoever owns them"
    slots = capacity.slots[1:, t]
    bounded = slots[slots < UNLIMITED]
    each = ""
    if bounded.size:
        low, high = int(bounded.min()), int(bounded.max())
        span = f"{low}" if low == high else f"{low} to {high}"
        each = f"{int(bounded.sum()):,} slots, {span} for each of {words.things(n_reps, 'rep')}"
    if policy.sizes is not None:
        return f"{policy.sizes[t]:,} places by value{f', in {each}' if each else ''}"
    return each or f"{int(np.minimum(capacity.slots[0, t], UNLIMITED)):,} slots of one pool, since no account has a rep"


def _say_gates(gates: Gates, tables: Tables) -> Iterator[str]:
    inside = [
        f"{name} {words.listing(list(values))}"
        for name, values in (("industry", gates.industries), ("country", gates.countries))
        if values
    ]
    headcount = Bound.model_construct(min=gates.min_employees, max=gates.max_employees)
    for column, bound in {"employees": headcount, **dict(sorted(gates.bounds.items()))}.items():
        limits = (("at least", bound.min), ("at most", bound.max))
        if span := [f"{side} {limit:,.10g}" for side, limit in limits if limit is not None]:
            inside.append(f"{column} {' and '.join(span)}")
    yield f"Inside the ICP: {'; '.join(inside) if inside else 'every account'}. What is not known is not outside."
    rules = len(tables.frame("exclusions"))
    out = [f"{words.things(rules, 'row')} of the exclusions table"] if rules else []
    out += [words.things(len(gates.competitors), "competitor")] if gates.competitors else []
    out += [f"{column} {words.listing(list(values))}" for column, values in sorted(gates.exclude.items())]
    if out:
        yield f"Never sold to: {'; '.join(out)}. Children go with their parent."
    if gates.required:
        yield f"Needs information first: accounts without {words.listing(list(gates.required))}."
    lost = [f"one that lost a deal in the last {gates.cool_off_days} days"] if gates.cool_off_days else []
    whom = words.listing(["an account with an open deal", "a customer", *lost])
    yield f"Keeps its tier but is not contacted: {whom}."


def _say_stability(policy: Policy) -> Iterator[str]:
    hold = policy.hold
    stay = f", and a newcomer stays {words.things(hold.min_stay_months, 'month')}" if hold.min_stay_months else ""
    if not hold.band and not hold.min_stay_months:
        yield f"Stability {policy.stability}: the best value takes the place, whoever held it."
        return
    yield f"Stability {policy.stability}: another must be {hold.band:.0%} better to take a place{stay}."


def _say_overlays(policy: Policy, tables: Tables, day: pd.Timestamp) -> Iterator[str]:
    n = len(live_claims(tables, day, undated=True))
    claims = words.things(n, "account holds a live claim", "accounts hold live claims")
    yield f"Strategic lane: {words.things(policy.strategic_slots, 'Tier 1 place')} whatever the value; {claims}."
    n = len(live_triggers(tables, policy, day))
    windows = ", ".join(
        f"{kind.replace('_', ' ')} {days}{' (promotes)' if kind in policy.promote else ''}"
        for kind, days in policy.windows.items()
    )
    yield (
        f"Trigger windows, days: {windows}; promotions take at most {policy.promotion_share:.0%} of a tier's places "
        f"and ask for a fit of {policy.promotion_min_fit:g}; {words.things(n, 'window is', 'windows are')} open."
    )
    n = len(live_overrides(tables, policy, day))
    yield f"Overrides: {words.things(n, 'decision')} in force, each until its last day and never beyond a rep's slots."
    if policy.exploration_slots:
        yield (
            f"Exploration: {words.things(policy.exploration_slots, 'place')} of Tier {policy.explored_tier} drawn at "
            f"random each quarter among accounts just below the cut."
        )


def idle_keys(policy: Policy, tables: Tables, *, as_of: str | pd.Timestamp) -> tuple[str, ...]:
    """Keys that the sheet states, or defaults that reach no row of the tables, in words."""
    day = pd.Timestamp(as_of)
    idle = []
    signals = tables.frame("signals")
    seen = set(signals["kind"].dropna())
    stated = {kind for kind, days in policy.windows.items() if WINDOWS.get(kind) != days}
    idle += [f"the window of {kind!r}: no signal is of this kind" for kind in sorted(stated - seen)]
    if len(signals) and policy.promotion_share == 0 and policy.promote:
        idle.append("promote: promotion_share is 0, so a trigger moves accounts up inside their tier only")
    if policy.strategic_slots and known_rows(tables.frame("strategic"), day, undated=True).empty:
        idle.append(f"strategic_slots {policy.strategic_slots}: no claim is given")
    accounts = tables.frame("accounts")
    for column, values in sorted(policy.gates.exclude.items()):
        if column in accounts:
            there = set(accounts[column].astype("str").str.strip().str.lower())
            gone = [value for value in values if value.strip().lower() not in there]
            idle += [f"gates.exclude: no account has {column} {value!r}" for value in gone]
    for column in policy.gates.required:
        if column in accounts and accounts[column].notna().all():
            idle.append(f"gates.required: every account has {column!r}")
    if policy.shares is not None and len(tables.frame("reps")):
        idle.append("the reps' slots: the sheet states shares, and tiers are cut by rank")
    if policy.budget is None and (policy.investment_floor or policy.investment_ceiling is not None):
        idle.append("investment_floor and investment_ceiling: no budget is stated")
    return tuple(idle)
