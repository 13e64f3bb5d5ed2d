import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.proof.backtest import COLUMNS, backtest_policy, choose_origins
from tierkit.proof.capture import value_capture
from tierkit.proof.headline import headline_lift
from tierkit.proof.in_use import tiers_in_use
from tierkit.proof.lift import lift_of_new_accounts, tier_lift
from tierkit.proof.past import build_past
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

AS_OF = pd.Timestamp("2026-10-31")
ACTED_ON = "2025-11-01"  # the middle of 24 months
FEATURES = FeatureSettings(horizon_days=120)
POLICY = Policy(shares=(0.1, 0.2))
HOW = {"seed": 1, "features": FEATURES, "proof": ProofSettings(tiers_acted_on_since=ACTED_ON)}


@pytest.fixture(scope="module")
def frames():
    return simulate_company(seed=5, n_accounts=1000, months=24, n_reps=3).frames


@pytest.fixture(scope="module")
def tables(frames):
    return open_tables(frames)


@pytest.fixture(scope="module")
def replay(tables):
    return backtest_policy(tables, POLICY, as_of=AS_OF, months=3, **HOW)


def test_replay_has_one_row_per_deal_and_per_account_month(replay, tables):
    assert list(replay.columns) == COLUMNS
    origins = [pd.Timestamp(d) for d in ("2025-08-31", "2025-09-30", "2025-10-31")]
    assert sorted(replay["as_of"].unique()) == origins
    accounts = replay[replay["unit"] == "account"]
    assert not accounts.duplicated(["row_id", "as_of"]).any()
    known = [build_account_rows(tables, as_of=day) for day in origins]
    assert accounts.groupby("as_of").size().tolist() == [int((~rows["is_customer"]).sum()) for rows in known]
    deals = replay[replay["unit"] == "deal"]
    assert deals["row_id"].is_unique
    book = tables.frame("deals")
    new = book[(book["deal_type"] == "new") & (book["opened_at"] > origins[0]) & (book["opened_at"] <= "2025-11-30")]
    assert sorted(deals["row_id"]) == sorted(new["deal_id"])
    assert (deals["opened_at"] > deals["as_of"]).all()
    assert (deals["opened_at"] <= deals["as_of"] + pd.offsets.MonthEnd(1)).all()


def test_outcomes_are_those_of_the_deal_table(replay, tables):
    deals = replay[replay["unit"] == "deal"].set_index("row_id")
    book = tables.frame("deals").set_index("deal_id").loc[deals.index]
    days = (book["closed_at"] - book["opened_at"]).dt.days
    won = (book["outcome"] == "won") & (days <= 120)
    assert deals["won_in_horizon"].tolist() == won.astype(float).tolist()
    assert deals["won_acv"].fillna(0).tolist() == book["acv"].where(won, 0).tolist()
    assert deals["is_open"].tolist() == (book["outcome"] == "open").tolist()
    # an account won if one of its deals that opened after the month end was won by the month end + 120 days
    accounts = replay[(replay["unit"] == "account") & (replay["as_of"] == "2025-09-30")]
    until = pd.Timestamp("2025-09-30") + pd.Timedelta(days=120)
    all_new = tables.frame("deals").query("deal_type == 'new' and outcome == 'won' and opened_at > '2025-09-30'")
    winners = set(all_new.loc[all_new["closed_at"] <= until, "account_id"]) & set(accounts["account_id"])
    assert set(accounts.loc[accounts["won_in_horizon"] == 1, "account_id"]) == winners
    assert len(winners) >= 3


def test_months_that_reach_past_the_day_tiers_were_acted_on_stand_apart(replay):
    accounts = replay[replay["unit"] == "account"]
    # 31 August + 120 days is 29 December: every account-month reaches past 1 November
    assert set(accounts["kind"]) == {"contains_treatment"}
    deals = replay[replay["unit"] == "deal"]
    assert ((deals["kind"] == "backtest") == (deals["opened_at"] < ACTED_ON)).all()
    assert deals["kind"].nunique() == 2


