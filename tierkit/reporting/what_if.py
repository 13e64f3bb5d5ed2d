"""What if the rules were others: the month's tiers assigned anew under changed slots, weights and windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
from pydantic import ValidationError

from tierkit.errors import SheetError
from tierkit.inputs.tables import Tables
from tierkit.reporting.runs import Run
from tierkit.tiering.assign import plan_tiers
from tierkit.tiering.capacity import POOL, in_proportion
from tierkit.tiering.policy import Policy


@dataclass(frozen=True)
class WhatIf:
    """Tiers under other rules, beside those of the run.

    Attributes
    ----------
    tiers : one row per qualified account, as `plan_tiers` returns them.
    sizes : one row per tier: tier, n_now, n_then, value_now, value_then (expected value held, as the models see it).
    moves : one row per account whose tier is another: account_id, name, owner_id, from_tier, to_tier, expected_value,
        tier_reason; those that enter or leave Tier 1 first, then by value.
    changed : what was changed, in words; empty where nothing was.
    """

    tiers: pd.DataFrame = field(repr=False)
    sizes: pd.DataFrame
    moves: pd.DataFrame
    changed: tuple[str, ...]

    @property
    def entered(self) -> pd.DataFrame:
        """The moves into Tier 1."""
        return self.moves[self.moves["to_tier"] == 1]

    @property
    def left(self) -> pd.DataFrame:
        """The moves out of Tier 1."""
        return self.moves[self.moves["from_tier"] == 1]


def what_if(
    run: Run,
    *,
    tier1_slots: int | None = None,
    tier2_slots: int | None = None,
    strategic_slots: int | None = None,
    strategic_weight: float = 0.0,
    uplift: tuple[float, ...] | None = None,
    fit_weights: Mapping[str, float] | None = None,
    stability: Literal["low", "normal", "high"] | None = None,
    windows: Mapping[str, int] | None = None,
    promotion_share: float | None = None,
) -> WhatIf:
    """The run's tiers assigned anew with some rules changed; what is not named stays as the run sheet has it.

    Parameters
    ----------
    run : scored and tiered; nothing in it is changed, nothing is kept.
    tier1_slots, tier2_slots : accounts that all reps together hold in the tier; spread over them like their slots now.
    strategic_slots : Tier 1 places kept for strategic claims.
    strategic_weight : 1 ranks an account with the strongest claim as if it were worth twice its expected value. Not a
        key of the run sheet: there claims have places of their own.
    uplift : share of its expected value that an account gains by each tier's treatment, best first.
    fit_weights : weight of each part of fit (industry, size, geography, stack, behaviour); the others keep theirs.
        Where a win model is used, fit decides only who may be promoted.
    windows : days each kind of trigger stays live; the others keep theirs.
    promotion_share : promotions at one time, as a share of the places of the tier they lead to.

    Raises
    ------
    SheetError : a value is out of its range, or capacity is short under the rules asked for.
    """
    policy, tables = run.sheet.tiers, run.tables
    asked: dict[str, Any] = {
        "strategic_slots": strategic_slots,
        "uplift": uplift,
        "stability": stability,
        "windows": None if windows is None else {**policy.windows, **windows},
        "promotion_share": promotion_share,
    }
    asked = {key: value for key, value in asked.items() if value is not None and value != getattr(policy, key)}
    wanted = {1: tier1_slots, 2: tier2_slots}
    slots = {t: n for t, n in wanted.items() if n is not None and t < policy.n_tiers and n != slots_now(run)[t]}
    policy, tables = _with_slots(run, _checked(policy, asked), tables, slots)
    gated = _weighted(run, strategic_weight, fit_weights or {})
    plan = plan_tiers(gated, tables, policy, as_of=run.as_of, previous=run.previous, seed=run.seed)
    worth = run.gated.set_index("account_id")["expected_value"]
    tiers = plan.tiers.assign(expected_value=plan.tiers["account_id"].map(worth))
    if "windows" in asked:
        before = run.sheet.tiers.windows
        asked["windows"] = {kind: days for kind, days in asked["windows"].items() if days != before.get(kind)}
    said = [f"{key.replace('_', ' ')} {_told(value)}" for key, value in asked.items()]
    said += [f"Tier {t} slots {n:,}" for t, n in slots.items()]
    said += [f"strategic weight {strategic_weight:g}"] if strategic_weight else []
    said += [f"fit weights {_told(fit_weights)}"] if fit_weights else []
    return WhatIf(tiers, _sizes(run, tiers), _moves(run.tiers, tiers), tuple(said))


def slots_now(run: Run) -> dict[int, int]:
    """Accounts that Tier 1, and Tier 2 where it is not the last, may hold in all; where tiers are shares, they hold."""
    n = min(run.sheet.tiers.n_tiers - 1, 2)
    held = run.tiers["tier"].value_counts()
    slots = run.capacity.groupby("tier")["slots"].sum(min_count=1)
    sizes = run.sheet.tiers.sizes
    now = {}
    for t in range(1, n + 1):
        known = sizes[t - 1] if sizes is not None else slots.get(t)
        now[t] = int(held.get(t, 0)) if known is None or pd.isna(known) else int(known)
    return now


def _checked(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    try:
        return Policy.model_validate({**policy.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the rules"
        raise SheetError(f"what if: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def _with_slots(run: Run, policy: Policy, tables: Tables, slots: Mapping[int, int]) -> tuple[Policy, Tables]:
    """The rules and the reps, holding `slots` accounts of each tier in all."""
    if not slots:
        return policy, tables
    now = slots_now(run)
    if policy.shares is not None:
        n = max(len(run.tiers), 1)
        shares = [slots[t] / n if t in slots else share for t, share in enumerate(policy.shares, start=1)]
        return _checked(policy, {"shares": tuple(shares)}), tables
    if policy.sizes is not None:
        sizes = [slots.get(t, size) for t, size in enumerate(policy.sizes, start=1)]
        policy = _checked(policy, {"sizes": tuple(sizes)})
    of_reps = run.capacity[run.capacity["owner_id"] != POOL]
    if of_reps.empty:
        keys = {t: f"tier{t}_per_rep" for t in slots}
        return _checked(policy, {key: slots[t] for t, key in keys.items()}), tables
    reps = of_reps.drop_duplicates("owner_id")[["owner_id", "name"]].reset_index(drop=True)
    for t in (1, 2):
        held = of_reps[of_reps["tier"] == t].set_index("owner_id")["slots"].reindex(reps["owner_id"])
        held_now = held.fillna(0).to_numpy(dtype="int64")
        if t in slots:
            # Where the sheet states sizes the reps hold more than those, and grow by the same factor.
            total = slots[t] if policy.sizes is None else -(-int(held_now.sum()) * slots[t] // max(now[t], 1))
            held_now = _spread(held_now, total)
        reps[f"tier{t}_slots"] = held_now
    return policy, tables.with_frame("reps", reps)


def _spread(held: Any, total: int) -> Any:
    """`total` over reps like what they hold now, evenly where nobody holds any."""
    weights = held if held.sum() else held + 1
    # `in_proportion` gives nobody more than the weight it stands for: weights that large let everybody have enough.
    return in_proportion(weights * max(total, 1), total)


def _weighted(run: Run, strategic_weight: float, fit_weights: Mapping[str, float]) -> pd.DataFrame:
    """The gated accounts, ranked with claims weighed in and fit weighted anew."""
    gated = run.gated
    if strategic_weight:
        claimed = gated["strategic_value"].fillna(0.0) if "strategic_value" in gated else 0.0
        # Where no row has a value, tiers rank by fit.
        ranked = "expected_value" if gated["expected_value"].notna().any() else "fit_score"
        gated = gated.assign(**{ranked: gated[ranked] * (1 + strategic_weight * claimed)})
    if fit_weights:
        profile = run.icp.weights
        weights = {**dict(zip(profile["part"], profile["weight"], strict=True)), **fit_weights}
        if unknown := sorted(part for part in weights if f"fit_{part}" not in gated):
            raise SheetError(f"what if: fit has no part {unknown[0]!r}; known: {', '.join(profile['part'])}")
        if min(weights.values()) < 0 or not sum(weights.values()):
            raise SheetError("what if: weights of fit must be 0 or more, and one of them above 0")
        total = sum(weights.values())
        fit = sum((gated[f"fit_{part}"] * (w / total) for part, w in weights.items()), pd.Series(0.0, gated.index))
        gated = gated.assign(fit_score=fit)
    return gated


def _sizes(run: Run, then: pd.DataFrame) -> pd.DataFrame:
    """Accounts and expected value of each tier, now and then."""
    rows = []
    for t in range(1, run.sheet.tiers.n_tiers + 1):
        now_in, then_in = (frame[frame["tier"] == t]["expected_value"] for frame in (run.tiers, then))
        worth = (float(values.sum(min_count=1)) if len(values) else 0.0 for values in (now_in, then_in))
        rows.append((t, len(now_in), len(then_in), *worth))
    return pd.DataFrame(rows, columns=["tier", "n_now", "n_then", "value_now", "value_then"])


def _moves(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    columns = ["account_id", "name", "owner_id", "tier", "expected_value", "tier_reason"]
    both = then.reindex(columns=columns).rename(columns={"tier": "to_tier"})
    both["from_tier"] = both["account_id"].map(now.set_index("account_id")["tier"])
    moved = both[both["from_tier"] != both["to_tier"]]
    first = (moved[["from_tier", "to_tier"]] == 1).any(axis=1)
    moved = moved.assign(_first=~first).sort_values(
        ["_first", "expected_value", "account_id"], ascending=[True, False, True], kind="stable"
    )
    order = ["account_id", "name", "owner_id", "from_tier", "to_tier", "expected_value", "tier_reason"]
    return moved[order].reset_index(drop=True)


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(key).replace('_', ' ')} {part:g}" for key, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
