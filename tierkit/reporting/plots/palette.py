"""One restrained palette; marks and hatches tell things apart where colours are not seen."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#1d2a36"
MUTED = "#5c6a77"
FAINT = "#d5dbe1"
GREY = "#98a4af"
ACCENT = "#0b5c7a"
WARM = "#b3541e"
TIERS = ("#0b3c5d", "#2f7ea6", "#8fb6cc", "#c9d7e0")
"""Tier 1 darkest."""
NONE = "#e4e8ec"
"""Accounts without a tier."""

WIDTH = 4.7
"""Inches: a picture keeps its letters readable down to a phone's width."""


def tier_colour(tier: int) -> str:
    """The colour of a tier; 0 stands for not tiered."""
    return NONE if tier == 0 else TIERS[min(tier, len(TIERS)) - 1]


def draw_on(ax: "Axes | None", height: float = 3.2) -> "Axes":
    """`ax`, or the axes of a new figure, in the page's style: no box, a light grid, room for labels."""
    from matplotlib.figure import Figure

    if ax is None:
        ax = Figure(figsize=(WIDTH, height), layout="constrained").subplots()
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=MUTED, labelsize=9.5, length=0)
    ax.xaxis.label.set_color(MUTED)
    ax.yaxis.label.set_color(MUTED)
    ax.xaxis.label.set_fontsize(9.5)
    ax.yaxis.label.set_fontsize(9.5)
    ax.set_axisbelow(True)
    return ax


def grid(ax: "Axes", axis: str) -> None:
    """Light grid lines across one axis, x or y."""
    ax.grid(axis=axis, color=FAINT, linewidth=0.8)  # type: ignore[arg-type]


def legend_above(ax: "Axes", left: float) -> None:
    """The legend in one line above the picture, from `left` in shares of its width."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(left, 1),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        labelcolor=MUTED,
        handletextpad=0.2,
        columnspacing=0.9,
        borderpad=0,
    )
