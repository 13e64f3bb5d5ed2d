"""Which feature moved an account's expected value most between two states of its row, under one model."""

import numpy as np
import pandas as pd

from tierkit.models.acv import Acv
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity

_LEAST = 1e-9


def greatest_shifts(
    before: pd.DataFrame,
    after: pd.DataFrame,
    up: "pd.Series[bool]",
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
) -> pd.DataFrame:
    """For each account the feature whose change speaks most for it, or most against it.

    Parameters
    ----------
    before, after : feature rows of the same accounts, each account once in both.
    up : by account_id, whether to look for what speaks for it (else against).

    Returns
    -------
    Index account_id, in the order of `up`: feature (missing where no feature that changed shifts the value that way),
    old and new (its values), shift (log-odds of opening and of winning and log of the contract value, summed: one scale
    where chances are small).
    """
    before, after = (rows.set_index("account_id", drop=False).loc[up.index] for rows in (before, after))
    models = [model for model in (opening, win, acv) if model is not None]
    parts: list[pd.DataFrame] = []
    for model in models:
        was, now = (model.contributions(rows).drop(columns="_base") for rows in (before, after))
        parts.append(now - was)
    if not parts or not len(up):
        empty = np.full(len(up), None, dtype=object)
        return pd.DataFrame({"feature": empty, "old": empty, "new": empty, "shift": np.nan}, index=up.index)
    total = pd.concat(parts, axis=1).T.groupby(level=0, sort=True).sum().T
    same = pd.DataFrame({c: _same(before[c], after[c]) for c in total.columns}, index=total.index)
    signed = total.where(~same, 0.0).to_numpy() * np.where(up.to_numpy(dtype=bool), 1.0, -1.0)[:, None]
    best = np.argmax(signed, axis=1)
    found = signed[np.arange(len(up)), best] > _LEAST
    names = [str(total.columns[i]) for i in best]
    picked = list(zip(up.index, names, found, strict=True))
    return pd.DataFrame(
        {
            "feature": [name if ok else None for _, name, ok in picked],
            "old": [before.loc[i, name] if ok else None for i, name, ok in picked],
            "new": [after.loc[i, name] if ok else None for i, name, ok in picked],
            "shift": np.where(found, total.to_numpy()[np.arange(len(up)), best], np.nan),
        },
        index=up.index,
    )


def _same(one: pd.Series, other: pd.Series) -> np.ndarray:
    a, b = one.to_numpy(dtype=object), other.to_numpy(dtype=object)
    both = pd.isna(a) & pd.isna(b)
    equal = np.array(
        [x is y or (not u and bool(x == y)) for x, y, u in zip(a, b, pd.isna(a) | pd.isna(b), strict=True)]
    )
    return np.asarray(both | equal, dtype=bool)
