"""Runs killed at random moments: what is published stays whole, and the next run ends as if nothing had happened.

Run `python -m tests.benchmarks.kills --moments 30`. A run is killed with -9, in turn with its notebooks and its replay
or alone, so that those must end by themselves; every second one was to take the place of a published month.
"""

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tierkit.inputs.sample import simulate_company
from tierkit.inputs.sample.company import write_sample
from tierkit.reporting.lock import hold_file
from tierkit.reporting.manifest import verify_month

MONTH = "2026-09"
SHEET = """
seed = {seed}
[data]
folder = "data"
{tables}
[tiers]
shares = [0.1, 0.2]
"""
MAY_STAND = {".lock", "index.html", MONTH, "superseded"}


def lay_company(folder: Path) -> Path:
    """A company too young for models, whose month runs in half a minute; its run sheet."""
    sample = simulate_company(seed=5, n_accounts=150, months=12, n_reps=2)
    write_sample(sample, folder / "data")
    files = {name: next((folder / "data").glob(f"{name}.*")).name for name in sample.frames}
    tables = "\n".join(f'[data.{name}]\nfile = "{file}"' for name, file in files.items())
    for name, seed in (("tierkit.toml", 1), ("other.toml", 2)):
        (folder / name).write_text(SHEET.format(seed=seed, tables=tables), encoding="utf-8")
    return folder / "tierkit.toml"


TIERKIT = (sys.executable, "-c", "from tierkit.cli import app; app()")


def start_run(
    sheet: Path, *options: str, log: Path, within: Sequence[str] = (), **given: Any
) -> "subprocess.Popen[bytes]":
    """`tierkit run`, in a process group of its own; what it says goes to `log`.

    Parameters
    ----------
    within : a command that runs the one after it. given : to `subprocess.Popen`.
    """
    command = [*within, *TIERKIT, "run", "--month", MONTH, "--sheet", str(sheet), *options]
    with log.open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True, **given)


def kill(process: "subprocess.Popen[bytes]", *, alone: bool) -> list[int]:
    """Kill a run, and unless `alone` all it started; the processes that live on half a minute later."""
    started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    os.killpg(process.pid, signal.SIGKILL)
    for child in () if alone else started:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    _, alive = psutil.wait_procs(started, timeout=30)
    return [p.pid for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def tables_of(folder: Path) -> dict[str, str]:
    """sha256 of every file of a month but its pages and its manifest, which carry times."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix != ".html" and p.name != "manifest.json")
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def broken_months(reports: Path) -> list[str]:
    """What `verify` says of every folder that is published, superseded ones too."""
    months = [*reports.glob("????-??"), *(reports / "superseded").glob("*")] if reports.exists() else []
    return [f"{month.name}: {said}" for month in months for said in verify_month(month)]


def left_behind(reports: Path) -> list[str]:
    """What a finished run should have cleared: in the reports, and under the system's temporary folder."""
    nobodys = []
    for path in Path(tempfile.gettempdir()).glob("tierkit-*/.held"):
        with contextlib.suppress(OSError):  # gone in the meantime; what is held belongs to a run elsewhere
            if (file := hold_file(path)) is not None:
                nobodys.append(str(path.parent))
                file.close()
    return sorted({p.name for p in reports.iterdir()} - MAY_STAND) + nobodys


def finish(sheet: Path, *options: str, log: Path) -> float:
    """A run to its end; its seconds."""
    began = time.monotonic()
    if code := start_run(sheet, *options, log=log).wait():
        raise SystemExit(f"the run ended with {code}:\n{log.read_text()}")
    return time.monotonic() - began


def try_moment(
    folder: Path, start: Path | None, expected: Mapping[str, str], after: float, *, alone: bool
) -> dict[str, object]:
    """Kill a run `after` seconds, run again, and say what is not as it should be."""
    sheet, reports, log = folder / "tierkit.toml", folder / "reports", folder / "log"
    inputs, options = tables_of(folder / "data"), ("--replace",) if start else ()
    shutil.rmtree(reports, ignore_errors=True)
    if start:
        shutil.copytree(start, reports)
    process = start_run(sheet, *options, log=log)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    done = process.poll() is not None
    orphans = kill(process, alone=alone) if not done else []
    said = log.read_text().strip().splitlines()
    row: dict[str, object] = {"after": round(after, 1), "alone": alone, "ended before": done}
    row["at"] = said[-1].split()[1] if said and not done and len(said[-1].split()) > 1 else "start"
    row["standing"] = (reports / MONTH).exists()
    row["orphans"], row["partial"] = orphans, broken_months(reports)
    row["next seconds"] = round(finish(sheet, *options, log=log), 1)
    row["goes on"] = next((line for line in log.read_text().splitlines() if "goes on from" in line), "")
    row["differing"] = sorted(k for k, _ in set(tables_of(reports / MONTH).items()) ^ set(expected.items()))
    row["partial after"], row["left"] = broken_months(reports), left_behind(reports)
    row["inputs changed"] = tables_of(folder / "data") != inputs
    return row


FAULTS = ("orphans", "partial", "differing", "partial after", "left", "inputs changed")


def main() -> None:
    """Print each moment and the verdict; ends with 1 where anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = Path(place)
        sheet = lay_company(folder)
        finish(folder / "other.toml", log=folder / "log")
        standing = shutil.copytree(folder / "reports", folder / "standing")
        seconds = finish(sheet, "--replace", log=folder / "log")
        # What the write-back reverts to depends on whether another run stood before.
        replaced = tables_of(folder / "reports" / MONTH)
        shutil.rmtree(folder / "reports")
        seconds = max(seconds, finish(sheet, log=folder / "log"))
        first = tables_of(folder / "reports" / MONTH)
        print(f"an undisturbed run takes {seconds:.0f} s and writes {len(first)} files besides its pages", flush=True)
        moments, faults, k = random.Random(args.seed), 0, 0
        while k < args.moments:
            after = moments.uniform(0, seconds)
            start, expected = (standing, replaced) if k % 2 else (None, first)
            row = try_moment(folder, start, expected, after, alone=bool(k // 2 % 2))
            if row["ended before"]:
                continue  # it was quicker this time, and nothing was killed
            k += 1
            faults += any(bool(row[name]) for name in FAULTS)
            print(f"{k:>2}  " + "  ".join(f"{name}: {value}" for name, value in row.items()), flush=True)
    print(f"{args.moments} moments, {faults} with a fault (limit 0)")
    raise SystemExit(faults > 0)


if __name__ == "__main__":
    main()
