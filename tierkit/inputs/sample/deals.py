"""The deals: month by month who opens one, and how each ends."""

from dataclasses import dataclass

import numpy as np

from tierkit.inputs.sample.calendar import Calendar, Flags, Floats, Ints, expit
from tierkit.inputs.sample.firms import Firms

OPEN_BASE = -2.85
OPEN_FIT, OPEN_INTENT, OPEN_SIZE, OPEN_SIGNAL, OPEN_EFFORT, OPEN_UNWORKED = 0.6, 0.65, 0.15, 0.7, 0.12, -0.4
WIN_BASE = -1.6
WIN_FIT, WIN_INTENT, WIN_SIGNAL, WIN_REP_SD = 1.3, 0.65, 0.35, 0.15
ACV_INTENT, ACV_SD = 0.15, 0.8
WON_DAYS, WON_SIZE, WON_SD = 72.0, 0.1, 0.55
COOL_OFF_DAYS = 45
HORIZON_DAYS = 180
QUIET_START = -1.0
"""Added to the log-odds of opening in the first months, when the company was small."""


@dataclass(frozen=True)
class NewBusiness:
    """One entry per new-business deal, the run-in included; `closed` may lie after the end of the data."""

    firm: Ints
    opened: Ints
    closed: Ints
    won: Flags
    acv: Floats
    owner: Ints
    tier: Ints
    """Tier in use on the day it opened, 0 for none."""
    chance: Floats
    """Of ever being won, as it happened."""
    chance_untreated: Floats
    in_time: Floats
    """Chance that a deal that is won is won within 180 days."""
    expected_acv: Floats


def hand_set_tiers(rng: np.random.Generator, firms: Firms, calendar: Calendar) -> Ints:
    """Tier of each firm in each month, 0 before anybody set one: from fit as a person sees it, changed rarely."""
    seen = firms.fit + rng.normal(0, 0.6, firms.n)
    here = firms.created < calendar.tiering_from
    cuts = np.quantile(seen[here], (0.70, 0.90))
    tier = np.where(seen >= cuts[1], 1, np.where(seen >= cuts[0], 2, 3))
    out = np.zeros((firms.n, calendar.n_months), dtype=np.int64)
    for m in range(calendar.tiering, calendar.n_months):
        if m > calendar.tiering and (m - calendar.tiering) % 3 == 0:
            moved = rng.random(firms.n) < 0.015
            step = rng.choice((-1, 1), firms.n)
            tier = np.where(moved, np.clip(tier + step, 1, 3), tier)
        out[:, m] = np.where(firms.created < calendar.starts[m + 1], tier, 0)
    return out


def opening_log_odds(firms: Firms, intent: Floats, signal: Flags | Floats, treated: Floats) -> Floats:
    """Log-odds that a free firm opens a new-business deal in a month."""
    worked = firms.effort > 0
    effort = np.where(worked, OPEN_EFFORT * np.log(np.maximum(firms.effort, 1e-9) / 0.2), OPEN_UNWORKED)
    return (
        OPEN_BASE
        + OPEN_FIT * firms.fit
        + OPEN_INTENT * intent
        + OPEN_SIZE * np.clip(firms.size, -1.5, 1.5)
        + OPEN_SIGNAL * signal
        + effort
        + treated
    )


def winning_log_odds(fit: Floats, luck: Floats, intent: Floats, signal: Flags | Floats, rep: Floats) -> Floats:
    """Log-odds that a deal opened now is ever won, untreated."""
    return WIN_BASE + WIN_FIT * fit + WIN_INTENT * intent + WIN_SIGNAL * signal + luck + rep


def in_time_chance(size: Floats) -> Floats:
    """Chance that a deal that is won is won within 180 days: the log-normal cycle at its horizon."""
    from scipy.special import ndtr

    result: Floats = ndtr((np.log(HORIZON_DAYS + 0.5) - np.log(WON_DAYS) - WON_SIZE * size) / WON_SD)
    return result


