"""How well tierkit finds what the simulated company hides, seed by seed.

Run `python -m tests.benchmarks.recovery --seeds 20`. Nothing here reads the truth but to measure against it.
"""

import argparse
import time

import numpy as np
import pandas as pd

from tierkit.features.asof import build_account_rows, build_deal_rows, build_panel_rows
from tierkit.features.deals import known_deals
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.inputs.tables import Tables
from tierkit.models.acv import fit_acv
from tierkit.models.opening import fit_opening
from tierkit.models.propensity import fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.proof.backtest import backtest_policy
from tierkit.proof.capture import value_capture
from tierkit.proof.lift import tier_lift
from tierkit.proof.outcomes import won_of_opened
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")
ACTED_ON = pd.Timestamp("2025-05-01")
FEATURES = FeatureSettings(horizon_days=180)
RANKING = Policy(shares=(0.1, 0.2))
PUBLISHED = Policy()


def recover(
    seed: int, *, n_accounts: int = 4000, months: int = 12, published: bool = True, models: bool = True
) -> dict[str, float]:
    """Every figure of one seed beside the truth."""
    sample = simulate_company(seed=seed, n_accounts=n_accounts)
    tables = open_tables(sample.frames)
    row: dict[str, float] = {"seed": seed}
    began = time.process_time()
    replay = _replay(tables, RANKING, months)
    row["seconds"] = time.process_time() - began
    row |= {f"rank_{k}": v for k, v in _lift(replay, sample, "1 vs 3").items()}
    row |= _value(replay, sample)
    if published:
        at_size = _replay(tables, PUBLISHED, months)
        row |= {f"published_{k}": v for k, v in _lift(at_size, sample, "1 vs 3").items()}
    return row | _money(tables) | (_models(tables, sample) if models else {})


def _replay(tables: Tables, policy: Policy, months: int) -> pd.DataFrame:
    proof = ProofSettings(tiers_acted_on_since=f"{ACTED_ON:%Y-%m-%d}")
    return backtest_policy(tables, policy, as_of=AS_OF, months=months, seed=1, features=FEATURES, proof=proof)


def _lift(replay: pd.DataFrame, sample: Sample, contrast: str) -> dict[str, float]:
    """Deal-level lift of the replay before tiers were acted on, against the true untreated lift of the same deals."""
    deals = replay[(replay["unit"] == "deal") & (replay["kind"] == "backtest")]
    table = tier_lift(deals)
    ours = table[
        (table["method"] == "tierkit") & (table["measure"] == "difference") & (table["tier"] == contrast)
    ].iloc[0]
    chance = sample.truth["deals"].set_index("deal_id")["won_in_180_prob_untreated"]
    true = deals.assign(chance=deals["row_id"].map(chance)).groupby("tier")["chance"].mean()
    top, base = (float(t) for t in contrast.split(" vs "))
    truth = float(true[top] - true[base])
    return {
        "lift": float(ours["rate"]),
        "true": truth,
        "error": float(ours["rate"]) - truth,
        "covered": float(ours["low"] <= truth <= ours["high"]),
        "n_top": float((deals["tier"] == top).sum()),
    }


def _value(replay: pd.DataFrame, sample: Sample) -> dict[str, float]:
    """Expected value of the last month before tiers against the truth; value captured in the best 30 %."""
    accounts = replay[replay["unit"] == "account"]
    last = accounts["as_of"].max()
    panel = sample.truth["panel"]
    now = accounts[accounts["as_of"] == last].merge(
        panel.loc[panel["as_of"] == last, ["account_id", "expected_value"]], on="account_id", suffixes=("", "_true")
    )
    capture = value_capture(replay, seed=1)
    part = capture.query("kind == 'backtest' and measure == 'share' and tier == '1+2' and not without_largest")
    share = part.set_index("method")["share"]
    return {
        "ev_bias": float(now["expected_value"].sum() / now["expected_value_true"].sum() - 1),
        "ev_rank_cor": float(now["expected_value"].corr(now["expected_value_true"], method="spearman")),
        "capture_ev": float(share["tierkit"]),
        "capture_size": float(share["size_only"]),
    }


