"""Can the policy be carried out: what sheet and tables promise against what reps can do, before anything is fitted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tierkit.errors import SheetError
from tierkit.inputs.contracts import STRATEGIC_KINDS
from tierkit.inputs.tables import Tables
from tierkit.tiering.capacity import POOL, UNLIMITED, Capacity, capacity_of
from tierkit.tiering.gates import QUALIFIED, gate_accounts
from tierkit.tiering.policy import Policy
from tierkit.tiering.presets import PRESETS
from tierkit.tiering.standing import live_triggers


def check_policy(tables: Tables, policy: Policy, *, as_of: str | pd.Timestamp) -> None:
    """Raise now what would otherwise stop the run after models are fitted, or let a bad decision pass unseen.

    Raises
    ------
    SheetError : short capacity; hours the sheet states that its slots exceed; a trigger without a window; a budget
        below the floors; an override without expiry or of an unknown account; a strategic claim of an unknown kind, or
        of an unknown account; a gate on a column that no table has.
    """
    day = pd.Timestamp(as_of)
    capacity = planned_capacity(tables, policy, as_of=day)
    if "hours" in policy.model_fields_set or "hours_per_rep" in policy.model_fields_set:
        for sentence in over_hours(capacity, policy):
            raise SheetError(sentence)
    live_triggers(tables, policy, day)
    _check_decisions(tables)
    _check_floors(tables, policy, day)


def planned_capacity(tables: Tables, policy: Policy, *, as_of: pd.Timestamp) -> Capacity:
    """The slots as they stand before any account is gated: every owner of an account counts.

    Raises
    ------
    SheetError : capacity is short.
    """
    owner_id = pd.Series(dtype="str")
    if tables.has("accounts", "owner_id"):
        owner_id = tables.frame("accounts")["owner_id"]
    return capacity_of(owner_id, tables, policy, as_of=as_of, undated=True)


def hours_needed(capacity: Capacity, policy: Policy) -> float:
    """Selling hours a month of all places that may be filled; tiers that nothing bounds count nothing."""
    hours = 0.0
    for t, each in enumerate(policy.tier_hours[:-1]):
        slots = int(np.minimum(capacity.slots[:, t], UNLIMITED).sum())
        asked = UNLIMITED
        if policy.sizes is not None or policy.shares is not None:
            overlays = policy.strategic_slots if t == 0 else 0
            explored = policy.exploration_slots if policy.explored_tier == t + 1 else 0
            asked = capacity.places[t] + overlays + capacity.promotions[t] + explored
        if (places := min(slots, asked)) < UNLIMITED:
            hours += places * each
    return hours


def over_hours(capacity: Capacity, policy: Policy) -> tuple[str, ...]:
    """A sentence for each rep whose slots ask for more hours than a month has, then one for all reps together."""
    said = []
    n = min(2, capacity.slots.shape[1])
    hours = np.array(policy.tier_hours[:n])
    for name, owner, slots in zip(capacity.names, capacity.owners, capacity.slots[:, :n], strict=True):
        need = float((np.where(slots < UNLIMITED, slots, 0) * hours).sum())
        if owner != POOL and policy.sizes is None and policy.shares is None and need > policy.hours_per_rep:
            held = " and ".join(f"{slots[t]} in Tier {t + 1} x {hours[t]:g}" for t in range(n))
            said.append(
                f"{name} would need {need:,.0f} of {policy.hours_per_rep:g} selling hours a month ({held}); lower the "
                f"slots, tiers.hours, or raise tiers.hours_per_rep"
            )
    n_reps = len(capacity.owners) - 1
    need, have = hours_needed(capacity, policy), n_reps * policy.hours_per_rep
    if n_reps and not said and need > have:
        said.append(
            f"the tiers need {need:,.0f} selling hours a month and the reps have {have:,.0f}; lower tiers.sizes "
            f"or tiers.hours, or raise tiers.hours_per_rep"
        )
    return tuple(said)


def outside_preset(sizes: Sequence[int], policy: Policy) -> tuple[str, ...]:
    """A sentence for each of Tiers 1 and 2 that holds fewer or more accounts than its preset is for."""
    if policy.preset is None:
        return ()
    ranges = PRESETS[policy.preset].ranges
    return tuple(
        f"{policy.labels[t]} holds {sizes[t]:,} accounts; the {policy.preset} preset is for {low:,} to {high:,}"
        for t, (low, high) in enumerate(ranges[: policy.n_tiers - 1])
        if t < len(sizes) and not low <= sizes[t] <= high
    )


def _check_decisions(tables: Tables) -> None:
    """Decisions of people are few and binding: one that cannot stand stops the run instead of being set aside."""
    for row in tables.rejected.to_dict("records"):
        if row["table"] in ("overrides", "strategic"):
            got = repr(row["value"]) if row["value"] else "nothing"
            raise SheetError(
                f"{row['table']}: {row['column']!r} {row['rule']}, got {got} on line {row['line']} of {row['file']}; "
                f"mend the row, or take it out"
            )
    overrides, claims = tables.frame("overrides"), tables.frame("strategic")
    if "expires_at" in overrides and overrides["expires_at"].isna().any():
        first = overrides.loc[overrides["expires_at"].isna(), "account_id"].iloc[0]
        raise SheetError(f"overrides: the override of account {first} has no expires_at; give its last day")
    if unknown := sorted(set(claims["kind"].dropna()) - set(STRATEGIC_KINDS)):
        raise SheetError(
            f"strategic: kind {unknown[0]!r} is not known; known: {', '.join(STRATEGIC_KINDS)}; map it to one of them"
        )
    known = {
        *tables.frame("accounts" if tables.has_accounts else "deals")["account_id"],
        *tables.children["account_id"],
    }
    for name, rows in (("overrides", overrides), ("strategic", claims)):
        if strangers := sorted(set(rows["account_id"].dropna()) - known):
            what = "override" if name == "overrides" else "claim"
            raise SheetError(
                f"{name}: the {what} of account {strangers[0]!r} names no account of the tables; mend its id"
            )


def _check_floors(tables: Tables, policy: Policy, day: pd.Timestamp) -> None:
    """Gate every account as if each had a score: who could be tiered, and what their floors cost."""
    if not tables.has_accounts:
        return
    accounts = tables.frame("accounts")
    gates = policy.gates
    asked = {*gates.required, *gates.bounds, *gates.exclude}
    if not asked <= set(accounts.columns):
        return  # a gate on a feature: only the scores can say
    gated = gate_accounts(
        pd.DataFrame({"account_id": accounts["account_id"], "expected_value": 1.0}), tables, policy, as_of=day
    )
    n = int((gated["gate"] == QUALIFIED).sum())
    if policy.budget is not None and n * policy.investment_floor > policy.budget:
        floor, cost = policy.investment_floor, n * policy.investment_floor
        raise SheetError(
            f"'tiers.budget' of {policy.budget:,.0f} is below the floors: {n:,} accounts x {floor:,.2f} = {cost:,.0f}; "
            f"raise tiers.budget, or lower tiers.investment_floor"
        )
