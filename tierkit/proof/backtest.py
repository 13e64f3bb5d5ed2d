"""The whole policy replayed month by month as if live: models refitted, tiers set, outcomes counted when mature."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.deals import known_deals, label_wins
from tierkit.features.horizon import win_horizon
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.settings import ModelSettings
from tierkit.proof.known_later import LATER, had_we_known, later_values
from tierkit.proof.outcomes import account_outcomes
from tierkit.proof.past import build_past
from tierkit.proof.refits import MIN_CLASS, Refit, fit_as_known
from tierkit.proof.replayed_month import rank_deals, tier_accounts
from tierkit.proof.retiered import KEPT, keep_month
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

BACKTEST, TREATED = "backtest", "contains_treatment"

COLUMNS = [
    "unit",
    "kind",
    "row_id",
    "account_id",
    "as_of",
    "opened_at",
    "tier",
    "size_tier",
    "card_tier",
    "tier_in_use",
    "won_in_horizon",
    "is_open",
    "won_acv",
    "top_deal_id",
    "top_deal_acv",
    "win_prob",
    "expected_value",
    "horizon_days",
    "is_new_account",
]

UNDATED_LEFT_OUT = ("strategic", "exclusions", "reps")
"""Tables of rules whose rows carry `known_at`; rows without one stay out of a replay."""


@dataclass(frozen=True)
class Replayed:
    """A replay, and what it takes to replay it again under another policy without fitting anything.

    Attributes
    ----------
    replay : as `backtest_policy` returns it.
    months : as `retiered.keep_month` returns it, every month; empty without accounts.
    later : as `known_later.had_we_known` returns it, every month.
    """

    replay: pd.DataFrame
    months: pd.DataFrame
    later: pd.DataFrame


def backtest_policy(
    tables: Tables,
    policy: Policy,
    *,
    as_of: pd.Timestamp | str,
    months: int | None = None,
    seed: int,
    features: FeatureSettings | None = None,
    models: ModelSettings | None = None,
    proof: ProofSettings | None = None,
    refit_every: int = 3,
) -> pd.DataFrame:
    """Replay gates, tiers and hysteresis at month ends in the past, with models that knew no more than their month.

    Parameters
    ----------
    as_of : last day outcomes may come from.
    months : month ends replayed at most; default `proof.months`. Where the sheet says since when people work by tiers,
        the months before that day go first, later ones fill up.
    refit_every : months between refits of the win, opening and ACV models. The first month always fits; it also screens
        the columns, tunes the penalties and learns the ICP for all, since it knew least. The logit is fitted unless
        `models` names lightgbm: which of them is better cannot be asked anew each month.

    Returns
    -------
    One row per new-business deal opened in a replayed month, and per month end and account that was no customer yet
    (a customer has no new business to win, and would weigh down the tier it sits in): unit (deal or account),
    kind (backtest, or contains_treatment where the deal opened, or the account's horizon ends, once tiers were acted
    on), row_id, account_id, as_of (the month end), opened_at (of a deal), tier (missing outside the tiers), size_tier
    (as many accounts by size alone, unknown sizes last), card_tier (by the month's
    scorecard), tier_in_use (of `tier_history`), won_in_horizon (missing while
    immature), is_open (mature yet still open), won_acv (won within the horizon), top_deal_id and top_deal_acv (largest
    such deal), win_prob and expected_value as of the month end, horizon_days, is_new_account (none of its deals had
    opened when the models were last refitted). `attrs["notes"]`: what was replayed and
    what was left out, in sentences.

    Raises
    ------
    TableError : deals carry no opening day (then `lift_from_predictions` on out-of-fold predictions is what there is).

    A month is replayed once 40 accounts had won and 40 had not by then. Rules without a date (strategic, exclusions,
    reps) are left out and counted in the notes. The horizon is the one in force at `as_of`, since it defines the
    outcome; nothing else looks past its month. A deal's tier is its account's at the month end before it opened;
    without accounts, deals of a month are ranked among each other by what was known at opening.
    """
    return replay_policy(
        tables,
        policy,
        as_of=as_of,
        months=months,
        seed=seed,
        features=features,
        models=models,
        proof=proof,
        refit_every=refit_every,
    ).replay


def replay_policy(
    tables: Tables,
    policy: Policy,
    *,
    as_of: pd.Timestamp | str,
    months: int | None = None,
    seed: int,
    features: FeatureSettings | None = None,
    models: ModelSettings | None = None,
    proof: ProofSettings | None = None,
    refit_every: int = 3,
) -> Replayed:
    """As `backtest_policy`, with each month's gates and scores, and what later knowledge would have said of them."""
    features, models = features or FeatureSettings(), models or ModelSettings()
    proof = proof or ProofSettings()
    through = pd.Timestamp(as_of)
    if not tables.is_dated:
        raise TableError("deals: without 'opened_at' nothing can be replayed; use lift_from_predictions")
    horizon_days = win_horizon(tables, before=through, settings=features).days
    deals = known_deals(tables, before=through)
    deals = deals[deals["is_new_business"]].reset_index(drop=True)
    deals = deals.assign(won_in_horizon=label_wins(deals, horizon_days=horizon_days, before=through))
    acted_on = pd.Timestamp(proof.tiers_acted_on_since) if proof.tiers_acted_on_since else None
    origins = choose_origins(
        deals, as_of=through, horizon_days=horizon_days, months=months or proof.months, acted_on=acted_on
    )

    notes = _notes(tables, origins, refit_every, horizon_days)
    if not origins:
        return Replayed(_replay([], notes, acted_on), *_kept([], []))
    # Deals are rows to be scored only where there are no accounts.
    until = origins[-1] if tables.has_accounts else _next_month_end(origins[-1], through)
    past = build_past(tables, origins=origins, until=until, horizon_days=horizon_days, features=features)
    parts: list[pd.DataFrame] = []
    previous: pd.DataFrame | None = None
    refit: Refit | None = None
    verdicts: pd.DataFrame | None = None
    met: frozenset[str] = frozenset()
    later, months_kept, had_known = later_values(tables, through=through), [], []
    for k, origin in enumerate(origins):
        until = _next_month_end(origin, through)
        rows = past.to_score(origin, until=until)
        if refit is None or k % refit_every == 0:
            if verdicts is None:
                verdicts = screen_features(
                    past.known_deals(origin), scoring=rows, known_at_close=tables.known_at_close, settings=features
                )
            met = frozenset(past.known_deals(origin)["account_id"])
            refit = fit_as_known(
                tables,
                past,
                before=origin,
                verdicts=verdicts,
                features=features,
                models=models,
                seed=seed,
                earlier=refit,
            )
        if tables.has_accounts:
            month, gated, previous = tier_accounts(
                refit, rows, tables, policy, as_of=origin, previous=previous, models=models
            )
            months_kept.append(keep_month(gated, previous, month, tables, policy, as_of=origin))
            had_known.append(had_we_known(refit, gated, later, tables, policy, as_of=origin))
            parts.append(_account_rows(month, deals, horizon_days, through, acted_on, met))
            del gated
        else:
            month = rank_deals(refit, rows, tables, policy, after=origin, models=models)
        opened = deals[(deals["opened_at"] > origin) & (deals["opened_at"] <= until)]
        parts.append(_deal_rows(opened, month, origin, horizon_days, acted_on, met))
        del rows, month  # or they would stand in memory beside those of the next month
    return Replayed(_replay(parts, notes, acted_on), *_kept(months_kept, had_known))


