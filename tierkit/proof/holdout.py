"""A randomised holdout near the cut: who takes part, how many it takes, how long, and what it costs."""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.power import detectable_rate, needed_rows
from tierkit.tiering.membership import HIGH, LOW
from tierkit.tiering.policy import Policy

LONGEST_MONTHS = 24
COARSE_RATIO = 2.0
"""A plan that can only see a rate more than doubled in the time given resolves nothing sensible."""

TREATED, CONTROL = "treated", "control"
_FREE = ("value", "band", "stay", "churn budget")
"""What may have put an account in its tier for a coin to take it out again; nobody's promise is broken."""

_NEEDED = ("account_id", "owner_id", "tier", "tier_by", "expected_value")
_LOOKED_AT = ("contactable", "has_open_deal", "is_customer", "off_support", "open_prob", "win_prob")
_COLUMNS = [
    "account_id",
    "name",
    "owner_id",
    "pair",
    "stratum",
    "expected_value",
    "membership_prob",
    "tier",
    "tier_in_test",
    "arm",
]

ASSUMPTIONS = (
    "Reps work each account by its tier in the test for the whole time, and not by what they know of the draw.",
    "An account counts as won or not by its arm, worked as planned or not.",
    "What a rep does for one account of a pair takes nothing from the other beyond its tier.",
    "Every round finds as many pairs near the cut as this one.",
    "It speaks of accounts near the cut only; those far above may gain more or less.",
)


@dataclass(frozen=True)
class HoldoutPlan:
    """A randomised test of what Tier 1 adds, one Tier 1 place a pair.

    Attributes
    ----------
    accounts : one row per account: account_id, name, owner_id, pair, stratum (rep and value band), expected_value,
        membership_prob, tier (without the test), tier_in_test, arm (treated or control).
    verdict : `ready` where the lift assumed shows within `months`, `coarse` where only a larger one does, `refused`
        where not even a doubled rate does.
    n_pairs : accounts an arm and round. n_rounds : rounds of `horizon_days` within `months`.
    base_rate, lift_rate : expected share of accounts that win in a round, without and with Tier 1's treatment.
    needed : accounts an arm for 80 % power at 5 %. months_needed : how long that takes; infinite without pairs.
    detectable : least difference of rates that shows within `months`; missing without pairs.
    cost : expected value given up a round, in money.
    """

    accounts: pd.DataFrame
    verdict: Literal["ready", "coarse", "refused"]
    n_pairs: int
    n_rounds: int
    horizon_days: int
    months: int
    base_rate: float
    lift_rate: float
    needed: int
    months_needed: float
    detectable: float
    cost: float


