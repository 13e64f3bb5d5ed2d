"""What holds from the file to the tier, whatever the rooms in between do."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tierkit as tk
from tests.journey import forget_after, small_company, tiers_of

WATCHED = ["account_id", "open_prob", "win_prob", "expected_acv", "expected_value", "fit_score", "tier", "tier_reason"]


def assert_same_tiers(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one[WATCHED], other[WATCHED], check_exact=True)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=st.dates(pd.Timestamp("2025-06-01").date(), pd.Timestamp("2026-09-30").date()), seed=st.integers(0, 99))
def test_the_future_changes_no_feature_score_or_tier(day, seed):
    frames = small_company().frames
    cut = pd.Timestamp(day)
    before = tiers_of(tk.open_tables(frames), str(day))
    after = tiers_of(tk.open_tables(forget_after(frames, cut, seed)), str(day))
    assert_same_tiers(before, after)


def test_the_future_that_is_altered_matters_later():
    # The guard of the test above: what it alters does change tiers once it is known.
    frames = small_company().frames
    altered = forget_after(frames, pd.Timestamp("2025-10-31"), 1)
    later = "2026-10-31"
    one, other = (tiers_of(tk.open_tables(f), later).set_index("account_id")["tier"] for f in (frames, altered))
    assert (one.reindex(other.index) != other).any()


def test_the_order_of_input_rows_changes_nothing():
    frames = small_company().frames
    shuffled = {name: frame.sample(frac=1, random_state=5) for name, frame in frames.items()}
    assert_same_tiers(tiers_of(tk.open_tables(frames), "2026-10-31"), tiers_of(tk.open_tables(shuffled), "2026-10-31"))


def test_splitting_an_account_into_a_parent_with_three_children_changes_no_tier():
    frames = dict(small_company().frames)
    whole = tiers_of(tk.open_tables(frames), "2026-10-31")
    root = whole.loc[whole["tier"] == 1, "account_id"].iloc[0]
    accounts = frames["accounts"]
    children = accounts[accounts["account_id"] == root].loc[lambda f: f.index.repeat(3)].copy()
    children["account_id"] = [f"{root}-{i}" for i in range(3)]
    children["parent_id"] = root
    children["domain"] = [f"site{i}.example" for i in range(3)]
    frames["accounts"] = pd.concat([accounts, children], ignore_index=True)
    for name in ("deals", "activities", "signals", "contacts"):
        frame = frames[name].copy()
        mine = frame.index[frame["account_id"] == root]
        frame.loc[mine, "account_id"] = [[root, *children["account_id"]][i % 4] for i in range(len(mine))]
        frames[name] = frame
    assert_same_tiers(whole, tiers_of(tk.open_tables(frames), "2026-10-31"))


def test_a_verb_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="open_tabels"):
        _ = tk.open_tabels
