"""How long a deal has to be won."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.deals import known_deals
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables

SHORTEST, LONGEST = 90, 365
"""Bounds of the horizon in days, unless the sheet states one."""
WITHOUT_WINS = 180
"""The horizon where no win has both days."""


@dataclass(frozen=True)
class Horizon:
    """Days a deal has to be won, the share of wins that took longer, and whether the sheet stated it."""

    days: int
    share_missed: float
    stated: bool


def win_horizon(tables: Tables, *, before: pd.Timestamp, settings: FeatureSettings | None = None) -> Horizon:
    """The 85th percentile of the won cycle of new business, within 90 and 365 days, unless the sheet states it.

    Only deals that opened at least 365 days before `before` count, where 30 of them were won: of younger deals the
    slow wins are not in yet, so that their percentile is too short.

    Raises
    ------
    TableError : deals carry no opening day.
    """
    settings = settings or FeatureSettings()
    if not tables.is_dated:
        raise TableError("deals: without 'opened_at' there is no horizon (map it in tierkit.toml, [data.deals])")
    before = pd.Timestamp(before)
    deals = known_deals(tables, before=before)
    won = deals[(deals["outcome"] == "won") & deals["is_new_business"] & deals["closed_at"].notna()]
    old = won[won["opened_at"] <= before - pd.Timedelta(days=LONGEST)]
    won = old if len(old) >= 30 else won
    cycle = (won["closed_at"] - won["opened_at"]).dt.days.to_numpy(dtype="float64")
    if settings.horizon_days is not None:
        days = settings.horizon_days
    elif len(cycle) == 0:
        days = WITHOUT_WINS
    else:
        days = int(np.clip(np.ceil(np.quantile(cycle, 0.85)), SHORTEST, LONGEST))
    missed = float((cycle > days).mean()) if len(cycle) else float("nan")
    return Horizon(days, missed, settings.horizon_days is not None)
