import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.identity.parents import roll_up
from tierkit.inputs.opening import open_tables


def text(*cells):
    return pd.Series(cells, dtype="str")


def accounts(**columns):
    return pd.DataFrame({name: text(*cells) for name, cells in columns.items()})


def test_roll_up_moves_rows_to_the_root():
    # a <- b <- c; d names a parent nobody knows; e is its own parent
    rows = accounts(
        account_id=["a", "b", "c", "d", "e"], parent_id=[None, "a", "b", "zzz", "e"], name=["A", "B", "C", "D", "E"]
    )
    units = roll_up(
        {
            "accounts": rows,
            "deals": accounts(deal_id=["1", "2", "3"], account_id=["c", "d", "a"]),
            "account_history": accounts(account_id=["a", "c"], field=["employees", "employees"]),
            "reps": accounts(owner_id=["o"]),
        }
    )
    # Only d keeps its parent: nothing stands for it among the accounts, so a cap per parent can still count by it.
    assert units.frames["accounts"].drop(columns="parent_id").to_dict("list") == {
        "account_id": ["a", "d", "e"],
        "name": ["A", "D", "E"],
    }
    assert units.frames["accounts"]["parent_id"].fillna("-").tolist() == ["-", "zzz", "-"]
    assert units.frames["deals"]["account_id"].tolist() == ["a", "d", "a"]
    assert units.frames["account_history"]["account_id"].tolist() == ["a"]
    assert units.children.to_dict("records") == [
        {"account_id": "b", "unit_id": "a", "name": "B", "depth": 1},
        {"account_id": "c", "unit_id": "a", "name": "C", "depth": 2},
    ]
    assert "1 rows name a parent that is not there" in units.notes[0]
    assert rows["parent_id"].tolist()[1] == "a"


def test_roll_up_keeps_the_exclusion_of_a_childs_domain():
    rows = accounts(account_id=["a", "b", "c"], parent_id=[None, "a", None], domain=["a.com", "b.com", "c.com"])
    exclusions = accounts(domain=["b.com", "c.com", "x.com"], reason=["partner", "partner", "competitor"])
    excluded = roll_up({"accounts": rows, "exclusions": exclusions}).frames["exclusions"]
    assert excluded["account_id"].fillna("-").tolist() == ["a", "-", "-"]
    named = exclusions.assign(account_id=pd.Series([None, "c", None], dtype="str"))
    assert roll_up({"accounts": rows, "exclusions": named}).frames["exclusions"]["account_id"].tolist()[:2] == [
        "a",
        "c",
    ]


def test_an_exclusion_covers_the_children_of_every_root():
    rows = accounts(
        account_id=["a", "b", "c", "d"], parent_id=[None, "a", None, "c"], domain=[None, "x.acme.de", None, "acme.de"]
    )
    excluded = roll_up({"accounts": rows, "exclusions": accounts(domain=["acme.de"], reason=["partner"])})
    assert excluded.frames["exclusions"]["account_id"].tolist() == ["a", "c"]


def test_roll_up_refuses_a_circle():
    rows = accounts(account_id=["a", "b", "c", "d"], parent_id=["b", "c", "a", "a"])
    with pytest.raises(TableError, match=r"'parent_id' runs in a circle, (a -> b -> c -> a|b -> c -> a -> b)"):
        roll_up({"accounts": rows})


N_DEALS, N_TOUCHES = 12, 20


def company():
    days = pd.date_range("2025-01-01", periods=N_TOUCHES, freq="7D").astype("str")
    return {
        "accounts": accounts(account_id=["a", "z"], name=["Acme", "Zeta"], domain=["acme.com", "zeta.com"]),
        "deals": pd.DataFrame(
            {
                "deal_id": [f"{i:02d}" for i in range(N_DEALS)],
                "account_id": ["a"] * 8 + ["z"] * 4,
                "outcome": ["won", "lost", "open"] * 4,
                "opened_at": days[:N_DEALS],
                "closed_at": days[2 : N_DEALS + 2],
                "acv": range(N_DEALS),
            }
        ),
        "activities": pd.DataFrame(
            {"account_id": ["a"] * 15 + ["z"] * 5, "occurred_at": days, "kind": ["email", "call"] * 10}
        ),
        "contacts": accounts(contact_id=["c1", "c2", "c3"], account_id=["a", "a", "z"], role=["buyer", "user", "user"]),
        "account_history": accounts(account_id=["a", "z"], known_at=days[:2], field=["name", "name"], value=["A", "Z"]),
    }


@given(st.lists(st.sampled_from(["a", "a1", "a2", "a3"]), min_size=N_TOUCHES, max_size=N_TOUCHES), st.booleans())
@settings(max_examples=8, deadline=None)
def test_splitting_an_account_into_a_parent_and_children_changes_no_unit(spread, nested):
    whole = company()
    split = dict(whole)
    family = accounts(
        account_id=["a1", "a2", "a3"],
        parent_id=["a", "a1" if nested else "a", "a2" if nested else "a"],
        name=["North", "South", "West"],
    )
    split["accounts"] = pd.concat([family, whole["accounts"]], ignore_index=True)
    for table in ("deals", "activities", "contacts"):
        rows = whole[table]
        parts = pd.Series(spread[: len(rows)], index=rows.index)
        split[table] = rows.assign(account_id=rows["account_id"].where(rows["account_id"] != "a", parts))
    before, after = open_tables(whole), open_tables(split)
    assert after.children["account_id"].tolist() == ["a1", "a2", "a3"]
    assert set(after.children["unit_id"]) == {"a"}
    assert before.frames.keys() == after.frames.keys()
    for table in before.frames:
        pd.testing.assert_frame_equal(before.frames[table], after.frames[table])
