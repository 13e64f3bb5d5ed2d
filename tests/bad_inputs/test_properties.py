"""A few examples of each property, always the same; the long run is `python -m tests.benchmarks.fuzz`."""

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.bad_inputs.properties import PROPERTIES

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
