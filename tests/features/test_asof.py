import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.company import current_values, make_tables, random_company
from tierkit.features.asof import build_account_rows, build_deal_rows, build_panel_rows
from tierkit.features.deals import count_existing_business
from tierkit.features.settings import FeatureSettings

AS_OF = pd.Timestamp("2026-03-31")


def ago(days: int) -> pd.Timestamp:
    return AS_OF - pd.Timedelta(days=days)


def touches(*days: int, direction: str = "inbound", late: int = 0) -> pd.DataFrame:
    occurred = [ago(d) for d in days]
    return pd.DataFrame(
        {
            "account_id": "a",
            "occurred_at": occurred,
            "kind": "call",
            "direction": direction,
            "contact_id": [f"c{i % 2}" for i in range(len(days))],
            "known_at": [o + pd.Timedelta(days=late) for o in occurred],
        }
    )


ACCOUNT = pd.DataFrame({"account_id": ["a"], "name": ["A"], "created_at": ["2020-01-01"]})


def test_windows_hold_their_first_and_their_last_day() -> None:
    # 0 and 30 days ago are inside 30 days, 31 is not; 365 is the last day of the year, 366 and tomorrow are outside.
    tables = make_tables(accounts=ACCOUNT, activities=touches(0, 30, 31, 90, 91, 180, 181, 365, 366, -1))
    row = build_account_rows(tables, as_of=AS_OF).iloc[0]
    assert [row[f"n_call_inbound_{w}d"] for w in (30, 90, 180, 365)] == [2, 4, 6, 8]
    assert [row[f"n_inbound_{w}d"] for w in (30, 90, 180, 365)] == [2, 4, 6, 8]
    assert row["n_outbound_365d"] == 0
    assert row["days_since_inbound"] == 0
    assert row["days_since_outbound"] == 366
    # Inbound: 4 in the last 90 days, 2 in the 90 before: (4 - 2) / (4 + 2).
    assert row["inbound_trend"] == pytest.approx(1 / 3)
    # c0 and c1 take turns: both within 90 days.
    assert (row["n_contacts_90d"], row["n_contacts_365d"]) == (2, 2)


def test_rows_known_late_do_not_count_before_they_are_known() -> None:
    activities = pd.concat([touches(10, late=10), touches(10, late=11)])
    tables = make_tables(accounts=ACCOUNT, activities=activities)
    assert build_account_rows(tables, as_of=AS_OF)["n_inbound_30d"].tolist() == [1]


def test_people_are_counted_once_and_by_who_began() -> None:
    # One person touched five times, another only written to.
    both = pd.concat([touches(1, 3, 5), touches(2, 4, direction="outbound")])
    both["contact_id"] = ["c0", "c0", "c0", "c0", "c1"]
    row = build_account_rows(make_tables(accounts=ACCOUNT, activities=both), as_of=AS_OF).iloc[0]
    assert (row["n_contacts_90d"], row["n_contacts_inbound_90d"]) == (2, 1)


def test_a_signal_lives_90_days_from_when_it_happened() -> None:
    signals = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "occurred_at": [ago(90), ago(91), ago(5)],
            "known_at": [ago(80), ago(80), AS_OF + pd.Timedelta(days=1)],
            "kind": "Funding round",
        }
    )
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"]})
    rows = build_account_rows(make_tables(accounts=accounts, signals=signals), as_of=AS_OF)
    # a: 90 days ago is live; b: 91 is not; c: nobody knew yet.
    assert rows["live_funding_round"].tolist() == [1, 0, 0]


def test_fields_are_those_known_then() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "employees": [900.0, 50.0, 7.0], "industry": "retail"})
    history = pd.DataFrame(
        {
            "account_id": ["a", "a", "a", "b"],
            "known_at": [ago(400), ago(30), ago(-1), ago(-5)],
            "field": "employees",
            "value": ["100", "500", "900", "50"],
        }
    )
    rows = build_account_rows(make_tables(accounts=accounts, account_history=history), as_of=AS_OF)
    # a: last known on or before; b: its history begins later, so unknown then; c: no history, so the table's value.
    np.testing.assert_array_equal(rows["employees"], [500, np.nan, 7])
    assert rows["missing_employees"].tolist() == [0, 1, 0]
    assert json.loads(rows.attrs["known_when"])["employees"] == "dated"
    assert json.loads(rows.attrs["known_when"])["industry"] == "static"


