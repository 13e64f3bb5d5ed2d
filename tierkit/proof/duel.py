"""The score duel: are tiers, or a vendor's scores, that someone else set real? Nothing is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.features.leak_names import judge_name
from tierkit.features.leak_rules import AUC_FLAGGED
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.contracts import ROW_KEYS
from tierkit.inputs.customary import customary_deals
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings
from tierkit.inputs.tables import Tables
from tierkit.models.skill import auc_interval
from tierkit.proof.contestants import Contestant, enter_contestants
from tierkit.proof.contrast import Contrast, chance_lift, effective_rows, lift_change, lift_gain
from tierkit.proof.duel_rows import DuelRows, duel_rows
from tierkit.proof.headline import Headline, headline_lift
from tierkit.proof.lift import MIN_TIER1_WINS, tier_lift
from tierkit.proof.power import detectable_rate
from tierkit.proof.ratings import choose_periods
from tierkit.proof.trend import tier_trend

Verdict = Literal["real", "no_more_than_size", "chance", "too_good", "not_cleared", "too_early", "wrong_way"]
_BY_VALUE = ("value", "missing", "one_outcome")
"""Rules of the leak screen that a column's values break, not its name."""


@dataclass(frozen=True)
class Judgement:
    """What became of one column.

    Attributes
    ----------
    column, role : its name; `tier` or `score`. labels : what its tiers are called, best first; empty for a score.
    dated : whether a day says that the ratings judged stood before the deals opened.
    verdict : `real`, `no_more_than_size`, `chance`, `too_good`, `not_cleared`, `too_early` or `wrong_way`.
    lift : as of `tier_lift`, method `tierkit` being this column. headline : its primary contrast, if there is one.
    auc, auc_low, auc_high : of deals within their period of opening, clustered by account.
    in_order_prob, trend_p : as of `tier_trend`, for the unit of the headline.
    size_gain : lift over that of company size with as many places; None where no size is known.
    fade : lift of the older half of the deals minus that of the newer half, with a 99 % interval; None where it cannot
        be told.
    least_lift : the smallest difference that so many rows show in four of five cases. by_chance : how far a random
        order strays from none in 95 of 100.
    screen : verdict, rule, figure and reason of the leak screen.
    n_unrated, n_late, n_after_close : deals without a rating; with one set on the day they opened or later, or after
        their close (both enter no rate).
    """

    column: str
    role: Literal["tier", "score"]
    labels: tuple[str, ...]
    dated: bool
    verdict: Verdict
    lift: pd.DataFrame
    headline: Headline | None
    auc: float
    auc_low: float
    auc_high: float
    in_order_prob: float
    trend_p: float
    size_gain: Contrast | None
    fade: Contrast | None
    least_lift: float
    by_chance: float
    screen: Mapping[str, Any]
    n_unrated: int
    n_late: int
    n_after_close: int


@dataclass(frozen=True)
class Duel:
    """Judgements of a column of tiers, a column of scores, or both.

    Attributes
    ----------
    against : the lift of the score minus that of the tiers, on the same rows and with the same places.
    as_of : last day outcomes come from; missing where deals are undated, as is horizon_days then.
    n_deals, n_existing : new-business deals judged; deals of customers left out.
    size_name : what "company size" was read from, empty where nobody knows it.
    notes : how columns were read.
    """

    judgements: tuple[Judgement, ...]
    against: Contrast | None
    as_of: pd.Timestamp
    horizon_days: int | None
    n_deals: int
    n_existing: int
    size_name: str
    notes: tuple[str, ...]


