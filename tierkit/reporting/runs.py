"""One month's run as a data scientist holds it: every table and model of the month, built when first asked for."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import SheetError
from tierkit.features.asof import build_account_rows, build_deal_rows, build_panel_rows
from tierkit.features.fit import Icp, fit_icp, score_fit
from tierkit.features.horizon import Horizon, win_horizon
from tierkit.features.leaks import screen_features
from tierkit.features.readiness import Readiness, check_readiness
from tierkit.inputs.sources import input_files
from tierkit.inputs.tables import Tables, open_tables
from tierkit.models.acv import Acv, fit_acv
from tierkit.models.bootstrap import bootstrap_scores
from tierkit.models.contest import size_column
from tierkit.models.opening import Opening, enough_openings, fit_opening
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.reasons import explain_scores
from tierkit.models.scoring import are_scores_of, score_accounts
from tierkit.proof.audit import audit_run
from tierkit.proof.backtest import backtest_policy
from tierkit.proof.bookings import reconcile_bookings
from tierkit.proof.ledger import score_promises
from tierkit.proof.lift import lift_from_predictions, tier_lift
from tierkit.proof.stability import stability_cost
from tierkit.reporting.calendar import as_of_month, check_month, month_end
from tierkit.reporting.draft import Draft, kept
from tierkit.reporting.earlier import earlier_bookings, earlier_months, earlier_promises, earlier_tiers
from tierkit.reporting.provenance import code_identity
from tierkit.runsheet import RunSheet, read_sheet
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.changes import tier_changes
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.idle_rules import PublishedMonth, idle_rules
from tierkit.tiering.learning import learning_values, with_learning
from tierkit.tiering.membership import membership_prob
from tierkit.tiering.treatment import delivered_effort


@dataclass(frozen=True)
class Run:
    """Everything one month is made of, in the order of the rooms.

    Each property reads what an earlier step kept in the draft, or builds it. `run.keep(win=...)` puts your own in its
    place, and every later step uses it.
    """

    month: str
    sheet: RunSheet
    draft: Draft
    reports: Path

    def keep(self, **results: Any) -> None:
        """Put results in place of those the run would build: `run.keep(win=my_model)`."""
        for name, value in results.items():
            if not isinstance(getattr(type(self), name, None), kept):
                raise SheetError(f"run.keep: {name!r} is not a part of a run; parts are {', '.join(parts_of_a_run())}")
            self.draft.keep(name, value)

    @property
    def seed(self) -> int:
        """Seed of everything random in the run."""
        return self.sheet.seed

    @kept
    def tables(self) -> Tables:
        """The company's tables, checked."""
        tables = open_tables(self.sheet.data, root=self.sheet.folder)
        check_month(self.month, tables)
        return tables

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """Last day of the month, or of the data where the sheet says they end within it."""
        return as_of_month(self.month, self.sheet)

    @kept
    def horizon(self) -> Horizon | None:
        """Days a deal has to be won; None without dates."""
        if not self.tables.is_dated:
            return None
        return win_horizon(self.tables, before=self.as_of, settings=self.sheet.features)

    @property
    def horizon_days(self) -> int | None:
        """The same as a number."""
        return None if self.horizon is None else self.horizon.days

    @kept
    def deal_rows(self) -> pd.DataFrame:
        """One row per new-business deal, features as known before it opened."""
        return build_deal_rows(
            self.tables, before=self.as_of, settings=self.sheet.features, horizon_days=self.horizon_days
        )

    @kept
    def readiness(self) -> Readiness:
        """Whether there is enough to learn from."""
        return check_readiness(self.deal_rows)

    @kept
    def panel_rows(self) -> pd.DataFrame:
        """One row per account and half-year, and whether a deal opened after it; empty without accounts."""
        if not (self.tables.has_accounts and self.tables.is_dated):
            return pd.DataFrame()
        return build_panel_rows(
            self.tables, before=self.as_of, settings=self.sheet.features, horizon_days=self.horizon_days
        )

    @kept
    def icp(self) -> Icp:
        """The ideal customer profile, stated or learned."""
        return fit_icp(self.deal_rows, self.sheet.features)

    @kept
    def account_rows(self) -> pd.DataFrame:
        """One row per account (or open deal) to be tiered, features as known on `as_of`, with fit."""
        rows = build_account_rows(self.tables, as_of=self.as_of, settings=self.sheet.features)
        if self.horizon_days is not None and not self.tables.has_accounts:
            rows["horizon_days"] = float(self.horizon_days)
        return score_fit(rows, self.icp, self.tables, as_of=self.as_of)

    @kept
    def verdicts(self) -> pd.DataFrame:
        """A verdict, a figure and a reason for every column a win model might use."""
        return screen_features(
            self.deal_rows,
            scoring=self.account_rows,
            known_at_close=self.tables.known_at_close,
            settings=self.sheet.features,
        )

    @kept
    def opening_verdicts(self) -> pd.DataFrame:
        """The same for the model of opening."""
        if self.panel_rows.empty:
            return self.verdicts.iloc[:0]
        return screen_features(self.panel_rows, scoring=self.account_rows, settings=self.sheet.features)

    @property
    def can_train(self) -> bool:
        """Whether there are won and lost accounts enough for a model."""
        return self.readiness.level != "scorecard"

    @property
    def knows_acv(self) -> bool:
        """Whether any won deal carries its contract value."""
        return bool((self.deal_rows["won_acv"] > 0).any())

    @property
    def can_learn_opening(self) -> bool:
        """Whether a model of opening can be learned from what the panel holds."""
        return self.can_train and enough_openings(self.panel_rows)

    @kept
    def win(self) -> Propensity | None:
        """P(won within the horizon, given a deal opens); None below the minimum."""
        if not self.can_train:
            return None
        return fit_propensity(self.deal_rows, self.verdicts, settings=self.sheet.models, seed=self.seed)

    @property
    def win_in_use(self) -> Propensity | None:
        """The win model where it has skill; else tiers come from fit (requirement M7)."""
        return self.win if self.win is not None and self.win.skill else None

    @kept
    def opening(self) -> Opening | None:
        """P(a deal opens within the horizon); None without accounts and dates."""
        if not self.can_learn_opening:
            return None
        return fit_opening(self.panel_rows, self.opening_verdicts, settings=self.sheet.models, seed=self.seed)

    @kept
    def acv(self) -> Acv | None:
        """E[ACV given win]; None where no win carries its value."""
        if not self.knows_acv:
            return None
        return fit_acv(self.deal_rows, self.verdicts, settings=self.sheet.models, seed=self.seed)

    @kept
    def scores(self) -> pd.DataFrame:
        """The accounts and what the models expect of each."""
        return score_accounts(self.account_rows, self.opening, self.win_in_use, self.acv)

    @kept
    def reasons(self) -> pd.DataFrame:
        """Why each account scores as it does, in plain words."""
        return explain_scores(self.account_rows, self.opening, self.win_in_use, self.acv)

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
        refits = bootstrap_scores(
            rows, self.deal_rows, self.panel_rows, self.opening, self.win_in_use, self.acv, n=n, seed=self.seed
        )
        return membership_prob(
            self.gated, self.tables, self.sheet.tiers, refits, as_of=self.as_of, previous=self.previous
        )

    def plan(self) -> Assignment:
        """Assign the tiers and keep them with their ledger and the reps' capacity."""
        plan = self._plan(self.gated)
        if self.members is not None:
            chance = self.members.set_index("account_id")["membership_prob"]
            ids = plan.tiers["account_id"].astype("str")
            plan = replace(plan, tiers=plan.tiers.assign(membership_prob=ids.map(chance).astype("float64")))
        self.keep(tiers=plan.tiers, overlays=plan.ledger, capacity=plan.capacity)
        self.keep(prices=plan.prices, sensitivity=plan.sensitivity, certificate=plan.certificate.sentence)
        return plan

    @kept
    def tiers(self) -> pd.DataFrame:
        """One row per qualified account with its tier."""
        return self.plan().tiers

    @kept
    def overlays(self) -> pd.DataFrame:
        """What lifted or moved an account on top of its base tier."""
        return self.plan().ledger

    @kept
    def capacity(self) -> pd.DataFrame:
        """Slots and places used, by rep and tier."""
        return self.plan().capacity

    @kept
    def prices(self) -> pd.DataFrame:
        """What one more place is worth, overall, by rep and by constraint."""
        return self.plan().prices

    @kept
    def sensitivity(self) -> pd.DataFrame:
        """How many Tier 1 accounts would change at half and at double the uplift assumed."""
        return self.plan().sensitivity

    @kept
    def certificate(self) -> str:
        """How good the base tiers are, and how that is known, in a sentence."""
        return self.plan().certificate.sentence

    @kept
    def changes(self) -> pd.DataFrame | None:
        """Every account's move since the tiers before; None in a first month."""
        if self.previous is None:
            return None
        return tier_changes(self.tiers, self.previous, gates=self.gated)

    @property
    def tiers_worked(self) -> pd.DataFrame:
        """The tiers in use over the last months, which effort was given by: those before; in a first month these."""
        return self.tiers if self.previous is None else self.previous

    @kept
    def effort(self) -> pd.DataFrame | None:
        """Touches, people, channels and minutes by tier, intended and delivered; None without outbound activities."""
        return delivered_effort(self.tables, self.tiers_worked, self.sheet.tiers, as_of=self.as_of)

    @kept
    def idle_rules(self) -> pd.DataFrame:
        """Accounts that each rule moved in the last six runs, this one included; rules that moved none."""
        tiers = self.tiers.assign(as_of=self.as_of)
        now = PublishedMonth(self.month, self.gated, self.overlays, tiers)
        return idle_rules([now, *earlier_months(self.reports, self.month)], self.sheet.tiers, self.tables)

    @kept
    def steadiness(self) -> pd.DataFrame | None:
        """What each level of stability would cost this month; None where nobody held a tier before."""
        return stability_cost(self.gated, self.tables, self.sheet.tiers, as_of=self.as_of, previous=self.previous)

    @kept
    def replay(self) -> pd.DataFrame | None:
        """The policy replayed month by month as if live; None where it cannot be."""
        if not (self.tables.has_accounts and self.tables.is_dated and self.can_train):
            return None
        return backtest_policy(
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            months=self.sheet.proof.months,
            seed=self.seed,
            features=self.sheet.features,
            models=self.sheet.models,
            proof=self.sheet.proof,
        )

    @kept
    def lift(self) -> pd.DataFrame | None:
        """Win rate by tier and how tiers compare, with intervals."""
        if self.replay is not None and len(self.replay):
            return tier_lift(self.replay, confidence=self.sheet.proof.confidence)
        if self.win is None or self.win.predictions.empty:
            return None
        predictions, size = self.win.predictions, size_column(self.deal_rows, self.sheet.models.size_column)
        if size is not None:
            predictions = predictions.merge(
                self.deal_rows[["row_id", size]].rename(columns={size: "size"}), on="row_id"
            )
        return lift_from_predictions(
            predictions,
            size_column=None if size is None else "size",
            kind=self.win.label,
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
        )

    @kept
    def promises(self) -> pd.DataFrame:
        """Every earlier month's frozen predictions against what came of them."""
        return score_promises(earlier_promises(self.reports, self.month), self.tables, as_of=self.as_of)


