import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.truth import make_deals
from tierkit.models.splits import choose_splits, grouped_folds, groups_of, label_known, rolling_origins


def test_no_training_label_is_known_after_its_origin_and_no_test_row_begins_before(deals):
    known = label_known(deals, "opened_at")
    folds = rolling_origins(deals["opened_at"], known, deals["won_in_horizon"].to_numpy() > 0)
    assert len(folds) == 6
    for fold in folds:
        assert known.iloc[fold.train].max() <= fold.origin
        begin = deals["opened_at"].iloc[fold.test]
        assert begin.min() >= fold.origin
        assert begin.max() < fold.origin + pd.Timedelta(days=91)


def test_origins_are_a_quarter_apart_and_the_last_quarter_ends_with_the_rows():
    # 400 days from 1 January 2025, one row a day, known after 10 days, every second one positive.
    start = pd.Series(pd.date_range("2025-01-01", periods=400))
    folds = rolling_origins(start, start + pd.Timedelta(days=10), np.arange(400) % 2 == 0, n_origins=3)
    # Last row 4 February 2026; origins 273, 182 and 91 days before 5 February.
    assert [str(f.origin.date()) for f in folds] == ["2025-05-08", "2025-08-07", "2025-11-06"]
    assert [len(f.test) for f in folds] == [91, 91, 91]
    # 8 May is day 127; labels known by then are of days 0 to 117.
    assert len(folds[0].train) == 118


def test_origins_with_too_few_wins_are_skipped():
    start = pd.Series(pd.date_range("2025-01-01", periods=400))
    # 36 wins, all in the first 36 days: enough to train on, none to test on.
    assert rolling_origins(start, start, np.arange(400) < 36) == ()


def test_undated_rows_and_rows_too_young_are_cross_validated(deals):
    undated = make_deals(300, seed=3, dated=False)
    positive = undated["won_in_horizon"].to_numpy() > 0
    splits = choose_splits(undated, positive, start="opened_at", known=label_known(undated, "opened_at"), seed=0)
    assert (splits.label, len(splits.folds)) == ("cross_validated", 25)
    young = deals[deals["opened_at"] < "2023-07-01"].reset_index(drop=True)
    positive = young["won_in_horizon"].to_numpy() > 0
    splits = choose_splits(young, positive, start="opened_at", known=label_known(young, "opened_at"), seed=0)
    assert splits.label == "cross_validated"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 200))
def test_groups_stay_on_one_side_and_every_row_is_tested_once(seed, n_groups, n_rows):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, n_groups, n_rows)
    folds = grouped_folds(groups, rng.random(n_rows) < 0.3, seed=seed, repeats=2)
    for repeat in (0, 1):
        parts = [f for f in folds if f.repeat == repeat]
        assert sorted(np.concatenate([f.test for f in parts])) == list(range(n_rows))
        for fold in parts:
            assert not set(groups[fold.train]) & set(groups[fold.test])


def test_folds_are_balanced_in_wins_and_repeats_differ():
    rng = np.random.default_rng(0)
    positive = rng.random(1000) < 0.2
    folds = grouped_folds(np.arange(1000), positive, seed=0)
    assert len(folds) == 25
    wins = [positive[f.test].sum() for f in folds]
    assert max(wins) - min(wins) <= 1
    assert set(folds[0].test) != set(folds[5].test)


def test_large_tables_are_split_once():
    assert len(grouped_folds(np.arange(2000), np.arange(2000) % 3 == 0, seed=0)) == 5


def test_rows_without_account_or_group_stand_for_themselves():
    assert list(groups_of(pd.DataFrame({"x": [5, 5]}))) == [0, 1]


def test_young_companies_are_tested_by_months_and_weeks_once_outcomes_were_known():
    # 200 days, ten rows a day, five of them positive from day 100 on, known after 30 days. The last quarter begins on
    # day 109, when labels of days 0 to 79 are known: none positive. Origins 30 days apart: on day 140 those of days 100
    # to 110 are known (55 positive), on day 170 more, on day 110 none.
    day = np.repeat(np.arange(200), 10)
    rows = pd.DataFrame({"opened_at": pd.Timestamp("2025-01-01") + pd.to_timedelta(day, unit="D")})
    positive = (day >= 100) & (np.arange(2000) % 2 == 0)
    splits = choose_splits(rows, positive, start="opened_at", known=rows["opened_at"] + pd.Timedelta(days=30), seed=0)
    assert splits.label == "out_of_time"
    assert [(f.origin - pd.Timestamp("2025-01-01")).days for f in splits.folds] == [140, 170]
    # Known after 75 days: on day 170 none is; by weeks, on day 186 those of days 100 to 111 (60), on day 179 of 100 to
    # 104 (25, under the 30 it takes).
    splits = choose_splits(rows, positive, start="opened_at", known=rows["opened_at"] + pd.Timedelta(days=75), seed=0)
    assert [(f.origin - pd.Timestamp("2025-01-01")).days for f in splits.folds] == [186, 193]
