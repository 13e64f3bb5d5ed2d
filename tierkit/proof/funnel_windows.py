"""Two windows of equal length, before and after a day, whose records had equally long to mature."""

from dataclasses import dataclass

import pandas as pd

LONGEST, SHORTEST = 365, 28
"""Days of a window: a year at most, so that both hold every season once; under four weeks nothing is compared."""
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Windows:
    """First and last day on which records enter, before and after; each has `follow_up_days` from its own day on."""

    before_from: pd.Timestamp
    before_to: pd.Timestamp
    after_from: pd.Timestamp
    after_to: pd.Timestamp
    follow_up_days: int

    @property
    def days(self) -> int:
        """Length of either window."""
        return int((self.after_to - self.after_from).days) + 1


@dataclass(frozen=True)
class Refusal:
    """Why a step cannot be compared, as the end of a sentence."""

    because: str


def equal_windows(
    first: pd.Timestamp, *, since: pd.Timestamp, through: pd.Timestamp, follow_up_days: int
) -> Windows | Refusal:
    """The longest windows there are, or why there are none.

    Parameters
    ----------
    first : day of the first record. since : the day that divides before from after. through : last day the data cover.
    follow_up_days : days each record has to come to its end. A record of the window before has them before `since`, so
        that no part of its course lies after.
    """
    follow_up = pd.Timedelta(days=follow_up_days)
    days_before = int((since - follow_up - first) / _DAY)
    days_after = int((through - follow_up - since) / _DAY) + 1
    if days_before < SHORTEST:
        return Refusal(
            f"the records begin on {first:%Y-%m-%d}: {max(days_before, 0):,} days of them had {follow_up_days} days to "
            f"mature before {since:%Y-%m-%d}, and {SHORTEST} are needed"
        )
    if days_after < SHORTEST:
        ready = since + follow_up + (SHORTEST - 1) * _DAY
        return Refusal(
            f"of the days since {since:%Y-%m-%d} {max(days_after, 0):,} had {follow_up_days} days to mature, and "
            f"{SHORTEST} are needed: it can be compared from {ready:%Y-%m-%d}"
        )
    days = min(days_before, days_after, LONGEST)
    return Windows(
        before_from=since - follow_up - days * _DAY,
        before_to=since - follow_up - _DAY,
        after_from=since,
        after_to=since + (days - 1) * _DAY,
        follow_up_days=follow_up_days,
    )
