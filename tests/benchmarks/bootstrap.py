"""The bootstrap of accounts beside a pandas loop that joins each resample, on 100,000 deals.

Run `python -m tests.benchmarks.bootstrap`. The loop runs a few turns, and its seconds are scaled.
"""

import argparse
import statistics
import time

import numpy as np
import pandas as pd

from tierkit.proof.resampling import bootstrap_lift

LIMIT = 100
RATES = {1: 0.30, 2: 0.24, 3: 0.18}


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


def pandas_resample(deals: pd.DataFrame, rng: np.random.Generator) -> tuple[float, float]:
    """Difference and ratio of one resample as one would write it: draw accounts in each tier, join, take means."""
    drawn = [
        pd.DataFrame({"tier": tier, "account_id": rng.choice(ids, len(ids))})
        for tier, ids in deals.groupby("tier")["account_id"].unique().items()
    ]
    rate = pd.concat(drawn).merge(deals, on=["tier", "account_id"]).groupby("tier")["won_in_horizon"].mean()
    return rate[1.0] - rate[3.0], rate[1.0] / rate[3.0]


def compare(*, turns: int = 60, resamples: int = 2_000) -> dict[str, float]:
    """Seconds of both ways for `resamples`, and the ends of both intervals."""
    deals = many_deals()
    seconds = []
    for seed in range(3):
        began = time.perf_counter()
        table = bootstrap_lift(deals, seed=seed, resamples=resamples)
        seconds.append(time.perf_counter() - began)
    rng = np.random.default_rng(5)
    began = time.perf_counter()
    loop = np.array([pandas_resample(deals, rng) for _ in range(turns)])
    theirs = (time.perf_counter() - began) / turns * resamples
    ours = statistics.median(seconds)
    out = {"ours": ours, "theirs": theirs, "times": theirs / ours}
    for i, measure in enumerate(("difference", "ratio")):
        row = table[(table["tier"] == "1 vs 3") & (table["measure"] == measure)].iloc[0]
        out |= {f"{measure}_low": row["low"], f"{measure}_high": row["high"]}
        # Of few turns, the spread is better known than the ends.
        out |= {f"{measure}_half_ours": (row["high"] - row["low"]) / 2, f"{measure}_half_loop": 1.96 * loop[:, i].std()}
    return out


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=60)
    row = compare(turns=parser.parse_args().turns)
    print(
        f"bootstrap of 100,000 deals, 2,000 resamples: {row['ours']:.3f} s; pandas loop {row['theirs']:.0f} s: "
        f"{row['times']:,.0f} times (limit {LIMIT})"
    )
    for measure in ("difference", "ratio"):
        print(
            f"  {measure}: {row[f'{measure}_low']:.4f} to {row[f'{measure}_high']:.4f}, half-width "
            f"{row[f'{measure}_half_ours']:.4f}; of the loop {row[f'{measure}_half_loop']:.4f}"
        )


if __name__ == "__main__":
    main()
