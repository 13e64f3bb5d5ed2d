"""The month's tiers: gates, places, overlays, moves, and what each tier was given."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from tierkit.features.enrichment import GROUP_COLUMNS, coverage_by_group, coverage_trend
from tierkit.features.fit import score_fit
from tierkit.models.bootstrap import RefittedModels, bootstrap_models, refitted_scores
from tierkit.models.scorecard import Scorecard, fit_scorecard
from tierkit.models.scoring import are_scores_of, score_accounts
from tierkit.models.store import Models
from tierkit.reporting.approval.commits import standing_tiers
from tierkit.reporting.approval.proposals import propose_moves
from tierkit.reporting.draft import kept, kept_with
from tierkit.reporting.earlier import earlier_months, earlier_tiers
from tierkit.reporting.explained_moves import MonthsMoves, explain_month, plain_moves
from tierkit.reporting.last_month import NotKnownError, read_last_month, score_by
from tierkit.reporting.learned_month import LearnedMonth
from tierkit.reporting.publish import previous_month
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.counterfactuals import what_would_move
from tierkit.tiering.gates import QUALIFIED, gate_accounts
from tierkit.tiering.ground import Ground, ground_on
from tierkit.tiering.idle_rules import PublishedMonth, idle_rules
from tierkit.tiering.learning import learning_values, with_learning
from tierkit.tiering.membership import membership_prob
from tierkit.tiering.steps import Month
from tierkit.tiering.treatment import delivered_effort
from tierkit.tiering.unknowns import worth_learning


@dataclass(frozen=True)
class TieredMonth(LearnedMonth):
    """From scores to tiers."""

    @kept
    def previous(self) -> pd.DataFrame | None:
        """The tiers before this month: last published, else those in use by the tables; None if there are none."""
        return earlier_tiers(self.reports, self.month, self.tables, self.as_of)

    @kept
    def gated(self) -> pd.DataFrame:
        """Every input account, may it be tiered and may it be contacted, and what learning more could change."""
        return with_learning(self._gates, self.learning)

    @cached_property
    def _gates(self) -> pd.DataFrame:
        return gate_accounts(self.scores, self.tables, self.sheet.tiers, as_of=self.as_of)

    @kept
    def learning(self) -> pd.DataFrame:
        """For each account that needs information and field it lacks, the chance that learning it changes its tier."""
        base = self._plan(self._gates)
        return learning_values(self._gates, self.account_rows, base.tiers, base.capacity, self._rescore)

    def _rescore(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Feature rows that were changed, scored anew."""
        fitted = score_fit(rows, self.icp, self.tables, as_of=self.as_of)
        return score_accounts(fitted, self.opening, self.win_in_use, self.acv)

    def _plan(self, gated: pd.DataFrame) -> Assignment:
        return plan_tiers(
            gated, self.tables, self.sheet.tiers, as_of=self.as_of, previous=self.previous, seed=self.seed
        )

    @kept
    def members(self) -> pd.DataFrame | None:
        """How often refits put each account into Tier 1; None where no model of the run ranks the accounts."""
        n, rows, models = self.sheet.models.refits, self.account_rows, (self.opening, self.win_in_use, self.acv)
        # Somebody else's scores cannot be refitted.
        if not n or self.win_in_use is None or not are_scores_of(self.scores, rows, *models):
            return None
        # Those that reasons are judged by serve where they are there and enough; making them first would cost twice.
        refitted: RefittedModels | None = self.__dict__.get("refitted")
        if refitted is None or refitted.n < n:
            refitted = bootstrap_models(self.deal_rows, self.panel_rows, *models, n=n, seed=self.seed)
        refits = refitted_scores(rows, refitted, self.opening, self.win_in_use, self.acv)
        return membership_prob(
            self.gated, self.tables, self.sheet.tiers, refits, as_of=self.as_of, previous=self.previous
        )

    def plan(self) -> Assignment:
        """Assign the tiers and keep them with their ledger and the reps' capacity."""
        plan = self._plan(self.gated)
        if self.members is not None:
            refits, ids = self.members.set_index("account_id"), plan.tiers["account_id"].astype("str")
            columns = ("membership_prob", "value_prob", "value_low", "value_high")
            under_refits = {c: ids.map(refits[c]).astype("float64") for c in columns}
            plan = replace(plan, tiers=plan.tiers.copy().assign(**under_refits))  # a copy is not fragmented
        self.keep(tiers=plan.tiers, overlays=plan.ledger, capacity=plan.capacity)
        self.keep(prices=plan.prices, sensitivity=plan.sensitivity, certificate=plan.certificate.sentence)
        return plan

    @kept
    def tiers(self) -> pd.DataFrame:
        """One row per qualified account with its tier."""
        return self.plan().tiers

    @property
    def features_used(self) -> frozenset[str]:
        """Columns that any model of the run looks at."""
        models = (self.opening, self.win_in_use, self.acv)
        return frozenset(f for model in models if model is not None for f in model.features)

    @kept
    def counterfactuals(self) -> pd.DataFrame:
        """For Tier 1 and the best below it, the least change that would move each, as the models see it."""
        return what_would_move(
            self.gated, self.account_rows, self.tiers, self.capacity, self._rescore, used=self.features_used
        )

    @kept
    def unknowns(self) -> pd.DataFrame:
        """For each account of Tiers 1 and 2 and field it lacks, what it would be worth across typical values."""
        return worth_learning(self.gated, self.account_rows, self.tiers, self._rescore, used=self.features_used)

    @property
    def qualified(self) -> pd.DataFrame:
        """The accounts that have a tier, with their features and scores."""
        return self.gated[self.gated["gate"] == QUALIFIED]

    @property
    def places(self) -> tuple[int, ...]:
        """Accounts in each tier but the last."""
        return tuple(int((self.tiers["tier"] == t).sum()) for t in range(1, self.sheet.tiers.n_tiers))

    @kept
    def scorecard(self) -> Scorecard | None:
        """The models as at most seven lines of points; None without a model, or where it tells nobody apart."""
        if self.win_in_use is None or not self.qualified["expected_value"].gt(0).any():
            return None
        return fit_scorecard(self.qualified, self.opening, self.win_in_use, self.acv, places=self.places)

    @kept_with("tiers")
    def overlays(self) -> pd.DataFrame:
        """What lifted or moved an account on top of its base tier."""
        return self.plan().ledger

    @kept_with("tiers")
    def capacity(self) -> pd.DataFrame:
        """Slots and places used, by rep and tier."""
        return self.plan().capacity

    @kept_with("tiers")
    def prices(self) -> pd.DataFrame:
        """What one more place is worth, overall, by rep and by constraint."""
        return self.plan().prices

    @kept_with("tiers")
    def sensitivity(self) -> pd.DataFrame:
        """How many Tier 1 accounts would change at half and at double the uplift assumed."""
        return self.plan().sensitivity

    @kept_with("tiers")
    def certificate(self) -> str:
        """How good the base tiers are, and how that is known, in a sentence."""
        return self.plan().certificate.sentence

    @kept
    def changes(self) -> pd.DataFrame | None:
        """Every account's move since the tiers before, taken apart where it can be; None in a first month."""
        changes: pd.DataFrame | None = self._keep_moves("changes")
        return changes

    @kept_with("changes")
    def value_changes(self) -> pd.DataFrame | None:
        """Every tiered account's change of expected value, taken apart; None where the parts are not known."""
        values: pd.DataFrame | None = self._keep_moves("value_changes")
        return values

    @kept_with("changes")
    def parts_unknown(self) -> str:
        """Why moves are not taken apart, as the end of a sentence; empty where they are."""
        return str(self._keep_moves("parts_unknown"))

    def _keep_moves(self, part: str) -> Any:
        """Work all three out at once, keep them, and give one."""
        previous = self.previous
        if previous is None:
            return "this is the first month" if part == "parts_unknown" else None
        try:
            moves = self._explain_moves(previous)
        except NotKnownError as error:
            moves = plain_moves(self.tiers, previous, self.gated, because=str(error))
        found = {"changes": moves.changes, "value_changes": moves.values, "parts_unknown": moves.unknown}
        self.keep(**{name: value for name, value in found.items() if not self.draft.has(name)})
        return found[part]

    def _explain_moves(self, previous: pd.DataFrame) -> MonthsMoves:
        folder = previous_month(self.reports, self.month)
        if folder is None:
            raise NotKnownError("the tiers before were not set by tierkit")
        models = Models(self.opening, self.win, self.acv, self.icp, {})
        if not are_scores_of(self.scores, self.account_rows, self.opening, self.win_in_use, self.acv):
            raise NotKnownError("the scores of this month are not those of its own models")
        score = score_by(models, self.tables, as_of=self.as_of)
        now = Month(self.account_rows, score, self.gated, self.sheet.tiers, self.ground, self.as_of)
        last = read_last_month(folder, self.tables)
        return explain_month(last, now, self.tiers, previous, self.tables, currency=self.sheet.data.currency)

    @property
    def ground(self) -> Ground:
        """What the tiers stand on besides the accounts."""
        return ground_on(self.tables, self.sheet.tiers, as_of=self.as_of, seed=self.seed)

    @cached_property
    def standing(self) -> pd.DataFrame:
        """The tiers that stand until this month's moves are approved."""
        return standing_tiers(self.reports, self.month, self.previous, n_tiers=self.sheet.tiers.n_tiers)

    @cached_property
    def proposals(self) -> pd.DataFrame | None:
        """The moves that wait for people; None where the sheet asks for no approval."""
        if not self.sheet.report.approval:
            return None
        reps = self.tables.frame("reps")
        owners = reps.set_index("owner_id")["name"] if self.tables.has("reps", "name") else None
        n_tiers = self.sheet.tiers.n_tiers
        return propose_moves(self.tiers, self.standing, self.gated, n_tiers=n_tiers, owners=owners)

    @property
    def tiers_worked(self) -> pd.DataFrame:
        """The tiers in use over the last months, which effort was given by: those before; in a first month these."""
        return self.tiers if self.previous is None else self.previous

    @kept
    def effort(self) -> pd.DataFrame | None:
        """Touches, people, channels and minutes by tier, intended and delivered; None without outbound activities."""
        return delivered_effort(self.tables, self.tiers_worked, self.sheet.tiers, as_of=self.as_of)

    @kept
    def coverage_groups(self) -> pd.DataFrame:
        """How much is known of the accounts of each tier and of each source; empty without accounts."""
        if not self.tables.has_accounts:
            return pd.DataFrame(columns=list(GROUP_COLUMNS))
        return coverage_by_group(self.tables, self.tiers, as_of=self.as_of)

    @kept
    def coverage_trend(self) -> pd.DataFrame:
        """How much was known of them quarter by quarter; empty without accounts or without their history."""
        return coverage_trend(self.tables, as_of=self.as_of) if self.tables.has_accounts else pd.DataFrame()

    @kept
    def idle_rules(self) -> pd.DataFrame:
        """Accounts that each rule moved in the last six runs, this one included; rules that moved none."""
        tiers = self.tiers.assign(as_of=self.as_of)
        now = PublishedMonth(self.month, self.gated, self.overlays, tiers)
        return idle_rules([now, *earlier_months(self.reports, self.month)], self.sheet.tiers, self.tables)
