"""What the dates of the tables give away."""

import numpy as np
import pandas as pd
import pytest

from tierkit.inputs.opening import open_tables
from tierkit.reporting.readiness.dates import (
    find_edges,
    find_gaps,
    find_late,
    find_piles,
    find_spans,
    lonely_end,
    month_counts,
)


def deals_on(opened: list[str] | pd.DatetimeIndex, *, closed: pd.DatetimeIndex | None = None) -> pd.DataFrame:
    opened = pd.DatetimeIndex(opened)
    days = opened + pd.Timedelta(days=10) if closed is None else closed
    ids = [f"d{i}" for i in range(len(opened))]
    return pd.DataFrame(
        {
            "deal_id": ids,
            "outcome": ["won", "lost"] * (len(opened) // 2) + ["won"] * (len(opened) % 2),
            "opened_at": opened,
            "closed_at": days,
        }
    )


def counts_of(*values: float, start: str = "2025-01") -> pd.DataFrame:
    index = pd.period_range(start, periods=len(values), freq="M")
    return pd.DataFrame({"deals.opened_at": np.array(values, dtype="float64")}, index)


def test_months_are_counted_to_the_last_the_data_reach() -> None:
    tables = open_tables({"deals": deals_on(["2026-01-05", "2026-01-06", "2026-03-01", "2026-03-25"])})
    counts = month_counts(tables)
    # closed ten days later: 15 and 16 January, 11 March, 4 April
    assert counts["deals.opened_at"].tolist() == [2, 0, 2, 0]
    assert counts["deals.closed_at"].tolist() == [2, 0, 1, 1]
    assert str(counts.index[-1]) == "2026-04"


def test_a_month_cut_off_is_a_gap_and_names_what_is_usual() -> None:
    gaps = find_gaps(counts_of(50, 52, 48, 0, 3, 51, 50, 49))
    # the six nearest months of April hold 3, 48, 51, 50, 52 and 49 or 50: their median is 50 or so
    assert len(gaps) == 1
    gap = gaps.iloc[0]
    assert (str(gap["first"]), str(gap["last"]), gap["n_months"], gap["n"]) == ("2025-04", "2025-05", 2, 3)
    assert 48 <= gap["usual"] <= 51
    assert not gap["at_end"]


def test_an_export_that_ends_before_its_last_day_is_a_gap_at_the_end() -> None:
    gap = find_gaps(counts_of(50, 52, 48, 51, 50, 0, 0)).iloc[0]
    assert (str(gap["first"]), str(gap["last"]), gap["at_end"]) == ("2025-06", "2025-07", True)


@pytest.mark.parametrize(
    "counts",
    [
        (1, 2, 5, 20, 40, 60, 55, 58),  # a beginning
        (50, 20, 48, 12, 51, 50),  # a quiet month is no gap: a fifth of 50 is 10
        (1, 0, 2, 0, 0, 1, 0, 3),  # so few that none is nothing special
        (5,),
    ],
)
def test_beginnings_quiet_months_and_rare_events_are_no_gaps(counts: tuple[int, ...]) -> None:
    assert find_gaps(counts_of(*counts)).empty


def test_a_month_not_yet_over_is_held_against_its_days() -> None:
    counts = counts_of(60, 60, 60, 60, 6)
    assert find_gaps(counts, data_through=pd.Timestamp("2025-05-03")).empty  # 3 of 31 days: 5.8 are usual
    assert len(find_gaps(counts, data_through=pd.Timestamp("2025-05-31"))) == 1


def test_deals_closed_on_uniform_days_show_no_edge() -> None:
    rng = np.random.default_rng(1)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 730, size=3000), unit="D")
    assert find_edges(deals_on(days)).empty


def test_deals_pulled_into_the_last_week_of_a_quarter_are_told_with_their_chance() -> None:
    rng = np.random.default_rng(1)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 730, size=600), unit="D")
    ends = pd.DatetimeIndex(np.repeat(pd.date_range("2024-03-28", "2025-12-31", freq="QE") - pd.Timedelta(days=2), 25))
    closed = days.append(ends)
    edges = find_edges(deals_on(closed - pd.Timedelta(days=40), closed=closed)).set_index(["column", "edge"])
    found = edges.loc[("closed_at", "the last week of a quarter")]
    inside = (closed + pd.offsets.QuarterEnd(0) - closed).days < 7
    assert found["n_there"] == inside.sum()
    # seven days of a quarter of 91 or so
    assert found["chance"] == pytest.approx(7 / 91, abs=0.005)
    assert ("closed_at", "the first day of a month") not in edges.index


def test_a_day_of_import_is_a_pile() -> None:
    opened = pd.date_range("2026-01-01", periods=100, freq="D").append(pd.DatetimeIndex(["2026-02-01"] * 40))
    piles = find_piles(open_tables({"deals": deals_on(opened)})).set_index("column")
    # 1 February itself is one of the hundred days
    assert piles.loc["opened_at", "n"] == 41
    assert piles.loc["opened_at", "day"] == pd.Timestamp("2026-02-01")
    assert find_piles(open_tables({"deals": deals_on(opened[:100])})).empty


def test_late_events_are_counted_by_table() -> None:
    deals = deals_on(["2026-01-05", "2026-01-06"]).assign(account_id=["a", "b"])
    touches = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "b"],
            "occurred_at": "2026-01-01",
            "kind": "call",
            "known_at": ["2026-01-01", "2026-01-03", "2026-02-10", "2025-12-30"],
        }
    )
    accounts = pd.DataFrame({"account_id": ["a", "b"]})
    late = find_late(open_tables({"accounts": accounts, "deals": deals, "activities": touches})).iloc[0]
    # late by 2 and by 40 days
    assert (late["n"], late["n_late"], late["share"], late["median_days"], late["n_month"]) == (4, 2, 0.5, 21.0, 1)


def test_one_date_far_out_does_not_pass_for_the_end_of_the_data() -> None:
    opened = pd.date_range("2025-01-01", periods=200, freq="D")
    assert lonely_end(open_tables({"deals": deals_on(opened)})) is None
    typo = opened.append(pd.DatetimeIndex(["2026-06-01"]))
    found = lonely_end(open_tables({"deals": deals_on(typo)}))
    assert found is not None
    settled, n = found
    assert settled < pd.Timestamp("2025-08-01")
    # the typo's two days, and the few last of the rest
    assert n <= 5


def test_spans_name_every_day_that_looks_back() -> None:
    deals = deals_on(["2026-01-05", "2026-01-06"])
    deals.loc[1, ["closed_at", "outcome"]] = [pd.NaT, "open"]
    spans = find_spans(open_tables({"deals": deals})).set_index("column")
    assert spans.loc["closed_at", ["n", "n_known"]].tolist() == [2, 1]
    assert spans.loc["opened_at", "last"] == pd.Timestamp("2026-01-06")
