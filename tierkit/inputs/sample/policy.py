"""What people decide: sellers, claims, overrides, exclusions, the target list, tiers set by hand, and leads."""

import numpy as np
import pandas as pd

from tierkit.inputs.contracts import STRATEGIC_KINDS
from tierkit.inputs.sample.calendar import Calendar, Ints, blank_unless, expit, to_dates
from tierkit.inputs.sample.crm import number_text
from tierkit.inputs.sample.deals import NewBusiness
from tierkit.inputs.sample.firms import SIGNAL_KINDS, Firms
from tierkit.inputs.sample.names import person_names

_EVIDENCE = {
    "reference": "asked to speak at two of our events",
    "ecosystem": "resells tools our customers use beside ours",
    "new_vertical": "the first firm of its kind to ask for a pilot",
    "new_geography": "opens a market we have no customer in",
}
_SIGNAL_TEXT = {
    "funding": ("newswire", "raised ${:d}M"),
    "executive_hire": ("job board", "hired a new head of operations, {:d} years in the trade"),
    "competitive_displacement": ("field note", "contract with its present vendor ends in {:d} weeks"),
    "regulatory_change": ("regulator", "reporting duty extended, {:d} weeks to comply"),
    "inbound_hand_raise": ("website form", "asked for a call about {:d} seats"),
}
_LEAD_SOURCES = ("web_form", "event", "outbound", "partner", "purchased_list")
_LEAD_ACCEPTED = np.array([0.72, 0.55, 0.60, 0.65, 0.25])
_REJECTIONS = ("no budget", "wrong person", "outside our market", "no reply")


def rep_rows(n_reps: int, calendar: Calendar) -> pd.DataFrame:
    """One row per seller with five Tier 1 and 25 Tier 2 places."""
    return pd.DataFrame(
        {
            "owner_id": [f"R{k + 1:02d}" for k in range(n_reps)],
            "name": person_names(n_reps),
            "tier1_slots": 5,
            "tier2_slots": 25,
            "known_at": to_dates(np.full(n_reps, calendar.deals_from)),
        }
    )


def signal_rows(rng: np.random.Generator, firms: Firms, calendar: Calendar) -> pd.DataFrame:
    """One row per trigger event known by the end of the data, some of them known late."""
    n = len(firms.signal_firm)
    known = firms.signal_day + np.where(rng.random(n) < 0.15, rng.integers(5, 46, n), 0)
    kinds = np.array(SIGNAL_KINDS, dtype=object)[firms.signal_kind]
    amount = rng.integers(4, 60, n)
    table = pd.DataFrame(
        {
            "firm": firms.signal_firm,
            "occurred_at": to_dates(firms.signal_day),
            "kind": kinds,
            "source": [_SIGNAL_TEXT[k][0] for k in kinds],
            "detail": [_SIGNAL_TEXT[k][1].format(a) for k, a in zip(kinds, amount, strict=True)],
            "known_at": to_dates(known),
        }
    )
    kept = (known <= calendar.until) & (firms.signal_day >= calendar.activities_from)
    return table[kept].sort_values(["firm", "occurred_at", "kind"], kind="stable", ignore_index=True)


def strategic_rows(rng: np.random.Generator, firms: Firms, calendar: Calendar) -> pd.DataFrame:
    """About 25 claims of four kinds, some of which have ended."""
    n = min(25, firms.n // 4)
    firm = rng.choice(np.flatnonzero(firms.excluded_from > calendar.until), n, replace=False)
    known = rng.integers(calendar.starts[calendar.first], calendar.until - 60, n)
    kind = np.array([STRATEGIC_KINDS[k % 4] for k in range(n)], dtype=object)
    return pd.DataFrame(
        {
            "firm": firm,
            "kind": kind,
            "value": np.round(rng.uniform(0.4, 1.0, n), 2),
            "evidence": [_EVIDENCE[k] for k in kind],
            "author": rng.choice(np.array(["cro", "head of partnerships", "head of marketing"], dtype=object), n),
            "known_at": to_dates(known),
            "expires_at": to_dates(known + rng.choice((365, 540, 730), n)),
        }
    ).sort_values(["known_at", "firm"], ignore_index=True)


def override_rows(rng: np.random.Generator, firms: Firms, calendar: Calendar, n_reps: int) -> pd.DataFrame:
    """Twelve decisions over the model, half of them still live at the end."""
    n = min(12, firms.n // 8)
    firm = rng.choice(np.flatnonzero(firms.excluded_from > calendar.until), n, replace=False)
    live = np.arange(n) % 2 == 0
    created = np.where(
        live, calendar.until - rng.integers(5, 60, n), rng.integers(calendar.tiering_from, calendar.until - 150, n)
    )
    tier = rng.choice((1, 1, 2, 3), n)
    reason = np.where(tier == 3, "do_not_invest", rng.choice(("executive_relationship", "field_knowledge"), n))
    names = np.array(person_names(n_reps), dtype=object)
    return pd.DataFrame(
        {
            "firm": firm,
            "tier": tier,
            "reason": reason,
            "author": names[rng.integers(0, n_reps, n)],
            "created_at": to_dates(created),
            "expires_at": to_dates(created + np.where(live, 90, 120)),
        }
    ).sort_values(["created_at", "firm"], ignore_index=True)


def exclusion_rows(rng: np.random.Generator, firms: Firms, calendar: Calendar) -> pd.DataFrame:
    """One row per firm not sold to, by account or by domain."""
    firm = np.flatnonzero(firms.excluded_from <= calendar.until)
    n = len(firm)
    by_domain = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "account_id": blank_unless(~by_domain, number_text(firms.number[firm])),
            "domain": blank_unless(by_domain, firms.domain[firm]),
            "reason": rng.choice(np.array(["competitor", "partner", "legal"], dtype=object), n, p=(0.4, 0.4, 0.2)),
            "known_at": to_dates(np.maximum(firms.excluded_from[firm], firms.created[firm])),
        }
    )


