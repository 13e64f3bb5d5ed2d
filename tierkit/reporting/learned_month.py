"""The month's rows and models: what was known, what may be used of it, and what was learned."""

from dataclasses import dataclass
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
from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv, fit_acv
from tierkit.models.bootstrap import RefittedModels, bootstrap_models
from tierkit.models.doubts import model_doubts
from tierkit.models.drops import feature_drops, flag_drops
from tierkit.models.gaps import gap_results
from tierkit.models.linear import Linear, Ridge
from tierkit.models.opening import Opening, enough_openings, fit_opening
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.reason_signs import refits_to_judge
from tierkit.models.reasons import explain_scores
from tierkit.models.scoring import score_accounts
from tierkit.models.twins import twin_results
from tierkit.reporting.calendar import as_of_month, check_month
from tierkit.reporting.draft import Draft, kept
from tierkit.runsheet import RunSheet

_REFITTED_FROM = frozenset({"deal_rows", "panel_rows", "opening", "win", "acv"})


@dataclass(frozen=True)
class LearnedMonth:
    """From the tables to scores and reasons."""

    month: str
    sheet: RunSheet
    draft: Draft
    reports: Path

    def keep(self, **results: Any) -> None:
        """Put results in place of those the run would build: `run.keep(win=my_model)`."""
        for name, value in results.items():
            if not isinstance(getattr(type(self), name, None), kept):
                raise SheetError(f"run.keep: {name!r} is not a part of a run; parts are {', '.join(self.parts())}")
            self.draft.keep(name, value)
        if _REFITTED_FROM & set(results):
            self.__dict__.pop("refitted", None)

    @classmethod
    def parts(cls) -> list[str]:
        """Names of everything a run keeps, in the order of the rooms."""
        rooms = reversed(cls.__mro__)
        return [name for room in rooms for name, value in vars(room).items() if isinstance(value, kept)]

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
        return screen_features(
            self.panel_rows,
            scoring=self.account_rows,
            known_at_close=self.tables.known_at_close,
            settings=self.sheet.features,
        )

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

    @property
    def _ridge(self) -> Ridge | None:
        """The penalty of the win model, for those who refit it."""
        return self.win.model.ridge if self.win is not None and isinstance(self.win.model, Linear) else None

    @kept
    def twins(self) -> pd.DataFrame | None:
        """The win model's skill with and without what we did, and what may have been written later."""
        if self.win is None:
            return None
        return twin_results(self.deal_rows, self.verdicts, seed=self.seed, ridge=self._ridge)

    @kept
    def gaps(self) -> pd.DataFrame | None:
        """Its skill with features that stop 0, 14, 30 and 60 days before a deal opens."""
        if self.win is None:
            return None
        return gap_results(
            self.tables,
            self.verdicts,
            before=self.as_of,
            scoring=self.account_rows,
            settings=self.sheet.features,
            horizon_days=self.horizon_days,
            rows=self.deal_rows,
            ridge=self._ridge,
            seed=self.seed,
        )

    @kept
    def drops(self) -> pd.DataFrame | None:
        """Its skill without each of the features that matter most."""
        if self.win is None:
            return None
        return feature_drops(self.deal_rows, self.verdicts, seed=self.seed, ridge=self._ridge)

    @property
    def flagged_verdicts(self) -> pd.DataFrame:
        """The verdicts, with columns flagged that carry the win model alone: to be looked at, fitting keeps them."""
        return self.verdicts if self.drops is None else flag_drops(self.verdicts, self.drops)

    @kept
    def doubts(self) -> pd.DataFrame | None:
        """Whether its skill is too good, or does not last."""
        if self.win is None:
            return None
        return model_doubts(self.deal_rows, self.verdicts, self.win, seed=self.seed, ridge=self._ridge)

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

    @cached_property
    def refitted(self) -> RefittedModels | None:
        """The models on resampled accounts, as many as reasons are judged by; None where the sheet asks for none."""
        models = (self.opening, self.win_in_use, self.acv)
        n = min(self.sheet.models.refits, refits_to_judge(*models))
        if not n or all(model is None for model in models):
            return None
        return bootstrap_models(self.deal_rows, self.panel_rows, *models, n=n, seed=self.seed)

    @kept
    def reasons(self) -> pd.DataFrame:
        """Why each account scores as it does: every part of its expected value, and in words what people see."""
        models = (self.opening, self.win_in_use, self.acv)
        return explain_scores(self.account_rows, *models, refitted=self.refitted)
