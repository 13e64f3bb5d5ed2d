import pandas as pd
import pytest

from tests.tiering.books import AS_OF, accounts_of, scores_of, tables_of
from tierkit.proof.stability import stability_cost
from tierkit.tiering.policy import Policy

PLAIN = {"sizes": (1, 1), "strategic_slots": 0, "promotion_share": 0.0}
# A0000 held Tier 1, A0001 Tier 2, both for long; now 10, 11 and 4: A0001 is worth a tenth more.
GATED = scores_of({"A0000": 10.0, "A0001": 11.0, "A0002": 4.0})
PREVIOUS = pd.DataFrame(
    {
        "account_id": ["A0000", "A0001", "A0002"],
        "tier": [1, 2, 3],
        "base_tier": [1, 2, 3],
        "since": pd.Timestamp("2025-10-31"),
    }
)


def table_of(policy: Policy) -> pd.DataFrame:
    tables = tables_of(accounts=accounts_of(3))
    table = stability_cost(GATED, tables, policy, as_of=AS_OF, previous=PREVIOUS)
    assert table is not None
    return table.set_index("level")


def test_each_level_tells_its_moves_and_what_it_costs() -> None:
    table = table_of(Policy(**PLAIN, uplift=(0.5, 0.1, 0), stability="high"))
    # Low swaps the two: 11 x .5 + 10 x .1 = 6.5; the band of 20 % keeps them: 10 x .5 + 11 x .1 = 6.1.
    assert table["n_moved"].to_dict() == {"low": 2, "normal": 0, "high": 0}
    assert table["n_moved_tier1"].to_dict() == {"low": 2, "normal": 0, "high": 0}
    assert table["gained"].to_dict() == pytest.approx({"low": 6.5, "normal": 6.1, "high": 6.1})
    assert table["cost"].to_dict() == pytest.approx({"low": 0, "normal": 0.4, "high": 0.4})
    assert table["cost_share"]["normal"] == pytest.approx(0.4 / 6.5)
    assert table["value_tier1"].to_dict() == {"low": 11, "normal": 10, "high": 10}
    assert table["in_use"].to_dict() == {"low": False, "normal": False, "high": True}


def test_keys_of_the_sheet_stand_beside_the_levels_they_replace() -> None:
    table = table_of(Policy(**PLAIN, band=0.05, min_stay_months=0))
    # A tenth is more than the sheet's band of 5 %: it moves as low does, while normal still has its own 20 %.
    assert table["n_moved"].to_dict() == {"low": 2, "normal": 0, "high": 0, "sheet": 2}
    assert table.index[table["in_use"]].tolist() == ["sheet"]


def test_where_nobody_held_a_tier_there_is_nothing_to_hold() -> None:
    tables = tables_of(accounts=accounts_of(3))
    assert stability_cost(GATED, tables, Policy(**PLAIN), as_of=AS_OF, previous=None) is None
