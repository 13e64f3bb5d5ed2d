"""How often the intervals of the lift hold the truth, and how often looking every month claims what is not there.

Run `python -m tests.benchmarks.coverage`. Deals are clustered in accounts of their own rate (a normal effect in
log-odds); everything goes through the code that `tier_lift` and `monthly_looks` use.
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from tierkit.inputs.sample import simulate_company
from tierkit.proof.arms import Arm
from tierkit.proof.intervals import design_effect, newcombe_difference
from tierkit.proof.lift import contrasts, tier_lift
from tierkit.proof.looks import monthly_looks
from tierkit.proof.outcomes import account_outcomes

TOP, BASE = 0.30, 0.18
LIMITS = (0.93, 0.97)


class Setting(NamedTuple):
    """Accounts in Tier 1 and Tier 3, mean deals an account, sd of the account effect."""

    top: int
    base: int
    deals: float
    sd: float


SETTINGS = (
    Setting(30, 300, 2.5, 1.0),
    Setting(60, 600, 2.5, 1.0),
    Setting(30, 300, 1.5, 0.5),
    Setting(60, 600, 4.0, 1.5),
)


def intercept(rate: float, sd: float) -> float:
    """Log-odds of the typical account whose like have this rate on average."""
    effects = sd * norm.ppf((np.arange(2000) + 0.5) / 2000)
    return float(brentq(lambda a: np.mean(1 / (1 + np.exp(-a - effects))) - rate, -15, 15))


def clustered(
    rng: np.random.Generator, n_accounts: int, deals: float, typical: float, sd: float
) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of the deals of some accounts, at least one each, and whose they are."""
    account = np.repeat(np.arange(n_accounts), 1 + rng.poisson(deals - 1, n_accounts))
    logit = typical + sd * rng.normal(size=n_accounts)[account]
    return (rng.random(len(account)) < 1 / (1 + np.exp(-logit))).astype("float64"), account


def arm_of(won: np.ndarray, account: np.ndarray) -> Arm:
    """The arm that `tier_lift` would make of these deals, without a frame."""
    n_won, n = int(won.sum()), len(won)
    return Arm(n, len(np.unique(account)), 0, n_won, len(np.unique(account[won == 1])), 0, design_effect(won, account))


def lift_coverage(setting: Setting, *, reps: int, seed: int = 11) -> dict[str, float]:
    """Share of replications whose interval holds the truth: Newcombe and Koopman, and Newcombe on plain counts."""
    rng = np.random.default_rng(seed)
    typical = [intercept(rate, setting.sd) for rate in (TOP, BASE)]
    held = dict.fromkeys(("difference", "ratio", "plain"), 0)
    width = 0.0
    for _ in range(reps):
        a, b = (
            arm_of(*clustered(rng, n, setting.deals, at, setting.sd))
            for n, at in zip((setting.top, setting.base), typical, strict=True)
        )
        for (measure, _, low, high), truth in zip(contrasts(a, b, 0.95), (TOP - BASE, TOP / BASE), strict=True):
            held[measure] += low <= truth <= high
            width += (high - low) / reps if measure == "difference" else 0.0
        low, high = newcombe_difference(a.n_won, a.n, b.n_won, b.n)
        held["plain"] += low <= TOP - BASE <= high
    return {name: n / reps for name, n in held.items()} | {"width": width}


def random_tiers_cover_zero(*, seeds: int, n_accounts: int = 1000, first: int = 1) -> dict[str, float]:
    """Share of simulated companies, worked without tiers, in which random tiers show no lift: of deals, of accounts."""
    held = dict.fromkeys(("deal", "account"), 0)
    for seed in range(first, first + seeds):
        lift = tier_lift(random_replay(seed, n_accounts))
        rows = lift[(lift["measure"] == "difference") & (lift["tier"] == "1 vs 3")].set_index("unit")
        for unit in held:
            held[unit] += bool(rows.loc[unit, "low"] <= 0 <= rows.loc[unit, "high"])
    return {unit: n / seeds for unit, n in held.items()}


