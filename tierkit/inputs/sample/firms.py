"""The firms: what they are, what drives them, and what the CRM knows of it."""

from dataclasses import dataclass

import numpy as np

from tierkit.inputs.sample.calendar import Calendar, Flags, Floats, Ints, Texts, expit
from tierkit.inputs.sample.names import domains_of, firm_names

INDUSTRIES = ("Software", "Financial services", "Manufacturing", "Healthcare", "Logistics", "Public sector")
_INDUSTRY_MIX = (0.22, 0.15, 0.19, 0.15, 0.15, 0.14)
_INDUSTRY_FIT = np.array([0.75, 0.40, 0.0, 0.20, -0.25, -0.75])
_INDUSTRY_ACV = np.array([0.20, 0.35, 0.05, 0.0, -0.05, -0.15])

COUNTRIES = (
    "United States",
    "Canada",
    "United Kingdom",
    "Germany",
    "France",
    "Netherlands",
    "Sweden",
    "Japan",
    "Brazil",
)
_COUNTRY_MIX = (0.34, 0.09, 0.15, 0.14, 0.08, 0.07, 0.05, 0.04, 0.04)
_COUNTRY_FIT = np.array([0.15, 0.05, 0.1, 0.0, -0.1, 0.1, 0.05, -0.7, -0.7])
REGIONS = ("Americas", "EMEA", "APAC")
_REGION_OF = np.array([0, 0, 1, 1, 1, 1, 1, 2, 0])

TECHNOLOGIES = ("cloud_warehouse", "event_stream", "marketing_automation", "legacy_suite")
COMMON_TOOL = "office_suite"
"""In every stack, so that an empty stack means unknown."""
_TECH_FIT = np.array([0.55, 0.40, 0.15, -0.60])
_TECH_BASE = np.array([-0.3, -0.6, -0.4, -1.2])

SIGNAL_KINDS = ("funding", "executive_hire", "competitive_displacement", "regulatory_change", "inbound_hand_raise")
_SIGNALS_A_YEAR = 0.6
SIGNAL_DAYS = 90
INTENT_MEMORY = 0.92
"""Correlation of intent from one month to the next."""


@dataclass(frozen=True)
class Firms:
    """The firms that are sold to, one entry each, in order of entry to the CRM; children and duplicates come later.

    `employees` is the true headcount at the start and `fit`, `intent`, `luck` are never seen by anybody.
    """

    number: Ints
    name: Texts
    domain: Texts
    industry: Ints
    country: Ints
    employees: Ints
    growth: Floats
    tech: Flags
    tech_added: Ints
    created: Ints
    owner: Ints
    owner_later: Ints
    owner_changed: Ints
    excluded_from: Ints
    target: Flags
    fit: Floats
    luck: Floats
    intent: Floats
    """Firms by months."""
    effort: Floats
    """Outbound touches a month before tiers, 0 where nobody works the firm."""
    signal_firm: Ints
    signal_day: Ints
    signal_kind: Ints

    @property
    def n(self) -> int:
        """Number of firms."""
        return len(self.number)

    @property
    def size(self) -> Floats:
        """Log of headcount over 200."""
        size: Floats = np.log(self.employees / 200)
        return size

    @property
    def region(self) -> Ints:
        """Number of the sales region."""
        return _REGION_OF[self.country]

    @property
    def log_acv(self) -> Floats:
        """Mean log ACV at intent 0."""
        mean: Floats = np.log(18_000) + 0.45 * self.size + _INDUSTRY_ACV[self.industry]
        return mean

    def signal_live(self, day: int) -> Flags:
        """Whether each firm has had a signal in the 90 days before the day."""
        live = (self.signal_day <= day) & (day <= self.signal_day + SIGNAL_DAYS)
        out = np.zeros(self.n, dtype=bool)
        out[self.signal_firm[live]] = True
        return out

    def owner_on(self, firm: Ints, day: Ints) -> Ints:
        """Number of the seller who owns each firm on each day, -1 for none."""
        return np.where(day >= self.owner_changed[firm], self.owner_later[firm], self.owner[firm])


