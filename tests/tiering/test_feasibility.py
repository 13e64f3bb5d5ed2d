from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.tiering.books import AS_OF, accounts_of, tables_of
from tierkit.errors import SheetError, TableError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings
from tierkit.tiering.capacity import capacity_of
from tierkit.tiering.feasibility import check_policy, over_hours
from tierkit.tiering.policy import Policy

ACCOUNTS = accounts_of(10, owner_id="r0", employees=[5] * 4 + [50] * 6)
REPS = [{"owner_id": f"r{i}", "name": f"Rep {i}", "tier1_slots": 5, "tier2_slots": 25} for i in range(8)]
SMALL = {"sizes": [1, 1], "strategic_slots": 0}


def override(account: str, expires: str | None = "2026-12-31") -> dict[str, Any]:
    dates = {"created_at": "2026-10-01", "expires_at": expires}
    return {"account_id": account, "tier": 1, "reason": "champion", "author": "Kim", **dates}


def claim(account: str, kind: str = "reference") -> dict[str, Any]:
    return {"account_id": account, "kind": kind, "value": 0.5}


@pytest.mark.parametrize(
    ("tiers", "frames", "sentence"),
    [
        (
            {"sizes": [60, 100]},
            {},
            "capacity short by 2 reps: 60 Tier 1 places, 5 strategic slots and 9 promotions need 74 slots",
        ),
        (
            {**SMALL, "budget": 500, "investment_floor": 60},
            {},
            "'tiers.budget' of 500 is below the floors: 10 accounts x 60.00 = 600; raise tiers.budget",
        ),
        ({}, {"overrides": [override("A0001", None)]}, "the override of account A0001 has no expires_at"),
        ({}, {"overrides": [override("B1")]}, "overrides: the override of account 'B1' names no account of the tables"),
        ({}, {"strategic": [claim("B1")]}, "strategic: the claim of account 'B1' names no account of the tables"),
        (
            {},
            {"strategic": [claim("A0001", "friendship")]},
            "kind 'friendship' is not known; known: reference, ecosystem, new_vertical, new_geography",
        ),
        (
            {},
            {"signals": [{"account_id": "A0001", "kind": "merger", "occurred_at": "2026-10-01"}]},
            "kind 'merger' has no window (1 rows of unknown kinds); known: competitive_displacement",
        ),
        ({"gates": {"countries": ["Spain"]}}, {}, "'tiers.gates' needs the column 'country', which no table has"),
        (
            {"hours": [20, 3, 0]},
            {},
            "Rep 0 would need 175 of 125 selling hours a month (5 in Tier 1 x 20 and 25 in Tier 2 x 3)",
        ),
    ],
)
def test_a_policy_that_cannot_be_carried_out_stops_before_anything_is_fitted(
    tiers: dict[str, Any], frames: dict[str, Any], sentence: str
) -> None:
    tables = tables_of(accounts=ACCOUNTS, reps=REPS, **frames)
    with pytest.raises(SheetError) as caught:
        check_policy(tables, Policy.model_validate(tiers), as_of=AS_OF)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_sound_policy_passes_and_floors_count_who_passes_the_gates() -> None:
    frames = {"overrides": [override("A0001")], "strategic": [claim("A0002")]}
    tables = tables_of(accounts=ACCOUNTS, reps=REPS, **frames)
    # 6 of the 10 have 10 people or more: 6 x 60 = 360 fit into 500.
    policy = Policy(budget=500, investment_floor=60, gates={"min_employees": 10})
    check_policy(tables, policy, as_of=AS_OF)
    check_policy(tables_of(deals=[{"deal_id": "d", "account_id": "d", "outcome": "open"}]), Policy(), as_of=AS_OF)


def write(folder: Path, n_overrides: int, last: str) -> Any:
    (folder / "accounts.csv").write_text("account_id\nA\nB\n")
    (folder / "deals.csv").write_text("deal_id,account_id,outcome\n1,A,won\n2,B,lost\n")
    row = "A,1,champion,Kim,2026-10-01,2026-12-31\n"
    head = "account_id,tier,reason,author,created_at,expires_at\n"
    (folder / "overrides.csv").write_text(head + row * n_overrides + last)
    return open_tables(DataSettings(), root=folder)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        ("A,1,champion,Kim,2026-10-01,\n", "overrides: 'expires_at' must not be empty, got nothing on line 202"),
        ("Z,1,champion,Kim,2026-10-01,2026-12-31\n", "'account_id' must be an account of the accounts table, got 'Z'"),
    ],
)
def test_a_decision_set_aside_at_the_door_stops_the_run(tmp_path: Path, last: str, sentence: str) -> None:
    # One row in 201 is under max_rejected, so the door lets the table in; the decision is not lost silently.
    with pytest.raises(SheetError) as caught:
        check_policy(write(tmp_path, 200, last), Policy(), as_of=AS_OF)
    assert sentence in str(caught.value)
    # Among few rows the door itself stops the run and names the line.
    with pytest.raises(TableError, match=r"'(expires_at|account_id)' must .* on line 3"):
        write(tmp_path, 1, last)


def test_an_unknown_kind_of_claim_stops_at_the_door(tmp_path: Path) -> None:
    (tmp_path / "strategic.csv").write_text("account_id,kind,value\nA,friendship,0.5\n")
    with pytest.raises(TableError, match=r"'kind' must be one of reference, ecosystem, .*, got 'friendship' on line 2"):
        write(tmp_path, 1, "")


def test_hours_that_nobody_stated_are_a_warning() -> None:
    # 25 x 12 + 75 x 2.5 = 487.5 hours.
    owners = pd.Series(["ana"])
    policy = Policy()
    check_policy(tables_of(accounts=accounts_of(1, owner_id="ana")), policy, as_of=AS_OF)
    (said,) = over_hours(capacity_of(owners, tables_of(), policy, as_of=AS_OF, undated=True), policy)
    assert said.startswith("ana would need 488 of 125 selling hours a month (25 in Tier 1 x 12 and 75 in Tier 2 x 2.5)")
    # With sizes it is all of them together: (10 + 5 + 1) x 12 + (40 + 6) x 2.5 = 307 of 125.
    sized = Policy(sizes=(10, 40))
    (said,) = over_hours(capacity_of(owners, tables_of(), sized, as_of=AS_OF, undated=True), sized)
    assert said.startswith("the tiers need 307 selling hours a month and the reps have 125")