def choose_origins(
    deals: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    horizon_days: int,
    months: int,
    acted_on: pd.Timestamp | None = None,
) -> list[pd.Timestamp]:
    """Month ends to replay, oldest first: those before tiers were acted on go first, the newest of them.

    A month end counts once 40 accounts with a win and 40 without one had mature deals.
    """
    if deals.empty:
        return []
    ends = pd.date_range(deals["opened_at"].min(), as_of - pd.Timedelta(days=1), freq="ME")
    due = deals["opened_at"] + pd.Timedelta(days=horizon_days)
    known = []
    for end in ends:
        mature = deals[due <= end]
        won = mature["won_in_horizon"] == 1
        if min(mature.loc[won, "account_id"].nunique(), mature.loc[~won, "account_id"].nunique()) >= MIN_CLASS:
            known.append(pd.Timestamp(end))
    before = [end for end in known if acted_on is None or end < acted_on][-months:]
    later = [end for end in known if acted_on is not None and end >= acted_on]
    return before + later[: months - len(before)]


def _account_rows(
    month: pd.DataFrame,
    deals: pd.DataFrame,
    horizon_days: int,
    through: pd.Timestamp,
    acted_on: pd.Timestamp | None,
    met: frozenset[str],
) -> pd.DataFrame:
    """A month's accounts that could win new business, those that were no customers, with what became of them."""
    origin = month["as_of"].iloc[0]
    month = month[~month["is_customer"]].drop(columns="is_customer").reset_index(drop=True)
    outcomes = account_outcomes(deals, month["account_id"], as_of=origin, horizon_days=horizon_days, through=through)
    reaches = acted_on is not None and origin + pd.Timedelta(days=horizon_days) >= acted_on
    return month.merge(outcomes, on="account_id", how="left", validate="one_to_one").assign(
        unit="account",
        kind=TREATED if reaches else BACKTEST,
        row_id=lambda d: d["account_id"],
        opened_at=pd.Series(pd.NaT, month.index),
        is_open=False,
        horizon_days=float(horizon_days),
        is_new_account=lambda d: ~d["account_id"].isin(met),
    )[COLUMNS]


