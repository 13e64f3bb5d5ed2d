"""Intervals of value capture: a bootstrap that draws winners only, beside loops over all accounts.

Run `python -m tests.benchmarks --only proof`. Both are given the same columns by account and month: all won ACV, and
what each of four rankings holds of it.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from tests.benchmarks.bootstrap import beside_loops, ends
from tests.benchmarks.ratios import Row
from tierkit.proof.resampling import resample_accounts, sums_by_account

HELD = {"by_value": 0.1, "by_value_wide": 0.3, "by_size": 0.1, "in_hindsight": 0.01}
"""Rankings, and the share of accounts that each has places for."""


def rows(*, n_accounts: int = 20_000, months: int = 12, resamples: int = 2_000, turns: int = 3) -> Iterator[Row]:
    """Ours against a pandas loop and against `scipy.stats.bootstrap`."""
    held = account_months(n_accounts, months)
    n_won = held.loc[held["won_acv"] > 0, "account_id"].nunique()
    size = f"{n_accounts:,} accounts ({n_won:,} won) x {months} months, {resamples:,} resamples, {len(HELD)} shares"
    yield from beside_loops(
        ("Value capture intervals", size), held, (with_counts, with_pandas, with_scipy), resamples, turns
    )


def account_months(n: int, months: int, *, seed: int = 1) -> pd.DataFrame:
    """One row per account and month: account_id, won_acv (one in fifty wins), and what each ranking holds."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"a{k:06}" for k in range(n)], dtype=object)
    worth = rng.lognormal(8, 1.2, n)
    parts = []
    for _ in range(months):
        value = worth * rng.lognormal(0, 0.5, n)
        won = rng.random(n) < np.minimum(0.02 * value / value.mean(), 0.9)
        acv = np.where(won, np.round(rng.lognormal(10, 0.9, n)), 0.0)
        part = {"account_id": ids, "won_acv": acv}
        by_size = worth * rng.lognormal(0, 1, n)
        for (name, share), by in zip(HELD.items(), (value, value, by_size, acv), strict=True):
            part[name] = acv * (by >= np.sort(by)[-round(share * n)])
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def with_counts(held: pd.DataFrame, resamples: int, *, seed: int = 1) -> np.ndarray:
    """Ends of the interval of each share of all won ACV, shape (2, rankings), drawn as `value_capture` does."""
    sums = sums_by_account(held, {name: held[name].to_numpy() for name in ("won_acv", *HELD)})
    drawn = resample_accounts(sums, rng=np.random.default_rng(seed), resamples=resamples).drawn
    return ends(drawn[:, 1:] / drawn[:, :1])


def with_pandas(held: pd.DataFrame, resamples: int, *, seed: int = 5) -> np.ndarray:
    """Draws of the same, (resamples, rankings), as one writes it: sums by account, then as many accounts drawn anew."""
    sums, rng = held.groupby("account_id")[["won_acv", *HELD]].sum(), np.random.default_rng(seed)
    drawn = [sums.sample(frac=1, replace=True, random_state=rng).sum().to_numpy() for _ in range(resamples)]
    whole = np.array(drawn)
    return whole[:, 1:] / whole[:, :1]


def with_scipy(held: pd.DataFrame, resamples: int, *, seed: int = 5) -> np.ndarray:
    """The same by `scipy.stats.bootstrap` of the numbers of accounts, vectorised."""
    sums = held.groupby("account_id")[["won_acv", *HELD]].sum().to_numpy().T

    def shares(at: np.ndarray, axis: int) -> np.ndarray:
        whole = np.stack([column[at].sum(axis=axis) for column in sums])
        return whole[1:] / whole[0]

    found = stats.bootstrap(
        (np.arange(sums.shape[1]),),
        shares,
        n_resamples=resamples,
        batch=50,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return np.asarray(found.bootstrap_distribution.T)
