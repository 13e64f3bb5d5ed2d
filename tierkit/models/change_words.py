"""How a feature's value changed, in words: what it read before and what it reads now."""

import re
from typing import Any, NamedTuple

import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.features.feature_words import phrases

_NUMBER_FIRST = re.compile(r"^([\d,.]+)(\s.*)?$", re.S)
_NUMBER = re.compile(r"\d[\d,.]*")


class Changed(NamedTuple):
    """A change in words: `what` (empty where values speak for themselves), `old` and `new`."""

    what: str
    old: str
    new: str


def change_words(feature: str, old: Any, new: Any) -> Changed:
    """The two values in words, what they share said once.

    >>> change_words("employees", 90.0, 900.0)
    Changed(what='headcount', old='90', new='900')
    >>> change_words("days_since_inbound", 68.0, 6.0)
    Changed(what='', old='68', new='they last came to us 6 days ago')
    >>> change_words("has_open_deal", False, True)
    Changed(what='', old='no deal open', new='a deal open now')
    """
    a, b = phrases(feature, pd.Series([old, new], dtype=object))
    label = f"{feature_of(feature).label.removeprefix('unknown ')} "
    if a.startswith(label) and b.startswith(label):
        return Changed(label.strip(), a.removeprefix(label), b.removeprefix(label))
    if (number := _NUMBER_FIRST.match(a)) and _NUMBER_FIRST.match(b):
        return Changed("", number[1], b)
    if len(numbers := _NUMBER.findall(a)) == 1 and _NUMBER.sub("#", a) == _NUMBER.sub("#", b):
        return Changed("", numbers[0], b)
    return Changed("", a.removesuffix(" now") if b.endswith(" now") else a, b)
