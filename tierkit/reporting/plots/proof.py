"""Pictures of the proof: win rate by tier, effort intended against delivered."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.errors import TableError
from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, draw_on, grid, legend_above, tier_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OTHERS = {"size_only": ("s", 0.22, "company size alone"), "tiers_in_use": ("D", 0.36, "tiers in use then")}
"""Mark, how far below the dot, label."""


def plot_tier_lift(lift: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Win rate by tier: a dot, its interval and n; grey marks for the same accounts ranked another way.

    Parameters
    ----------
    lift : rows of one kind and one unit; columns method, unit, measure, tier (text), n, n_won, rate, low, high.
        Only single tiers of measure `rate` are drawn.

    Raises
    ------
    TableError : more than one kind or unit, or no rate to draw.
    """
    rates = lift[(lift["measure"] == "rate") & lift["tier"].astype("str").str.fullmatch(r"\d") & lift["rate"].notna()]
    for column in ("kind", "unit"):
        if len(set(rates[column])) > 1:
            raise TableError(f"tier lift: one {column} to a picture, got {sorted(set(rates[column]))}")
    ours = rates[rates["method"] == "tierkit"].sort_values("tier")
    if ours.empty:
        raise TableError("tier lift: no row of method 'tierkit' carries a rate")
    ax = draw_on(ax, 0.9 + 0.68 * len(ours))
    places = {tier: -i for i, tier in enumerate(ours["tier"])}
    for row in ours.to_dict("records"):
        y, colour = places[row["tier"]], tier_colour(int(str(row["tier"])))
        ax.plot([100 * row["low"], 100 * row["high"]], [y, y], color=colour, linewidth=2.6, solid_capstyle="round")
        ax.plot([100 * row["rate"]], [y], "o", color=colour, markersize=9, label="these tiers" if y == 0 else None)
        unit = "accounts" if row["unit"] == "account" else "deals"
        # A replay asks of an account every month anew: the rows are more than the accounts.
        repeats = unit == "accounts" and row.get("n_accounts", row["n"]) < row["n"]
        counted = "account-months" if repeats else unit
        text = f"{words.percent(row['rate'])}   {words.count(row['n_won'])} won of {words.count(row['n'])} {counted}"
        ax.annotate(text, (100 * row["low"], y), (-3, 9), textcoords="offset points", fontsize=9, color=INK)
    for method, (marker, below, label) in _OTHERS.items():
        other = rates[(rates["method"] == method) & rates["tier"].isin(list(places))]
        ys = [places[t] - below for t in other["tier"]]
        if len(other):
            ax.plot(100 * other["rate"], ys, marker, color=GREY, markersize=5.5, markerfacecolor="white", label=label)
    right = max(100 * rates["high"].max(), 100 * rates["rate"].max())
    ax.set(xlim=(0, 1.12 * right or 1), ylim=(-len(ours) + 0.4, 0.62), xlabel="won, % of " + _unit(ours))
    ax.set_yticks(list(places.values()), [words.tier_name(t) for t in places])
    ax.tick_params(axis="y", labelsize=11, labelcolor=INK)
    grid(ax, "x")
    if ax.get_legend_handles_labels()[1][1:]:
        legend_above(ax, -0.14)
    return ax


def _unit(rows: pd.DataFrame) -> str:
    horizon = rows["horizon_days"].iloc[0] if "horizon_days" in rows else None
    unit = "accounts" if rows["unit"].iloc[0] == "account" else "deals"
    return unit if words.is_missing(horizon) else f"{unit}, within {words.span(horizon)}"


def plot_effort(effort: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Touches per account and month by tier: intended hatched and open, delivered filled.

    Parameters
    ----------
    effort : one row per tier; columns tier, intended, delivered.
    """
    rows = effort.sort_values("tier")
    ax = draw_on(ax, 0.7 + 0.66 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        ax.barh(-i + 0.18, row["intended"], 0.3, facecolor="white", edgecolor=GREY, hatch="////", linewidth=0.8)
        ax.barh(-i - 0.18, row["delivered"], 0.3, color=tier_colour(int(row["tier"])))
        for value, y, what in ((row["intended"], -i + 0.18, "intended"), (row["delivered"], -i - 0.18, "delivered")):
            text = f"{words.number(value)} {what}"
            ax.annotate(text, (value, y), (5, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    top = max(rows["intended"].max(), rows["delivered"].max())
    ax.set(xlim=(0, 1.5 * top or 1), xlabel="touches per account and month")
    ax.set_yticks([-i for i in range(len(rows))], [words.tier_name(t) for t in rows["tier"]])
    ax.tick_params(axis="y", labelsize=11, labelcolor=INK)
    grid(ax, "x")
    return ax


def plot_value_capture(capture: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Share of won ACV that each way to rank holds in its top tiers, with intervals.

    Parameters
    ----------
    capture : as `value_capture` returns it, for one kind and one tier, with or without the largest deal; columns
        method, measure, share, low, high. Only measure `share` is drawn.

    Raises
    ------
    TableError : a method appears twice.
    """
    rows = capture[(capture["measure"] == "share") & capture["share"].notna()]
    if rows["method"].duplicated().any():
        raise TableError("value capture: one row per method to a picture; choose a kind, a tier and without_largest")
    ax = draw_on(ax, 0.9 + 0.55 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        ours = row["method"] == "tierkit"
        colour = ACCENT if ours else GREY
        if not words.is_missing(row["low"]):
            ax.plot([100 * row["low"], 100 * row["high"]], [-i, -i], color=colour, linewidth=2.2)
        at = (100 * row["share"], -i)
        ax.plot([at[0]], [at[1]], "o" if ours else "s", color=colour, markersize=8)
        ax.annotate(
            words.percent(row["share"]), at, (0, 9), textcoords="offset points", ha="center", fontsize=9, color=INK
        )
    ax.set(xlim=(0, 100), ylim=(-len(rows) + 0.4, 0.7), xlabel="share of won ACV, %")
    ax.set_yticks([-i for i in range(len(rows))], [words.METHODS.get(m, str(m)) for m in rows["method"]])
    grid(ax, "x")
    return ax
