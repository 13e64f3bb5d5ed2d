"""Last month read back and run again; what stands in the tables of moves and values, and on the page."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tierkit as tk
from tests.journey import small_company
from tests.reporting import example
from tests.reporting.sections.test_sections import text
from tests.tiering.books import tables_of
from tests.tiering.pairs import AS_OF, POLICY, Company, settled_company
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.change_words import change_words
from tierkit.models.store import Models, save_models
from tierkit.reporting import page
from tierkit.reporting.explained_moves import explain_month, plain_moves, say_value
from tierkit.reporting.last_month import (
    GROUND,
    LastMonth,
    NotKnownError,
    read_ground,
    read_last_month,
    score_by,
    write_ground,
)
from tierkit.reporting.plots.moves import plot_moves_by_cause
from tierkit.tiering.assign import plan_on, plan_tiers
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.ground import ground_on
from tierkit.tiering.policy import Policy
from tierkit.tiering.steps import STEPS, VALUED, Month


def publish(folder: Path, company: Company) -> pd.DataFrame:
    """Last month as a run publishes it, as far as the next one reads it; its tiers."""
    month, tiers = company.settled
    folder.mkdir(parents=True)
    month.rows.to_parquet(folder / "scoring_rows.parquet", index=False)
    tiers.to_parquet(folder / "tiers.parquet", index=False)
    opening, win, acv = company.models
    save_models(folder / "models", opening=opening, win=win, acv=acv, icp=company.icp)
    write_ground(folder / GROUND, month.ground)
    parameters = {
        "tiers": json.loads(POLICY.model_dump_json()),
        "features": json.loads(FeatureSettings().model_dump_json()),
    }
    manifest = {"as_of": str(AS_OF.date()), "seed": 1, "parameters": parameters}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return tiers


@pytest.fixture(scope="module")
def company() -> Company:
    return settled_company()


@pytest.fixture(scope="module")
def folder(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "2026-09"
    publish(folder, company)
    return folder


def corrected_tables(one: str, employees: int) -> Tables:
    """The company's tables with the headcount of one account put right, now and in its history."""
    frames = {name: frame.copy() for name, frame in small_company(3).frames.items()}
    accounts, history = frames["accounts"], frames["account_history"]
    accounts.loc[accounts["account_id"] == one, "employees"] = employees
    frames["account_history"] = history[~((history["account_id"] == one) & (history["field"] == "employees"))]
    return tk.open_tables(frames)


def month_on(last: LastMonth, company: Company, tables: Tables) -> tuple[Month, pd.DataFrame, pd.DataFrame]:
    """The same day again by these tables: the month, its tiers and those before."""
    score = score_by(Models(*company.models, company.icp, {}), tables, as_of=AS_OF)
    rows = score(last.corrected)
    gated = gate_accounts(rows, tables, POLICY, as_of=AS_OF)
    previous = company.settled[1]
    ground = ground_on(tables, POLICY, as_of=AS_OF, seed=1)
    now = Month(rows, score, gated, POLICY, ground, AS_OF)
    return now, plan_on(gated, tables, POLICY, ground, previous=previous).tiers, previous


def test_nothing_changed_is_no_move_and_no_part(company: Company, folder: Path) -> None:
    last = read_last_month(folder, company.tables)
    now, tiers, previous = month_on(last, company, company.tables)
    moves = explain_month(last, now, tiers, previous, company.tables, currency="USD")
    assert moves.unknown == ""
    assert moves.changes.empty
    assert moves.values is not None
    assert moves.values[[f"value_{step}" for step in VALUED]].abs().max(axis=None) < 1e-6
    assert moves.values["sentence"].str.endswith(", as last month").all()


def test_a_corrected_headcount_is_told_to_the_account_and_to_whom_it_displaced(company: Company, folder: Path) -> None:
    before = company.settled[1].set_index("account_id")
    able = before[
        (before["tier"] == 3) & before["owner_id"].notna() & ~before["off_support"] & ~before["has_open_deal"]
    ]
    one = str(able.sort_values("expected_value").index[-1])
    was = before.loc[one, "employees"]
    models = company.models
    # The model may expect more of small accounts: the correction goes the way it likes best.
    rows = company.rows.set_index("account_id", drop=False).loc[[one] * 3]
    rows = rows.assign(employees=[45.0, 3000.0, 30000.0])
    best = rows["employees"].iloc[
        int(np.argmax(company.score_by(models)(rows.reset_index(drop=True))["expected_value"]))
    ]
    tables = corrected_tables(one, int(best))
    last = read_last_month(folder, tables)
    now, tiers, previous = month_on(last, company, tables)
    moves = explain_month(last, now, tiers, previous, tables, currency="USD")
    assert moves.values is not None
    values = moves.values.set_index("account_id")
    assert values.loc[one, "value_corrections"] > 0
    others = values.drop(index=one)
    assert others[[f"value_{step}" for step in VALUED]].abs().max(axis=None) < 1e-6
    assert "from data corrections" in values.loc[one, "sentence"]
    assert set(moves.changes["cause"]) <= {"data correction"}
    said = moves.changes.set_index("account_id")["sentence"]
    old, new = (change_words("employees", was, best).old, change_words("employees", was, best).new)
    if one in said:
        assert f"headcount was corrected from {old} to {new}" in said[one]
        assert said.str.contains(f"headcount was corrected from {old} to {new}").all()


