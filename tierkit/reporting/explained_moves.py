"""The month's moves and changes of value, each taken apart into what brought it about."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tierkit.errors import TierkitError
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.last_month import LastMonth, NotKnownError
from tierkit.tiering.changes import tier_changes
from tierkit.tiering.explain import Explained, explain_moves
from tierkit.tiering.fact_words import fact_words
from tierkit.tiering.migration import NOT_TIERED
from tierkit.tiering.move_words import MoveWords
from tierkit.tiering.rule_words import RuleWords
from tierkit.tiering.steps import STEPS, VALUED, Month, Walk, walk_steps

_FROM = {
    "corrections": "from data corrections",
    "features": "from new facts",
    "model": "from the model refit",
    "gates": "since the account is new to the data or gone from it",
}
_WORTH_SAYING = 0.01
"""Share of the value below which a part goes unsaid."""
_LEAST = 0.5
"""Money below which a part goes unsaid: it would read as nothing."""


@dataclass(frozen=True)
class MonthsMoves:
    """What moved since last month.

    Attributes
    ----------
    changes : as `tier_changes` returns it, and where the parts are known tier_<step> for each of `STEPS`, value_before,
        value_after and value_<step> for each of `VALUED`.
    values : one row per account tiered at either time, by account_id: account_id, value_before, value_after,
        value_<step> of `VALUED` and a sentence; None where the parts are not known.
    unknown : why the parts are not known, as the end of a sentence; empty where they are.
    """

    changes: pd.DataFrame
    values: pd.DataFrame | None
    unknown: str


def explain_month(
    last: LastMonth, now: Month, tiers: pd.DataFrame, previous: pd.DataFrame, tables: Tables, *, currency: str
) -> MonthsMoves:
    """Every move and every change of value of a month, exactly.

    Parameters
    ----------
    tiers : the month's, as they will be published.

    Raises
    ------
    NotKnownError : the months cannot be mixed, or the tiers are not those the month's own ingredients give.
    """
    try:
        walk = walk_steps(last.month, now, last.corrected, previous, tables)
    except NotKnownError:
        raise
    except TierkitError as error:
        raise NotKnownError(f"the two months' rules and places do not go together ({error})") from None
    if not _same_tiers(walk.tiers["gates"], tiers):
        raise NotKnownError("the tiers of this month were not set by its own scores and rules")
    pooled = any(m.policy.sizes is not None or m.policy.shares is not None for m in (last.month, now))
    told = explain_moves(walk, pooled=pooled)
    values = told.values.assign(sentence=[say_value(row, currency) for row in told.values.to_dict("records")])
    return MonthsMoves(_changes(walk, told, last, now), values, "")


def plain_moves(tiers: pd.DataFrame, previous: pd.DataFrame, gated: pd.DataFrame, *, because: str) -> MonthsMoves:
    """The moves with their cause as far as the tiers alone tell, where the parts are not known."""
    return MonthsMoves(tier_changes(tiers, previous, gates=gated), None, because)


def say_value(row: dict[Any, Any], currency: str = "USD") -> str:
    """What an account is expected to be worth, what it was last month, and what the difference comes from.

    >>> say_value({"value_before": 35e3, "value_after": 41e3, "value_features": 5e3, "value_model": 1e3})
    'expected value $41k, last month $35k: +$5.0k from new facts, +$1.0k from the model refit'
    """
    before, after = row["value_before"], row["value_after"]
    now = f"expected value {words.money(after, currency)}"
    least = _WORTH_SAYING * max(*(abs(v) for v in (before, after) if not words.is_missing(v)), 0.0, 0.0)
    parts = {step: float(row.get(f"value_{step}", 0.0)) for step in VALUED}
    said = [
        f"{'+' if part > 0 else ''}{words.money(part, currency)} {_FROM[step]}"
        for step, part in parts.items()
        if abs(part) > max(least, _LEAST)
    ]
    if words.is_missing(before) and words.is_missing(after):
        return "expected value unknown, last month as well"
    if not said:
        return f"{now}, as last month"
    return f"{now}, last month {words.money(before, currency)}: {', '.join(said)}"


def _changes(walk: Walk, told: Explained, last: LastMonth, now: Month) -> pd.DataFrame:
    models = last.models
    win = models.win if models.win is not None and models.win.skill else None
    names: dict[str, str] = {}
    for frame in (last.month.rows, now.gated):
        if "name" in frame:
            known = frame[frame["name"].notna() & (frame["name"].astype("str").str.strip() != "")]
            names |= dict(zip(known["account_id"].astype("str"), known["name"].astype("str"), strict=True))
    facts = fact_words(walk, told, (models.opening, win, models.acv))
    say = MoveWords(told, facts, RuleWords(walk, last.month, now), names)
    moves = told.moves
    ids, steps = moves["account_id"].astype("str"), moves["cause"].astype("str")
    out = pd.DataFrame(
        {
            "account_id": ids,
            "name": ids.map(names).fillna(ids).astype("str"),
            "from_tier": moves["from_tier"].where(moves["from_tier"] < NOT_TIERED).astype("Int64"),
            "to_tier": moves["to_tier"].where(moves["to_tier"] < NOT_TIERED).astype("Int64"),
            "cause": steps.map(dict(STEPS)).astype("str"),
            "sentence": pd.Series(map(say.sentence, ids, steps), ids.index, dtype="str"),
        }
    )
    out = out.join(moves[[f"tier_{step}" for step in STEPS]])
    return out.merge(told.values, on="account_id", how="left")


def _same_tiers(planned: pd.DataFrame, tiers: pd.DataFrame) -> bool:
    one, other = (f.set_index(f["account_id"].astype("str"))["tier"].sort_index() for f in (planned, tiers))
    return one.astype("int64").equals(other.astype("int64"))