def audit_tiers(
    deals: pd.DataFrame | Tables,
    *,
    tier: str | None = None,
    score: str | None = None,
    ratings: pd.DataFrame | None = None,
    known_at: str | None = None,
    order: Sequence[str] = (),
    size: str | None = None,
    as_of: pd.Timestamp | str | None = None,
    months: int = 12,
    settings: FeatureSettings | None = None,
    confidence: float = 0.95,
    seed: int = 20261031,
) -> Duel:
    """Put tiers or scores that someone else set to the same proof as tierkit's own.

    Parameters
    ----------
    deals : one row per deal, its columns named as in the contract or as CRMs customarily do (id, outcome, and where
        known account, opening and closing day, amount); or open tables.
    tier, score : at least one; columns of `deals`, or of `ratings` where those are given. Of scores the highest is the
        best; they are cut into as many places as the tiers have among the deals of each month, else 10, 20 and 70 %.
    ratings : dated tiers or scores: columns account_id, known_at, and optional valid_to. A deal has the one in force on
        the day before it opened; accounts are judged at month ends too.
    known_at : column of `deals` with the day the rating was set; one set on the opening day or later is not judged.
    order : the tiers best first, where digits or letters do not tell.
    size : column of company size; unset, employees, annual_revenue or seats.
    as_of : last day outcomes may come from; unset, the last day the data cover.
    months : month ends at which accounts are judged.

    Raises
    ------
    SheetError : neither column is named, or a name or the order cannot be.
    TableError : deals break their contract, or a column holds nothing to rank by.

    Only mature outcomes of new business count (`won_in_horizon`), intervals respect clustering by account
    (`statistics.md`, section 2). Undated ratings cannot be cleared of hindsight, and `dated` says so.
    """
    if tier is None and score is None:
        raise SheetError("name a column of tiers (--tier), a column of scores (--score), or both")
    tables = deals if isinstance(deals, Tables) else _open(deals, apart=[c for c in (tier, score, known_at, size) if c])
    day = pd.Timestamp(as_of) if as_of is not None else None
    rows = duel_rows(tables, as_of=day, size=size, settings=settings)
    if size is not None and not rows.size_name:
        raise SheetError(f"size column {size!r} must be a column of numbers of deals or accounts")
    if (ratings is not None or known_at is not None) and rows.horizon_days is None:
        raise TableError("deals: without 'opened_at' and 'closed_at' no dated rating can be judged (map both)")
    rows = replace(rows, deals=rows.deals.assign(period=choose_periods(rows.deals["opened_at"])))
    notes: list[str] = []
    entrants = enter_contestants(
        rows, tier=tier, score=score, ratings=ratings, known_at=known_at, order=order, months=months, notes=notes
    )
    dated = ratings is not None or known_at is not None
    judged = tuple(_judge(c, rows, dated=dated, confidence=confidence, seed=seed) for c in entrants)
    return Duel(
        judgements=judged,
        against=_against(entrants, judged, confidence),
        as_of=rows.as_of,
        horizon_days=rows.horizon_days,
        n_deals=len(rows.deals),
        n_existing=rows.n_existing,
        size_name=rows.size_name,
        notes=tuple(notes),
    )


def _open(deals: pd.DataFrame, *, apart: Sequence[str]) -> Tables:
    source = customary_deals(deals, apart=apart).source
    return open_tables({"deals": deals}, settings=DataSettings(deals=source))


def _judge(entrant: Contestant, rows: DuelRows, *, dated: bool, confidence: float, seed: int) -> Judgement:
    parts = [entrant.deals.assign(unit="deal")]
    if entrant.months is not None:
        parts.append(entrant.months.assign(unit="account"))
    replay = pd.concat([p.assign(kind="observed" if dated else "undated") for p in parts], ignore_index=True)
    lift = tier_lift(replay, confidence=confidence)
    trend = tier_trend(replay, seed=seed, gee=False)
    try:
        headline = headline_lift(lift)
    except TableError:
        headline = None
    auc, low, high = _auc(entrant, confidence)
    screen = _screen(entrant, dated=dated)
    judged = replay[replay["unit"] == (headline.unit if headline else "deal")]
    gain = fade = None
    least = stray = float("nan")
    if headline:
        top, base = int(headline.top[-1]), int(headline.base)
        if "size_tier" in judged:
            gain = lift_gain(judged, "tier", "size_tier", top=top, base=base, confidence=confidence)
        if not dated and rows.horizon_days is not None:
            fade = _fade(judged, top, base)
        n_top, n_base = (effective_rows(judged[arm]) for arm in (judged["tier"] <= top, judged["tier"] == base))
        least = detectable_rate(headline.base_rate, n_top, n_base, confidence=confidence) - headline.base_rate
        stray = chance_lift(n_top, n_base, float(judged["won_in_horizon"].mean()), confidence=confidence)
    ours = trend[(trend["method"] == "tierkit") & (trend["unit"] == (headline.unit if headline else "deal"))]
    return Judgement(
        column=entrant.column,
        role=entrant.role,
        labels=entrant.labels,
        dated=dated,
        verdict=_decide(headline, screen, auc, gain, dated=dated),
        lift=lift,
        headline=headline,
        auc=auc,
        auc_low=low,
        auc_high=high,
        in_order_prob=float(ours["in_order_prob"].iloc[0]) if len(ours) else float("nan"),
        trend_p=float(ours["p_value"].iloc[0]) if len(ours) else float("nan"),
        size_gain=gain,
        fade=fade,
        least_lift=least,
        by_chance=stray,
        screen=screen,
        n_unrated=int(entrant.deals["rating"].isna().sum()) - entrant.n_late,
        n_late=entrant.n_late,
        n_after_close=entrant.n_after_close,
    )


