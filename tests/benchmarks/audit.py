"""How often the self-audit stops healthy runs: at most 1 in 200 may be.

Run `python -m tests.benchmarks.audit --seeds 200`. Each seed is another company with signal in it and nothing wrong.
"""

import argparse

import pandas as pd

from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.models.propensity import fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.proof.audit import audit_run
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")
POLICY = Policy(shares=(0.1, 0.2), stability="low")
FEATURES = FeatureSettings(horizon_days=150)
LIMIT = 1 / 200


def audit_healthy(seed: int, *, n_accounts: int = 1000) -> pd.DataFrame:
    """The audit of one company's run."""
    tables = open_tables(simulate_company(seed=seed, n_accounts=n_accounts, n_reps=3).frames)
    rows = build_deal_rows(tables, before=AS_OF, settings=FEATURES)
    today = build_account_rows(tables, as_of=AS_OF)
    verdicts = screen_features(rows, scoring=today, known_at_close=tables.known_at_close)
    win = fit_propensity(rows, verdicts, seed=seed)
    gated = gate_accounts(score_accounts(today, None, win, None), tables, POLICY, as_of=AS_OF)
    tiers = assign_tiers(gated, tables, POLICY, as_of=AS_OF)
    audit = audit_run(rows, verdicts, win, gated, tiers, tables, POLICY, as_of=AS_OF, seed=seed)
    return audit.assign(seed=seed, skill=win.skill)


def main() -> None:
    """Print each check's failures over all seeds, and whether the limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=2001)
    parser.add_argument("--accounts", type=int, default=1000)
    args = parser.parse_args()
    audits = []
    for seed in range(args.first, args.first + args.seeds):
        audits.append(audit_healthy(seed, n_accounts=args.accounts))
        failed = audits[-1].loc[~audits[-1]["passed"], ["severity", "sentence"]]
        if len(failed):
            print(seed, *(f"{row.severity}: {row.sentence}" for row in failed.itertuples()), flush=True)
    audit = pd.concat(audits)
    by_check = audit.groupby(["severity", "check"])["passed"].agg(
        runs="size", failed=lambda passed: int((~passed).sum())
    )
    print(by_check.to_string())
    stopped = audit.loc[~audit["passed"] & (audit["severity"] == "stop"), "seed"].nunique()
    verdict = "within" if stopped <= max(1, LIMIT * args.seeds) else "OVER"
    print(f"{stopped} of {args.seeds} healthy runs stopped: {verdict} the limit of 1 in 200")


if __name__ == "__main__":
    main()
