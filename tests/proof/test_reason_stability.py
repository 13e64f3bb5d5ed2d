import pandas as pd
import pytest

from tierkit.models.reason_parts import CAP
from tierkit.proof.reason_stability import reason_stability, say_reason_stability


def reasons(*rows):
    table = pd.DataFrame(rows, columns=["account_id", "rank", "part", "feature", "contribution", "shown"])
    return table.assign(money=table["contribution"])


BEFORE = reasons(
    ("a", 1, "wins", "industry", 0.9, True),
    ("a", 2, "wins", "n_inbound_90d", 0.8, True),
    ("a", 3, "opens", "industry", 0.7, True),
    ("a", 4, "value", "employees", 0.6, True),
    ("b", 1, "wins", "industry", 0.5, True),
    ("gone", 1, "wins", "industry", 0.5, True),
)


def test_the_first_three_are_compared_by_their_story():
    now = reasons(
        # Same story told by another column; the industry changed sides; employees came up to the first three.
        ("a", 1, "wins", "n_inbound_365d", 0.9, True),
        ("a", 2, "wins", "industry", -0.8, True),
        ("a", 3, "value", "employees", 0.7, True),
        ("a", 4, "opens", "industry", 0.6, True),
        ("a", 5, "value", CAP, -0.6, True),
        # No longer strong enough to be seen, and on the other side.
        ("b", 1, "wins", "industry", -0.05, False),
        ("new", 1, "wins", "industry", 0.5, True),
    )
    table = reason_stability(now, BEFORE).set_index("part")
    # a: two of four stories are in both; b: nothing is left of one. Mean of 1/2 and 0.
    assert table.loc["all", "jaccard"] == pytest.approx(0.25)
    assert table.loc["all", ["n_accounts", "n_reasons", "n_flipped"]].tolist() == [2, 4, 2]
    assert table.loc["all", "flip_low"] < 0.5 < table.loc["all", "flip_high"]
    assert table.loc["wins", ["n_reasons", "n_flipped"]].tolist() == [3, 2]
    assert table.loc["opens", "flip_share"] == 0
    (said,) = say_reason_stability(table.reset_index())
    assert "2 of 4 changed from for to against or back (50 %" in said
    assert "reasons about winning, 67 % of them" in said


def test_the_same_month_twice_loses_nothing():
    table = reason_stability(BEFORE, BEFORE)
    assert table["jaccard"].eq(1).all()
    assert table["n_flipped"].eq(0).all()
    shuffled = reason_stability(BEFORE.sample(frac=1, random_state=1), BEFORE)
    pd.testing.assert_frame_equal(shuffled, table)


def test_months_without_common_accounts_say_nothing():
    table = reason_stability(BEFORE, BEFORE.assign(account_id="z"))
    assert table["n_accounts"].iloc[0] == 0
    assert say_reason_stability(table) == ()
