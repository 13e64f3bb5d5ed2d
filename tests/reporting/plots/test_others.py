import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.reporting import example
from tierkit.reporting.plots.features import plot_coverage, plot_verdicts
from tierkit.reporting.plots.models import plot_acv, plot_calibration, plot_comparison, plot_won_values
from tierkit.reporting.plots.tiering import plot_tier_flow, plot_tier_sizes, plot_value_by_size
from tierkit.reporting.sections.size import value_by_size


def test_comparison_marks_the_method_in_use() -> None:
    ax = plot_comparison(example.make_comparison())
    dots = {tuple(line.get_xdata()): line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1}
    assert dots[(0.701,)] == "o"
    assert dots[(0.571,)] == "s"
    assert any("log-loss 0.472   used" in t.get_text() for t in ax.texts)


def test_calibration_draws_every_bin() -> None:
    table = example.make_calibration()
    dots = plot_calibration(table).lines[-1]
    np.testing.assert_allclose(dots.get_xdata(), 100 * table["predicted"])
    np.testing.assert_allclose(dots.get_ydata(), 100 * table["observed"])


def test_acv_draws_won_deals_on_logarithmic_axes() -> None:
    rows = pd.DataFrame({"expected_acv": [10_000.0, 50_000.0, 5_000.0], "won_acv": [12_000.0, 40_000.0, np.nan]})
    ax = plot_acv(rows)
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert list(ax.lines[-1].get_xdata()) == [10_000.0, 50_000.0]


def test_won_values_are_counted_and_marked_at_median_and_mean() -> None:
    # median 20,000; mean (10 + 20 + 90) / 3 = 40 thousand
    ax = plot_won_values(pd.DataFrame({"won_acv": [10_000.0, 20_000.0, 90_000.0]}))
    assert ax.get_xscale() == "log"
    assert sum(patch.get_height() for patch in ax.patches) == 3
    assert [line.get_xdata()[0] for line in ax.lines] == [20_000.0, 40_000.0]
    assert [text.get_text() for text in ax.texts] == ["median $20k", "mean $40k"]
    assert sum(patch.get_height() for patch in plot_won_values(pd.DataFrame({"won_acv": [500.0]})).patches) == 1


def test_verdicts_and_coverage_draw_their_counts() -> None:
    verdicts = pd.DataFrame(
        {"column": list("abcd"), "group": ["deal", "deal", "deal", "effort"], "verdict": ["ok", "ok", "refused", "ok"]}
    )
    assert sorted(b.get_width() for b in plot_verdicts(verdicts).patches) == [0, 1, 1, 2]
    coverage = pd.DataFrame({"field": ["employees", "industry"], "n": [4, 4], "n_known": [3, 1], "share": [0.75, 0.25]})
    ax = plot_coverage(coverage)
    assert [t.get_text() for t in ax.texts] == ["3 of 4", "1 of 4"]
    assert [b.get_width() for b in ax.patches] == [75, 25, 25, 75]


def test_sizes_draw_accounts_and_capacity() -> None:
    sizes = pd.DataFrame({"tier": [1, 2, 3], "n_accounts": [40, 120, 2750], "capacity": [40.0, 190.0, np.nan]})
    ax = plot_tier_sizes(sizes)
    assert [b.get_width() for b in ax.patches] == [40, 120, 2750]
    assert [line.get_xdata()[0] for line in ax.lines] == [40, 190]
    assert "takes the rest" in ax.texts[2].get_text()


def test_flow_draws_moves_and_counts_those_that_stayed() -> None:
    ax = plot_tier_flow(example.make_matrix())
    texts = [t.get_text() for t in ax.texts]
    # moves of the matrix: 5, 1 out of tier 1; 6, 7 out of tier 2; 9 out of tier 3; 12 new
    assert sorted(t for t in texts if t.isdigit()) == ["1", "12", "5", "6", "7", "9"]
    assert "Tier 1  40\n34 stayed" in texts
    bands = [p for p in ax.patches if len(p.get_path().vertices) == 9]
    heights = sorted(b.get_path().vertices[0, 1] - b.get_path().vertices[7, 1] for b in bands)
    np.testing.assert_allclose(heights, 0.55 / 40 * np.array([1, 5, 6, 7, 9, 12]))  # to scale: 40 moves in all


def test_value_by_size_marks_the_choice_and_the_capacity() -> None:
    tiers = pd.DataFrame({"account_id": list("abc"), "tier": [1, 2, 3], "expected_value": [1.0, 5.0, 3.0]})
    curve = value_by_size(tiers, most=3)
    assert curve["account_id"].tolist() == ["b", "c", "a"]
    assert curve["expected_value"].tolist() == [5.0, 8.0, 9.0]  # running sum of 5, 3, 1
    ax = plot_value_by_size(curve, chosen=2, capacity=3)
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines[1:2]] == [(2, 8.0)]
    assert ax.lines[2].get_xdata()[0] == 3


def test_plots_draw_on_the_axes_they_are_given() -> None:
    ax = Figure().subplots()
    given: list[Axes] = [plot_tier_flow(example.make_matrix(), ax=ax), plot_calibration(example.make_calibration(), ax)]
    assert all(a is ax for a in given)
