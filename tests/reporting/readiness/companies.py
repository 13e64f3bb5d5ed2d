"""Exports of a small company, as tests need them: whole, broken, too few, without days."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.duel import export_of_deals

HOSTILE = '<img src="https://evil.example/x.png" onerror=alert(1)>'


def write_company(folder: Path, *, n_deals: int = 1500, seed: int = 5, added: str = "") -> Path:
    """Accounts and deals with a planted leak, and a run sheet; the sheet."""
    deals = export_of_deals(n_deals, seed=seed).drop(columns=["leaking", "good", "Tier"])
    rng = np.random.default_rng(seed)
    won = deals["outcome"] == "won"
    deals["desk_code"] = np.where(won, "booked", np.where(rng.random(len(deals)) < 0.02, "booked", "none"))
    deals["acv"] = np.round(np.exp(rng.normal(10, 0.5, len(deals))))
    ids = sorted(set(deals["account_id"]))
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "name": [HOSTILE if i == 0 else f"Firm {i}" for i in range(len(ids))],
            "domain": [f"firm{i // 2 if i < 4 else i}.com" for i in range(len(ids))],
            "parent_id": [ids[0] if i == 9 else None for i in range(len(ids))],
            "industry": [None if i % 5 == 0 else "software" for i in range(len(ids))],
            "employees": [50 + i for i in range(len(ids))],
            "owner_id": ["ana" if i % 2 else "ben" for i in range(len(ids))],
            "created_at": "2022-06-01",
        }
    )
    (folder / "data").mkdir(parents=True)
    deals.drop(columns="employees").to_csv(folder / "data" / "deals.csv", index=False)
    accounts.to_csv(folder / "data" / "accounts.csv", index=False)
    sheet = folder / "tierkit.toml"
    sheet.write_text(f'[data]\nfolder = "data"\ndata_through = "2026-10-31"\n{added}', encoding="utf-8")
    return sheet


def write_undated(path: Path, *, n: int = 300) -> Path:
    """An export of closed deals without days, accounts or amounts, some rows of which are copies."""
    rng = np.random.default_rng(2)
    outcome = np.where(rng.random(n) < 0.5, "Won", "Lost")
    deals = pd.DataFrame({"Status": outcome, "Need": rng.integers(0, 9, n), "Budget": rng.permutation(n)})
    pd.concat([deals, deals.head(12)]).to_csv(path, index=False)
    return path
