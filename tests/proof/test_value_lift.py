import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.value_lift import value_lift

AS_OF = pd.Timestamp("2026-01-31")


def accounts(*tiers):
    """Of each tier (tier, n accounts, amounts won by the first of them)."""
    rows = []
    for tier, n, amounts in tiers:
        rows += [(f"t{tier}-{i:03}", float(tier), amounts[i] if i < len(amounts) else np.nan) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "won_acv"])
    return frame.assign(
        kind="backtest", unit="account", row_id=frame["account_id"], as_of=AS_OF,
        won_in_horizon=frame["won_acv"].notna().astype(float),
    )  # fmt: skip


REPLAY = accounts((1, 10, [100, 50, 50, 50, 50]), (2, 20, [40, 40]), (3, 100, [30, 30, 20, 10, 10]))


def cell(table, measure, tier, *, without_largest=False):
    at = table[(table["measure"] == measure) & (table["tier"] == tier) & (table["without_largest"] == without_largest)]
    assert len(at) == 1
    return at.iloc[0]


def test_value_lift_by_hand():
    table = value_lift(REPLAY, seed=1)
    # 300 over 10 accounts, 100 over 100
    assert cell(table, "acv_per_account", "1")["figure"] == pytest.approx(30)
    assert cell(table, "acv_per_account", "3")["figure"] == pytest.approx(1)
    ratio = cell(table, "ratio", "1 vs 3")
    assert ratio["figure"] == pytest.approx(30)
    assert ratio["low"] < 30 < ratio["high"]
    assert cell(table, "ratio", "1+2 vs 3")["figure"] == pytest.approx(380 / 30)
    assert cell(table, "difference", "1 vs 3")["figure"] == pytest.approx(29)
    # the largest deal, 100, is a third of Tier 1 and a quarter of Tiers 1 and 3
    assert cell(table, "acv_per_account", "1")["largest_share"] == pytest.approx(100 / 300)
    assert ratio["largest_share"] == pytest.approx(100 / 400)
    without = cell(table, "ratio", "1 vs 3", without_largest=True)
    assert without["figure"] == pytest.approx(20)
    assert (ratio["n"], ratio["n_accounts"], ratio["n_won_accounts"], without["n_won_accounts"]) == (110, 110, 10, 9)


def test_under_five_winners_an_arm_has_no_interval():
    table = value_lift(REPLAY, seed=1)
    assert np.isnan(cell(table, "acv_per_account", "2")["low"])
    # without the largest deal Tier 1 has four winners left
    assert np.isnan(cell(table, "ratio", "1 vs 3", without_largest=True)["high"])
    assert cell(table, "ratio", "1+2 vs 3", without_largest=True)["high"] > 0


def test_deals_and_immature_months_are_left_out():
    later = REPLAY.assign(as_of=pd.Timestamp("2026-02-28"), won_in_horizon=np.nan)
    deals = REPLAY.assign(unit="deal")
    pd.testing.assert_frame_equal(value_lift(pd.concat([REPLAY, later, deals]), seed=1), value_lift(REPLAY, seed=1))


def test_months_of_one_account_are_no_more_evidence():
    months = [REPLAY.assign(as_of=end) for end in pd.date_range("2026-01-31", periods=6, freq="ME")]
    once, often = (cell(value_lift(r, seed=1), "ratio", "1 vs 3") for r in (REPLAY, pd.concat(months)))
    assert (often["low"], often["high"]) == pytest.approx((once["low"], once["high"]))
    assert often["n"] == 6 * once["n"]


def test_row_order_changes_nothing_and_a_missing_column_is_named():
    table = value_lift(REPLAY, seed=2)
    pd.testing.assert_frame_equal(value_lift(REPLAY.sample(frac=1, random_state=1), seed=2), table)
    with pytest.raises(TableError, match="column 'won_acv' is missing; value_lift"):
        value_lift(REPLAY.drop(columns="won_acv"), seed=1)


def test_nothing_won_in_the_last_tier_has_no_finite_ratio():
    table = value_lift(accounts((1, 10, [5] * 6), (3, 10, [])), seed=1)
    assert np.isinf(cell(table, "ratio", "1 vs 3")["figure"])
    assert np.isnan(cell(table, "ratio", "1 vs 3")["low"])
