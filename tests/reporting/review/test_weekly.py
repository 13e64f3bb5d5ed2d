"""`tierkit review sample`: a week is drawn once, for good, from the month that was published by then."""

import json
import re

import pandas as pd
import pytest

from tests.reporting import example
from tests.reporting.review.project import fill, make_project, publish
from tierkit.errors import SheetError, TierkitError
from tierkit.reporting.review.chain import add_to_chain, read_chain
from tierkit.reporting.review.weekly import sample_week
from tierkit.reporting.review.weeks import monday_of, week_of, weeks_apart


def entries(sheet):
    return read_chain(sheet.parent / "reports" / "review" / "drawn.jsonl")[0]


def test_half_a_year_of_weeks_repeats_nobody_in_the_window(tmp_path) -> None:
    sheet = make_project(tmp_path, report="review_weeks = 9")
    first, drawn = monday_of("2026-W45"), {}
    for i in range(26):
        week = week_of(first + pd.Timedelta(weeks=i))
        told = sample_week(sheet, week=week)
        rows = [e for e in entries(sheet) if e["week"] == week]
        assert told[0] == f"{week}: 20 accounts of 2026-10."
        for before, ids in drawn.items():
            if weeks_apart(before, week) < 9:
                assert not ids & {e["account_id"] for e in rows}
        drawn[week] = {e["account_id"] for e in rows}
    assert len({e["review_id"] for e in entries(sheet)}) == 26 * 20


def test_a_stratum_that_is_used_up_is_named(tmp_path) -> None:
    sheet = make_project(tmp_path, report="review_sample = 100")
    sample_week(sheet, week="2026-W45")
    told = sample_week(sheet, week="2026-W46")
    assert "Nobody of 'trigger': its only account was drawn lately." in told
    sample_week(sheet, week="2026-W47")
    with pytest.raises(SheetError, match="nobody is left to draw for 2026-W48"):
        sample_week(sheet, week="2026-W48")


def test_a_week_asked_again_stands_and_forms_that_were_filled_are_left(tmp_path) -> None:
    sheet = make_project(tmp_path, report='review_managers = ["Ana", "Ben"]')
    sample_week(sheet, week="2026-W45")
    folder = tmp_path / "reports" / "review" / "2026-W45"
    assert sorted(p.name for p in folder.iterdir()) == ["evidence.html", *sorted(p.name for p in folder.glob("form*"))]
    form = next(folder.glob("form-ana*.csv"))
    fill(form, reason="as it is")
    filled, evidence, before = form.read_bytes(), (folder / "evidence.html").read_bytes(), entries(sheet)
    (folder / "evidence.html").unlink()
    told = sample_week(sheet, week="2026-W45")
    assert told[0] == "2026-W45 was drawn before, from 2026-10: it stands as it was."
    assert (form.read_bytes(), (folder / "evidence.html").read_bytes(), entries(sheet)) == (filled, evidence, before)
    with pytest.raises(SheetError, match="was drawn for Ana and Ben, not for Cid"):
        sample_week(sheet, week="2026-W45", managers=["Cid"])
    with pytest.raises(SheetError, match="was drawn from 2026-10, not 2026-09"):
        sample_week(sheet, week="2026-W45", month="2026-09")