def simulate_firms(rng: np.random.Generator, n: int, n_reps: int, calendar: Calendar, n_numbers: int) -> Firms:
    """Draw the firms; `n_numbers` is how many account numbers the CRM hands out in all."""
    c = calendar
    pareto = 50 * (1 - rng.random(n) * (1 - (50 / 50_000) ** 1.06)) ** (-1 / 1.06)
    tiny = rng.random(n) < 0.06
    employees = np.where(tiny, rng.integers(3, 40, n), pareto).astype(np.int64)
    size = np.log(employees / 200)
    industry = rng.choice(6, n, p=_INDUSTRY_MIX)
    country = rng.choice(9, n, p=_COUNTRY_MIX)
    growth = rng.normal(0.06, 0.15, n)
    tech = rng.random((n, 4)) < expit(_TECH_BASE + 0.35 * size[:, None] + 0.3 * (industry == 0)[:, None])
    fit = (
        0.2 * np.clip(size, -2, 2)
        + _INDUSTRY_FIT[industry]
        + _COUNTRY_FIT[country]
        + tech @ _TECH_FIT
        + 0.6 * growth
        - 0.5 * tiny
    )
    fit = fit - fit.mean()

    late = rng.random(n) < 0.10
    early_day = rng.integers(c.starts[0] - 1500, c.deals_from - 30, n)
    created = np.sort(np.where(late, rng.integers(c.starts[c.first], c.until - 60, n), early_day))
    owner = rng.integers(0, n_reps, n)
    moves = rng.random(n) < 0.06
    owner_changed = np.where(moves, rng.integers(c.deals_from, c.until - 30, n), c.until + 1)
    owner_changed = np.where(owner_changed > created + 30, owner_changed, c.until + 1)
    owner_later = np.where(moves, (owner + rng.integers(1, max(n_reps, 2), n)) % n_reps, owner)
    no_owner = rng.random(n) < 0.02
    owner, owner_later = np.where(no_owner, -1, owner), np.where(no_owner, -1, owner_later)

    wanted = 0.6 * size + 0.4 * fit + rng.normal(0, 0.8, n)
    target = wanted >= np.quantile(wanted, 0.92)
    unworked = (rng.random(n) < 0.08) & ~target | no_owner
    effort = np.exp(-1.5 + 0.2 * size + 0.9 * target + rng.normal(0, 0.35, n))
    excluded = rng.random(n) < 30 / 4000
    excluded_from = np.where(excluded, rng.integers(c.starts[0], c.until - 30, n), c.until + 1)

    shocks = rng.normal(0, 1, (n, c.n_months))
    intent = np.empty_like(shocks)
    intent[:, 0] = shocks[:, 0]
    for m in range(1, c.n_months):
        intent[:, m] = INTENT_MEMORY * intent[:, m - 1] + np.sqrt(1 - INTENT_MEMORY**2) * shocks[:, m]

    span = c.until - c.starts[0] + 1
    n_signals = rng.poisson(_SIGNALS_A_YEAR * span / 365, n)
    signal_firm = np.repeat(np.arange(n), n_signals)
    signal_day = rng.integers(c.starts[0], c.until + 1, len(signal_firm))
    signal_kind = rng.choice(5, len(signal_firm), p=(0.2, 0.25, 0.15, 0.15, 0.25))
    known = signal_day >= created[signal_firm]

    name = firm_names(rng, industry)
    return Firms(
        number=np.sort(rng.choice(np.arange(1, 2 * n_numbers), n, replace=False)),
        name=name,
        domain=domains_of(name),
        industry=industry,
        country=country,
        employees=employees,
        growth=growth,
        tech=tech,
        tech_added=np.where(rng.random(n) < 0.15, rng.integers(0, 3, n), -1),
        created=created,
        owner=owner,
        owner_later=owner_later,
        owner_changed=owner_changed,
        excluded_from=excluded_from,
        target=target,
        fit=fit,
        luck=rng.normal(0, 0.2, n),
        intent=intent,
        effort=np.where(unworked, 0.0, effort),
        signal_firm=signal_firm[known],
        signal_day=signal_day[known],
        signal_kind=signal_kind[known],
    )
