"""Intervals of the lift between tiers: a bootstrap of accounts by counts, beside loops over resamples.

Run `python -m tests.benchmarks --only proof`. Peers sum by account once, then draw the accounts of each tier anew.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from tests.benchmarks.ratios import Ratio, Row, take_turns
from tierkit.proof.resampling import bootstrap_lift

RATES = {1: 0.30, 2: 0.24, 3: 0.18}
FIGURES = (("1 vs 3", "difference"), ("1 vs 3", "ratio"), ("1+2 vs 3", "difference"), ("1+2 vs 3", "ratio"))
ERRORS = 4
"""Monte Carlo errors by which the ends of two bootstraps may differ, said before they are drawn."""


def rows(*, n_deals: int = 20_000, resamples: int = 2_000, turns: int = 3) -> Iterator[Row]:
    """Ours against a pandas loop and against `scipy.stats.bootstrap`."""
    size = f"{n_deals:,} deals, {resamples:,} resamples, four contrasts"
    yield from beside_loops(
        ("Lift intervals", size), many_deals(n_deals), (_ours, with_pandas, with_scipy), resamples, turns
    )


def beside_loops(
    work: tuple[str, str],
    frame: pd.DataFrame,
    ways: tuple[Callable[[pd.DataFrame, int], np.ndarray], ...],
    resamples: int,
    turns: int,
) -> Iterator[Ratio]:
    """Ours, which gives the ends of intervals, against a pandas loop and scipy, which give draws.

    Parameters
    ----------
    work : what is done, and its size. ways : ours, with pandas and with scipy, of a frame and a number of resamples.
    """
    ours, *others = (partial(way, frame, resamples) for way in ways)
    compared = f"all eight ends within {ERRORS} Monte Carlo errors"
    peers = (("DataFrame.sample in a loop", "pandas", 20.0), ("stats.bootstrap", "scipy", None))
    for (peer, library, least), theirs in zip(peers, others, strict=True):
        took = take_turns(ours, theirs, turns=turns)
        agrees = ends_agree(took.our_answer, ends(took.their_answer), took.their_answer, resamples)
        yield Ratio(*work, peer, library, took.ours, took.theirs, agrees, compared, least)


def many_deals(n_deals: int = 100_000, *, seed: int = 1) -> pd.DataFrame:
    """A replay of deals, two and a half an account, that stand or fall together (account sd 1 in log-odds)."""
    rng = np.random.default_rng(seed)
    n_accounts = int(n_deals / 2.5)
    account = rng.integers(0, n_accounts, n_deals)
    tier = rng.choice([1, 2, 3], n_accounts, p=[0.1, 0.2, 0.7])[account]
    base = np.vectorize(RATES.get)(tier)
    logit = np.log(base / (1 - base)) + rng.normal(0, 1, n_accounts)[account]
    return pd.DataFrame(
        {
            "kind": "backtest",
            "unit": "deal",
            "row_id": [f"d{i:06}" for i in range(n_deals)],
            "account_id": np.char.add("a", account.astype("str")),
            "tier": tier.astype("float64"),
            "won_in_horizon": (rng.random(n_deals) < 1 / (1 + np.exp(-logit))).astype("float64"),
        }
    )


def ends(drawn: np.ndarray) -> np.ndarray:
    """Ends of the 95 % percentile interval of each column, shape (2, columns)."""
    return np.percentile(drawn, [2.5, 97.5], axis=0)


def ends_agree(ours: np.ndarray, theirs: np.ndarray, drawn: np.ndarray, resamples: int) -> bool:
    """Whether the ends of two bootstraps, shape (2, columns), differ by no more than chance in drawing explains.

    Of B draws the 2.5 % point is known to sqrt(0.025 x 0.975 / B) / density; the spread of `drawn` gives the density of
    the normal, and both sides were drawn.
    """
    error = drawn.std(axis=0) * np.sqrt(2 * 0.025 * 0.975 / resamples) / stats.norm.pdf(1.96)
    return bool((np.abs(ours - theirs) <= ERRORS * error).all())


def held_by_account(deals: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Deals won and deals of each account, by arm."""
    arms = {"1": deals["tier"] == 1, "1+2": deals["tier"] <= 2, "3": deals["tier"] == 3}
    return {
        name: deals[inside].groupby("account_id")["won_in_horizon"].agg(["sum", "size"])
        for name, inside in arms.items()
    }


def with_pandas(deals: pd.DataFrame, resamples: int, *, seed: int = 5) -> np.ndarray:
    """Draws of `FIGURES` as one writes it: of each arm as many accounts again, and the rate of their sums."""
    held, rng = held_by_account(deals), np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        rate = {}
        for name, accounts in held.items():
            won, n = accounts.sample(frac=1, replace=True, random_state=rng).sum()
            rate[name] = won / n
        drawn.append([f(rate[top], rate["3"]) for top in ("1", "1+2") for f in (np.subtract, np.divide)])
    return np.array(drawn)


def with_scipy(deals: pd.DataFrame, resamples: int, *, seed: int = 5) -> np.ndarray:
    """The same by `scipy.stats.bootstrap` of the numbers of accounts, vectorised."""
    held, rng = held_by_account(deals), np.random.default_rng(seed)
    base = held["3"].to_numpy(np.float64)
    columns = []
    for top in ("1", "1+2"):
        best = held[top].to_numpy(np.float64)

        def contrast(a: np.ndarray, b: np.ndarray, axis: int, best: np.ndarray = best) -> np.ndarray:
            p = best[:, 0][a].sum(axis=axis) / best[:, 1][a].sum(axis=axis)
            q = base[:, 0][b].sum(axis=axis) / base[:, 1][b].sum(axis=axis)
            return np.stack([p - q, p / q])

        found = stats.bootstrap(
            (np.arange(len(best)), np.arange(len(base))),
            contrast,
            n_resamples=resamples,
            batch=50,
            vectorized=True,
            method="percentile",
            rng=rng,
        )
        columns.append(found.bootstrap_distribution.T)
    return np.hstack(columns)


def _ours(deals: pd.DataFrame, resamples: int) -> np.ndarray:
    table = bootstrap_lift(deals, seed=1, resamples=resamples).set_index(["tier", "measure"])
    return table.loc[list(FIGURES), ["low", "high"]].to_numpy().T
