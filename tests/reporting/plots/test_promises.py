import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.reporting.plots.promises import plot_promises

RECORD = pd.DataFrame(
    {
        "as_of": pd.to_datetime(["2025-11-30", "2025-12-31", "2026-01-31", "2026-09-30"]),
        "promise": list("abcd"),
        "tier": "all",
        "status": ["due", "due", "due", "open"],
        "promised_wins": [50.0, 48.0, 55.0, 57.0],
        "actual_wins": [53.0, 30.0, 56.0, None],
        "low": [0.79, 0.42, 0.77, None],
        "high": [1.39, 0.89, 1.32, None],
        "verdict": ["kept", "short", "kept", ""],
    }
)


def test_every_month_is_drawn_the_bad_ones_too():
    ax = plot_promises(RECORD.iloc[::-1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Nov\n2025", "Dec\n2025", "Jan\n2026", "Sep\n2026"]
    marks = {line.get_marker(): list(line.get_ydata()) for line in ax.lines if line.get_marker() in "ov"}
    assert marks == {"o": [56.0], "v": [30.0]}
    assert [text.get_text() for text in ax.texts] == ["open"]


def test_one_tier_to_a_picture():
    with pytest.raises(TableError, match="one tier"):
        plot_promises(pd.concat([RECORD, RECORD.assign(tier="1")]))
    with pytest.raises(TableError, match="one tier"):
        plot_promises(RECORD.iloc[:0])
