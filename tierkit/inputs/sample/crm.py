"""What the CRM says of the firms: account rows, their history with its gaps, contacts, and deals."""

import numpy as np
import pandas as pd

from tierkit.inputs.sample.calendar import Calendar, Flags, Floats, Ints, Texts, blank_unless, expit, to_cents, to_dates
from tierkit.inputs.sample.deals import Existing, NewBusiness
from tierkit.inputs.sample.firms import COMMON_TOOL, COUNTRIES, INDUSTRIES, REGIONS, TECHNOLOGIES, Firms

SEGMENTS = ("SMB", "Mid-market", "Enterprise")
ROLES = ("champion", "decision_maker", "user", "finance", "it")
_SENIORITY = ("individual", "manager", "director", "executive")
_SOURCES = ("inbound", "outbound", "partner", "event")
_USE_CASES = ("reporting", "forecasting", "data_sharing", "compliance")
_PRODUCTS = ("Core", "Plus", "Suite")


def number_text(numbers: Ints) -> Texts:
    """Account numbers as the CRM writes them, with leading zeros."""
    return np.array([f"{k:06d}" for k in numbers], dtype=object)


def first_wins(new: NewBusiness, calendar: Calendar, n: int) -> Ints:
    """Day each firm became a customer, the far future if it has not by the end of the data."""
    out = np.full(n, calendar.until + 10_000)
    won = new.won & (new.closed <= calendar.until)
    out[new.firm[won]] = new.closed[won]
    return out