def plan_holdout(
    tiers: pd.DataFrame,
    policy: Policy,
    *,
    seed: int,
    horizon_days: int,
    base_rate: float | None = None,
    lift: float | None = None,
    share: float = 0.2,
    months: int = LONGEST_MONTHS,
) -> HoldoutPlan:
    """Pair the last accounts of Tier 1 with the next ones of the same rep, and draw which of each pair is worked.

    Parameters
    ----------
    tiers : as `assign_tiers` returns them; account_id, owner_id, tier, tier_by, expected_value; optional
        membership_prob (20 to 80 % is near the cut; without refits the nearest ranks), contactable, has_open_deal,
        is_customer, off_support, open_prob and win_prob (for the base rate), name.
    base_rate : share of such accounts that win within the horizon in Tier 2; unset, the mean of open_prob x win_prob.
    lift : rate in Tier 1 over that in Tier 2; unset, what the policy's uplift assumes.
    share : most of each rep's Tier 1 places to put to the test, at least one place.
    months : longest time a test may take.

    Raises
    ------
    TableError : a column is missing, or an account stands twice, or there is neither base rate nor chances.

    Whatever the draw, each rep works as many accounts in each tier as without the test. Only places won by value take
    part: strategic accounts, overrides, triggers, trials and open deals keep theirs. Account rates are compared by
    intention to treat; sizes are those of two independent arms, which errs on the long side for pairs.
    """
    rows = _check(tiers)
    pairs = _draw(_pair(rows, share), seed)
    assumed = lift if lift is not None else (1 + policy.tier_uplift[0]) / (1 + policy.tier_uplift[1])
    if assumed <= 1:
        raise TableError(f"holdout: 'lift' must be more than 1, got {assumed:g}; it is Tier 1's rate over Tier 2's")
    rate = _base_rate(pairs if len(pairs) else rows[rows["tier"] <= 2], base_rate)
    better = min(rate * assumed, 0.999)
    n_pairs = int(pairs["pair"].nunique())
    n_rounds = int(months * 30.4375 // horizon_days)
    needed = math.ceil(needed_rows(rate, better))
    months_needed = math.ceil(needed / n_pairs) * horizon_days / 30.4375 if n_pairs else math.inf
    n = n_pairs * n_rounds
    detectable = detectable_rate(rate, n, n) - rate if n else math.nan
    ready = months_needed <= months
    coarse = detectable <= (COARSE_RATIO - 1) * rate
    return HoldoutPlan(
        accounts=pairs[_COLUMNS],
        verdict="ready" if ready else "coarse" if coarse else "refused",
        n_pairs=n_pairs,
        n_rounds=n_rounds,
        horizon_days=horizon_days,
        months=months,
        base_rate=rate,
        lift_rate=better,
        needed=needed,
        months_needed=months_needed,
        detectable=detectable,
        cost=_cost(pairs, policy),
    )


def say_plan(plan: HoldoutPlan) -> tuple[str, ...]:
    """Who, how many, how long and at what cost; or how long it would take."""
    if not plan.n_pairs:
        return ("No test near the cut is possible: no rep has a Tier 1 account won by value and one next in line.",)
    who = (
        f"{plan.n_pairs} pairs of accounts, one in Tier 1 by a hair and one next in line with the same rep: a coin "
        f"says which of them is worked as Tier 1 for {plan.horizon_days} days, so every rep keeps as many of each."
    )
    aim = (
        f"If Tier 1's treatment lifts the share that wins from {_percent(plan.base_rate)} to "
        f"{_percent(plan.lift_rate)}, it takes {plan.needed:,} accounts an arm to show (80 % power at 5 %), "
        f"{_time(plan.months_needed)} at {plan.n_pairs} an arm and round."
    )
    cost = (
        f"Each round gives up an expected value of {plan.cost:,.0f}, since half the time the lesser account is worked."
    )
    if plan.verdict == "ready":
        return (f"Run it: {who}", aim, cost, *ASSUMPTIONS)
    seen = (
        f"Within {plan.months} months it could only tell {_percent(plan.base_rate)} from "
        f"{_percent(plan.base_rate + plan.detectable)} or more."
        if np.isfinite(plan.detectable)
        else f"Not one round of {plan.horizon_days} days ends within {plan.months} months."
    )
    if plan.verdict == "coarse":
        return (f"Run it only if you expect a large effect: {who}", seen, aim, cost, *ASSUMPTIONS)
    return (f"Do not run it: {aim}", seen)


def _check(tiers: pd.DataFrame) -> pd.DataFrame:
    if missing := [c for c in _NEEDED if c not in tiers]:
        raise TableError(f"tiers: column '{missing[0]}' is missing; a holdout needs {', '.join(_NEEDED)}")
    slim = tiers[[c for c in (*_NEEDED, *_LOOKED_AT, "name", "membership_prob") if c in tiers]]
    rows = slim.assign(account_id=tiers["account_id"].astype("str")).sort_values(
        "account_id", kind="stable", ignore_index=True
    )
    if (again := rows["account_id"].duplicated()).any():
        name = rows.loc[again, "account_id"].iloc[0]
        raise TableError(f"tiers: account {name!r} appears more than once ({again.sum():,} rows too many)")
    name = rows["name"] if "name" in rows else rows["account_id"]
    chance = rows["membership_prob"] if "membership_prob" in rows else pd.Series(np.nan, rows.index)
    return rows.assign(name=name, membership_prob=chance.astype("float64"))


def _pair(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Two rows a pair: the last of a rep's Tier 1 by value with the first of its Tier 2, moving away from the cut."""
    able = rows["tier_by"].isin(_FREE) & rows["tier"].isin([1, 2])
    for column, wanted in (("contactable", True), ("has_open_deal", False), ("is_customer", False)):
        if column in rows:
            able &= rows[column].astype("boolean").fillna(wanted) == wanted
    if "off_support" in rows:
        able &= ~rows["off_support"].astype("boolean").fillna(False)
    chance = rows["membership_prob"].astype("float64")
    near = chance.between(LOW, HIGH) if chance.notna().any() else pd.Series(True, rows.index)
    parts = []
    for owner, book in rows[rows["owner_id"].notna()].groupby("owner_id", sort=True):
        most = max(1, math.floor(share * int((book["tier"] == 1).sum())))
        free = book[able[book.index] & near[book.index]].sort_values(
            ["expected_value", "account_id"], ascending=[False, True], kind="stable"
        )
        last, following = free[free["tier"] == 1].iloc[::-1], free[free["tier"] == 2]
        n = min(most, len(last), len(following))
        for k in range(n):
            both = pd.concat([last.iloc[[k]], following.iloc[[k]]])
            parts.append(both.assign(pair=f"{owner}-{k + 1}"))
    if not parts:
        return rows.iloc[:0].assign(pair=pd.Series(dtype="str"), stratum=pd.Series(dtype="str"))
    pairs = pd.concat(parts, ignore_index=True)
    value = pairs.groupby("pair")["expected_value"].transform("mean")
    third = np.searchsorted(np.quantile(value, [1 / 3, 2 / 3]), value, side="left")
    band = np.array(["low", "middle", "high"], dtype=object)[third]
    return pairs.assign(stratum=pairs["owner_id"].astype("str") + ", " + band + " value")


def _draw(pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Who of each pair is treated: in half of each stratum's pairs, drawn by seed and account, the next in line."""
    if pairs.empty:
        return pairs.assign(tier_in_test=pairs["tier"], arm=pd.Series(dtype="str"))
    members = pairs.groupby("pair")["account_id"].agg(lambda ids: "|".join(sorted(ids)))
    lots = members.map(lambda ids: _lot(seed, ids))
    stratum = pairs.groupby("pair")["stratum"].first()
    order = pd.DataFrame({"stratum": stratum, "lot": lots}).sort_values(["stratum", "lot"], kind="stable")
    place = order.groupby("stratum").cumcount()
    # Which of an odd number comes first is drawn too, so that each pair is swapped with chance one half.
    coin = order["stratum"].map(lambda s: int(_lot(seed, s)[0], 16) % 2)
    swapped = pairs["pair"].map((place + coin) % 2 == 1).to_numpy(dtype=bool)
    treated = (pairs["tier"] == 1).to_numpy(dtype=bool) != swapped
    out = pairs.assign(tier_in_test=np.where(treated, 1, 2), arm=np.where(treated, TREATED, CONTROL))
    return out.sort_values(["owner_id", "pair", "tier", "account_id"], kind="stable", ignore_index=True)


def _lot(seed: int, key: str) -> str:
    return hashlib.blake2b(f"{seed}|holdout|{key}".encode(), digest_size=16).hexdigest()


def _base_rate(rows: pd.DataFrame, given: float | None) -> float:
    if given is not None:
        rate = float(given)
    elif {"open_prob", "win_prob"} <= set(rows) and len(rows):
        rate = float((rows["open_prob"] * rows["win_prob"]).mean())
    else:
        rate = math.nan
    if not 0 < rate < 1:
        raise TableError("holdout: no base rate; give base_rate, the share of Tier 2 accounts that win in the horizon")
    return rate


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %" if rate >= 0.0995 else f"{100 * rate:.1f} %"


def _time(months: float) -> str:
    return f"{months:.0f} months" if months < 36 else f"{months / 12:,.0f} years"


def _cost(pairs: pd.DataFrame, policy: Policy) -> float:
    """Expected uplift given up a round: in half of the pairs the lesser account is worked instead of the greater."""
    value = pairs["expected_value"].where(pairs["tier"] == 1, -pairs["expected_value"])
    return float(0.5 * value.sum() * (policy.tier_uplift[0] - policy.tier_uplift[1]))
