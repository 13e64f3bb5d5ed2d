import json
from pathlib import Path

import pandas as pd
import pytest

from tierkit.errors import TierkitError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.tables import Tables
from tierkit.proof.observed import tiers_acted_on
from tierkit.reporting.earlier import earlier_bookings, earlier_ledgers, earlier_promises, published_tiers


def company() -> Tables:
    history = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "tier": [3, 2, 1],
            "valid_from": ["2026-01-01", "2026-03-01", "2026-01-01"],
            "valid_to": ["2026-02-28", None, None],
        }
    )
    deals = pd.DataFrame({"deal_id": ["d"], "account_id": ["a"], "outcome": ["won"]})
    accounts = pd.DataFrame({"account_id": ["a", "b"]})
    return open_tables({"accounts": accounts, "deals": deals, "tier_history": history})


def publish(reports: Path, month: str, tiers: dict[str, int]) -> None:
    folder = reports / month
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    rows = pd.DataFrame({"account_id": list(tiers), "tier": list(tiers.values()), "tier_by": "value"})
    rows.to_parquet(folder / "tiers.parquet", index=False)


def test_published_tiers_follow_upon_the_tiers_set_by_hand(tmp_path: Path) -> None:
    publish(tmp_path, "2026-04", {"a": 1})
    publish(tmp_path, "2026-05", {"a": 2, "b": 1})
    publish(tmp_path, "2026-06", {"a": 3})
    record = tiers_acted_on(company().frame("tier_history"), published_tiers(tmp_path, "2026-06"))
    found = [
        (r.account_id, int(r.tier), str(r.valid_from.date()), None if pd.isna(r.valid_to) else str(r.valid_to.date()))
        for r in record.sort_values(["valid_from", "account_id"]).itertuples()
    ]
    assert found == [
        ("a", 3, "2026-01-01", "2026-02-28"),
        ("b", 1, "2026-01-01", "2026-04-30"),  # b was in no tier of April
        ("a", 2, "2026-03-01", "2026-04-30"),
        ("a", 1, "2026-05-01", "2026-05-31"),
        ("a", 2, "2026-06-01", None),
        ("b", 1, "2026-06-01", None),
    ]


def test_ledgers_and_forecasts_of_all_earlier_months_are_read(tmp_path: Path) -> None:
    for month, expected in (("2026-04", 10.0), ("2026-05", 20.0), ("2026-06", 30.0)):
        publish(tmp_path, month, {"a": 1})
        ledger = {"frozen": [{"sha256": month}], "scored": []}
        (tmp_path / month / "ledger.json").write_text(json.dumps(ledger))
        pd.DataFrame({"as_of": [f"{month}-28"], "expected": [expected], "last_actual": [None]}).to_csv(
            tmp_path / month / "bookings.csv", index=False
        )
    assert sorted(earlier_ledgers(tmp_path, "2026-06")) == ["2026-04", "2026-05"]
    found = earlier_bookings(tmp_path, "2026-06")
    assert found is not None
    assert found["expected"].tolist() == [10.0, 20.0]
    assert earlier_bookings(tmp_path, "2026-04") is None


def test_a_ledger_that_cannot_be_read_is_named_and_tiers_that_are_gone_are_told(tmp_path: Path) -> None:
    publish(tmp_path, "2026-04", {"a": 1})
    (tmp_path / "2026-04" / "ledger.json").write_text('{"frozen": [{"sha256": "x"}], "scored": []}')
    (tmp_path / "2026-04" / "tiers.parquet").unlink()
    assert earlier_promises(tmp_path, "2026-05") == [({"sha256": "x"}, None)]
    (tmp_path / "2026-04" / "ledger.json").write_text("{")
    with pytest.raises(TierkitError, match=r"ledger\.json: not a ledger"):
        earlier_promises(tmp_path, "2026-05")
