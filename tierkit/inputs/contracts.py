"""The tables tierkit reads: columns, kinds, units, ranges and keys, stated once."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "text", "date", "money", "number", "integer", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a table: what it holds and what it may hold."""

    name: str
    kind: Kind
    about: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    most: float | None = None
    """More than this is a slip, or would not fit into the numbers tierkit counts with."""
    values: tuple[str, ...] = ()
    mutable: bool = False
    """Whether the value changes with time, so that without history nobody knows when it was known."""
    may_be_empty: bool = False
    """Whether cells of a required column may be empty."""
    ahead: bool = False
    """Whether a date may lie after the last day the export covers."""
    not_before: str | None = None
    """A date column of the same row that it may not lie before."""
    event: bool = False
    """Whether a date says when something happened, so that 1 January 1900 or 1970 can only stand for no date."""
    whole: bool = False
    """Whether a fraction is a fault, rather than a figure to be rounded."""


@dataclass(frozen=True)
class Contract:
    """One table: its grain, its columns and the key that no two rows share."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({c.name: c for c in self.columns})

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> list[str]:
        """Every column the contract knows, in order."""
        return list(self._by_name)

    @property
    def required(self) -> list[str]:
        """The columns without which the table cannot be used."""
        return [c.name for c in self.columns if c.required]


MOST_MONEY = 1e15
"""More than any firm earns in any currency, and few enough cents for a whole number of 64 bits."""
MOST_PEOPLE = 1e8
MOST_UNITS = 1e12
OUTCOMES = ("won", "lost", "open")
DEAL_TYPES = ("new", "expansion", "renewal")
DIRECTIONS = ("inbound", "outbound")
STRATEGIC_KINDS = ("reference", "ecosystem", "new_vertical", "new_geography")


def _account_id(about: str = "the account", *, required: bool = True) -> Column:
    return Column("account_id", "id", about, required)


_KNOWN_AT = Column("known_at", "date", "day the row became known to us")

_CONTRACTS = (
    Contract(
        "accounts",
        "one row per account",
        (
            _account_id("key of the account, unchanged from the CRM"),
            Column("name", "text", "name people know it by"),
            Column("domain", "text", "web domain"),
            Column("parent_id", "id", "account_id of its parent"),
            Column("industry", "text", "industry"),
            Column("country", "text", "country"),
            Column("region", "text", "sales region"),
            Column("employees", "integer", "headcount, people", low=0, most=MOST_PEOPLE, mutable=True),
            Column("annual_revenue", "money", "revenue a year", low=0, most=MOST_MONEY, mutable=True),
            Column("currency", "text", "ISO currency of annual_revenue; empty is that of the run sheet"),
            Column("owner_id", "id", "the seller who owns it", mutable=True),
            Column("segment", "text", "segment", mutable=True),
            Column("created_at", "date", "day it entered the CRM"),
            Column("is_customer", "flag", "is a customer today", mutable=True),
            Column("technologies", "text", "tools in its stack, separated by ;", mutable=True),
        ),
        key=("account_id",),
    ),
    Contract(
        "account_history",
        "one row per change: from known_at on, the field had this value",
        (
            _account_id(),
            Column("known_at", "date", "day the value became known", required=True),
            Column("field", "text", "column of accounts", required=True),
            Column("value", "text", "its value from then on, empty if unknown", required=True, may_be_empty=True),
        ),
    ),
    Contract(
        "deals",
        "one row per deal",
        (
            Column("deal_id", "id", "key of the deal", required=True),
            Column("outcome", "text", "how it ended", required=True, values=OUTCOMES),
            _account_id(required=False),
            Column("opened_at", "date", "day it opened", event=True),
            Column("closed_at", "date", "day it closed; of an open deal an expected date, ignored", event=True),
            Column("acv", "money", "annual contract value", low=0, most=MOST_MONEY),
            Column(
                "amount",
                "money",
                "total of the contract; acv is made of it where acv is not given",
                low=0,
                most=MOST_MONEY,
            ),
            Column("currency", "text", "ISO currency of acv"),
            Column("term_months", "number", "length of the contract, months", low=0, most=10_000),
            Column("deal_type", "text", "new business, expansion or renewal", values=DEAL_TYPES),
            Column("product", "text", "product"),
            Column("seats", "number", "seats or units", low=0, most=MOST_UNITS),
            Column("use_case", "text", "use case"),
            Column("source", "text", "where the deal came from"),
            Column("owner_id", "id", "the seller who owns it"),
            Column("group_key", "text", "entity behind the deal where there is no account; made of group_by"),
        ),
        key=("deal_id",),
    ),
    Contract(
        "activities",
        "one row per touch",
        (
            _account_id(),
            Column("occurred_at", "date", "day it happened", required=True, event=True),
            Column("kind", "text", "email, call, meeting, web_visit, ...", required=True),
            Column("direction", "text", "inbound is theirs, outbound is ours", values=DIRECTIONS),
            Column("contact_id", "id", "the person"),
            Column("channel", "text", "channel"),
            Column("template_id", "id", "template it was written from"),
            Column("minutes", "number", "our time, minutes", low=0, most=1e6),
            _KNOWN_AT,
        ),
    ),
    Contract(
        "contacts",
        "one row per person",
        (
            Column("contact_id", "id", "key of the person", required=True),
            _account_id(),
            Column("role", "text", "part in the buying committee"),
            Column("seniority", "text", "seniority"),
            _KNOWN_AT,
        ),
        key=("contact_id",),
    ),
    Contract(
        "signals",
        "one row per trigger event",
        (
            _account_id(),
            Column("occurred_at", "date", "day it happened", required=True, event=True),
            Column("kind", "text", "funding, executive_hire, ...", required=True),
            Column("source", "text", "who reported it"),
            Column("detail", "text", "what happened, for people"),
            _KNOWN_AT,
        ),
    ),
    Contract(
        "reps",
        "one row per seller",
        (
            Column("owner_id", "id", "key of the seller", required=True),
            Column("name", "text", "name"),
            Column("tier1_slots", "integer", "Tier 1 accounts the seller can hold", low=0, most=1e6),
            Column("tier2_slots", "integer", "Tier 2 accounts the seller can hold", low=0, most=1e6),
            _KNOWN_AT,
        ),
        key=("owner_id",),
    ),
    Contract(
        "strategic",
        "one row per claim",
        (
            _account_id(),
            Column("kind", "text", "why it is strategic", required=True, values=STRATEGIC_KINDS),
            Column("value", "number", "strength of the claim, 0 to 1", required=True, low=0, high=1),
            Column("evidence", "text", "what supports it"),
            Column("author", "text", "who made it"),
            _KNOWN_AT,
            Column("expires_at", "date", "last day it counts", ahead=True, not_before="known_at"),
        ),
    ),
    Contract(
        "overrides",
        "one row per decision",
        (
            _account_id(),
            Column("tier", "integer", "tier a person chose, 1 is best", required=True, low=1, high=4, whole=True),
            Column("reason", "text", "reason code", required=True),
            Column("author", "text", "who decided", required=True),
            Column("created_at", "date", "day of the decision", required=True),
            Column("expires_at", "date", "last day it counts", required=True, ahead=True, not_before="created_at"),
        ),
    ),
    Contract(
        "exclusions",
        "one row per rule or account",
        (
            _account_id(required=False),
            Column("domain", "text", "web domain"),
            Column("reason", "text", "why it is not sold to", required=True),
            _KNOWN_AT,
        ),
    ),
    Contract(
        "funnel",
        "one row per lead handed over",
        (
            Column("lead_id", "id", "key of the lead", required=True),
            _account_id(required=False),
            Column("created_at", "date", "day it was handed over", event=True),
            Column("source", "text", "where it came from"),
            Column("accepted_at", "date", "day sales accepted it", event=True, not_before="created_at"),
            Column("meeting_at", "date", "day of the first meeting", event=True),
            Column("rejected_reason", "text", "why sales rejected it"),
        ),
        key=("lead_id",),
    ),
    Contract(
        "tal",
        "one row per stay on the target account list",
        (
            _account_id(),
            Column("entered_at", "date", "first day on the list", required=True),
            Column("left_at", "date", "first day off the list", ahead=True, not_before="entered_at"),
            Column("source", "text", "who put it there"),
        ),
    ),
    Contract(
        "tier_history",
        "one row per account and change",
        (
            _account_id(),
            Column("tier", "integer", "tier in use, 1 is best", required=True, low=1, high=4, whole=True),
            Column("valid_from", "date", "first day", required=True),
            Column("valid_to", "date", "last day; empty while in use", ahead=True, not_before="valid_from"),
            Column("source", "text", "who set it"),
        ),
        key=("account_id", "valid_from"),
    ),
    Contract(
        "holdout",
        "one row per account of a randomised test and round",
        (
            _account_id(),
            Column("arm", "text", "worked as Tier 1, or not", required=True, values=("treated", "control")),
            Column("started_at", "date", "first day of the round", required=True),
        ),
    ),
    Contract(
        "rates",
        "one row per currency and change: from valid_from on, one unit of it was worth this much",
        (
            Column("currency", "text", "ISO currency", required=True),
            Column("valid_from", "date", "first day of the rate", required=True, ahead=True),
            Column(
                "rate",
                "number",
                "what one unit is worth in the currency of the run sheet",
                required=True,
                low=0,
                most=1e9,
            ),
        ),
    ),
    Contract(
        "identity",
        "one row per decision about two accounts that look alike, or that the CRM merged",
        (
            Column("account_id", "id", "the account that looks like another", required=True),
            Column("same_as", "id", "the account it is, or is not", required=True),
            Column("decision", "text", "same (they become one) or different", values=("same", "different")),
            Column("author", "text", "who decided"),
            # A decision about last month's export is made after its last day
            Column("known_at", "date", "day of the decision", ahead=True),
        ),
    ),
)

CONTRACTS: dict[str, Contract] = {c.name: c for c in _CONTRACTS}
"""The contract of every table, by name."""

ROW_KEYS = (
    "row_id",
    "deal_id",
    "account_id",
    "group_id",
    "as_of",
    "opened_at",
    "closed_at",
    "outcome",
    "horizon_days",
    "won_in_horizon",
    "won_acv",
    "group_key",
    "opened_in_horizon",
    "worked",
    "name",
    "owner_id",
    "segment",
    "has_open_deal",
    "is_customer",
)
"""Columns of feature rows that identify, label or describe a row; every other column is a candidate feature."""
