"""`tierkit init` proposes how exports are read; what it cannot settle stops the next command with one sentence."""

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tierkit.cli import app
from tierkit.errors import SheetError
from tierkit.inputs.opening import open_tables
from tierkit.runsheet import read_sheet


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def keys_of(sheet: Path) -> list[str]:
    return [line for line in sheet.read_text(encoding="utf-8").splitlines() if "=" in line.split("#")[0]]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """The page of a check is written where one stands."""
    monkeypatch.chdir(tmp_path)


def deals(n: int = 90, **columns: object) -> pd.DataFrame:
    ends = ["Closed Won", "Closed Lost", "Proposal"]
    given = {
        "Opportunity ID": [f"{k:04d}" for k in range(n)],
        "Stage": [ends[k % 3] for k in range(n)],
        "Created Date": ["2025-02-03"] * n,
        "Close Date": ["2025-04-30"] * n,
        "Amount": [100.0 * k for k in range(1, n + 1)],
        "Warehouse Count": range(n),
    }
    return pd.DataFrame(given | columns)


def test_a_file_of_deals_becomes_a_sheet_that_reads(tmp_path):
    deals().to_csv(tmp_path / "export.csv", index=False)
    result = cli("init", tmp_path / "project", "--from", "csv", tmp_path / "export.csv")
    assert result.exit_code == 0, result.output
    sheet = tmp_path / "project" / "tierkit.toml"
    settings = read_sheet(sheet)
    assert 0 < len(keys_of(sheet)) <= 12
    assert settings.data.deals.file == "../export.csv"
    assert settings.data.deals.columns["deal_id"] == "Opportunity ID"
    assert settings.data.deals.values["outcome"] == {"Closed Won": "won", "Closed Lost": "lost", "*": "open"}
    assert "'Closed Won' is won" in result.output
    assert "candidate features after the leak screen: Warehouse Count" in result.output
    # 90 deals: 30 of each end
    assert open_tables(settings.data, root=settings.folder).frame("deals")["outcome"].value_counts().to_dict() == {
        "won": 30,
        "lost": 30,
        "open": 30,
    }
    assert len(list((tmp_path / "project" / "notebooks").glob("*.ipynb"))) == 8
    assert cli("check", "--sheet", sheet).exit_code == 0


