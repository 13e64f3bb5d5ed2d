import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.errors import SheetError
from tierkit.tiering.investment import share_budget


def test_money_follows_value() -> None:
    # 100 over values 1, 3, 6: 10, 30, 60.
    np.testing.assert_allclose(share_budget(np.array([1.0, 3, 6]), budget=100), [10, 30, 60])


def test_floor_and_ceiling_bind_and_the_rest_stays_in_proportion() -> None:
    # Floor 5 lifts the first (of 100 / 100 * 1 = 1), ceiling 40 stops the last; 100 - 5 - 40 = 55 over 10 and 12.
    money = share_budget(np.array([1.0, 10, 12, 77]), budget=100, floor=5, ceiling=40)
    np.testing.assert_allclose(money, [5, 55 * 10 / 22, 55 * 12 / 22, 40])


def test_accounts_of_no_value_get_the_floor() -> None:
    np.testing.assert_allclose(share_budget(np.array([0.0, 4, 6]), budget=102, floor=2), [2, 40, 60])
    np.testing.assert_allclose(share_budget(np.zeros(4), budget=100), [25] * 4)


def test_a_budget_below_the_floors_is_named() -> None:
    with pytest.raises(SheetError, match=r"'tiers.budget' of 10 is below the floors: 3 accounts x 5.00 = 15"):
        share_budget(np.ones(3), budget=10, floor=5)


def test_what_ceilings_leave_is_not_spent() -> None:
    np.testing.assert_allclose(share_budget(np.array([1.0, 2]), budget=100, ceiling=30), [30, 30])


values = st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e6)), min_size=1, max_size=30)


@given(values, st.floats(0, 10), st.floats(1, 100), st.floats(0, 1))
def test_adds_up_inside_the_bounds_and_never_pays_less_for_more(
    value: list[float], floor: float, width: float, level: float
) -> None:
    v, ceiling, n = np.array(value), floor + width, len(value)
    budget = n * (floor + level * width)
    money = share_budget(v, budget=budget, floor=floor, ceiling=ceiling)
    assert money.sum() == pytest.approx(budget, rel=1e-9, abs=1e-9)
    assert money.min() >= floor - 1e-9
    assert money.max() <= ceiling + 1e-9
    inside = (money > floor + 1e-6) & (money < ceiling - 1e-6) & (v > 0)
    ratio = money[inside] / v[inside]
    assert np.ptp(ratio) <= 1e-6 * ratio.max() if inside.any() else True
    assert (np.diff(money[np.argsort(v, kind="stable")]) >= -1e-9).all()
