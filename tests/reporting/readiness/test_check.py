"""`tierkit check`: what it says and what its page says, case by case."""

import html
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tests.reporting.readiness.companies import HOSTILE, write_company, write_undated
from tierkit.cli import app

ROOT = Path(__file__).parents[3]


def check(*arguments: object, out: Path) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments), "--out", str(out)])


def words_of(page: Path) -> str:
    """The words of a page, without markup."""
    body = re.sub(r"<(style|script|svg).*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).replace("\xa0", " ")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("company")
    sheet = write_company(folder, added='[tiers.gates]\nrequired = ["industry"]\n')
    page = folder / "check.html"
    return check("--sheet", sheet, out=page), page


def test_a_whole_company_can_run_and_says_by_what(company: tuple[Result, Path]) -> None:
    result, page = company
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert re.match(r"It can run for October 2026, and tiers \d+ accounts, by ", lines[0])
    assert lines[-1] == f"Page: {page}"
    assert len(lines) <= 20
    assert lines[0] in words_of(page)


def test_the_planted_leak_is_named_with_its_figure(company: tuple[Result, Path]) -> None:
    result, page = company
    found = re.search(r"refused: desk_code[^:]*: .*AUC (0\.9\d|1\.00)", result.stdout)
    assert found, result.stdout
    row = re.search(r"desk_code refused AUC (0\.9\d|1\.00)", words_of(page))
    assert row, "the page names it too"
    assert row[1] == found[1]


def test_the_page_answers_every_question(company: tuple[Result, Path]) -> None:
    said = words_of(company[1])
    for part in (
        "What stops or weakens it",
        "Is there enough to learn from?",
        "Which columns may be believed",
        "What cannot be claimed",
        "The tables",
        "What more would buy",
        "What the dates give away",
        "How much is filled",
        "What repeats",
        "Which accounts are one",
        "The tier policy in words",
    ):
        assert part in said, part
    n = re.search(r"(\d+) of (\d+) accounts lack industry, which the gates ask for", said)
    assert n, said
    assert re.search(rf"industry accounts {int(n[2]) - int(n[1])} {n[2]} ", said)
    # The domains of the first four accounts are those of two pairs; the tenth is a child of the first.
    assert "2 of" in said[said.index("Which accounts are one") :]
    assert "1 account was rolled up into 1 parent" in said
    assert "whether a Tier 1 account rests on one person" in said
    assert "No capacity by rep" in said
    assert "Write reps.csv" in said


def test_the_page_asks_no_other_address_and_is_the_same_twice(company: tuple[Result, Path], tmp_path: Path) -> None:
    first = company[1].read_text(encoding="utf-8")
    assert HOSTILE not in first
    assert html.escape(HOSTILE, quote=True) in first
    assert not re.search(r"<img|onerror=alert\(1\)>", first)
    ids = re.findall(r' id="([^"]+)"', first)
    assert len(ids) == len(set(ids))
    sheet = company[1].parent / "tierkit.toml"
    check("--sheet", sheet, out=tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == first


def test_deals_alone_without_days_are_told_what_they_lack(tmp_path: Path) -> None:
    result = check(write_undated(tmp_path / "deals.csv"), out=tmp_path / "check.html")
    assert result.exit_code == 0, result.output
    assert "every deal is closed" in result.stdout
    assert "Read as: outcome from 'Status'" in result.stdout
    said = words_of(tmp_path / "check.html")
    assert "12 of 312 rows of deals are copies" in said
    assert "No horizon, no replay and no forecast" in said
    assert "opened_at of deals everything with a date" in said
    assert "The tier policy" not in said
    # A date that nobody gave stands nowhere.
    assert "2000" not in said


def test_too_few_wins_are_told_against_the_minimum(tmp_path: Path) -> None:
    sheet = write_company(tmp_path, n_deals=120)
    result = check("--sheet", sheet, out=tmp_path / "check.html")
    assert result.exit_code == 0, result.output
    assert re.search(r"by a scorecard: \d+ won and \d+ lost accounts are too few for a model", result.stdout)
    said = words_of(tmp_path / "check.html")
    assert re.search(r"Weakens it \d+ won and \d+ lost accounts are below 40 of either: no model is trained", said)
    assert "Export more years" in said


def test_broken_tables_are_told_whole_and_exit_3(tmp_path: Path) -> None:
    page = tmp_path / "check.html"
    page.write_text("left over", encoding="utf-8")
    (tmp_path / "deals.csv").write_text("deal_id,outcome,account_id,acv\n1,won,a,5\n2,perhaps,b,-3\n3,lost,zz,x\n")
    (tmp_path / "accounts.csv").write_text(f'account_id,name\na,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\na,B\n,C\n')
    (tmp_path / "contacts.csv").write_text("contact_id,role\n1,cfo\n")
    (tmp_path / "tierkit.toml").write_text("")
    result = check("--sheet", tmp_path / "tierkit.toml", out=page)
    assert result.exit_code == 3
    said = words_of(page)
    assert "left over" not in said
    assert "It cannot run yet: 4 breaches of accounts.csv, deals.csv and contacts.csv" in said
    for breach in (
        "accounts.csv: 2 of 3 rows would be set aside",
        "'account_id' must be unique, got 'a' on line 3 (1 row)",
        "got 'perhaps' on line 3 (1 row) (map it in tierkit.toml, [data.deals.values.outcome])",
        "'acv' must be 0 or more, got -3 on line 3 (1 row)",
        "contacts.csv: column 'account_id' is missing (map it in tierkit.toml, [data.contacts]",
        "deals acv must be a number 1 line 4: x",
    ):
        assert breach in said, breach
    # What stops the command is what stops a run.
    run = CliRunner().invoke(app, ["run", "--sheet", str(tmp_path / "tierkit.toml"), "--month", "2026-10"])
    assert run.exit_code == 3
    assert run.stderr == result.stderr


def test_a_policy_that_cannot_be_carried_out_stands_on_the_page_and_exits_2(tmp_path: Path) -> None:
    sheet = write_company(tmp_path, added="[tiers]\nsizes = [400, 400]\n")
    result = check("--sheet", sheet, out=tmp_path / "check.html")
    assert result.exit_code == 2
    said = words_of(tmp_path / "check.html")
    assert "capacity short by" in said
    assert "It cannot run yet" in said
    assert "desk_code" in said, "what was found before stands there too"


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("[tiers]\nstabilty = 1\n", 2, "did you mean 'stability'"),
        (None, 2, "tierkit.toml"),
        ("", 3, "'deals' is missing"),
    ],
)
def test_a_page_of_an_earlier_check_never_stays(tmp_path: Path, text: str | None, code: int, sentence: str) -> None:
    page = tmp_path / "check.html"
    page.write_text("left over", encoding="utf-8")
    if text is not None:
        (tmp_path / "tierkit.toml").write_text(text)
    result = check("--sheet", tmp_path / "tierkit.toml", out=page)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr
    assert sentence in words_of(page)
    assert "left over" not in words_of(page)