def test_a_month_that_cannot_be_run_again_says_why_and_keeps_the_plain_causes(company: Company, tmp_path: Path) -> None:
    tiers = publish(tmp_path / "2026-09", company)
    models = tmp_path / "2026-09" / "models"
    (models / "versions.json").unlink()
    with pytest.raises(NotKnownError, match="another version of tierkit"):
        read_last_month(tmp_path / "2026-09", company.tables)
    publish(tmp_path / "2026-08", company)
    rows = tmp_path / "2026-08" / "scoring_rows.parquet"
    frame = pd.read_parquet(rows)
    frame.assign(expected_value=frame["expected_value"] * 2).to_parquet(rows)
    with pytest.raises(NotKnownError, match="do not give the values"):
        read_last_month(tmp_path / "2026-08", company.tables)
    moved = tiers.assign(tier=tiers["tier"].where(tiers.index > 0, 2 if tiers["tier"].iloc[0] == 1 else 1))
    moves = plain_moves(moved, tiers, tiers, because="nobody knows")
    assert (len(moves.changes), moves.values, moves.unknown) == (1, None, "nobody knows")


def test_tiers_of_ones_own_are_not_explained(company: Company, folder: Path) -> None:
    last = read_last_month(folder, company.tables)
    now, tiers, previous = month_on(last, company, company.tables)
    mine = tiers.assign(tier=3)
    with pytest.raises(NotKnownError, match="not set by its own scores"):
        explain_month(last, now, mine, previous, company.tables, currency="USD")


def test_the_ground_is_read_as_it_was_written(tmp_path: Path) -> None:
    tables = small_company(3)
    opened = tk.open_tables(tables.frames)
    for number, (given, policy) in enumerate(((opened, POLICY), (tables_of(), Policy()))):
        ground = ground_on(given, policy, as_of=AS_OF, seed=1)
        write_ground(tmp_path / str(number), ground)
        read = read_ground(tmp_path / str(number), as_of=AS_OF, seed=1)
        assert read is not None
        for part in ("reps", "exclusions", "triggers", "overrides"):
            assert getattr(read, part).astype(str).to_numpy().tolist() == (
                getattr(ground, part).reset_index(drop=True).astype(str).to_numpy().tolist()
            )
        assert read.claims.index.tolist() == ground.claims.index.tolist()
    assert read_ground(tmp_path / "none", as_of=AS_OF, seed=1) is None


def test_a_plan_on_a_ground_read_back_is_the_plan(company: Company, folder: Path) -> None:
    month, _ = company.settled
    read = read_ground(folder / GROUND, as_of=AS_OF, seed=1)
    assert read is not None
    straight = plan_tiers(month.gated, company.tables, POLICY, as_of=AS_OF, seed=1).tiers
    pd.testing.assert_frame_equal(plan_on(month.gated, company.tables, POLICY, read).tiers, straight)


def test_a_value_is_told_with_its_parts() -> None:
    none = float("nan")
    assert say_value({"value_before": 35e3, "value_after": 35e3}) == "expected value $35k, as last month"
    assert say_value({"value_before": none, "value_after": 9e3, "value_gates": 9e3}) == (
        "expected value $9.0k, last month unknown: +$9.0k since the account is new to the data or gone from it"
    )
    assert say_value({"value_before": none, "value_after": none}) == "expected value unknown, last month as well"
    # Twenty cents would read as nothing.
    parts = {"value_before": 100.0, "value_after": 60.0, "value_features": -40.2, "value_model": 0.2}
    assert say_value(parts) == "expected value $60, last month $100: -$40 from new facts"


def explained_changes() -> pd.DataFrame:
    changes = example.make_changes(example.make_tiers()).head(4)
    parts = {f"tier_{step}": 0 for step in STEPS}
    return changes.assign(cause=["new facts", "override", "new facts", "gate"], **parts)


def test_the_page_prints_the_order_and_counts_the_causes() -> None:
    said = text(page.show_moves(explained_changes(), example.make_matrix()))
    told = page.show_moves(explained_changes(), example.make_matrix()).html.partition("How causes are told apart")[2]
    places = [told.index(f"<li>{name}</li>") for name in list(STEPS.values())[1:]]
    assert places == sorted(places)
    assert "By cause: 2 new facts, 1 override and 1 gate." in said
    assert "34 of the 46 accounts in Tier 1 in either month are in both." in said  # 34 + 5 + 1 + 6
    assert "Of 2,898 accounts tiered in both months, 0.9 % changed tier." in said  # 27 of 2,898


def test_the_page_says_where_parts_are_not_known() -> None:
    said = text(page.show_moves(example.make_changes(example.make_tiers()), unknown="the models are gone"))
    assert "How much each cause adds to a move is not known, because the models are gone" in said


def test_hostile_names_neither_break_nor_run() -> None:
    for name in ("<script>alert(1)</script>", "=cmd()", "\u202eabc", "x" * 200, "😀", ""):
        changes = explained_changes().assign(
            name=name, sentence=f"lost its slot to {name}: {name}'s data were corrected"
        )
        assert "<script>" not in page.show_moves(changes).html


def test_the_picture_counts_up_and_down_by_cause_in_the_order_of_the_steps() -> None:
    changes = pd.DataFrame(
        {
            "from_tier": pd.array([2, 1, None, 2], dtype="Int64"),
            "to_tier": pd.array([1, 2, 3, None], dtype="Int64"),
            "cause": ["gate", "new facts", "gate", "gate"],
        }
    )
    ax = plot_moves_by_cause(changes)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["new facts", "gate"]
    assert sorted(bar.get_width() for bar in ax.patches) == [-1, -1, 2]
