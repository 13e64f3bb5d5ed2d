"""Pictures of an export: whether there is enough to learn from, and how much happened in each month."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from tierkit.errors import TableError
from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, FAINT, INK, MUTED, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BEYOND = 1.25
"""How far past the larger minimum a bar is drawn; what is more is cut and said."""


def plot_minimums(counts: Mapping[str, int], *, least: int = 40, enough: int = 200, ax: "Axes | None" = None) -> "Axes":
    """Counts as bars against the two minimums; a bar that goes further is cut, and its figure stands beside it.

    Parameters
    ----------
    counts : what is counted, and how many.
    """
    ax = draw_on(ax, 0.85 + 0.42 * len(counts))
    end = _BEYOND * enough
    for place, n in enumerate(counts.values()):
        colour = WARM if n < least else ACCENT
        ax.barh(-place, min(n, end), height=0.46, color=colour, hatch="///" if n < least else None, edgecolor="white")
        ax.annotate(
            words.count(n),
            (min(n, end), -place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=INK,
        )
    for level, said in ((least, "a model"), (enough, "every model")):
        ax.axvline(level, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.annotate(
            f"{level}: {said}", (level, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", fontsize=9, color=MUTED,
        )  # fmt: skip
    ax.set(xlim=(0, end * 1.16), ylim=(-len(counts) + 0.5, 0.5))
    ax.set_yticks([-i for i in range(len(counts))], list(counts))
    ax.tick_params(axis="y", labelsize=11, labelcolor=INK)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    return ax


def plot_months(counts: pd.DataFrame, *, gaps: pd.DataFrame | None = None, ax: "Axes | None" = None) -> "Axes":
    """How much happened in each month, a strip for each kind of event; months with hardly anything are hatched.

    Parameters
    ----------
    counts : index of months (periods), a column per kind of event, named as people say it.
    gaps : columns event (a column of `counts`), first, last.

    Raises
    ------
    TableError : no month.
    """
    if counts.empty:
        raise TableError("months: nothing is dated")
    ax = draw_on(ax, 0.5 + 0.78 * counts.shape[1])
    places = {month: i for i, month in enumerate(counts.index)}
    for row, event in enumerate(counts):
        held = counts[event].astype("float64")
        top = held.max() or 1.0
        ax.bar(range(len(held)), 0.72 * held.fillna(0) / top, bottom=-row, width=0.86, color=ACCENT)
        ax.plot([-0.5, len(held) - 0.5], [-row, -row], color=FAINT, linewidth=0.8)
        ax.annotate(
            f"{event}, at most {words.count(top)} a month", (-0.5, -row + 0.76), (0, 1), textcoords="offset points",
            fontsize=9, color=MUTED,
        )  # fmt: skip
        for gap in [] if gaps is None else gaps[gaps["event"] == event].to_dict("records"):
            a, b = places[gap["first"]], places[gap["last"]]
            ax.bar(
                (a + b) / 2, 0.72, bottom=-row, width=b - a + 0.9, facecolor="none", edgecolor=WARM, hatch="////",
                linewidth=0.8,
            )  # fmt: skip
    years = [i for i, month in enumerate(counts.index) if month.month == 1]
    ticks = years or [0]
    ax.set_xticks(ticks, [str(counts.index[i].year if years else counts.index[i]) for i in ticks])
    ax.set(yticks=[], xlim=(-0.7, len(counts) - 0.3), ylim=(-counts.shape[1] + 0.92, 1.02))
    grid(ax, "x")
    return ax
