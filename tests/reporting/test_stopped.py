"""A run whose audit fails: a page to be read, nothing to be acted on, unless the sheet allows it."""

import html
import json
import shutil

import pandas as pd
import pytest
from typer.testing import CliRunner

from tierkit.cli import app
from tierkit.inputs.sample import simulate_company
from tierkit.inputs.sample.company import write_sample

SHEET = """
seed = 1
[data]
folder = "data"
{tables}
[tiers]
shares = [0.1, 0.2]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A young company, too small for models, whose September was published and then touched."""
    folder = tmp_path_factory.mktemp("young")
    sample = simulate_company(seed=5, n_accounts=150, months=12, n_reps=2)
    write_sample(sample, folder / "data")
    tables = "\n".join(
        f'[data.{name}]\nfile = "{next((folder / "data").glob(f"{name}.*")).name}"' for name in sample.frames
    )
    (folder / "tierkit.toml").write_text(SHEET.format(tables=tables), encoding="utf-8")
    assert run(folder, "2026-09").exit_code == 0
    tiers = folder / "reports" / "2026-09" / "tiers.parquet"
    touched = pd.read_parquet(tiers)
    touched.loc[touched.index[0], "expected_value"] = 1e9
    touched.to_parquet(tiers, index=False)
    return folder


def run(folder, month):
    return CliRunner().invoke(app, ["run", "--month", month, "--sheet", str(folder / "tierkit.toml")])


def test_a_stop_writes_its_page_and_no_tier_files_and_exits_4(project):
    result = run(project, "2026-10")
    assert result.exit_code == 4
    failed = project / "reports" / "2026-10.failed"
    assert not (project / "reports" / "2026-10").exists()
    assert {"index.html", "audit.json", "manifest.json"} <= {p.name for p in failed.iterdir()}
    assert not [p.name for p in failed.iterdir() if p.name.startswith("tiers") or p.name in ("books", "ledger.json")]
    said = html.unescape((failed / "index.html").read_text(encoding="utf-8"))
    assert "Not published, since the self-audit stopped this run (promises intact: 2026-09 no longer as frozen" in said
    assert (project / "reports" / "2026-09" / "tiers.csv").exists()


def test_a_sheet_that_names_the_check_publishes_and_the_first_line_says_so(project, tmp_path):
    folder = tmp_path / "forced"
    shutil.copytree(project, folder)
    with (folder / "tierkit.toml").open("a", encoding="utf-8") as sheet:
        sheet.write('[proof]\npublish_despite = ["promises intact"]\n')
    assert run(folder, "2026-10").exit_code == 0
    published = folder / "reports" / "2026-10"
    line = json.loads((published / "manifest.json").read_text(encoding="utf-8"))["headline"]["To decide"]
    assert line.startswith("Published although the self-audit failed, as the run sheet allows (promises intact:")
    assert (published / "tiers.csv").exists()