def _deal_rows(
    opened: pd.DataFrame,
    month: pd.DataFrame,
    origin: pd.Timestamp,
    horizon_days: int,
    acted_on: pd.Timestamp | None,
    met: frozenset[str],
) -> pd.DataFrame:
    """Deals that opened in the month after `origin`, in the tier their account had then."""
    rows = opened.merge(month.drop(columns="as_of"), on="account_id", how="left", validate="many_to_one")
    won = rows["won_in_horizon"] == 1
    acv = (rows["acv"] if "acv" in rows else pd.Series(np.nan, rows.index)).where(won)
    treated = pd.Series(False, rows.index) if acted_on is None else rows["opened_at"] >= acted_on
    return rows.assign(
        unit="deal",
        kind=np.where(treated, TREATED, BACKTEST),
        row_id=rows["deal_id"],
        as_of=origin,
        is_open=rows["won_in_horizon"].notna() & (rows["outcome"] == "open"),
        won_acv=acv,
        top_deal_id=rows["deal_id"].where(won),
        top_deal_acv=acv,
        horizon_days=float(horizon_days),
        is_new_account=lambda d: ~d["account_id"].isin(met),
    )[COLUMNS]


def _next_month_end(origin: pd.Timestamp, through: pd.Timestamp) -> pd.Timestamp:
    return min(origin + pd.offsets.MonthEnd(1), through)


def _replay(parts: list[pd.DataFrame], notes: list[str], acted_on: pd.Timestamp | None) -> pd.DataFrame:
    replay = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    replay = replay.sort_values(["unit", "as_of", "row_id"], kind="stable", ignore_index=True)
    if len(replay) and acted_on is not None and not (replay["kind"] == BACKTEST).any():
        notes = [
            *notes,
            f"No replayed deal or account month lies before {acted_on:%Y-%m-%d}, when tiers began to be acted on: "
            "every figure contains the effect of the work itself.",
        ]
    replay.attrs["notes"] = notes
    return replay


def _kept(months: list[pd.DataFrame], later: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    one = pd.concat(months, ignore_index=True) if months else pd.DataFrame(columns=list(KEPT))
    return one, pd.concat(later, ignore_index=True) if later else pd.DataFrame(columns=list(LATER))


def _notes(tables: Tables, origins: list[pd.Timestamp], refit_every: int, horizon_days: int) -> list[str]:
    if not origins:
        return [f"Nothing was replayed: no month end had {MIN_CLASS} accounts with and {MIN_CLASS} without a win yet."]
    ends = "month end" if len(origins) == 1 else "month ends"
    notes = [
        f"{len(origins)} {ends} replayed, {origins[0]:%Y-%m-%d} to {origins[-1]:%Y-%m-%d}; models refitted every "
        f"{refit_every} months; a win counts within {horizon_days} days."
    ]
    for name in UNDATED_LEFT_OUT:
        table = tables.frame(name)
        undated = int(table["known_at"].isna().sum()) if "known_at" in table else len(table)
        if undated and tables.has(name):
            notes.append(f"{undated:,} rows of {name} carry no known_at and were left out.")
    return notes
