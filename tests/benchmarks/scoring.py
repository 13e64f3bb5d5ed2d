"""A million accounts scored and explained, Parquet to Parquet: CPU seconds and peak memory, against limits.

Run `python -m tests.benchmarks.scoring` (`--accounts 10000000` for the same memory at ten times the accounts). Models
have 300 trees of 31 leaves each for openings, wins and value, grown on simulated rows of 50 features, 8 of them
categories, with missing values. Models and rows are made once and kept in `--folder`. `beside_lightgbm` runs fewer rows
beside `Booster.predict` and `pred_contrib`, and holds the answers against each other.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.ratios import Seconds, take_turns
from tierkit.models.acv import Acv, AcvFit
from tierkit.models.calibration import Calibration
from tierkit.models.design import Array
from tierkit.models.linear import Linear, Ridge, fit_logit
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.reason_parts import fitted_model, seen_rows
from tierkit.models.reasons import explain_scores
from tierkit.models.score_files import score_file
from tierkit.models.store import Models, load_models, save_models
from tierkit.models.trees import Trees

ROOT = Path(__file__).parents[2]
LIMITS = {"cpu": 120.0, "memory": 1.2}
"""CPU seconds for a million accounts; GiB whatever their number."""
TRAINING, TREES, LEAVES = 60_000, 300, 31
DRAWN = 1_000_000
"""Accounts that are drawn; more are those again, under names of their own."""
PART = 100_000
"""Rows made at a time."""

CATEGORIES = {
    "industry": 24,
    "country": 40,
    "region": 8,
    "segment": 4,
    "source": 12,
    "use_case": 15,
    "product": 9,
    "account_tech_vendor": 30,
}
"""Categories, and how many levels each has."""
_WINDOWS = (30, 90, 180, 365)
NUMBERS = (
    "employees",
    "annual_revenue",
    "tenure_days",
    "technologies",
    *(f"n_{kind}_inbound_{days}d" for kind in ("email", "meeting", "web_visit", "event") for days in _WINDOWS),
    *(f"n_inbound_{days}d" for days in _WINDOWS),
    *(f"n_outbound_{days}d" for days in _WINDOWS),
    "days_since_inbound",
    "inbound_trend",
    "n_contacts_inbound_90d",
    "n_won_past",
    "won_acv_past",
    "n_lost_past",
    "days_since_loss",
    "n_open_deals",
    "tech_crm",
    "tech_cloud_warehouse",
    "live_funding",
    "live_executive_hire",
    "fit_score",
    "strategic_value",
)
FEATURES = (*NUMBERS, *CATEGORIES)


def make_rows(n: int, *, seed: int) -> pd.DataFrame:
    """Feature rows of accounts: skewed amounts, counts and categories, of each feature some values missing."""
    rng = np.random.default_rng(seed)
    size = rng.normal(5, 1.4, n)
    rows: dict[str, object] = {"account_id": [f"a{seed:03d}-{i:07d}" for i in range(n)]}
    for i, name in enumerate(NUMBERS):
        if name in ("employees", "annual_revenue", "won_acv_past"):
            x = np.exp(size + rng.normal(0, 0.7, n) + (5 if name == "annual_revenue" else 0)).round()
        elif name.startswith(("tech_", "live_")):
            x = (rng.random(n) < 0.2).astype(float)
        elif name.startswith("days_") or name == "tenure_days":
            x = rng.integers(0, 1500, n).astype(float)
        elif name in ("inbound_trend", "fit_score", "strategic_value"):
            x = rng.normal(0, 1, n)
        else:
            x = rng.poisson(0.5 + i % 5, n).astype(float)
        rows[name] = np.where(rng.random(n) < 0.08, np.nan, x)
    for name, levels in CATEGORIES.items():
        at = np.minimum(rng.geometric(2.5 / levels, n) - 1, levels - 1)
        texts = np.array([f"{name} {i}" for i in range(levels)], dtype=object)[at]
        rows[name] = pd.Series(np.where(rng.random(n) < 0.06, None, texts), dtype="str")
    return pd.DataFrame(rows)


def make_models(folder: Path) -> Models:
    """Models of the sizes held against limits, grown once and kept in `folder`."""
    if not (folder / "versions.json").exists():
        rows = make_rows(TRAINING, seed=0)
        opens, wins, value = (_signal(rows, seed) for seed in (1, 2, 3))
        rng = np.random.default_rng(9)
        acv = np.exp(9 + 0.5 * value + rng.normal(0, 0.8, TRAINING))
        trees = [
            _grow(rows, (rng.random(TRAINING) < 1 / (1 + np.exp(1.5 - opens))).astype(float), "binary"),
            _grow(rows, (rng.random(TRAINING) < 1 / (1 + np.exp(1.0 - wins))).astype(float), "binary"),
            _grow(rows, acv, "gamma"),
        ]
        some, worked = rows.head(5_000), (opens[:5_000] + rng.normal(0, 2, 5_000) > 0).astype(float)
        what_it_is = ["employees", "annual_revenue", "industry", "country", "region", "segment"]
        support = fit_logit(some, worked, what_it_is, groups=np.arange(5_000), seed=7, ridge=Ridge(0.03))
        save_models(folder, **_models(trees, support, float(np.quantile(acv, 0.99))))
    return load_models(folder)


def _signal(rows: pd.DataFrame, seed: int) -> Array:
    """A score with steps and meetings of two features, so that trees have something to find everywhere."""
    rng = np.random.default_rng(seed)
    score = np.zeros(len(rows))
    for name in FEATURES:
        codes, _ = pd.factorize(rows[name], sort=True)
        effect = rng.normal(0, 0.3, codes.max() + 2) if name in CATEGORIES else None
        x = np.nan_to_num((codes - codes.mean()) / (codes.std() + 1e-9))
        score += effect[codes] if effect is not None else rng.normal(0, 0.3) * np.tanh(x) + 0.1 * (x > rng.normal())
    a, b = rng.permutation(list(NUMBERS))[:2]
    return score + 0.4 * (rows[a].fillna(0) > rows[a].median()) * (rows[b].fillna(0) > rows[b].median())


def _grow(rows: pd.DataFrame, y: Array, objective: str) -> Trees:
    """As `fit_trees` grows them for many rows, but always 300 trees of 31 leaves."""
    import lightgbm as lgb

    from tierkit.models.design import learn_design
    from tierkit.models.trees import _params

    design = learn_design(rows, FEATURES)
    params = _params(len(rows), objective, 7) | {"num_leaves": LEAVES}
    data = lgb.Dataset(design.frame(rows), y, params={"verbose": -1})
    return Trees(design, lgb.train(params, data, num_boost_round=TREES).model_to_string(num_iteration=-1))


def _models(trees: list[Trees], support: Linear, cap: float) -> dict[str, object]:
    opens, wins, value = trees
    about = {"window": None, "label": "not_compared", "comparison": pd.DataFrame()}
    shared = about | {"n_rows": TRAINING, "n_accounts": TRAINING, "horizon_days": None, "base_rate": 0.2}
    return {
        "opening": Opening(
            model=opens,
            calibration=Calibration("in_the_large", 1.0, -0.3),
            reference={f"n_outbound_{days}d": float(days // 30) for days in _WINDOWS},
            support=support,
            n_opened=1,
            **shared,
        ),
        "win": Propensity(
            model=wins,
            calibration=Calibration("platt", 0.9, 0.1),
            n_won=1,
            level="full",
            skill=True,
            predictions=pd.DataFrame(),
            **shared,
        ),
        "acv": Acv(
            fit=AcvFit(value, 1.05, -0.9, 0.9),
            cap=cap,
            interval_level=0.8,
            interval_coverage=0.8,
            interval_n=1,
            n_won=1,
            **about,
        ),
    }


def write_rows(folder: Path, accounts: int) -> Path:
    """Feature rows of so many accounts as Parquet in `folder`, a part at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"rows-{accounts}.parquet"
    if path.exists():
        return path
    first = pq.ParquetFile(write_rows(folder, DRAWN)) if accounts > DRAWN else None
    beside, writer = path.with_suffix(".new"), None
    for seed, start in enumerate(range(0, accounts, PART), start=1):
        if first is None:
            table = pa.Table.from_pandas(make_rows(min(PART, accounts - start), seed=seed), preserve_index=False)
        else:
            table = first.read_row_group((seed - 1) % first.num_row_groups).slice(0, accounts - start)
            names = pa.array([f"a{seed:03d}-{i:07d}" for i in range(len(table))])
            table = table.set_column(0, "account_id", names.cast(table.schema.field("account_id").type))
        writer = writer or pq.ParquetWriter(beside, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    os.replace(beside, path)
    return path


_RUN = """
import json, resource, sys, time
began = time.perf_counter()
from pathlib import Path
from tierkit.models.store import load_models
from tierkit.models.score_files import score_file
models = load_models(sys.argv[1])
n = score_file(sys.argv[2], sys.argv[3], models.opening, models.win, models.acv)
used = resource.getrusage(resource.RUSAGE_SELF)
took = {"rows": n, "cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - began}
print(json.dumps(took | {"memory": used.ru_maxrss / 2**20}))
"""


def run_apart(models: Path, source: Path, target: Path) -> dict[str, float]:
    """Rows, CPU seconds, wall seconds and GiB of a process that scores a file and does nothing else."""
    target.unlink(missing_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _RUN, str(models), str(source), str(target)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    took: dict[str, float] = json.loads(told)
    return took


@dataclass(frozen=True)
class Beside:
    """CPU seconds of ours and of LightGBM, and whether the answers are the same.

    Attributes
    ----------
    ours : reads, scores, explains, says and writes. lightgbm : predicts and takes apart, its numbers made ready.
    bits_apart : scores of the three models, before calibration, that differ in any bit.
    most_apart : greatest difference of the contribution of a reason. others_first : accounts with another first reason.
    """

    ours: Seconds
    lightgbm: Seconds
    bits_apart: int
    most_apart: float
    others_first: int

    @property
    def same(self) -> bool:
        """Whether the answers are the same, to rounding."""
        return self.bits_apart == 0 and self.most_apart < 1e-5 and self.others_first == 0

    @property
    def compared(self) -> str:
        """How they were compared, in words."""
        return (
            f"{self.bits_apart} scores differ in a bit, reasons at most {self.most_apart:.0e} apart, "
            f"{self.others_first} first reasons differ"
        )


def beside_lightgbm(folder: Path, accounts: int = 50_000, *, of_peer: int = 2_000) -> Beside:
    """`score_file` on so many accounts beside `Booster.predict` and `pred_contrib` on the first `of_peer` of them.

    Both on one thread of this process; LightGBM takes milliseconds an account.
    """
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    models, source, target = make_models(folder / "models"), write_rows(folder, accounts), folder / "beside.parquet"
    rows = next(pq.ParquetFile(source).iter_batches(of_peer)).to_pandas()
    parts = {"opens": models.opening, "wins": models.win, "value": models.acv}

    def ours() -> None:
        target.unlink(missing_ok=True)
        score_file(source, target, models.opening, models.win, models.acv)

    def theirs() -> None:
        for model in parts.values():
            frame = fitted_model(model).design.frame(seen_rows(rows, model))
            for how in ({"raw_score": True}, {"pred_contrib": True}):
                fitted_model(model).booster.predict(frame, num_threads=1, **how)

    took = take_turns(ours, theirs, turns=2, part=len(rows) / accounts)
    return Beside(took.ours, took.theirs, *_apart(pd.read_parquet(target).head(of_peer), rows, parts))


def _apart(found: pd.DataFrame, rows: pd.DataFrame, parts: dict[str, Any]) -> tuple[int, float, int]:
    """What is written against what LightGBM says: bits of scores, contributions of reasons, and first reasons."""
    bits = 0
    for model, column in zip(parts.values(), ("open_prob", "win_prob", "expected_acv"), strict=True):
        trees = fitted_model(model)
        raw = trees.booster.predict(trees.design.frame(seen_rows(rows, model)), raw_score=True, num_threads=1)
        said = model.amounts_of(raw)[0] if isinstance(model, Acv) else model.calibration.prob(raw)
        bits += int((found[column].to_numpy() != said).sum())
    assert len(rows) < 5_000, "explain_scores asks LightGBM of few rows"
    why = explain_scores(rows, *parts.values())
    why = why[why["rank"] <= 5].sort_values(["account_id", "rank"])
    found = found.sort_values("account_id")
    told = found[[f"reason_{i}_contribution" for i in range(1, 6)]].to_numpy()
    most = float(np.abs(np.abs(told) - np.abs(why["contribution"].to_numpy().reshape(-1, 5))).max())
    first = why[why["rank"] == 1]
    other = (found["reason_1_feature"].astype("str").to_numpy() != first["feature"].astype("str").to_numpy()) | (
        found["reason_1_part"].astype("str").to_numpy() != first["part"].astype("str").to_numpy()
    )
    return bits, most, int(other.sum())


def main() -> None:
    """Score and explain accounts, and hold CPU and memory against the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/tierkit-scoring"))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    models = args.folder / "models"
    make_models(models)
    source = write_rows(args.folder, args.accounts)
    target = args.folder / f"scores-{args.accounts}.parquet"
    took = run_apart(models, source, target)
    most = LIMITS["cpu"] * max(args.accounts / 1e6, 1)
    print(f"{args.accounts:,} accounts, Parquet to Parquet: {took['wall']:.0f} s of wall time")
    print(f"cpu      {took['cpu']:8.1f} s    (limit {most:.0f} s)")
    print(f"memory   {took['memory']:8.2f} GiB  (limit {LIMITS['memory']} GiB)")
    print(f"written  {target.stat().st_size / 2**20:8.1f} MiB")
    beside = beside_lightgbm(args.folder)
    print(f"beside LightGBM: {beside.lightgbm.median / beside.ours.median:.0f} times; {beside.compared}")
    if not beside.same:
        raise SystemExit("an answer differs")
    if took["cpu"] > most or took["memory"] > LIMITS["memory"]:
        raise SystemExit("a limit is broken")


if __name__ == "__main__":
    main()