def test_a_sheet_that_is_there_is_left_alone(tmp_path):
    deals().to_csv(tmp_path / "export.csv", index=False)
    (tmp_path / "tierkit.toml").write_text("seed = 7\n")
    for origin, exports in (("csv", tmp_path / "export.csv"), ("salesforce", tmp_path), ("hubspot", tmp_path)):
        result = cli("init", tmp_path, "--from", origin, exports)
        assert result.exit_code == 2
        assert "exists; remove it or choose another folder" in result.stderr
    assert (tmp_path / "tierkit.toml").read_text() == "seed = 7\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "csv"), "say both where your exports are and whose"),
        (("exports",), "say both where your exports are and whose"),
        (("--from", "csv", "nowhere"), "nowhere: no such file or folder"),
        (("--from", "salesforce", "one.csv"), "must be the folder of the exports"),
    ],
)
def test_half_a_question_is_answered_with_how_to_ask(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    deals().to_csv("one.csv", index=False)
    result = cli("init", "project", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not Path("project", "tierkit.toml").exists()


def test_stages_nobody_can_place_are_asked_for_and_stop_check_and_run(tmp_path):
    stages = ["Phase A", "Phase B", "Closed Won"] * 30
    deals(Stage=stages).to_csv(tmp_path / "export.csv", index=False)
    result = cli("init", tmp_path / "project", "--from", "csv", tmp_path / "export.csv")
    assert result.exit_code == 0, result.output
    sheet = tmp_path / "project" / "tierkit.toml"
    assert "since none says lost: Phase A (30 deals), Phase B (30 deals)" in result.output.splitlines()[-1]
    for command in ("check", "run"):
        stopped = cli(command, "--sheet", sheet)
        assert stopped.exit_code == 2
        asked = r"tierkit\.toml, line \d+: 'data\.deals\.values\.outcome\.\*' is not settled, write won, lost or open"
        assert re.search(asked, stopped.stderr)
    settled = sheet.read_text().replace('"*" = "?"', '"Phase A" = "lost", "*" = "open"')
    sheet.write_text(settled)
    assert read_sheet(sheet).data.deals.values["outcome"]["Closed Won"] == "won"
    assert cli("check", "--sheet", sheet).exit_code == 0


def test_every_line_with_a_question_mark_is_named_with_what_to_write(tmp_path):
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text('[data]\ncurrency = "?"   # write the currency\n[data.deals]\nfile = "?"\n')
    with pytest.raises(SheetError) as error:
        read_sheet(sheet)
    assert str(error.value) == (
        "tierkit.toml, line 2: 'data.currency' is not settled, write the currency; "
        "tierkit.toml, line 4: 'data.deals.file' is not settled, write a value"
    )


def test_no_column_of_outcomes_and_days_of_two_readings_are_asked_for(tmp_path):
    frame = deals().drop(columns="Stage").assign(**{"Created Date": "03/02/2025", "Close Date": "06/05/2025"})
    frame.to_csv(tmp_path / "export.csv", index=False)
    result = cli("init", tmp_path / "project", "--from", "csv", tmp_path / "export.csv")
    assert result.exit_code == 0, result.output
    stopped = cli("check", "--sheet", tmp_path / "project" / "tierkit.toml")
    assert "'data.deals.columns.outcome' is not settled, write the column that says how deals ended" in stopped.stderr


def test_days_of_two_readings_are_asked_for(tmp_path):
    frame = deals().assign(**{"Created Date": "03/02/2025", "Close Date": "06/05/2025"})
    frame.to_csv(tmp_path / "export.csv", index=False)
    cli("init", tmp_path / "project", "--from", "csv", tmp_path / "export.csv")
    sheet = tmp_path / "project" / "tierkit.toml"
    stopped = cli("check", "--sheet", sheet)
    assert "write true if 03/02/2025 begins with the day, false if with the month" in stopped.stderr
    sheet.write_text(sheet.read_text().replace('day_first = "?"', "day_first = true"))
    settings = read_sheet(sheet)
    assert open_tables(settings.data, root=settings.folder).frame("deals")["opened_at"].max() == pd.Timestamp(
        "2025-02-03"
    )


def test_a_folder_with_tables_under_our_names_is_read_whole(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    deals().assign(**{"Account ID": [f"a{k % 20}" for k in range(90)]}).to_csv(folder / "opps 2026.csv", index=False)
    pd.DataFrame({"account_id": [f"a{k}" for k in range(20)], "industry": "retail"}).to_csv(
        folder / "accounts.csv", index=False
    )
    pd.DataFrame({"account_id": ["a1"], "occurred_at": ["2025-01-02"], "kind": ["call"]}).to_csv(
        folder / "activities.csv", index=False
    )
    result = cli("init", tmp_path / "project", "--from", "csv", folder)
    assert result.exit_code == 0, result.output
    settings = read_sheet(tmp_path / "project" / "tierkit.toml")
    tables = open_tables(settings.data, root=settings.folder)
    assert {n: len(f) for n, f in tables.frames.items()} == {"accounts": 20, "deals": 90, "activities": 1}
    assert len(keys_of(tmp_path / "project" / "tierkit.toml")) <= 12


def test_names_of_files_and_columns_cannot_break_out_of_the_sheet(tmp_path):
    name = 'evil" ]\n[tiers'
    frame = deals().rename(columns={"Warehouse Count": name, "Stage": 'Stage "x"\n'})
    frame = frame.assign(**{"Deal Stage": frame['Stage "x"\n']})
    frame.to_csv(tmp_path / "export.csv", index=False)
    result = cli("init", tmp_path / "project", "--from", "csv", tmp_path / "export.csv")
    assert result.exit_code == 0, result.output
    assert read_sheet(tmp_path / "project" / "tierkit.toml").data.deals.columns["outcome"] == "Deal Stage"


def test_init_alone_still_lays_out_the_demo(tmp_path, monkeypatch):
    from tierkit.inputs import sample

    small = sample.simulate_company(seed=1, n_accounts=100)
    monkeypatch.setattr(sample, "simulate_company", lambda **_: small)
    result = cli("init", tmp_path)
    assert result.exit_code == 0, result.output
    assert read_sheet(tmp_path / "tierkit.toml").data.folder == "data/demo"
    assert (tmp_path / "data" / "demo" / "deals.csv.gz").is_file()
