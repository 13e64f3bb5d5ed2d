"""Part 6: do we treat the tiers differently."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable

_FIELDS = (
    Field("tier", "Tier", "tier", lead=True),
    Field("n_accounts", "Accounts", "count"),
    Field("intended", "Touches meant", "number"),
    Field("delivered", "Touches given", "number"),
    Field("contacts", "People, 90 days", "number"),
    Field("channels", "Channels, 90 days", "number"),
    Field("minutes", "Minutes a month", "number"),
)


def show_treatment(effort: pd.DataFrame | None, *, says: Sequence[str] = (), because: str = "") -> Fragment:
    """Effort intended against delivered, by tier, and a sentence where it is under half of the plan.

    Parameters
    ----------
    effort : one row per tier; columns tier, n_accounts, intended, delivered (touches per account and month), and,
        where known, contacts and channels (per account in 90 days) and minutes (a month), as `delivered_effort`
        returns it. None without activities.
    says : sentences to stand first: value beside effort.
    """
    from tierkit.reporting.plots.proof import plot_effort

    if effort is None or effort.empty:
        return unavailable("treatment", because or "no activities were given")
    caption = (
        "Touches per account and month, by tier: the open, hatched bar is what the play asks for, the filled bar is "
        "what accounts got."
    )
    fields = [f for f in _FIELDS if f.column in effort]
    return section(
        "treatment",
        '<div class="beside">',
        figure_svg(plot_effort(effort), caption, name="effort"),
        '<div class="says">',
        *(paragraph(s) for s in (*says, *compare_effort(effort))),
        "</div></div>",
        table(effort, fields, caption="Per account, touches a month: one row per tier", sortable=False),
    )


def compare_effort(effort: pd.DataFrame) -> list[str]:
    """What the effort by tier says in words (requirement T16)."""
    by_tier = effort.sort_values("tier").set_index("tier")
    first, last = by_tier.index[0], by_tier.index[-1]
    says = []
    planned = _ratio(by_tier["intended"], first, last)
    done = _ratio(by_tier["delivered"], first, last)
    top, bottom = words.tier_name(first), words.tier_name(last)
    if planned is not None and done is not None:
        says.append(
            f"An account in {top} gets {words.number(round(done, 1))} times the touches of one in {bottom}; "
            f"planned {words.number(round(planned, 1))}."
        )
        if done < planned / 2:
            says.append("That is under half of the difference intended: the tiers are labels more than treatment.")
    short = by_tier[(by_tier["intended"] > 0) & (by_tier["delivered"] < by_tier["intended"] / 2)]
    says.extend(
        f"{words.tier_name(tier)} gets {words.number(row['delivered'])} of {words.number(row['intended'])} touches."
        for tier, row in short.iterrows()
    )
    return says or ["Every tier gets about what its play asks for."]


def _ratio(column: pd.Series, first: Any, last: Any) -> float | None:
    top, bottom = float(column.loc[first]), float(column.loc[last])
    return top / bottom if bottom > 0 else None