def test_a_field_of_your_own_is_a_feature_from_the_day_it_was_known():
    accounts = pd.DataFrame({"account_id": ["a1", "a2", "a3"]})
    history = pd.DataFrame(
        {
            "account_id": ["a1", "a1", "a2", "a1"],
            "known_at": ["2025-01-01", "2025-06-01", "2025-02-01", "2025-02-02"],
            "field": ["nps", "nps", "nps", "mood"],
            "value": ["7", "9", "4", "glad"],
        }
    )
    tables = make_tables(accounts=accounts, account_history=history)
    rows = build_account_rows(tables, as_of=pd.Timestamp("2025-03-01"))
    assert rows["nps"].tolist()[:2] == [7.0, 4.0]
    assert np.isnan(rows["nps"].iloc[2])
    assert rows["mood"].tolist()[0] == "glad"
    assert json.loads(rows.attrs["known_when"])["nps"] == "dated"


def test_a_mutable_field_without_history_is_known_nobody_knows_when() -> None:
    accounts = pd.DataFrame({"account_id": ["a"], "employees": [900.0], "technologies": ["CRM;ERP"], "score": [3]})
    rows = build_account_rows(make_tables(accounts=accounts), as_of=AS_OF)
    assert json.loads(rows.attrs["known_when"]) == dict.fromkeys(
        ["employees", "technologies", "score", "tech_crm", "tech_erp", "missing_employees", "missing_technologies"],
        "unknown",
    )
    assert (rows["tech_crm"].item(), rows["score"].item()) == (1.0, 3.0)


def test_accounts_made_later_are_not_input() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "created_at": [AS_OF, ago(-1), None]})
    rows = build_account_rows(make_tables(accounts=accounts), as_of=AS_OF)
    assert rows["account_id"].tolist() == ["a", "c"]
    np.testing.assert_array_equal(rows["tenure_days"], [0, np.nan])


def deals(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"account_id": "a", **columns})


def test_deals_stand_as_they_stood() -> None:
    book = deals(
        deal_id=["d1", "d2", "d3", "d4", "d5"],
        opened_at=[ago(300), ago(200), ago(100), ago(50), ago(-1)],
        closed_at=[ago(250), AS_OF, ago(-1), ago(40), None],
        outcome=["lost", "won", "won", "lost", "open"],
        acv=[1.0, 200.5, 3.0, 4.0, 5.0],
        deal_type="new",
    )
    row = build_account_rows(make_tables(accounts=ACCOUNT, deals=book), as_of=AS_OF).iloc[0]
    # d1 and d4 lost, d2 won today, d3 wins tomorrow so is open, d5 does not exist yet.
    assert (row["n_won_past"], row["won_acv_past"], row["n_lost_past"], row["n_open_deals"]) == (1, 200.5, 2, 1)
    assert row["days_since_loss"] == 40
    assert row["has_open_deal"]
    assert row["is_customer"]


def test_a_deal_does_not_count_itself() -> None:
    book = deals(deal_id=["d1"], opened_at=[ago(100)], closed_at=[ago(60)], outcome=["lost"])
    gap_less = FeatureSettings(opening_gap_days=0)
    row = build_deal_rows(make_tables(accounts=ACCOUNT, deals=book), before=AS_OF, settings=gap_less).iloc[0]
    assert (row["n_open_deals"], row["n_lost_past"], row["has_open_deal"]) == (0, 0, False)
    # Its outcome is known before the moment of another deal of the account.
    book = pd.concat([book, deals(deal_id=["d2"], opened_at=[ago(60)], closed_at=[None], outcome=["open"])])
    rows = build_deal_rows(make_tables(accounts=ACCOUNT, deals=book), before=AS_OF, settings=gap_less)
    assert rows.set_index("deal_id")["n_lost_past"].to_dict() == {"d1": 0, "d2": 1}


def test_labels_wait_for_the_horizon() -> None:
    book = deals(
        deal_id=["d1", "d2", "d3", "d4", "d5", "d6"],
        opened_at=[ago(100), ago(100), ago(100), ago(101), ago(99), ago(100)],
        closed_at=[ago(0), ago(50), None, ago(0), ago(98), ago(-1)],
        outcome=["won", "lost", "open", "won", "won", "won"],
        acv=10.0,
        deal_type="new",
    )
    rows = build_deal_rows(make_tables(accounts=ACCOUNT, deals=book), before=AS_OF, horizon_days=100)
    label = rows.set_index("deal_id")["won_in_horizon"]
    # d1 won on day 100; d4 on day 101, too late; d5 is won but only 99 days old; d6 wins tomorrow, on day 101.
    np.testing.assert_array_equal(label[["d1", "d2", "d3", "d4", "d5", "d6"]], [1, 0, 0, 0, np.nan, 0])
    assert rows.set_index("deal_id")["outcome"].to_dict()["d6"] == "open"
    np.testing.assert_array_equal(rows.set_index("deal_id").loc[["d1", "d6"], "won_acv"], [10, np.nan])
    assert rows["as_of"].eq(rows["opened_at"] - pd.Timedelta(days=30)).all()
    assert rows["horizon_days"].eq(100).all()


