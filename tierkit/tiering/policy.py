"""Tiers, capacity, plays and windows: the rules as settings, `[tiers]` of the run sheet."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tierkit.inputs.contracts import STRATEGIC_KINDS
from tierkit.inputs.settings import Section
from tierkit.tiering.gate_settings import Bound, Gates
from tierkit.tiering.plays import DEFAULT_PLAYS, Play
from tierkit.tiering.presets import HOURS, HOURS_PER_REP, with_preset
from tierkit.tiering.stability import STABILITY, Stability

WINDOWS = {
    "funding": 60,
    "executive_hire": 90,
    "competitive_displacement": 90,
    "regulatory_change": 120,
    "inbound_hand_raise": 14,
}
"""Days each kind of trigger stays live, unless the sheet says otherwise."""


UPLIFT = {2: (0.30, 0.0), 3: (0.30, 0.12, 0.0), 4: (0.30, 0.12, 0.04, 0.0)}
"""Share of expected value that each tier's treatment adds, by the number of tiers: an assumption until measured."""


class Policy(Section):
    """`[tiers]`: how accounts are put into tiers."""

    preset: Literal["mid_market", "enterprise", "four_tier"] | None = None
    """Starting point of sizes, slots and labels; every key that is stated comes before it."""
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
    max_per_parent: int | None = Field(None, ge=1)
    """Accounts of one parent in each tier but the last, where the parent is not an account itself; unset, any."""
    uplift: tuple[float, ...] | None = None
    """Share of its expected value that an account gains by each tier's treatment, an assumption; falls to the last."""
    promotion_share: float = Field(0.15, ge=0, le=0.5)
    """Promotions by trigger at one time, as a share of the places of the tier they lead to."""
    promotion_min_fit: float = Field(50, ge=0, le=100)
    """Fit score a promotion needs."""
    exploration_slots: int = Field(0, ge=0)
    """Places drawn at random each quarter among accounts just below the cut, to learn what the scores cannot see."""
    exploration_tier: Literal[1, 2] = 2
    """Tier the exploration places lie in; with two tiers always 1."""
    windows: dict[str, int] = Field(default_factory=lambda: dict(WINDOWS))
    """Days a kind of trigger stays live; adds to the five known kinds, or changes one."""
    promote: tuple[str, ...] = ("executive_hire", "competitive_displacement", "inbound_hand_raise")
    """Kinds that promote; the others only move an account up inside its tier."""
    stability: Literal["low", "normal", "high"] = "normal"
    """How much better an account must be to displace another, and how long it stays."""
    band: float | None = Field(None, ge=0, le=2)
    """Instead of the band that `stability` sets: 0.2 is 20 % better."""
    min_stay_months: int | None = Field(None, ge=0, le=24)
    """Instead of the minimum stay that `stability` sets, months."""
    moving_cost: float | None = Field(None, ge=0, le=2)
    """Instead of the cost of a move that `stability` sets: 0.05 is 5 % of what the median tiered account gains."""
    churn_budget: float | None = Field(None, ge=0, le=1)
    """Instead of the most moves down a month that `stability` sets, as a share of the places held."""
    gates: Gates = Gates()
    """Who may be tiered at all."""
    plays: tuple[Play, ...] = ()
    """What each tier gets, best first; unset, the field's own."""
    budget: float | None = Field(None, ge=0)
    """Investment a month over all accounts, in the sheet's currency."""
    investment_floor: float = Field(0, ge=0)
    """Least investment in an account a month, in the sheet's currency."""
    investment_ceiling: float | None = Field(None, ge=0)
    """Most investment in an account a month, in the sheet's currency."""
    hours: tuple[float, ...] | None = None
    """Selling hours an account of each tier takes a month, best first; unset, 12, 2.5, 0.5 and 0 by number of tiers."""
    hours_per_rep: float = Field(HOURS_PER_REP, gt=0)
    """Selling hours of a rep in a month."""

    @model_validator(mode="before")
    @classmethod
    def _what_is_stated_comes_before_the_preset(cls, given: Any) -> Any:
        return with_preset(given) if isinstance(given, dict) else given

    @field_validator("labels")
    @classmethod
    def _two_to_four(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(labels) <= 4:
            raise ValueError(f"names {len(labels)} tiers; tierkit has 2, 3 or 4")
        if len(set(labels)) < len(labels):
            raise ValueError("names two tiers alike")
        return labels

    @field_validator("sizes", "shares")
    @classmethod
    def _one_each_but_the_last(cls, sizes: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
        n = len(info.data.get("labels", ()))
        if sizes is not None and n and len(sizes) != n - 1:
            raise ValueError(f"has {len(sizes)} entries; {n} tiers need {n - 1}, the last takes the rest")
        if sizes is not None and min(sizes) < 0:
            raise ValueError("must be 0 or more")
        if sizes is not None and info.field_name == "shares" and sum(sizes) > 1:
            raise ValueError("must add up to at most 1")
        if sizes is not None and info.field_name == "shares" and info.data.get("sizes") is not None:
            raise ValueError("stands beside sizes; keep one of them")
        return sizes

    @field_validator("uplift")
    @classmethod
    def _better_tiers_gain_more(
        cls, uplift: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        n = len(info.data.get("labels", ()))
        if uplift is None or not n:
            return uplift
        if len(uplift) != n:
            raise ValueError(f"has {len(uplift)} entries for {n} tiers; each tier needs its own, the last may be 0")
        if not all(0 <= u <= 10 for u in uplift):
            raise ValueError("must be shares of 0 or more: 0.3 is 30 % more value")
        if any(a <= b for a, b in pairwise(uplift)):
            words = ", ".join(f"{u:g}" for u in uplift)
            raise ValueError(f"must fall from tier to tier, got {words}; a better tier that gains no more is none")
        return uplift

    @field_validator("windows")
    @classmethod
    def _add_known_kinds(cls, windows: dict[str, int]) -> dict[str, int]:
        if negative := [kind for kind, days in windows.items() if days < 0]:
            raise ValueError(f"gives {negative[0]!r} a window of less than 0 days")
        return {**WINDOWS, **windows}

    @field_validator("promote")
    @classmethod
    def _promoting_kinds_have_windows(cls, promote: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = info.data.get("windows")
        if known is not None and (unknown := sorted(set(promote) - set(known))):
            raise ValueError(f"names {unknown[0]!r}, which has no window; known: {', '.join(sorted(known))}")
        return promote

    @field_validator("plays")
    @classmethod
    def _one_play_a_tier(cls, plays: tuple[Play, ...], info: ValidationInfo) -> tuple[Play, ...]:
        n = len(info.data.get("labels", ()))
        if plays and n and len(plays) != n:
            raise ValueError(f"has {len(plays)} plays for {n} tiers; each tier needs its own")
        if plays and not plays[0].owners.get("sponsor", "").strip():
            raise ValueError("has a Tier 1 play without sponsor; name the executive role in its owners")
        return plays

    @field_validator("investment_ceiling")
    @classmethod
    def _floor_below_ceiling(cls, ceiling: float | None, info: ValidationInfo) -> float | None:
        floor = info.data.get("investment_floor")
        if ceiling is not None and floor is not None and ceiling < floor:
            raise ValueError(f"is below investment_floor {floor:g}")
        return ceiling

    @field_validator("hours")
    @classmethod
    def _hours_fall_with_the_tier(
        cls, hours: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        n = len(info.data.get("labels", ()))
        if hours is None or not n:
            return hours
        if len(hours) != n:
            raise ValueError(f"has {len(hours)} entries for {n} tiers; each tier needs its own")
        if min(hours) < 0 or any(high < low for high, low in pairwise(hours)):
            raise ValueError("overlap: each tier must take at least the hours of the tier below, and none under 0")
        return hours

    @model_validator(mode="after")
    def _four_tiers_say_how_many(self) -> "Policy":
        if self.n_tiers == 4 and self.sizes is None and self.shares is None:
            raise ValueError("needs sizes for four tiers: the reps' slots say nothing of Tier 3")
        return self

    @property
    def n_tiers(self) -> int:
        """Number of tiers."""
        return len(self.labels)

    @property
    def tier_plays(self) -> tuple[Play, ...]:
        """The play of each tier, best first: the sheet's, or the field's own."""
        return self.plays or DEFAULT_PLAYS[self.n_tiers]

    @property
    def tier_uplift(self) -> tuple[float, ...]:
        """The uplift of each tier, best first: the sheet's, or the default of the number of tiers."""
        return self.uplift or UPLIFT[self.n_tiers]

    @property
    def explored_tier(self) -> int:
        """Tier the exploration places lie in."""
        return min(self.exploration_tier, self.n_tiers - 1)

    @property
    def tier_hours(self) -> tuple[float, ...]:
        """Selling hours an account of each tier takes a month: the sheet's, or the field's own."""
        return self.hours or HOURS[self.n_tiers]

    @property
    def hold(self) -> Stability:
        """What holds accounts in their tiers: the level's, unless an advanced key says otherwise."""
        keys = ("band", "min_stay_months", "moving_cost", "churn_budget")
        return replace(STABILITY[self.stability], **{k: v for k in keys if (v := getattr(self, k)) is not None})


def labels_without_treatment(policy: Policy) -> tuple[str, ...]:
    """One sentence for each pair of neighbouring tiers that get the same play: a label, not a treatment."""
    plays = policy.tier_plays
    return tuple(
        f"{policy.labels[i]} and {policy.labels[i + 1]} get the same play: two labels, one treatment"
        for i in range(policy.n_tiers - 1)
        if plays[i].treatment == plays[i + 1].treatment
    )


__all__ = [
    "DEFAULT_PLAYS",
    "STABILITY",
    "STRATEGIC_KINDS",
    "UPLIFT",
    "WINDOWS",
    "Bound",
    "Gates",
    "Play",
    "Policy",
    "Stability",
    "labels_without_treatment",
]
