"""Picture of the moves: how many by cause, up and down."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, INK, WARM, draw_on, grid
from tierkit.tiering.steps import STEPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_moves_by_cause(changes: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Accounts that moved up or into the tiers (right) and down or out of them (left), by cause.

    Parameters
    ----------
    changes : columns from_tier, to_tier (missing: not tiered), cause; causes stand in the order of the steps.
    """
    before, after = (changes[c].astype("Float64").fillna(99) for c in ("from_tier", "to_tier"))
    up = (after < before).to_numpy(dtype=bool)
    found = list(changes["cause"].unique())
    order = [c for c in STEPS.values() if c in found] + sorted(set(found) - set(STEPS.values()))
    ax = draw_on(ax, 0.9 + 0.42 * max(len(order), 1))
    rises = changes.loc[up, "cause"].value_counts().reindex(order, fill_value=0)
    falls = changes.loc[~up, "cause"].value_counts().reindex(order, fill_value=0)
    most = max(int(rises.max()), int(falls.max()), 1) if order else 1
    for i, cause in enumerate(order):
        for n, sign, colour, hatch in ((rises[cause], 1, ACCENT, None), (falls[cause], -1, WARM, "....")):
            if n:
                ax.barh(-i, sign * n, 0.6, color=colour, alpha=0.75, hatch=hatch, edgecolor="white", linewidth=0)
                text, offset = words.count(n), 4 * sign
                ax.annotate(
                    text,
                    (sign * n, -i),
                    (offset, 0),
                    textcoords="offset points",
                    ha="left" if sign > 0 else "right",
                    va="center",
                    fontsize=9,
                    color=INK,
                )
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set(xlim=(-1.2 * most, 1.2 * most), ylim=(-len(order) + 0.4, 0.6))
    ax.set_xlabel("accounts, down on the left, up on the right")
    ax.set_yticks([-i for i in range(len(order))], order)
    ax.xaxis.set_major_formatter(lambda v, _: words.count(abs(v)))
    ax.tick_params(axis="y", labelsize=10, labelcolor=INK)
    grid(ax, "x")
    return ax
