"""The card behind an account's line: grounds with their bars, dated facts, and what was, would be and is unknown."""

from collections.abc import Iterable
from typing import Any

from tierkit.reporting import words
from tierkit.reporting.card_words import NONE_UNKNOWN, say_move, say_people, say_sure, say_unknown, say_value, say_who
from tierkit.reporting.fragments import escape

_IDLE = ' class="idle"'

Row = dict[Any, Any]


def show_card(row: Row, *, currency: str, with_money: bool) -> str:
    """One row of `build_cards` as HTML; everything from data is escaped and keeps its own direction of writing."""
    grounds = row["grounds"]
    largest = max((abs(weight) for _, weight, _ in grounds), default=0.0) or 1.0
    sides = [
        _side(title, kind, [g for g in grounds if (g[1] > 0) == (kind == "for")], largest, currency, with_money, none)
        for title, kind, none in (
            ("Speaks for it", "for", "Nothing among the reasons that weigh most."),
            ("Speaks against it", "against", "Nothing among the reasons that weigh most."),
        )
    ]
    facts = "".join(
        f'<li><time datetime="{when:%Y-%m-%d}">{escape(words.day(when))}</time> <bdi>{escape(fact)}</bdi> '
        f'<span class="source">{escape(source)}</span></li>'
        for when, fact, source in row["facts"]
    )
    told = f"<ul>{facts}</ul>" if facts else "<p>No dated fact is on record.</p>"
    return (
        f'<div class="card"><p class="who"><bdi>{escape(say_who(row))}</bdi></p>'
        f'<div class="grounds">{"".join(sides)}<div class="facts"><h4>What we know</h4>{told}</div></div>'
        f"<dl>{_pairs(_told(row, currency, with_money))}</dl></div>"
    )


def _told(row: Row, currency: str, with_money: bool) -> Iterable[tuple[str, Any]]:
    until = "" if words.is_missing(row["valid_until"]) else f" until {words.day(row['valid_until'])}"
    reason = "" if words.is_missing(row["tier_reason"]) else f": {words.readable(row['tier_reason'])}"
    yield f"{words.tier_name(row['tier'])}", f"{until.strip()}{reason}".removeprefix(": ")
    if with_money:
        yield "Value", say_value(row, currency)
    yield "How sure", say_sure(row["membership_prob"], row["value_prob"])
    # The sentence tells amounts.
    yield "Changed", row["changed"] if with_money else None
    owner = row["owner_name"]
    yield (
        "Would move it",
        say_move(row["move"], tier_by=row["tier_by"], owner=owner, currency=currency, with_money=with_money),
    )
    if row["move"] is not None:
        yield "To learn", say_unknown(row["unknown"], currency=currency, with_money=with_money)
    yield "Next step", "not known" if words.is_missing(row["next_step"]) else row["next_step"]
    yield "Last touch", "not known" if words.is_missing(row["last_touch"]) else row["last_touch"]
    yield "People", say_people(row["people"])


def _side(title: str, kind: str, grounds: list[Any], largest: float, currency: str, with_money: bool, none: str) -> str:
    items = "".join(
        f"<li><bdi>{escape(text)}</bdi>{_amount(money, currency, with_money)}"
        f'<i style="width:{max(3, round(100 * abs(weight) / largest))}%"></i></li>'
        for text, weight, money in grounds
    )
    return (
        f'<div class="{kind}"><h4>{escape(title)}</h4>'
        + (f"<ul>{items}</ul>" if items else f"<p>{none}</p>")
        + "</div>"
    )


def _amount(money: float, currency: str, with_money: bool) -> str:
    if not with_money or words.is_missing(money):
        return ""
    sign = "+" if money > 0 else "\u2212"
    return f" <b>{sign}{escape(words.money(abs(money), currency))}</b>"


def _pairs(said: Iterable[tuple[str, Any]]) -> str:
    """Names and values; what says nothing is needed on a screen, where the place of a line is learned, not on paper."""
    return "".join(
        f'<div{_IDLE if value == NONE_UNKNOWN else ""}><dt>{escape(name)}</dt><dd dir="auto">{escape(value)}</dd></div>'
        for name, value in said
        if not words.is_missing(value)
    )