def _models(tables: Tables, sample: Sample) -> dict[str, float]:
    """Skill of the win model on all deals; of the ACV model fitted before tiers, on wins after."""
    rows = build_deal_rows(tables, before=AS_OF, settings=FEATURES)
    today = build_account_rows(tables, as_of=AS_OF)
    verdicts = screen_features(rows, scoring=today, known_at_close=tables.known_at_close)
    win = fit_propensity(rows, verdicts, seed=1)
    chosen = win.comparison[win.comparison["chosen"].astype(bool)].iloc[0]
    truth = sample.truth["deals"].set_index("deal_id")
    tested = win.predictions.assign(chance=win.predictions["row_id"].map(truth["win_prob"]))
    early = build_deal_rows(tables, before=ACTED_ON - pd.Timedelta(days=1), settings=FEATURES)
    acv = fit_acv(early, verdicts, seed=1, compare=False)
    later = rows[(rows["opened_at"] >= ACTED_ON) & rows["won_acv"].gt(0)]
    low, high = acv.interval(later)
    true_acv = later["row_id"].map(truth["expected_acv"])
    return {
        "auc": float(chosen["auc"]),
        "auc_oracle": _auc(tested["won_in_horizon"], tested["chance"]),
        "acv_bias": float(acv.predict(later).sum() / true_acv.sum() - 1),
        "acv_covered": float(((later["won_acv"] >= low) & (later["won_acv"] <= high)).mean()),
    }


def _money(tables: Tables) -> dict[str, float]:
    """Expected value of a month end whose outcomes are all known, against the value that was won."""
    then = AS_OF - pd.Timedelta(days=2 * FEATURES.horizon_days) - pd.offsets.MonthEnd(1)
    deals = build_deal_rows(tables, before=then, settings=FEATURES)
    panel = build_panel_rows(tables, before=then, settings=FEATURES, horizon_days=FEATURES.horizon_days)
    today = build_account_rows(tables, as_of=then)
    verdicts = screen_features(deals, scoring=today, known_at_close=tables.known_at_close)
    # In full, as a run fits them: without the comparison there is nothing to calibrate chances on.
    opening = fit_opening(panel, screen_features(panel, scoring=today), seed=1)
    win, acv = fit_propensity(deals, verdicts, seed=1), fit_acv(deals, verdicts, seed=1)
    expected = score_accounts(today, opening, win, acv)
    until = then + pd.Timedelta(days=FEATURES.horizon_days)
    known = known_deals(tables, before=AS_OF)
    known = known[known["is_new_business"] & known["account_id"].isin(today["account_id"])]
    won = won_of_opened(known, after=then, until=until, horizon_days=FEATURES.horizon_days)
    opened = known[(known["opened_at"] > then) & (known["opened_at"] <= until)]
    return {
        "money_bias": float(expected["expected_value"].sum() / won["acv"].sum() - 1),
        "opened_bias": float(expected["open_prob"].sum() / len(opened) - 1),
        "won_bias": float((expected["open_prob"] * expected["win_prob"]).sum() / len(won) - 1),
    }


def _auc(won: pd.Series, score: pd.Series) -> float:
    ranks = score.rank().to_numpy()
    y = won.to_numpy() == 1
    return float((ranks[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (~y).sum()))


def main() -> None:
    """Print the table, its means, and how many seeds pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=101)
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--only-ranking", action="store_true", help="leave out published sizes and the models' figures")
    args = parser.parse_args()
    rows = []
    for seed in range(args.first, args.first + args.seeds):
        full = not args.only_ranking
        rows.append(recover(seed, n_accounts=args.accounts, published=full, models=full))
        print({k: round(v, 3) for k, v in rows[-1].items()}, flush=True)
    table = pd.DataFrame(rows).set_index("seed")
    print(table.round(3).to_string())
    print(table.agg(["mean", "std", "min", "max"]).round(3).T.to_string())
    within = int(np.sum(table["rank_error"].abs() <= 0.06))
    print(f"backtest lift within 0.06 of the truth in {within} of {len(table)} seeds")


if __name__ == "__main__":
    main()