def _decide(
    headline: Headline | None, screen: Mapping[str, Any], auc: float, gain: Contrast | None, *, dated: bool
) -> Verdict:
    """What a column may be called; what speaks against believing it goes before how well it does."""
    by_value = screen["rule"] in _BY_VALUE and screen["verdict"] in ("refused", "flagged")
    if by_value or auc >= AUC_FLAGGED or (screen["verdict"] == "flagged" and screen["figure"] >= AUC_FLAGGED):
        return "too_good"
    if screen["verdict"] == "refused" and not dated:
        return "not_cleared"
    if headline is None:
        return "too_early"
    if headline.difference_high < 0:
        return "wrong_way"
    if headline.n_won_top < MIN_TIER1_WINS:
        return "too_early"
    if not headline.told_apart:
        return "chance"
    return "no_more_than_size" if gain is not None and gain.difference <= 0 else "real"


def _auc(entrant: Contestant, confidence: float) -> tuple[float, float, float]:
    """AUC of the rating among the deals of its period, with an interval clustered by account."""
    mature = entrant.deals[entrant.deals["won_in_horizon"].notna() & entrant.deals["rating"].notna()]
    if mature.empty:
        return float("nan"), float("nan"), float("nan")
    score = mature["rating"].to_numpy(dtype="float64") * (-1 if entrant.role == "tier" else 1)
    strata = pd.factorize(mature["period"], sort=True)[0]
    groups = pd.factorize(mature["group_id"], sort=True)[0]
    return auc_interval(mature["won_in_horizon"].to_numpy(), score, strata, groups, confidence=confidence)


def _screen(entrant: Contestant, *, dated: bool) -> Mapping[str, Any]:
    """The leak screen on the column as it was given; of dated ratings only on those that stood before the opening."""
    named = judge_name(entrant.column)
    # That a tier is called one says nothing against it here.
    is_plain = entrant.column in ROW_KEYS or (named is not None and named.rule == "tier")
    name = "rating" if is_plain else entrant.column
    keys = ["row_id", "group_id", "won_in_horizon", *(["acv"] if "acv" in entrant.deals else [])]
    shown = entrant.deals[[k for k in keys if k != name]].assign(**{name: entrant.raw})
    if dated:
        shown = shown[entrant.deals["rating"].notna()]
    settings = FeatureSettings(known_at_opening=(name,) if dated else ())
    verdicts = screen_features(shown, settings=settings)
    row = verdicts[verdicts["column"] == name].iloc[0]
    return {k: row[k] for k in ("verdict", "rule", "figure", "reason")}


def _fade(rows: pd.DataFrame, top: int, base: int) -> Contrast | None:
    """Lift of the older half of the mature deals minus that of the newer half, with a 99 % interval: it accuses."""
    mature = rows[rows["won_in_horizon"].notna() & rows["tier"].notna()]
    later = mature["opened_at"] > mature["opened_at"].median()
    for half in (mature[~later], mature[later]):
        if min(int((half["tier"] <= top).sum()), int((half["tier"] == base).sum())) < 2 * MIN_TIER1_WINS:
            return None
    return lift_change(mature, "tier", later, top=top, base=base, confidence=0.99)


def _against(entrants: Sequence[Contestant], judged: Sequence[Judgement], confidence: float) -> Contrast | None:
    """The lift of the score minus that of the tiers, both cut to the same places."""
    if len(entrants) < 2 or judged[0].headline is None or judged[1].headline is None:
        return None
    tiers, scores = entrants
    best = judged[1].headline
    on_months = best.unit == "account" and tiers.months is not None and scores.months is not None
    keys = ["account_id", "as_of"] if on_months else ["row_id"]
    first, second = (c.months if on_months and c.months is not None else c.deals for c in (scores, tiers))
    both = first.merge(second[[*keys, "tier"]], on=keys, suffixes=("", "_then"), validate="one_to_one")
    top, base = int(best.top[-1]), int(best.base)
    gain = lift_gain(both, "tier", "tier_then", top=top, base=base, confidence=confidence)
    return None if np.isnan(gain.difference) else gain