def target_rows(rng: np.random.Generator, firms: Firms, calendar: Calendar) -> pd.DataFrame:
    """One row per stay on the target list: most from the start, some entering or leaving later."""
    on = np.flatnonzero(firms.target)
    others = rng.choice(np.flatnonzero(~firms.target), min(90, firms.n // 40), replace=False)
    firm = np.concatenate([on, others])
    n, start, until = len(firm), calendar.deals_from, calendar.until
    later = np.concatenate([rng.random(len(on)) < 0.2, np.ones(len(others), dtype=bool)])
    entered = np.where(later, rng.integers(start, until - 60, n), start)
    entered = np.maximum(entered, firms.created[firm])
    left = entered + rng.integers(120, 900, n)
    leaves = (rng.random(n) < 0.25) & (left <= until)
    source = np.where(later, "marketing", rng.choice(("sales_leadership", "vendor_list"), n, p=(0.7, 0.3)))
    return pd.DataFrame(
        {
            "firm": firm,
            "entered_at": to_dates(entered),
            "left_at": to_dates(left, missing=~leaves),
            "source": source.astype(object),
        }
    ).sort_values(["entered_at", "firm"], ignore_index=True)


def tier_rows(firms: Firms, calendar: Calendar, tiers: Ints) -> pd.DataFrame:
    """One row per firm and change of the tier set by hand."""
    before = np.concatenate([np.zeros((firms.n, 1), dtype=np.int64), tiers[:, :-1]], axis=1)
    firm, month = np.nonzero((tiers != before) & (tiers > 0))
    start = np.maximum(calendar.starts[month], firms.created[firm])
    last = np.concatenate([firm[1:] != firm[:-1], [True]])
    end = np.where(last, 0, np.concatenate([start[1:] - 1, [0]]))
    return pd.DataFrame(
        {
            "firm": firm,
            "tier": tiers[firm, month],
            "valid_from": to_dates(start),
            "valid_to": to_dates(end, missing=last),
            "source": "sales_leadership",
        }
    )


def lead_rows(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, new: NewBusiness, effect: float
) -> pd.DataFrame:
    """About 3,000 leads over the reported months; acceptance and meetings rise with tiers that have an effect."""
    start, until = int(calendar.starts[calendar.first]), calendar.until
    born = np.flatnonzero((new.opened >= start + 40) & (rng.random(len(new.firm)) < 0.2))
    n_cold = round(2200 * firms.n / 4000)
    pull = np.exp(0.5 * firms.fit) * (firms.created < start)
    cold = rng.choice(firms.n, n_cold, p=pull / pull.sum())
    firm = np.concatenate([new.firm[born], cold])
    n = len(firm)
    created = np.concatenate(
        [new.opened[born] - rng.integers(8, 38, len(born)), rng.integers(start, until + 1, n_cold)]
    )
    created = np.maximum(created, firms.created[firm])
    opens = np.arange(n) < len(born)
    source = rng.choice(5, n, p=(0.34, 0.16, 0.22, 0.10, 0.18))
    better = effect * (created >= calendar.tiering_from)
    base = np.log(_LEAD_ACCEPTED[source] / (1 - _LEAD_ACCEPTED[source]))
    accepted = opens | (rng.random(n) < expit(base - 0.3 + better))
    meets = opens | (accepted & (rng.random(n) < expit(-1.3 + 0.5 * better)))
    accepted_on = created + rng.integers(0, 5, n)
    met_on = accepted_on + rng.integers(1, 12, n)
    shown = accepted & (accepted_on <= until)
    met = shown & meets & (met_on <= until)
    rejection = rng.choice(np.array(_REJECTIONS, dtype=object), n, p=(0.2, 0.25, 0.25, 0.3))
    table = pd.DataFrame(
        {
            "firm": firm,
            "created_at": to_dates(created),
            "source": np.array(_LEAD_SOURCES, dtype=object)[source],
            "accepted_at": to_dates(accepted_on, missing=~shown),
            "meeting_at": to_dates(met_on, missing=~met),
            "rejected_reason": blank_unless(~accepted & (created <= until - 5), rejection),
        }
    ).sort_values(["created_at", "firm"], kind="stable", ignore_index=True)
    table.insert(0, "lead_id", [f"L{k:05d}" for k in range(1, n + 1)])
    return table
