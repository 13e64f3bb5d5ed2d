"""Models as a month in the past would have fitted them."""

from dataclasses import dataclass

import pandas as pd

from tierkit.features.fit import Icp, fit_icp, score_fit
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv, fit_acv
from tierkit.models.opening import Opening, fit_opening
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
    icp: Icp | None = None,
) -> Refit:
    """Fit on what was mature at `before`; `icp` is an earlier profile to keep, which only promotions by trigger ask."""
    deals = past.known_deals(before)
    win = fit_propensity(deals, verdicts, settings=models, seed=seed, compare=False)
    acv = None
    if deals["won_acv"].gt(0).any():
        acv = fit_acv(deals, verdicts, settings=models, seed=seed, compare=False)
    if not tables.has_accounts:
        return Refit(win, acv, None, None)
    opening = fit_opening(past.known_panel(before), verdicts, settings=models, seed=seed, compare=False)
    return Refit(win, acv, opening, icp or fit_icp(deals, features))
