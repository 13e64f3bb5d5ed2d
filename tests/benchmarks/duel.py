"""Whether `tierkit audit-tiers` tells a good, a random and a leaking score apart on 100,000 deals, and how soon.

Run `python -m tests.benchmarks.duel`.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.proof.duel import audit_tiers

LIMIT_SECONDS = 60
EXPECTED = {"good": "real", "random": "chance", "leaking": "too_good"}


def export_of_deals(n_deals: int, *, seed: int) -> pd.DataFrame:
    """Deals of accounts that differ in fit and size, with tiers and scores that know the fit, nothing, or the end.

    Columns of the contract, plus employees, Tier (text, by fit), good, random and leaking (scores).
    """
    rng = np.random.default_rng(seed)
    n_accounts = max(n_deals // 3, 10)
    fit, size = rng.normal(size=n_accounts), np.exp(rng.normal(5, 1, size=n_accounts))
    account = rng.integers(0, n_accounts, size=n_deals)
    opened = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1300, size=n_deals), unit="D")
    logit = -1.6 + 0.7 * fit + 0.15 * (np.log(size) - 5) + 0.5 * rng.normal(size=n_accounts)
    won = rng.random(n_deals) < 1 / (1 + np.exp(-logit[account]))
    closed = opened + pd.to_timedelta(5 + rng.gamma(2, 40, size=n_deals).astype(int), unit="D")
    through = pd.Timestamp("2026-10-31")
    known = fit + 0.9 * rng.normal(size=n_accounts)
    cuts = np.quantile(known, [0.7, 0.9])
    names = np.array(["Tier 3 - Programme", "Tier 2 - Priority", "Tier 1 - Strategic"])
    return pd.DataFrame(
        {
            "deal_id": [f"D{i:06d}" for i in range(n_deals)],
            "account_id": [f"A{i:06d}" for i in account],
            "opened_at": opened,
            "closed_at": pd.Series(closed).where(closed <= through),
            "outcome": np.where(closed > through, "open", np.where(won, "won", "lost")),
            "deal_type": "new",
            "employees": np.round(size)[account],
            "Tier": names[np.searchsorted(cuts, known)][account],
            "good": np.round((fit + 0.5 * rng.normal(size=n_accounts))[account], 4),
            "random": np.round(rng.random(n_deals), 4),
            "leaking": np.round(won + 0.25 * rng.normal(size=n_deals), 4),
        }
    )


def main() -> None:
    """Print the verdict and the seconds of each score, in process and through the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    for seed in range(1, args.seeds + 1):
        deals = export_of_deals(args.deals, seed=seed)
        for score, expected in EXPECTED.items():
            began = time.perf_counter()
            judged = audit_tiers(deals, tier="Tier", score=score).judgements[1]
            took = time.perf_counter() - began
            right = "as it should be" if judged.verdict == expected else f"SHOULD BE {expected}"
            print(
                f"seed {seed} {score:<8} {judged.verdict:<9} AUC {judged.auc:.3f}  {took:5.1f} s  {right}", flush=True
            )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deals.csv"
        deals.to_csv(file, index=False)
        for score in EXPECTED:
            start = [sys.executable, "-c", "from tierkit.cli import app; app()"]
            command = [*start, "audit-tiers", str(file), "--tier", "Tier"]
            began = time.perf_counter()
            subprocess.run([*command, "--score", score, "--out", f"{folder}/page.html"], check=True)
            took = time.perf_counter() - began
            print(f"{score:<8} {args.deals:,} deals, page included: {took:.1f} s (limit {LIMIT_SECONDS} s)", flush=True)


if __name__ == "__main__":
    main()
