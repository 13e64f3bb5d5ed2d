"""As-of features of a long log of activities: ours beside one DuckDB or Polars query per window.

Run `python -m tests.benchmarks.windows`: 50,000,000 activities onto 1,000,000 accounts, each way in a process of its
own; CPU and wall seconds on two threads and the most memory, and whether all gave the same integers.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.activity_log import AS_OF, make_log
from tests.benchmarks.window_peers import with_duckdb, with_polars
from tierkit.features.vocabulary import known_kinds
from tierkit.features.windows import count_windows
from tierkit.inputs.kept import KeptFrames, read_tables
from tierkit.inputs.staging import day_number
from tierkit.inputs.tables import Tables

LIMIT = 2.0
"""GiB of one process."""
FOLDER = Path("/tmp/tierkit-windows")


class _Nameless(KeptFrames):
    """The tables as they are kept, of whose activities nobody knows the person."""

    def columns(self, table: str) -> list[str]:
        return [name for name in super().columns(table) if name != "contact_id"]


def with_tierkit(folder: Path, *, people: bool) -> pd.DataFrame:
    """What `build_account_rows` counts, from the kept tables."""
    kept = read_tables(folder)
    frames = kept.frames if people else _Nameless(folder, list(kept.frames))
    tables = Tables(frames, kept.children, kept.rejected, kept.sources, alike=kept.alike)
    accounts = pd.read_parquet(folder / "accounts.parquet", columns=["account_id"])["account_id"].sort_values()
    moments = pd.DataFrame({"moment": np.arange(len(accounts)), "account_id": accounts.to_numpy()})
    moments = moments.assign(account_id=moments["account_id"].astype("str"), as_of_day=day_number(AS_OF))
    moments["own_deal_id"] = pd.Series(pd.NA, moments.index, dtype="str")
    return count_windows(tables, moments, known_kinds(tables, cutoff_day=day_number(AS_OF)))


WAYS: dict[str, Callable[..., pd.DataFrame]] = {
    "tierkit": with_tierkit,
    "duckdb": with_duckdb,
    "polars": with_polars,
}


def digest(found: pd.DataFrame) -> tuple[int, str]:
    """How many columns all ways have, and a digest of their integers."""
    shared = sorted(c for c in found if c.startswith("n_contacts_") or c.count("_") >= 3 or c.startswith("days_since_"))
    shared = [c for c in shared if c != "days_since_loss"]
    said = hashlib.sha256("".join(shared).encode())
    for name in shared:
        values = found[name].to_numpy(dtype="float64")
        whole = values.astype("int64")
        assert np.array_equal(values, whole), name
        said.update(whole)
    return len(shared), said.hexdigest()[:16]


def run_one(way: str, folder: Path, *, people: bool) -> dict[str, object]:
    """One way in this process: CPU and wall seconds, the most memory in GiB, and its digest."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = WAYS[way](folder, people=people)
    took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {**took, "gib": peak, "answer": digest(found)}


def measure(
    folder: Path, *, people: bool, turns: int = 1, ways: tuple[str, ...] = tuple(WAYS)
) -> list[dict[str, object]]:
    """Each way in a process of its own, in turn."""
    rows = []
    for _ in range(turns):
        for way in ways:
            command = [sys.executable, "-m", "tests.benchmarks.windows", "--only", way, "--folder", str(folder)]
            said = subprocess.run(
                [*command, *(["--people"] if people else [])],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"},
            ).stdout
            rows.append({"way": way, **json.loads(said)})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Make the log, and run each way on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--activities", type=int, default=50_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--people", action="store_true", help="distinct people too")
    parser.add_argument("--only", choices=list(WAYS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(run_one(args.only, args.folder, people=args.people)))
        return
    folder = args.folder or FOLDER / f"{args.activities}-{args.accounts}"
    make_log(folder, accounts=args.accounts, activities=args.activities)
    rows = measure(folder, people=args.people, turns=args.turns)
    print("the same answer:", "yes" if len({str(row["answer"]) for row in rows}) == 1 else "NO")


if __name__ == "__main__":
    main()
