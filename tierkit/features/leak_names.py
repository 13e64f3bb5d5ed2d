"""What a column's name says about when it was known: words of the deal's own course are refused, look-backs flagged."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from tierkit.features import leak_words


@dataclass(frozen=True)
class Judged:
    """A verdict on a name: `refused` or `flagged`, the rule, and the reason as the end of a sentence."""

    verdict: Literal["refused", "flagged"]
    rule: str
    reason: str


def judge_name(column: str) -> Judged | None:
    """What the name of a column alone says against it, or None.

    >>> judge_name("LastStageChangeDate").verdict
    'refused'
    >>> judge_name("won_deals_365d").verdict
    'flagged'
    >>> judge_name("funding_stage") is None
    True
    """
    tokens = split_name(column)
    if not tokens:
        return None
    words = frozenset(tokens)
    looks_back = bool(words & leak_words.LOOK_BACK) or _has_window(tokens)
    dated_apart = looks_back or bool(words & (leak_words.SUBJECT - leak_words.DEAL))
    if found := _always(tokens, words, looks_back=looks_back or bool(words & leak_words.SOFT_LOOK_BACK)):
        return found
    if found := _of_the_deal(tokens, words):
        if found.verdict == "flagged":
            return found
        hard = found.rule in ("stage", "probability", "forecast", "next_step", "edited")
        if (
            looks_back
            or (words & leak_words.SOFT_LOOK_BACK and not hard)
            or (dated_apart and _is_measure(found, words))
        ):
            return Judged(
                "flagged", "look_back", f"its name speaks of {found.reason}, but looks back or has another subject"
            )
        return Judged("refused", found.rule, f"its name speaks of {found.reason}")
    if not looks_back and _counts_touches(tokens, words):
        return Judged("flagged", "unbounded", "its name counts touches, and nobody wrote until which day")
    if words & leak_words.TIER and not words & (leak_words.TOOL | leak_words.OTHER_PARTY):
        return Judged("flagged", "tier", "its name is a tier or grade, given on a day nobody wrote down")
    if looks_back or words & leak_words.SOFT_LOOK_BACK:
        return Judged("flagged", "look_back", "its name looks back, and nobody wrote down from which day")
    if words & leak_words.words_of("account lead visitor visit session") and words & (
        leak_words.DURATION | leak_words.words_of("change status")
    ):
        return Judged(
            "flagged", "look_back", "its name measures an account, a lead or a visitor, on a day nobody wrote down"
        )
    return None


@cache
def split_name(column: str) -> tuple[str, ...]:
    """The words of a name in lower case: camelCase, snake_case and run-together names apart, short forms written out.

    >>> split_name("hs_dealstage__c"), split_name("opp_stg"), split_name("NumberOfEmployees")
    (('deal', 'stage'), ('opportunity', 'stage'), ('number', 'of', 'employees'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", column)
    raw = [t for t in re.split(r"[^a-z0-9]+", apart.lower()) if t]
    if raw and raw[-1] == "c" and column.endswith("__c"):
        raw = raw[:-1]
    raw = [t for t in raw if t != "hs"] or raw
    out: list[str] = []
    for token in raw:
        parts = (
            [token] if token in leak_words.SHORT or token in leak_words.KNOWN_WORDS else (_segment(token) or [token])
        )
        out += [leak_words.SHORT.get(p, p) for p in parts]
    return tuple(out)


def _segment(token: str) -> list[str] | None:
    """A run-together name as known words that cover all of it, the longest first."""
    if not token:
        return []
    for size in range(len(token), 1, -1):
        if token[:size] in leak_words.KNOWN_WORDS or token[:size] in leak_words.SHORT:
            rest = _segment(token[size:])
            if rest is not None:
                return [token[:size], *rest]
    return None


def _always(tokens: tuple[str, ...], words: frozenset[str], *, looks_back: bool) -> Judged | None:
    """The seller, the customer flag, the account type and the amount."""
    pairs = _pairs(tokens)
    seller = words & leak_words.OWNER or words == {"manager"} or pairs & leak_words.OWNER_PAIRS
    # What kind of seller has the deal is judged by its values: it is known when the deal opens.
    if seller and not looks_back and "count" not in words and not words & leak_words.OF_A_PERSON:
        return Judged("refused", "owner", "its name is the seller's: who gets the deal is decided by how it looks")
    party = words & {"account", "customer", "client"}
    if party and words - party <= leak_words.KEEPERS and ("account" not in words or "type" in words):
        return Judged("refused", "customer", "its name is the customer flag or account type, overwritten on winning")
    if "lifecycle" in words or pairs & {"life cycle"}:
        return Judged("refused", "customer", "its name is a lifecycle stage, overwritten on winning")
    if _is_amount(words):
        if looks_back or words & (leak_words.SUBJECT - leak_words.DEAL):
            return Judged("flagged", "look_back", "its name speaks of an amount, but looks back or has another subject")
        return Judged(
            "refused", "amount", "its name is the deal's amount or a band of it, which is edited until signature"
        )
    return None


def _is_amount(words: frozenset[str]) -> bool:
    if words & leak_words.AMOUNT:
        return True
    if words == {"value"}:
        return True
    return bool(
        words & (leak_words.MONEY - leak_words.words_of("total category range bucket band"))
        and words & leak_words.MONEY_OF
    )


def _of_the_deal(tokens: tuple[str, ...], words: frozenset[str]) -> Judged | None:
    """The first rule about the deal's own course that the name meets, before look-backs and subjects are weighed."""
    pairs = _pairs(tokens)
    tool = bool(words & leak_words.TOOL)
    outcome = words & leak_words.OUTCOME
    if outcome and not words & leak_words.HONEST_OUTCOME:
        return _refuse("outcome", "how or when the deal ended")
    if tool:
        return None
    if words & leak_words.STAGE and not words & leak_words.HONEST_STAGE:
        return _refuse("stage", "the stage of the deal")
    if "status" in words and words - {"status"} <= leak_words.DEAL | leak_words.FILLER:
        return _refuse("stage", "the status of the deal")
    if (words & leak_words.PROBABILITY and not words & leak_words.OTHER_RISK) or (
        "score" in words and words & leak_words.DEAL
    ):
        return _refuse("probability", "a probability or score of the deal")
    if (words & leak_words.FORECAST and not words & leak_words.OTHER_RISK) or pairs & {"best case"}:
        return _refuse("forecast", "the forecast")
    if "next" in words or (
        words & leak_words.words_of("planned upcoming")
        and words & leak_words.words_of("step date activity meeting call")
    ):
        return _refuse("next_step", "what comes next")
    if words & leak_words.RESULT and words - leak_words.RESULT <= leak_words.DEAL | leak_words.FILLER:
        return _refuse("outcome", "how the deal ended")
    if "fiscal" in words and words & leak_words.words_of("quarter period") and "end" not in words:
        return _refuse("outcome", "the quarter in which the deal closed")
    if _after_win(words, pairs):
        return _refuse("after_win", "what comes after a win")
    return _own_course(words, pairs)


def _after_win(words: frozenset[str], pairs: set[str]) -> bool:
    if words & leak_words.OTHER_PARTY:
        return False
    if words & leak_words.AFTER and not pairs & {"signed up", "sign up", "invoice city", "payment terms"}:
        return True
    if pairs & {
        "go live",
        "kick off",
        "sign off",
        "customer success",
        "health score",
        "order number",
        "purchase order",
    }:
        return True
    if "po" in words and words & leak_words.words_of("number no received date id"):
        return True
    return bool(words & leak_words.words_of("contract order subscription licence license") and words & leak_words.PAPER)


def _own_course(words: frozenset[str], pairs: set[str]) -> Judged | None:
    apart = bool(words & ((leak_words.SUBJECT - leak_words.DEAL) | leak_words.OTHER_PARTY))
    if "cycle" in words and (words & leak_words.DEAL or words & leak_words.DURATION or words == {"cycle"}):
        return _refuse("duration", "how long the deal took")
    if words & leak_words.DURATION and words & (leak_words.DEAL | leak_words.COURSE) and not pairs & {"time zone"}:
        return _refuse("duration", "how long the deal took")
    if words & leak_words.DURATION and words & leak_words.SPAN and not apart:
        if words & (leak_words.SPAN - {"to", "from"}):
            return _refuse("duration", "how long the deal took")
        return Judged("flagged", "duration", "its name may speak of how long the deal took")
    if words & leak_words.words_of("elapsed velocity") or pairs & {"days open", "open days", "is open", "open flag"}:
        return _refuse("duration", "how long the deal took")
    if "change" in words and words & (leak_words.DEAL | leak_words.COURSE):
        return _refuse("duration", "how often the deal changed")
    if words & leak_words.COURSE_COUNTS or ("push" in words and words & leak_words.words_of("count number date times")):
        return _refuse("duration", "how often the deal slipped")
    if (
        words & leak_words.words_of("modified updated")
        and words <= leak_words.words_of("modified updated last date at on by time timestamp") | leak_words.DEAL
    ):
        return _refuse("edited", "when the deal was last edited")
    if "discount" in words or (
        words & leak_words.words_of("quote proposal")
        and words & leak_words.words_of("sent accepted count approved date")
    ):
        return _refuse("duration", "how the deal was negotiated")
    return None


def _counts_touches(tokens: tuple[str, ...], words: frozenset[str]) -> bool:
    """A number of touches: `n_activities`, `total emails`, `meeting_count`; a plural alone may be one too."""
    touched = words & (leak_words.TOUCH | leak_words.TOUCHES)
    counted = words & leak_words.COUNTED or tokens[:1] == ("n",)
    return bool(touched and counted) or (tokens[-1] in leak_words.TOUCHES and words <= leak_words.TOUCHES_OF)


def _is_measure(found: Judged, words: frozenset[str]) -> bool:
    """Whether a subject of its own takes the name out of the deal: counts, rates, spans and stages, never reasons."""
    if found.rule in ("duration", "after_win", "stage"):
        return True
    return found.rule in ("outcome", "probability") and bool(
        words & (leak_words.DURATION | leak_words.words_of("rate count number share"))
    )


def _has_window(tokens: Iterable[str]) -> bool:
    listed = list(tokens)
    if any(leak_words.WINDOW.fullmatch(t) for t in listed):
        return True
    units = leak_words.words_of("d day days week weeks month months year years")
    return any(a.isdigit() and b in units for a, b in pairwise(listed))


def _pairs(tokens: tuple[str, ...]) -> set[str]:
    return {f"{a} {b}" for a, b in pairwise(tokens)}


def _refuse(rule: str, what: str) -> Judged:
    return Judged("refused", rule, what)
