"""Whether moving the win chances to the newest mature cohort does good under drift, and harm without.

Run `python -m tests.benchmarks.recalibration --seeds 20`. Each company is fitted at a past month end and judged on the
deals that opened in the quarter after it, all of them mature by now. Drift is put in by taking wins away from deals
that opened after a day; nothing else changes.

Seeds 301 to 320: without drift nothing is gained or lost, nor after a lasting fall, which the refit and the pooled
calibration have learned by then; after a quarter that passed log-loss is worse by 0.005 (standard error 0.001). So the
update is proposed, and applied only where the sheet says so (`follow_newest`).
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.leaks import screen_features
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.models.calibration import Calibration, newest_cohort, update_on_newest
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.skill import log_losses

AS_OF = pd.Timestamp("2026-10-31")
THEN = pd.Timestamp("2026-01-31")
QUARTER = pd.Timedelta(days=91)
HORIZON = 180
SCENARIOS = {
    "no drift": None,
    "27 % fewer wins for good, a year before": (pd.Timestamp("2025-02-01"), AS_OF),
    "27 % fewer wins, as the models are fitted": (pd.Timestamp("2026-02-01"), AS_OF),
    "27 % fewer wins, for one quarter": (pd.Timestamp("2025-05-05"), pd.Timestamp("2025-08-04")),
}
LOST = 0.27


def recalibrate(seed: int, *, n_accounts: int = 4000) -> list[dict[str, object]]:
    """One row per scenario and calibration: log-loss and expected over actual wins of the quarter after."""
    sample = simulate_company(seed=seed, n_accounts=n_accounts, tiering_effect=0.0)
    tables = open_tables(sample.frames)
    settings = FeatureSettings(horizon_days=HORIZON)
    rows = build_deal_rows(tables, before=AS_OF, settings=settings)
    today = build_account_rows(tables, as_of=THEN, settings=settings)
    early = _known(rows)
    verdicts = screen_features(early, scoring=today, known_at_close=tables.known_at_close, settings=settings)
    found: list[dict[str, object]] = []
    for name, drift in SCENARIOS.items():
        drifted = rows if drift is None else _thinned(rows, *drift, seed=seed)
        win = fit_propensity(_known(drifted), verdicts, kind="logit", seed=seed)
        test = drifted[(drifted["opened_at"] > THEN) & (drifted["opened_at"] <= THEN + QUARTER)]
        y, raw = test["won_in_horizon"].to_numpy(float), win.model.raw(test)
        for method, calibration in _methods(win).items():
            p = calibration.prob(raw)
            found.append(
                {
                    "seed": seed,
                    "scenario": name,
                    "method": method,
                    "n": len(y),
                    "n_won": int(y.sum()),
                    "cohort_won": int(newest_cohort(win.predictions)["won_in_horizon"].sum()),
                    "update": calibration.update,
                    "log_loss": float(log_losses(y, p).mean()),
                    "wins_ratio": float(p.sum() / y.sum()),
                }
            )
    return found


def _methods(win: Propensity) -> dict[str, Calibration]:
    pooled = replace(win.calibration, shift=win.calibration.shift - win.calibration.update, update=0.0)
    return {
        "none": Calibration(),
        "pooled": pooled,
        "updated": update_on_newest(pooled, win.predictions),
        "unshrunk": update_on_newest(pooled, win.predictions, shrink=0.0),
    }


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    early = rows[rows["opened_at"] <= THEN].reset_index(drop=True)
    ripe = early["opened_at"] + pd.Timedelta(days=HORIZON) <= THEN
    later = early["closed_at"] > THEN
    return early.assign(
        won_in_horizon=early["won_in_horizon"].where(ripe),
        outcome=early["outcome"].mask(later, "open"),
        closed_at=early["closed_at"].mask(later),
    )


def _thinned(rows: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp, *, seed: int) -> pd.DataFrame:
    lost = (np.random.default_rng([seed, 27]).random(len(rows)) < LOST) & rows["opened_at"].between(since, until)
    return rows.assign(won_in_horizon=rows["won_in_horizon"].mask(lost & (rows["won_in_horizon"] == 1), 0.0))


def main() -> None:
    """Print, for each scenario, what each calibration does, and the update's gain with its standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=301)
    parser.add_argument("--accounts", type=int, default=4000)
    args = parser.parse_args()
    found: list[dict[str, object]] = []
    for seed in range(args.first, args.first + args.seeds):
        found += recalibrate(seed, n_accounts=args.accounts)
    table = pd.DataFrame(found)
    table["off"] = np.log(table["wins_ratio"]).abs()
    by = table.groupby(["scenario", "method"], sort=False)
    print(by[["n", "n_won", "cohort_won", "update", "log_loss", "wins_ratio", "off"]].mean().round(4).to_string())
    wide = table.pivot(index=["scenario", "seed"], columns="method", values=["log_loss", "off"])
    for measure in ("log_loss", "off"):
        for method in ("updated", "unshrunk"):
            gain = (wide[measure]["pooled"] - wide[measure][method]).groupby("scenario", sort=False)
            told = gain.agg(["mean", "sem", lambda g: int((g > 0).sum()), "count"])
            print(f"gain in {measure}, {method} over pooled:\n{told.round(5).to_string()}")


if __name__ == "__main__":
    main()
