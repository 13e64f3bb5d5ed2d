"""A few examples of each property, always the same; the long run is `python -m tests.benchmarks.fuzz`."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.bad_inputs.company import good_tables
from tests.bad_inputs.properties import PROPERTIES, typed_columns_are_read_or_refused

EXAMPLES = {"no row is lost": 12, "typed columns are read or refused": 15}
"""Opening three tables takes a tenth of a second; the rest is quicker."""


@pytest.mark.parametrize("name", PROPERTIES)
def test_property(name):
    check, strategy = PROPERTIES[name]
    quick = settings(
        max_examples=EXAMPLES.get(name, 40),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    quick(seed(20261031)(given(strategy)(check)))()


FOUND = {
    "bytes that are no text": b"\xff\xfe",
    "half of a pair of characters": "\ud800 half",
    "a complex number": complex(1, 2),
    "a list": ["a"],
    "more than 64 bits": 2**64 + 1,
}
"""Cells that fuzzing found to end in a traceback."""


@pytest.mark.parametrize("name", FOUND)
def test_what_fuzzing_found_is_read_or_refused(name):
    frame = pd.DataFrame(good_tables()["contacts"][:4])
    cells = [FOUND[name], None] * 2
    for column in ("account_id", "known_at", "extra"):
        spoilt = frame.assign(**{column: pd.Series(cells, frame.index, dtype="object")})
        typed_columns_are_read_or_refused(("contacts", spoilt))
    deals = pd.DataFrame(good_tables()["deals"][:4])
    outcome = pd.Series(cells, deals.index, dtype="object")
    typed_columns_are_read_or_refused(("deals", deals.assign(outcome=outcome)))
