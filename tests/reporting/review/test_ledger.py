"""`tierkit review record`: forms go in whole or not at all, however a spreadsheet left them."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.reporting.review.project import fill, make_project
from tierkit.cli import app
from tierkit.errors import SheetError, TableError, TierkitError
from tierkit.reporting.review.ledger import known_reviews, record_forms
from tierkit.reporting.review.weekly import sample_week

WEEK = "2026-W45"
LATER = pd.Timestamp("2026-11-30")


@pytest.fixture
def project(tmp_path):
    """A drawn week: the sheet, its folder, and the forms of Ana and Ben."""
    sheet = make_project(tmp_path)
    sample_week(sheet, week=WEEK, managers=["ana", "ben"])
    folder = tmp_path / "reports" / "review"
    return sheet, folder, folder / WEEK / "form-ana.csv", folder / WEEK / "form-ben.csv"


def recorded(sheet):
    return known_reviews(sheet.parent / "reports", LATER).rows


def test_forms_are_taken_once_and_each_answer_stands_with_its_account(project) -> None:
    sheet, folder, ana, ben = project
    rows = fill(ana, ["agree", "too high", "wrong data", "too low"], reason="  'tis 50% smaller; much  ")
    fill(ben)
    told = record_forms([ana, ben], sheet=sheet)
    assert told[0].startswith("24 answers recorded")  # 20 accounts, 4 of them twice
    got = recorded(sheet)
    mine = got[got["reviewer"] == "ana"].set_index("review_id")
    assert list(mine["verdict"]) == list(rows["verdict"])
    assert list(mine["account_id"]) == list(rows["account_id"])
    assert set(mine["reason"]) == {"'tis 50% smaller; much"}
    before = (folder / "ledger.jsonl").read_bytes()
    assert record_forms([ben], sheet=sheet)[0].startswith("Nothing new")
    assert record_forms([ben, ana], sheet=sheet)[0].startswith("Nothing new")
    assert (folder / "ledger.jsonl").read_bytes() == before


@pytest.mark.parametrize("kind", ["windows", "bom", "semicolons", "utf16", "padded", "workbook", "zeros"])
def test_what_spreadsheets_do_to_a_form_is_undone(project, kind) -> None:
    sheet, _, ana, _ = project
    rows = fill(ana, [" Too High ", "AGREE", "wrong_data", "too  low"], reason="= see CRM", coaching_note="ü, ö")
    rows["reason"] = "'= see CRM"
    text = rows.to_csv(index=False)
    match kind:
        case "windows":
            ana.write_bytes(text.replace("\n", "\r\n").encode("cp1252"))
        case "bom":
            ana.write_bytes(text.replace("review_id", "Review ID").encode("utf-8-sig"))
        case "semicolons":
            ana.write_text(rows.to_csv(index=False, sep=";") + ";;;;;;;;\r\n;;;;;;;;\r\n", encoding="utf-8")
        case "utf16":
            ana.write_bytes(rows.to_csv(index=False, sep="\t").encode("utf-16"))
        case "padded":
            rows.assign(**{"": "", "Unnamed": ""}).map(lambda c: f"{c}  ").to_csv(ana, index=False)
        case "workbook":
            ana.unlink()
            ana = ana.with_suffix(".xlsx")
            rows.astype({"tier": "int64"}).to_excel(ana, index=False)
        case "zeros":
            rows.assign(tier=rows["tier"] + ".0").to_csv(ana, index=False)
    record_forms([ana], sheet=sheet)
    got = recorded(sheet)
    said = ["too high", "agree", "wrong data", "too low"]
    assert list(got["verdict"]) == [said[i % 4] for i in range(len(got))]
    assert set(got["reason"]) == {"= see CRM"}
    assert set(got["coaching_note"]) == {"ü, ö"}


def test_ids_that_lost_their_zeros_or_digits_are_still_those_drawn() -> None:
    from tierkit.reporting.review.forms import read_forms

    def answered(tmp, given, cell):
        drawn = [{"week": WEEK, "month": "m", "review_id": "r", "account_id": given, "name": "", "tier": 1}]
        drawn[0] |= {"stratum": "Tier 1", "readers": []}
        tmp.write_text(f"review_id,account_id,name,tier,verdict,reason,coaching_note,next_step,reviewer\nr,{cell}")
        with tmp.open("a") as file:
            file.write(",,1,agree,,,,ana\n")
        return read_forms([tmp], drawn, [])[0]["account_id"]

    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        form = Path(folder) / "form.csv"
        assert answered(form, "000324", "324") == "000324"
        assert answered(form, "123456789012", "1.23457E+11") == "123456789012"
        assert answered(form, "=1+1", "'=1+1") == "=1+1"
        for given, cell in (
            ("000324", "325"),
            ("123456789012", "1.23458E+11"),
            ("0018d000", "18d000"),
            ("1e3", "1000"),
        ):
            with pytest.raises(TableError, match="not drawn"):
                answered(form, given, cell)


def test_a_bad_form_is_refused_with_all_its_lines_and_nothing_is_written(project) -> None:
    sheet, folder, ana, ben = project
    rows = fill(ana)
    # ana has 12 or so rows; line 1 is the header, so that row i stands on line i + 2
    rows.loc[0, "account_id"] = "nobody"
    rows.loc[[1, 3], "verdict"] = ["", "  "]
    rows.loc[[2, 5], "verdict"] = "fine"
    rows.loc[4, "tier"] = "9"
    rows.loc[6, "review_id"] = "2026-W45-99"
    rows.loc[7, "account_id"] = rows.loc[8, "account_id"]
    rows.loc[8, "reviewer"] = "Mallory"
    rows.loc[9, "reviewer"] = ""
    rows.to_csv(ana, index=False)
    fill(ben, ["perhaps"])
    with pytest.raises(TableError) as refused:
        record_forms([ana, ben], sheet=sheet)
    said = str(refused.value)
    for part in (
        "form-ana.csv: an account that was not drawn ('nobody' in the place of ",
        ") on line 2, no verdict (agree, too high, too low or wrong data) on lines 3 and 5",
        "unknown verdict 'fine' (agree, too high, too low or wrong data) on lines 4 and 7",
        "a changed tier ('9' in the place of ",
        ") on line 6, ",
        "a review that was not drawn ('2026-W45-99'",
        ") on line 8, another account (",
        ") on line 9, reviewer 'Mallory' for what was given to ana",
        " on line 10, no reviewer on line 11",
        "; form-ben.csv: unknown verdict 'perhaps'",
        "nothing was recorded",
    ):
        assert part in said, said
    assert not (folder / "ledger.jsonl").exists()


def test_a_second_answer_by_the_same_person_is_refused(project) -> None:
    sheet, folder, ana, _ = project
    rows = fill(ana)
    twice = pd.concat([rows, rows.iloc[[0]]])
    twice.to_csv(ana, index=False)
    with pytest.raises(TableError, match=f"to what an earlier line answers on line {len(rows) + 2} "):
        record_forms([ana], sheet=sheet)
    rows.to_csv(ana, index=False)
    record_forms([ana], sheet=sheet)
    before = (folder / "ledger.jsonl").read_bytes()
    rows.assign(reviewer="ANA", verdict=["too low", *rows["verdict"][1:]]).to_csv(ana, index=False)
    with pytest.raises(TableError, match="a second answer of 'ana', who said 'agree' before on line 2 "):
        record_forms([ana], sheet=sheet)
    assert (folder / "ledger.jsonl").read_bytes() == before


def test_accounts_left_out_of_a_form_are_named_unless_another_file_has_them(project) -> None:
    sheet, _, ana, _ = project
    rows = fill(ana)
    rows.iloc[2:].to_csv(ana, index=False)
    first, second = rows["review_id"][:2]
    with pytest.raises(TableError, match=f"form-ana.csv: no line for {first} and {second} "):
        record_forms([ana], sheet=sheet)
    rest = ana.with_name("rest.csv")
    rows.iloc[:2].to_csv(rest, index=False)
    record_forms([ana, rest], sheet=sheet)
    assert len(recorded(sheet)) == len(rows)


def test_a_form_of_nobody_takes_whoever_signs_it(tmp_path) -> None:
    sheet = make_project(tmp_path)
    sample_week(sheet, week=WEEK)
    form = tmp_path / "reports" / "review" / WEEK / "form.csv"
    fill(form)
    with pytest.raises(TableError, match="no reviewer on lines 2, 3"):
        record_forms([form], sheet=sheet)
    for who in ("ana", "=Zoë"):
        fill(form, reviewer=f"'{who}" if who.startswith("=") else who)
        record_forms([form], sheet=sheet)
    assert recorded(sheet)["reviewer"].value_counts().to_dict() == {"ana": 20, "=Zoë": 20}


def test_a_month_knows_only_weeks_that_had_ended(project) -> None:
    sheet, _, ana, _ = project
    fill(ana)
    record_forms([ana], sheet=sheet)
    reports = sheet.parent / "reports"
    assert known_reviews(reports, pd.Timestamp("2026-11-07")).rows.empty  # the week ends on 8 November
    known = known_reviews(reports, pd.Timestamp("2026-11-08"))
    assert len(known.rows) == len(pd.read_csv(ana))
    assert known_reviews(reports, pd.Timestamp("2027-05-09")).rows.empty  # half a year on
    assert len(known_reviews(reports, pd.Timestamp("2027-05-08")).rows) == len(known.rows)
    assert len(known.sources) == 1
    assert known_reviews(reports, pd.Timestamp("2026-11-07")).sources.empty
    assert known.sources.equals(known_reviews(reports, LATER).sources)


def test_a_ledger_changed_by_hand_takes_nothing_more_and_counts_up_to_the_change(project) -> None:
    sheet, folder, ana, ben = project
    fill(ana)
    record_forms([ana], sheet=sheet)
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    lines[4] = lines[4].replace('"agree"', '"too low"')
    (folder / "ledger.jsonl").write_text("\n".join(lines) + "\n")
    fill(ben)
    with pytest.raises(TierkitError, match=r"review/ledger\.jsonl: line 5 is not as it was written"):
        record_forms([ben], sheet=sheet)
    known = known_reviews(folder.parent, LATER)
    assert len(known.rows) == 4
    assert "line 5" in known.broken


def test_without_a_drawn_week_or_a_form_there_is_one_sentence(tmp_path) -> None:
    sheet = make_project(tmp_path)
    with pytest.raises(SheetError, match="no review was drawn yet"):
        record_forms([tmp_path / "form.csv"], sheet=sheet)
    sample_week(sheet, week=WEEK)
    with pytest.raises(TableError, match="no such file"):
        record_forms([tmp_path / "form.csv"], sheet=sheet)
    (tmp_path / "form.csv").write_text("account_id,verdict\nA,agree\n")
    with pytest.raises(TableError, match=r"column 'review_id', 'name'.* is missing"):
        record_forms([tmp_path / "form.csv"], sheet=sheet)


def test_the_command_line_draws_records_and_refuses(tmp_path) -> None:
    sheet = make_project(tmp_path)
    form = tmp_path / "reports" / "review" / WEEK / "form-ana.csv"

    def run(*arguments):
        return CliRunner().invoke(app, ["review", *map(str, arguments), "--sheet", str(sheet)])

    drawn = run("sample", "--week", WEEK, "--manager", "ana", "--manager", "ben")
    assert drawn.exit_code == 0, drawn.output
    assert "4 accounts go to two managers" in drawn.output
    empty = run("record", form)
    assert empty.exit_code == 3
    assert "form-ana.csv: no verdict" in empty.stderr
    fill(form)
    assert run("record", form).exit_code == 0
    assert run("sample", "--week", "2026-W99").exit_code == 2
