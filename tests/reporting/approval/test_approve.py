"""Propose, approve, commit on published months, through the command line."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.reporting.small_project import (
    NAMES,
    answer,
    approve,
    cli,
    decide,
    lay_project,
    publish,
    run_of,
    tiers_of,
)
from tests.reporting.test_writeback import load
from tierkit.reporting.approval.commits import read_commits
from tierkit.reporting.runs import open_run


def snapshot(folder: Path) -> dict[str, bytes]:
    kept = (p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in kept}


def committed(folder: Path) -> Path:
    return folder.parent / "committed" / f"{folder.name}-{run_of(folder)}"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that asks for approval, its first month published and not yet answered."""
    folder = tmp_path_factory.mktemp("asked") / "project"
    publish(lay_project(folder), "2026-08")
    shutil.rmtree(folder / "draft")
    return folder


@pytest.fixture
def august(asked: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of it with everything approved: its sheet and the month."""
    shutil.copytree(asked, tmp_path / "project")
    sheet, folder = tmp_path / "project" / "tierkit.toml", tmp_path / "project" / "reports" / "2026-08"
    said = approve(sheet, answer(folder, sheet.parent / "a.csv", "yes"), on="2026-09-02")
    assert said.exit_code == 0, said.stderr
    return sheet, folder


def test_an_unapproved_move_does_not_reach_the_write_back_nor_the_next_month(august: tuple[Path, Path]) -> None:
    sheet, first = august
    before = tiers_of(committed(first) / "tiers.parquet")
    assert before == tiers_of(first / "tiers.parquet")
    # people swap two pairs of Ben's: 36 for 34, and 38 for 32
    decide(sheet, {"0036": 2, "0034": 1, "0038": 2, "0032": 1})
    folder = publish(sheet, "2026-09")
    assert not (folder / "crm_writeback.csv").exists()
    assert not (folder / "books").exists()
    assert cli("verify", "2026-09", "--sheet", sheet).exit_code == 0
    form = answer(folder, sheet.parent / "b.csv", {"0036": "yes", "0034": "yes"})
    said = approve(sheet, form)
    assert "2 moves approved, 2 moves declined" in said.output
    now = tiers_of(committed(folder) / "tiers.parquet")
    assert {a: (before[a], t) for a, t in now.items() if t != before[a]} == {"0036": (1, 2), "0034": (2, 1)}
    assert tiers_of(folder / "tiers.parquet")["0032"] == 1
    back = pd.read_csv(committed(folder) / "crm_writeback.csv", dtype="str")
    assert dict(zip(back["account_id"], back["tier"].astype(int), strict=True)) == now
    books = pd.concat(pd.read_csv(p, dtype={"account_id": "str"}) for p in (committed(folder) / "books").glob("*.csv"))
    in_books = books.set_index("account_id")
    assert set(in_books.index) <= set(now)
    assert in_books["tier"].to_dict() == {a: now[a] for a in in_books.index}
    assert in_books.loc["0038", "next_step"] == in_books.loc["0034", "next_step"] != in_books.loc["0032", "next_step"]
    # October proposes the declined swap anew, from what was committed, and nothing else
    october = publish(sheet, "2026-10")
    asked = pd.read_csv(october / "proposals.csv", dtype={"account_id": "str"}).set_index("account_id")
    assert asked[["from_tier", "to_tier"]].to_dict("index") == {
        "0038": {"from_tier": 1, "to_tier": 2},
        "0032": {"from_tier": 2, "to_tier": 1},
    }


def test_reverting_restores_the_earlier_values_exactly(august: tuple[Path, Path]) -> None:
    sheet, first = august
    empty = load({}, committed(first) / "crm_writeback.csv")
    assert load(empty, committed(first) / "crm_revert.csv") == {}
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    assert approve(sheet, answer(folder, sheet.parent / "b.csv", "yes")).exit_code == 0
    after = load(empty, committed(folder) / "crm_writeback.csv")
    assert after["0034"]["tier"] == "1"
    assert after["0034"]["run_id"] == run_of(folder)
    assert load(after, committed(folder) / "crm_revert.csv") == empty
    assert empty["0034"]["run_id"] == run_of(first)


def test_a_bad_form_is_refused_with_its_lines_and_writes_nothing(august: tuple[Path, Path]) -> None:
    sheet, first = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    stood = snapshot(folder.parent)
    form = pd.read_csv(answer(folder, sheet.parent / "b.csv", "yes"), dtype="str", keep_default_na=False)
    form.loc[0, "approved"] = ""
    form.loc[1, ["to_tier", "approver"]] = ["3", ""]
    form.loc[2] = form.loc[1].replace({form.loc[1, "account_id"]: "9999"})
    form.to_csv(sheet.parent / "bad.csv", index=False)
    said = approve(sheet, sheet.parent / "bad.csv")
    assert said.exit_code == 3
    # the name on line 3 holds a line break, so that the row after it begins on line 5
    for part in ("line 2: approved of", "line 3: to_tier of", "line 3: approver of", "line 5: account '9999'"):
        assert part in said.stderr
    old = approve(sheet, sheet.parent / "a.csv")
    assert old.exit_code == 3
    assert f"line 2: belongs to '2026-08 run {run_of(first)}', and only the newest" in old.stderr
    assert approve(sheet, sheet.parent / "none.csv").exit_code == 3
    assert approve(sheet, sheet.parent / "b.csv", on="3 November").exit_code == 2
    assert snapshot(folder.parent) == stood


def test_a_rep_never_holds_more_than_the_slots(august: tuple[Path, Path]) -> None:
    sheet, _ = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    stood = snapshot(folder.parent)
    said = approve(sheet, answer(folder, sheet.parent / "b.csv", {"0034": "yes"}))
    assert said.exit_code == 3
    form = pd.read_csv(folder / "proposals.csv", dtype="str").set_index("account_id")
    line = {a: i + 2 for i, a in enumerate(form.index)}
    assert (
        f"Ben Okafor has 2 Tier 1 slots and would hold 3: say no to a move into it (lines {line['0034']}) or yes to a "
        f"move out of it (lines {line['0036']})"
    ) in said.stderr
    assert snapshot(folder.parent) == stood
    # the move down alone fits Tier 1, but not Tier 2, whose four places are taken
    assert (
        "Ben Okafor has 4 Tier 2 slots and would hold 5"
        in approve(sheet, answer(folder, sheet.parent / "b.csv", {"0036": "yes"})).stderr
    )
    assert approve(sheet, answer(folder, sheet.parent / "b.csv", "no")).exit_code == 0


def test_approving_twice_changes_nothing_and_a_changed_mind_is_refused(august: tuple[Path, Path]) -> None:
    sheet, folder = august
    stood = snapshot(folder.parent)
    again = approve(sheet, sheet.parent / "a.csv", on="2026-12-24")
    assert again.exit_code == 0
    assert "these answers are committed already; nothing changed" in again.output
    form = pd.read_csv(sheet.parent / "a.csv", dtype="str", keep_default_na=False)
    form[::-1].to_csv(sheet.parent / "shuffled.csv", index=False)
    assert approve(sheet, sheet.parent / "shuffled.csv").exit_code == 0
    form.assign(approver="Someone else").to_csv(sheet.parent / "other.csv", index=False)
    other = approve(sheet, sheet.parent / "other.csv")
    assert other.exit_code == 3
    assert "2026-08 was answered otherwise on 2026-09-02" in other.stderr
    assert snapshot(folder.parent) == stood


def test_the_form_may_be_filled_in_where_it_lies(august: tuple[Path, Path]) -> None:
    sheet, _ = august
    folder = publish(sheet, "2026-09")
    answer(folder, folder / "proposals.csv", "yes")
    assert cli("verify", "2026-09", "--sheet", sheet).exit_code == 0
    # nothing moved: there is no line to answer, and the commit brings scores, reasons and dates
    assert approve(sheet, folder / "proposals.csv").exit_code == 0
    assert (committed(folder) / "crm_writeback.csv").is_file()


def test_a_month_run_anew_leaves_the_answer_standing_until_it_is_answered_again(august: tuple[Path, Path]) -> None:
    sheet, _ = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    assert approve(sheet, answer(folder, sheet.parent / "b.csv", "yes")).exit_code == 0
    stood, crm = tiers_of(committed(folder) / "tiers.parquet"), committed(folder) / "crm_writeback.csv"
    decide(sheet, {"0038": 2, "0034": 1})
    folder = publish(sheet, "2026-09", replace=True)
    asked = pd.read_csv(folder / "proposals.csv", dtype={"account_id": "str"}).set_index("account_id")
    # against what stands: 34 has its place already, 36 comes back for 38
    assert asked[["from_tier", "to_tier"]].to_dict("index") == {
        "0038": {"from_tier": 1, "to_tier": 2},
        "0036": {"from_tier": 2, "to_tier": 1},
    }
    october = publish(sheet, "2026-10")
    previous = open_run("2026-10", sheet=sheet, draft=sheet.parent / "look").previous
    assert previous is not None
    assert dict(zip(previous["account_id"], previous["tier"].astype(int), strict=True)) == stood
    # September's form is no longer the newest
    assert "only the newest" in approve(sheet, answer(folder, sheet.parent / "c.csv", "yes")).stderr
    shutil.rmtree(october)
    assert approve(sheet, answer(folder, sheet.parent / "c.csv", "yes")).exit_code == 0
    assert tiers_of(committed(folder) / "tiers.parquet")["0036"] == 1
    first = load({}, crm)
    second = load(first, committed(folder) / "crm_writeback.csv")
    assert load(second, committed(folder) / "crm_revert.csv") == first
    assert [c.number for c in read_commits(folder.parent)] == [1, 2, 3]
    assert cli("verify", "2026-09", "--sheet", sheet).exit_code == 0


def test_moves_nobody_answered_did_not_happen(august: tuple[Path, Path]) -> None:
    sheet, first = august
    decide(sheet, {"0036": 2, "0034": 1})
    publish(sheet, "2026-09")
    october = publish(sheet, "2026-10")
    asked = pd.read_csv(october / "proposals.csv", dtype={"account_id": "str"}).set_index("account_id")
    assert set(asked.index) == {"0036", "0034"}
    run = open_run("2026-10", sheet=sheet, draft=sheet.parent / "look")
    assert run.previous is not None
    assert dict(zip(run.previous["account_id"], run.previous["tier"].astype(int), strict=True)) == tiers_of(
        committed(first) / "tiers.parquet"
    )
    # people worked by August's tiers all along
    assert set(run.tier_record["valid_from"].dt.strftime("%Y-%m-%d")) == {"2026-09-01"}


def test_declined_moves_are_scored_once_their_horizon_is_over(august: tuple[Path, Path]) -> None:
    sheet, _ = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    assert approve(sheet, answer(folder, sheet.parent / "b.csv", "no", reason="=not now")).exit_code == 0
    publish(sheet, "2026-10")
    declined = open_run("2026-10", sheet=sheet, draft=sheet.parent / "look").declined.set_index("account_id")
    assert declined[["approver", "reason", "direction"]].to_dict("index") == {
        "0034": {"approver": "Kim Lead", "reason": "=not now", "direction": "up"},
        "0036": {"approver": "Kim Lead", "reason": "=not now", "direction": "down"},
    }
    assert declined["made_on"].eq(pd.Timestamp("2026-09-30")).all()
    assert declined["won"].isna().all()


def test_names_of_any_kind_run_nothing_and_come_back_as_they_were(august: tuple[Path, Path]) -> None:
    _, folder = august
    asked = pd.read_csv(folder / "proposals.csv", dtype="str", keep_default_na=False)
    hostile = {f"{i:04d}": name for i, name in NAMES.items()}
    assert set(hostile) <= set(asked["account_id"])
    for path in [folder / "proposals.csv", *committed(folder).rglob("*.csv")]:
        cells = pd.read_csv(path, dtype="str", keep_default_na=False).to_numpy().ravel()
        assert not [c for c in cells if c[:1] in ("=", "+", "@", "\t") or (c[:1] == "-" and not c[1:2].isdigit())], path
    ledger = json.loads((committed(folder) / "ledger.json").read_text())
    assert {d["account_id"]: d["name"] for d in ledger["decisions"] if d["account_id"] in hostile} == hostile


@pytest.mark.parametrize("name", ["ledger.json", "crm_writeback.csv", "manifest.json"])
def test_verify_sees_a_changed_answer(august: tuple[Path, Path], name: str) -> None:
    sheet, folder = august
    assert cli("verify", "2026-08", "--sheet", sheet).exit_code == 0
    path = committed(folder) / name
    path.write_text(path.read_text().replace("2026-09-02", "2026-09-01").replace("Best", "Vest"))
    said = cli("verify", "2026-08", "--sheet", sheet)
    assert said.exit_code == 1
    assert f"{name}: changed after publication" in said.stderr


def test_an_answer_written_anew_or_taken_away_breaks_the_chain(august: tuple[Path, Path]) -> None:
    sheet, first = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    assert approve(sheet, answer(folder, sheet.parent / "b.csv", "yes")).exit_code == 0
    shutil.rmtree(committed(first))
    said = cli("verify", "2026-09", "--sheet", sheet)
    assert said.exit_code == 1
    assert "committed: an answer to 2026-08 is gone since 2026-09-" in said.stderr


def test_a_changed_month_is_not_committed(august: tuple[Path, Path]) -> None:
    sheet, _ = august
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    with (folder / "capacity.csv").open("a") as file:
        file.write("zoe,Zoe,1,9,0\n")
    said = approve(sheet, answer(folder, sheet.parent / "b.csv", "yes"))
    assert said.exit_code == 1
    assert "2026-09 is not as it was published: capacity.csv: changed" in said.stderr
    assert not committed(folder).exists()


def test_without_approval_the_write_back_and_what_reverts_it_come_with_the_month(tmp_path: Path) -> None:
    sheet = lay_project(tmp_path, approval=False, preset="salesforce")
    first = publish(sheet, "2026-08")
    decide(sheet, {"0036": 2, "0034": 1})
    folder = publish(sheet, "2026-09")
    assert not (folder / "proposals.csv").exists()
    before = load({}, first / "crm_writeback.csv")
    after = load(before, folder / "crm_writeback.csv")
    assert after["0034"] | {"Tier_Score__c": "", "Tier_Reasons__c": ""} == {
        "Tier__c": "1",
        "Tier_Label__c": "'=Best",
        "Tier_Score__c": "",
        "Tier_Reasons__c": "",
        "Tier_As_Of__c": "2026-09-30",
        "Tier_Run_Id__c": run_of(folder),
        "Tier_Valid_Until__c": "2026-10-30",
    }
    assert load(after, folder / "crm_revert.csv") == before
    assert load(before, first / "crm_revert.csv") == {}
    said = approve(sheet, folder / "crm_writeback.csv")
    assert said.exit_code == 2
    assert "2026-09 asked for no approval" in said.stderr
    none = approve(lay_project(tmp_path / "none"), tmp_path / "x.csv")
    assert none.exit_code == 2
    assert "no month is published" in none.stderr


def test_the_same_answers_make_the_same_month_and_others_make_another(asked: Path, tmp_path: Path) -> None:
    runs = []
    for name, verdict in (("one", "yes"), ("two", "yes"), ("three", "no")):
        shutil.copytree(asked, tmp_path / name)
        sheet, folder = tmp_path / name / "tierkit.toml", tmp_path / name / "reports" / "2026-08"
        said = approve(sheet, answer(folder, tmp_path / name / "a.csv", verdict), on=f"2026-09-0{len(runs) + 1}")
        assert said.exit_code == 0, said.stderr
        runs.append((publish(sheet, "2026-09"), committed(folder)))
    (one, kept), (two, again), (three, _) = runs
    assert run_of(one) == run_of(two) != run_of(three)
    assert snapshot(kept).keys() == snapshot(again).keys()
    differ = {n for n, content in snapshot(kept).items() if content != snapshot(again)[n]}
    assert differ == {"ledger.json", "manifest.json"}  # the day of the answer
    assert (one / "proposals.parquet").read_bytes() == (two / "proposals.parquet").read_bytes()
