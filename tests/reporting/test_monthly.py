"""The monthly run: everything it writes, for both months, the same bytes again."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
import pytest

from tierkit.errors import SheetError
from tierkit.reporting.draft import Draft
from tierkit.reporting.manifest import verify_month
from tierkit.reporting.monthly import _needs, run_months
from tierkit.reporting.notebooks import NEEDS, bundled, check_parameters, puts_in_place, run_notebook
from tierkit.reporting.one_month import OneMonth

TABLES = [
    "gates.csv",
    "tiers.csv",
    "tiers.parquet",
    "scoring_rows.parquet",
    "reasons.parquet",
    "tier_lift.csv",
    "audit.json",
    "review_sample.csv",
    "crm_writeback.csv",
    "crm_revert.csv",
    "ledger.json",
    "rejected.csv",
    "duplicates.csv",
    "changes.csv",
]


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_a_run_writes_everything_it_promises(demo_reports, month):
    folder = demo_reports / month
    pages = ["index.html", *(f"{name}.html" for name in NEEDS if name != "70_monthly_review")]
    assert [name for name in [*TABLES, *pages, "manifest.json"] if not (folder / name).is_file()] == []
    assert len(list((folder / "books").glob("*.csv"))) >= 8
    assert (folder / "models" / "win.json").is_file()
    assert not list(folder.rglob("*.ipynb"))
    assert verify_month(folder) == []


def test_tier_files_hold_only_qualified_accounts_once(demo_reports):
    folder = demo_reports / "2026-10"
    gates = pd.read_csv(folder / "gates.csv", dtype={"account_id": "str"})
    tiers = pd.read_csv(folder / "tiers.csv", dtype={"account_id": "str"})
    manifest = json.loads((folder / "manifest.json").read_text())
    n_accounts = next(i["n_rows"] for i in manifest["inputs"] if i["table"] == "accounts")
    assert len(gates) == gates["account_id"].nunique() == n_accounts
    assert set(tiers["account_id"]) == set(gates.loc[gates["gate"] == "qualified", "account_id"])
    assert list(tiers.columns) == [
        "account_id",
        "name",
        "owner_id",
        "tier",
        "tier_reason",
        "priority_rank",
        "expected_value",
        "valid_until",
        "next_step",
    ]


def test_october_starts_from_what_september_published(demo_reports):
    before = pd.read_parquet(demo_reports / "2026-09" / "tiers.parquet").set_index("account_id")["tier"]
    after = pd.read_parquet(demo_reports / "2026-10" / "tiers.parquet").set_index("account_id")["tier"]
    changes = pd.read_csv(demo_reports / "2026-10" / "changes.csv", dtype={"account_id": "str"})
    both = pd.concat([before, after], axis=1, keys=["before", "after"])
    moved = both[both["before"].fillna(0) != both["after"].fillna(0)]
    assert set(changes["account_id"]) == set(moved.index)
    assert 0 < len(moved) < 0.2 * len(both)


def test_a_later_month_waits_for_the_tiers_before_it_and_lets_the_earlier_one_go_first():
    needs = _needs(["2026-09", "2026-10"])
    assert needs["2026-10", "10_data"] == []
    assert ("2026-09", "publish") in needs["2026-10", "50_tiers"]
    assert [month for month, _ in needs] == sorted(month for month, _ in needs)  # of those that could start the first
    assert {name for month, name in needs["2026-10", "publish"] if month == "2026-10"} == set(NEEDS)
    assert not any(month == "2026-10" for task, before in needs.items() if task[0] == "2026-09" for month, _ in before)


def test_notebooks_that_learn_wait_for_rows_that_the_first_puts_in_place(tmp_path):
    assert needs_of("20_propensity") == needs_of("30_acv") == set()
    for name in ("20_propensity", "30_acv", "replay"):
        assert needs_of(name, own_rows=True) == {"10_data"}
    ours = bundled("notebooks") / "10_data.ipynb"
    assert not puts_in_place(ours)
    theirs = nbformat.read(ours, as_version=4)
    theirs.cells.append(nbformat.v4.new_code_cell("run.keep(deal_rows=run.deal_rows.head(100))"))
    nbformat.write(theirs, tmp_path / "10_data.ipynb")
    assert puts_in_place(tmp_path / "10_data.ipynb")


@pytest.mark.parametrize("kept", [True, False])
def test_a_replay_waits_for_the_model_or_for_the_end_of_the_notebook_that_keeps_none(tmp_path, kept):
    draft = Draft(tmp_path / "d", "x")
    month: Any = SimpleNamespace(
        learned=threading.Event(), run=lambda: SimpleNamespace(draft=Draft(tmp_path / "d", "x"))
    )
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(OneMonth.await_model, month)
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        if kept:
            draft.keep("win", "a model")
        else:
            month.learned.set()
        try:
            waiting.result(20)
        finally:
            month.learned.set()  # or the thread would never end


def needs_of(name: str, **given: bool) -> set[str]:
    return {other for _, other in _needs(["2026-10"], **given)["2026-10", name]}


@pytest.mark.slow
def test_the_same_run_writes_the_same_bytes_and_is_not_published_twice(demo_project, demo_reports, tmp_path):
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text(demo_project.read_text())
    again = run_months(sheet, ["2026-09"])[0].page.parent
    for name in TABLES:
        assert (again / name).read_bytes() == (demo_reports / "2026-09" / name).read_bytes(), name
    stamp = (again / "manifest.json").stat().st_mtime_ns
    assert run_months(sheet, ["2026-09"])[0].page.parent == again
    assert (again / "manifest.json").stat().st_mtime_ns == stamp


def test_another_run_of_a_published_month_needs_replace(demo_project, demo_reports):
    other = demo_project.with_name("other.toml")
    other.write_text(demo_project.read_text().replace('stability = "normal"', 'stability = "high"'))
    with pytest.raises(SheetError, match="--replace"):
        run_months(other, ["2026-10"])


def test_a_month_the_data_do_not_reach_is_refused_before_anything_runs(demo_project, demo_reports):
    from tierkit.errors import TableError

    with pytest.raises(TableError, match="2027-01 is not covered"):
        run_months(demo_project, ["2026-10", "2027-01"])
    with pytest.raises(TableError, match="the data begin on"):
        run_months(demo_project, ["2019-01"])
    assert not (demo_reports / "2027-01").exists()


def test_parameters_are_held_against_the_notebook_both_ways(demo_project):
    path = Path(__file__).parents[2] / "notebooks" / "10_data.ipynb"
    with pytest.raises(SheetError, match="does not declare 'mnth'"):
        check_parameters(path, {"mnth": "2026-10", "month": "", "sheet": "", "draft": ""})
    with pytest.raises(SheetError, match="declares 'draft', which a run does not give"):
        check_parameters(path, {"month": "2026-10", "sheet": ""})


def test_an_error_in_a_notebook_keeps_its_kind_and_its_sentence(tmp_path):
    path = Path(__file__).parents[2] / "notebooks" / "10_data.ipynb"
    parameters = {"month": "2026-10", "sheet": str(tmp_path / "none.toml"), "draft": str(tmp_path)}
    with pytest.raises(SheetError, match=r"none\.toml: no such run sheet"):
        run_notebook(path, parameters)
