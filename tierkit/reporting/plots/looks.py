"""Pictures of evidence that grows: monthly looks, and the months until a question is decidable."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.errors import TableError
from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, FAINT, GREY, INK, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_looks(looks: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Difference of win rates on all outcomes known by each month end, and the interval that holds at every look.

    Parameters
    ----------
    looks : as `monthly_looks` returns it, for one kind, unit and contrast; columns month_end, difference, low, high,
        excludes_zero, n_won_top, tier, unit.

    Raises
    ------
    TableError : a month appears twice, or there is none.
    """
    if looks.empty or looks["month_end"].duplicated().any():
        raise TableError("monthly looks: one row per month to a picture; choose a kind, a unit and a contrast")
    rows = looks.sort_values("month_end")
    months, shown = rows["month_end"].to_numpy(), rows["low"].notna()
    ax = draw_on(ax, 2.7)
    ax.axhline(0, color=INK, linewidth=0.9)
    held = rows[shown]
    ax.fill_between(
        held["month_end"].to_numpy(), 100 * held["low"], 100 * held["high"], color=ACCENT, alpha=0.16, linewidth=0
    )
    ax.plot(months, 100 * rows["difference"], color=GREY, linewidth=1.2)
    for part, colour in (
        (rows[~shown], FAINT),
        (held[~held["excludes_zero"]], GREY),
        (held[held["excludes_zero"]], ACCENT),
    ):
        ax.plot(part["month_end"].to_numpy(), 100 * part["difference"], "o", color=colour, markersize=6)
    last = rows.iloc[-1]
    text = f"{100 * last['difference']:+.1f} points on {words.things(int(last['n_won_top']), 'win')}"
    ax.annotate(text, (0.99, 0.96), xycoords="axes fraction", ha="right", va="top", fontsize=9, color=INK)
    top, base = str(last["tier"]).split(" vs ")
    ax.set_ylabel(f"Tier {top.replace('+', ' and ')} less Tier {base}, points")
    ax.set_xlabel("outcomes known by")
    _month_ticks(ax, rows)
    if held.empty:
        ax.annotate(
            "too few wins for an interval yet",
            (0.5, 0.04),
            xycoords="axes fraction",
            ha="center",
            fontsize=9,
            color=WARM,
        )
    grid(ax, "y")
    return ax


def _month_ticks(ax: "Axes", rows: pd.DataFrame) -> None:
    """A tick at each month, of many only some."""
    step = max(1, -(-len(rows) // 6))
    ticks = rows["month_end"].iloc[::step]
    ax.set_xticks(ticks.to_numpy(), [f"{m:%b %y}" for m in ticks])


def plot_power(decidable: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """The lift seen and the least lift that would be likely to show, for each contrast.

    Parameters
    ----------
    decidable : as `decidable` returns it, for one kind and unit; columns tier, assumed, rate_top, rate_base,
        detectable_ratio, months_more, known_from.

    Raises
    ------
    TableError : no row of the lift seen has a rate.
    """
    rows = decidable[(decidable["assumed"] == "as_observed") & decidable["rate_base"].gt(0)]
    if rows.empty or rows["tier"].duplicated().any():
        raise TableError("power: one kind and one unit to a picture, with a rate in both tiers")
    ax = draw_on(ax, 0.9 + 0.62 * len(rows))
    least = decidable[decidable["assumed"] == "least_worth"].set_index("tier")["detectable_ratio"]
    right = 2.0
    for i, row in enumerate(rows.to_dict("records")):
        seen, bound = row["rate_top"] / row["rate_base"], float(least[row["tier"]])
        right = max(right, seen, 0 if words.is_missing(bound) else bound)
        if not words.is_missing(bound):
            ax.plot(
                [bound, bound],
                [-i - 0.22, -i + 0.22],
                color=WARM,
                linewidth=2.4,
                label=None if i else "least that shows",
            )
        ax.plot([seen], [-i], "o", color=ACCENT, markersize=9, label=None if i else "seen so far")
        furthest = seen if words.is_missing(bound) else max(seen, bound)
        judged = _judged(row["known_from"], row["months_more"])
        ax.annotate(judged, (furthest, -i), (9, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    ax.axvline(1, color=INK, linewidth=0.9)
    ax.set(xlim=(0, 1.75 * right), ylim=(-len(rows) + 0.4, 0.75), xlabel="times the rate of the last tier")
    ax.set_yticks([-i for i in range(len(rows))], [f"Tier {str(t).replace('+', ' and ')}" for t in rows["tier"]])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8.5, borderpad=0)
    grid(ax, "x")
    return ax


def _judged(known_from: object, months_more: object) -> str:
    if words.is_missing(known_from):
        return "no month can be named"
    return "can be judged now" if months_more == 0 else f"judged from {words.month_name(str(known_from))}"
