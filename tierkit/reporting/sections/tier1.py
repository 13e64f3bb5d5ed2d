"""Part 5: Tier 1 by rep, a card behind each account."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.card_words import RANGE, say_move
from tierkit.reporting.fragments import MAX_ROWS, Fragment, anchor, escape, paragraph, section, unavailable
from tierkit.reporting.sections.card import show_card

_OVERLAYS = ("strategic", "trigger", "override", "deal open")
"""What may bring an account into Tier 1 other than its value; then that reason leads."""


def show_tier1(
    cards: pd.DataFrame | None,
    *,
    below: pd.DataFrame | None = None,
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
    below : as `just_below` returns it: named after the accounts of their rep.
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
        _rep(owner, rows, (slots or {}).get(str(rows["owner_id"].iloc[0])), below, currency, with_money, unit)
        for owner, rows in shown.groupby("owner_name", sort=True)
    )
    more = len(cards) - len(shown)
    rest = paragraph(f"{words.count(more)} more are in tiers.csv.", "more") if more else ""
    meaning = paragraph(_meaning(shown, with_money), "more")
    return section("tier1", paragraph(_valid(shown, unit)), same, reps, rest, meaning)


def _meaning(cards: pd.DataFrame, with_money: bool) -> str:
    """What the figures of a card say, and what they do not."""
    said = ["A bar is as long as its reason weighs, + for the account and \u2212 against it."]
    if with_money and cards["value_low"].notna().any():
        said.append(f"Under refits: {RANGE}.")
    if with_money and cards["acv_low"].notna().any():
        said.append("A year if won: the range that most contracts like it kept to, as the small print says.")
    if cards["move"].notna().any():
        said.append(
            "The best of a rep are as many as hold Tier 1 by value, beside claims, triggers and open deals. "
            "What would move an account is asked of the models, not of the world, and by value alone: places are held "
            "for a time, and what changes one thing may change others."
        )
    return " ".join(said)


def _valid(cards: pd.DataFrame, unit: str) -> str:
    until = cards["valid_until"].dropna()
    line = f"{words.things(len(cards), unit)}."
    if until.empty:
        return line
    earlier = int((until < until.max()).sum())
    line += f" Valid until {words.day(until.max())}"
    return f"{line}; {earlier} in a trigger window only until the day on the card." if earlier else f"{line}."


def _rep(
    owner: object,
    rows: pd.DataFrame,
    slots: int | None,
    below: pd.DataFrame | None,
    currency: str,
    with_money: bool,
    unit: str,
) -> str:
    held = words.things(len(rows), unit) + (f" on {words.things(slots, 'slot')}" if slots is not None else "")
    if with_money:
        held += f", worth {words.money(rows['expected_value'].sum(), currency)}"
    accounts = "".join(_account(row, currency, with_money) for row in rows.to_dict("records"))
    near = "" if below is None else _below(below[below["owner_id"] == rows["owner_id"].iloc[0]], currency, with_money)
    return (
        f'<div class="rep"><h3><bdi>{escape(owner)}</bdi> <span class="held">{escape(held)}</span></h3>'
        f'<div class="accounts">{accounts}</div>{near}</div>'
    )


def _account(row: dict[Any, Any], currency: str, with_money: bool) -> str:
    rank = "" if words.is_missing(row["priority_rank"]) else words.count(row["priority_rank"])
    worth = words.money(row["expected_value"], currency) if with_money else f"rank {rank}"
    step = "" if words.is_missing(row["step"]) else f'<span class="step">{escape(row["step"])}</span>'
    by_value = row["tier_by"] not in _OVERLAYS and row["reasons_for"]
    first = row["reasons_for"][0] if by_value else words.readable(row["tier_reason"])
    return (
        f'<details class="account prints" id="{escape(anchor(row["account_id"]))}"><summary>'
        f'<span class="rank">{escape(rank)}</span><bdi class="name">{escape(_name(row))}</bdi>'
        f'<span class="worth">{escape(worth)}</span><span class="why">{escape(first)}</span>{step}</summary>'
        f"{show_card(row, currency=currency, with_money=with_money)}</details>"
    )


def _below(rows: pd.DataFrame, currency: str, with_money: bool) -> str:
    """The accounts nearest to this rep's Tier 1, and what would bring them in."""
    items = "".join(
        f"<li><bdi><b>{escape(_name(row))}</b></bdi>{_worth(row, currency) if with_money else ''}: "
        f"{escape(_move(row, currency, with_money))}</li>"
        for row in rows.to_dict("records")
    )
    if not items:
        return ""
    count = words.things(len(rows), "account")
    return f'<details class="below prints"><summary>Nearest to Tier 1: {count}</summary><ul>{items}</ul></details>'


def _move(row: dict[Any, Any], currency: str, with_money: bool) -> str:
    said = say_move(row["move"], tier_by=None, owner=None, currency=currency, with_money=with_money)
    return said or "not looked at."


def _worth(row: dict[Any, Any], currency: str) -> str:
    return f" ({escape(words.money(row['expected_value'], currency))})"


def _name(row: dict[Any, Any]) -> Any:
    return row["account_id"] if words.is_missing(row["name"]) else row["name"]
