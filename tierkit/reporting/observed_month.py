"""What happened in the tiers people had: decisions and reviews, outcomes, what working by tiers changed, promises."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tierkit.proof.declined import score_declined
from tierkit.proof.did import difference_in_differences
from tierkit.proof.discontinuity import effect_at_cut, rows_at_cut
from tierkit.proof.effect import Effect
from tierkit.proof.funnel import FunnelChange, funnel_change
from tierkit.proof.held_out import held_out_outcomes
from tierkit.proof.holdout import HoldoutPlan, plan_holdout
from tierkit.proof.judgement import score_judgement
from tierkit.proof.ledger import score_promises
from tierkit.proof.ledger_chain import check_chain
from tierkit.proof.looks import monthly_looks
from tierkit.proof.observed import observed_outcomes, tiers_acted_on
from tierkit.reporting.approval.commits import earlier_answers
from tierkit.reporting.draft import kept
from tierkit.reporting.earlier import earlier_ledgers, earlier_promises, published_tiers
from tierkit.reporting.review.ledger import KnownReviews, known_reviews
from tierkit.reporting.tiered_month import TieredMonth


@dataclass(frozen=True)
class ObservedMonth(TieredMonth):
    """From tiers to what became of them."""

    @cached_property
    def tier_record(self) -> pd.DataFrame:
        """Which account was in which tier when: `tier_history`, then the months published before this one."""
        return tiers_acted_on(self.tables.frame("tier_history"), published_tiers(self.reports, self.month))

    @kept
    def judgement(self) -> pd.DataFrame:
        """Every override and strategic claim, and what became of the account."""
        return score_judgement(self.tables, self.tier_record, as_of=self.as_of, horizon_days=self.horizon_days)

    @cached_property
    def reviews(self) -> KnownReviews:
        """What managers said of the samples of weeks that ended by `as_of`; read anew, since forms come in between."""
        return known_reviews(self.reports, self.as_of)

    @kept
    def declined(self) -> pd.DataFrame:
        """Every move that people declined in earlier months, and what became of the account."""
        answers = earlier_answers(self.reports, self.month)
        return score_declined(self.tables, answers, self.tier_record, as_of=self.as_of, horizon_days=self.horizon_days)

    @property
    def acted_on(self) -> pd.Timestamp | None:
        """First day on which people worked by tiers; None where the sheet does not say."""
        since = self.sheet.proof.tiers_acted_on_since
        return None if since is None else pd.Timestamp(since)

    @kept
    def observed(self) -> pd.DataFrame | None:
        """What happened in the tiers people had since they worked by them; None where the sheet does not say."""
        if self.acted_on is None or self.horizon_days is None:
            return None
        return observed_outcomes(
            self.tables,
            as_of=self.as_of,
            horizon_days=self.horizon_days,
            acted_on=self.acted_on,
            history=self.tier_record,
        )

    @cached_property
    def held_out(self) -> pd.DataFrame | None:
        """What became of a randomised test that was carried out; None without one."""
        if self.horizon_days is None or self.tables.frame("holdout").empty:
            return None
        return held_out_outcomes(self.tables, as_of=self.as_of, horizon_days=self.horizon_days)

    @kept
    def looks(self) -> pd.DataFrame | None:
        """What the tiers people had showed month by month, with intervals that hold at every look."""
        if self.observed is None or self.observed.empty:
            return None
        return monthly_looks(self.observed, confidence=self.sheet.proof.confidence)

    @cached_property
    def effect(self) -> Effect | None:
        """What working by tiers changed, by difference-in-differences; None where the sheet does not say since when."""
        if self.acted_on is None or not self.can_train or self.horizon_days is None:
            return None
        return difference_in_differences(
            self.tables,
            self.deal_rows,
            acted_on=self.acted_on,
            history=self.tier_record,
            verdicts=self.verdicts,
            confidence=self.sheet.proof.confidence,
        )

    @cached_property
    def at_cut(self) -> Effect | None:
        """What Tier 1 changed for accounts just above the cut of published months; None without dates.

        Raises
        ------
        SheetError : it could be told, but the extra `causal` is not installed.
        """
        if self.horizon_days is None:
            return None
        published = published_tiers(self.reports, self.month)
        rows = rows_at_cut(published, self.tables, as_of=self.as_of, horizon_days=self.horizon_days)
        return effect_at_cut(rows, confidence=self.sheet.proof.confidence)

    @cached_property
    def holdout(self) -> HoldoutPlan | None:
        """The plan of a randomised test near the cut; None without chances to plan by, or anybody in Tier 1 or 2."""
        if self.win_in_use is None or self.horizon_days is None or self.tiers.empty:
            return None
        share, tiers = self.sheet.proof.holdout_share, self.tiers
        if not (tiers["tier"] <= 2).any():
            return None
        if self.members is not None:
            # By value alone: what stability holds in place is no surer of belonging there.
            chance = self.members.set_index("account_id")["value_prob"]
            tiers = tiers.assign(membership_prob=tiers["account_id"].astype("str").map(chance).astype("float64"))
        return plan_holdout(tiers, self.sheet.tiers, seed=self.seed, horizon_days=self.horizon_days, share=share)

    @cached_property
    def funnel(self) -> FunnelChange:
        """Each step of the funnel before and after people worked by tiers."""
        sheet = self.sheet
        return funnel_change(
            self.tables, proof=sheet.proof, as_of=self.as_of, policy=sheet.tiers, features=sheet.features
        )

    @kept
    def promises(self) -> pd.DataFrame:
        """Every earlier month's frozen predictions against what came of them."""
        return score_promises(earlier_promises(self.reports, self.month), self.tables, as_of=self.as_of)

    @kept
    def chain(self) -> pd.DataFrame:
        """Whether every earlier ledger stands as later ones found it."""
        return check_chain(earlier_ledgers(self.reports, self.month))
