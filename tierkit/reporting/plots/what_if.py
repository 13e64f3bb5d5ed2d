"""The picture of a what-if: whom other rules would bring into Tier 1, and whom they would take out of it."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, INK, MUTED, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 34


def plot_what_if(
    moves: pd.DataFrame, ax: "Axes | None" = None, *, currency: str = "USD", most: int = 10
) -> "Axes | None":
    """Expected value of the accounts that enter Tier 1 (filled) and of those that leave it (hatched).

    Parameters
    ----------
    moves : as `what_if` returns them; columns account_id, name, from_tier, to_tier, expected_value.
    most : accounts of each side that are drawn, the greatest values first.

    None where nobody enters or leaves, or where no account has a value.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    sides = [moves[moves["to_tier"] == 1].head(most), moves[moves["from_tier"] == 1].head(most)]
    rows = pd.concat(sides, ignore_index=True)
    if rows.empty or not rows["expected_value"].max() > 0:
        return None
    ax = draw_on(ax, 0.8 + 0.27 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        enters = row["to_tier"] == 1
        ax.barh(
            -i,
            row["expected_value"],
            0.66,
            color=ACCENT if enters else "white",
            edgecolor=ACCENT if enters else WARM,
            hatch=None if enters else "////",
        )
        text = f"{words.money(row['expected_value'], currency)}  {'enters' if enters else 'leaves'}"
        ax.annotate(
            text, (row["expected_value"], -i), (5, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK
        )
    names = [
        _short(str(row["account_id"] if words.is_missing(row["name"]) else row["name"]))
        for row in rows.to_dict("records")
    ]
    ax.set_yticks([-i for i in range(len(rows))], names)
    ax.set(xlim=(0, 1.35 * float(rows["expected_value"].max())), xlabel="expected value over the coming horizon")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words.money(v, currency) if v else "0"))
    ax.tick_params(axis="y", labelcolor=INK)
    ax.tick_params(axis="x", labelcolor=MUTED)
    grid(ax, "x")
    return ax


def _short(name: str) -> str:
    # A dollar sign would begin a formula.
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