def test_a_win_without_its_day_has_no_label_and_no_day_at_all_means_the_outcome() -> None:
    book = deals(
        deal_id=["d1", "d2", "d3"],
        opened_at=[ago(200)] * 3,
        closed_at=[None, None, ago(190)],
        outcome=["won", "lost", "lost"],
        deal_type="new",
    )
    rows = build_deal_rows(make_tables(accounts=ACCOUNT, deals=book), before=AS_OF, horizon_days=100)
    np.testing.assert_array_equal(rows["won_in_horizon"], [np.nan, 0, 0])
    dayless = make_tables(accounts=ACCOUNT, deals=book.drop(columns="closed_at"))
    rows = build_deal_rows(dayless, before=AS_OF, horizon_days=100)
    assert rows["won_in_horizon"].tolist() == [1, 0, 0]


def test_deals_after_the_first_win_are_existing_business_unless_typed() -> None:
    book = deals(
        deal_id=["d1", "d2", "d3"],
        opened_at=[ago(300), ago(260), ago(100)],
        closed_at=[ago(250), ago(90), None],
        outcome=["won", "lost", "open"],
    )
    tables = make_tables(accounts=ACCOUNT, deals=book)
    # d1 won 250 days ago; d2 opened before that, d3 after.
    assert build_deal_rows(tables, before=AS_OF)["deal_id"].tolist() == ["d1", "d2"]
    assert count_existing_business(tables, before=AS_OF) == 1
    # Before the win was known nothing was existing business, but d3 had not opened either.
    assert count_existing_business(tables, before=ago(251)) == 0
    typed = make_tables(accounts=ACCOUNT, deals=book.assign(deal_type=["new", "expansion", "new"]))
    assert build_deal_rows(typed, before=AS_OF)["deal_id"].tolist() == ["d1", "d3"]


def test_panel_labels_deals_that_open_after_the_month_end() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b"], "created_at": ["2020-01-01", "2025-10-15"]})
    book = pd.DataFrame(
        {
            "deal_id": ["d0", "d1", "d2"],
            "account_id": ["a", "a", "b"],
            "opened_at": ["2025-01-10", "2025-09-30", "2025-12-29"],
            "closed_at": ["2025-02-10", "2025-11-30", None],
            "outcome": ["lost", "lost", "open"],
        }
    )
    tables = make_tables(accounts=accounts, deals=book, activities=touches(200, direction="outbound"))
    panel = build_panel_rows(tables, before=AS_OF, horizon_days=90, every_months=1)
    # The last month end 90 days before 2026-03-31 is 2025-12-31; the first, 90 days after 2025-01-10, is 2025-04-30.
    assert panel["as_of"].min() == pd.Timestamp("2025-04-30")
    assert panel["as_of"].max() == pd.Timestamp("2025-12-31")
    label = panel.set_index(["account_id", panel["as_of"].dt.strftime("%Y-%m")])["opened_in_horizon"]
    # Opened on the month end itself is before, not after; 92 days after June's end is outside, 61 after July's inside.
    assert [label["a", m] for m in ("2025-06", "2025-07", "2025-08", "2025-09")] == [0, 1, 1, 0]
    # b exists from October and opens on 29 December: 59 days after October's end.
    assert [label["b", m] for m in ("2025-10", "2025-11", "2025-12")] == [1, 1, 0]
    assert len(panel) == 9 + 3
    # a was touched on 2025-09-12.
    worked = panel.set_index("row_id")["worked"]
    assert not worked["a@2025-08-31"]
    assert worked["a@2025-09-30"]
    assert not worked["b@2025-10-31"]


