"""What is particular to deals: when they closed, what they are worth a year, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tierkit.inputs.checks import CLOSED_EARLY, CLOSED_UNDATED, OPENED_UNDATED, Breach
from tierkit.inputs.coercion import Typed, as_text
from tierkit.inputs.files.reading import nearest
from tierkit.inputs.rates import convert_money

MONTHS_A_YEAR = 12
LEAST_TERM = 1 / 31


@dataclass(frozen=True)
class Deals:
    """Deals after a step: the frame, what breaks rules, what stops the run, and what was read right."""

    frame: pd.DataFrame
    breaches: tuple[Breach, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def settle_dates(typed: Typed) -> Typed:
    """Deals whose expected closing days are gone, and which are undated unless both days are there."""
    frame, notes, unreadable = typed.frame, list(typed.notes), dict(typed.unreadable)
    if "closed_at" in frame and "outcome" in frame:
        ended = frame["outcome"] != "open"
        frame = frame.assign(closed_at=frame["closed_at"].where(ended))
        unread = unreadable.pop("closed_at", pd.Index([]))
        if len(unread := unread.intersection(frame.index[ended])):
            unreadable["closed_at"] = unread
    for name in ("opened_at", "closed_at"):
        if name in frame and frame[name].isna().all() and name not in unreadable:
            frame = frame.drop(columns=name)
            notes.append(f"{name!r} has no value and was left out")
    if "opened_at" in frame and "closed_at" not in frame:
        frame = frame.drop(columns="opened_at")
        unreadable.pop("opened_at", None)
        notes.append("there is no 'closed_at', so deals are undated and 'opened_at' was left out")
    return Typed(frame, unreadable, typed.problems, tuple(notes))


def check_dates(typed: Typed) -> list[Breach]:
    """Closed before opened, closed or opened without a day."""
    frame = typed.frame
    if "opened_at" not in frame or "closed_at" not in frame or "outcome" not in frame:
        return []
    opened, closed = frame["opened_at"], frame["closed_at"]
    unread = {name: typed.unreadable.get(name, pd.Index([], dtype="int64")) for name in ("opened_at", "closed_at")}
    undated = frame.index[frame["outcome"].isin(["won", "lost"]) & closed.isna()].difference(unread["closed_at"])
    unopened = frame.index[opened.isna()].difference(unread["opened_at"])
    map_open = " (map closed deals without a day to open)"
    found = [
        Breach("closed_at", CLOSED_EARLY, frame.index[closed < opened]),
        Breach("closed_at", CLOSED_UNDATED, undated, repair=map_open),
        Breach("opened_at", OPENED_UNDATED, unopened),
    ]
    return [b for b in found if len(b.index)]


def settle_money(
    frame: pd.DataFrame,
    *,
    currency: str,
    zero_is_missing: bool,
    rates: pd.DataFrame | None = None,
    place: str = "line",
) -> Deals:
    """Deals with one ACV in one currency: acv = amount x 12 / term_months where only the total is given.

    Other currencies are converted at the rate of the day a deal closed, or opened if it is open.
    """
    problems: list[str] = []
    notes: list[str] = []
    if "currency" in frame:
        converted = convert_money(
            frame,
            rates,
            currency=currency,
            money=("acv", "amount"),
            day=_money_day(frame),
            things="deals",
            place=place,
        )
        frame = converted.frame
        problems += converted.problems
        notes += converted.notes
    if "amount" in frame:
        if "acv" not in frame:
            frame, note = _annualise(frame)
            notes.append(note)
        frame = frame.drop(columns="amount")
    if zero_is_missing and "acv" in frame and "outcome" in frame:
        free = (frame["outcome"] == "won") & (frame["acv"] == 0)
        if free.any():
            notes.append(f"{int(free.sum()):,} won deals of amount 0 have an unknown ACV")
            frame = frame.assign(acv=frame["acv"].mask(free))
    return Deals(frame, problems=tuple(problems), notes=tuple(notes))


def own_accounts(frame: pd.DataFrame, *, group_by: Sequence[str]) -> Deals:
    """Deals that are their own accounts; what names the entity behind them becomes `group_key`."""
    missing = [name for name in group_by if name not in frame]
    if missing:
        near = nearest(missing[0], list(frame.columns))
        hint = f", did you mean {near!r}?" if near else ""
        said = f"column {missing[0]!r} of group_by is missing{hint} (set group_by in tierkit.toml, [data])"
        return Deals(frame, problems=(said,))
    if group_by:
        parts = [as_text(frame[name]) for name in group_by]
        known = pd.concat(parts, axis=1).notna().any(axis=1)
        key = parts[0].fillna("")
        for part in parts[1:]:
            key = key + "|" + part.fillna("")
        frame = frame.assign(group_key=key.where(known))
    elif "account_id" in frame and "group_key" not in frame:
        frame = frame.assign(group_key=frame["account_id"])
    return Deals(frame.assign(account_id=frame["deal_id"]))


def check_outcomes(frame: pd.DataFrame) -> list[str]:
    """A sentence if no deal is closed, or none is won."""
    closed = frame["outcome"].isin(["won", "lost"])
    repair = "(map its values in tierkit.toml, [data.deals.values.outcome])"
    if not closed.any():
        return [f"no deal is won or lost, so there is nothing to learn from {repair}"]
    if not (frame["outcome"] == "won").any():
        return [f"no deal is won, so there is nothing to learn from {repair}"]
    return []


def _money_day(frame: pd.DataFrame) -> pd.Series:
    """The day whose rate counts: the closing day, of an open deal the opening day; missing where deals are undated."""
    if "opened_at" not in frame:
        return pd.Series(pd.NaT, frame.index, dtype="datetime64[us]")
    if "outcome" not in frame or "closed_at" not in frame:
        return frame["opened_at"]
    return frame["closed_at"].where(frame["outcome"] != "open", frame["opened_at"])


def yearly_value(amount: pd.Series, term_months: pd.Series) -> pd.Series:
    """The value of a year out of a total; without a term, or with one of less than a day, the total itself."""
    # Dividing by such a term would make a fortune of any amount
    return (amount * MONTHS_A_YEAR / term_months.where(term_months >= LEAST_TERM)).fillna(amount)


def _annualise(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    amount = frame["amount"]
    if "term_months" not in frame:
        return frame.assign(acv=amount), "acv is the amount, since no term_months is given"
    term = frame["term_months"]
    acv = yearly_value(amount, term)
    n = int((~(term >= LEAST_TERM) & amount.notna()).sum())
    return frame.assign(acv=acv), f"acv is amount x 12 / term_months; {n:,} deals without a term keep their amount"
