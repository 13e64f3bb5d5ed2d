"""The touches: theirs follow intent, ours follow effort, both rise before a deal opens whatever its end."""

import numpy as np
import pandas as pd

from tierkit.inputs.sample.calendar import Calendar, Flags, Ints, blank_unless, to_dates
from tierkit.inputs.sample.deals import NewBusiness
from tierkit.inputs.sample.firms import Firms

KINDS = ("web_visit", "email", "content_download", "event", "call", "meeting")
_INBOUND_MIX = (0.50, 0.20, 0.12, 0.08, 0.05, 0.05)
_OUTBOUND_MIX = (0.0, 0.62, 0.0, 0.04, 0.26, 0.08)
_DEAL_MIX = (0.10, 0.38, 0.04, 0.0, 0.22, 0.26)
_CHANNEL_OF = np.array(["web", "email", "web", "in_person", "phone", "video"], dtype=object)
_MINUTES = np.array([[0, 0], [4, 12], [0, 0], [30, 120], [8, 30], [30, 75]])
_TIER_EFFORT = np.array([1.0, 2.2, 1.3, 0.8])
SPIKE_DAYS = 25
_INBOUND_BASE, _INBOUND_INTENT, _INBOUND_FIT = -1.45, 0.95, 0.25
_LATE_SHARE = 0.05


def simulate_activities(
    rng: np.random.Generator, firms: Firms, calendar: Calendar, tiers: Ints, new: NewBusiness
) -> pd.DataFrame:
    """One row per touch known by the end of the data: firm, day, kind, inbound, known, in order of firm and day."""
    blocks = [*_background(rng, firms, calendar, tiers), *_around_deals(rng, calendar, new)]
    firm, day, kind, inbound = (np.concatenate([b[k] for b in blocks]) for k in range(4))
    n = len(firm)
    late = rng.random(n) < _LATE_SHARE
    known = day + np.where(late, rng.integers(5, 61, n), 0)
    kept = (day >= np.maximum(calendar.activities_from, firms.created[firm])) & (known <= calendar.until)
    columns = {"firm": firm, "day": day, "kind": kind, "inbound": inbound, "known": known}
    out = pd.DataFrame({k: v[kept] for k, v in columns.items()})
    return out.sort_values(["firm", "day"], kind="stable", ignore_index=True)


def describe_activities(
    rng: np.random.Generator, touches: pd.DataFrame, tiers: Ints, calendar: Calendar, contacts: pd.DataFrame
) -> pd.DataFrame:
    """The columns of a CRM for the touches: contact, channel, template and minutes, in canonical names but for ids."""
    n = len(touches)
    kind, day = touches["kind"].to_numpy(), touches["day"].to_numpy()
    firm, inbound = touches["firm"].to_numpy(), touches["inbound"].to_numpy()
    first = contacts["firm"].searchsorted(firm, side="left")
    many = contacts["firm"].searchsorted(firm, side="right") - first
    pick = first + (rng.random(n) * many).astype(np.int64)
    known = contacts["known"].to_numpy()[np.minimum(pick, len(contacts) - 1)]
    pick = np.where(known <= day, pick, first)
    named = np.isin(kind, (1, 4, 5)) & (rng.random(n) < 0.8) & (many > 0)
    contact = blank_unless(named, contacts["contact_id"].to_numpy()[np.minimum(pick, len(contacts) - 1)])

    tier = tiers[firm, calendar.month_of(day)]
    loose = rng.integers(0, 1000, n)
    template = np.select(
        [tier == 0, tier == 1, tier == 2],
        [
            np.char.add("T", (loose % 12 + 1).astype(str)),
            np.char.add("B", (firm % 160 + 1).astype(str)),
            np.char.add("S", (loose % 24 + 1).astype(str)),
        ],
        np.char.add("P", (loose % 6 + 1).astype(str)),
    ).astype(object)
    channel = _CHANNEL_OF[kind]
    channel[(kind == 5) & (rng.random(n) < 0.3)] = "in_person"
    low, high = _MINUTES[kind, 0], _MINUTES[kind, 1]
    minutes = rng.integers(low, high + 1).astype(np.float64)
    return pd.DataFrame(
        {
            "occurred_at": to_dates(day),
            "kind": np.array(KINDS, dtype=object)[kind],
            "direction": np.where(inbound, "inbound", "outbound"),
            "contact_id": contact,
            "channel": channel,
            "template_id": blank_unless(~inbound & (kind == 1), template),
            "minutes": np.where(minutes > 0, minutes, np.nan),
            "known_at": to_dates(touches["known"].to_numpy()),
        }
    )


Block = tuple[Ints, Ints, Ints, Flags]


def _background(rng: np.random.Generator, firms: Firms, calendar: Calendar, tiers: Ints) -> list[Block]:
    mean_in = np.exp(_INBOUND_BASE + _INBOUND_INTENT * firms.intent + _INBOUND_FIT * firms.fit[:, None])
    mean_out = firms.effort[:, None] * _TIER_EFFORT[tiers]
    first = calendar.month_of(np.array([calendar.activities_from]))[0]
    blocks = []
    for mean, shape, mix, inbound in ((mean_in, 3.0, _INBOUND_MIX, True), (mean_out, 2.0, _OUTBOUND_MIX, False)):
        counts = rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape))
        counts[:, :first] = 0
        counts[firms.created[:, None] >= calendar.starts[None, 1:]] = 0
        firm, month = (np.repeat(axis, counts.ravel()) for axis in np.indices(counts.shape).reshape(2, -1))
        length = np.diff(calendar.starts)[month]
        day = calendar.starts[month] + (rng.random(len(month)) * length).astype(np.int64)
        blocks.append(_block(rng, firm, day, mix, inbound))
    return blocks


def _around_deals(rng: np.random.Generator, calendar: Calendar, new: NewBusiness) -> list[Block]:
    """The spike before opening knows nothing of the end; the work on an open deal, and after a win, does."""
    n = len(new.firm)
    ends = np.minimum(new.closed, new.opened + 150)
    busier = np.where(new.won, 1.4, 1.0)
    blocks = []
    for mean, inbound in ((2.4, True), (1.6, False)):
        deal = np.repeat(np.arange(n), rng.poisson(mean, n))
        day = new.opened[deal] - rng.integers(1, SPIKE_DAYS + 1, len(deal))
        blocks.append(_block(rng, new.firm[deal], day, _INBOUND_MIX if inbound else _OUTBOUND_MIX, inbound))
    for mean, inbound in ((1.8, True), (2.2, False)):
        deal = np.repeat(np.arange(n), rng.poisson(mean * busier, n))
        day = new.opened[deal] + (rng.random(len(deal)) * (ends - new.opened)[deal]).astype(np.int64)
        blocks.append(_block(rng, new.firm[deal], day, _DEAL_MIX, inbound))
    deal = np.repeat(np.arange(n), rng.poisson(2.5 * new.won))
    blocks.append(_block(rng, new.firm[deal], new.closed[deal] + rng.integers(1, 60, len(deal)), _DEAL_MIX, True))
    return blocks


def _block(rng: np.random.Generator, firm: Ints, day: Ints, mix: tuple[float, ...], inbound: bool) -> Block:
    kind = rng.choice(len(KINDS), len(firm), p=mix)
    return firm, day, kind, np.full(len(firm), inbound)
