import numpy as np
import pandas as pd
import pytest

from tierkit.models import scoring
from tierkit.models.scoring import score_accounts


@pytest.fixture(scope="module")
def today(deals, panel):
    n = 300
    rows = deals.head(n).drop(columns=["won_in_horizon", "won_acv"]).assign(is_customer=False)
    return rows.set_index(np.arange(5, n + 5))


def test_expected_value_is_the_product_of_its_three_parts(today, opening, win, acv):
    scores = score_accounts(today, opening, win, acv)
    assert list(scores.columns) == [*today.columns, *scoring.SCORES]
    product = scores["open_prob"] * scores["win_prob"] * scores["expected_acv"]
    np.testing.assert_allclose(scores["expected_value"], product)
    np.testing.assert_array_equal(scores["win_prob"], win.predict(today))
    assert scores["open_prob"].between(0, 1).all()
    assert (scores["acv_low"] < scores["acv_high"]).all()
    assert scores.index.equals(today.index)


def test_batches_change_nothing(today, opening, win, acv, monkeypatch):
    whole = score_accounts(today, opening, win, acv)
    monkeypatch.setattr(scoring, "BATCH", 70)
    pd.testing.assert_frame_equal(score_accounts(today, opening, win, acv), whole)


def test_models_may_be_missing(today, win, acv):
    open_deals = score_accounts(today, None, win, acv)
    assert (open_deals["open_prob"] == 1).all()
    assert not open_deals["off_support"].any()
    scorecard = score_accounts(today, None, None, acv)
    assert scorecard[["win_prob", "expected_value"]].isna().all(axis=None)
    wins = score_accounts(today, None, win, None)
    np.testing.assert_array_equal(wins["expected_value"], wins["win_prob"])


def test_the_callers_frame_is_left_alone_and_old_scores_are_replaced(today, win, acv):
    before = today.copy()
    once = score_accounts(today, None, win, acv)
    pd.testing.assert_frame_equal(today, before)
    pd.testing.assert_frame_equal(score_accounts(once, None, win, acv), once)


def test_no_rows_give_no_scores(today, opening, win, acv):
    assert score_accounts(today.head(0), opening, win, acv).empty
