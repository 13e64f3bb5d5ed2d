"""Values of features in plain words: a count as a sentence, the typical value beside it, unknown as unknown."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.catalog import Feature, as_words, feature_of
from tierkit.features.windows import NOT_IN_A_YEAR

Typical = float | str | None

_MOST = 60
"""Characters of a level that are said."""
# Neither "NA", which is North America, nor "none", which may be an answer.
_NOBODY_KNOWS = frozenset({"", "-", "?", "n/a", "nan", "null", "tbd", "unknown", "not known", "undefined"})

_COUNTS: tuple[tuple[re.Pattern[str], tuple[str, str, str]], ...] = tuple(
    (re.compile(pattern), says)
    for pattern, says in {
        # None, one and more of it.
        r"n_inbound_(?P<days>\d+)d": (
            "they did not come to us in the last {days} days",
            "they came to us once in the last {days} days",
            "they came to us {n} times in the last {days} days",
        ),
        r"n_outbound_(?P<days>\d+)d": (
            "we did not reach out in the last {days} days",
            "we reached out once in the last {days} days",
            "we reached out {n} times in the last {days} days",
        ),
        r"n_contacts_inbound_(?P<days>\d+)d": (
            "none of their people came to us in the last {days} days",
            "1 of their people came to us in the last {days} days",
            "{n} of their people came to us in the last {days} days",
        ),
        r"n_contacts_(?P<days>\d+)d": (
            "we touched none of their people in the last {days} days",
            "we touched 1 of their people in the last {days} days",
            "we touched {n} of their people in the last {days} days",
        ),
        r"days_since_inbound": (
            "they came to us today",
            "they last came to us 1 day ago",
            "they last came to us {n} days ago",
        ),
        r"days_since_outbound": (
            "we touched them today",
            "we last touched them 1 day ago",
            "we last touched them {n} days ago",
        ),
        r"days_since_loss": ("last deal lost today", "last deal lost 1 day ago", "last deal lost {n} days ago"),
        r"tenure_days": ("in the CRM since today", "in the CRM for 1 day", "in the CRM for {n} days"),
        r"n_won_past": ("no deal won before", "1 deal won before", "{n} deals won before"),
        r"n_lost_past": ("no deal lost before", "1 deal lost before", "{n} deals lost before"),
        r"n_open_deals": ("no deal open now", "1 deal open now", "{n} deals open now"),
        r"won_acv_past": ("no deal won before", "value of deals won before 1", "value of deals won before {n}"),
        r"seats": ("no seats asked for", "1 seat asked for", "{n} seats asked for"),
        r"term_months": ("contract of no months", "contract of 1 month", "contract of {n} months"),
    }.items()
)
_NEVER = {
    "days_since_inbound": "they have not come to us in the last year",
    "days_since_outbound": "we have not touched them in the last year",
}
_NO_YES = {
    "is_customer": ("no customer yet", "a customer already"),
    "has_open_deal": ("no deal open now", "a deal open now"),
}
_MISSING = {
    # Without a loss there is no day of it: that is known, and said.
    "days_since_loss": "no deal lost before",
    "tenure_days": "unknown when the account entered the CRM",
    "is_customer": "unknown whether they are a customer",
    "has_open_deal": "unknown whether a deal is open",
}


def phrases(column: str, values: pd.Series, typical: Typical = None, *, levels: Sequence[str] = ()) -> list[str]:
    """Values of a feature in words, with the typical one where it differs.

    Parameters
    ----------
    levels : levels of a category that a model knows; others are said to be unknown to it.

    >>> phrases("n_contacts_inbound_90d", pd.Series([3.0, 1.0]), 1.0)
    ['3 of their people came to us in the last 90 days (typical 1)', '1 of their people came to us in the last 90 days']
    >>> phrases("employees", pd.Series([None, 1200.0]), 90.0)
    ['headcount unknown', 'headcount 1,200 (typical 90)']
    """
    known: dict[Any, str] = {}
    words = []
    for value in values:
        if is_unknown(value):
            words.append(_unknown(column))
            continue
        # Python takes True for 1, so that one would be said as the other.
        key = (type(value), value)
        if key not in known:
            known[key] = _phrase(column, value, typical, levels)
        words.append(known[key])
    return words


def is_unknown(value: Any) -> bool:
    """Whether a value says nothing: missing, not a finite number, or a word for not knowing."""
    if isinstance(value, str):
        return value.strip().strip("()[]").lower() in _NOBODY_KNOWS
    return bool(pd.isna(value)) or (isinstance(value, (float, np.floating)) and bool(np.isinf(value)))


def _phrase(column: str, value: Any, typical: Typical, levels: Sequence[str]) -> str:
    feature = feature_of(column)
    if isinstance(value, str):
        return _level(feature, value, typical, levels)
    if feature.unit == "yes_no" or isinstance(value, (bool, np.bool_)):
        return _yes_no(column, feature.label, yes=bool(value))
    number = float(value)
    usual = float(typical) if isinstance(typical, (int, float)) else number
    if column == "inbound_trend":
        return _trend(number, usual)
    said, typically, beside = _number(number, feature.unit), _number(usual, feature.unit), ""
    if said != typically:
        never = column in _NEVER and usual >= NOT_IN_A_YEAR
        beside = " (typically not in the last year)" if never else f" (typical {typically})"
    return f"{_count(column, feature, number, said)}{beside}"


def _count(column: str, feature: Feature, number: float, said: str) -> str:
    if column in _NEVER and number >= NOT_IN_A_YEAR:
        return _NEVER[column]
    if says := _says_of_counts(column):
        return says[2 if number not in (0, 1) else int(number)].replace("{n}", said)
    if feature.unit == "touches":
        what, when = feature.label.split(" in the last ")
        return f"{'no' if number == 0 else said} {_singular(what) if number in (0, 1) else what} in the last {when}"
    if feature.unit in feature.label.split():
        return f"{said} {feature.label}"
    return f"{feature.label} {said}"


@lru_cache(maxsize=4096)
def _says_of_counts(column: str) -> tuple[str, ...]:
    """What is said of none, one and more of it; nothing where it is no such count."""
    for pattern, says in _COUNTS:
        if found := pattern.fullmatch(column):
            return tuple(words.format(n="{n}", **found.groupdict()) for words in says)
    return ()


def _singular(nouns: str) -> str:
    if nouns.endswith("ies"):
        return f"{nouns[:-3]}y"
    return re.sub(r"(?<=ch)es$|(?<=sh)es$|(?<=[sx])es$|s$", "", nouns)


def _level(feature: Feature, value: str, typical: Typical, levels: Sequence[str]) -> str:
    if levels and value not in levels:
        return f"{feature.label} {_short(value)}, unknown to the model"
    beside = f" (most often {_short(typical)})" if isinstance(typical, str) and typical != value else ""
    return f"{feature.label} {_short(value)}{beside}"


def _short(level: str) -> str:
    """A level as people write it: on one line, not long, a key as words."""
    text = " ".join(level.split())
    text = as_words(text).lower() if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", text) else text
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def _yes_no(column: str, label: str, *, yes: bool) -> str:
    if column in _NO_YES:
        return _NO_YES[column][yes]
    if column.startswith("missing_"):
        field = label.removeprefix("unknown ")
        return f"{field} unknown" if yes else f"{field} known"
    if feature_of(column).unit != "yes_no":
        return f"{label}: {'yes' if yes else 'no'}"
    if yes:
        return label
    return f"does not use {label.removeprefix('uses ')}" if label.startswith("uses ") else f"no {label}"


def _trend(share: float, usual: float) -> str:
    if share == 0:
        return "they came to us as often in the last 90 days as in the 90 before"
    than = "" if np.sign(usual) == np.sign(share) else " (typically as often)" if usual == 0 else " (typically less)"
    if share < 0 and than == " (typically less)":
        than = " (typically more)"
    return f"they came to us {'more' if share > 0 else 'less'} in the last 90 days than in the 90 before{than}"


def _unknown(column: str) -> str:
    if column in _MISSING:
        return _MISSING[column]
    label = feature_of(column).label
    if label.startswith("uses "):
        return f"unknown whether they use {label.removeprefix('uses ')}"
    since = label.removeprefix("days since ")
    return f"unknown when {since}" if since != label else f"{label} unknown"


def _number(value: float, unit: str) -> str:
    if unit == "currency" and abs(value) >= 9.995e8:
        return f"{value / 1e9:,.1f}B"
    if unit == "currency" and abs(value) >= 1e6:
        return f"{value / 1e6:,.1f}M"
    if unit == "currency" and abs(value) >= 1e4:
        return f"{value / 1e3:,.0f}k"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.2g}"
