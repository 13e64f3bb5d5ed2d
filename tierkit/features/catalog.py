"""What each feature is: its group, its family for reasons, its name in plain words, and whether it is our effort."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tierkit.inputs.contracts import CONTRACTS

Group = Literal["firmographic", "technographic", "behavioural", "trigger", "relationship", "effort", "deal"]


@dataclass(frozen=True)
class Feature:
    """A feature in plain words.

    Attributes
    ----------
    column : its name in feature rows.
    family : features that tell the same story, and share its credit at random since they move together; reasons sum
        them and print one.
    group : firmographic, technographic, behavioural, trigger, relationship, effort (what we did) or deal.
    label : words that follow "the account's" or stand alone.
    unit : touches, days, people, deals, share, currency, yes_no, or empty.
    own_effort : whether it counts what we did, not what they did.
    """

    column: str
    family: str
    group: Group
    label: str
    unit: str
    own_effort: bool


_FIELDS: dict[str, tuple[str, Group, str, str]] = {
    "industry": ("industry", "firmographic", "industry", ""),
    "country": ("geography", "firmographic", "country", ""),
    "region": ("geography", "firmographic", "region", ""),
    "segment": ("size", "firmographic", "segment", ""),
    "employees": ("size", "firmographic", "headcount", "people"),
    "annual_revenue": ("size", "firmographic", "annual revenue", "currency"),
    "technologies": ("stack", "technographic", "tools in the stack", ""),
    "tenure_days": ("tenure", "relationship", "days since the account entered the CRM", "days"),
    "n_contacts_90d": ("outbound", "effort", "people touched in the last 90 days", "people"),
    "n_contacts_365d": ("outbound", "effort", "people touched in the last 365 days", "people"),
    "n_contacts_inbound_90d": ("inbound", "behavioural", "people who came to us in the last 90 days", "people"),
    "n_contacts_inbound_365d": ("inbound", "behavioural", "people who came to us in the last 365 days", "people"),
    "inbound_trend": ("inbound", "behavioural", "inbound touches of the last 90 days against the 90 before", "share"),
    "n_won_past": ("past deals", "relationship", "deals won before", "deals"),
    "won_acv_past": ("past deals", "relationship", "value of deals won before", "currency"),
    "n_lost_past": ("past losses", "relationship", "deals lost before", "deals"),
    "days_since_loss": ("past losses", "relationship", "days since the last lost deal", "days"),
    "n_open_deals": ("open deals", "relationship", "deals open now", "deals"),
    "fit_score": ("fit", "firmographic", "fit to the ideal customer", ""),
    "product": ("product", "deal", "product asked for", ""),
    "seats": ("seats", "deal", "seats asked for", "seats"),
    "use_case": ("use case", "deal", "use case", ""),
    "source": ("source", "deal", "where the deal came from", ""),
    "acv": ("amount", "deal", "value of the deal", "currency"),
    "amount": ("amount", "deal", "total of the contract", "currency"),
    "term_months": ("term", "deal", "length of the contract", "months"),
}

_DESCRIBES: dict[str, tuple[str, Group, str, str]] = {
    "is_customer": ("past deals", "relationship", "customer already", "yes_no"),
    "has_open_deal": ("open deals", "relationship", "deal open now", "yes_no"),
    "fit_industry": ("fit", "firmographic", "fit of the industry", ""),
    "fit_size": ("fit", "firmographic", "fit of the size", ""),
    "fit_geography": ("fit", "firmographic", "fit of the place", ""),
    "fit_stack": ("fit", "firmographic", "fit of the tools in use", ""),
    "fit_behaviour": ("fit", "firmographic", "fit of what they do", ""),
    "fit_words": ("fit", "firmographic", "fit in words", ""),
    "strategic_value": ("claim", "relationship", "strategic value claimed", ""),
    "strategic_kind": ("claim", "relationship", "strategic claim", ""),
    "horizon_days": ("horizon", "deal", "days a deal has to be won", "days"),
}
"""Columns that describe a row; their names are not reserved, since tables of other people may carry them."""

_TOUCH = re.compile(r"n_(?:(?P<kind>[a-z0-9_]+?)_)?(?P<direction>inbound|outbound)_(?P<days>30|90|180|365)d")
_UNDIRECTED = re.compile(r"n_(?P<kind>[a-z0-9_]+)_(?P<days>30|90|180|365)d")
_SINCE = re.compile(r"days_since_(?P<direction>inbound|outbound)")
_LIVE = re.compile(r"live_(?P<kind>[a-z0-9_]+)")
_TECH = re.compile(r"tech_(?P<name>[a-z0-9_]+)")
_MISSING = re.compile(r"missing_(?P<field>[a-z0-9_]+)")


def _touch(column: str, m: re.Match[str]) -> Feature:
    ours = m["direction"] == "outbound"
    kind = (m["kind"] or "touch").replace("_", " ")
    return Feature(
        column,
        m["direction"],
        "effort" if ours else "behavioural",
        f"{m['direction']} {_plural(kind)} in the last {m['days']} days",
        "touches",
        ours,
    )


def _undirected(column: str, m: re.Match[str]) -> Feature:
    kind = m["kind"].replace("_", " ")
    # Nobody said who began it, so it may be ours.
    return Feature(column, kind, "effort", f"{_plural(kind)} in the last {m['days']} days", "touches", True)


def _since(column: str, m: re.Match[str]) -> Feature:
    ours = m["direction"] == "outbound"
    who = "we last touched them" if ours else "they last came to us"
    return Feature(column, m["direction"], "effort" if ours else "behavioural", f"days since {who}", "days", ours)


def _live(column: str, m: re.Match[str]) -> Feature:
    kind = m["kind"].replace("_", " ")
    return Feature(column, kind, "trigger", f"{kind} in the last 90 days", "yes_no", False)


def _tech(column: str, m: re.Match[str]) -> Feature:
    name = m["name"].replace("_", " ")
    return Feature(column, "stack", "technographic", f"uses {name}", "yes_no", False)


def _missing(column: str, m: re.Match[str]) -> Feature:
    of = feature_of(m["field"])
    return Feature(column, of.family, of.group, f"unknown {of.label}", "yes_no", False)


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], Feature]], ...] = (
    (_TOUCH, _touch),
    (_UNDIRECTED, _undirected),
    (_SINCE, _since),
    (_LIVE, _live),
    (_TECH, _tech),
    (_MISSING, _missing),
)


@lru_cache(maxsize=4096)
def feature_of(column: str) -> Feature:
    """What a column of feature rows is; a column nobody knows is its own family, in `deal`, its name said as words.

    >>> feature_of("n_inbound_90d").label
    'inbound touches in the last 90 days'
    >>> feature_of("n_email_outbound_30d").own_effort
    True
    """
    if found := _FIELDS.get(column) or _DESCRIBES.get(column):
        family, group, label, unit = found
        return Feature(column, family, group, label, unit, group == "effort")
    for pattern, make in _PATTERNS:
        if m := pattern.fullmatch(column):
            return make(column, m)
    of: Group = "firmographic" if column.startswith("account_") else "deal"
    return Feature(column, column, of, as_words(column) or "a column without a name", "", False)


def as_words(name: str) -> str:
    """A column's name as words.

    >>> as_words("n_webVisits_30d"), as_words("LastNPSScore")
    ('n web Visits 30d', 'Last NPS Score')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^\w]+|_+", " ", name).strip()


def is_built(column: str) -> bool:
    """Whether tierkit's own dated features carry this name, so that no other column may."""
    if column in CONTRACTS["accounts"] or column in CONTRACTS["deals"]:
        return False
    return column in _FIELDS or any(pattern.fullmatch(column) for pattern, _ in _PATTERNS)


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
