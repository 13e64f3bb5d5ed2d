"""Pictures of the models: the comparison, calibration, contract value."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, GREY, INK, MUTED, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_comparison(comparison: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """AUC of each way to estimate the chance to win, with its interval; log-loss beside it.

    Parameters
    ----------
    comparison : `Propensity.comparison`; columns method, auc, auc_low, auc_high, log_loss, chosen.
    """
    rows = comparison.reset_index(drop=True)
    ax = draw_on(ax, 0.9 + 0.55 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        used = bool(row.get("chosen", False))
        colour = ACCENT if used else GREY
        if not words.is_missing(row.get("auc_low")):
            ax.plot([row["auc_low"], row["auc_high"]], [-i, -i], color=colour, linewidth=2.2)
        if not words.is_missing(row["auc"]):
            ax.plot([row["auc"]], [-i], "o" if used else "s", color=colour, markersize=8)
            text = f"{row['auc']:.2f}   log-loss {row['log_loss']:.3f}{'   used' if used else ''}"
            ax.annotate(text, (row["auc"], -i), (0, 9), textcoords="offset points", ha="center", fontsize=9, color=INK)
    ax.axvline(0.5, color=MUTED, linewidth=1, linestyle=":")
    low = min(0.4, float(rows[[c for c in ("auc", "auc_low") if c in rows]].min().min()) - 0.02)
    ax.set(xlim=(low, 1), ylim=(-len(rows) + 0.4, 0.7), xlabel="AUC on rows not trained on (0.5 is chance)")
    ax.set_yticks([-i for i in range(len(rows))], [words.METHODS.get(m, str(m)) for m in rows["method"]])
    grid(ax, "x")
    return ax


def plot_calibration(calibration: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Share won against the chance given, by bin; on the diagonal the chances hold.

    Parameters
    ----------
    calibration : as `calibration_table` returns it, one row per bin; columns predicted, observed, low, high.
    """
    ax = draw_on(ax, 3.6)
    rows = calibration
    top = 1.08 * float(rows[["predicted", "observed", "high"]].max().max())
    ax.plot([0, 100 * top], [0, 100 * top], color=MUTED, linewidth=1, linestyle=":")
    for row in rows.to_dict("records"):
        x = 100 * row["predicted"]
        ax.plot([x, x], [100 * row["low"], 100 * row["high"]], color=ACCENT, linewidth=1.6)
    ax.plot(100 * rows["predicted"], 100 * rows["observed"], "o", color=ACCENT, markersize=6)
    ax.set(xlim=(0, 100 * top), ylim=(0, 100 * top), xlabel="chance given, %", ylabel="won, %")
    grid(ax, "both")
    return ax


def plot_acv(predictions: pd.DataFrame, ax: "Axes | None" = None, *, currency: str = "USD") -> "Axes":
    """Contract value predicted against actual, on logarithmic axes; on the diagonal they agree.

    Parameters
    ----------
    predictions : one row per won deal not trained on; columns expected_acv, won_acv, money above 0.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax = draw_on(ax, 3.8)
    rows = predictions[(predictions["expected_acv"] > 0) & (predictions["won_acv"] > 0)]
    both = rows[["expected_acv", "won_acv"]]
    ends = [float(both.min().min()) / 1.3, float(both.max().max()) * 1.3]
    ax.plot(ends, ends, color=MUTED, linewidth=1, linestyle=":")
    ax.plot(rows["expected_acv"], rows["won_acv"], "o", color=ACCENT, markersize=4, alpha=0.45, markeredgewidth=0)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    ax.set(xlabel=f"expected ACV if won, {currency} a year", ylabel=f"won ACV, {currency} a year")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda v, _: words.money(v, currency)))
        axis.set_minor_formatter(NullFormatter())
    ax.tick_params(which="both", length=0)
    grid(ax, "both")
    return ax


def plot_won_values(won: pd.DataFrame, ax: "Axes | None" = None, *, currency: str = "USD") -> "Axes":
    """Won deals by contract value on a logarithmic axis, with the median (full line) and the mean (dashed).

    Parameters
    ----------
    won : one row per won deal; column won_acv, money above 0.
    """
    import numpy as np
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    ax = draw_on(ax, 2.8)
    values = won["won_acv"].to_numpy(dtype=float)
    low, high = float(values.min()), float(values.max())
    # A single value still gets a bar.
    ax.hist(values, bins=np.geomspace(low / 1.05, high * 1.05, 26).tolist(), color=ACCENT, alpha=0.75)
    for figure, name, style, side in (
        (float(np.median(values)), "median", "-", "right"),
        (float(values.mean()), "mean", "--", "left"),
    ):
        ax.axvline(figure, color=WARM, linewidth=1.6, linestyle=style)
        ax.annotate(
            f"{name} {words.money(figure, currency)}",
            (figure, 1),
            (-5 if side == "right" else 5, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            fontsize=9,
            color=WARM,
        )
    ax.set(xscale="log", xlabel=f"won ACV, {currency} a year", ylabel="won deals")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words.money(v, currency)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.tick_params(which="both", length=0)
    grid(ax, "y")
    return ax