@pytest.mark.parametrize("out", ["deals.csv", "no/check.html"])
def test_the_page_never_takes_the_place_of_something_else(tmp_path: Path, out: str) -> None:
    deals = write_undated(tmp_path / "deals.csv")
    before = deals.read_bytes()
    result = check(deals, out=tmp_path / out)
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert deals.read_bytes() == before


def test_an_export_without_an_outcome_is_told_how_to_name_it(tmp_path: Path) -> None:
    frame = pd.read_csv(write_undated(tmp_path / "deals.csv")).rename(columns={"Status": "Fate"})
    frame.to_csv(tmp_path / "deals.csv", index=False)
    result = check(tmp_path / "deals.csv", out=tmp_path / "check.html")
    assert result.exit_code == 2
    assert "--column outcome=NAME" in result.stderr
    again = check(tmp_path / "deals.csv", "--column", "outcome=Fate", out=tmp_path / "check.html")
    assert again.exit_code == 0, again.output


@pytest.mark.slow
def test_the_demo_says_what_it_is(tmp_path: Path) -> None:
    text = (ROOT / "tierkit.toml").read_text(encoding="utf-8")
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text(text.replace('"data/demo"', f'"{(ROOT / "data" / "demo").as_posix()}"'), encoding="utf-8")
    result = check("--sheet", sheet, out=tmp_path / "check.html")
    assert result.exit_code == 0, result.output
    assert "8,516 deals: 4,044 won, 3,873 lost, 599 open" in result.stdout
    assert re.search(r"refused: crm_probability \(AUC 0\.9\d\)", result.stdout)
    said = words_of(tmp_path / "check.html")
    assert "720 of 3,880 accounts lack headcount" in said
    assert "120 accounts were rolled up into 120 parents" in said
    assert "No month between is nearly empty." in said
