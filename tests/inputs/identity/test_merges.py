import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.identity.folding import fold
from tierkit.inputs.identity.merges import Merges, read_merges
from tierkit.inputs.opening import open_tables

DAYS = pd.date_range("2025-01-01", periods=40, freq="7D").astype("str")


def rows(*cells, columns=("account_id", "same_as", "decision"), first=2):
    frame = pd.DataFrame(list(cells), columns=list(columns)).astype("str")
    frame = frame.where(frame != "")
    return frame.set_axis(range(first, first + len(frame)))


def accounts(**columns):
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})


def company(**identity):
    tables = {
        "accounts": accounts(
            account_id=["a", "b", "c", "z"],
            name=["Acme", "Acme Inc", "ACME", "Zeta"],
            domain=["acme.com", "acme.de", None, "zeta.com"],
            country=[None, "DE", "FR", "US"],
            created_at=["2025-03-01", "2025-01-01", None, "2025-01-01"],
            is_customer=["no", "yes", None, "no"],
        ),
        "deals": pd.DataFrame(
            {
                "deal_id": [f"{i:02d}" for i in range(12)],
                "account_id": ["a", "b", "c", "old", "z", "z"] * 2,
                "outcome": ["won", "lost", "open"] * 4,
                "opened_at": DAYS[:12],
                "closed_at": DAYS[2:14],
            }
        ),
        "activities": pd.DataFrame({"account_id": ["b", "old", "z"], "occurred_at": DAYS[:3], "kind": "email"}),
        "exclusions": accounts(domain=["acme.de", "x.com"], reason=["partner", "legal"]),
    }
    if identity:
        tables["identity"] = accounts(**identity)
    return tables


def test_chains_resolve_and_undecided_rows_decide_nothing():
    merges = read_merges(rows(("a", "b", "same"), ("b", "c", "same"), ("d", "e", ""), ("f", "g", "different")))
    assert merges.survivor == {"a": "c", "b": "c"}
    assert merges.apart.to_numpy().tolist() == [["f", "g"]]
    assert merges.problems == ()
    assert merges.notes == ("1 rows say neither same nor different, and decide nothing",)
    bare = read_merges(rows(("a", "b"), columns=("account_id", "same_as")))
    assert bare.survivor == {"a": "b"}
    assert bare.notes == ("there is no 'decision', so each row says same",)


@pytest.mark.parametrize(
    ("decisions", "sentence"),
    [
        ([("a", "a", "same")], "'same_as' must name another account, got 'a' for itself on line 2"),
        (
            [("a", "b", "same"), ("b", "c", "same"), ("c", "a", "same")],
            "'same_as' runs in a circle, a -> b -> c -> a, on lines 2 and 3 and 4 (leave out the line of the account "
            "that stays)",
        ),
        (
            [("a", "b", "same"), ("a", "c", "same")],
            "'a' is said to be 'b' on line 2 and 'c' on line 3 (keep one; if all are one company, say so of 'b' and "
            "'c')",
        ),
        (
            [("a", "b", "same"), ("b", "a", "different")],
            "'b' and 'a' are different on line 3 and the same by line 2 (keep one)",
        ),
        (
            [("a", "c", "same"), ("b", "c", "same"), ("a", "b", "different")],
            "'a' and 'b' are different on line 4 and the same by line 2 and 3 (keep one)",
        ),
    ],
)
def test_contradictions_name_both_lines(decisions, sentence):
    assert read_merges(rows(*decisions)).problems == (sentence,)


def test_accounts_may_be_gone_but_not_the_one_that_stays():
    there = pd.Index(["a", "b"])
    gone = read_merges(rows(("old", "a", "same"), ("x", "y", "same")), accounts=there)
    assert gone.survivor == {"old": "a"}
    assert gone.notes == ("1 rows are of accounts that are gone, as is what they were; they decide nothing",)
    assert read_merges(rows(("a", "x", "same")), accounts=there).problems == (
        "'same_as' must lead to an account of the accounts table, got 'x' for 'a' on line 2 (name the account that "
        "stays)",
    )


def test_zeros_that_a_spreadsheet_took_come_back():
    there = pd.Index(["0012", "0013", "0014", "00014"])
    merges = read_merges(rows(("12", "0013", "same")), accounts=there)
    assert merges.survivor == {"0012": "0013"}
    assert merges.notes == ("1 ids had lost their leading zeros, and were read with them",)
    # two may be meant
    assert read_merges(rows(("14", "0013", "same")), accounts=there).survivor == {"14": "0013"}


def test_a_merge_folds_every_table():
    tables = open_tables(company(account_id=["b", "c", "old"], same_as=["a", "b", "c"], decision=["same"] * 3))
    # a keeps its name and domain, takes the country of b (before c), the oldest day, and is a customer since b is
    one = tables.frame("accounts").set_index("account_id").loc["a"]
    assert one[["name", "domain", "country"]].tolist() == ["Acme", "acme.com", "DE"]
    assert one["created_at"] == pd.Timestamp("2025-01-01")
    assert bool(one["is_customer"])
    assert tables.frame("accounts")["account_id"].tolist() == ["a", "z"]
    assert tables.frame("deals")["account_id"].value_counts().to_dict() == {"a": 8, "z": 4}
    assert tables.frame("activities")["account_id"].value_counts().to_dict() == {"a": 2, "z": 1}
    # who excluded acme.de excluded what it is now
    assert tables.frame("exclusions").set_index("domain")["account_id"].fillna("-").to_dict() == {
        "acme.de": "a",
        "x.com": "-",
    }
    said = next(n for n in tables.notes if "counted as" in n)
    assert said == (
        "identity: 3 accounts are counted as 1 others, at all times (rows that moved: 2 of accounts, 2 of activities, "
        "6 of deals)"
    )


