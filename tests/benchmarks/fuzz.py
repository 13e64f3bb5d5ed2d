"""Ten minutes of made-up files, frames and run sheets: `python -m tests.benchmarks.fuzz [minutes] [first seed]`.

Every property of `tests/bad_inputs/properties.py` in turn, each round with a seed of its own, until the time is up. A
failure prints its property, its seed and the input that shows it; it becomes a case of `tests/bad_inputs`.
The seeds of failures that were mended are in `FOUND`: they run first, so that none comes back.
"""

import sys
import time
import traceback
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.bad_inputs.properties import PROPERTIES

MINUTES, FIRST_SEED, EXAMPLES = 10.0, 1, 20
"""How long; the first seed; examples a round."""
FOUND: tuple[tuple[str, int], ...] = tuple(("typed columns are read or refused", n) for n in (1, 3, 4, 10))
"""Property and seed of every failure that was found and mended."""


def run_round(name: str, number: int) -> str | None:
    """What went wrong under this seed, if anything did."""
    check, strategy = PROPERTIES[name]
    # Not made smaller: opening tables takes a tenth of a second, and the minutes are better spent on other inputs
    examples = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.explicit, Phase.generate],
    )
    try:
        examples(seed(number)(given(strategy)(check)))()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        place = "".join(traceback.format_tb(error.__traceback__)[-6:])
        # The input may hold halves of characters, which no terminal prints
        return ascii(f"{type(error).__name__}: {error}\n{place}{_notes(error)}").replace("\\n", "\n")
    return None


def _notes(error: BaseException) -> str:
    return "\n".join(getattr(error, "__notes__", []))


def main(minutes: float = MINUTES, first: int = FIRST_SEED) -> int:
    """Rounds until the time is up; the number of failures."""
    start, rounds, failures = time.monotonic(), Counter[str](), 0
    queue = list(FOUND)
    number = first
    while time.monotonic() - start < 60 * minutes or queue:
        if not queue:
            queue = [(name, number) for name in PROPERTIES]
            number += 1
        name, under = queue.pop(0)
        wrong = run_round(name, under)
        rounds[name] += 1
        if wrong:
            failures += 1
            print(f"FAILED {name}, seed {under}\n{wrong}", flush=True)
    seconds = time.monotonic() - start
    print(f"seeds {first} to {number - 1}, {seconds / 60:.1f} minutes, {EXAMPLES} examples a round")
    for name, n in rounds.items():
        print(f"{name:<42} {n:4d} rounds {n * EXAMPLES:7,d} examples")
    print(f"failures: {failures} (limit 0)")
    return failures


if __name__ == "__main__":
    given_minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    sys.exit(bool(main(given_minutes, int(sys.argv[2]) if len(sys.argv) > 2 else FIRST_SEED)))
