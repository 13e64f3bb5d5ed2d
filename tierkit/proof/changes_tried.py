"""Changes that would have caught a miss, each tried on every replayed month, with its price (requirement E8)."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.inputs.tables import Tables
from tierkit.proof.known_later import LATER
from tierkit.proof.misses import WON
from tierkit.proof.retiered import Month, tier_again
from tierkit.tiering.gates import NEEDS_INFO, OUT_OF_ICP, QUALIFIED
from tierkit.tiering.policy import Policy

Kind = Literal["data", "policy", "model"]


@dataclass(frozen=True)
class Change:
    """One thing that could be done otherwise.

    Attributes
    ----------
    key, says : its name, and what to do in words.
    kind : data (a field is looked up), policy (a rule of the sheet) or model (another way to rank).
    policy : the rules it is tried under. more : places added to each tier but the last, per rep.
    field : the field that is looked up. requalify : the gate whose accounts would be tiered. value : of a
        kept month, what to rank by.
    """

    key: str
    says: str
    kind: Kind
    policy: Policy
    more: tuple[int, ...] = ()
    field: str = ""
    requalify: str = ""
    value: str = ""


@dataclass(frozen=True)
class Trials:
    """What came of every change.

    Attributes
    ----------
    table : as `try_changes` describes it.
    caught : one row per change and miss it would have caught: change, account_id, as_of.
    """

    table: pd.DataFrame
    caught: pd.DataFrame = field(repr=False)


def possible_changes(misses: pd.DataFrame, months: list[Month], later: pd.DataFrame, policy: Policy) -> list[Change]:
    """The changes of the catalogue that might reach one of the misses; others are not worth the time to try."""
    last = policy.n_tiers
    won, failed = misses[misses["miss"] == WON], misses[misses["miss"] != WON]
    tiered = won[won["tier"].notna()]
    live = pd.concat(
        [m.ground.triggers.assign(as_of=m.as_of)[["as_of", "account_id", "kind", "promotes"]] for m in months]
    ).merge(tiered[["as_of", "account_id"]], on=["as_of", "account_id"])
    before = pd.concat([m.rows[["as_of", "account_id", "tier_by"]] for m in months])
    found: list[Change] = []
    lacked = later.merge(misses[["as_of", "account_id"]], on=["as_of", "account_id"])
    for name in sorted(set(lacked["field"])):
        words = feature_of(str(name)).label
        found.append(Change(f"know_{name}", f"Look up {words} where it is unknown", "data", policy, field=str(name)))
    if len(tiered):
        above = last - 1
        n_reps = len(months[-1].book.capacity.owners) - 1
        # Without reps all places are one pool, of which a twentieth is a step.
        step = 1 if n_reps else max(1, round(sum((m.rows["tier"] == above).sum() for m in months) / len(months) / 20))
        for n in (step, 5 * step):
            if n > step and _steps_below(tiered, months, last) > _REACH * n:
                continue
            more = tuple(n * (t == above) for t in range(1, last))
            each = f"{n:,} more place{'' if n == 1 else 's'}"
            says = f"Give every rep {each} in Tier {above}" if n_reps else f"Make Tier {above} larger: {each}"
            found.append(Change(f"places_{n}", says, "policy", policy, more))
        if not live.loc[live["promotes"]].empty and policy.promotion_min_fit > 0:
            easier = policy.model_copy(update={"promotion_min_fit": 0.0})
            found.append(
                Change("any_fit", "Let a promoting trigger lift an account whatever its fit", "policy", easier)
            )
        for kind in sorted(set(live.loc[~live["promotes"], "kind"])):
            promote = policy.model_copy(update={"promote": (*policy.promote, str(kind))})
            words = str(kind).replace("_", " ")
            found.append(Change(f"promote_{kind}", f"Let {words} promote an account, too", "policy", promote))
    if len(failed) and policy.n_tiers > 1:
        n_first = sum((m.rows["tier"] == 1).sum() for m in months) / len(months)
        n = 1 if len(months[-1].book.capacity.owners) > 1 else max(1, round(n_first / 20))
        says = "Give every rep one Tier 1 place fewer" if n == 1 else f"Make Tier 1 smaller: {n:,} places fewer"
        found.append(Change("tier1_fewer", says, "policy", policy, (-n, *([0] * (last - 2)))))
    by_claim = failed.merge(before, on=["as_of", "account_id"])["tier_by"].eq("strategic").any()
    near = len(tiered) and policy.n_tiers == 2 and _steps_below(tiered, months, last) <= policy.strategic_slots
    if policy.strategic_slots and (by_claim or near):
        none = policy.model_copy(update={"strategic_slots": 0})
        found.append(Change("no_reserve", "Keep no Tier 1 place for strategic claims", "policy", none))
    if policy.stability != "low" or policy.hold.band > 0 or policy.hold.churn_budget < 1:
        free = {"stability": "low", "band": None, "min_stay_months": None, "moving_cost": None, "churn_budget": None}
        loose = policy.model_copy(update=free)
        found.append(
            Change("no_hold", "Hold no account in its tier: no band, no stay, no churn budget", "policy", loose)
        )
    for gate, key, says in (
        (NEEDS_INFO, "rank_unknown", "Tier accounts that lack a required field, too"),
        (OUT_OF_ICP, "rank_outside", "Tier accounts outside the profile, too"),
    ):
        if (won["gate"] == gate).any():
            found.append(Change(key, says, "policy", policy, requalify=gate))
    rows = pd.concat([m.rows for m in months])
    for value, words in (("card_value", "the points of the scorecard"), ("size", "company size alone")):
        if value in rows and rows[value].notna().any():
            found.append(Change(f"by_{value}", f"Rank by {words}", "model", policy, value=value))
    return found


def try_changes(
    changes: list[Change],
    misses: pd.DataFrame,
    replay: pd.DataFrame,
    months: list[Month],
    later: pd.DataFrame,
    tables: Tables,
    policy: Policy,
) -> Trials:
    """Every change replayed on every month, from the first month on, with what it catches and what it costs.

    Parameters
    ----------
    misses : as `find_misses` returns them. replay, later : of `Replayed`. months : as `retiered.open_months`.

    Returns
    -------
    One row per change, in the order given: change, says, kind, n_caught (of n_misses), n_months, n_won (mature deals
    won that opened in the months replayed), n_gained and n_lost (of them, those that come to stand above the last tier,
    and those that no longer do), acv_more (their won value, net), n_gained_tier1, n_lost_tier1, places (account-months
    above the last tier as it was), places_more, places_tier1_more, n_moved (account-months in another tier), n_filled
    (account-months whose field would be looked up), wins_in_place and wins_last (deals won per account-month of the
    tier above the last, and of the last, as it was).

    Nothing is refitted. A deal counts in the tier its account had at the month end before it opened. Customers, and
    accounts whose deal is open, take places and are counted among them.
    """
    last = policy.n_tiers
    deals = replay[(replay["unit"] == "deal") & (replay["won_in_horizon"] == 1)].reset_index(drop=True)
    before = pd.concat([m.rows[["as_of", "account_id", "tier"]] for m in months], ignore_index=True)
    key = pd.MultiIndex.from_frame(before[["as_of", "account_id"]])
    was = before["tier"].set_axis(key)
    at_deals = pd.MultiIndex.from_frame(deals[["as_of", "account_id"]].astype({"as_of": before["as_of"].dtype}))
    at_misses = pd.MultiIndex.from_frame(misses[["as_of", "account_id"]].astype({"as_of": before["as_of"].dtype}))
    above, below = was == last - 1, was == last
    tier_then = was.reindex(at_deals).to_numpy()
    rates = {
        "wins_in_place": float((tier_then == last - 1).sum() / max(int(above.sum()), 1)),
        "wins_last": float((tier_then == last).sum() / max(int(below.sum()), 1)),
    }
    rows, caught = [], []
    for change in changes:
        now = _retier(change, months, later, tables, was)
        deal_now = now.reindex(at_deals).to_numpy()
        up_then, up_now = tier_then < last, deal_now < last
        miss_now = now.reindex(at_misses).to_numpy()
        hit = np.where(misses["miss"] == WON, miss_now < last, ~(miss_now == 1))
        acv = deals["won_acv"].fillna(0.0).to_numpy(dtype="float64")
        filled = later["field"].eq(change.field).sum() if change.field else 0
        rows.append(
            {
                "change": change.key,
                "says": change.says,
                "kind": change.kind,
                "n_caught": int(hit.sum()),
                "n_misses": len(misses),
                "n_months": len(months),
                "n_won": len(deals),
                "n_gained": int((up_now & ~up_then).sum()),
                "n_lost": int((up_then & ~up_now).sum()),
                "acv_more": float(acv[up_now].sum() - acv[up_then].sum()),
                "n_gained_tier1": int(((deal_now == 1) & (tier_then != 1)).sum()),
                "n_lost_tier1": int(((tier_then == 1) & (deal_now != 1)).sum()),
                "places": int((was < last).sum()),
                "places_more": int((now < last).sum() - (was < last).sum()),
                "places_tier1_more": int((now == 1).sum() - (was == 1).sum()),
                "n_moved": int((now.fillna(0) != was.fillna(0)).sum()),
                "n_filled": int(filled),
                **rates,
            }
        )
        caught.append(misses.loc[hit, ["account_id", "as_of"]].assign(change=change.key))
    none = pd.DataFrame({"account_id": [], "as_of": [], "change": []})
    return Trials(pd.DataFrame(rows), pd.concat(caught, ignore_index=True) if caught else none)


_REACH = 3
"""A place more for a rep may reach further down than one account, since tiers hold on to whom they have: this far."""


def _steps_below(tiered: pd.DataFrame, months: list[Month], last: int) -> float:
    """How many accounts of the last tier stand before the nearest missed winner with its rep, itself included."""
    nearest = np.inf
    for month in months:
        rows = month.rows[month.rows["tier"] == last]
        owner = rows["owner_id"].astype("str").fillna("") if "owner_id" in rows else pd.Series("", rows.index)
        place = rows["expected_value"].groupby(owner).rank(ascending=False, method="first")
        mine = tiered.loc[tiered["as_of"] == month.as_of, "account_id"]
        nearest = min(nearest, place[rows["account_id"].isin(mine)].min(), key=lambda n: np.inf if np.isnan(n) else n)
    return float(nearest)


def _retier(
    change: Change,
    months: list[Month],
    later: pd.DataFrame,
    tables: Tables,
    was: "pd.Series[float]",
) -> "pd.Series[float]":
    """The tier of every account and month under a change: index as_of, account_id, in the order of `was`."""
    tried = [_changed(change, month, later, tables) for month in months]
    tiers = tier_again(tried, change.policy, more=change.more)
    return tiers["tier"].set_axis(pd.MultiIndex.from_frame(tiers[["as_of", "account_id"]])).reindex(was.index)


def _changed(change: Change, month: Month, later: pd.DataFrame, tables: Tables) -> Month:
    """The month under a change: a field known, a gate open, another value to rank by."""
    rows = month.rows
    if change.value:
        return month.ranked_by(change.value)
    if change.field:
        known = later[(later["field"] == change.field) & (later["as_of"] == month.as_of)].set_index("account_id")
        here = rows["account_id"].isin(known.index)
        mine = known.reindex(rows["account_id"]).set_axis(rows.index)
        told = [c for c in LATER[4:] if c in rows]
        rows = rows.assign(**{c: rows[c].mask(here, mine[c].astype(rows[c].dtype, errors="ignore")) for c in told})
        return month.with_rows(rows, tables, change.policy)
    if change.requalify:
        opened = (rows["gate"] == change.requalify) & rows["expected_value"].notna()
        return month.with_rows(rows.assign(gate=rows["gate"].mask(opened, QUALIFIED)), tables, change.policy)
    return month