ASKED = "asked.json"
"""What the command line asked for beyond the sheet, beside the drafts, so that every notebook of the run follows it."""


def open_run(month: str, *, sheet: str | Path = "../tierkit.toml", draft: str | Path | None = None) -> Run:
    """Open a month: read what earlier steps kept, build what is missing.

    Parameters
    ----------
    month : "YYYY-MM".
    sheet : the run sheet.
    draft : folder of kept results; `reports/.draft` beside the sheet unless given.

    Raises
    ------
    SheetError : the month or the sheet is not valid.
    TableError : a table breaks its contract, or the data do not reach the month.
    """
    month_end(month)
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    folder = Path(draft) if draft else reports / ".draft"
    if (asked := folder / ASKED).exists() and json.loads(asked.read_text(encoding="utf-8")).get("thorough"):
        settings = settings.thorough()
    return Run(month, settings, Draft(folder / month, fingerprint(settings, month)), reports)


def parts_of_a_run() -> list[str]:
    """Names of everything a run keeps."""
    return [name for name, value in vars(Run).items() if isinstance(value, kept)]


def fingerprint(sheet: RunSheet, month: str) -> str:
    """What a month's results depend on: inputs (by size and time of change), sheet, month, seed and code."""
    digest = hashlib.sha256()
    for part in (month, sheet.model_dump_json(exclude={"report"}), code_identity()["sha256"]):
        digest.update(str(part).encode())
    for path in input_files(sheet.data, root=sheet.folder):
        stat = path.stat()
        digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()
