"""What `make bench` measures: seconds to import, seconds per step of the demo, features and tiers against
pandas, models and policy against the truth of simulated companies.

Every figure is of this machine and this run; peers are timed beside it, in turn.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.benchmarks.tiers import tier_seconds

ROOT = Path(__file__).parents[2]

SIMULATIONS = {
    "bootstrap": 0,
    "duel": 0,
    "nosignal": 0,
    "recovery": 1,
    "policy": 1,
    "effect": 1,
    "leaks": 1,
    "moves": 1,
    "recalibration": 1,
    "coverage": 10,
    "audit": 10,
}
"""Modules that hold figures against limits, and how many simulated companies each takes for one of `--seeds`."""


def main() -> None:
    """Run the benchmarks, the quick ones first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="simulated companies; 0 for none")
    args = parser.parse_args()
    print(f"import tierkit             {import_seconds():6.2f} s (limit 0.3 s)", flush=True)
    for name, seconds in demo_seconds().items():
        print(f"{name:<26} {seconds:6.1f} s", flush=True)
    ours, theirs = feature_seconds()
    print(
        f"features, 4,000 accounts   {ours:6.2f} s; pandas merge and groupby {theirs:6.2f} s: {theirs / ours:.1f} times"
    )
    print(tier_seconds(), flush=True)
    for name, times in SIMULATIONS.items():
        if args.seeds or not times:
            command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
            command += ["--seeds", str(times * args.seeds)] if times else []
            seconds = _timed(lambda command=command: subprocess.run(command, check=True))
            print(f"{name:<26} {seconds:6.1f} s", flush=True)


def import_seconds() -> float:
    """Median of five fresh interpreters that import tierkit, less one that imports nothing."""
    return statistics.median(_fresh("import tierkit") for _ in range(5)) - statistics.median(
        _fresh("pass") for _ in range(5)
    )


def demo_seconds() -> dict[str, float]:
    """Seconds of `tierkit demo`, as a process of its own, and of each step of its two months as told by itself."""
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [str(Path(sys.executable).with_name("tierkit")), "demo", folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        whole = time.perf_counter() - began
    for line in told.splitlines():
        if line.endswith(" s") and line[:4].isdigit():
            month, name, took, _ = line.split()
            seconds[f"{month}  {name}"] = float(took)
    return dict(sorted(seconds.items())) | {"make report (limit 180 s)": whole}


def feature_seconds() -> tuple[float, float]:
    """As-of counts of inbound touches over 90 days at 12 month ends: ours (all features), and pandas (this one)."""
    import tierkit as tk
    from tierkit.features.asof import build_month_rows

    tables = tk.open_tables(ROOT / "data" / "demo")
    months = [pd.Timestamp(end) for end in pd.date_range("2025-10-31", periods=12, freq="ME")]
    tables.sql("SELECT COUNT(*) FROM stage_activities")
    touches = tables.frame("activities")
    inbound = touches[touches["direction"] == "inbound"]

    def with_pandas() -> pd.DataFrame:
        parts = []
        for month in months:
            known = inbound[(inbound["known_at"] <= month) & (inbound["occurred_at"] > month - pd.Timedelta(days=90))]
            for window in (30, 90, 180, 365):
                part = known[known["occurred_at"] > month - pd.Timedelta(days=window)]
                parts.append(part.groupby(["account_id", "kind"]).size().unstack(fill_value=0))
        return pd.concat(parts)

    pairs = [(_timed(lambda: build_month_rows(tables, months=months)), _timed(with_pandas)) for _ in range(3)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def _fresh(code: str) -> float:
    return _timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
