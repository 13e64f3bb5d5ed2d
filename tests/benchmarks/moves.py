"""Pairs of months that differ in one known ingredient: does the explanation name that one alone; do mixtures add up.

Run `python -m tests.benchmarks.moves --seeds 5`: ten single-cause pairs and four mixed ones a company.
"""

import argparse
import time

import numpy as np
import pandas as pd

from tests.tiering.pairs import CAUSES, Company
from tierkit.tiering.assign import plan_on
from tierkit.tiering.steps import STEPS, VALUED

SINGLE = (*CAUSES, "corrections", "features", "model", "windows")
"""The causes of a company's ten pairs."""


def measure(seed: int, *, n_single: int = len(SINGLE), n_mixed: int = 4) -> pd.DataFrame:
    """One row per pair: causes, n_moved, n_named (by a cause that changed), n_others (parts of another), errors."""
    company = Company(seed)
    rng = np.random.default_rng([seed, 5])
    chosen = [(cause,) for cause in SINGLE[:n_single]]
    for _ in range(n_mixed):
        some = rng.permutation(len(CAUSES))[: int(rng.integers(2, len(CAUSES) + 1))]
        # A correction stands in the rows that new facts then change.
        chosen.append(tuple(CAUSES[i] for i in sorted(some)))
    rows = []
    for number, causes in enumerate(chosen):
        pair = company.pair(causes, seed=100 * seed + number)
        began = time.process_time()
        walk, told = pair.explained()
        seconds = time.process_time() - began
        others = [step for step in STEPS if step not in causes]
        moved = told.moves
        tier_parts = told.tiers[list(STEPS)].to_numpy() - told.tiers[["start", *STEPS][:-1]].to_numpy()
        tier_parts = pd.DataFrame(tier_parts, columns=list(STEPS))
        values = told.values
        parts = values[[f"value_{step}" for step in VALUED]]
        unlike = [f"value_{step}" for step in VALUED if step not in causes]
        total = parts.sum(axis=1) - (values["value_after"].fillna(0) - values["value_before"].fillna(0))
        net = told.tiers["gates"] - told.tiers["start"]
        straight = plan_on(pair.now.gated, pair.tables, pair.now.policy, pair.now.ground, previous=pair.previous).tiers
        rows.append(
            {
                "causes": " + ".join(causes),
                "single": len(causes) == 1,
                "n_moved": len(moved),
                "n_named": int(moved["cause"].isin(causes).sum()),
                "n_others": int((tier_parts[others] != 0).any(axis=1).sum()),
                "value_others": float(parts[unlike].abs().max().max()) if unlike else 0.0,
                "tier_error": int((tier_parts.sum(axis=1).to_numpy() != net.to_numpy()).sum())
                + int((_by_id(straight) != _by_id(walk.tiers["gates"])).sum())
                + int((_by_id(pair.previous) != _by_id(walk.tiers["start"])).sum()),
                "value_error": float(total.abs().max()),
                "seconds": seconds,
            }
        )
    return pd.DataFrame(rows)


def _by_id(tiers: pd.DataFrame) -> pd.Series:
    return tiers.set_index("account_id")["tier"].astype("int64").sort_index()


def main() -> None:
    """Print the figures of every kind of pair against their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    found = pd.concat([measure(seed) for seed in range(1, parser.parse_args().seeds + 1)], ignore_index=True)
    single, mixed = found[found["single"]], found[~found["single"]]
    by = single.groupby("causes").agg(
        pairs=("n_moved", "size"), moved=("n_moved", "sum"), named=("n_named", "sum"), others=("n_others", "sum")
    )
    print(by.to_string())
    wrong = int((single["n_moved"] - single["n_named"]).sum())
    print(
        f"{len(single)} pairs of one cause, {int(single['n_moved'].sum())} moves: {wrong} named another cause, "
        f"{int(single['n_others'].sum())} accounts with a part of another (limits 0 and 0); "
        f"value parts of another at most {single['value_others'].max():.2g} (limit 0.01)"
    )
    print(
        f"{len(mixed)} pairs of two to six causes, {int(mixed['n_moved'].sum())} moves: "
        f"{int(found['tier_error'].sum())} tiers that do not add up (limit 0), "
        f"values off by at most {found['value_error'].max():.2g} (limit 0.01)"
    )
    print(
        f"pairs without a move: {int((found['n_moved'] == 0).sum())}; {found['seconds'].median():.2f} s of CPU a pair"
    )


if __name__ == "__main__":
    main()
