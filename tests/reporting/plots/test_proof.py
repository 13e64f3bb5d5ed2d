import pandas as pd
import pytest
from matplotlib.axes import Axes

from tests.reporting import example
from tierkit.errors import TableError
from tierkit.reporting.plots.proof import plot_effort, plot_tier_lift, plot_value_capture


def drawn(ax: Axes) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for line in ax.lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_lift_draws_each_rate_its_interval_and_its_n() -> None:
    ax = plot_tier_lift(example.make_lift())
    xs = [round(x, 1) for x, _ in drawn(ax)]
    # tier 1: 5.5 to 26.1 around 12.5; tier 3: 2.9 to 4.4 around 3.6; size alone in tier 2: 8.4
    for x in (5.5, 26.1, 12.5, 2.9, 4.4, 3.6, 8.4):
        assert x in xs
    texts = [t.get_text() for t in ax.texts]
    assert any("5 won of 40 accounts" in t for t in texts)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Tier 1", "Tier 2", "Tier 3"]
    assert ax.get_xlabel() == "won, % of accounts, within six months"


def test_lift_leaves_pooled_tiers_and_contrasts_out() -> None:
    assert len(plot_tier_lift(example.make_lift()).get_yticklabels()) == 3


def test_lift_refuses_to_mix_kinds() -> None:
    lift = example.make_lift()
    both = pd.concat([lift, lift.assign(kind="observed")])
    with pytest.raises(TableError, match="one kind to a picture"):
        plot_tier_lift(both)


def test_effort_draws_intended_hatched_and_delivered_filled() -> None:
    bars = plot_effort(example.make_effort()).patches
    assert [round(b.get_width(), 1) for b in bars] == [8.0, 2.9, 2.0, 1.8, 0.5, 0.7]
    assert [bool(b.get_hatch()) for b in bars] == [True, False] * 3


def test_capture_draws_shares_and_refuses_two_rows_of_a_method() -> None:
    capture = pd.DataFrame(
        {
            "method": ["tierkit", "random", "random"],
            "measure": ["share", "share", "difference"],
            "share": [0.48, 0.2, 0.28],
            "low": [0.4, None, 0.1],
            "high": [0.55, None, 0.4],
        }
    )
    marks = {(round(x, 6), y) for x, y in drawn(plot_value_capture(capture))}
    assert marks == {(48.0, 0.0), (20.0, -1.0), (40.0, 0.0), (55.0, 0.0)}
    with pytest.raises(TableError, match="one row per method"):
        plot_value_capture(pd.concat([capture, capture]))
