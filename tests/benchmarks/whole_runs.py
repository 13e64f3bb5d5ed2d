"""Seconds of wall time to import tierkit, and of each step of the demo: `make report` from nothing to two pages.

Run `python -m tests.benchmarks --only "whole runs"`. No peer does these; limits are our own.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.ratios import Figure, Row
from tierkit.reporting.manifest import verify_month

ROOT = Path(__file__).parents[2]
WALL = "s of wall time"
DEMO = (sys.executable, "-c", "from tierkit.cli import app; app()", "demo")


def rows(*, turns: int = 5) -> Iterator[Row]:
    """The import, the whole demo, and its steps as it tells them."""
    yield Figure("import tierkit", "", import_seconds(turns), WALL, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        told = _run([*DEMO, folder])
        whole = time.perf_counter() - began
        reports = Path(folder) / "reports"
        months = sorted(path.parent for path in reports.glob("20*/manifest.json"))
        breaches = [breach for month in months for breach in verify_month(month)]
    steps = demo_steps(told)
    holds = len(months) == 2 and not breaches
    yield Figure("make report", "two months of the demo", whole, WALL, 180, holds, "both months as their manifests say")
    for name, seconds in steps.items():
        yield Figure(name, "both months", seconds, WALL)


def import_seconds(turns: int) -> float:
    """Median of fresh interpreters that import tierkit, less that of those that import nothing."""
    taken: dict[str, list[float]] = {"import tierkit": [], "pass": []}
    for _ in range(turns):
        for code, seconds in taken.items():
            began = time.perf_counter()
            _run([sys.executable, "-c", code])
            seconds.append(time.perf_counter() - began)
    return statistics.median(taken["import tierkit"]) - statistics.median(taken["pass"])


def demo_steps(told: str) -> dict[str, float]:
    """Seconds of each step over the months, as the lines of a run tell them; some run side by side."""
    lines = [line.split() for line in told.splitlines() if line.endswith(" s") and line[:4].isdigit()]
    steps: dict[str, float] = {}
    for _, *name, took, _ in sorted(lines):
        steps[" ".join(name)] = steps.get(" ".join(name), 0.0) + float(took)
    return steps


def _run(command: list[str]) -> str:
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=where).stdout
