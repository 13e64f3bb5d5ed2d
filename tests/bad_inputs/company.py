"""A good little company: every table as CSV text, nothing wrong with it; each case spoils a copy."""

import csv
import datetime as dt
from functools import cache
from pathlib import Path

N_ACCOUNTS, N_DEALS, N_TOUCHES, N_ROWS = 150, 240, 300, 120
_FIRST = dt.date(2024, 1, 1)

SHEET = """
[data]
folder = "data"
data_through = "2026-06-30"
"""
"""The run sheet of the good little company; `data.` keys of a case go below it."""


def _day(n: int) -> str:
    return (_FIRST + dt.timedelta(days=n)).isoformat()


def _account(i: int) -> str:
    return f"A{i % N_ACCOUNTS:03d}"


def _deal(i: int) -> dict[str, object]:
    opened = 3 * i
    outcome = ("won", "lost", "lost", "open")[i % 4]
    return {
        "deal_id": f"d{i:03d}",
        "account_id": _account(7 * i),
        "outcome": outcome,
        "opened_at": _day(opened),
        "closed_at": "" if outcome == "open" else _day(opened + 20 + 7 * i % 60),
        "acv": f"{1000 + 137 * i % 9000}.50",
        "currency": "USD",
        "deal_type": "new",
        "seats": 5 + i % 40,
    }


@cache
def good_tables() -> dict[str, list[dict[str, object]]]:
    """The rows of every table, by name."""
    a, d = _account, _day
    return {
        "accounts": [
            {
                "account_id": a(i),
                "name": f"Firm {i}",
                "domain": f"firm{i}.example",
                "parent_id": "",
                "industry": ("software", "retail", "steel")[i % 3],
                "country": ("DE", "US", "NA")[i % 3],
                "employees": 20 + 13 * i,
                "annual_revenue": f"{90_000 + 7_000 * i}.00",
                "owner_id": f"r{i % 3}",
                "created_at": "2023-01-15",
                "is_customer": "no",
                "technologies": "crm;erp",
            }
            for i in range(N_ACCOUNTS)
        ],
        "account_history": [
            {"account_id": a(i), "known_at": d(i), "field": "employees", "value": 10 + i} for i in range(N_ROWS)
        ],
        "deals": [_deal(i) for i in range(N_DEALS)],
        "activities": [
            {
                "account_id": a(i),
                "occurred_at": d(2 * i),
                "kind": ("email", "call", "meeting")[i % 3],
                "direction": ("inbound", "outbound")[i % 2],
                "contact_id": f"c{i % N_ROWS:03d}",
                "minutes": 10 + i % 30,
            }
            for i in range(N_TOUCHES)
        ],
        "contacts": [
            {"contact_id": f"c{i:03d}", "account_id": a(i), "role": "buyer", "seniority": "vp", "known_at": d(i)}
            for i in range(N_ROWS)
        ],
        "signals": [
            {"account_id": a(i), "occurred_at": d(5 * i), "kind": "funding", "detail": "series B", "known_at": ""}
            for i in range(N_ROWS)
        ],
        "reps": [
            {"owner_id": f"r{i}", "name": f"Rep {i}", "tier1_slots": 5, "tier2_slots": 20, "known_at": d(0)}
            for i in range(3)
        ],
        "strategic": [
            {
                "account_id": a(i),
                "kind": "reference",
                "value": 0.7,
                "evidence": "speaks at our day",
                "author": "Kim",
                "known_at": d(0),
                "expires_at": "2027-06-30",
            }
            for i in (3, 8)
        ],
        "overrides": [
            {
                "account_id": a(i),
                "tier": 2,
                "reason": "board",
                "author": "Kim",
                "created_at": "2026-05-01",
                "expires_at": "2026-10-31",
            }
            for i in (5, 11)
        ],
        "exclusions": [
            {"account_id": a(20), "domain": "", "reason": "partner", "known_at": d(0)},
            {"account_id": "", "domain": "rival.example", "reason": "competitor", "known_at": d(0)},
        ],
        "funnel": [
            {
                "lead_id": f"l{i:03d}",
                "account_id": a(i),
                "created_at": d(4 * i),
                "source": "web",
                "accepted_at": d(4 * i + 2),
                "meeting_at": d(4 * i + 9),
                "rejected_reason": "",
            }
            for i in range(N_ROWS)
        ],
        "tal": [
            {"account_id": a(i), "entered_at": d(i), "left_at": d(i + 300), "source": "sales"} for i in range(N_ROWS)
        ],
        "tier_history": [
            {"account_id": a(i), "tier": 1 + i % 3, "valid_from": d(i), "valid_to": d(i + 90), "source": "crm"}
            for i in range(N_ROWS)
        ],
        "holdout": [
            {"account_id": a(i), "arm": ("treated", "control")[i % 2], "started_at": "2026-02-01"} for i in range(20)
        ],
        "rates": [{"currency": "EUR", "valid_from": d(30 * i), "rate": 1.1 + i / 100} for i in range(6)],
        "identity": [
            {"account_id": a(1), "same_as": a(2), "decision": "different", "author": "Kim", "known_at": "2026-01-01"}
        ],
    }


def lay_company(folder: Path) -> Path:
    """Write accounts, deals and the run sheet; the run sheet. A case lays what other tables it needs."""
    (folder / "data").mkdir()
    for table in ("accounts", "deals"):
        write_rows(folder / "data" / f"{table}.csv", good_tables()[table])
    sheet = folder / "tierkit.toml"
    sheet.write_text(SHEET, encoding="utf-8")
    return sheet


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    """Rows as a CSV file with `\\n` at the end of lines."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