def test_deals_alone_are_rows_of_their_own_columns() -> None:
    book = pd.DataFrame(
        {
            "deal_id": ["d1", "d2", "d3"],
            "account_id": ["d1", "d2", "d3"],
            "opened_at": [ago(200), ago(190), ago(20)],
            "closed_at": [ago(180), ago(100), None],
            "outcome": ["won", "lost", "open"],
            "product": ["x", "x", "y"],
            "seats": [5.0, 5.0, 9.0],
            "n_inbound_30d": ["7", "7", "8"],
            "first_seen": pd.to_datetime([ago(201), ago(189), ago(30)]),
            "acv": [1.0, 1.0, 2.0],
        }
    )
    tables = make_tables(deals=book)
    rows = build_deal_rows(tables, before=AS_OF, horizon_days=100).set_index("deal_id")
    assert rows.loc["d1", "as_of"] == ago(201)
    # Text of numbers is numbers; a name of ours is prefixed; a date is days before the moment, missing if after it.
    assert rows["deal_n_inbound_30d"].tolist() == [7, 7, 8]
    np.testing.assert_array_equal(rows["first_seen"], [0, np.nan, 9])
    assert not any(c.startswith(("n_", "live_", "tenure")) for c in rows)
    today = build_account_rows(tables, as_of=AS_OF)
    assert today["account_id"].tolist() == ["d3"]
    assert {"product", "seats", "deal_n_inbound_30d"} <= set(today)


def test_deals_alone_with_the_same_predictors_are_one_group() -> None:
    book = pd.DataFrame(
        {
            "deal_id": ["d1", "d2", "d3"],
            "account_id": ["d1", "d2", "d3"],
            "outcome": ["won", "lost", "lost"],
            "product": ["x", "x", "y"],
        }
    )
    rows = build_deal_rows(make_tables(deals=book), before=AS_OF)
    assert rows["group_id"].nunique() == 2
    assert rows["group_id"].iloc[0] == rows["group_id"].iloc[1]
    keyed = build_deal_rows(make_tables(deals=book.assign(group_key=["g", "h", "h"])), before=AS_OF)
    assert keyed["group_id"].tolist() == ["g", "h", "h"]


def test_undated_deals_are_labelled_by_outcome() -> None:
    book = pd.DataFrame({"deal_id": ["d1", "d2", "d3"], "account_id": ["d1", "d2", "d3"], "product": "x"})
    book["outcome"] = ["won", "lost", "open"]
    tables = make_tables(deals=book)
    rows = build_deal_rows(tables, before=AS_OF)
    assert rows["won_in_horizon"].tolist() == [1, 0]
    assert rows["as_of"].isna().all()
    assert rows["horizon_days"].isna().all()
    assert build_account_rows(tables, as_of=AS_OF)["account_id"].tolist() == ["d3"]
    assert build_panel_rows(tables, before=AS_OF).empty


def test_undated_deals_with_accounts_have_their_fields_and_no_windows() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b"], "industry": ["x", "y"], "employees": [1.0, 2.0]})
    book = pd.DataFrame({"deal_id": ["d1", "d2"], "account_id": ["a", "b"], "outcome": ["won", "lost"]})
    tables = make_tables(accounts=accounts, deals=book, activities=touches(5))
    rows = build_deal_rows(tables, before=AS_OF)
    assert rows[["group_id", "industry", "employees"]].to_numpy().tolist() == [["a", "x", 1], ["b", "y", 2]]
    assert rows["won_in_horizon"].tolist() == [1, 0]
    assert not any(c.startswith("n_") for c in rows)


def test_every_optional_table_may_be_missing() -> None:
    frames = random_company(5)
    for name in ("activities", "signals", "account_history"):
        tables = make_tables(**{k: v for k, v in frames.items() if k != name})
        assert len(build_deal_rows(tables, before=pd.Timestamp("2025-10-31")))
        assert len(build_panel_rows(tables, before=pd.Timestamp("2025-10-31")))
    alone = make_tables(accounts=frames["accounts"])
    assert len(build_account_rows(alone, as_of=pd.Timestamp("2025-10-31"))) == 40


