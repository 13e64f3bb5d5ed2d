"""Tiers, capacity, plays and windows: the rules as settings, `[tiers]` of the run sheet."""

from typing import Literal

from pydantic import Field, model_validator

from tierkit.inputs.contracts import STRATEGIC_KINDS
from tierkit.inputs.settings import Section


class Play(Section):
    """What a tier gets: at least five attributes and somebody who does each."""

    entry: str
    """Rule by which an account enters the tier, in words."""
    exit: str
    """Rule by which it leaves, in words."""
    next_step: str
    """What the owner does first."""
    channels: tuple[str, ...]
    """Channels used."""
    cadence: str
    """How often the account is touched."""
    sla: str
    """How fast a signal is answered."""
    content: str
    """What it is sent."""
    owners: dict[str, str]
    """Who does what: ae, sdr, marketing; Tier 1 also sponsor."""
    touches_per_month: float = Field(ge=0)
    """Touches intended for an account in a month."""


class Gates(Section):
    """`[tiers.gates]`: who may be tiered at all."""

    industries: tuple[str, ...] = ()
    """Industries inside the ICP; empty, all."""
    countries: tuple[str, ...] = ()
    """Countries inside the ICP; empty, all."""
    min_employees: int | None = Field(None, ge=0)
    """Smallest headcount inside the ICP."""
    max_employees: int | None = Field(None, ge=0)
    """Largest headcount inside the ICP."""
    required: tuple[str, ...] = ()
    """Fields without which an account needs information before it can be tiered."""
    cool_off_days: int = Field(0, ge=0)
    """Days after a lost deal in which an account is not contacted."""


class Policy(Section):
    """`[tiers]`: how accounts are put into tiers."""

    labels: tuple[str, ...] = ("Tier 1 strategic", "Tier 2 priority", "Tier 3 programme")
    """Names of the tiers, best first: two, three or four."""
    sizes: tuple[int, ...] | None = None
    """Accounts in each tier but the last; unset, the reps' slots."""
    shares: tuple[float, ...] | None = None
    """Share of qualified accounts in each tier but the last, for ranking tiers without capacity."""
    tier1_per_rep: int = Field(25, ge=0)
    """Tier 1 slots of a rep whose own number is not given."""
    tier2_per_rep: int = Field(75, ge=0)
    """Tier 2 slots of a rep whose own number is not given."""
    strategic_slots: int = Field(5, ge=0)
    """Tier 1 places kept for strategic value, whatever the ACV."""
    promotion_share: float = Field(0.15, ge=0, le=0.5)
    """Promotions by trigger at one time, as a share of Tier 1 places."""
    promotion_min_fit: float = Field(50, ge=0, le=100)
    """Fit score a promotion needs."""
    windows: dict[str, int] = Field(
        default_factory=lambda: {
            "funding": 60,
            "executive_hire": 90,
            "competitive_displacement": 90,
            "regulatory_change": 120,
            "inbound_hand_raise": 14,
        }
    )
    """Days each kind of trigger stays live."""
    promote: tuple[str, ...] = ("executive_hire", "competitive_displacement", "inbound_hand_raise")
    """Kinds that promote; the others only move an account up inside its tier."""
    stability: Literal["low", "normal", "high"] = "normal"
    """How much better an account must be to displace another."""
    gates: Gates = Gates()
    """Who may be tiered at all."""
    plays: tuple[Play, ...] = ()
    """What each tier gets, best first; unset, the field's own three."""
    budget: float | None = Field(None, ge=0)
    """Investment a month over all accounts, in the sheet's currency."""

    @model_validator(mode="after")
    def _shapes_agree(self) -> "Policy":
        n = len(self.labels)
        if not 2 <= n <= 4:
            raise ValueError(f"labels names {n} tiers; tierkit has 2, 3 or 4")
        for key, sizes in (("sizes", self.sizes), ("shares", self.shares)):
            if sizes is not None and len(sizes) != n - 1:
                raise ValueError(f"{key} has {len(sizes)} entries; {n} tiers need {n - 1}, the last takes the rest")
        if self.shares is not None and (min(self.shares) < 0 or sum(self.shares) > 1):
            raise ValueError(f"shares must be 0 or more and add up to at most 1, got {list(self.shares)}")
        if unknown := set(self.promote) - set(self.windows):
            raise ValueError(
                f"promote names {sorted(unknown)[0]!r}, which has no window; known: {sorted(self.windows)}"
            )
        return self

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.labels)


__all__ = ["STRATEGIC_KINDS", "Gates", "Play", "Policy"]
