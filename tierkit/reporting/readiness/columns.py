"""The verdict on every column, in the order in which people should look: what knows the outcome first."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.readiness.doubts import VALUE_RULES

_USELESS = ("constant", "identifier")
_VERDICTS = ("refused", "flagged", "not_available_at_scoring", "ok")
_SHOWN = 6


def order_verdicts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Refused before flagged before the rest; of the refused, those given away by their values first, by figure."""
    kind = verdicts["rule"].map(lambda rule: 0 if rule in VALUE_RULES else 2 if rule in _USELESS else 1)
    place = verdicts["verdict"].map({name: i for i, name in enumerate(_VERDICTS)})
    keys = verdicts.assign(_place=place, _kind=kind, _figure=-verdicts["figure"].fillna(0))
    ordered = keys.sort_values(["_place", "_kind", "_figure", "column"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["_place", "_kind", "_figure"])


def by_reason(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts with one row for each verdict and reason, in the order of the first: verdict, reason, columns.

    A column refused for its name or its day carries what its values would have said.
    """
    named = verdicts.assign(named=[_with_figure(row) for row in verdicts.to_dict("records")])
    groups = named.groupby(["verdict", "reason"], sort=False)["named"]
    return groups.agg(lambda names: _list_names(list(names))).reset_index(name="columns")


def _with_figure(row: Mapping[Any, Any]) -> str:
    if row["rule"] in (*VALUE_RULES, *_USELESS) or words.is_missing(row["figure"]):
        return str(row["column"])
    return f"{row['column']} ({figure_words(row['rule'], row['figure'])})"


def figure_words(rule: str, figure: float) -> str:
    """The figure of a verdict with what it measures.

    >>> figure_words("value", 0.997), figure_words("identifier", 1.0), figure_words("known_late", 31.0)
    ('AUC 1.00', '100 % occur once', '31 days late')
    """
    if words.is_missing(figure):
        return "–"
    match rule:
        case "constant":
            return "one value"
        case "identifier":
            return f"{words.percent(figure)} occur once"
        case "amount_bands":
            return f"likeness {figure:.2f}"
        case "one_outcome":
            return f"{words.count(figure)} accounts"
        case "known_late":
            return f"{words.count(figure)} days late"
        case "sure_part":
            return f"{words.percent(figure)} won"
        case "filled_after":
            return f"{figure:.1f} times"
        case _:
            return f"AUC {figure:.2f}"


def _list_names(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return words.listing(names) if more <= 0 else f"{', '.join(names[:_SHOWN])} and {more} more"
