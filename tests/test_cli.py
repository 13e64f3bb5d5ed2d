"""The command line says what went wrong in one sentence, with the exit code of its kind."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tierkit.cli import app

ROOT = Path(__file__).parent.parent


def run(*arguments: object):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_an_unknown_key_exits_2_and_offers_the_near_name(tmp_path):
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text('[tiers]\nstabilty = "high"\n')
    result = run("run", "--sheet", sheet, "--month", "2026-10")
    assert result.exit_code == 2
    assert "unknown key 'tiers.stabilty'; did you mean 'stability'?" in result.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[tiers]\nlabels = ['only']\n", "names 1 tiers; tierkit has 2, 3 or 4"),
        ("[tiers]\npromotion_share = 2\n", "'tiers.promotion_share' must be 0.5 or less, got 2"),
        ("[tiers\n", "not valid TOML"),
    ],
)
def test_a_bad_sheet_exits_2_with_its_sentence(tmp_path, text, sentence):
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text(text)
    result = run("check", "--sheet", sheet, "--out", tmp_path / "check.html")
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_broken_table_exits_3_and_publishes_nothing(tmp_path):
    (tmp_path / "deals.csv").write_text("deal_id,outcome\n1,won\n2,perhaps\n")
    (tmp_path / "tierkit.toml").write_text("")
    result = run("run", "--sheet", tmp_path / "tierkit.toml", "--month", "2026-10")
    assert result.exit_code == 3
    assert "deals.csv" in result.stderr
    assert "perhaps" in result.stderr
    assert not list((tmp_path / "reports").glob("20*"))


def test_capacity_short_exits_2_and_says_by_how_many_reps(tmp_path):
    sheet = tmp_path / "tierkit.toml"
    data = (ROOT / "data" / "demo").as_posix()
    # 8 reps with 5 slots hold 40; 60 places, 5 strategic and 9 promotions need 74: 34 more, at 25 a rep 2 reps.
    sheet.write_text(f'[data]\nfolder = "{data}"\n[tiers]\nsizes = [60, 200]\n')
    result = run("run", "--sheet", sheet, "--month", "2026-10")
    assert result.exit_code == 2
    assert "capacity short by 2 reps" in result.stderr
    assert not list((tmp_path / "reports").glob("20*"))


def test_check_names_refused_columns_with_the_figure_that_refused_each(tmp_path):
    n = 400
    frame = pd.DataFrame(
        {"deal_id": range(n), "outcome": ["won", "lost"] * (n // 2), "region": ["N", "S", "E", "W"] * 100}
    )
    frame["Invoice Sent"] = (frame["outcome"] == "won").astype(int)
    frame.to_csv(tmp_path / "deals.csv", index=False)
    result = run("check", tmp_path / "deals.csv", "--out", tmp_path / "check.html")
    assert result.exit_code == 0, result.output
    assert "400 deals: 200 won, 200 lost, 0 open" in result.output
    assert "refused: Invoice Sent" in result.output
    assert "Cannot be claimed: " in result.output


def test_the_demo_sheet_has_at_most_twelve_keys():
    lines = (ROOT / "tierkit.toml").read_text().splitlines()
    assert len([line for line in lines if "=" in line.split("#")[0]]) <= 12


def test_every_key_can_be_explained():
    from tierkit.runsheet import explain_key, sheet_keys

    keys = list(sheet_keys())
    assert {"seed", "tiers.preset", "tiers.gates.bounds.min", "tiers.plays.sla", "data.deals.join.on"} <= set(keys)
    for key in keys:
        said = explain_key(key)
        assert said.startswith(key), key
        for line in said.splitlines():
            # Words, not a missing docstring: "None".
            assert len(line.split(": ", 1)[1]) > 10, line
            assert not line.endswith("None"), line
    assert run("explain", "tiers.preset").output.startswith("tiers.preset (one of 'mid_market', 'enterprise'")
    assert run("explain", "tiers.plays.sla").output.startswith("tiers.plays.sla (str, must be stated): How fast")
    assert run("explain", "tiers.nonsense").exit_code == 2


def test_check_says_the_policy_and_refuses_one_that_cannot_be_carried_out(tmp_path):
    data = (ROOT / "data" / "demo").as_posix()
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text(f'[data]\nfolder = "{data}"\n[tiers]\npreset = "mid_market"\n')
    result = run("check", "--sheet", sheet, "--out", tmp_path / "check.html")
    assert result.exit_code == 0, result.output
    assert "Tier 1 strategic: 31 places by value, in 40 slots, 5 for each of 8 reps" in result.output
    sheet.write_text(f'[data]\nfolder = "{data}"\n[tiers]\nsizes = [60, 200]\n')
    result = run("check", "--sheet", sheet, "--out", tmp_path / "check.html")
    assert result.exit_code == 2
    assert "capacity short by 2 reps" in result.stderr


def test_importing_tierkit_loads_no_library():
    code = "import sys, tierkit; print(sorted({'pandas', 'numpy', 'scipy', 'sklearn', 'duckdb'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_accounts_are_scored_and_explained_by_the_models_of_a_month(demo_reports, tmp_path):
    month = demo_reports / "2026-10"
    out = tmp_path / "scores.parquet"
    result = run("score", month / "scoring_rows.parquet", "--models", month / "models", "--out", out)
    assert result.exit_code == 0, result.stderr
    said, found = pd.read_parquet(month / "scoring_rows.parquet"), pd.read_parquet(out)
    assert f"{len(said):,} rows scored, 5 reasons each" in result.stdout
    for name in ("row_id", "account_id", "open_prob", "win_prob", "expected_acv", "expected_value", "off_support"):
        pd.testing.assert_series_equal(found[name], said[name], check_exact=True)
    assert found["reason_1_words"].dropna().str.startswith("speaks ").all()
    assert found["reason_1_words"].notna().any()
    again = run("score", month / "scoring_rows.parquet", "--models", month / "models", "--out", out)
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_rows_that_are_no_parquet_file_exit_3(demo_reports, tmp_path):
    (tmp_path / "rows.parquet").write_text("account_id\n1\n")
    models, out = demo_reports / "2026-10" / "models", tmp_path / "scores.parquet"
    result = run("score", tmp_path / "rows.parquet", "--models", models, "--out", out)
    assert result.exit_code == 3
    assert "not a Parquet file" in result.stderr
    assert not out.exists()