def random_replay(seed: int, n_accounts: int, *, horizon_days: int = 180, months: int = 12) -> pd.DataFrame:
    """A year of deals and account-months of a company without an effect of tiering, tiers of 10/20/70 % by lot."""
    deals = simulate_company(seed=seed, n_accounts=n_accounts, tiering_effect=0.0).frames["deals"]
    deals = deals[deals["deal_type"] == "new"]
    dates = {c: pd.to_datetime(deals[c]) for c in ("opened_at", "closed_at")}
    deals = deals.assign(**dates).dropna(subset="opened_at")
    ends = [pd.Timestamp(end) for end in pd.date_range("2025-03-31", periods=months, freq="ME")]
    rng = np.random.default_rng(seed)
    ids = pd.Series(sorted(deals["account_id"].unique()))
    tier = pd.Series(rng.choice([1.0, 2.0, 3.0], len(ids), p=[0.1, 0.2, 0.7]), ids)
    opened = deals[(deals["opened_at"] > ends[0]) & (deals["opened_at"] <= ends[-1])]
    days = (opened["closed_at"] - opened["opened_at"]).dt.days
    rows = opened.assign(
        unit="deal", row_id=opened["deal_id"], as_of=opened["opened_at"],
        won_in_horizon=((opened["outcome"] == "won") & (days <= horizon_days)).astype("float64"),
    )  # fmt: skip
    parts = [rows[["unit", "row_id", "account_id", "as_of", "won_in_horizon"]]]
    for end in ends:
        # The accounts that could win new business: those that had not.
        customers = deals.loc[(deals["outcome"] == "won") & (deals["closed_at"] <= end), "account_id"]
        open_to = ids[~ids.isin(customers)]
        how = {"as_of": end, "horizon_days": horizon_days, "through": pd.Timestamp("2026-10-31")}
        month = account_outcomes(deals, open_to, **how)[["account_id", "won_in_horizon"]]
        parts.append(month.assign(unit="account", row_id=month["account_id"], as_of=end))
    replay = pd.concat(parts, ignore_index=True)
    return replay.assign(kind="backtest", horizon_days=float(horizon_days), tier=replay["account_id"].map(tier))


def looks_without_effect(
    *, reps: int, looks: int = 24, rate: float = 0.25, sd: float = 1.0, lift: float = 0.0, seed: int = 3
) -> dict[str, float]:
    """Share of replications in which 24 monthly looks ever exclude zero: the sequence, and ordinary intervals.

    Ten Tier 1 and sixty Tier 3 deals a month, of 60 and 360 accounts that come again.
    """
    rng = np.random.default_rng(seed)
    ever = {"sequence": 0, "ordinary": 0}
    typical = intercept(rate, sd), intercept(rate + lift, sd)
    for _ in range(reps):
        table = monthly_looks(_month_by_month(rng, looks, typical, sd))
        table = table[table["tier"] == "1 vs 3"]
        ever["sequence"] += bool(table["excludes_zero"].any())
        ready = table["low"].notna()
        ever["ordinary"] += bool((table["difference"].abs() > 1.96 * table["se"])[ready].any())
    return {name: n / reps for name, n in ever.items()}


def _month_by_month(rng: np.random.Generator, looks: int, typical: tuple[float, float], sd: float) -> pd.DataFrame:
    n = {1: (60, 10), 3: (360, 60)}
    parts = []
    for tier, at in ((1, typical[1]), (3, typical[0])):
        accounts, monthly = n[tier]
        account = rng.integers(0, accounts, looks * monthly)
        logit = at + sd * rng.normal(size=accounts)[account]
        won = (rng.random(len(account)) < 1 / (1 + np.exp(-logit))).astype("float64")
        parts.append((np.full(len(won), float(tier)), account + 1000 * tier, np.repeat(np.arange(looks), monthly), won))
    tier_, account, month, won = (np.concatenate(x) for x in zip(*parts, strict=True))
    ends = pd.date_range("2024-01-31", periods=looks, freq="ME")
    frame = {"tier": tier_, "account_id": account, "as_of": ends[month], "won_in_horizon": won}
    return pd.DataFrame(frame).assign(kind="observed", unit="deal", horizon_days=0.0, row_id=np.arange(len(won)))


def main() -> None:
    """Print every figure beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=200)
    args = parser.parse_args()
    print(f"lift of clustered deals, .30 against .18, {args.reps:,} replications (limits {LIMITS[0]} to {LIMITS[1]})")
    for setting in SETTINGS:
        began = time.perf_counter()
        row = lift_coverage(setting, reps=args.reps)
        print(
            f"  {setting.top}/{setting.base} accounts, {setting.deals} deals, sd {setting.sd}: Newcombe "
            f"{row['difference']:.3f} (width {row['width']:.3f}), Koopman {row['ratio']:.3f}; plain counts "
            f"{row['plain']:.3f}  [{time.perf_counter() - began:.0f} s]",
            flush=True,
        )
    for lift, what in ((0.0, "no effect (limit 0.05)"), (0.15, "0.40 against 0.25")):
        began = time.perf_counter()
        row = looks_without_effect(reps=args.reps if lift == 0 else 500, lift=lift)
        print(
            f"24 monthly looks, {what}: ever exclude zero {row['sequence']:.3f}; ordinary intervals "
            f"{row['ordinary']:.3f}  [{time.perf_counter() - began:.0f} s]",
            flush=True,
        )
    began = time.perf_counter()
    row = random_tiers_cover_zero(seeds=args.seeds)
    print(
        f"random tiers, no effect, {args.seeds} companies: the interval covers zero for deals in {row['deal']:.3f}, "
        f"for account-months in {row['account']:.3f} (limit 0.93)  [{time.perf_counter() - began:.0f} s]"
    )


if __name__ == "__main__":
    main()
