"""As-of features of a long log of activities as rows of the page: CPU seconds and the most memory of each way.

Each way runs in a process of its own (`tests.benchmarks.windows`), in turn, so that memory is its own as well.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.ratios import Figure, Ratio, Row, Seconds


def rows(*, accounts: int = 1_000_000, activities: int = 50_000_000, turns: int = 1) -> Iterator[Row]:
    """Ours against the plain query per window in DuckDB and in Polars; then the most memory of each."""
    # Polars reads its number of threads when it is loaded
    from tests.benchmarks.activity_log import make_log
    from tests.benchmarks.windows import LIMIT, measure

    with tempfile.TemporaryDirectory() as folder:
        make_log(Path(folder), accounts=accounts, activities=activities)
        runs = measure(Path(folder), people=False, turns=turns)
    by_way = {way: [run for run in runs if run["way"] == way] for way in ("tierkit", "duckdb", "polars")}
    seconds = {way: Seconds.of([run["cpu"] for run in some]) for way, some in by_way.items()}
    answer = {way: {tuple(run["answer"]) for run in some} for way, some in by_way.items()}
    ((n_columns, _),) = answer["tierkit"]
    size = f"{activities:,} activities onto {accounts:,} accounts, {n_columns} columns, two threads"
    for peer in ("duckdb", "polars"):
        same = answer[peer] == answer["tierkit"]
        compared = f"every integer of {n_columns} columns"
        yield Ratio(
            "As-of features", size, "a query per window", peer, seconds["tierkit"], seconds[peer], same, compared, 1.0
        )
    for way, some in by_way.items():
        most = max(run["gib"] for run in some)
        yield Figure(f"As-of features, most memory of {way}", size, most, "GiB", LIMIT if way == "tierkit" else None)
