from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.deals import settle_money
from tierkit.inputs.opening import open_tables
from tierkit.inputs.rates import check_rates


def text(*cells):
    return pd.Series(cells, dtype="str")


def days(*cells):
    return pd.Series(pd.to_datetime(list(cells)))


RATES = pd.DataFrame(
    {
        "currency": text("EUR", "EUR", "GBP"),
        "valid_from": days("2025-01-01", "2026-01-01", "2025-06-01"),
        "rate": [1.1, 1.2, 1.3],
    }
).set_axis([2, 3, 4])


def deals(**columns):
    frame = pd.DataFrame(
        {
            "outcome": text("won", "lost", "open", "won"),
            "opened_at": days("2025-02-01", "2025-12-31", "2026-02-01", "2025-02-01"),
            "closed_at": days("2025-03-01", "2026-01-01", None, "2025-03-01"),
            "currency": text("eur", "EUR ", "EUR", None),
            "acv": [100.0, 100.0, 100.0, 100.0],
        }
    ).set_axis(range(2, 6))
    return frame.assign(**{name: pd.Series(list(cells), frame.index) for name, cells in columns.items()})


def convert(frame, rates=RATES):
    return settle_money(frame, currency="USD", zero_is_missing=True, rates=rates)


def test_deals_are_worth_what_they_were_on_their_day():
    # closed 2025-03-01: 1.1; closed on the first day of 1.2; open since 2026-02-01: 1.2; no currency is the sheet's
    money = convert(deals())
    assert money.frame["acv"].tolist() == [110.0, 120.0, 120.0, 100.0]
    assert set(money.frame["currency"].dropna()) == {"USD"}
    assert money.problems == ()
    assert money.notes == (
        "3 deals in EUR were converted to USD at 1.1 to 1.2 (rates of 2025-01-01 to 2026-01-01)",
        "1 deals that name no currency are taken to be in USD",
    )
    # and once more changes nothing
    assert convert(money.frame).frame["acv"].tolist() == money.frame["acv"].tolist()


def test_totals_are_converted_before_they_are_made_annual():
    frame = deals(amount=[360.0, 0.0, 100.0, 50.0], term_months=[36.0, 12, 12, 12]).drop(columns="acv")
    # 360 x 1.1 = 396 over three years
    assert convert(frame).frame["acv"].tolist() == [132.0, 0.0, 120.0, 50.0]


def test_a_missing_rate_stops_with_currency_day_and_line():
    early = deals(closed_at=pd.to_datetime(["2024-12-31", "2026-01-01", None, "2025-03-01"]))
    assert convert(early).problems == (
        "'currency' EUR has no rate on 2024-12-31, line 2 (1 rows; add it to rates.csv; its first is of 2025-01-01)",
    )
    other = deals(currency=["JPY", "EUR", "JPY", None])
    assert convert(other).problems == (
        "'currency' JPY has no rate on 2025-03-01, line 2 (2 rows; add it to rates.csv; it has none at all)",
    )
    # the first day is named, wherever it stands
    later = deals(closed_at=pd.to_datetime(["2024-12-31", "2024-11-30", None, "2025-03-01"]))
    assert "has no rate on 2024-11-30, line 3 (2 rows" in convert(later).problems[0]
    # nothing to convert, no rate needed
    assert convert(deals(currency=["JPY", "EUR", "EUR", None], acv=[None, 1.0, 1.0, 1.0])).problems == ()


def test_undated_deals_take_the_only_rate_there_is():
    frame = deals(currency=["GBP"] * 4).drop(columns=["opened_at", "closed_at"])
    assert convert(frame).frame["acv"].tolist() == [130.0] * 4
    assert convert(deals().drop(columns=["opened_at", "closed_at"])).problems == (
        "'currency' EUR has several rates, and nothing says which day counts, line 2 (3 rows; keep one rate of it)",
    )


def test_an_old_rate_is_named():
    late = deals(closed_at=pd.to_datetime(["2027-03-01", "2026-01-01", None, "2025-03-01"]))
    assert "1 deals in EUR took a rate over a year old; the newest is of 2026-01-01" in convert(late).notes


def test_rates_that_cannot_be_used():
    wrong = pd.DataFrame(
        {
            "currency": text("EUR", "EUR", "GBP", "USD", "USD"),
            "valid_from": days(*["2026-01-01"] * 5),
            "rate": [1.1, 1.2, 0.0, 1.0, 1.1],
        }
    ).set_axis(range(2, 7))
    assert check_rates(wrong, currency="USD") == [
        "'rate' must be over 0, got 0 on line 4",
        "'rate' of USD, the currency of the run sheet, must be 1, got 1.1 on line 6 (a rate is what one unit is worth "
        "in USD)",
        "EUR has rates of 1.1 and 1.2 from 2026-01-01 on, lines 2 and 3 (keep one)",
        "USD has rates of 1 and 1.1 from 2026-01-01 on, lines 5 and 6 (keep one)",
    ]


