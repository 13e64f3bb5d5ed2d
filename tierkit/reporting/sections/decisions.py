"""Part 2: decisions for you."""

from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Fragment, escape, pairs, paragraph, say_name, section, unavailable


def show_decisions(
    decisions: pd.DataFrame | None,
    *,
    currency: str = "USD",
    with_money: bool = True,
    because: str = "",
    waiting: str = "",
) -> Fragment:
    """One block per decision: account, proposal, for, against, what is at stake, who decides and by when.

    Parameters
    ----------
    decisions : columns account_id, name, proposal, reason_for, reason_against, value_at_stake, decider, due;
        empty where nothing needs a decision, None where it cannot be told.
    with_money : False withholds `value_at_stake`.
    waiting : how many moves wait for approval, in a sentence; empty where none is asked for.
    """
    if decisions is None:
        return unavailable("decisions", because or "no tiers were assigned")
    first = [paragraph(waiting)] if waiting else []
    if decisions.empty:
        nothing = (
            "Nothing else needs your decision this month." if waiting else "Nothing needs your decision this month."
        )
        return section("decisions", *first, paragraph(nothing))
    items = "".join(_decision(row, currency, with_money) for row in decisions.to_dict("records"))
    return section("decisions", *first, f'<ol class="decide">{items}</ol>')


def _decision(row: dict[Any, Any], currency: str, with_money: bool) -> str:
    facts = [("Decides", row["decider"]), ("By", words.day(row["due"]))]
    if with_money:
        facts.insert(0, ("At stake", words.money(row["value_at_stake"], currency)))
    grounds = [("For", row["reason_for"]), ("Against", row["reason_against"])]
    name = say_name(_name(row), card_of=row["account_id"])
    return (
        f'<li class="decision"><div><h3>{name}</h3><p>{escape(row["proposal"])}</p></div>'
        f'<dl class="grounds">{pairs(grounds)}</dl><dl class="terms">{pairs(facts)}</dl></li>'
    )


def _name(row: dict[Any, Any]) -> object:
    return row["account_id"] if words.is_missing(row.get("name")) else row["name"]
