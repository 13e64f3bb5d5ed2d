import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.errors import SheetError, TableError
from tierkit.proof.ratings import choose_periods, cut_like, order_tiers, read_scores


def column(*values, name="Tier"):
    return pd.Series(list(values), name=name)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (("Tier 2", "Tier 1", "tier 3"), [2, 1, 3]),
        ((4, 1, 2), [3, 1, 2]),
        (("T10", "T9", "T9"), [2, 1, 1]),
        (("B", "A", "C"), [2, 1, 3]),
        (("A", "A+", "B-"), [2, 1, 3]),
        (("Account tier B", "Account tier A", ""), [2, 1, np.nan]),
        (("Programme", "strategic", "PRIORITY"), [3, 1, 2]),
        (("low", "High", "mid"), [3, 1, 2]),
        (("Tier 1", "No tier", "Tier 2"), [1, np.nan, 2]),
    ],
)
def test_order_follows_digits_then_letters_then_known_words(values, numbers):
    assert order_tiers(column(*values)).tier.tolist() == pytest.approx(numbers, nan_ok=True)


def test_order_stated_goes_before_all_rules():
    ordered = order_tiers(column(1, 2, 3), order=("3", "2", "1"))
    assert ordered.tier.tolist() == [3, 2, 1]
    assert ordered.labels == ("3", "2", "1")


def test_order_that_nothing_tells_must_be_stated():
    with pytest.raises(SheetError, match=r'--order is needed.*"blue,green,red"'):
        order_tiers(column("red", "green", "blue"))


def test_order_stated_must_name_the_tiers():
    with pytest.raises(SheetError, match="'red' of the column is not in it"):
        order_tiers(column("red", "green"), order=("green",))
    with pytest.raises(SheetError, match="there is no 'gren', did you mean 'green'"):
        order_tiers(column("red", "green"), order=("red", "green", "gren"))


def test_one_tier_or_a_score_is_no_tiers():
    with pytest.raises(TableError, match="one tier, '1'"):
        order_tiers(column(1, 1))
    with pytest.raises(TableError, match=r"20 tiers.*--score"):
        order_tiers(column(*range(20)))


def test_scores_are_numbers():
    assert read_scores(column("87 %", "3", "", name="s")).tolist() == pytest.approx([87, 3, np.nan], nan_ok=True)
    with pytest.raises(TableError, match="'s' must be a number, got 'hot'"):
        read_scores(column("hot", "3", name="s"))
    with pytest.raises(TableError, match="ranks nobody"):
        read_scores(column(1.0, 1.0, name="s"))


def test_periods_are_months_only_where_months_hold_enough():
    days = pd.Series(pd.date_range("2025-01-01", periods=900, freq="D").repeat(1))
    assert choose_periods(days).nunique() == 30
    assert set(choose_periods(days[::20])) == {"all"}
    assert set(choose_periods(pd.Series([pd.NaT] * 5))) == {"all"}


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.sampled_from("ab")), min_size=3, max_size=60),
    st.randoms(),
)
def test_a_score_gets_the_places_of_the_tiers_whatever_the_order_of_rows(rows, random):
    frame = pd.DataFrame(rows, columns=["score", "tier", "period"]).astype({"score": float, "tier": float})
    frame["key"] = [f"d{i:03d}" for i in range(len(frame))]
    cut = cut_like(frame["score"], frame["key"], frame["period"], frame["tier"])
    for _, part in frame.groupby("period"):
        assert sorted(cut[part.index]) == sorted(part["tier"])
        assert part["score"][cut[part.index] == 1].min() >= part["score"][cut[part.index] == 3].max() or not (
            {1, 3} <= set(cut[part.index])
        )
    order = list(range(len(frame)))
    random.shuffle(order)
    again = frame.iloc[order]
    pd.testing.assert_series_equal(
        cut_like(again["score"], again["key"], again["period"], again["tier"]).sort_index(), cut
    )


def test_a_score_without_tiers_is_cut_ten_twenty_seventy():
    score = pd.Series(np.arange(50, dtype=float))
    cut = cut_like(score, score.astype("str"), pd.Series("all", score.index), None)
    assert cut.value_counts().to_dict() == {1: 5, 2: 10, 3: 35}
    assert set(cut[score >= 45]) == {1}
