"""A month of a large company, from files to its page: wall and CPU seconds, and the memory of all its processes.

Run `python -m tests.benchmarks.size`: 200,000 accounts and 5,000,000 activities (`--accounts 20000` for a tenth).
The company is made once and kept in `--folder`: simulated companies side by side, each under its own names, of whose
accounts most were never sold to, as in a CRM that has grown for years.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.inputs.sample import simulate_company
from tierkit.inputs.sample.company import _whole_numbers

ROOT = Path(__file__).parents[2]
LIMITS = {"wall": 600.0, "memory": 6.0}
"""Seconds, and GB of all processes at once, for 200,000 accounts on two cores."""

PART = 20_000
WORKED = 0.25
"""Share of accounts that were ever sold to."""
TOUCHES = 25
"""Activities an account, on average."""
OWN_NAMES = ("account_id", "parent_id", "owner_id", "contact_id", "deal_id", "lead_id", "domain")
EVERY = 0.5
"""Seconds between two looks at memory."""

SHEET = """\
[data]
folder = "data"
currency = "USD"
data_through = "2026-10-31"

[tiers.gates]
min_employees = 40
required = ["industry", "employees"]

[proof]
tiers_acted_on_since = "2025-05-01"

[report]
company = "A large company (simulated)"
"""


def make_company(folder: Path, *, accounts: int, kind: str) -> Path:
    """Write a company of so many accounts into `folder`, unless it stands there; its run sheet."""
    sheet = folder / "tierkit.toml"
    if sheet.exists():
        return sheet
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    parts = [_part(seed, min(PART, accounts)) for seed in range(1, max(accounts // PART, 1) + 1)]
    for table in list(parts[0]):
        frame = pd.concat([part.pop(table) for part in parts], ignore_index=True)
        if kind == "parquet":
            frame.to_parquet(data / f"{table}.parquet", index=False)
        else:
            _whole_numbers(frame).to_csv(data / f"{table}.csv", index=False, date_format="%Y-%m-%d")
        print(f"{table:<18} {len(frame):>10,} rows", flush=True)
    sheet.write_text(SHEET, encoding="utf-8")
    return sheet


def _part(seed: int, accounts: int) -> dict[str, pd.DataFrame]:
    """One simulated company under names of its own, most of whose accounts were never sold to."""
    frames = simulate_company(seed=seed, n_accounts=accounts, n_reps=max(accounts // 1000, 8)).frames
    rng = np.random.default_rng(seed)
    ids = frames["accounts"]["account_id"]
    # A parent and its children are worked together, or not at all
    unit = frames["accounts"]["parent_id"].fillna(ids)
    worked = set(ids[unit.isin(set(unit.drop_duplicates().sample(frac=WORKED, random_state=seed)))])
    for table in ("deals", "funnel", "tal"):
        frames[table] = frames[table][frames[table]["account_id"].isin(worked)]
    touches = frames["activities"]
    sold = touches["account_id"].isin(worked)
    share = (TOUCHES * accounts - sold.sum()) / (~sold).sum()
    frames["activities"] = touches[sold | (rng.random(len(touches)) < share)]
    history = frames["account_history"]
    owned = history["field"] == "owner_id"
    frames["account_history"] = history.assign(value=history["value"].mask(owned, f"{seed:02d}" + history["value"]))
    return {table: _renamed(frame, f"{seed:02d}") for table, frame in frames.items()}


def _renamed(frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    return frame.assign(**{name: prefix + frame[name] for name in OWN_NAMES if name in frame}).reset_index(drop=True)


@dataclass
class Watched:
    """What a run took: seconds, CPU seconds, the most memory at once in GB, and the longest silence in seconds."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    silence: float = 0.0
    code: int = 0
    at_peak: dict[str, float] = field(default_factory=dict)
    """GB of each process at the moment of the most memory."""


def watch(command: list[str], *, log: Path) -> Watched:
    """Run a command and look at the memory of all its processes, the shared part counted once."""
    import psutil

    seen, cpu, told = Watched(), {}, ""
    began = heard = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
        root = psutil.Process(process.pid)
        while process.poll() is None:
            now = {}
            for one in _tree(root):
                try:
                    times = one.cpu_times()
                    cpu[one.pid] = times.user + times.system
                    now[f"{one.pid} {_what(one)}"] = one.memory_full_info().pss / 1e9
                except (psutil.Error, OSError):
                    continue
            if sum(now.values()) > seen.memory:
                seen.memory, seen.at_peak = sum(now.values()), now
            if (said := log.read_text(encoding="utf-8")) != told:
                print(said[len(told) :], end="", flush=True)
                told, heard = said, time.perf_counter()
            seen.silence = max(seen.silence, time.perf_counter() - heard)
            time.sleep(EVERY)
    print(log.read_text(encoding="utf-8")[len(told) :], end="", flush=True)
    seen.wall, seen.cpu, seen.code = time.perf_counter() - began, sum(cpu.values()), process.returncode
    return seen


def _tree(root: "psutil.Process") -> Iterator["psutil.Process"]:  # noqa: F821 - loaded where it is used
    import psutil

    yield root
    try:
        yield from root.children(recursive=True)
    except psutil.Error:
        return


def _what(process: "psutil.Process") -> str:  # noqa: F821
    words = process.cmdline()
    return next(
        (word for word in words if word.startswith("tierkit.") or word.endswith("launcher")), "".join(words[:1])
    )


def main() -> None:
    """Make the company, run its last month, and hold what it took against the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--kind", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/tierkit-size"))
    args = parser.parse_args()
    folder = args.folder / f"{args.accounts}-{args.kind}"
    sheet = make_company(folder, accounts=args.accounts, kind=args.kind)
    shutil.rmtree(folder / "reports", ignore_errors=True)
    os.environ["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", "from tierkit.cli import app; app()"]
    took = watch([*command, "run", "--month", "2026-10", "--sheet", str(sheet)], log=folder / "log")
    for name, gigabytes in took.at_peak.items():
        print(f"  {name:<40} {gigabytes:6.2f} GB at the peak")
    print(f"{args.accounts:,} accounts from {args.kind}: exit {took.code}, {took.cpu:.0f} CPU seconds")
    print(f"wall     {took.wall:8.1f} s   (limit {LIMITS['wall']:.0f} s for 200,000 accounts)")
    print(f"memory   {took.memory:8.2f} GB  (limit {LIMITS['memory']:.0f} GB)")
    print(f"silence  {took.silence:8.1f} s   (the longest time without a word)")


if __name__ == "__main__":
    main()