def simulate_new_business(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, tiers: Ints, reps: Floats, effect: float
) -> NewBusiness:
    """One deal at a time for each firm until it is a customer; the effect adds to the log-odds of Tier 1."""
    free_from = firms.created + 20
    never = calendar.until + 10_000
    parts: list[dict[str, np.ndarray]] = []
    for m in range(calendar.n_months):
        start, end = int(calendar.starts[m]), int(calendar.starts[m + 1])
        intent = firms.intent[:, m]
        signal = firms.signal_live((start + end) // 2)
        treated = effect * (tiers[:, m] == 1)
        day = rng.integers(start, end, firms.n)
        # Everybody draws every month, needed or not, so that two worlds that differ in the effect share their luck.
        to_open, to_win, to_rush, to_pull = rng.random((4, firms.n))
        cycle, worth = rng.normal(size=(2, firms.n))
        last_days = rng.integers(1, 8, firms.n)
        quiet = QUIET_START * (start < calendar.activities_from)
        opens = to_open < expit(opening_log_odds(firms, intent, signal, treated) + quiet)
        opens &= (free_from <= day) & (day < firms.excluded_from)
        i = np.flatnonzero(opens)
        size, owner = firms.size[i], firms.owner_on(i, day[i])
        rep = np.where(owner >= 0, reps[owner], 0.0)
        untreated = winning_log_odds(firms.fit[i], firms.luck[i], intent[i], signal[i], rep)
        chance = expit(untreated + treated[i])
        won = to_win[i] < chance
        closed = day[i] + _cycle_days(cycle[i], to_rush[i], size, won)
        closed = _pull_to_quarter_end(closed, day[i], to_pull[i], last_days[i])
        mean_log = firms.log_acv[i] + ACV_INTENT * intent[i]
        parts.append(
            {
                "firm": i,
                "opened": day[i],
                "closed": closed,
                "won": won,
                "acv": np.exp(mean_log + ACV_SD * worth[i]),
                "owner": owner,
                "tier": tiers[i, m],
                "chance": chance,
                "chance_untreated": expit(untreated),
                "in_time": in_time_chance(size),
                "expected_acv": np.exp(mean_log + ACV_SD**2 / 2),
            }
        )
        free_from[i] = np.where(won, never, closed + COOL_OFF_DAYS)
    return NewBusiness(**{k: np.concatenate([p[k] for p in parts]) for k in parts[0]})


def _cycle_days(z: Floats, rush: Floats, size: Floats, won: Flags) -> Ints:
    won_days = np.log(WON_DAYS) + WON_SIZE * size + WON_SD * z
    lost_days = np.where(rush < 0.4, np.log(30) + 0.7 * z, np.log(130) + 0.1 * size + 0.6 * z)
    days: Ints = np.maximum(1, np.round(np.exp(np.where(won, won_days, lost_days)))).astype(np.int64)
    return days


def _pull_to_quarter_end(closed: Ints, opened: Ints, drawn: Floats, last_days: Ints) -> Ints:
    """A third of what would close just after a quarter is closed in its last week."""
    month = closed.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    quarter = (month - month % 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    target = quarter - last_days
    pulled = (closed - quarter < 21) & (drawn < 0.35) & (target > opened + 5)
    return np.where(pulled, target, closed)


@dataclass(frozen=True)
class Existing:
    """One entry per expansion or renewal."""

    firm: Ints
    opened: Ints
    closed: Ints
    won: Flags
    acv: Floats
    renewal: Flags


def simulate_existing_business(
    rng: np.random.Generator, new: NewBusiness, calendar: Calendar, n: int
) -> tuple[Existing, Ints]:
    """Renewals each year until one is lost, expansions between; and the day each firm left, the far future if not."""
    parts: list[dict[str, np.ndarray]] = []
    left = np.full(n, calendar.until + 10_000)
    wins = np.flatnonzero(new.won & (new.closed <= calendar.until))
    alive = np.ones(len(wins), dtype=bool)
    for year in range(1, calendar.n_months // 12 + 2):
        due = new.closed[wins] + 365 * year
        opened, closed = due - rng.integers(45, 100, len(wins)), due - rng.integers(-10, 15, len(wins))
        kept = rng.random(len(wins)) < 0.88
        w, at = wins[alive], alive
        parts.append(
            {
                "firm": new.firm[w],
                "opened": opened[at],
                "closed": closed[at],
                "won": kept[at],
                "acv": new.acv[w] * rng.uniform(0.95, 1.1, len(w)),
                "renewal": np.ones(len(w), dtype=bool),
            }
        )
        gone = alive & ~kept & (closed <= calendar.until)
        left[new.firm[wins[gone]]] = closed[gone]
        alive = alive & kept
    grows = np.repeat(wins, rng.poisson(0.2 * (calendar.until - new.closed[wins]) / 365))
    opened = new.closed[grows] + 60 + (rng.random(len(grows)) * (calendar.until - new.closed[grows])).astype(np.int64)
    days = np.maximum(3, np.round(np.exp(np.log(45) + 0.5 * rng.normal(size=len(grows))))).astype(np.int64)
    stays = opened < left[new.firm[grows]]
    parts.append(
        {
            "firm": new.firm[grows][stays],
            "opened": opened[stays],
            "closed": (opened + days)[stays],
            "won": (rng.random(len(grows)) < 0.5)[stays],
            "acv": (new.acv[grows] * rng.uniform(0.1, 0.6, len(grows)))[stays],
            "renewal": np.zeros(int(stays.sum()), dtype=bool),
        }
    )
    joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    shown = (joined["opened"] >= calendar.deals_from) & (joined["opened"] <= calendar.until)
    return Existing(**{k: v[shown] for k, v in joined.items()}), left