def test_without_a_decision_an_account_that_is_gone_is_a_breach():
    with pytest.raises(TableError, match="must be an account of the accounts table, got 'old'"):
        open_tables(company())


def test_a_decision_that_contradicts_itself_stops_the_run():
    tables = company(account_id=["b", "a", "old"], same_as=["a", "b", "a"], decision=["same"] * 3)
    with pytest.raises(TableError, match=r"identity: 'same_as' runs in a circle, a -> b -> a, on rows 2 and 1"):
        open_tables(tables)
    wrong = company(account_id=["b"], same_as=["a"], decision=["maybe"])
    with pytest.raises(TableError, match=r"identity: 'decision' must be one of same, different, got 'maybe'"):
        open_tables(wrong)


def test_parents_are_pointed_to_whoever_stays():
    # x was the parent of c, and is a now; a's own parent x is itself, so a takes that of x
    frame = accounts(account_id=["a", "c", "x", "top"], parent_id=["x", "x", "top", None])
    folded = fold("accounts", frame, Merges({"x": "a"})).set_index("account_id")["parent_id"].fillna("-")
    assert folded.to_dict() == {"a": "top", "c": "a", "top": "-"}


def test_history_of_the_survivor_wins_from_its_first_day():
    history = pd.DataFrame(
        {
            "account_id": ["a", "b", "b", "b", "c"],
            "known_at": pd.to_datetime(["2025-06-01", "2025-01-01", "2025-06-01", "2025-03-01", "2024-01-01"]),
            "field": ["employees", "employees", "employees", "segment", "employees"],
            "value": ["100", "80", "90", "mid", "7"],
        }
    )
    told = fold("account_history", history, Merges({"b": "a", "c": "a"}))
    # b tells until the day a does, c until b does; nobody else tells of the segment
    assert told["value"].tolist() == ["100", "80", "mid", "7"]
    assert set(told["account_id"]) == {"a"}


def test_deals_without_accounts_share_a_group():
    deals = company()["deals"]
    identity = accounts(account_id=["b", "c", "old"], same_as=["a", "a", "a"])
    assert open_tables({"deals": deals, "identity": identity}).frame("deals")["group_key"].value_counts().to_dict() == {
        "a": 8,
        "z": 4,
    }


def test_merges_that_follow_wins_are_named():
    n = 60
    ids = [f"{i:03d}" for i in range(n)]
    deals = pd.DataFrame(
        {
            "deal_id": ids,
            "account_id": ids,
            "outcome": ["won" if i < 10 else "lost" for i in range(n)],
            "opened_at": "2025-01-10",
            "closed_at": "2025-03-01",
        }
    )
    tables = {"accounts": accounts(account_id=ids), "deals": deals}
    merged = accounts(account_id=[f"x{i}" for i in range(8)], same_as=ids[:8])
    after = open_tables({**tables, "identity": merged.assign(known_at="2025-06-01")})
    assert any(
        "8 of 8 accounts with merges have won a deal, against 2 of 52 others, 8 of them merged after" in n
        for n in after.notes
    )
    even = accounts(account_id=[f"x{i}" for i in range(8)], same_as=ids[6:14])
    assert not any("accounts with merges" in n for n in open_tables({**tables, "identity": even}).notes)


targets = st.lists(st.tuples(st.sampled_from("bcdef"), st.sampled_from("abcde")), max_size=6)


@given(targets, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_folding_is_idempotent_keeps_rows_and_does_not_mind_their_order(pairs, random):
    # a decision points to a smaller letter, so no circle; one target each
    decided = {a: b for a, b in pairs if b < a}
    merges = read_merges(rows(*((a, b, "same") for a, b in decided.items())))
    assert set(merges.survivor) == set(decided)
    assert not set(merges.survivor.values()) & set(decided)
    frame = pd.DataFrame(
        {
            "account_id": pd.Series(list("abcdef"), dtype="str"),
            "name": pd.Series([None, "B", None, "D", "E", None], dtype="str"),
            "is_customer": pd.Series([None, False, True, None, False, True], dtype="boolean"),
            "parent_id": pd.Series(["f", None, "a", None, "b", None], dtype="str"),
        }
    )
    whole = fold("accounts", frame, merges)
    pd.testing.assert_frame_equal(fold("accounts", whole, merges), whole)
    assert len(whole) == len(frame) - len(decided)
    assert list(whole.columns) == list(frame.columns)
    assert (whole.dtypes == frame.dtypes).all()
    assert not (whole["parent_id"] == whole["account_id"]).any()
    order = list(range(6))
    random.shuffle(order)
    shuffled = fold("accounts", frame.iloc[order], merges)
    pd.testing.assert_frame_equal(
        *(f.sort_values("account_id", ignore_index=True) for f in (shuffled, whole)), check_dtype=True
    )
    touches = pd.DataFrame({"account_id": frame["account_id"].iloc[order], "minutes": 1.0})
    assert fold("activities", touches, merges)["minutes"].sum() == 6
    assert set(fold("activities", touches, merges)["account_id"]) == set(whole["account_id"])
