"""Picture of what tiers do apart from whom they pick."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.effect import NAMES
from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, MUTED, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHORT = 15.0
"""Points shown to either side of nothing at least."""


def plot_effects(effects: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Difference of win rates by design: a dot and its interval against nothing; what was refused says so.

    Parameters
    ----------
    effects : as `effect_table` returns it; columns design, unit, verdict, effect, low, high, n_treated.

    Raises
    ------
    TableError : no design to draw.
    """
    if effects.empty:
        raise TableError("effects: no design to draw")
    ax = draw_on(ax, 0.8 + 0.72 * len(effects))
    found = effects[effects["verdict"] != "refused"]
    reach = max(_SHORT, 110 * found[["low", "high"]].abs().max().max()) if len(found) else _SHORT
    ax.axvline(0, color=GREY, linewidth=1)
    for i, row in enumerate(effects.to_dict("records")):
        name = NAMES.get(row["design"], row["design"])
        ax.annotate(name, (0, -i + 0.36), xycoords=ax.get_yaxis_transform(), fontsize=9.5, color=INK)
        if row["verdict"] == "refused":
            why = "no figure: see why below"
            ax.annotate(why, (0, -i), xycoords=ax.get_yaxis_transform(), fontsize=9, color=MUTED)
            continue
        colour, filled = (WARM, "white") if row["verdict"] == "warned" else (ACCENT, ACCENT)
        ax.plot([100 * row["low"], 100 * row["high"]], [-i, -i], color=colour, linewidth=2.6, solid_capstyle="round")
        ax.plot([100 * row["effect"]], [-i], "o", color=colour, markersize=9, markerfacecolor=filled)
        care = ", read with care" if row["verdict"] == "warned" else ""
        text = f"{100 * row['effect']:+.0f} points, {words.things(int(row['n_treated']), str(row['unit']))}{care}"
        ax.annotate(text, (0, -i - 0.3), xycoords=ax.get_yaxis_transform(), fontsize=9, color=MUTED)
    ax.set(xlim=(-reach, reach), ylim=(-len(effects) + 0.4, 0.7))
    ax.set_xlabel("change of win rate by Tier 1's treatment, points")
    ax.set_yticks([])
    grid(ax, "x")
    return ax