def truncate(frames: dict[str, pd.DataFrame], as_of: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """The company as its tables stood on `as_of`."""
    out = {name: frame.copy() for name, frame in frames.items()}
    out["activities"] = out["activities"][out["activities"]["known_at"] <= as_of]
    out["signals"] = out["signals"][out["signals"]["known_at"] <= as_of]
    out["account_history"] = out["account_history"][out["account_history"]["known_at"] <= as_of]
    book = out["deals"][out["deals"]["opened_at"] <= as_of].copy()
    later = ~(book["closed_at"] <= as_of)
    book.loc[later, "outcome"] = "open"
    book.loc[later, "closed_at"] = pd.NaT
    out["deals"] = book
    accounts = out["accounts"][out["accounts"]["created_at"] <= as_of]
    now = current_values(out["account_history"], accounts["account_id"].tolist())
    out["accounts"] = accounts.drop(columns=list(now.columns[1:])).merge(now, on="account_id")
    return out


@given(seed=st.integers(0, 10_000), cut=st.integers(150, 650))
@settings(max_examples=4, deadline=None)
def test_the_future_changes_no_feature(seed: int, cut: int) -> None:
    frames = random_company(seed)
    as_of = pd.Timestamp("2024-01-01") + pd.Timedelta(days=cut)
    whole, then = make_tables(**frames), make_tables(**truncate(frames, as_of))
    pd.testing.assert_frame_equal(build_account_rows(whole, as_of=as_of), build_account_rows(then, as_of=as_of))
    train, train_then = (build_deal_rows(t, before=as_of, horizon_days=90) for t in (whole, then))
    pd.testing.assert_frame_equal(train, train_then)
    panel, panel_then = (build_panel_rows(t, before=as_of, horizon_days=60) for t in (whole, then))
    pd.testing.assert_frame_equal(panel, panel_then)


@given(seed=st.integers(0, 10_000), cut=st.integers(150, 650))
@settings(max_examples=3, deadline=None)
def test_training_features_are_those_of_the_day_they_carry(seed: int, cut: int) -> None:
    # Features of a deal are those of its account at as_of, by the very rows one would score then.
    tables = make_tables(**random_company(seed))
    before = pd.Timestamp("2024-01-01") + pd.Timedelta(days=cut)
    train = build_deal_rows(tables, before=before, horizon_days=90)
    for row in train.iloc[:: max(1, len(train) // 4)].to_dict("records"):
        then = build_account_rows(tables, as_of=row["as_of"]).set_index("account_id")
        if row["account_id"] in then.index:
            of_then = then.loc[row["account_id"]]
            shared = [c for c in of_then.index if c.startswith(("n_", "days_", "employees", "live_", "tenure"))]
            expected = of_then[shared].astype("float64").to_dict()
            got = {c: row.get(c, 0.0) for c in shared}
            np.testing.assert_equal(got, expected)


def test_the_order_of_rows_changes_nothing() -> None:
    frames = random_company(3)
    shuffled = {name: frame.sample(frac=1, random_state=7) for name, frame in frames.items()}
    day = pd.Timestamp("2025-08-31")
    for build in (
        lambda t: build_account_rows(t, as_of=day),
        lambda t: build_deal_rows(t, before=day),
        lambda t: build_panel_rows(t, before=day),
    ):
        pd.testing.assert_frame_equal(build(make_tables(**frames)), build(make_tables(**shuffled)))


def test_input_frames_are_left_alone() -> None:
    frames = random_company(4)
    tables = make_tables(**frames)
    copies = {name: frame.copy() for name, frame in tables.frames.items()}
    build_deal_rows(tables, before=pd.Timestamp("2025-08-31"))
    build_account_rows(tables, as_of=pd.Timestamp("2025-08-31"))
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(tables.frames[name], frame)


def test_a_kind_called_as_a_total_is_gives_way_to_it() -> None:
    # Two touches without a direction by one person: 2 of the kind `contacts` in 30 days, 1 person in 90.
    touches = pd.DataFrame(
        {
            "account_id": ["a", "a"],
            "occurred_at": ["2025-08-01", "2025-08-02"],
            "kind": ["contacts", "contacts"],
            "direction": pd.Series([None, None], dtype="str"),
            "contact_id": ["p", "p"],
        }
    )
    accounts = pd.DataFrame({"account_id": ["a"], "created_at": ["2024-01-01"]})
    rows = build_account_rows(make_tables(accounts=accounts, activities=touches), as_of=pd.Timestamp("2025-08-31"))
    assert rows.columns.is_unique
    assert rows[["n_contacts_30d", "n_contacts_90d"]].iloc[0].tolist() == [2.0, 1.0]


def test_a_table_of_touches_without_a_row_counts_none() -> None:
    frames = random_company(5)
    frames["activities"] = frames["activities"].iloc[:0]
    rows = build_account_rows(make_tables(**frames), as_of=pd.Timestamp("2025-08-31"))
    assert rows["n_inbound_365d"].eq(0).all()
    assert rows["days_since_outbound"].eq(366).all()
