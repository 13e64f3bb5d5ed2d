"""What tiers do against what they pick, measured against the truth of the simulated company, seed by seed.

Run `python -m tests.benchmarks.effect --seeds 20`. Tiers of 10/20/70 % are set by hand from the middle of 36 months and
add 0.5 to the log-odds of opening and of winning in Tier 1. Nothing here reads the truth but to measure against it,
and to build the tiers that are set on news.
"""

import argparse
import time

import numpy as np
import pandas as pd

from tests.benchmarks.recovery import ACTED_ON, AS_OF, FEATURES, recover
from tierkit.features.asof import build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import Sample, simulate_company
from tierkit.inputs.tables import Tables
from tierkit.proof.did import difference_in_differences
from tierkit.proof.effect import Effect
from tierkit.proof.lift import tier_lift
from tierkit.proof.observed import observed_outcomes

HORIZON = 180
NEAR_EFFECT, NEAR_MEAN = 0.08, 0.025
NEAR_LIFT, NEAR_LIFT_MEAN = 0.06, 0.02
OVERSTATED = 0.05
NEWS_SHARE, NEWS_EVERY = 0.1, 3


def measure(seed: int, *, n_accounts: int = 4000, backtest: bool = False, news: bool = True) -> dict[str, float | str]:
    """Observed lift, difference-in-differences and promotion on news, each beside its truth."""
    began = time.process_time()
    sample = simulate_company(seed=seed, n_accounts=n_accounts)
    tables = open_tables(sample.frames)
    row: dict[str, float | str] = {"seed": seed, **observed_against_ranking(tables, sample)}
    found = estimate(tables)
    truth = true_effect(sample)
    row |= {"did": found.verdict, "did_effect": found.effect, "did_true": truth, "did_error": found.effect - truth}
    row |= {"did_covered": float(found.low <= truth <= found.high), "did_n": found.n_treated}
    row |= {"did_half": (found.high - found.low) / 2}
    if news:
        row |= judge_news(seed, n_accounts=n_accounts)
    if backtest:
        figures = recover(seed, n_accounts=n_accounts, published=False, models=False)
        row |= {"backtest_error": figures["rank_error"]}
    return row | {"seconds": time.process_time() - began}


def observed_against_ranking(tables: Tables, sample: Sample) -> dict[str, float]:
    """Deal-level lift of Tier 1 over Tier 3 as it happened, against that of the same deals without treatment."""
    rows = observed_outcomes(tables, as_of=AS_OF, horizon_days=HORIZON, acted_on=ACTED_ON)
    deals = rows[(rows["unit"] == "deal") & rows["won_in_horizon"].notna()]
    table = tier_lift(deals)
    lift = float(table.query("measure == 'difference' and tier == '1 vs 3'")["rate"].iloc[0])
    chance = sample.truth["deals"].set_index("deal_id")["won_in_180_prob_untreated"]
    true = deals.assign(chance=deals["row_id"].map(chance)).groupby("tier")["chance"].mean()
    ranking = float(true[1.0] - true[3.0])
    return {"observed": lift, "ranking": ranking, "overstated": lift - ranking}


def estimate(tables: Tables, history: pd.DataFrame | None = None) -> Effect:
    """Difference-in-differences as a run does it: rows, verdicts, and the tiers in use."""
    rows = build_deal_rows(tables, before=AS_OF, settings=FEATURES)
    verdicts = screen_features(rows, known_at_close=tables.known_at_close, settings=FEATURES)
    return difference_in_differences(tables, rows, acted_on=ACTED_ON, verdicts=verdicts, history=history)


def true_effect(sample: Sample) -> float:
    """Mean of P(won in 180 days) treated less untreated, over the mature deals that opened in Tier 1."""
    deals = sample.truth["deals"]
    mature = deals["opened_at"] + pd.Timedelta(days=HORIZON) <= AS_OF
    deals = deals[(deals["tier_in_use"] == 1) & mature]
    return float((deals["win_prob"] - deals["won_in_180_prob_untreated"]).mean())


def judge_news(seed: int, *, n_accounts: int) -> dict[str, float | str]:
    """A company whose tiers do nothing, and that moves into Tier 1 whoever stands highest above its own year."""
    sample = simulate_company(seed=seed, n_accounts=n_accounts, tiering_effect=0.0)
    tables = open_tables(sample.frames)
    history = tiers_on_news(sample)
    found = estimate(tables, history)
    blind = estimate_blind(tables, history)
    return {"news": found.verdict, "news_findings": len(found.findings), "news_blind": blind}


