"""Part 2: decisions for you."""

from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, escape, paragraph, section, unavailable


def show_decisions(
    decisions: pd.DataFrame | None, *, currency: str = "USD", with_money: bool = True, because: str = ""
) -> Fragment:
    """One block per decision: account, proposal, for, against, what is at stake, who decides and by when.

    Parameters
    ----------
    decisions : columns account_id, name, proposal, reason_for, reason_against, value_at_stake, decider, due;
        empty where nothing needs a decision, None where it cannot be told.
    with_money : False withholds `value_at_stake`.
    """
    if decisions is None:
        return unavailable("decisions", because or "no tiers were assigned")
    if decisions.empty:
        return section("decisions", paragraph("Nothing needs your decision this month."))
    stake = Field("value_at_stake", "At stake", "money")
    items = []
    for row in decisions.to_dict("records"):
        facts = [("Decides", str(row["decider"])), ("By", words.day(row["due"]))]
        if with_money:
            facts.insert(0, (stake.label, words.money(row["value_at_stake"], currency)))
        items.append(
            f'<li class="decision"><h4>{escape(_name(row))}</h4><p class="proposal">{escape(row["proposal"])}</p>'
            f'<p class="for"><b>For</b> {escape(row["reason_for"])}</p>'
            f'<p class="against"><b>Against</b> {escape(row["reason_against"])}</p>'
            f"<dl>{''.join(f'<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>' for k, v in facts)}</dl></li>"
        )
    return section("decisions", f'<ol class="cards">{"".join(items)}</ol>')


def _name(row: dict[Any, Any]) -> object:
    return row["account_id"] if words.is_missing(row.get("name")) else row["name"]
