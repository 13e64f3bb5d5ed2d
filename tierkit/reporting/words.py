"""Figures and dates as people say them."""

import datetime as dt
import math
import re
from typing import Any

import pandas as pd

KINDS = {
    "backtest": "replayed",
    "contains_treatment": "replayed, while tiers were acted on",
    "observed": "as it happened",
    "out_of_time": "tested on deals that came later",
    "cross_validated": "cross-validated",
    "held_out": "tested with a control",
    "undated": "as they stand today",
}
"""What the page calls each kind of evidence."""

METHODS = {
    "tierkit": "these tiers",
    "size_only": "company size alone",
    "tiers_in_use": "tiers in use then",
    "base_rate": "base rate",
    "logit": "logit",
    "lightgbm": "LightGBM",
    "gamma_glm": "Gamma GLM",
    "median": "median",
    "random": "random order",
    "oracle": "best in hindsight",
}
"""What the page calls each way to rank."""

_FIELDS = {"employees": "headcount", "annual_revenue": "revenue", "owner_id": "owner", "technologies": "tools in use"}

_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def is_missing(value: Any) -> bool:
    """Whether there is nothing to say: None, NaN, NaT, NA or an empty text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and not value.strip()


def money(value: Any, currency: str = "USD") -> str:
    """An amount to about two digits.

    >>> money(41_250), money(1_234_000), money(830, "EUR"), money(5_000, "CHF"), money(-2_500)
    ('$41k', '$1.2M', '€830', 'CHF 5.0k', '-$2.5k')
    """
    if is_missing(value):
        return "unknown"
    amount = float(value)
    size = abs(amount)
    text = f"{size:.0f}"
    for unit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= 0.9995 * unit:
            scaled = size / unit
            text = f"{scaled:.1f}{letter}" if scaled < 9.95 else f"{scaled:,.0f}{letter}"
            break
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    return f"{'-' if amount < 0 else ''}{symbol}{text}"


def percent(rate: Any) -> str:
    """A share, with one decimal below ten per cent.

    >>> percent(0.1234), percent(0.0361), percent(0.0), percent(1.0)
    ('12 %', '3.6 %', '0 %', '100 %')
    """
    if is_missing(rate):
        return "unknown"
    share = 100 * float(rate)
    return f"{share:.1f} %" if 0 < abs(share) < 9.95 else f"{share:.0f} %"


def count(value: Any) -> str:
    """A whole number with thousands set apart.

    >>> count(2910.0)
    '2,910'
    """
    return "unknown" if is_missing(value) else f"{round(float(value)):,}"


def number(value: Any) -> str:
    """A figure to two digits after the point, or one from ten on.

    >>> number(3.3), number(0.6931), number(12.34), number(1834.2)
    ('3.3', '0.69', '12.3', '1,834')
    """
    if is_missing(value):
        return "unknown"
    figure = float(value)
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    if abs(figure) >= 10:
        return f"{figure:.1f}".removesuffix(".0")
    return f"{figure:.2f}".rstrip("0").rstrip(".") if figure else "0"


def day(value: Any) -> str:
    """A day as people write it.

    >>> day("2026-10-31")
    '31 Oct 2026'
    """
    if is_missing(value):
        return "unknown"
    stamp = pd.Timestamp(value)
    return f"{stamp.day} {stamp:%b %Y}"


def month_name(month: str) -> str:
    """A month written YYYY-MM in full; any other label as it stands.

    >>> month_name("2026-10"), month_name("pilot")
    ('October 2026', 'pilot')
    """
    try:
        return f"{dt.date.fromisoformat(month + '-01'):%B %Y}"
    except ValueError:
        return month


def span(days: Any) -> str:
    """A number of days in months where it is close to whole months, else in days.

    >>> span(180), span(365), span(90), span(100), span(30)
    ('six months', 'twelve months', 'three months', '100 days', 'one month')
    """
    months = round(float(days) / 30.4)
    if 1 <= months <= 12 and abs(float(days) - months * 30.4) <= 5:
        return f"{_SMALL[months]} month{'s' if months > 1 else ''}"
    return f"{count(days)} days"


def things(n: int, one: str, many: str | None = None) -> str:
    """A count and its noun.

    >>> things(1, "account"), things(1200, "account"), things(2, "entry", "entries")
    ('1 account', '1,200 accounts', '2 entries')
    """
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def listing(items: list[str]) -> str:
    """Items as one phrase.

    >>> listing(["a", "b", "c"]), listing(["a"])
    ('a, b and c', 'a')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def field_name(field: Any) -> str:
    """What people call a column.

    >>> field_name("employees"), field_name("web_visits")
    ('headcount', 'web visits')
    """
    return _FIELDS.get(str(field), str(field).replace("_", " "))


def readable(text: Any) -> str:
    """A sentence of the tier files as people read it: days written out, codes as words.

    >>> readable("override by Kim: board_relation until 2026-12-16")
    'override by Kim: board relation until 16 Dec 2026'
    """
    said = _ISO_DAY.sub(lambda found: day(found[0]), str(text))
    return _CODE.sub(lambda found: found[0].replace("_", " "), said)


def tier_name(tier: Any) -> str:
    """The short name of a tier.

    >>> tier_name(1), tier_name("1+2"), tier_name(float("nan"))
    ('Tier 1', 'Tiers 1 and 2', 'not tiered')
    """
    if is_missing(tier):
        return "not tiered"
    text = str(tier)
    if "+" in text:
        return f"Tiers {listing(text.split('+'))}"
    return f"Tier {int(float(text))}" if text.replace(".", "", 1).isdigit() else text
