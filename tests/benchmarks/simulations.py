"""How right the models, the policy and the checks are, held against the truth of simulated companies: hours.

Run `python -m tests.benchmarks.simulations --seeds 20`, or some of them by name (`--only recovery policy`). Each is a
module that can be run by itself, prints its figures beside their limits, and ends with an error past one that it holds.
"""

import argparse
import subprocess
import sys
import time

SIMULATIONS = {
    "duel": 0,
    "nosignal": 0,
    "duplicates": 0,
    "recovery": 1,
    "policy": 1,
    "effect": 1,
    "leaks": 1,
    "moves": 1,
    "recalibration": 1,
    "coverage": 10,
    "audit": 10,
}
"""Modules, and how many simulated companies each takes for one of `--seeds`; those with 0 are always the same size."""


def main() -> None:
    """Run one after the other, each as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="simulated companies; 0 for those that need none")
    parser.add_argument("--only", nargs="+", choices=SIMULATIONS, default=list(SIMULATIONS))
    args = parser.parse_args()
    failed = []
    for name in args.only:
        times = SIMULATIONS[name]
        if not args.seeds and times:
            continue
        command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
        command += ["--seeds", str(times * args.seeds)] if times else []
        print(f"== {name}", flush=True)
        began = time.perf_counter()
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.perf_counter() - began:.1f} s", flush=True)
    if failed:
        sys.exit(f"past a limit, or broken: {', '.join(failed)}")


if __name__ == "__main__":
    main()
