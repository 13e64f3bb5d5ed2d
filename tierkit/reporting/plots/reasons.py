"""Pictures of contributions, drawn by shap: over all accounts, along one feature, and for one account."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from tierkit.reporting import words
from tierkit.reporting.explanations import load_shap
from tierkit.reporting.plots.palette import ACCENT, FAINT, GREY, INK, MUTED, WARM, draw_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from shap import Explanation

_WIDTH = 7.2
_DPI = 130
"""Of the dots, which are drawn as one bitmap: thousands of vector marks would weigh more than the page."""
_LONGEST = 44
"""Letters of a label beside a picture; a longer one ends in an ellipsis."""


def plot_reason_summary(explanation: "Explanation", ax: "Axes | None" = None, *, most: int = 12) -> "Axes":
    """Each feature's contributions over all accounts, one dot an account, those that differ most first.

    Parameters
    ----------
    explanation : as `explain_rows` returns it.
    most : features shown; the rest add up in the last line.
    """
    shap = load_shap()
    n = min(most, explanation.values.shape[1])
    with _drawing(ax, 0.36 * n + 1.2) as ax:
        shap.plots.beeswarm(
            _renamed(explanation), max_display=most, color=_colours(), ax=ax, plot_size=None, s=9, show=False
        )
        ax.set_xlabel(f"contribution to the {explanation.output_names}\n(left speaks against, right speaks for)")
        _restyle(ax)
        ax.set_yticks(ax.get_yticks(), [t.get_text().replace("other features", "others") for t in ax.get_yticklabels()])
        bar = ax.figure.axes[-1]
        bar.set_ylabel("value of the feature", fontsize=9, color=MUTED, labelpad=-18)
        bar.tick_params(labelsize=8.5, labelcolor=MUTED, length=0)
    return ax


def plot_dependence(explanation: "Explanation", feature: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """One feature's contribution against its value, one dot an account; unknown values are left out.

    Parameters
    ----------
    feature : one of `explanation.feature_names` that is a number; that of the largest contributions unless given.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    shap = load_shap()
    feature = feature or strongest_number(explanation)
    if feature is None:
        raise ValueError("no feature of the explanation is a number")
    at = list(explanation.feature_names).index(feature)
    known = np.isfinite(explanation.data[:, at])
    chosen = shap.Explanation(
        explanation.values[known, at], data=explanation.data[known, at], feature_names=_short(feature)
    )
    with _drawing(ax, 3.3) as ax:
        shap.plots.scatter(chosen, color=ACCENT, ax=ax, dot_size=22, alpha=0.35, show=False, xmax="percentile(99.5)")
        ax.axhline(0, color=MUTED, linewidth=1, linestyle=":", zorder=0)
        ax.set(xlabel=_short(feature), ylabel=f"contribution to the {explanation.output_names}")
        _restyle(ax)
        # shap marks every single value, upright.
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
        ax.tick_params(axis="x", rotation=0)
    return ax


def plot_waterfall(explanation: "Explanation", row: int, ax: "Axes | None" = None, *, most: int = 9) -> "Axes":
    """How one account's score comes about: from the base, one contribution after the other.

    Parameters
    ----------
    row : position of the account in the explanation.
    most : lines shown; the last one holds the rest.
    """
    shap = load_shap()
    one = explanation[row]
    names = [_short(str(told)) for told in one.display_data]
    bare = shap.Explanation(one.values, base_values=one.base_values, feature_names=names)
    n = min(most, len(bare.values))
    with _drawing(ax, 0.4 * n + 1.1) as ax:
        shap.plots.waterfall(bare, max_display=most, show=False)
        # shap sets a size of its own, and names the ends in formulas.
        figure = ax.get_figure(root=True)
        if figure is not None:
            figure.set_size_inches(_WIDTH, 0.4 * n + 1.1)
        # shap writes every label twice, to grey a value before it.
        ax.set_yticks(range(n), [t.get_text().replace("other features", "others") for t in ax.get_yticklabels()[:n]])
        base, end = float(one.base_values), float(one.base_values + one.values.sum())
        for twin in ax.figure.axes[1:]:
            twin.remove()
        ax.set_xlabel(
            f"{explanation.output_names}: {base:+.2f} at the bottom for\nthe average, "
            f"{end:+.2f} at the top for this account"
        )
        _restyle(ax)
        _recolour(ax)
    return ax


def strongest_number(explanation: "Explanation") -> str | None:
    """The feature of the largest mean contribution among those that take more than two numbers; None if none does."""
    size = np.abs(explanation.values).mean(axis=0)
    for i in np.argsort(-size, kind="stable"):
        known = explanation.data[:, i]
        if len(np.unique(known[np.isfinite(known)])) > 2:
            return str(explanation.feature_names[i])
    return None


@contextmanager
def _drawing(ax: "Axes | None", height: float) -> "Iterator[Axes]":
    """Axes that pyplot knows, since shap draws on the current ones, without leaving pyplot or chance changed.

    shap shuffles dots by numpy's global generator: it is seeded here, so that a picture has the same bytes every time.
    """
    import matplotlib.pyplot as plt

    own = ax is None
    interactive, state = plt.isinteractive(), np.random.get_state()  # noqa: NPY002
    if ax is None:
        ax = plt.figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained").add_subplot()
    np.random.seed(0)  # noqa: NPY002
    try:
        plt.sca(ax)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield ax
    finally:
        np.random.set_state(state)  # noqa: NPY002
        if own:
            plt.close(ax.get_figure(root=True))
        if interactive:
            plt.ion()


def _restyle(ax: "Axes") -> None:
    draw_on(ax)
    ax.tick_params(axis="y", labelsize=9.5, labelcolor=INK, length=0)
    for collection in ax.collections:
        collection.set_rasterized(True)
    for line in ax.lines:
        if line.get_color() == "#cccccc":
            line.set_color(FAINT)


def _renamed(explanation: "Explanation") -> "Explanation":
    shap = load_shap()
    names = [_short(str(name)) for name in explanation.feature_names]
    return shap.Explanation(explanation.values, data=explanation.data, feature_names=names)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1].rstrip() + "…"


def _colours() -> "Colormap":
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tierkit", ["#c9d7e0", ACCENT, "#0b1f2d"], N=256).with_extremes(bad=GREY)


def _recolour(ax: "Axes") -> None:
    """The palette's colours instead of shap's red for `for` and blue for `against`."""
    import matplotlib.colors as mcolors

    shap = load_shap()
    ours = {
        mcolors.to_hex(shap.plots.colors.red_rgb): ACCENT,
        mcolors.to_hex(shap.plots.colors.blue_rgb): WARM,
    }
    for patch in ax.patches:
        if colour := ours.get(mcolors.to_hex(patch.get_facecolor())):
            patch.set_color(colour)
    for text in ax.texts:
        text.set_fontsize(9)
        if colour := ours.get(mcolors.to_hex(text.get_color())):
            text.set_color(colour)
