"""Models as a month in the past would have fitted them."""

from dataclasses import dataclass
from typing import TypedDict

import pandas as pd

from tierkit.features.fit import Icp, fit_icp, score_fit
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv, fit_acv
from tierkit.models.linear import Linear, Ridge
from tierkit.models.opening import Opening, enough_openings, fit_opening
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.models.settings import ModelSettings
from tierkit.proof.past import Past

MIN_CLASS = 40
"""Accounts with a win, and accounts without one, below which no model is fitted."""


@dataclass(frozen=True)
class Refit:
    """The models of one refit, and the profile that accounts are held against."""

    win: Propensity
    acv: Acv | None
    opening: Opening | None
    icp: Icp | None

    def score(self, rows: pd.DataFrame, tables: Tables, *, as_of: pd.Timestamp) -> pd.DataFrame:
        """Rows with their fit and their scores; of strategic claims only the dated ones count."""
        if self.icp is not None:
            rows = score_fit(rows, self.icp, tables, as_of=as_of, undated_policy=False)
        return score_accounts(rows, self.opening, self.win, self.acv)


def fit_as_known(
    tables: Tables,
    past: Past,
    *,
    before: pd.Timestamp,
    verdicts: pd.DataFrame,
    features: FeatureSettings,
    models: ModelSettings,
    seed: int,
    earlier: Refit | None = None,
) -> Refit:
    """Fit on what was mature at `before`, with the penalties and the profile of an earlier refit, which knew less."""
    deals = past.known_deals(before)
    how: _How = {"settings": models, "seed": seed, "compare": False}
    win = fit_propensity(deals, verdicts, ridge=_ridge(earlier and earlier.win.model), **how)
    acv = None
    if deals["won_acv"].gt(0).any():
        acv = fit_acv(deals, verdicts, ridge=_ridge(earlier and earlier.acv and earlier.acv.fit.model), **how)
    if not tables.has_accounts:
        return Refit(win, acv, None, None)
    panel, opening = past.known_panel(before), None
    if enough_openings(panel):
        tuned = _ridge(earlier and earlier.opening and earlier.opening.model)
        opening = fit_opening(panel, verdicts, ridge=tuned, **how)
    return Refit(win, acv, opening, (earlier and earlier.icp) or fit_icp(deals, features))


class _How(TypedDict):
    settings: ModelSettings
    seed: int
    compare: bool


def _ridge(model: object) -> Ridge | None:
    """The penalty an earlier model was fitted under; None asks for it to be tuned."""
    return model.ridge if isinstance(model, Linear) else None
