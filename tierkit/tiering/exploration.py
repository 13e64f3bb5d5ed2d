"""Exploration: a stated number of places drawn at random just below the cut, so that the scores can be proven wrong."""

import hashlib

import numpy as np
import pandas as pd

from tierkit.tiering.allocation import OFF_SUPPORT_BEST
from tierkit.tiering.book import Book, Placed
from tierkit.tiering.capacity import Ints, in_proportion
from tierkit.tiering.overlays import LedgerRow, ledger_rows
from tierkit.tiering.policy import Policy

NEAR_THE_CUT = 5
"""Accounts just below the cut among which each place is drawn."""


def draw_trials(
    book: Book,
    placed: Placed,
    policy: Policy,
    *,
    as_of: pd.Timestamp,
    seed: int,
    previous: pd.DataFrame | None = None,
) -> tuple[Placed, list[LedgerRow]]:
    """Lift accounts drawn at random into the tier of the exploration slots, until the day before the quarter ends.

    Parameters
    ----------
    previous : the tiers before; whoever was drawn (tier_by exploration) keeps its place until its end (promoted_until).

    The places are spread over owners by their free slots. Of each owner's accounts that value alone puts in the tier
    below, contactable and without an open deal, the best `NEAR_THE_CUT` for each place have an equal chance, which the
    ledger states. Tier 1 is drawn only among accounts like those that were worked. No slot is exceeded; the draw
    hangs on seed, quarter and account_id, not on the order of rows.
    """
    if policy.exploration_slots == 0:
        return placed, []
    t = policy.explored_tier
    able = (placed.tier == t + 1) & book.contactable & ~book.has_open_deal
    able &= ~np.isin(placed.by, ("strategic", "trigger", "override"))
    able &= ~(book.off_support & (t < OFF_SUPPORT_BEST))
    free = book.capacity.slots[:, t - 1] - book.used(placed.tier)[:, t - 1]
    stays, reason, until = _still_on_trial(book, able, free, policy, as_of, previous)
    able[stays] = False
    free = free - np.bincount(book.owner[stays], minlength=len(free))
    n_able = np.bincount(book.owner[able], minlength=len(free))
    n_drawn = in_proportion(np.minimum(free, n_able), policy.exploration_slots - len(stays))
    end, quarter = _last_day(as_of)
    drawn: list[int] = []
    for owner in np.flatnonzero(n_drawn):
        theirs = np.flatnonzero(able & (book.owner == owner))
        near = theirs[np.argsort(-book.value[theirs], kind="stable")][: NEAR_THE_CUT * n_drawn[owner]]
        lots = [_lot(seed, quarter, account_id) for account_id in book.account_id[near]]
        chance = n_drawn[owner] / len(near)
        drawn += near[np.argsort(np.array(lots), kind="stable")][: n_drawn[owner]].tolist()
        words = f"drawn at random with chance {chance:.2f} among {len(near)} just below the cut"
        reason += [f"exploration: {words}, until {end:%Y-%m-%d}"] * int(n_drawn[owner])
    where = np.concatenate([stays, np.array(drawn, dtype=np.int64)])
    ends = pd.concat([until, pd.Series([end] * len(drawn), dtype="datetime64[us]")], ignore_index=True)
    after = placed.moved(where, tier=t, by="exploration", reason=reason, until=ends)
    return after, ledger_rows(book, where, "exploration", placed, after, reason, ends)


def _still_on_trial(
    book: Book, able: np.ndarray, free: Ints, policy: Policy, as_of: pd.Timestamp, previous: pd.DataFrame | None
) -> tuple[Ints, list[str], pd.Series]:
    """Accounts whose trial has not ended, as far as slots go: where they stand, their reasons and last days."""
    if previous is None or not len(able) or not {"tier_by", "tier_reason", "promoted_until"} <= set(previous):
        return np.zeros(0, dtype=np.int64), [], pd.Series(dtype="datetime64[us]")
    until = pd.to_datetime(previous["promoted_until"])
    rows = previous[(previous["tier_by"] == "exploration") & (until >= as_of)]
    rows = rows.sort_values("account_id", kind="stable")
    position = book.position(rows["account_id"])
    rows = rows.assign(where=position)[(position >= 0) & able[position]]
    turn = rows.groupby(book.owner[rows["where"]]).cumcount().to_numpy(dtype=np.int64)
    rows = rows[turn < free[book.owner[rows["where"]]]].head(policy.exploration_slots)
    ends = pd.to_datetime(rows["promoted_until"]).astype("datetime64[us]").reset_index(drop=True)
    return rows["where"].to_numpy(dtype=np.int64), rows["tier_reason"].astype("str").tolist(), ends


def _last_day(as_of: pd.Timestamp) -> tuple[pd.Timestamp, str]:
    """Last day and name of the quarter a draw belongs to; the run at a quarter's end draws for the next one.

    >>> [_last_day(pd.Timestamp(day))[0].date().isoformat() for day in ("2026-10-31", "2026-12-31")]
    ['2026-12-30', '2027-03-30']
    """
    quarter = (as_of + pd.Timedelta(days=1)).to_period("Q")
    return quarter.end_time.normalize() - pd.Timedelta(days=1), str(quarter)


def _lot(seed: int, quarter: str, account_id: str) -> bytes:
    return hashlib.blake2b(f"{seed}|{quarter}|{account_id}".encode(), digest_size=16).digest()
