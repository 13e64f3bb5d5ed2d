import pandas as pd

from tierkit.inputs.checks import REJECTED, UNKNOWN_ACCOUNT, check_contract, settle
from tierkit.inputs.coercion import coerce_table
from tierkit.inputs.contracts import CONTRACTS

DEALS, STRATEGIC = CONTRACTS["deals"], CONTRACTS["strategic"]


def cells(**columns):
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    frame.index = frame.index + 2
    return frame


def check(given, contract=DEALS, **options):
    typed = coerce_table(contract, given)
    return typed, check_contract(contract, typed.frame, unreadable=typed.unreadable, **options)


def said(breaches):
    return {(b.column, b.rule): list(b.index) for b in breaches}


def test_check_contract_finds_all_breaches_at_once():
    # lines      2       3        4       5       6
    given = cells(
        deal_id=["1", "2", "2", "", "5"],
        outcome=["won", "Loss", "lost", "open", ""],
        acv=["-1", "x", "0", "", "2"],
        account_id=["a", "b", "", "a", "a"],
        opened_at=["2026-01-01", "2026-02-30", "2026-12-31", "", "2026-01-01"],
    )
    _, breaches = check(given, accounts=pd.Index(["a"]), data_through=pd.Timestamp("2026-10-31"))
    assert said(breaches) == {
        ("acv", "must be a number"): [3],
        ("opened_at", "must be a date"): [3],
        ("deal_id", "must be unique"): [4],
        ("deal_id", "must not be empty"): [5],
        ("outcome", "must not be empty"): [6],
        ("outcome", "must be one of won, lost, open"): [3],
        ("account_id", "must be an account of the accounts table"): [3],
        ("opened_at", "must not be after data_through (2026-10-31)"): [4],
        ("acv", "must be 0 or more"): [2],
    }
    assert [b.rule for b in breaches if b.stop] == ["must be one of won, lost, open"]


def test_check_contract_lets_dates_lie_ahead_that_may():
    given = cells(
        account_id=["a"], kind=["reference"], value=["1.5"], expires_at=["2027-01-01"], known_at=["2027-01-01"]
    )
    _, breaches = check(given, STRATEGIC, data_through=pd.Timestamp("2026-10-31"))
    assert said(breaches) == {
        ("value", "must be from 0 to 1"): [2],
        ("known_at", "must not be after data_through (2026-10-31)"): [2],
    }


def test_check_contract_allows_an_emptied_field_of_history():
    given = cells(account_id=["a"], known_at=["2026-01-01"], field=["segment"], value=[""])
    assert check(given, CONTRACTS["account_history"])[1] == []


def test_settle_sets_rows_aside_once_each_in_the_order_of_lines():
    given = cells(deal_id=["1", "2", "2", "4"], outcome=["won"] * 4, acv=["5", "-1", "-2", "n.a."])
    typed, breaches = check(given)
    settled = settle(DEALS, typed.frame, given, breaches, file="deals.csv", place="line", max_rejected=0.75)
    assert settled.problems == ()
    assert list(settled.rejected.columns) == list(REJECTED)
    # line 4 breaks two rules; the first found is kept
    assert settled.rejected[["line", "column", "rule", "value"]].to_numpy().tolist() == [
        [3, "acv", "must be 0 or more", "-1"],
        [4, "deal_id", "must be unique", "2"],
        [5, "acv", "must be a number", "n.a."],
    ]
    assert settled.frame["deal_id"].tolist() == ["1"]


def test_settle_stops_above_the_share_allowed_and_not_at_it():
    given = cells(deal_id=list("1234"), outcome=["won"] * 4, acv=["5", "6", "7", "-131769.0"])
    typed, breaches = check(given)
    at = settle(DEALS, typed.frame, given, breaches, file="deals.csv", place="line", max_rejected=0.25)
    assert at.problems == ()
    above = settle(DEALS, typed.frame, given, breaches, file="deals.csv", place="line", max_rejected=0.24)
    assert above.problems == (
        "1 of 4 rows would be set aside, more than max_rejected = 0.24 allows: 'acv' must be 0 or more, "
        "got -131769.0 on line 5 (1 row) (mend the rows, or raise max_rejected in tierkit.toml, [data])",
    )


def test_settle_counts_unknown_values_each():
    given = cells(deal_id=list("1234"), outcome=["Loss", "won", "Loss", "Maybe"])
    typed, breaches = check(given)
    settled = settle(DEALS, typed.frame, given, breaches, file="deals.csv", place="row", max_rejected=1)
    assert settled.problems == (
        "'outcome' must be one of won, lost, open, got 'Loss' on row 2 (2 rows), 'Maybe' on row 5 (1 row) "
        "(map it in tierkit.toml, [data.deals.values.outcome])",
    )


def test_an_account_nobody_knows_is_found_wherever_it_stands():
    contract = CONTRACTS["exclusions"]
    frame = pd.DataFrame({"account_id": ["a", None, "x", "b", "x"], "reason": "r"}, index=[9, 3, 7, 2, 5]).astype("str")
    found = check_contract(contract, frame, accounts=pd.Index(["a", "b"]))
    assert [(b.column, b.rule, list(b.index)) for b in found] == [("account_id", UNKNOWN_ACCOUNT, [5, 7])]
    unknown = frame.assign(account_id=pd.Series(None, frame.index, dtype="str"))
    assert check_contract(contract, unknown, accounts=pd.Index(["a", "b"])) == []
