"""Part 5: Tier 1 by rep, a card behind each account."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import (
    MAX_ROWS,
    Fragment,
    anchor,
    escape,
    pairs,
    paragraph,
    say_name,
    section,
    unavailable,
)

_OVERLAYS = ("strategic", "trigger", "override", "deal open")
"""What may bring an account into Tier 1 other than its value; then that reason leads."""


def show_tier1(
    cards: pd.DataFrame | None,
    *,
    slots: Mapping[str, int] | None = None,
    currency: str = "USD",
    with_money: bool = True,
    unit: str = "account",
    because: str = "",
) -> Fragment:
    """Every Tier 1 account under its rep: one line each, which opens on its card.

    Parameters
    ----------
    cards : as `build_cards` returns it.
    slots : Tier 1 slots by owner_id, shown beside the number of accounts.
    unit : what a card is of: "account", or "deal" where each deal is its own account.
    with_money : False shows ranks in the place of value (the figures do not reconcile).
    """
    if cards is None or cards.empty:
        return unavailable("tier1", because or f"no {unit} is in Tier 1")
    shown = cards.head(MAX_ROWS).copy()
    shown["owner_name"] = shown["owner_name"].fillna(shown["owner_id"]).fillna("No owner")
    steps = shown["next_step"].dropna().unique()
    same = paragraph(f"Next step for each: {steps[0]}.") if len(steps) == 1 and len(shown) > 1 else ""
    shown["step"] = None if same else shown["next_step"]
    reps = "".join(
        _rep(owner, rows, (slots or {}).get(str(rows["owner_id"].iloc[0])), currency, with_money, unit)
        for owner, rows in shown.groupby("owner_name", sort=True)
    )
    more = len(cards) - len(shown)
    rest = paragraph(f"{words.count(more)} more are in tiers.csv.", "more") if more else ""
    return section("tier1", paragraph(_valid(shown, unit)), same, reps, rest)


def _valid(cards: pd.DataFrame, unit: str) -> str:
    until = cards["valid_until"].dropna()
    line = f"{words.things(len(cards), unit)}."
    if until.empty:
        return line
    earlier = int((until < until.max()).sum())
    line += f" Valid until {words.day(until.max())}"
    return f"{line}; {earlier} in a trigger window only until the day on the card." if earlier else f"{line}."


def _rep(owner: object, rows: pd.DataFrame, slots: int | None, currency: str, with_money: bool, unit: str) -> str:
    held = words.things(len(rows), unit) + (f" on {words.things(slots, 'slot')}" if slots is not None else "")
    if with_money:
        held += f", worth {words.money(rows['expected_value'].sum(), currency)}"
    accounts = "".join(_account(row, currency, with_money) for row in rows.to_dict("records"))
    return (
        f'<div class="rep"><h3>{escape(owner)} <span class="held">{escape(held)}</span></h3>'
        f'<div class="accounts">{accounts}</div></div>'
    )


def _account(row: dict[Any, Any], currency: str, with_money: bool) -> str:
    name = row["account_id"] if words.is_missing(row["name"]) else row["name"]
    rank = "" if words.is_missing(row["priority_rank"]) else words.count(row["priority_rank"])
    worth = words.money(row["expected_value"], currency) if with_money else f"rank {rank}"
    step = "" if words.is_missing(row["step"]) else f'<span class="step">{escape(row["step"])}</span>'
    by_value = row["tier_by"] not in _OVERLAYS and row["reasons_for"]
    first = row["reasons_for"][0] if by_value else str(row["tier_reason"])
    return (
        f'<details class="account prints" id="{anchor(row["account_id"])}"><summary>'
        f'<span class="rank">{escape(rank)}</span>'
        f'<span class="name">{say_name(name)}</span><span class="worth">{escape(worth)}</span>'
        f'<span class="why">{escape(first)}</span>{step}</summary>'
        f"{_card(row, currency, with_money)}</details>"
    )


def _card(row: dict[Any, Any], currency: str, with_money: bool) -> str:
    parts = [_reasons("Reasons for", "for", list(row["reasons_for"]))]
    against = [] if words.is_missing(row["reason_against"]) else [str(row["reason_against"])]
    parts.append(_reasons("Reason against", "against", against or ["None among the reasons that weigh most."]))
    facts = [f"{words.day(when)}: {fact} ({source})" for when, fact, source in row["facts"]]
    parts.append(_reasons("What we know", "facts", facts or ["No dated fact is on record."]))
    said = [("Next step", row["next_step"]), ("Last touch", row["last_touch"])]
    if with_money:
        said.append(("Value", _value(row, currency)))
    said += [("Why Tier 1", row["tier_reason"]), ("Valid until", words.day(row["valid_until"]))]
    told = pairs((k, "not known" if words.is_missing(v) else v) for k, v in said)
    return f'<div class="card"><div class="grounds">{"".join(parts)}</div><dl>{told}</dl></div>'


def _value(row: dict[Any, Any], currency: str) -> str:
    value = f"{words.money(row['expected_value'], currency)} expected"
    if words.is_missing(row["acv_low"]) or words.is_missing(row["acv_high"]):
        return value
    low, high = words.money(row["acv_low"], currency), words.money(row["acv_high"], currency)
    return f"{value}; {low} to {high} a year if won"


def _reasons(title: str, kind: str, items: list[str]) -> str:
    listed = "".join(f"<li>{escape(i)}</li>" for i in items)
    return f'<div class="{kind}"><h5>{escape(title)}</h5><ul>{listed}</ul></div>'