def simulate_history(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, won_on: Ints, left_on: Ints
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every value a mutable field ever had (firm, known, field, value), and each gap with its cause.

    Headcount is missing more often the smaller the firm; some gaps are filled later, and a win makes somebody look.
    """
    n, until = firms.n, calendar.until
    everyone = np.arange(n)
    rows: list[pd.DataFrame] = []
    gaps: list[pd.DataFrame] = []

    def note(firm: Ints, known: Ints, name: str, value: Texts) -> None:
        kept = known <= until
        part = pd.DataFrame({"firm": firm[kept], "known": known[kept], "field": name, "value": value[kept]})
        rows.append(part)

    def gap(firm: Ints, name: str, cause: str) -> None:
        gaps.append(pd.DataFrame({"firm": firm, "field": name, "cause": cause}))

    small = rng.random(n) < expit(-1.0 - 0.45 * firms.size)
    vendor = ~small & (rng.random(n) < 0.04)
    unknown = small | vendor
    gap(everyone[small], "employees", "small_firm")
    gap(everyone[vendor], "employees", "vendor_gap")
    heads = _headcount(firms, calendar, firms.created)
    note(everyone, firms.created, "employees", np.where(unknown, "", heads.astype(str)))
    filled = unknown & (rng.random(n) < 0.25)
    filled_on = np.where(filled, rng.integers(calendar.deals_from, until, n), until + 1)
    filled_on = np.maximum(filled_on, firms.created + 30)
    looked_on = np.where(rng.random(n) < 0.8, won_on + rng.integers(5, 41, n), until + 1)
    known_from = np.where(unknown, np.minimum(filled_on, looked_on), firms.created)
    for day in (filled_on, looked_on):
        hit = day <= until
        note(everyone[hit], day[hit], "employees", _headcount(firms, calendar, day)[hit].astype(str).astype(object))
    for year in range(4):
        day = calendar.deals_from + 365 * year + rng.integers(0, 365, n)
        hit = (day > known_from + 60) & (rng.random(n) < 0.5)
        note(everyone[hit], day[hit], "employees", _headcount(firms, calendar, day)[hit].astype(str).astype(object))

    revenue = np.round(firms.employees * 185_000 * np.exp(rng.normal(0, 0.4, n)), -3)
    no_revenue = unknown | (rng.random(n) < 0.2)
    gap(everyone[no_revenue & small], "annual_revenue", "small_firm")
    gap(everyone[no_revenue & ~small], "annual_revenue", "vendor_gap")
    note(everyone, firms.created, "annual_revenue", np.where(no_revenue, "", [f"{v:.2f}" for v in revenue]))

    unseen = (small & (rng.random(n) < 0.5)) | (rng.random(n) < 0.1)
    gap(everyone[unseen & small], "technologies", "small_firm")
    gap(everyone[unseen & ~small], "technologies", "vendor_gap")
    note(everyone, firms.created, "technologies", np.where(unseen, "", _stack(firms.tech)))
    more = firms.tech.copy()
    grows = firms.tech_added >= 0
    more[everyone[grows], firms.tech_added[grows]] = True
    day = rng.integers(calendar.deals_from, until, n)
    hit = grows & ~unseen & (more != firms.tech).any(axis=1) & (day > firms.created)
    note(everyone[hit], day[hit], "technologies", _stack(more)[hit])

    gap(everyone[firms.owner < 0], "owner_id", "never_assigned")
    note(everyone, firms.created, "owner_id", owner_ids(firms.owner))
    hit = firms.owner_changed <= until
    note(everyone[hit], firms.owner_changed[hit], "owner_id", owner_ids(firms.owner_later)[hit])

    place = np.digitize(firms.employees, (200, 1000))
    slip = np.where(rng.random(n) < 0.12, rng.choice((-1, 1), n), 0)
    guess = np.clip(place + slip, 0, 2)
    note(everyone, firms.created, "segment", np.array(SEGMENTS, dtype=object)[guess])
    day = rng.integers(calendar.deals_from, until, n)
    hit = (guess != place) & (rng.random(n) < 0.3) & (day > firms.created)
    note(everyone[hit], day[hit], "segment", np.array(SEGMENTS, dtype=object)[place][hit])

    note(everyone, firms.created, "is_customer", np.full(n, "0", dtype=object))
    note(everyone, won_on, "is_customer", np.full(n, "1", dtype=object))
    note(everyone, left_on, "is_customer", np.full(n, "0", dtype=object))

    history = pd.concat(rows, ignore_index=True)
    history = history.sort_values(["firm", "field", "known"], kind="stable")
    history = history.drop_duplicates(["firm", "field", "known"], keep="last", ignore_index=True)
    return history, pd.concat(gaps, ignore_index=True).sort_values(["firm", "field"], ignore_index=True)


def account_rows(firms: Firms, history: pd.DataFrame) -> pd.DataFrame:
    """One row per firm with the latest value of every mutable field."""
    now = history.pivot_table(index="firm", columns="field", values="value", aggfunc="last")
    industry = np.array(INDUSTRIES, dtype=object)[firms.industry]
    number = {k: pd.to_numeric(now[k].replace("", None)).to_numpy(np.float64) for k in ("employees", "annual_revenue")}
    return pd.DataFrame(
        {
            "account_id": number_text(firms.number),
            "name": firms.name,
            "domain": firms.domain,
            "parent_id": None,
            "industry": industry,
            "country": np.array(COUNTRIES, dtype=object)[firms.country],
            "region": np.array(REGIONS, dtype=object)[firms.region],
            "employees": number["employees"],
            "annual_revenue": number["annual_revenue"],
            "owner_id": now["owner_id"].replace("", None).to_numpy(),
            "segment": now["segment"].to_numpy(),
            "created_at": to_dates(firms.created),
            "is_customer": (now["is_customer"] == "1").to_numpy(),
            "technologies": now["technologies"].replace("", None).to_numpy(),
        }
    )


def simulate_contacts(rng: np.random.Generator, firms: Firms, calendar: Calendar, won_on: Ints) -> pd.DataFrame:
    """One row per person, in order of firm and day known; winning adds somebody in finance."""
    many = 1 + rng.poisson(np.clip(1.2 + 0.6 * firms.size, 0.3, 5))
    firm = np.repeat(np.arange(firms.n), many)
    first = np.concatenate([[True], firm[1:] != firm[:-1]])
    start = firms.created[firm]
    known = np.where(first, start, start + (rng.random(len(firm)) * (calendar.until - start)).astype(np.int64))
    role = rng.choice(5, len(firm), p=(0.22, 0.15, 0.35, 0.08, 0.20))
    added = np.flatnonzero((won_on + 10 <= calendar.until) & (rng.random(firms.n) < 0.5))
    firm, role = np.concatenate([firm, added]), np.concatenate([role, np.full(len(added), 3)])
    known = np.concatenate([known, won_on[added] + 10])
    order = np.lexsort((known, firm))
    high = rng.random(len(firm)) * (1 + 0.6 * np.isin(role, (1, 3)))
    level = np.digitize(high, (0.45, 0.8, 1.05))
    out = pd.DataFrame({"firm": firm, "known": known, "role": role, "level": level}).iloc[order].reset_index(drop=True)
    out["contact_id"] = np.array([f"C{k:06d}" for k in range(1, len(out) + 1)], dtype=object)
    out["role"] = np.array(ROLES, dtype=object)[out["role"]]
    out["seniority"] = np.array(_SENIORITY, dtype=object)[out.pop("level")]
    return out


def deal_rows(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, new: NewBusiness, existing: Existing
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of deals (firm for account_id), and the truth of the new-business deals in it."""
    shown = new.opened >= calendar.deals_from
    n_new, n_old = int(shown.sum()), len(existing.firm)
    fresh = np.concatenate([np.ones(n_new, dtype=bool), np.zeros(n_old, dtype=bool)])
    renewal = np.concatenate([np.zeros(n_new, dtype=bool), existing.renewal])

    def both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.concatenate([a[shown], b])

    firm, opened = both(new.firm, existing.firm), both(new.opened, existing.opened)
    closed, won = both(new.closed, existing.closed), both(new.won, existing.won)
    acv = to_cents(both(new.acv, existing.acv))
    owner = np.where(fresh, np.concatenate([new.owner[shown], np.zeros(n_old, dtype=np.int64)]), 0)
    owner = np.where(fresh, owner, firms.owner_on(firm, opened))
    order = np.lexsort((firm, opened))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    deal_id = np.array([f"D{k:06d}" for k in rank], dtype=object)
    n = len(firm)
    is_open = closed > calendar.until
    told = np.where(won, rng.uniform(80, 100, n), rng.uniform(0, 29, n))
    late = np.clip(closed, calendar.until + 7, calendar.until + 120)
    table = pd.DataFrame(
        {
            "deal_id": deal_id,
            "firm": firm,
            "opened_at": to_dates(opened),
            "closed_at": to_dates(np.where(is_open, late - late % 7, closed)),
            "outcome": np.where(is_open, "open", np.where(won, "won", "lost")),
            "acv": acv,
            "currency": "USD",
            "term_months": rng.choice((12.0, 24.0, 36.0), n, p=(0.7, 0.18, 0.12)),
            "deal_type": np.where(fresh, "new", np.where(renewal, "renewal", "expansion")),
            "product": np.array(_PRODUCTS, dtype=object)[np.digitize(acv * np.exp(rng.normal(0, 0.3, n)), (15e3, 5e4))],
            "seats": np.maximum(1, np.round(acv / 480 * np.exp(rng.normal(0, 0.3, n)))),
            "use_case": rng.choice(np.array(_USE_CASES, dtype=object), n, p=(0.35, 0.3, 0.2, 0.15)),
            "source": _deal_sources(rng, firms, calendar, firm, opened),
            "owner_id": blank_unless(owner >= 0, owner_ids(owner)),
            "crm_probability": np.round(np.where(is_open, rng.uniform(10, 85, n), told)),
        }
    )
    truth = pd.DataFrame(
        {
            "deal_id": deal_id[:n_new],
            "firm": firm[:n_new],
            "opened_at": to_dates(opened[:n_new]),
            "win_prob_untreated": (new.chance_untreated * new.in_time)[shown],
            "win_prob": (new.chance * new.in_time)[shown],
            "won_in_180_prob_untreated": (new.chance_untreated * new.in_time)[shown],
            "p_eventual": new.chance[shown],
            "p_eventual_untreated": new.chance_untreated[shown],
            "expected_acv": new.expected_acv[shown],
            "tier_in_use": pd.Series(new.tier[shown]).astype("Int64").mask(new.tier[shown] == 0),
            "won_eventually": new.won[shown],
            "closes_at": to_dates(new.closed[shown]),
        }
    )
    table = table.sort_values("deal_id", ignore_index=True)
    return table, truth.sort_values("deal_id", ignore_index=True)


def owner_ids(owner: Ints) -> Texts:
    """Ids of sellers, empty for nobody."""
    return np.array([f"R{k + 1:02d}" if k >= 0 else "" for k in owner], dtype=object)


def _headcount(firms: Firms, calendar: Calendar, day: Ints) -> Ints:
    years = np.clip((day - calendar.deals_from) / 365, 0, 4)
    heads: Ints = np.maximum(1, np.round(firms.employees * np.exp(firms.growth * years))).astype(np.int64)
    return heads


def _stack(tech: Flags) -> Texts:
    names = np.array(TECHNOLOGIES)
    return np.array([";".join([COMMON_TOOL, *names[row]]) for row in tech], dtype=object)


def _deal_sources(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, firm: Ints, opened: Ints
) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
    intent = firms.intent[firm, calendar.month_of(opened)]
    inbound: Floats = expit(-0.6 + 0.5 * intent)
    drawn = rng.random(len(firm))
    other = rng.choice((1, 2, 3), len(firm), p=(0.65, 0.15, 0.20))
    return np.array(_SOURCES, dtype=object)[np.where(drawn < inbound, 0, other)]
