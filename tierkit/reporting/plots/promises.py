"""Pictures of the ledger: what was promised, and what came."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from tierkit.errors import TableError
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, WARM, draw_on, grid, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OVER: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 8, "color": INK}


def plot_promises(record: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Wins by month of promise: an open square for what was promised, a dot with its interval for what came.

    Parameters
    ----------
    record : as `promise_record` returns it; the rows of one tier, or of "all". A dot outside chance is a triangle.

    Raises
    ------
    TableError : more than one tier, or no row.
    """
    rows = record.sort_values(["as_of", "promise"], kind="stable")
    if rows.empty or len(set(rows["tier"])) > 1:
        raise TableError(f"promises: rows of one tier to a picture, got tiers {sorted(set(rows['tier']))}")
    ax = draw_on(ax, 2.9)
    labels = set()
    for x, row in enumerate(rows.to_dict("records")):
        ax.plot([x - 0.14], [row["promised_wins"]], "s", color=GREY, markerfacecolor="white", markersize=8, zorder=3)
        if row["status"] != "due":
            ax.annotate("open", (x - 0.14, row["promised_wins"]), (0, 7), **_OVER)
            continue
        inside = row["verdict"] in ("kept", "")
        colour, marker = (ACCENT, "o") if inside else (WARM, "v" if row["verdict"] == "short" else "^")
        low, high = (row["promised_wins"] * row[end] for end in ("low", "high"))
        label = "came" if inside else "came, beyond chance"
        ax.plot([x + 0.14] * 2, [low, high], color=colour, linewidth=2.2, solid_capstyle="round")
        ax.plot(
            [x + 0.14],
            [row["actual_wins"]],
            marker,
            color=colour,
            markersize=8,
            label=None if label in labels else label,
        )
        labels.add(label)
    ax.plot([], [], "s", color=GREY, markerfacecolor="white", markersize=8, label="promised")
    ax.set_xticks(range(len(rows)), [f"{day:%b\n%Y}" for day in rows["as_of"]])
    tops = (rows["promised_wins"] * rows["high"].astype("float64")).fillna(rows["promised_wins"])
    ax.set(ylim=(0, 1.1 * float(tops.max()) or 1), xlim=(-0.6, len(rows) - 0.4), ylabel="wins of deals opened since")
    ax.tick_params(axis="x", labelcolor=INK)
    grid(ax, "y")
    legend_above(ax, -0.1)
    return ax
