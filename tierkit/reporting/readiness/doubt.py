"""One thing that stands between the data and a claim."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["stops it", "weakens it", "look at it"]


@dataclass(frozen=True)
class Doubt:
    """What it is, how bad it is, and what would mend it."""

    level: Level
    what: str
    repair: str
