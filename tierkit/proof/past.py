"""Rows built once for a whole replay, of which each month sees what was known on its day."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from tierkit.features.asof import build_deal_rows, build_month_rows, build_panel_rows
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables

MOST_ROWS = 1_000_000
"""Rows of replayed months that are held at once; where there are more, each month is built when it is replayed."""


@dataclass(frozen=True)
class Past:
    """Feature rows of deals, account panel and replayed months.

    Features of a row are those of its own moment whenever it is built; only labels ripen, and they are taken back here.

    Attributes
    ----------
    deals, panel : as of `build_deal_rows` and `build_panel_rows`.
    months : as of `build_month_rows`, all at once or one at a time; None without accounts.
    """

    deals: pd.DataFrame
    panel: pd.DataFrame
    months: pd.DataFrame | Callable[[pd.Timestamp], pd.DataFrame] | None
    horizon_days: int

    def known_deals(self, before: pd.Timestamp) -> pd.DataFrame:
        """Deals opened by `before`, with the outcome known then."""
        rows = self.deals[self.deals["opened_at"] <= before].reset_index(drop=True)
        ripe = rows["opened_at"] + pd.Timedelta(days=self.horizon_days) <= before
        later = rows["closed_at"] > before
        return rows.assign(
            outcome=rows["outcome"].mask(later, "open"),
            closed_at=rows["closed_at"].mask(later),
            won_acv=rows["won_acv"].mask(later),
            won_in_horizon=rows["won_in_horizon"].where(ripe),
        )

    def known_panel(self, before: pd.Timestamp) -> pd.DataFrame:
        """Account-months whose horizon was over by `before`."""
        ripe = self.panel["as_of"] + pd.Timedelta(days=self.horizon_days) <= before
        return self.panel[ripe].reset_index(drop=True)

    def to_score(self, origin: pd.Timestamp, *, until: pd.Timestamp) -> pd.DataFrame:
        """Accounts as known at the month end; without accounts, deals opened after it by `until`, as they opened."""
        if callable(self.months):
            return self.months(origin)
        if self.months is not None:
            return self.months[self.months["as_of"] == origin].reset_index(drop=True)
        opened = self.deals["opened_at"]
        return self.deals[(opened > origin) & (opened <= until)].reset_index(drop=True)


def build_past(
    tables: Tables,
    *,
    origins: list[pd.Timestamp],
    until: pd.Timestamp,
    horizon_days: int,
    features: FeatureSettings,
) -> Past:
    """Every row that models refitted at `origins` may learn from or score; `until` is the last day a deal may open.

    Which columns there are (kinds of activity, common technologies) is as known at the last origin.
    """
    deals = build_deal_rows(tables, before=until, settings=features, horizon_days=horizon_days)
    panel = build_panel_rows(tables, before=origins[-1], settings=features, horizon_days=horizon_days)
    if not tables.has_accounts:
        return Past(deals, panel, None, horizon_days)

    def month(origin: pd.Timestamp) -> pd.DataFrame:
        return build_month_rows(tables, months=[origin], cutoff=origins[-1])

    few = len(tables.frame("accounts")) * len(origins) <= MOST_ROWS
    return Past(deals, panel, build_month_rows(tables, months=origins) if few else month, horizon_days)
