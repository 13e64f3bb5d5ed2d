import pandas as pd
import pytest

from tests.tiering.books import AS_OF, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.target_list import OUTSIDE, list_changes, tiers_by_source, wins_by_list

STAYS = [
    ("a", "2025-01-01", None, "sales"),
    ("b", "2025-01-01", "2026-09-10", "marketing"),
    ("b", "2026-10-05", None, "vendor"),
    # On the list twice: sales put it there first.
    ("c", "2026-10-01", None, "vendor"),
    ("c", "2026-09-15", None, "sales"),
    # Off the list on the last day of a month: not on it at the month's end.
    ("z", "2026-01-01", "2026-08-31", "sales"),
]
DEALS = [
    ("d1", "a", "2026-08-01", "2026-09-01", "won", 100.0, "new"),
    # The day it left the list is the first off it.
    ("d2", "b", "2026-09-10", "2026-10-01", "won", 40.0, "new"),
    ("d3", "b", "2026-09-09", "2026-10-01", "lost", 30.0, "new"),
    ("d4", "z", "2026-06-01", "2026-11-20", "won", 70.0, "new"),
    ("d5", "z", "2026-06-01", "2026-07-01", "won", 60.0, "new"),
    # An expansion, and a deal of long ago.
    ("d6", "a", "2026-06-01", "2026-07-01", "won", 500.0, "expansion"),
    ("d7", "a", "2025-09-01", "2025-10-01", "won", 500.0, "new"),
]


@pytest.fixture
def tables() -> Tables:
    names = ["deal_id", "account_id", "opened_at", "closed_at", "outcome", "acv", "deal_type"]
    return tables_of(
        accounts=pd.DataFrame({"account_id": list("abcz")}),
        tal=pd.DataFrame(STAYS, columns=["account_id", "entered_at", "left_at", "source"]),
        deals=pd.DataFrame(DEALS, columns=names),
    )


def test_wins_are_told_by_the_list_as_it_stood_when_the_deal_opened(tables: Tables) -> None:
    table = wins_by_list(tables, as_of=AS_OF)
    assert table is not None
    by = table.set_index("source")
    assert by.index.tolist() == ["marketing", "sales", "vendor", OUTSIDE]
    # d1, d4 and d5 of sales, d3 of marketing; d2 opened the day b was off the list.
    assert by["n_deals"].tolist() == [1, 3, 0, 1]
    # d4 was won after the day.
    assert by["n_won"].tolist() == [0, 2, 0, 1]
    assert by["share_of_wins"].tolist() == [0, 2 / 3, 0, 1 / 3]
    assert by["won_acv"].fillna(0).tolist() == [0, 160, 0, 40]


def test_additions_and_removals_by_month(tables: Tables) -> None:
    table = list_changes(tables, as_of=AS_OF, months=3)
    assert table is not None
    # August: z goes, on the last day. September: c comes, b goes; October: b comes back, c a second time adds nobody.
    assert table.to_dict("list") == {
        "month": ["2026-08", "2026-09", "2026-10"],
        "n_added": [0, 1, 1],
        "n_removed": [1, 1, 0],
        "n_on_list": [2, 2, 3],
    }


def test_tiers_by_the_source_that_came_first(tables: Tables) -> None:
    tiers = pd.DataFrame({"account_id": list("abcz"), "tier": [1, 3, 3, 1]})
    table = tiers_by_source(tables, tiers, as_of=AS_OF)
    assert table is not None
    count = table.set_index(["source", "tier"])["n_accounts"]
    assert count["sales"].tolist() == [1, 1]
    assert count["vendor"].tolist() == [0, 1]
    assert count[OUTSIDE].tolist() == [1, 0]
    assert count["marketing"].tolist() == [0, 0]
    assert count.sum() == 4


def test_without_a_list_nothing_is_said() -> None:
    bare = tables_of(accounts=pd.DataFrame({"account_id": ["a"]}))
    tiers = pd.DataFrame({"account_id": ["a"], "tier": [1]})
    assert wins_by_list(bare, as_of=AS_OF) is None
    assert list_changes(bare, as_of=AS_OF) is None
    assert tiers_by_source(bare, tiers, as_of=AS_OF) is None