cents = st.integers(0, 10**9).map(lambda n: n / 100)
rates = st.integers(1, 10**7).map(lambda n: n / 10**5)


@given(st.lists(st.tuples(cents, rates), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_conversion_is_exact_to_the_cent(pairs):
    codes = [f"C{i}" for i in range(len(pairs))]
    table = pd.DataFrame(
        {"currency": text(*codes), "valid_from": pd.Timestamp("2025-01-01"), "rate": [r for _, r in pairs]}
    )
    frame = pd.DataFrame(
        {
            "outcome": text(*["lost"] * len(pairs)),
            "opened_at": pd.Timestamp("2025-01-01"),
            "closed_at": pd.Timestamp("2025-02-01"),
            "currency": text(*codes),
            "acv": [a for a, _ in pairs],
        }
    )
    exact = [float((Decimal(str(a)) * Decimal(str(r))).quantize(Decimal("0.01"), ROUND_HALF_UP)) for a, r in pairs]
    assert convert(frame, table).frame["acv"].tolist() == exact
    assert convert(frame.iloc[::-1], table.iloc[::-1]).frame["acv"].tolist() == exact[::-1]


def test_half_a_cent_rounds_up():
    # 10 x 1.0005 = 10.005, as a float a hair under it
    frame = deals(acv=[10.0] * 4, currency=["XXX"] * 4)
    table = pd.DataFrame({"currency": text("XXX"), "valid_from": days("2020-01-01"), "rate": [1.0005]})
    assert convert(frame, table).frame["acv"].tolist() == [10.01] * 4


def tables(tmp_path, rates_csv, accounts_csv="account_id\na\nb\n", history_csv=None):
    (tmp_path / "accounts.csv").write_text(accounts_csv)
    (tmp_path / "deals.csv").write_text(
        "deal_id,account_id,outcome,opened_at,closed_at,acv,currency\n"
        "1,a,won,2026-01-05,2026-03-01,100,EUR\n2,b,lost,2026-01-05,2026-03-01,100,USD\n"
    )
    if rates_csv:
        (tmp_path / "rates.csv").write_text(rates_csv)
    if history_csv:
        (tmp_path / "account_history.csv").write_text(history_csv)
    return open_tables(tmp_path)


def test_rates_are_read_beside_the_deals(tmp_path):
    opened = tables(tmp_path, "currency,valid_from,rate\neur,2026-01-01,1.0825\n")
    assert opened.frame("deals").set_index("deal_id")["acv"].to_dict() == {"1": 108.25, "2": 100.0}
    assert any("deals.csv: 1 deals in EUR were converted" in note for note in opened.notes)


@pytest.mark.parametrize(
    ("rates_csv", "sentence"),
    [
        (None, r"deals.csv: 'currency' must be USD, got EUR \(1 rows\) \(give what they were worth in rates.csv"),
        (
            "currency,valid_from,rate\nEUR,2026-03-02,1.0825\n",
            r"deals.csv: 'currency' EUR has no rate on 2026-03-01, line 2",
        ),
        (
            "currency,valid_from,rate\nEUR,2026-01-01,1.0825\neur,2026-01-01,1.0925\n",
            r"EUR has rates of 1.0825 and 1.0925 from 2026-01-01 on, lines 2 and 3",
        ),
        # no row of rates is set aside: the next older rate would stand in for it unseen
        (
            "currency,valid_from,rate\nEUR,2026-01-01,1.0825\nGBP,someday,1.3025\n",
            r"rates.csv: 'valid_from' must be a date",
        ),
        (
            "currency,valid_from,rate\nEUR,2026-01-01,much\n",
            r"rates.csv: 'rate' must be a number, got 'much' on line 2",
        ),
    ],
)
def test_what_is_wrong_with_rates_stops_the_run(tmp_path, rates_csv, sentence):
    with pytest.raises(TableError, match=sentence):
        tables(tmp_path, rates_csv)


def test_revenue_of_accounts_is_converted_as_it_was_known(tmp_path):
    opened = tables(
        tmp_path,
        "currency,valid_from,rate\nEUR,2025-01-01,1.1025\nEUR,2026-01-01,1.2025\n",
        "account_id,annual_revenue,currency\na,1000,EUR\nb,1000,\n",
        "account_id,known_at,field,value\na,2025-05-01,annual_revenue,800\nb,2025-05-01,annual_revenue,800\n"
        "a,2025-05-01,employees,800\n",
    )
    assert opened.frame("accounts").set_index("account_id")["annual_revenue"].to_dict() == {"a": 1202.5, "b": 1000.0}
    told = opened.frame("account_history")
    assert set(zip(told["account_id"], told["field"], told["value"], strict=True)) == {
        ("a", "annual_revenue", "882.00"),
        ("b", "annual_revenue", "800"),
        ("a", "employees", "800"),
    }
