from pathlib import Path

import pandas as pd

from tierkit.inputs.tables import Tables, open_tables
from tierkit.reporting.earlier import tier_record


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
    record = tier_record(tmp_path, "2026-06", company())
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
