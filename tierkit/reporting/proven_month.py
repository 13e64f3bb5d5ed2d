"""The month's proof: the replay, its lift and its misses, what carries the tiers, and the audit."""

from dataclasses import dataclass

import pandas as pd

from tierkit.models.contest import size_column
from tierkit.models.scorecard import unseen_values
from tierkit.proof.ablation import ablate_groups
from tierkit.proof.audit import audit_run
from tierkit.proof.backtest import Replayed, replay_policy
from tierkit.proof.bookings import reconcile_bookings
from tierkit.proof.decidable import decidable
from tierkit.proof.drift_table import drift_table
from tierkit.proof.lift import lift_from_predictions, tier_lift
from tierkit.proof.miss_classes import explain_misses
from tierkit.proof.reason_stability import reason_stability
from tierkit.proof.robustness import tier_robustness
from tierkit.proof.scorecard import compare_scorecard
from tierkit.proof.stability import stability_cost
from tierkit.proof.trend import tier_trend
from tierkit.reporting.draft import kept, kept_with
from tierkit.reporting.earlier import (
    earlier_bookings,
    earlier_reasons,
)
from tierkit.reporting.observed_month import ObservedMonth


@dataclass(frozen=True)
class ProvenMonth(ObservedMonth):
    """From tiers to what can be claimed of them."""

    @kept
    def steadiness(self) -> pd.DataFrame | None:
        """What each level of stability would cost this month; None where nobody held a tier before."""
        return stability_cost(self.gated, self.tables, self.sheet.tiers, as_of=self.as_of, previous=self.previous)

    @kept
    def reason_stability(self) -> pd.DataFrame | None:
        """How far reasons are those of the month published before; None without one, or without reasons."""
        before = earlier_reasons(self.reports, self.month)
        if before is None or before.empty or self.reasons.empty:
            return None
        return reason_stability(self.reasons, before)

    @property
    def can_replay(self) -> bool:
        """Whether the policy can be replayed: a model that is not used sets no tiers, so there are none of its."""
        return bool(self.tables.has_accounts and self.tables.is_dated and self.win_in_use)

    def replay_months(self) -> Replayed:
        """Replay the policy and keep what came of it, and what it takes to tier its months again."""
        done = replay_policy(
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            months=self.sheet.proof.months,
            seed=self.seed,
            features=self.sheet.features,
            models=self.sheet.models,
            proof=self.sheet.proof,
        )
        self.keep(replayed_accounts=done.months, known_later=done.later)
        return done

    @kept
    def replay(self) -> pd.DataFrame | None:
        """The policy replayed month by month as if live; None where it cannot be."""
        return self.replay_months().replay if self.can_replay else None

    @kept_with("replay")
    def replayed_accounts(self) -> pd.DataFrame | None:
        """Gates and scores of every replayed month, to tier it again under other rules; None where it cannot be."""
        return self.replay_months().months if self.can_replay else None

    @kept_with("replay")
    def known_later(self) -> pd.DataFrame | None:
        """What fields that became known later would have said of accounts then; None where nothing is replayed."""
        return self.replay_months().later if self.can_replay else None

    def learn_from_misses(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Class the misses of the replay, try changes on all of its months, and keep both; None without a replay."""
        replay, months, later = self.replay, self.replayed_accounts, self.known_later
        if replay is None or months is None or later is None or self.horizon_days is None:
            return None
        misses, tried = explain_misses(
            Replayed(replay, months, later),
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            horizon_days=self.horizon_days,
        )
        self.keep(changes_tried=tried, misses=misses)
        return misses, tried

    @kept
    def misses(self) -> pd.DataFrame | None:
        """The costliest misses of the replay, each with its class and what would have caught it; None without one."""
        learned = self.learn_from_misses()
        return None if learned is None else learned[0]

    @kept_with("misses")
    def changes_tried(self) -> pd.DataFrame | None:
        """Changes that might have caught them, each tried on all replayed months; None without a replay."""
        learned = self.learn_from_misses()
        return None if learned is None else learned[1]

    @kept
    def decidable(self) -> pd.DataFrame | None:
        """What the tiers as they stand could show, and the month from which more can be said."""
        if self.replay is None or self.replay.empty:
            return None
        confidence = self.sheet.proof.confidence
        return decidable(self.replay, as_of=self.as_of, acted_on=self.acted_on, confidence=confidence)

    @kept
    def trend(self) -> pd.DataFrame | None:
        """Whether rates fall from tier to tier, over all tiers at once."""
        if self.replay is None or self.replay.empty:
            return None
        return tier_trend(self.replay, seed=self.seed, confidence=self.sheet.proof.confidence)

    @kept
    def robustness(self) -> pd.DataFrame | None:
        """Would Tier 1 be the same under another seed, or with less to learn from; None without a model."""
        if self.win_in_use is None:
            return None
        return tier_robustness(
            self.account_rows,
            self.deal_rows,
            self.panel_rows,
            self.verdicts,
            self.opening_verdicts,
            self.opening,
            self.win_in_use,
            self.acv,
            self.gated,
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            models=self.sheet.models,
            seed=self.seed,
        )

    @kept
    def ablation(self) -> pd.DataFrame | None:
        """How many accounts would change tier without each group of features; None without a model."""
        if self.win_in_use is None:
            return None
        return ablate_groups(
            self.account_rows,
            self.deal_rows,
            self.panel_rows,
            self.opening,
            self.win_in_use,
            self.acv,
            self.gated,
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            seed=self.seed,
        )

    @kept
    def card_worth(self) -> pd.DataFrame | None:
        """Tier 1 by the scorecard beside Tier 1 by the models; None without a scorecard."""
        card, win = self.scorecard, self.win_in_use
        if card is None or win is None:
            return None
        unseen = unseen_values(self.qualified, self.opening, win, self.acv, places=self.places)
        return compare_scorecard(card, self.qualified, self.tables, self.sheet.tiers, as_of=self.as_of, unseen=unseen)

    @kept
    def drift(self) -> pd.DataFrame | None:
        """What has moved since the newest rows the models learned from; None without accounts or models."""
        if self.panel_rows.empty or self.win_in_use is None:
            return None
        return drift_table(self.panel_rows, self.scores, opening=self.opening, win=self.win_in_use, acv=self.acv)

    @kept
    def lift(self) -> pd.DataFrame | None:
        """Win rate by tier and how tiers compare, with intervals: replayed, and as it happened."""
        if self.replay is not None and len(self.replay):
            rows = [part for part in (self.replay, self.observed, self.held_out) if part is not None]
            return tier_lift(pd.concat(rows, ignore_index=True), confidence=self.sheet.proof.confidence)
        win = self.win_in_use
        if win is None or win.predictions.empty:
            return None
        predictions, size = win.predictions, size_column(self.deal_rows, self.sheet.models.size_column)
        if size is not None:
            predictions = predictions.merge(
                self.deal_rows[["row_id", size]].rename(columns={size: "size"}), on="row_id"
            )
        return lift_from_predictions(
            predictions,
            size_column=None if size is None else "size",
            kind=win.label,
            horizon_days=self.horizon_days,
            confidence=self.sheet.proof.confidence,
        )

    @kept
    def bookings(self) -> pd.DataFrame | None:
        """Expected value held against what was booked; None without dates and amounts."""
        if self.horizon is None or self.acv is None or self.win_in_use is None:
            return None
        return reconcile_bookings(
            self.scores,
            self.tables,
            as_of=self.as_of,
            horizon_days=self.horizon.days,
            last_forecast=earlier_bookings(self.reports, self.month),
        )

    @kept
    def audit(self) -> pd.DataFrame:
        """The run put to its own checks; a failed `stop` keeps the tiers from being published."""
        return audit_run(
            self.deal_rows,
            self.verdicts,
            self.win_in_use,
            self.gated,
            self.tiers,
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            seed=self.seed,
            features=self.sheet.features,
            models=self.sheet.models,
            promises=self.promises,
            chain=self.chain,
            robustness=self.robustness,
            waived=self.sheet.proof.publish_despite,
        )