def test_the_same_week_and_seed_give_the_same_bytes_anywhere(tmp_path) -> None:
    made = []
    for name in ("one", "other"):
        sheet = make_project(tmp_path / name)
        sample_week(sheet, week="2026-W45", managers=["Ana", "Ben"])
        folder = sheet.parent / "reports" / "review"
        made.append({p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*") if p.is_file()})
    assert made[0] == made[1]


def test_a_fifth_goes_to_two_managers_and_no_form_tells_of_the_other(tmp_path) -> None:
    sheet = make_project(tmp_path)
    managers = ["Ana", "Ben", "=cmd()", "../Zoë"]
    sample_week(sheet, week="2026-W45", managers=managers)
    rows = entries(sheet)
    assert sum(len(e["readers"]) == 2 for e in rows) == 4
    assert all(len(set(e["readers"])) == len(e["readers"]) > 0 for e in rows)
    held = [sum(m in e["readers"] for e in rows) for m in managers]
    assert max(held) - min(held) <= 4
    forms = list((tmp_path / "reports" / "review" / "2026-W45").glob("form*.csv"))
    assert len(forms) == 4
    for form in forms:
        text = form.read_text(encoding="utf-8")
        assert len(set(pd.read_csv(form, dtype="str")["reviewer"])) == 1
        assert "\n=" not in text
        assert ",=" not in text


def test_the_month_is_the_latest_that_had_ended_by_the_week(tmp_path) -> None:
    sheet = make_project(tmp_path, months=("2026-09", "2026-10"))
    assert "of 2026-09" in sample_week(sheet, week="2026-W43")[0]
    assert "of 2026-10" in sample_week(sheet, week="2026-W44")[0]  # its Sunday is 1 November
    assert "of 2026-09" in sample_week(sheet, week="2026-W45", month="2026-09")[0]
    with pytest.raises(SheetError, match="no month was published that ended by 2026-W30"):
        sample_week(sheet, week="2026-W30")
    with pytest.raises(SheetError, match="2026-01 is not published; there are 2026-09, 2026-10"):
        sample_week(sheet, week="2026-W46", month="2026-01")


@pytest.mark.parametrize("week", ["2026-W54", "2025-W53", "2026-45", "W45", "2026-W00", "../2026-W45"])
def test_a_week_that_is_none_is_refused(tmp_path, week) -> None:
    with pytest.raises(SheetError, match="must be an ISO week such as 2026-W45"):
        sample_week(make_project(tmp_path), week=week)


def test_without_a_month_or_with_bad_managers_nothing_is_written(tmp_path) -> None:
    sheet = make_project(tmp_path, months=())
    with pytest.raises(SheetError, match="no month is published yet"):
        sample_week(sheet, week="2026-W45")
    assert not (tmp_path / "reports").exists()
    with pytest.raises(SheetError, match="no two the same"):
        sample_week(sheet, week="2026-W45", managers=["Ana", "ana "])


def test_the_evidence_of_a_month_that_was_replaced_is_shown_as_it_was(tmp_path) -> None:
    sheet = make_project(tmp_path)
    sample_week(sheet, week="2026-W45")
    folder = tmp_path / "reports"
    page = folder / "review" / "2026-W45" / "evidence.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    (folder / "superseded").mkdir()
    (folder / "2026-10").rename(folder / "superseded" / "2026-10-old")
    publish(folder, "2026-10", example.make_tiers(60), run={"other": 1})
    sample_week(sheet, week="2026-W45")
    assert page.read_text(encoding="utf-8") == before


def test_what_was_drawn_cannot_be_changed_unnoticed(tmp_path) -> None:
    sheet = make_project(tmp_path)
    sample_week(sheet, week="2026-W45")
    path = tmp_path / "reports" / "review" / "drawn.jsonl"
    lines = path.read_text().splitlines()
    for broken in (lines[:3] + lines[4:], [*lines[:3], lines[3].replace("2026-W45-04", "2026-W45-05"), *lines[4:]]):
        path.write_text("\n".join(broken) + "\n")
        with pytest.raises(TierkitError, match=r"review/drawn\.jsonl: line 4 is not as it was written"):
            sample_week(sheet, week="2026-W46")


def test_a_chain_grows_and_says_where_it_breaks(tmp_path) -> None:
    path = tmp_path / "x" / "chain.jsonl"
    add_to_chain(path, [{"a": 1}, {"a": "ü"}])
    first = path.read_bytes()
    add_to_chain(path, [{"a": None}])
    assert path.read_bytes().startswith(first)
    assert read_chain(path) == ([{"a": 1}, {"a": "ü"}, {"a": None}], "")
    path.write_bytes(path.read_bytes() + b"half a li")
    found, broken = read_chain(path)
    assert (len(found), "line 4" in broken) == (3, True)
    assert re.fullmatch("[0-9a-f]{64}", json.loads(first.splitlines()[0])["sha256"])
