import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.benchmarks.duel import export_of_deals
from tierkit.cli import app
from tierkit.errors import SheetError, TableError
from tierkit.reporting.audit_tiers import audit_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    deals = export_of_deals(3000, seed=12)
    deals.to_csv(folder / "deals.csv", index=False)
    accounts = deals.groupby("account_id").agg(employees=("employees", "first"), Tier=("Tier", "first")).reset_index()
    accounts[["account_id", "employees"]].to_csv(folder / "accounts.csv", index=False)
    accounts.assign(valid_from="2022-12-01")[["account_id", "Tier", "valid_from"]].to_csv(
        folder / "tiers.csv", index=False
    )
    (folder / "sheet.toml").write_text('[data.deals]\nfile = "deals.csv"\n[data.accounts]\nfile = "accounts.csv"\n')
    return folder


def audit(folder, file="deals.csv", *, tier="Tier", score=None, **more):
    return audit_file(folder / file, tier=tier, score=score, out=folder / "page.html", **more)


def test_the_verdict_is_said_first_and_in_few_lines(folder):
    lines = audit(folder, score="leaking")
    assert lines[0].startswith("Tier: real, if it was set before the deals opened.")
    assert lines[1].startswith("leaking: too good to be true: it knows the outcome.")
    assert 4 <= len(lines) <= 8
    assert lines[-1] == f"Page: {folder / 'page.html'}"


def test_the_page_asks_no_other_address_and_is_the_same_twice(folder):
    audit(folder, score="good")
    first = (folder / "page.html").read_bytes()
    audit(folder, score="good")
    assert (folder / "page.html").read_bytes() == first
    html = first.decode()
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html)
    assert html.index("real, if it was set before the deals opened") < html.index("<figure")
    assert html.count("<figure") == 2
    for part in ("Side by side", "What not to conclude", "company size (employees)", "random order"):
        assert part in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_dated_table_is_held_against_the_sheets_deals(folder):
    lines = audit(folder, "tiers.csv", sheet=folder / "sheet.toml")
    assert lines[0].startswith("Tier: real. As it happened, Tier 1")
    assert not any("No date says" in line for line in lines)
    html = (folder / "page.html").read_text()
    assert "Days are taken at their word" in html


def test_a_dated_table_needs_its_days_and_the_sheets_accounts(folder, tmp_path):
    table = pd.read_csv(folder / "tiers.csv")
    table.drop(columns="valid_from").to_csv(tmp_path / "tiers.csv", index=False)
    with pytest.raises(TableError, match="no column says from which day"):
        audit(tmp_path, "tiers.csv", sheet=folder / "sheet.toml")
    table.assign(account_id="x" + table["account_id"]).to_csv(tmp_path / "tiers.csv", index=False)
    with pytest.raises(TableError, match=r"none of its .* accounts has a deal"):
        audit(tmp_path, "tiers.csv", sheet=folder / "sheet.toml")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"tier": "Teir"}, "column 'Teir' is missing, did you mean 'Tier'"),
        ({"tier": "zzz"}, r"column 'zzz' is missing \(there are deal_id, account_id"),
        ({"tier": None}, r"name a column of tiers \(--tier\)"),
        ({"as_of": "yesterday"}, "--as-of must be a day, YYYY-MM-DD, got 'yesterday'"),
        ({"columns": ["Stage"]}, "--column 'Stage' must read canonical=name"),
        ({"known_at": "Tier"}, "--known-at column 'Tier' must hold days"),
    ],
)
def test_what_cannot_be_is_one_sentence_with_its_repair(folder, asked, message):
    with pytest.raises(SheetError, match=message):
        audit(folder, **asked)


def test_names_are_found_apart_from_case_and_spaces(folder):
    assert audit(folder, tier="tier")[0].startswith("Tier: ")


def test_a_folder_that_is_not_there_is_named(folder):
    with pytest.raises(TableError, match="there is no folder"):
        audit_file(folder / "deals.csv", tier="Tier", score=None, out=folder / "no" / "page.html")


def test_the_command_prints_sentences_and_exits_2_on_a_missing_column(folder):
    run = CliRunner().invoke(
        app, ["audit-tiers", str(folder / "deals.csv"), "--tier", "Tier", "--out", str(folder / "page.html")]
    )
    assert run.exit_code == 0
    assert run.stdout.startswith("Tier: real")
    wrong = CliRunner().invoke(app, ["audit-tiers", str(folder / "deals.csv"), "--tier", "Teir"])
    assert wrong.exit_code == 2
    assert "did you mean 'Tier'" in wrong.stderr
