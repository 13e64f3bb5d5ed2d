"""Named starting points for `[tiers]`: sizes and slots that the reps' selling hours can serve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOURS: dict[int, tuple[float, ...]] = {2: (12, 0), 3: (12, 2.5, 0), 4: (12, 2.5, 0.5, 0)}
"""Selling hours an account of each tier takes a month, best first, for two, three and four tiers."""

HOURS_PER_REP = 125.0
"""Selling hours of a rep in a month: about 1,500 a year (Winning by Design)."""


@dataclass(frozen=True)
class Preset:
    """Defaults of `[tiers]` under one name.

    Attributes
    ----------
    about : what it is for, in words.
    reps : how many reps it is sized for; more of them hold more, fewer are short of capacity.
    keys : the keys it sets; whatever the sheet states comes first.
    ranges : accounts, from and to, within which Tier 1 and Tier 2 are what they are called.
    """

    about: str
    reps: int
    keys: Mapping[str, Any] = field(default_factory=dict)
    ranges: tuple[tuple[int, int], ...] = ()


# The sizes leave room for what overlays add: 31 + 5 strategic + 4 promotions = 40; 174 + 26 promotions = 200.
PRESETS: dict[str, Preset] = {
    "mid_market": Preset(
        "about 40 accounts in Tier 1, 200 in Tier 2 and the rest in Tier 3, for 8 reps",
        reps=8,
        keys={"sizes": (31, 174), "tier1_per_rep": 5, "tier2_per_rep": 25, "strategic_slots": 5},
        ranges=((20, 50), (100, 300)),
    ),
    "enterprise": Preset(
        "as many as the reps can serve, 6 accounts each in Tier 1 and 20 in Tier 2, for 10 reps",
        reps=10,
        keys={"tier1_per_rep": 6, "tier2_per_rep": 20, "strategic_slots": 5},
        ranges=((10, 100), (100, 500)),
    ),
    # 10 by value + 10 strategic + 1 promotion = 21 of 24 slots; Tier 3 takes half an hour an account.
    "four_tier": Preset(
        "a strategic Tier 1 of about 20, half of it by claim, then 60, 300 and the rest, for 6 reps",
        reps=6,
        keys={
            "labels": ("Tier 1 strategic", "Tier 2 priority", "Tier 3 standard", "Tier 4 programme"),
            "sizes": (10, 60, 300),
            "tier1_per_rep": 4,
            "tier2_per_rep": 12,
            "strategic_slots": 10,
        },
        ranges=((10, 50), (50, 300)),
    ),
}
"""The presets by name."""


def with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of `[tiers]` with those of its preset underneath; what is stated comes first.

    Sizes of the preset give way where the sheet states shares, or another number of tiers.

    >>> with_preset({"preset": "mid_market", "strategic_slots": 2})["sizes"]
    (31, 174)
    """
    preset = PRESETS.get(str(given.get("preset")))
    if preset is None:
        return dict(given)
    keys = dict(preset.keys)
    n = len(keys.get("labels", ("", "", "")))
    stated = given.get("labels")
    if given.get("shares") is not None or (isinstance(stated, list | tuple) and len(stated) != n):
        keys.pop("sizes", None)
    return {**keys, **given}
