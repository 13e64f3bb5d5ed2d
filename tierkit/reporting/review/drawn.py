"""What was drawn in which week, for whom, remembered for good, so that nobody is drawn twice too soon."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import SheetError
from tierkit.reporting.books import file_name
from tierkit.reporting.review.weeks import monday_of, weeks_apart

FOLDER, DRAWN, LEDGER = "review", "drawn.jsonl", "ledger.jsonl"
"""Names below the folder of reports."""


def check_managers(names: Sequence[str]) -> tuple[str, ...]:
    """Their names without blanks at the ends.

    Raises
    ------
    SheetError : a name is empty, or two are the same apart from case.
    """
    clean = tuple(name.strip() for name in names)
    if not all(clean) or len({name.casefold() for name in clean}) < len(clean):
        raise SheetError(f"managers must have a name each, and no two the same, got {', '.join(map(repr, names))}")
    return clean


def deal_out(sample: pd.DataFrame, managers: Sequence[str], *, week: str, seed: int) -> list[tuple[str, ...]]:
    """Who judges each account: one manager in turn, two where `n_managers` says so and there are two.

    Returns
    -------
    Names, as many as `sample` has rows; none of anybody where no manager is named.
    """
    if not managers:
        return [()] * len(sample)
    turn = np.random.default_rng([seed, monday_of(week).toordinal(), 1]).permutation(len(sample))
    readers: list[tuple[str, ...]] = [()] * len(sample)
    n_twice = 0
    for place, row in enumerate(turn):
        first = place % len(managers)
        readers[row] = (managers[first],)
        if sample["n_managers"].iloc[row] == 2 and len(managers) > 1:
            # Another partner each time, so that no two managers are the only pair.
            other = (first + 1 + n_twice % (len(managers) - 1)) % len(managers)
            readers[row] = (managers[first], managers[other])
            n_twice += 1
    return readers


def seen_lately(drawn: Sequence[dict[str, Any]], *, week: str, window: int) -> set[str]:
    """Accounts drawn for a week fewer than `window` weeks before or after this one."""
    return {d["account_id"] for d in drawn if d["week"] != week and weeks_apart(d["week"], week) < window}


def form_path(folder: Path, manager: str | None) -> Path:
    """The form of a manager; of anybody where none is named."""
    return folder / ("form.csv" if manager is None else f"form-{file_name(manager)}.csv")
