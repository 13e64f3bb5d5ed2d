"""What `make bench` measures: one page of ratios, each beside a named peer, written to `reports/benchmarks.md`.

Run `python -m tests.benchmarks`, or `--only GROUP` to see one group without writing. Ends with an error, and a line
that says which, where an answer differs from the peer's. How right models and policy are is another command
(`tests.benchmarks.simulations`), since it takes hours.
"""

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.benchmarks.page import page_of, said
from tests.benchmarks.ratios import Ratio, Row

ROOT = Path(__file__).parents[2]

GROUPS: dict[str, tuple[str, ...]] = {
    "scores and reasons": ("forest_rows",),
    "Parquet to Parquet": ("score_rows",),
    "features": ("window_rows",),
    "tiers": ("tiers", "general_values"),
    "proof": ("bootstrap", "capture", "refits"),
    "whole runs": ("whole_runs",),
}
"""Modules beside this one by the group their `rows()` stand in, in the order of the page."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")


def main() -> None:
    """Measure, write, and fail where an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=GROUPS, help="one group, printed instead of written")
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "benchmarks.md", help="the page")
    args = parser.parse_args()
    # Before any of them is loaded: one thread each, whatever the machine has
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    chosen = {args.only: GROUPS[args.only]} if args.only else GROUPS
    groups, broken = measure(chosen)
    page = page_of(groups, broken)
    if args.only:
        print(page)
    else:
        args.out.parent.mkdir(exist_ok=True)
        args.out.write_text(page, encoding="utf-8")
        print(f"written: {args.out}")
    print("\n".join(missed(groups)), end="\n")
    if wrong := failures(groups, broken):
        sys.exit("\n".join(wrong))


def measure(chosen: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """The rows of each group, told as they come, and what stopped those that could not be measured to their end."""
    began = time.perf_counter()
    groups: dict[str, list[Row]] = {}
    broken: dict[str, str] = {}
    for group, modules in chosen.items():
        groups[group] = []
        for module in modules:
            try:
                for row in rows_of(module)():
                    groups[group].append(row)
                    state = "" if row.agrees else "; THE ANSWERS DIFFER"
                    print(f"[{time.perf_counter() - began:4.0f} s] {group}: {said(row)}{state}", flush=True)
            except Exception as error:
                # The rows of the others are still worth having; the run fails at its end
                traceback.print_exc()
                broken[group] = f"{module} ({type(error).__name__})"
    return groups, broken


def failures(groups: Mapping[str, list[Row]], broken: Mapping[str, str]) -> list[str]:
    """A line for each answer that differs and each group that broke; none, if all is well."""
    lines = [
        f"{group}: the answers differ: {said(row)}; compared: {row.compared}"
        for group, rows in groups.items()
        for row in rows
        if not row.agrees
    ]
    return lines + [f"{group}: not measured to the end: {why}" for group, why in broken.items()]


def missed(groups: Mapping[str, list[Row]]) -> list[str]:
    """A line for each row past its limit: said, but no failure, since speed is of the machine."""
    return [
        f"{group}: {said(row)}; claimed {f'at least {row.at_least:g}' if isinstance(row, Ratio) else row.at_most}"
        for group, rows in groups.items()
        for row in rows
        if not row.reached
    ]


def rows_of(module: str) -> Callable[[], Iterator[Row]]:
    """What gives the rows of a module beside this one."""
    rows: Callable[[], Iterator[Row]] = importlib.import_module(f"tests.benchmarks.{module}").rows
    return rows


if __name__ == "__main__":
    main()
