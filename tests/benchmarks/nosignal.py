"""How often outcomes that mean nothing pass for a signal, and how often a weak signal is seen.

Run `python -m tests.benchmarks.nosignal --shuffles 30`. Labels of simulated companies are shuffled, all of them or a
share, and the win model is fitted and judged anew; dates, accounts and features stay.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.models.propensity import fit_propensity

AS_OF = "2026-10-31"
COMPANIES = ((3, 1000), (4, 1000), (5, 2000), (6, 600))
"""Seed and accounts: small enough that chance has its say."""
MOST_FALSE = 0.05
"""Share of companies without signal that may pass for one with."""
WEAK = (0.25, 0.5)
"""Shares of labels shuffled: what is left of the signal is weaker by as much."""


def shuffle_outcomes(sample: Sample, *, seed: int) -> Sample:
    """The company with the outcomes (and amounts) of its ended deals dealt anew; days and accounts stay."""
    deals = sample.frames["deals"].copy()
    at = np.flatnonzero(deals["outcome"].isin(["won", "lost"]))
    dealt = np.random.default_rng(seed).permutation(at)
    for name in ("outcome", "acv"):
        column = deals.columns.get_loc(name)
        deals.iloc[at, column] = deals.iloc[dealt, column].to_numpy()
    return replace(sample, frames={**sample.frames, "deals": deals})


def judge(rows: pd.DataFrame, verdicts: pd.DataFrame) -> dict[str, float]:
    """Whether the win model passes: by its log-loss and AUC (the rule), or by its AUC interval alone."""
    win = fit_propensity(rows, verdicts, seed=1)
    chosen = win.comparison[win.comparison["chosen"]].iloc[0]
    return {"skill": float(win.skill), "auc_alone": float(chosen["auc_low"] > 0.5), "auc": float(chosen["auc"])}


def measure(seed: int, n_accounts: int, *, shuffles: int) -> pd.DataFrame:
    """One row per fit: company, share of labels shuffled, and the judgements."""
    tables = open_tables(simulate_company(seed=seed, n_accounts=n_accounts).frames)
    rows = build_deal_rows(tables, before=AS_OF, horizon_days=180)
    today = build_account_rows(tables, as_of=AS_OF)
    verdicts = screen_features(rows, scoring=today, known_at_close=tables.known_at_close)
    rows = rows[rows["won_in_horizon"].notna()].reset_index(drop=True)
    labels = rows["won_in_horizon"].to_numpy(np.float64)
    out = []
    for share in (0.0, *WEAK, 1.0):
        for k in range(1 if share == 0 else shuffles if share == 1 else -(-shuffles // 3)):
            rng = np.random.default_rng([seed, k, round(100 * share)])
            at = np.flatnonzero(rng.random(len(labels)) < share)
            dealt = labels.copy()
            dealt[at] = rng.permutation(dealt[at])
            judged = judge(rows.assign(won_in_horizon=dealt), verdicts)
            out.append({"company": f"{seed} ({n_accounts})", "shuffled": share, **judged})
    return pd.DataFrame(out)


def main() -> None:
    """Print the share that passes, by company and over all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shuffles", type=int, default=30, help="full shuffles of each company")
    args = parser.parse_args()
    began = time.process_time()
    table = pd.concat([measure(seed, n, shuffles=args.shuffles) for seed, n in COMPANIES], ignore_index=True)
    by = (
        table.groupby(["company", "shuffled"])[["skill", "auc_alone", "auc"]]
        .mean()
        .assign(n=table.groupby(["company", "shuffled"]).size())
    )
    print(by.round(3).to_string())
    null = table[table["shuffled"] == 1]
    print(f"passes without any signal: {null['skill'].mean():.3f} of {len(null)} (limit {MOST_FALSE})")
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
