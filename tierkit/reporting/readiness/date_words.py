"""What the dates give away, in words."""

from collections.abc import Mapping
from typing import Any

from tierkit.reporting import words


def say_event(event: str) -> str:
    """What happens, for a table and its column.

    >>> say_event("deals.opened_at")
    'Deals opened'
    """
    return {
        "deals.opened_at": "Deals opened",
        "deals.closed_at": "Deals closed",
        "activities.occurred_at": "Activities",
        "funnel.created_at": "Leads handed over",
    }.get(event, event)


def say_gap(gap: Mapping[Any, Any]) -> str:
    """When, how many, and how many are usual."""
    first, last = (words.month_name(str(gap[k])) for k in ("first", "last"))
    months = first if first == last else f"{first} to {last}"
    n = int(gap["n"])
    return f"{months} {'holds' if first == last else 'hold'} {words.count(n) if n else 'none'}, where about " + (
        f"{words.number(gap['usual'])} a month are usual"
    )


def say_edge(edge: Mapping[Any, Any]) -> str:
    """How many, of how many, and how many chance would give."""
    done = "closed" if edge["column"] == "closed_at" else "opened"
    return (
        f"{words.percent(edge['share'])} of deals {done} on {edge['edge']} ({words.count(edge['n_there'])} of "
        f"{words.count(edge['n'])}), where {words.percent(edge['chance'])} of days lie"
    ).replace("on the last week", "in the last week")
