"""Months of promises on disk, and what a run says after each way to touch them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.proof.ledger import freeze_promises, score_promises
from tierkit.proof.ledger_chain import BROKEN, check_chain, follow_ledgers
from tierkit.proof.promises import promise_record, rewritten_outcomes, say_promises
from tierkit.reporting.calendar import month_end
from tierkit.reporting.earlier import earlier_ledgers, earlier_promises

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-06", "2026-07")
NOW = "2026-08"


def company() -> Tables:
    """Two accounts that each won a deal soon after January."""
    deals = pd.DataFrame(
        {
            "deal_id": ["d1", "d2"],
            "account_id": ["a", "b"],
            "opened_at": ["2026-02-10", "2026-02-20"],
            "closed_at": ["2026-03-01", "2026-03-10"],
            "outcome": ["won", "won"],
            "amount": [100.0, 50.0],
        }
    )
    return open_tables({"accounts": pd.DataFrame({"account_id": list("abcd")}), "deals": deals})


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    tables = company()
    for month in MONTHS:
        folder = tmp_path / month
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
        tiers = pd.DataFrame({"account_id": list("abcd"), "tier": [1, 1, 2, 2], "win_prob": 0.5, "expected_value": 9.0})
        tiers.to_parquet(folder / "tiers.parquet")
        scored = score_promises(earlier_promises(tmp_path, month), tables, as_of=month_end(month))
        ledger = {
            "frozen": [freeze_promises(tiers, as_of=month_end(month), horizon_days=60)[1]],
            "scored": json.loads(scored.to_json(orient="records", date_format="iso")),
            "follows": follow_ledgers(earlier_ledgers(tmp_path, month)),
        }
        (folder / "ledger.json").write_text(json.dumps(ledger, indent=1))
    return tmp_path


def found_in(reports: Path) -> tuple[list[str], int, int]:
    """Months broken in the chain, promises touched, outcomes rewritten."""
    ledgers = earlier_ledgers(reports, NOW)
    chain = check_chain(ledgers)
    scored = score_promises(earlier_promises(reports, NOW), company(), as_of=month_end(NOW))
    record = promise_record(scored)
    assert say_promises(record)
    touched = scored.loc[~scored["intact"].astype(bool), "as_of"].nunique()
    return chain.loc[chain["status"].isin(BROKEN), "month"].tolist(), touched, len(rewritten_outcomes(scored, ledgers))


def test_untouched_months_say_so(reports: Path) -> None:
    assert found_in(reports) == ([], 0, 0)


def edit(path: Path, change: Callable[[dict], None]) -> None:
    ledger = json.loads(path.read_text())
    change(ledger)
    path.write_text(json.dumps(ledger))


def test_tiers_edited(reports: Path) -> None:
    path = reports / "2026-02" / "tiers.parquet"
    pd.read_parquet(path).assign(tier=[1, 1, 1, 2]).to_parquet(path)
    assert found_in(reports) == ([], 1, 0)


def test_tiers_edited_and_their_promise_frozen_again(reports: Path) -> None:
    path = reports / "2026-02" / "tiers.parquet"
    tiers = pd.read_parquet(path).assign(tier=[1, 1, 1, 2])
    tiers.to_parquet(path)
    entry = freeze_promises(tiers, as_of=month_end("2026-02"), horizon_days=60)[1]
    edit(reports / "2026-02" / "ledger.json", lambda ledger: ledger.update(frozen=[entry]))
    assert found_in(reports)[0] == ["2026-02"]


def test_figures_of_the_ledger_edited(reports: Path) -> None:
    def fewer(ledger: dict) -> None:
        ledger["frozen"][0]["tiers"]["1"]["promised_wins"] = 0.1

    edit(reports / "2026-02" / "ledger.json", fewer)
    assert found_in(reports)[:2] == (["2026-02"], 1)


def test_a_promise_removed(reports: Path) -> None:
    edit(reports / "2026-02" / "ledger.json", lambda ledger: ledger.update(frozen=[]))
    assert found_in(reports)[0] == ["2026-02"]


def test_a_month_removed(reports: Path) -> None:
    shutil.rmtree(reports / "2026-02")
    assert found_in(reports)[0] == ["2026-02"]


def test_tiers_removed(reports: Path) -> None:
    (reports / "2026-02" / "tiers.parquet").unlink()
    assert found_in(reports)[1] == 1


def test_a_score_rewritten(reports: Path) -> None:
    # July's ledger scored January, whose 120 days ended on 31 May; only the outcomes of June's ledger guard it.
    def better(ledger: dict) -> None:
        for row in ledger["scored"]:
            if row["as_of"].startswith("2026-01") and row["tier"] == 2:
                row["n_won"] = 2

    edit(reports / "2026-06" / "ledger.json", better)
    broken, touched, rewritten = found_in(reports)
    assert (broken, touched) == (["2026-06"], 0)
    assert rewritten == 1
