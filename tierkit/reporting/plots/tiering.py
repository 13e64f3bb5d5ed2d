"""Pictures of the tiers: sizes against capacity, the flow between months, value against the size of Tier 1."""

from itertools import cycle
from typing import TYPE_CHECKING

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, MUTED, WARM, draw_on, grid, tier_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_tier_sizes(sizes: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Accounts in each tier against its capacity, as shares of the capacity.

    Parameters
    ----------
    sizes : one row per tier; columns tier, n_accounts, capacity (missing where the tier takes the rest).
    """
    rows = sizes.sort_values("tier")
    ax = draw_on(ax, 0.9 + 0.6 * len(rows))
    top = float(rows[["n_accounts", "capacity"]].max().max())
    for i, row in enumerate(rows.to_dict("records")):
        ax.barh(-i, row["n_accounts"], 0.5, color=tier_colour(int(row["tier"])))
        text = words.things(int(row["n_accounts"]), "account")
        end = float(row["n_accounts"])
        if words.is_missing(row["capacity"]):
            text += ", takes the rest"
        else:
            ax.plot([row["capacity"]] * 2, [-i - 0.36, -i + 0.36], color=WARM, linewidth=2)
            text += f" of {words.count(row['capacity'])}"
            end = max(end, float(row["capacity"]))
        ax.annotate(text, (end, -i), (6, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    ax.set(xlim=(0, 1.7 * top or 1), xlabel="accounts; the upright line is the capacity")
    ax.set_yticks([-i for i in range(len(rows))], [words.tier_name(t) for t in rows["tier"]])
    ax.tick_params(axis="y", labelsize=11, labelcolor=INK)
    grid(ax, "x")
    return ax


def plot_tier_flow(matrix: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Accounts that changed tier, last month on the left, this month on the right; band width is their number.

    Parameters
    ----------
    matrix : as `migration_matrix` returns it: accounts by tier before (rows "1", "2", ..., "new") and now (columns
        "1", "2", ..., "not tiered"). Accounts that stayed are counted beside the boxes and not drawn, since they
        would hide the moves.
    """
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path
    from matplotlib.patheffects import withStroke

    n_tiers = len([t for t in matrix.index if str(t).isdigit()])
    pairs = pd.DataFrame(
        [
            (int(a) if str(a).isdigit() else 0, int(b) if str(b).isdigit() else 0, int(n))
            for a, row in zip(matrix.index, matrix.to_numpy(), strict=True)
            for b, n in zip(matrix.columns, row, strict=True)
        ],
        columns=["from_tier", "to_tier", "n"],
    )
    order = [*range(1, n_tiers + 1), 0]
    stay = {t: int(pairs.loc[(pairs["from_tier"] == t) & (pairs["to_tier"] == t), "n"].sum()) for t in order}
    moves = pairs[(pairs["from_tier"] != pairs["to_tier"]) & (pairs["n"] > 0)]
    ax = draw_on(ax, 3.2)
    total = max(int(moves["n"].sum()), 1)
    scale, gap, least = 0.55 / total, 0.04, 0.085
    sides: dict[str, dict[int, tuple[float, float]]] = {}
    for side in ("from_tier", "to_tier"):
        sums = moves.groupby(side)["n"].sum()
        heights = {t: max(least, scale * int(sums.get(t, 0))) for t in order}
        y, boxes = 1.0, {}
        for t in order:
            boxes[t] = (y, heights[t])
            y -= heights[t] + gap
        sides[side] = boxes
    floor = min(y - h for boxes in sides.values() for y, h in boxes.values())
    for side, x, ha in (("from_tier", 0.0, "right"), ("to_tier", 1.0, "left")):
        everything = pairs.groupby(side)["n"].sum()
        for t, (y, h) in sides[side].items():
            edge = GREY if t == 0 else tier_colour(t)
            ax.add_patch(Rectangle((x - 0.012, y - h), 0.024, h, facecolor=tier_colour(t), edgecolor=edge, lw=0.8))
            text = f"{words.tier_name(t) if t else 'Not tiered'}  {words.count(everything.get(t, 0))}"
            if side == "to_tier" and t:
                text += f"\n{words.count(stay[t])} stayed"
            offset = -0.03 if ha == "right" else 0.03
            ax.text(x + offset, y - h / 2, text, ha=ha, va="center", fontsize=9, color=INK, linespacing=1.25)
    places = cycle((0.86, 0.7, 0.55, 0.4, 0.28))
    start = {side: {t: y for t, (y, _) in boxes.items()} for side, boxes in sides.items()}
    for row in moves.sort_values(["from_tier", "to_tier"], key=lambda s: s.where(s > 0, n_tiers + 1)).to_dict(
        "records"
    ):
        a, b, h = start["from_tier"][row["from_tier"]], start["to_tier"][row["to_tier"]], scale * row["n"]
        start["from_tier"][row["from_tier"]] -= h
        start["to_tier"][row["to_tier"]] -= h
        x0, x1 = 0.012, 0.988
        path = Path(
            [(x0, a), (0.5, a), (0.5, b), (x1, b), (x1, b - h), (0.5, b - h), (0.5, a - h), (x0, a - h), (x0, a)],
            [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY],
        )
        rises = row["to_tier"] != 0 and (row["from_tier"] == 0 or row["to_tier"] < row["from_tier"])
        ax.add_patch(
            PathPatch(
                path,
                facecolor=ACCENT if rises else WARM,
                alpha=0.5,
                linewidth=0,
                hatch=None if rises else "....",
                edgecolor="white",
            )
        )
        # thin bands are labelled at places of their own along the way, so that their figures do not meet
        t = 0.14 if h > 0.035 else next(places)
        y = a + (b - a) * t * t * (3 - 2 * t) - h / 2
        label = ax.text(
            0.976 * (1.5 * t * (1 - t) + t**3) + 0.012,
            y,
            words.count(row["n"]),
            fontsize=9,
            color=INK,
            ha="center",
            va="center",
            fontweight="bold",
        )
        label.set_path_effects([withStroke(linewidth=2, foreground="white")])
    ax.text(0, 1.05, "last month", ha="center", fontsize=9.5, color=MUTED)
    ax.text(1, 1.05, "this month", ha="center", fontsize=9.5, color=MUTED)
    ax.set(xlim=(-0.46, 1.46), ylim=(floor - 0.03, 1.12), xticks=[], yticks=[])
    ax.spines["bottom"].set_visible(False)
    return ax


def plot_value_by_size(
    curve: pd.DataFrame, ax: "Axes | None" = None, *, chosen: int, capacity: int | None = None, currency: str = "USD"
) -> "Axes":
    """Expected value held in Tier 1 against its size, with the size chosen and the capacity of the reps.

    Parameters
    ----------
    curve : columns n_tier1, expected_value (sum over the best n_tier1 accounts); rising in n_tier1.
    chosen : accounts in Tier 1 now. capacity : sum of the reps' slots.
    """
    from matplotlib.ticker import FuncFormatter

    ax = draw_on(ax, 3.3)
    ax.plot(curve["n_tier1"], curve["expected_value"], color=ACCENT, linewidth=2)
    at = curve.iloc[(curve["n_tier1"] - chosen).abs().argmin()]
    ax.plot([at["n_tier1"]], [at["expected_value"]], "o", color=ACCENT, markersize=9)
    label = f"{words.count(chosen)} accounts, {words.money(at['expected_value'], currency)}"
    early = chosen < 0.3 * float(curve["n_tier1"].max())
    ax.annotate(
        label,
        (at["n_tier1"], at["expected_value"]),
        (10, -12) if early else (-8, 8),
        textcoords="offset points",
        ha="left" if early else "right",
        fontsize=9.5,
        color=INK,
    )
    if capacity is not None:
        ax.axvline(capacity, color=WARM, linewidth=1.4, linestyle="--")
        ax.annotate(
            f"capacity {words.count(capacity)}",
            (capacity, 0.03),
            (5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=9,
            color=WARM,
        )
    ax.set(xlim=(0, None), ylim=(0, None), xlabel="accounts in Tier 1", ylabel="expected value held")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.money(v, currency)))
    grid(ax, "y")
    return ax
