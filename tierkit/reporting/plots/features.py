"""Pictures of the features: what the leak screen said, how much is known."""

from typing import TYPE_CHECKING

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.plots.palette import ACCENT, FAINT, GREY, INK, WARM, draw_on, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_VERDICTS = {
    "ok": (ACCENT, "", "used"),
    "flagged": ("#6fa8c0", "..", "used, flagged"),
    "refused": (WARM, "////", "refused"),
    "not_available_at_scoring": ("#d9dfe4", "xx", "unknown when scoring"),
}


def plot_verdicts(verdicts: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Columns by group and by what the leak screen said of them.

    Parameters
    ----------
    verdicts : one row per column; columns column, group, verdict.
    """
    from matplotlib.ticker import MaxNLocator

    sizes = pd.crosstab(verdicts["group"], verdicts["verdict"])
    ax = draw_on(ax, 1.2 + 0.38 * len(sizes))
    left = pd.Series(0, index=sizes.index)
    places = [-i for i in range(len(sizes))]
    for verdict, (colour, hatch, label) in _VERDICTS.items():
        if verdict not in sizes:
            continue
        width = sizes[verdict]
        ax.barh(places, width, 0.6, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0.6, label=label)
        left = left + width
    ax.set(xlabel="columns", ylim=(-len(sizes) + 0.4, 0.6))
    ax.set_yticks(places, [str(g) for g in sizes.index])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    grid(ax, "x")
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.4, 1.18),
        ncols=4,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        handlelength=1.2,
        columnspacing=1,
    )
    return ax


def plot_coverage(coverage: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Share of accounts for which each field is known, with counts.

    Parameters
    ----------
    coverage : one row per field; columns field, n, n_known, share.
    """
    rows = coverage.sort_values(["share", "field"], ascending=[False, True], kind="stable").reset_index(drop=True)
    ax = draw_on(ax, 0.8 + 0.36 * len(rows))
    places = [-i for i in range(len(rows))]
    ax.barh(places, 100 * rows["share"], 0.58, color=ACCENT)
    ax.barh(
        places,
        100 * (1 - rows["share"]),
        0.58,
        left=100 * rows["share"],
        facecolor="white",
        edgecolor=GREY,
        hatch="////",
        linewidth=0.6,
    )
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        text = f"{words.count(row['n_known'])} of {words.count(row['n'])}"
        ax.annotate(text, (100, place), (5, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    ax.set(xlim=(0, 125), xlabel="accounts for which it is known, %", ylim=(-len(rows) + 0.4, 0.6))
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.set_yticks(places, [words.field_name(f) for f in rows["field"]])
    return ax


def plot_coverage_trend(trend: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """The share of accounts of which each field was known over time: a strip for each field, 0 to 100 % high.

    Parameters
    ----------
    trend : one row per field and day; columns field, as_of, share.
    """
    last = trend.sort_values("as_of").drop_duplicates("field", keep="last")
    fields = last.sort_values(["share", "field"], ascending=[False, True], kind="stable")["field"].tolist()
    ax = draw_on(ax, 0.7 + 0.6 * len(fields))
    for i, field in enumerate(fields):
        rows = trend[trend["field"] == field].sort_values("as_of")
        height = 0.75 * rows["share"] - i
        ax.axhline(-i, color=FAINT, linewidth=0.8)
        ax.fill_between(rows["as_of"], -i, height, color=ACCENT, alpha=0.18, linewidth=0)
        ax.plot(rows["as_of"], height, color=ACCENT, linewidth=1.6)
        for row, side in ((rows.iloc[0], "right"), (rows.iloc[-1], "left")):
            at = (row["as_of"], -i + 0.75 * row["share"])
            ax.annotate(
                words.percent(row["share"]),
                at,
                (-4 if side == "right" else 4, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=8.5,
                color=INK,
            )
    ends = [trend["as_of"].min(), trend["as_of"].max()]
    ax.set_xticks(ends, [f"{day:%b %Y}" for day in ends])
    ax.set(ylim=(-len(fields) + 0.85, 0.95))
    ax.margins(x=0.14)
    ax.set_yticks([-i + 0.35 for i in range(len(fields))], [words.field_name(f) for f in fields])
    return ax
