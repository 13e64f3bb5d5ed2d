"""What nobody in the company knows: each firm's chance to open, to win, and its worth, at every month end."""

import numpy as np
import pandas as pd

from tierkit.inputs.sample.calendar import Calendar, Floats, Ints, Texts, expit, to_dates
from tierkit.inputs.sample.deals import (
    ACV_INTENT,
    ACV_SD,
    COOL_OFF_DAYS,
    OPEN_SIGNAL,
    WIN_SIGNAL,
    NewBusiness,
    in_time_chance,
    opening_log_odds,
    winning_log_odds,
)
from tierkit.inputs.sample.firms import INTENT_MEMORY, SIGNAL_DAYS, Firms

_PATHS = 12
_MONTH_SHARE = (1.0, 1.0, 1.0, 1.0, 1.0, 0.92)
"""Share of each coming month inside 180 days."""
_CLOSING_A_MONTH = 0.22
_SIGNAL_ODDS = 0.138
"""Chance that a firm has had a signal in 90 days, at 0.6 a year."""


def panel_truth(
    firms: Firms, calendar: Calendar, new: NewBusiness, tiers: Ints, reps: Floats, effect: float, ids: Texts
) -> pd.DataFrame:
    """One row per firm and month end: chances over the next 180 days, given the hidden state on that day.

    `open_prob` is the chance to open a new-business deal, `win_prob` that it is won within 180 days of opening,
    `expected_acv` its worth if it is, `expected_value` their product. The months ahead are averaged over twelve paths
    of intent and over signals to come; the tier is held as it is; customers and excluded firms have no chance; a firm
    with an open deal is free again at the rate at which deals are lost. Windows may overlap the end of the data.
    """
    paths = _intent_paths()
    frames = []
    for m in range(calendar.first, calendar.n_months):
        day = int(calendar.starts[m + 1]) - 1
        rows = np.flatnonzero(firms.created <= day)
        state = _chances(firms, calendar, new, tiers, reps, effect, m, paths)
        part = pd.DataFrame({"account_id": ids[rows], **{k: v[rows] for k, v in state.items()}})
        part.insert(1, "as_of", to_dates(np.full(len(rows), day)))
        frames.append(part)
    return pd.concat(frames, ignore_index=True)


def _chances(
    firms: Firms,
    calendar: Calendar,
    new: NewBusiness,
    tiers: Ints,
    reps: Floats,
    effect: float,
    m: int,
    paths: Floats,
) -> dict[str, Floats]:
    day = int(calendar.starts[m + 1]) - 1
    treated = effect * (tiers[:, m] == 1)
    free = _free_share(firms, new, day)
    ends = np.full(firms.n, -1)
    past = firms.signal_day <= day
    np.maximum.at(ends, firms.signal_firm[past], firms.signal_day[past] + SIGNAL_DAYS)
    owner = firms.owner_on(np.arange(firms.n), np.full(firms.n, day))
    rep = np.where(owner >= 0, reps[owner], 0.0)
    base_open = opening_log_odds(firms, np.zeros(firms.n), np.zeros(firms.n), treated)
    base_win = winning_log_odds(firms.fit, firms.luck, np.zeros(firms.n), np.zeros(firms.n), rep) + treated
    slope = opening_log_odds(firms, np.ones(firms.n), np.zeros(firms.n), treated)[0] - base_open[0]
    win_slope = winning_log_odds(np.zeros(1), np.zeros(1), np.ones(1), np.zeros(1), np.zeros(1)) - winning_log_odds(
        np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1)
    )
    soon_open = np.log1p(_SIGNAL_ODDS * (np.exp(OPEN_SIGNAL) - 1))
    share = _SIGNAL_ODDS * np.exp(OPEN_SIGNAL) / np.exp(soon_open)
    opened, won, worth = np.zeros(firms.n), np.zeros(firms.n), np.zeros(firms.n)
    in_time = in_time_chance(firms.size)
    for path in paths:
        shut = np.ones(firms.n)
        for k, part in enumerate(_MONTH_SHARE):
            middle = day + 15 + 30 * k
            intent = INTENT_MEMORY ** (k + 1) * firms.intent[:, m] + path[k]
            live = ends >= middle
            lift_open = np.where(live, OPEN_SIGNAL, soon_open)
            lift_win = np.where(live, WIN_SIGNAL, WIN_SIGNAL * share)
            hazard = free[:, k] * part * expit(base_open + slope * intent + lift_open)
            opens = shut * hazard
            wins = opens * expit(base_win + win_slope * intent + lift_win) * in_time
            opened += opens
            won += wins
            worth += wins * np.exp(firms.log_acv + ACV_INTENT * intent + ACV_SD**2 / 2)
            shut = shut - opens
    with np.errstate(invalid="ignore", divide="ignore"):
        result = {
            "open_prob": opened / len(paths),
            "win_prob": np.where(opened > 0, won / opened, expit(base_win) * in_time),
            "expected_acv": np.where(won > 0, worth / won, np.exp(firms.log_acv + ACV_SD**2 / 2)),
            "expected_value": worth / len(paths),
        }
    return result


def _free_share(firms: Firms, new: NewBusiness, day: int) -> Floats:
    """Chance that each firm may open a deal in each of the six months after the day."""
    free = np.ones((firms.n, len(_MONTH_SHARE)))
    months = np.arange(len(_MONTH_SHARE))
    open_now = (new.opened <= day) & (new.closed > day)
    back = (1 - np.exp(-_CLOSING_A_MONTH * np.clip(months - COOL_OFF_DAYS / 30 + 0.5, 0, None)))[None, :]
    free[new.firm[open_now]] = (1 - new.chance[open_now])[:, None] * back
    cooling = (new.closed <= day) & (new.closed + COOL_OFF_DAYS > day) & ~new.won
    rest = (new.closed[cooling] + COOL_OFF_DAYS - day) / 30
    free[new.firm[cooling]] = np.clip(months[None, :] + 1 - rest[:, None], 0, 1)
    free[new.firm[(new.closed <= day) & new.won]] = 0
    free[firms.excluded_from <= day] = 0
    return free


def _intent_paths() -> Floats:
    """Shocks to intent over six months, the same for every firm and seed, in mirrored pairs of the right variance."""
    rng = np.random.default_rng(20_231_101)
    half = rng.normal(size=(_PATHS // 2, len(_MONTH_SHARE)))
    steps = np.concatenate([half, -half])
    steps = steps / np.sqrt((steps**2).mean(axis=0)) * np.sqrt(1 - INTENT_MEMORY**2)
    paths: Floats = np.zeros_like(steps)
    for k in range(steps.shape[1]):
        paths[:, k] = (INTENT_MEMORY * paths[:, k - 1] if k else 0) + steps[:, k]
    return paths
