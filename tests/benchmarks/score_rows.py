"""Scoring Parquet to Parquet as rows of the page: CPU and memory of a million accounts, and LightGBM beside fewer.

Models, rows and the comparison of answers are those of `tests.benchmarks.scoring`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.ratios import Figure, Ratio, Row


def rows(*, accounts: int = 1_000_000, beside: int = 50_000) -> Iterator[Row]:
    """What LightGBM's predictions and contributions alone take, then the limits."""
    from tests.benchmarks.scoring import LIMITS, beside_lightgbm, make_models, run_apart, write_rows

    work = "Probability, ACV and five reasons each, Parquet to Parquet"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = beside_lightgbm(folder, beside)
        size = f"{beside:,} accounts, three models of 300 trees"
        peer = "predict and predict(pred_contrib=True), in memory"
        yield Ratio(
            work,
            size,
            peer,
            "lightgbm",
            found.ours,
            found.lightgbm,
            found.same,
            found.compared,
            scaled="from 2,000 accounts",
        )
        make_models(folder / "models")
        took = run_apart(folder / "models", write_rows(folder, accounts), folder / "scores.parquet")
    size = f"{accounts:,} accounts, three models of 300 trees"
    right = took["rows"] == accounts
    yield Figure(work, size, took["cpu"], "s of CPU", LIMITS["cpu"], right, "a row for every account")
    yield Figure("The same, most memory", size, took["memory"], "GiB", LIMITS["memory"])
