"""Which kinds of touch, signals and technologies get a column: those known at a cutoff, never by looking past it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from tierkit.features import asof_sql
from tierkit.inputs.tables import Tables

MAX_KINDS = 12
"""Kinds of touch and of signal with columns of their own; rarer kinds of touch share `other`."""
MAX_TECHNOLOGIES = 30
"""Technologies with a flag, the most common first."""
MIN_TECHNOLOGY_SHARE = 0.02
"""Share of accounts with a known stack that must have a technology for it to get a flag."""


@dataclass(frozen=True)
class Vocabulary:
    """What rows count by name.

    Attributes
    ----------
    touches : `kind_direction`, or `kind` alone where no direction is given, in the order of their codes.
    touch_codes : one row per kind and direction as written: kind, direction, code.
    signals : names of signal kinds, in the order of their codes.
    signal_codes : one row per kind as written: kind, code.
    """

    touches: tuple[str, ...]
    touch_codes: pd.DataFrame
    signals: tuple[str, ...]
    signal_codes: pd.DataFrame


def to_name(text: str) -> str:
    """Text as part of a column name.

    >>> to_name("Web visit (pricing)")
    'web_visit_pricing'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "other"


def known_kinds(tables: Tables, *, cutoff_day: int) -> Vocabulary:
    """Kinds of touches and signals that were known at `cutoff_day` (days since 1970)."""
    touches = tables.sql(asof_sql.TOUCH_KINDS.format(cutoff_day=cutoff_day))
    kinds = touches["kind"].fillna("other").map(to_name)
    common = _most_common(kinds, touches["n"], MAX_KINDS)
    kinds = kinds.where(kinds.isin(common), "other")
    names = kinds + ("_" + touches["direction"]).where(touches["direction"] != "", "")
    order = tuple(sorted(names.unique()))
    touch_codes = pd.DataFrame(
        {
            "kind": touches["kind"].astype("str"),
            "direction": touches["direction"].astype("str"),
            "code": [order.index(n) for n in names],
        }
    )
    signals = tables.sql(asof_sql.SIGNAL_KINDS.format(cutoff_day=cutoff_day))
    names = signals["kind"].fillna("other").map(to_name)
    signals = signals[names.isin(_most_common(names, signals["n"], MAX_KINDS))]
    names = names[signals.index]
    signal_order = tuple(sorted(names.unique()))
    signal_codes = pd.DataFrame({"kind": signals["kind"].astype("str"), "code": [signal_order.index(n) for n in names]})
    return Vocabulary(order, touch_codes, signal_order, signal_codes)


def common_technologies(stacks: pd.Series) -> tuple[str, ...]:
    """Names of the technologies that at least 2 % of accounts with a known stack (`a;b`) have, the most common 30."""
    known = stacks.dropna()
    counts: dict[str, int] = {}
    for stack, n in known.value_counts().items():
        for name in split_stack(str(stack)):
            counts[name] = counts.get(name, 0) + int(n)
    enough = [(-n, name) for name, n in counts.items() if n >= MIN_TECHNOLOGY_SHARE * len(known)]
    return tuple(sorted(name for _, name in sorted(enough)[:MAX_TECHNOLOGIES]))


def split_stack(stack: str) -> frozenset[str]:
    """Names in a list of tools separated by `;`."""
    return frozenset(to_name(part) for part in stack.split(";") if part.strip())


def _most_common(names: pd.Series, counts: pd.Series, limit: int) -> Iterable[str]:
    totals = counts.groupby(names).sum()
    return [name for _, name in sorted((-int(n), str(name)) for name, n in totals.items())][:limit]
