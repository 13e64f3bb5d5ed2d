"""The evidence sheet: one page that prints, with what a manager needs to judge each account of the week."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.proof.agreement import VERDICTS
from tierkit.reporting import words
from tierkit.reporting.cards import build_cards
from tierkit.reporting.export import page_shell
from tierkit.reporting.fragments import anchor, escape, pairs, paragraph

_DRAWN_FOR = {
    "override": "a person set its tier",
    "trigger": "an event lifted it",
    "moved": "its tier changed",
    "near the cut-off": "it is near a cut-off",
}
"""Why an account is in the sample, where it is not for its tier alone."""

_MEANING = {
    "agree": "this tier is right",
    "too high": "it deserves less than this tier",
    "too low": "it deserves more",
    "wrong data": "what stands here about it is not so",
}

_CSS = Path(__file__).parent.parent / "templates" / "tierkit" / "review.css"


def write_evidence_sheet(
    path: Path,
    drawn: Sequence[dict[str, Any]],
    tiers: pd.DataFrame,
    reasons: pd.DataFrame,
    tables: Tables,
    *,
    as_of: str | pd.Timestamp,
    changes: pd.DataFrame | None = None,
    company: str = "Your company",
    with_money: bool = True,
) -> None:
    """Write the sheet of the accounts drawn, in the order of their forms.

    Parameters
    ----------
    drawn : entries of one week; keys week, month, review_id, account_id, name, tier, stratum.
    tiers : as published; of other accounts nothing is shown.
    changes : as `tier_changes` returns it, for what moved.
    """
    ids = [d["account_id"] for d in drawn]
    here, why = (frame[frame["account_id"].isin(set(ids))] for frame in (tiers, reasons))
    levels = sorted(here["tier"].dropna().unique())
    rows = [r for t in levels for r in build_cards(here, why, tables, as_of=as_of, tier=int(t)).to_dict("records")]
    cards: dict[str, dict[Any, Any]] = {row["account_id"]: {**row, "with_money": with_money} for row in rows}
    moved = {}
    if changes is not None and "sentence" in changes:
        moved = dict(zip(changes["account_id"], changes["sentence"], strict=True))
    currency = tables.currency or "USD"
    who = {row["account_id"]: _who_it_is(row) for row in here.to_dict("records")}
    accounts = "".join(
        _account(d, cards.get(d["account_id"]), who.get(d["account_id"], ""), moved.get(d["account_id"]), currency)
        for d in drawn
    )
    week, month = drawn[0]["week"], words.month_name(drawn[0]["month"])
    html = page_shell(
        title=f"Review {week}",
        heading=f"Are these {len(drawn)} in the right tier?",
        kicker=f"{company}, week {week}, tiers of {month}",
        body=_opening(as_of) + accounts,
    )
    style = _CSS.read_text(encoding="utf-8")
    path.write_text(html.replace("</style>", f"{style}</style>", 1), encoding="utf-8")


def _opening(as_of: str | pd.Timestamp) -> str:
    meaning = pairs((v.capitalize(), _MEANING[v]) for v in VERDICTS)
    return (
        '<div class="prose">'
        + paragraph(
            f"What was known on {words.day(as_of)}, as the tiers saw it. Judge each account that your form lists, from "
            "what you know of it, before you talk to anybody about it; then send the form back."
        )
        + f'</div><dl class="verdicts">{meaning}</dl>'
    )


def _who_it_is(row: dict[Any, Any]) -> str:
    """Industry, country and headcount, as far as they are known."""
    size = row.get("employees")
    heads = None if words.is_missing(size) else f"{size:,.0f}" if isinstance(size, int | float) else str(size)
    known = [row.get("industry"), row.get("country"), heads and f"headcount {heads}"]
    return ", ".join(str(k) for k in known if not words.is_missing(k))


def _account(drawn: dict[str, Any], card: dict[Any, Any] | None, who: str, moved: object, currency: str) -> str:
    name, why = drawn["name"] or drawn["account_id"], _DRAWN_FOR.get(drawn["stratum"])
    told = f"{drawn['review_id']}, account {drawn['account_id']}{f'; {who}' if who else ''}"
    told += f"; drawn because {why}" if why else ""
    head = (
        f'<section class="drawn" id="{anchor(drawn["review_id"])}"><p class="which">{escape(told)}</p>'
        f"<h2><bdi>{escape(name)}</bdi>: {escape(words.tier_name(drawn['tier']))}</h2>"
    )
    if card is None:
        return f"{head}{paragraph('It stands in no tier of this month any more.')}{_answer()}</section>"
    place = "" if words.is_missing(card["tier_reason"]) else f"Why this tier: {card['tier_reason']}."
    if not words.is_missing(moved) and moved != card["tier_reason"]:
        place += f" Moved: {moved}."
    against = [] if words.is_missing(card["reason_against"]) else [str(card["reason_against"])]
    facts = [f"{words.day(when)}: {fact} ({source})" for when, fact, source in card["facts"]]
    grounds = (
        _listed("Speaks for it", "for", list(card["reasons_for"]) or ["Nothing among the reasons that weigh most."])
        + _listed("Speaks against it", "against", against or ["Nothing among the reasons that weigh most."])
        + _listed("On record", "facts", facts or ["No dated fact."])
    )
    terms = [("Rep", card["owner_name"]), ("Last touch", card["last_touch"]), ("Next step", card["next_step"])]
    if card["with_money"]:
        terms.append(("Expected", words.money(card["expected_value"], currency)))
        if not (words.is_missing(card["acv_low"]) or words.is_missing(card["acv_high"])):
            low, high = words.money(card["acv_low"], currency), words.money(card["acv_high"], currency)
            terms.append(("A year, if won", f"{low} to {high}"))
    elif not words.is_missing(card["priority_rank"]):
        terms.append(("Rank in its book", words.count(card["priority_rank"])))
    terms.append(("Valid until", words.day(card["valid_until"])))
    told = pairs((k, "not known" if words.is_missing(v) else v) for k, v in terms)
    return (
        f'{head}{paragraph(place.strip(), "place") if place else ""}<div class="grounds">{grounds}</div>'
        f'<dl class="terms">{told}</dl>{_answer()}</section>'
    )


def _answer() -> str:
    boxes = "".join(f"<b>{escape(v)}</b>" for v in VERDICTS)
    return f'<p class="say"><span>{boxes}</span><i>Why:</i></p>'


def _listed(title: str, kind: str, items: list[str]) -> str:
    told = "".join(f"<li>{escape(i)}</li>" for i in items)
    return f'<div class="{kind}"><h3>{escape(title)}</h3><ul>{told}</ul></div>'
