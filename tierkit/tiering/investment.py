"""Money in proportion to value: what the budget gives each account."""

import numpy as np
from numpy.typing import NDArray

from tierkit.errors import SheetError

Floats = NDArray[np.float64]


def share_budget(value: Floats, *, budget: float, floor: float = 0.0, ceiling: float | None = None) -> Floats:
    """Investment in each account, proportional to `value` inside floor and ceiling; adds up to `budget`.

    Parameters
    ----------
    value : expected value of each account, 0 or more.
    budget, floor, ceiling : money a month; floor and ceiling are of one account.

    Returns
    -------
    Money a month, same length. Where every account is at its ceiling the rest of the budget is not spent. Accounts of
    no value get the floor; if none has any value the budget is shared evenly.

    Raises
    ------
    SheetError : the floors alone cost more than the budget.

    Water-filling: the multiplier at which `clip(multiplier * value, floor, ceiling)` costs the budget is exact, between
    two neighbouring breakpoints of a cost that grows with it.
    """
    n = len(value)
    if n == 0:
        return np.zeros(0)
    if n * floor > budget:
        raise SheetError(
            f"'tiers.budget' of {budget:,.0f} is below the floors: {n:,} accounts x {floor:,.2f} = {n * floor:,.0f}"
        )
    top = budget if ceiling is None else min(ceiling, budget)
    if n * top <= budget:
        return np.full(n, top)
    positive = value > value.max() * 1e-12
    if top * positive.sum() + floor * (~positive).sum() <= budget:
        # The accounts of value are full: those of none share the rest.
        rest = (budget - top * positive.sum()) / max((~positive).sum(), 1)
        return np.where(positive, top, rest)
    return np.clip(_multiplier(value[positive], budget - floor * (~positive).sum(), floor, top) * value, floor, top)


def _multiplier(value: Floats, budget: float, floor: float, top: float) -> float:
    points = np.unique(np.concatenate([[0.0], floor / value, top / value]))
    low, high = 0, len(points) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if np.clip(points[middle] * value, floor, top).sum() <= budget:
            low = middle
        else:
            high = middle
    cost_low, cost_high = (float(np.clip(points[i] * value, floor, top).sum()) for i in (low, high))
    step = 0.0 if cost_high == cost_low else (budget - cost_low) / (cost_high - cost_low)
    return float(points[low] + step * (points[high] - points[low]))
