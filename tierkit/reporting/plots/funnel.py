"""Picture of the funnel: each rate before and after."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.funnel import ALL, NAMES
from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, MUTED, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_funnel(table: pd.DataFrame, ax: "Axes | None" = None, *, source: str = ALL) -> "Axes":
    """Rates and shares of each step before (grey, open) and after (filled), with their intervals.

    Parameters
    ----------
    table : as `funnel_change` returns it; columns step, source, unit, n_before, n_after, before and after with _low and
        _high. Days and amounts are not drawn: they have no axis in common with rates.

    Raises
    ------
    TableError : no step of the source is a rate.
    """
    rows = table[(table["source"] == source) & table["unit"].isin(["rate", "share"])]
    rows = rows[rows["before"].notna() & rows["after"].notna()]
    if rows.empty:
        raise TableError(f"funnel: no step of {source!r} has a rate before and after")
    ax = draw_on(ax, 0.9 + 0.62 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        for when, colour, y, face in (("before", GREY, -i + 0.13, "white"), ("after", ACCENT, -i - 0.13, ACCENT)):
            low, high = 100 * row[f"{when}_low"], 100 * row[f"{when}_high"]
            ax.plot([low, high], [y, y], color=colour, linewidth=2.2, solid_capstyle="round")
            label = f"{when}" if i == 0 else None
            ax.plot([100 * row[when]], [y], "o", color=colour, markersize=7, markerfacecolor=face, label=label)
            text = f"{words.percent(row[when])} of {words.count(row[f'n_{when}'])}"
            ax.annotate(text, (high, y), (6, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    ax.set(xlim=(0, 118), ylim=(-len(rows) + 0.4, 0.6), xlabel="% of records")
    ax.set_xticks(range(0, 101, 20))
    ax.set_yticks([-i for i in range(len(rows))], [NAMES[str(step)] for step in rows["step"]])
    ax.tick_params(axis="y", labelsize=10, labelcolor=INK)
    grid(ax, "x")
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=2, frameon=False, fontsize=8.5, labelcolor=MUTED)
    return ax
