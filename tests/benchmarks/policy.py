"""What the tier policy is worth against the truth of the simulated company, seed by seed.

Run `python -m tests.benchmarks.policy --seeds 20`. Nothing here reads the truth but to measure against it: the true
chance to open and to win, and the true contract value, of every account at every month end.
"""

import argparse
import time

import pandas as pd

from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.inputs.tables import Tables
from tierkit.models.settings import ModelSettings
from tierkit.proof.past import build_past
from tierkit.proof.refits import Refit, fit_as_known
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.changes import tier_stability
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")
FEATURES = FeatureSettings(horizon_days=180)
LEVELS = ("low", "normal", "high")
RIVALS = ("size", "fit")
WEIGHTS = {1: 0.30, 2: 0.12}
"""Uplift by tier: the share of an account's expected value that its treatment is assumed to add."""
REFIT_EVERY = 3


def measure(seed: int, *, n_accounts: int = 4000, months: int = 12) -> dict[str, float]:
    """Moves a month and true value of each level of stability, and of policies of the same size by size or fit alone.

    The hand-set tiers of the company have no effect here, so that what an account is worth does not depend on them.
    """
    began = time.process_time()
    sample = simulate_company(seed=seed, n_accounts=n_accounts, tiering_effect=0.0)
    tables = open_tables(sample.frames)
    panel = sample.truth["panel"].set_index(["as_of", "account_id"])["expected_value"]
    scored = _score_months(tables, months)
    row: dict[str, float] = {"seed": seed}
    for level in LEVELS:
        policy = Policy(stability=level)
        row |= _follow(scored, tables, policy, panel, level)
    for rival in RIVALS:
        by_rival = {day: _ranked_by(gated, rival) for day, gated in scored.items()}
        row |= _follow(by_rival, tables, Policy(), panel, rival)
    oracle = {day: gated.assign(expected_value=_true(gated, panel, day)) for day, gated in scored.items()}
    row |= _follow(oracle, tables, Policy(stability="low"), panel, "truth")
    return row | {"seconds": time.process_time() - began}


def _score_months(tables: Tables, months: int) -> dict[pd.Timestamp, pd.DataFrame]:
    """Every account scored and gated at each month end, by models that knew no more, refitted every third month."""
    origins = [pd.Timestamp(end) for end in pd.date_range(end=AS_OF, periods=months, freq="ME")]
    horizon = int(FEATURES.horizon_days or 180)
    past = build_past(tables, origins=origins, until=origins[-1], horizon_days=horizon, features=FEATURES)
    refit: Refit | None = None
    verdicts = None
    scored = {}
    for k, day in enumerate(origins):
        rows = past.to_score(day, until=day)
        if verdicts is None:
            verdicts = screen_features(
                past.known_deals(day), scoring=rows, known_at_close=tables.known_at_close, settings=FEATURES
            )
        if refit is None or k % REFIT_EVERY == 0:
            refit = fit_as_known(
                tables,
                past,
                before=day,
                verdicts=verdicts,
                features=FEATURES,
                models=ModelSettings(),
                seed=1,
                earlier=refit,
            )
        scores = refit.score(rows, tables, as_of=day)
        scored[day] = gate_accounts(scores, tables, Policy(), as_of=day, undated_policy=False)
    return scored


def _follow(
    scored: dict[pd.Timestamp, pd.DataFrame], tables: Tables, policy: Policy, panel: pd.Series, name: str
) -> dict[str, float]:
    """A policy month after month: means of moves and of the true value of its tiers."""
    previous: pd.DataFrame | None = None
    moves, values = [], []
    for day, gated in scored.items():
        tiers = assign_tiers(gated, tables, policy, as_of=day, previous=previous, undated_policy=False)
        if previous is not None:
            moves.append(float(tier_stability(tiers, previous)["n_moved"].iloc[0]))
        true = _true(tiers, panel, day)
        values.append({t: float(true[tiers["tier"] == t].sum()) for t in (1, 2)})
        previous = tiers
    by_tier = pd.DataFrame(values).mean()
    return {
        f"{name}_moves": sum(moves) / max(len(moves), 1),
        f"{name}_tier1": float(by_tier[1]),
        f"{name}_tiers12": float(by_tier.sum()),
        f"{name}_uplift": float(sum(weight * by_tier[t] for t, weight in WEIGHTS.items())),
    }


def _true(rows: pd.DataFrame, panel: pd.Series, day: pd.Timestamp) -> pd.Series:
    return rows["account_id"].map(panel.loc[day]).fillna(0.0)


def _ranked_by(gated: pd.DataFrame, rival: str) -> pd.DataFrame:
    """Accounts valued by headcount or by fit alone; customers, who have no new business to win, come last."""
    value = gated["employees" if rival == "size" else "fit_score"].astype("float64").fillna(0.0)
    return gated.assign(expected_value=value.where(~gated["is_customer"].astype("bool"), 0.0), off_support=False)


def judge(table: pd.DataFrame) -> dict[str, float]:
    """What the seeds say together: shares of moves and value, and seeds won."""
    said = {
        "normal lowers moves by (share of low)": float(1 - table["normal_moves"].sum() / table["low_moves"].sum()),
        "seeds in which by a quarter or more": float((table["normal_moves"] <= 0.75 * table["low_moves"]).sum()),
        "high lowers moves by (share of low)": float(1 - table["high_moves"].sum() / table["low_moves"].sum()),
    }
    for measure_ in ("tier1", "tiers12", "uplift"):
        for level in ("normal", "high"):
            gain = table[f"{level}_{measure_}"] / table[f"low_{measure_}"] - 1
            said[f"{level} changes true value of {measure_} by"] = float(gain.mean())
        for rival in RIVALS:
            said[f"beats {rival} alone in {measure_}, seeds"] = float(
                (table[f"normal_{measure_}"] > table[f"{rival}_{measure_}"]).sum()
            )
            ratio = table[f"normal_{measure_}"].sum() / table[f"{rival}_{measure_}"].sum()
            said[f"times the value of {rival} alone in {measure_}"] = float(ratio)
        said[f"share of the best possible in {measure_}"] = float(
            table[f"normal_{measure_}"].sum() / table[f"truth_{measure_}"].sum()
        )
    return said


def main() -> None:
    """Print each seed, the means, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=101)
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--months", type=int, default=12)
    args = parser.parse_args()
    rows = []
    for seed in range(args.first, args.first + args.seeds):
        rows.append(measure(seed, n_accounts=args.accounts, months=args.months))
        print({k: round(v, 1) for k, v in rows[-1].items()}, flush=True)
    table = pd.DataFrame(rows).set_index("seed")
    print(table.agg(["mean", "std", "min", "max"]).round(1).T.to_string())
    for name, figure in judge(table).items():
        print(f"{name:<48} {figure:8.3f}")


if __name__ == "__main__":
    main()