def tiers_on_news(sample: Sample) -> pd.DataFrame:
    """Each quarter since tiers the tenth of accounts whose hidden chance to win rose most over its own year."""
    panel = sample.truth["panel"].sort_values(["account_id", "as_of"], kind="stable")
    own = panel.groupby("account_id")["win_prob"].transform(lambda p: p.rolling(12, min_periods=6).mean())
    rise = panel.assign(rise=np.log(panel["win_prob"] / own))
    starts = [ACTED_ON + pd.DateOffset(months=k) for k in range(0, 18, NEWS_EVERY)]
    parts = []
    for start, following in zip(starts, [*starts[1:], pd.NaT], strict=True):
        now = rise[(rise["as_of"] == start - pd.Timedelta(days=1)) & rise["rise"].notna()]
        cut = now["rise"].quantile(1 - NEWS_SHARE)
        last = following - pd.Timedelta(days=1) if pd.notna(following) else pd.NaT
        tier = np.where(now["rise"] > cut, 1.0, 3.0)
        parts.append(now[["account_id"]].assign(tier=tier, valid_from=start, valid_to=last))
    return pd.concat(parts, ignore_index=True)


def estimate_blind(tables: Tables, history: pd.DataFrame) -> float:
    """The plain two-by-two difference of the same tiers, as it would read if nobody asked how accounts got in."""
    rows = build_deal_rows(tables, before=AS_OF, settings=FEATURES)
    first = history.sort_values("valid_from", kind="stable").drop_duplicates("account_id").set_index("account_id")
    # Only the deals of the year before, which the choice of accounts looked at.
    rows = rows[rows["won_in_horizon"].notna() & (rows["opened_at"] >= ACTED_ON - pd.Timedelta(days=365))]
    rows = rows.assign(top=rows["account_id"].map(first["tier"]) == 1, since=rows["opened_at"] >= ACTED_ON)
    rate = rows.groupby(["top", "since"])["won_in_horizon"].mean()
    return float(rate[True, True] - rate[True, False] - (rate[False, True] - rate[False, False]))


def judge(table: pd.DataFrame) -> list[tuple[str, float, str, bool]]:
    """What must show: the figure, its limit in words, whether it holds."""
    n = len(table)
    least = int(np.ceil(0.9 * n))
    error = table["did_error"].where(table["did"] != "refused")
    said = [
        ("observed lift over ranking lift, mean", table["overstated"].mean(), f"> {OVERSTATED}"),
        ("  seeds above", (table["overstated"] > OVERSTATED).sum(), ""),
        ("DiD within 0.08 of the truth, seeds", (error.abs() <= NEAR_EFFECT).sum(), f">= {least}"),
        ("DiD mean error", abs(error.mean()), f"<= {NEAR_MEAN}"),
        ("DiD refused, seeds", (table["did"] == "refused").sum(), ""),
        ("DiD warned, seeds", (table["did"] == "warned").sum(), ""),
        ("DiD interval covers, seeds", table["did_covered"].sum(), ""),
    ]
    if "news" in table:
        said.append(("promotion on news refused or warned, seeds", (table["news"] != "estimated").sum(), f">= {n}"))
        said.append(("  what it would read, mean (truth 0)", table["news_blind"].mean(), ""))
    if "backtest_error" in table:
        near = (table["backtest_error"].abs() <= NEAR_LIFT).sum()
        said.append(("backtest within 0.06 of the ranking lift, seeds", near, f">= {least}"))
        said.append(("backtest mean error", abs(table["backtest_error"].mean()), f"<= {NEAR_LIFT_MEAN}"))
    return [(name, float(figure), limit, _holds(float(figure), limit)) for name, figure, limit in said]


def _holds(figure: float, limit: str) -> bool:
    if not limit:
        return True
    sign, bound = limit.split()
    return {">": figure > float(bound), ">=": figure >= float(bound), "<=": figure <= float(bound)}[sign]


def main() -> None:
    """Print each seed, the means, and what must show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=101)
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--backtest", action="store_true", help="the replay too, which takes most of the time")
    args = parser.parse_args()
    rows = []
    for seed in range(args.first, args.first + args.seeds):
        rows.append(measure(seed, n_accounts=args.accounts, backtest=args.backtest))
        print({k: round(v, 3) if isinstance(v, float) else v for k, v in rows[-1].items()}, flush=True)
    table = pd.DataFrame(rows).set_index("seed")
    print(table.select_dtypes("number").agg(["mean", "std", "min", "max"]).round(3).T.to_string())
    for name, figure, limit, holds in judge(table):
        print(f"{name:<48} {figure:8.3f} {limit:<10}{'' if holds else '  MISSED'}")


if __name__ == "__main__":
    main()