def test_size_tiers_are_as_large_and_ranked_by_size(replay, tables):
    month = replay[(replay["unit"] == "account") & (replay["as_of"] == "2025-08-31")]
    inside = month[month["tier"].notna()]
    assert inside["size_tier"].value_counts().to_dict() == inside["tier"].value_counts().to_dict()
    assert month.loc[month["tier"].isna(), "size_tier"].isna().all()
    rows = build_account_rows(tables, as_of=pd.Timestamp("2025-08-31")).set_index("account_id")
    size = rows["employees"].reindex(inside["account_id"]).set_axis(inside.index)
    assert size[inside["size_tier"] == 1].min() >= size[inside["size_tier"] == 2].max()


def test_nothing_after_a_month_end_changes_its_tiers(frames, replay):
    last = pd.Timestamp("2025-10-31")
    later = {}
    for name, day in (("activities", "occurred_at"), ("signals", "occurred_at"), ("account_history", "known_at")):
        later[name] = frames[name][frames[name][day] <= last]
    deals = frames["deals"].copy()
    after = deals["closed_at"] > last
    deals.loc[after & (deals["outcome"] == "won"), "outcome"] = "lost"
    deals.loc[after & (deals["acv"].notna()), "acv"] = 1.0
    changed = open_tables({**frames, **later, "deals": deals})
    again = backtest_policy(changed, POLICY, as_of=AS_OF, months=3, **HOW)
    assert again["won_in_horizon"].sum() < replay["won_in_horizon"].sum()
    seen = ["unit", "row_id", "as_of", "tier", "size_tier", "win_prob", "expected_value"]
    pd.testing.assert_frame_equal(again[seen], replay[seen])


def test_the_past_is_what_was_known_then(tables):
    origin = pd.Timestamp("2025-06-30")
    past = build_past(
        tables, origins=[origin, pd.Timestamp("2025-10-31")], until=AS_OF, horizon_days=120, features=FEATURES
    )
    then = build_deal_rows(tables, before=origin, settings=FEATURES)
    now = past.known_deals(origin)
    pd.testing.assert_frame_equal(now[then.columns], then, check_like=True)
    assert then["won_in_horizon"].isna().any()
    panel = past.known_panel(origin)
    assert (panel["as_of"] <= origin - pd.Timedelta(days=120)).all()
    assert panel["opened_in_horizon"].notna().all()
    rows = build_account_rows(tables, as_of=origin, settings=FEATURES)
    month = past.to_score(origin, until=AS_OF)
    both = [c for c in rows.columns if c in month]
    pd.testing.assert_frame_equal(month[both], rows[both].astype({"as_of": month["as_of"].dtype}))
    assert len(both) > 40


def test_lift_and_capture_read_the_replay(replay):
    lift = tier_lift(replay)
    assert set(lift["method"]) >= {"tierkit", "size_only"}
    assert headline_lift(lift).kind == "backtest"
    capture = value_capture(replay, seed=1)
    shares = capture[(capture["measure"] == "share") & ~capture["without_largest"]].set_index(["method", "tier"])[
        "share"
    ]
    assert shares[("tierkit", "1")] > 2 * shares[("random", "1")]


def test_accounts_without_a_deal_at_the_last_refit_are_new(replay, tables):
    # three months, models fitted at the first
    book = tables.frame("deals")
    met = set(book.loc[(book["deal_type"] == "new") & (book["opened_at"] <= "2025-08-31"), "account_id"])
    assert replay["is_new_account"].tolist() == (~replay["account_id"].isin(met)).tolist()
    lift = lift_of_new_accounts(replay)
    rates = lift[(lift["measure"] == "rate") & (lift["unit"] == "account") & (lift["method"] == "tierkit")]
    n = rates.groupby("accounts")["n"].sum()
    assert 0 < n["new"] < n["all"]


