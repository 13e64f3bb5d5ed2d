import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.effect import COLUMNS
from tierkit.reporting.plots.effect import plot_effects


def effects(*rows: tuple[str, str, float, float, float]) -> pd.DataFrame:
    full = [(d, "deal", v, e, low, high, 900, 800, 103, "") for d, v, e, low, high in rows]
    return pd.DataFrame(full, columns=COLUMNS)


def test_a_refused_design_has_words_and_no_dot() -> None:
    missing = (np.nan, np.nan, np.nan)
    ax = plot_effects(
        effects(("difference_in_differences", "warned", 0.07, -0.04, 0.18), ("discontinuity", "refused", *missing))
    )
    assert [list(line.get_xdata()) for line in ax.lines[1:]] == [pytest.approx([-4, 18]), pytest.approx([7])]
    said = [text.get_text() for text in ax.texts]
    assert "no figure: see why below" in said
    assert "+7 points, 103 deals, read with care" in said
    assert ax.get_xlim()[1] > 18


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(TableError, match="no design to draw"):
        plot_effects(effects())
