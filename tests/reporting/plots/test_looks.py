import pandas as pd
import pytest

from tests.proof.test_decidable import AS_OF, FEW
from tests.proof.test_looks import deals_by_month
from tierkit.errors import TableError
from tierkit.proof.decidable import decidable
from tierkit.proof.looks import monthly_looks
from tierkit.reporting.plots.looks import plot_looks, plot_power


def test_plot_looks_draws_what_is_in_the_table():
    looks = monthly_looks(deals_by_month(3, months=12, effect=0.3))
    one = looks[looks["tier"] == "1 vs 3"]
    ax = plot_looks(one)
    dots = sorted(y for line in ax.get_lines() if line.get_marker() == "o" for y in line.get_ydata())
    assert dots == pytest.approx(sorted(100 * one["difference"]))
    assert ax.get_ylabel() == "Tier 1 less Tier 3, points"
    last = one.iloc[-1]
    assert ax.texts[0].get_text() == f"{100 * last['difference']:+.1f} points on {last['n_won_top']} wins"
    with pytest.raises(TableError, match="choose a kind, a unit and a contrast"):
        plot_looks(looks)


def test_plot_looks_says_where_wins_are_too_few():
    looks = monthly_looks(deals_by_month(1, months=1))
    texts = [t.get_text() for t in plot_looks(looks[looks["tier"] == "1 vs 3"]).texts]
    assert "too few wins for an interval yet" in texts


def test_plot_power_draws_the_lift_seen_and_the_least_that_shows():
    table = decidable(FEW, as_of=AS_OF)
    ax = plot_power(table)
    seen = table[table["assumed"] == "as_observed"]
    dots = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "o"]
    assert dots == pytest.approx((seen["rate_top"] / seen["rate_base"]).tolist())
    bars = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "None" and line.get_xdata()[0] > 1]
    assert bars == pytest.approx(seen["detectable_ratio"].tolist())
    month = pd.Timestamp(seen["known_from"].iloc[0])
    assert f"judged from {month:%B %Y}" in [t.get_text() for t in ax.texts]
    with pytest.raises(TableError, match="with a rate in both tiers"):
        plot_power(table.iloc[:0])