def test_choose_origins_by_hand():
    # one win and one loss of 40 accounts each a day; mature 10 days later
    days = pd.date_range("2026-01-01", periods=60)
    deals = pd.DataFrame(
        {
            "opened_at": [*days, *days],
            "account_id": [f"a{i}" for i in range(120)],
            "won_in_horizon": [1.0] * 60 + [0.0] * 60,
        }
    )
    how = {"as_of": pd.Timestamp("2026-05-31"), "horizon_days": 10, "months": 2}
    # on 31 January 21 are mature (opened by the 21st), on 28 February 49
    ends = ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert choose_origins(deals, **how | {"months": 9}) == [pd.Timestamp(d) for d in ends]
    assert choose_origins(deals, **how) == [pd.Timestamp(d) for d in ends[1:]]
    acted = {"acted_on": pd.Timestamp("2026-04-01")}
    assert choose_origins(deals, **how, **acted) == [pd.Timestamp(d) for d in ends[:2]]
    # what is missing before is filled up from the months after
    acted = {"acted_on": pd.Timestamp("2026-03-01")}
    assert choose_origins(deals, **how, **acted) == [pd.Timestamp(d) for d in ends[:2]]
    assert choose_origins(deals.iloc[:60], **how) == []


def test_too_little_history_replays_nothing_and_says_so(frames):
    few = open_tables({"accounts": frames["accounts"], "deals": frames["deals"].head(60)})
    replay = backtest_policy(few, POLICY, as_of=AS_OF, **HOW)
    assert replay.empty
    assert replay.attrs["notes"][0].startswith("Nothing was replayed: no month end had 40 accounts with")
    with pytest.raises(TableError, match="no mature outcome"):
        headline_lift(tier_lift(replay))
    assert value_capture(replay, seed=1).empty


def test_what_a_replay_leaves_out_is_said(frames):
    excluded = frames["exclusions"].drop(columns="known_at")
    tables = open_tables({**frames, "exclusions": excluded})
    how = HOW | {"proof": ProofSettings(tiers_acted_on_since="2024-06-01")}
    replay = backtest_policy(tables, POLICY, as_of=AS_OF, months=1, **how)
    assert set(replay["kind"]) == {"contains_treatment"}
    notes = replay.attrs["notes"]
    assert notes[0].startswith("1 month end replayed")
    assert notes[1] == f"{len(excluded)} rows of exclusions carry no known_at and were left out."
    assert "No replayed deal or account month lies before 2024-06-01" in notes[2]


def test_deals_alone_are_ranked_among_each_other(frames):
    new = frames["deals"].query("deal_type == 'new'")
    book = new[["deal_id", "outcome", "opened_at", "closed_at", "acv", "source", "seats"]]
    replay = backtest_policy(open_tables({"deals": book}), POLICY, as_of=AS_OF, months=3, **HOW)
    assert set(replay["unit"]) == {"deal"}
    month = replay[replay["as_of"] == "2025-08-31"]
    n = len(month)
    assert month["tier"].value_counts().to_dict() == {
        1: round(0.1 * n),
        2: round(0.2 * n),
        3: n - round(0.1 * n) - round(0.2 * n),
    }
    assert month["win_prob"].notna().all()


def test_undated_deals_cannot_be_replayed(frames):
    tables = open_tables({"deals": frames["deals"][["deal_id", "outcome", "source"]]})
    with pytest.raises(TableError, match="without 'opened_at' nothing can be replayed"):
        backtest_policy(tables, POLICY, as_of=AS_OF, **HOW)


def test_tiers_in_use_by_hand():
    history = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c"],
            "tier": [1, 2, 3, 1],
            "valid_from": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01", "2026-01-01"]),
            "valid_to": pd.to_datetime(["2026-01-31", None, None, "2026-02-27"]),
        }
    )
    assert tiers_in_use(history, pd.Timestamp("2026-02-28")).to_dict() == {"a": 2}
    assert tiers_in_use(history, pd.Timestamp("2026-01-31")).to_dict() == {"a": 1, "c": 1}
    assert tiers_in_use(history.iloc[:0], pd.Timestamp("2026-01-31")).empty
    assert np.isnan(pd.Series(["z"]).map(tiers_in_use(history, pd.Timestamp("2026-02-28"))).iloc[0])
