"""A company whose outcomes have nothing to do with anything: the whole run says so, claims nothing, and publishes."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.benchmarks.nosignal import shuffle_outcomes
from tierkit.inputs.sample import simulate_company, write_sample
from tierkit.reporting.monthly import run_months

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("no_signal")
    write_sample(shuffle_outcomes(simulate_company(seed=3, n_accounts=600), seed=1), folder / "data")
    text = (ROOT / "tierkit.toml").read_text(encoding="utf-8").replace('"data/demo"', '"data"')
    (folder / "tierkit.toml").write_text(text, encoding="utf-8")
    run_months(folder / "tierkit.toml", ["2026-10"])
    return folder / "reports" / "2026-10"


@pytest.mark.slow
def test_shuffled_outcomes_end_in_no_usable_signal(published):
    page = (published / "index.html").read_text(encoding="utf-8")
    first = re.findall(r"<li>([^<]*)</li>", page[page.index("<ol>") :])[0]
    assert first.startswith("No usable signal")
    # Tiers come from fit: nobody has a value, everybody has a tier.
    tiers = pd.read_parquet(published / "tiers.parquet")
    assert len(tiers)
    assert tiers["tier"].notna().all()
    assert tiers["expected_value"].isna().all()
    best = [tiers.loc[tiers["base_tier"] == t, "fit_score"].mean() for t in (1, 3)]
    assert best[0] > best[1]
    # No lift is claimed anywhere on the page, and no table of lift is published with rows.
    assert not re.search(r"\d(\.\d)? times \(|are told apart|points more", page)
    assert not (published / "tier_lift.csv").exists()
    assert "beats the base rate" not in page
    assert "Replayed as if live" not in page
    assert "fit scorecard" in first
