"""How models are fitted: `[models]` of the run sheet."""

from typing import Literal

from pydantic import Field

from tierkit.inputs.settings import Section


class ModelSettings(Section):
    """`[models]`: defaults that hold for a few hundred to many thousand deals."""

    win: Literal["auto", "logit", "lightgbm"] = "auto"
    """Win propensity: the better out of time, or one by name."""
    size_column: str | None = None
    """The column of the size-only ranking; unset, employees, annual_revenue or seats."""
    interval: float = Field(0.8, gt=0, lt=1)
    """Level of the ACV interval."""
    cap_quantile: float = Field(0.99, gt=0.5, le=1)
    """Expected ACV is capped at this quantile of won ACV."""
    refits: int = Field(20, ge=0, le=1000)
    """Refits behind the chance that an account belongs in Tier 1; `tierkit run --thorough` takes 200, 0 takes none."""
    follow_newest: bool = False
    """Move the win chances to the newest mature quarter: right if the market changed for good, wrong if it passes."""
