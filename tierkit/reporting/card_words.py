"""The sentences of an account's card."""

from collections.abc import Mapping
from typing import Any

from tierkit.reporting import words
from tierkit.tiering.membership import HIGH, LOW

RANGE = "eight in ten refits of the models on resampled accounts lie inside; it is the doubt in the expectation"
"""What the range of an expected value means."""
NOTHING = "Nothing they or we can change within the usual range would move it."
NONE_UNKNOWN = "Nothing the models look at is unknown."
_HELD_BY = {
    "strategic": "a strategic claim holds it",
    "trigger": "its trigger window holds it",
    "override": "an override holds it",
    "stay": "it entered too lately to be moved down",
    "band": "no other is better by enough",
    "churn budget": "this month's moves down are spent",
}
Row = Mapping[Any, Any]


def say_who(row: Row) -> str:
    """Industry, size, country and owner; what is not known is called so.

    >>> say_who({"industry": "Software", "employees": 1200.0, "country": None, "owner_name": "Ana Abara"})
    'Software, 1,200 people, country unknown, with Ana Abara'
    """
    size = f"{words.count(row['employees'])} people" if not words.is_missing(row["employees"]) else "headcount unknown"
    industry, country = (
        f"{name} unknown" if words.is_missing(row[name]) else str(row[name]) for name in ("industry", "country")
    )
    owner = "no owner" if words.is_missing(row["owner_name"]) else f"with {row['owner_name']}"
    return f"{industry}, {size}, {country}, {owner}"


def say_value(row: Row, currency: str) -> str:
    """The expected value with its range under refits, and the range of a contract if one is won."""
    said = f"{words.money(row['expected_value'], currency)} expected"
    if not (words.is_missing(row["value_low"]) or words.is_missing(row["value_high"])):
        said += (
            f", {words.money(row['value_low'], currency)} to {words.money(row['value_high'], currency)} under refits"
        )
    if not (words.is_missing(row["acv_low"]) or words.is_missing(row["acv_high"])):
        low, high = words.money(row["acv_low"], currency), words.money(row["acv_high"], currency)
        said += f"; {low} to {high} a year if won"
    return said


def say_sure(chance: Any, by_value: Any = None) -> str | None:
    """How often refits of the models give the place, in words; None where they were not asked.

    >>> say_sure(0.55, 0.5), say_sure(0.95)
    ('contested: 55 % of refits place it in Tier 1', 'firm: 95 % of refits place it in Tier 1')
    >>> say_sure(1.0, 0.1)
    'held: 100 % of refits keep it in Tier 1, 10 % by value alone'
    """
    if words.is_missing(chance):
        return None
    share, alone = (
        words.percent(chance),
        "" if words.is_missing(by_value) else f"{words.percent(by_value)} by value alone",
    )
    if float(chance) < LOW:
        return f"not by value: {share} of refits place it in Tier 1"
    if alone and float(chance) > HIGH >= float(by_value):
        return f"held: {share} of refits keep it in Tier 1, {alone}"
    return f"{'contested' if float(chance) <= HIGH else 'firm'}: {share} of refits place it in Tier 1"


def say_move(move: Row | None, *, tier_by: Any, owner: Any, currency: str, with_money: bool) -> str | None:
    """What would take an account out of Tier 1 or bring it in, as the models see it; None where nobody asked."""
    if move is None:
        return None
    if move["held"] == "deal open":
        return "Its open deal holds its place, whatever its value."
    best = f"the best {move['places']} of {owner}" if not words.is_missing(owner) else f"the best {move['places']}"
    if move["held"] == "waiting":
        return f"Its value is already among {best}; it waits for a place that another account holds for now."
    if move["held"] == "off support":
        return "Unlike any account we worked, so value alone brings it to Tier 2 at most."
    holds = ""
    if move["tier"] == 1 and not move["inside"]:
        holds = f"By value it is not among {best}; {_HELD_BY.get(str(tier_by), 'another rule holds it')}. "
    if not move["lever"]:
        return f"{holds}{NOTHING.replace('move it', 'bring it in') if holds else NOTHING}"
    side = f"no longer among {best}" if move["inside"] else "among them" if holds else f"among {best}"
    worth = f" ({words.money(move['new_value'], currency)} expected)" if with_money else ""
    return f"{holds}{say_change(move, currency)}, the model would count it {side}{worth}."


def say_change(move: Row, currency: str) -> str:
    """One change, beside how it is now.

    >>> say_change({"lever": "touches", "what": "web visit", "now": 1.0, "then": 3.0}, "USD")
    'With 2 more web visits from their side (1 in the last 90 days)'
    """
    lever, what, now, then = move["lever"], str(move["what"]), move["now"], move["then"]
    if lever in ("touches", "people"):
        n, more = round(abs(then - now)), "more" if then > now else "fewer"
        one, many = (what, _plural(what)) if lever == "touches" else ("of their people", "of their people")
        tail = "from their side" if lever == "touches" else "coming to us"
        return f"With {n} {more} {one if n == 1 else many} {tail} ({words.count(now)} in the last 90 days)"
    if lever == "quiet":
        return f"With nobody of theirs coming to us for 90 days ({words.things(round(now), 'touch', 'touches')} now)"
    if lever == "signal":
        return f"With a new signal of {what} (none live)" if then > now else f"Once its signal of {what} is over"
    if lever == "technology":
        return f"Were they to use {what} (they do not)" if then > now else f"Were they to stop using {what}"
    value = move["then_words"] or (
        words.money(then, currency) if what in ("annual_revenue", "acv") else words.count(then)
    )
    return f"Were its {words.field_name(what)} known to be {value} (unknown now)"


def say_unknown(unknown: tuple[Row, ...], *, currency: str, with_money: bool, top: int = 3) -> str:
    """Which fields are unknown, the one that could matter most first."""
    if not unknown:
        return NONE_UNKNOWN
    if not with_money:
        return f"{words.listing([words.field_name(u['field']) for u in unknown[:top]])} unknown, in this order."
    return "; ".join(_swing(u, currency) for u in unknown[:top]) + "."


def _swing(unknown: Row, currency: str) -> str:
    low, high = words.money(unknown["value_low"], currency), words.money(unknown["value_high"], currency)
    return f"{words.field_name(unknown['field'])} unknown: {low} to {high} expected across usual values"


def say_people(people: Row | None) -> str | None:
    """Whom we know there; None without contacts."""
    if people is None:
        return None
    if not people["n_contacts"]:
        return "nobody known"
    said = words.things(int(people["n_contacts"]), "person", "people") + " known"
    if not words.is_missing(people["n_in_touch"]):
        said += f", {words.count(people['n_in_touch'])} in touch in 90 days"
    said += ", an executive among them" if people["executive_known"] else ", no executive"
    if people["roles_missing"]:
        said += f"; nobody known as {' or '.join(say_role(r) for r in people['roles_missing'].split(';'))}"
    if people["single_threaded"]:
        said += "; hangs on fewer than two people"
    return said


def say_role(role: Any) -> str:
    """A role as people write it.

    >>> say_role("decision_maker"), say_role("it")
    ('decision maker', 'IT')
    """
    said = str(role).replace("_", " ")
    return said.upper() if len(said) <= 2 else said


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
