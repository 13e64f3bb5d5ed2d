"""What may be looked at, and how fit is scored: `[features]` of the run sheet."""

from typing import Literal

from pydantic import Field

from tierkit.inputs.settings import Section


class FitSettings(Section):
    """`[features.fit]`: the ideal customer profile, stated, or learned from won accounts where left out."""

    weights: dict[Literal["industry", "size", "geography", "stack", "behaviour"], float] | None = None
    """Weight of each part; unset, learned from won accounts."""
    industries: tuple[str, ...] = ()
    """Industries of the ideal customer."""
    countries: tuple[str, ...] = ()
    """Countries of the ideal customer."""
    employees: tuple[int, int] | None = None
    """Headcount of the ideal customer, from and to."""
    technologies: tuple[str, ...] = ()
    """Tools the ideal customer has in its stack."""


class FeatureSettings(Section):
    """`[features]`: the date nothing may look past."""

    opening_gap_days: int | None = Field(None, ge=0, le=365)
    """Days before opening at which features of a deal stop; 30, or 1 where deal columns are the features."""
    horizon_days: int | None = Field(None, ge=14, le=730)
    """Days a deal has to be won; unset, the 85th percentile of the won cycle within 90 and 365."""
    known_at_opening: tuple[str, ...] = ()
    """Columns whose refusal is lifted, by name, since they are known when a deal opens."""
    refuse: tuple[str, ...] = ()
    """Columns that are never features."""
    drop_brief_deals: bool = False
    """Leave out deals that lived under two days; off, since whether a deal was brief is only known at its end."""
    panel_accounts: int = Field(20_000, ge=100)
    """Accounts that the model of opening learns from at most; of more, so many are drawn by their ids."""
    fit: FitSettings = FitSettings()
    """The ideal customer profile."""
