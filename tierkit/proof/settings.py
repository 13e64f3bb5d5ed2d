"""How the tiers are put to the proof: `[proof]` of the run sheet."""

from pydantic import Field

from tierkit.inputs.settings import Section


class ProofSettings(Section):
    """`[proof]`: the replay and its intervals."""

    tiers_acted_on_since: str | None = None
    """First day on which people worked by tiers, YYYY-MM-DD; later months stand apart."""
    months: int = Field(12, ge=1, le=60)
    """Months replayed."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Level of the intervals."""
    holdout_share: float = Field(0.2, gt=0, le=0.5)
    """Most of each rep's Tier 1 places that a randomised test near the cut may take, at least one place."""
