"""Reasons in words: what speaks for or against, and how strongly; never what causes what."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tierkit.features.feature_words import phrases
from tierkit.models.design import OTHER, Array, DesignColumn

_FOR = {"opens": "speaks for a deal opening", "wins": "speaks for winning", "value": "speaks for a larger contract"}
_AGAINST = {
    "opens": "speaks against a deal opening",
    "wins": "speaks against winning",
    "value": "speaks against a large contract",
}
_SIZE = {"opens": "odds of a deal opening", "wins": "odds of winning", "value": "contract value"}


def say_for_or_against(part: str, contribution: Array, said: Sequence[str]) -> list[str]:
    """What was said of values as sentences that carry the sign of their contribution.

    >>> say_for_or_against("wins", np.array([0.4, -0.2]), ["headcount 1,200", "headcount unknown"])
    ['speaks for winning: headcount 1,200', 'speaks against winning: headcount unknown']
    """
    return [f"{(_FOR if c > 0 else _AGAINST)[part]}: {text}" for c, text in zip(contribution, said, strict=True)]


def say_values(
    part: str, column: str, learned: DesignColumn | None, values: pd.Series, contribution: Array
) -> list[str]:
    """Values of a column as sentences of a part, beside what the model learned of it."""
    levels = () if learned is None else [level for level in learned.levels if level != OTHER]
    typical = None if learned is None or learned.typical == OTHER else learned.typical
    return say_for_or_against(part, contribution, phrases(column, values, typical, levels=levels))


def say_odds(part: str, contribution: float) -> str:
    """How strong a reason is: odds as odds, a value as a multiple.

    >>> say_odds("wins", 0.47), say_odds("opens", -0.7), say_odds("value", 0.26)
    ('odds of winning 1.6 times', 'odds of a deal opening 0.50 times', 'contract value 1.3 times')
    """
    factor = float(np.exp(contribution))
    return f"{_SIZE[part]} {factor:,.1f} times" if factor >= 1 else f"{_SIZE[part]} {factor:.2f} times"


def say_cap(cap: float) -> str:
    """The line of the cap."""
    return f"speaks against a large contract: values above {cap:,.0f} are counted as {cap:,.0f}"
