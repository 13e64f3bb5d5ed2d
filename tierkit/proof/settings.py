"""How the tiers are put to the proof: `[proof]` of the run sheet."""

from typing import Literal

from pydantic import Field

from tierkit.inputs.settings import Section

Waivable = Literal["permuted labels", "not worse than the base rate", "planted future column", "promises intact"]
"""Checks of the self-audit that a sheet may set aside; that counts add up and slots hold, no sheet can."""


class ProofSettings(Section):
    """`[proof]`: the replay and its intervals."""

    tiers_acted_on_since: str | None = None
    """First day on which people worked by tiers, YYYY-MM-DD; later months stand apart."""
    months: int = Field(12, ge=1, le=60)
    """Months replayed."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Level of the intervals."""
    publish_despite: tuple[Waivable, ...] = ()
    """Checks of the self-audit, by name, that may fail and the month be published; its first line says so."""
    holdout_share: float = Field(0.2, gt=0, le=0.5)
    """Most of each rep's Tier 1 places that a randomised test near the cut may take, at least one place."""
