import pandas as pd
import pytest

from tierkit.inputs.coercion import Typed
from tierkit.inputs.deals import check_dates, check_outcomes, own_accounts, settle_dates, settle_money


def days(*cells):
    return pd.Series(pd.to_datetime(list(cells)))


def text(*cells):
    return pd.Series(cells, dtype="str")


def test_settle_dates_forgets_expected_closing_days():
    frame = pd.DataFrame(
        {
            "outcome": text("won", "open", "open"),
            "opened_at": days("2026-01-01", "2026-01-01", "2026-01-01"),
            "closed_at": days("2026-02-01", "2026-12-31", None),
        }
    )
    typed = settle_dates(Typed(frame, {"closed_at": pd.Index([2])}))
    assert typed.frame["closed_at"].notna().tolist() == [True, False, False]
    # what an open deal expects need not even be a date
    assert typed.unreadable == {}


def test_settle_dates_leaves_deals_undated_that_say_no_end():
    frame = pd.DataFrame({"outcome": text("won"), "opened_at": days("2026-01-01")})
    typed = settle_dates(Typed(frame))
    assert list(typed.frame.columns) == ["outcome"]
    assert "deals are undated" in typed.notes[0]
    empty = pd.DataFrame({"outcome": text("won"), "opened_at": days("2026-01-01"), "closed_at": days(None)})
    assert list(settle_dates(Typed(empty)).frame.columns) == ["outcome"]


def test_check_dates():
    # in order: right, closed before opened, won without a day, lost without a day, open, opened on no day
    frame = pd.DataFrame(
        {
            "outcome": text("won", "won", "won", "lost", "open", "won"),
            "opened_at": days(*["2026-01-02"] * 5, None),
            "closed_at": days("2026-01-02", "2026-01-01", None, None, None, "2026-01-02"),
        }
    )
    assert {(b.column, b.rule): list(b.index) for b in check_dates(Typed(frame))} == {
        ("closed_at", "must not be before opened_at"): [1],
        ("closed_at", "must be given for a closed deal"): [2, 3],
        ("opened_at", "must be given where deals are dated"): [5],
    }
    # a cell that is no date is one breach, not two
    unread = {"closed_at": pd.Index([2]), "opened_at": pd.Index([5])}
    assert [list(b.index) for b in check_dates(Typed(frame, unread))] == [[1], [3]]


def test_settle_money_makes_acv_of_the_total():
    # 36,000 over 36 months is 12,000 a year; without a term, or with none, the amount stands
    frame = pd.DataFrame({"amount": [36_000.0, 500, 800], "term_months": [36.0, None, 0]})
    money = settle_money(frame, currency="USD", zero_is_missing=True)
    assert money.frame["acv"].tolist() == [12_000, 500, 800]
    assert "amount" not in money.frame
    assert money.notes == ("acv is amount x 12 / term_months; 2 deals without a term keep their amount",)
    assert frame["amount"].tolist() == [36_000, 500, 800]


def test_settle_money_prefers_a_stated_acv():
    frame = pd.DataFrame({"acv": [1.0], "amount": [2.0]})
    assert settle_money(frame, currency="USD", zero_is_missing=True).frame.to_dict("list") == {"acv": [1.0]}


def test_settle_money_takes_a_free_win_for_an_unknown_amount():
    frame = pd.DataFrame({"outcome": text("won", "lost", "won"), "acv": [0.0, 0, 5]})
    money = settle_money(frame, currency="USD", zero_is_missing=True)
    assert money.frame["acv"].isna().tolist() == [True, False, False]
    assert money.notes == ("1 won deals of amount 0 have an unknown ACV",)
    assert settle_money(frame, currency="USD", zero_is_missing=False).frame["acv"].tolist() == [0, 0, 5]


def test_settle_money_refuses_a_second_currency():
    frame = pd.DataFrame({"currency": text("usd", "EUR", "EUR", None), "acv": [1.0, 2, 3, 4]})
    assert settle_money(frame, currency="USD", zero_is_missing=True).problems == (
        "'currency' must be USD, got EUR (2 rows) (give what they were worth in rates.csv: currency, valid_from, rate; "
        "or set currency in tierkit.toml, [data])",
    )
    assert settle_money(frame.head(1), currency="USD", zero_is_missing=True).problems == ()


def test_own_accounts_names_the_entity_behind_a_deal():
    frame = pd.DataFrame(
        {
            "deal_id": text("1", "2", "3"),
            "account_id": text("a", "a", None),
            "size": [1.0, 2.0, None],
            "city": text("x", None, None),
        }
    )
    owned = own_accounts(frame, group_by=["city", "size"]).frame
    assert owned["account_id"].tolist() == ["1", "2", "3"]
    assert owned["group_key"].tolist()[:2] == ["x|1", "|2"]
    assert owned["group_key"].isna().tolist() == [False, False, True]
    assert own_accounts(frame, group_by=[]).frame["group_key"].tolist()[:2] == ["a", "a"]
    assert "group_key" not in own_accounts(frame[["deal_id"]], group_by=[]).frame
    assert own_accounts(frame, group_by=["cty"]).problems == (
        "column 'cty' of group_by is missing, did you mean 'city'? (set group_by in tierkit.toml, [data])",
    )


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [(["open", "open"], "no deal is won or lost"), (["open", "lost"], "no deal is won"), (["won", "open"], None)],
)
def test_check_outcomes(outcomes, sentence):
    problems = check_outcomes(pd.DataFrame({"outcome": text(*outcomes)}))
    assert (problems[0].split(",")[0] if problems else None) == sentence
