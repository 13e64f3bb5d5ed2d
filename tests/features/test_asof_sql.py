import re

import pytest

from tierkit.features import asof_sql

TEXTS = {name: text for name, text in vars(asof_sql).items() if name.isupper()}
FOREIGN = r"DISTINCT|DATE|INTERVAL|EXTRACT|ROUND|CAST|::|%|\bMOD\b|\bLAG\b|\bLEAD\b|QUALIFY|FILTER|USING|/"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_text_stays_in_the_subset_that_engines_agree_on(name: str) -> None:
    assert re.findall(FOREIGN, TEXTS[name].upper()) == []
    for window in re.findall(r"OVER\s*\((.*?)\n?\s*\)", TEXTS[name], re.S):
        assert "PARTITION BY" in window


@pytest.mark.parametrize("name", ["TOUCHES", "CONTACTS", "SIGNALS"])
def test_events_join_by_when_they_were_known_and_when_they_happened(name: str) -> None:
    assert re.search(r"occurred_day <= m\.as_of_day", TEXTS[name])
    assert re.search(r"known_day <= m\.as_of_day", TEXTS[name])
