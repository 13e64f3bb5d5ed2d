import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.headline import headline_lift
from tierkit.proof.intervals import koopman_ratio, newcombe_difference, wilson
from tierkit.proof.lift import COLUMNS, cut_tiers, lift_from_predictions, lift_of_new_accounts, tier_lift


def replay_of(*rows, kind="backtest", unit="deal", horizon=180.0):
    """Rows of (account, tier, won); each its own deal, or its own month."""
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "won_in_horizon"])
    frame["won_in_horizon"] = frame["won_in_horizon"].astype(float)
    months = pd.date_range("2025-01-31", periods=len(frame), freq="ME")
    row_id = frame["account_id"] if unit == "account" else [f"d{i}" for i in range(len(frame))]
    return frame.assign(kind=kind, unit=unit, horizon_days=horizon, row_id=row_id, as_of=months)


def cell(table, measure, tier, method="tierkit", kind="backtest", unit="deal"):
    at = table[
        (table["measure"] == measure)
        & (table["tier"] == tier)
        & (table["method"] == method)
        & (table["kind"] == kind)
        & (table["unit"] == unit)
    ]
    assert len(at) == 1
    return at.iloc[0]


def arm(tier, won, n, *, prefix="a"):
    """One deal an account, so that nothing is clustered."""
    return [(f"{prefix}{tier}-{i}", tier, i < won) for i in range(n)]


def test_tier_lift_leaves_immature_deals_out():
    # tier 1: won, lost, immature -> 1 of 2 mature = 0.5
    table = tier_lift(replay_of(("a", 1, 1), ("b", 1, 0), ("c", 1, np.nan), ("d", 2, 0)))
    row = cell(table, "rate", "1")
    assert (row["n"], row["n_won"], row["n_immature"], row["rate"]) == (2, 1, 1, 0.5)
    assert list(table.columns) == COLUMNS


def test_open_deals_past_their_horizon_are_in_n():
    # tier 1: won, lost, open past the horizon -> 1 of 3; the open one is named, not called lost
    replay = replay_of(("a", 1, 1), ("b", 1, 0), ("c", 1, 0), ("d", 2, 0)).assign(is_open=[False, False, True, False])
    row = cell(tier_lift(replay), "rate", "1")
    assert (row["n"], row["n_open"], row["rate"]) == (3, 1, pytest.approx(1 / 3))


def test_intervals_are_those_of_the_counts_where_nothing_is_clustered():
    # 36/40 against 16/80; each account has one deal, so the design effect is G/(G-1), here divided out by hand
    table = tier_lift(replay_of(*arm(1, 36, 40), *arm(2, 5, 20), *arm(3, 16, 80)))
    d1, d3 = 40 / 39, 80 / 79
    rate = cell(table, "rate", "1")
    assert (rate["low"], rate["high"]) == pytest.approx(wilson(36 / d1, 40 / d1))
    difference = cell(table, "difference", "1 vs 3")
    assert difference["rate"] == pytest.approx(0.7)
    assert (difference["low"], difference["high"]) == pytest.approx(
        newcombe_difference(36 / d1, 40 / d1, 16 / d3, 80 / d3)
    )
    ratio = cell(table, "ratio", "1 vs 3")
    assert ratio["rate"] == pytest.approx(4.5)
    assert (ratio["low"], ratio["high"]) == pytest.approx(koopman_ratio(36 / d1, 40 / d1, 16 / d3, 80 / d3))
    assert ratio["primary"]
    assert "1+2 vs 3" not in set(table["tier"])


def test_deals_of_one_account_widen_the_interval():
    # 10 accounts with 4 deals that share their outcome know as much as 10 deals
    alone = tier_lift(replay_of(*[(f"a{i}", 1, i % 2) for i in range(40)], ("z", 2, 0)))
    clustered = tier_lift(replay_of(*[(f"a{i % 10}", 1, i % 2) for i in range(40)], ("z", 2, 0)))
    assert cell(clustered, "rate", "1")["n_accounts"] == 10
    width = [cell(t, "rate", "1")["high"] - cell(t, "rate", "1")["low"] for t in (alone, clustered)]
    assert width[1] > 1.6 * width[0]


def test_under_ten_tier_1_wins_tiers_1_and_2_are_pooled_first():
    # tier 1: 5 of 10; tier 2: 20 of 40; pooled 25 of 50 against 10 of 100
    replay = replay_of(*arm(1, 5, 10), *arm(2, 20, 40), *arm(3, 10, 100))
    replay["size_tier"] = replay["tier"].sample(frac=1, random_state=1).to_numpy()
    table = tier_lift(replay)
    ratio = cell(table, "ratio", "1+2 vs 3")
    assert ratio["rate"] == pytest.approx(5)
    assert ratio["primary"]
    assert not cell(table, "ratio", "1 vs 3")["primary"]
    assert cell(table, "ratio", "1+2 vs 3", method="size_only")["primary"]
    head = headline_lift(table)
    assert head.tier1_wins == 5
    assert (head.top, head.base, head.top_rate, head.base_rate) == ("1+2", "3", 0.5, 0.1)
    assert head.sentence.startswith(
        "Replayed as if live, Tier 1 and 2 deals won 50 % in six months, Tier 3 10 %: 5.0 times ("
    )
    assert "company size alone gives" in head.sentence
    assert head.caution == "Tier 1 alone rests on 5 wins, too few to judge."


def test_wins_of_one_account_seen_in_many_months_are_one_win():
    # account a won, and five overlapping months saw it: 5 account-months, 1 account
    months = [("a", 1, 1)] * 5 + [(f"b{i}", 1, 0) for i in range(5)] + [(f"c{i}", 2, 0) for i in range(9)]
    rows = [*months, *[(f"d{i}", 3, i == 0) for i in range(50)]]
    table = tier_lift(replay_of(*rows, unit="account"))
    row = cell(table, "rate", "1", unit="account")
    assert (row["n"], row["n_accounts"], row["n_won"], row["n_won_accounts"]) == (10, 6, 5, 1)
    assert headline_lift(table).tier1_wins == 1


def test_units_and_kinds_are_never_mixed():
    parts = [
        replay_of(("a", 1, 1), ("b", 2, 0)),
        replay_of(("a", 1, 0), ("b", 2, 0), unit="account"),
        replay_of(("x", 1, 0), ("y", 2, 1), kind="contains_treatment").assign(row_id=["e0", "e1"]),
    ]
    table = tier_lift(pd.concat(parts, ignore_index=True))
    assert cell(table, "rate", "1")["rate"] == 1
    assert cell(table, "rate", "1", unit="account")["rate"] == 0
    assert cell(table, "rate", "1", kind="contains_treatment")["rate"] == 0


def test_a_deal_that_appears_twice_is_refused():
    replay = replay_of(("a", 1, 1), ("b", 2, 0)).assign(row_id=["d7", "d7"])
    with pytest.raises(TableError, match="deal 'd7' appears more than once"):
        tier_lift(replay)
    months = replay_of(("a", 1, 1), ("a", 2, 0), unit="account").assign(as_of=pd.Timestamp("2026-01-31"))
    with pytest.raises(TableError, match="account 'a' appears more than once in one month"):
        tier_lift(months)
    with pytest.raises(TableError, match="column 'kind' is missing"):
        tier_lift(replay.drop(columns="kind"))


def test_rows_outside_the_tiers_enter_no_arm():
    table = tier_lift(replay_of(("a", 1, 1), ("b", 2, 0), ("c", None, 1)))
    assert table.loc[table["measure"] == "rate", "n"].tolist() == [1, 1]


def test_a_tier_that_holds_no_row_has_no_rate_and_four_tiers_compare_with_the_last():
    table = tier_lift(replay_of(*arm(1, 12, 20), *arm(2, 2, 10), *arm(4, 1, 10)))
    assert np.isnan(cell(table, "rate", "3")["rate"])
    assert cell(table, "ratio", "1 vs 4")["rate"] == pytest.approx(6)


def test_nothing_mature_is_refused_in_words():
    table = tier_lift(replay_of(("a", 1, np.nan), ("b", 2, np.nan)))
    assert table["n"].eq(0).all()
    assert table[["rate", "low", "high"]].isna().all().all()
    with pytest.raises(TableError, match=r"no mature outcome in two tiers yet \(2 rows"):
        headline_lift(table)


def test_headline_says_when_chance_or_size_would_do():
    replay = replay_of(*arm(1, 12, 40), *arm(2, 5, 20), *arm(3, 20, 80))
    replay["size_tier"] = np.where(replay["won_in_horizon"] == 1, 1, 3)
    head = headline_lift(tier_lift(replay.assign(horizon_days=137.0)))
    # 30 % against 25 %
    assert not head.told_apart
    assert "30 % in 137 days, Tier 3 25 %: 1.2 times" in head.sentence
    assert "which chance alone could give" in head.sentence
    assert "company size alone does as well" not in head.sentence  # by size Tier 3 won nothing: no finite ratio
    assert head.caution == ""


def test_headline_prefers_the_backtest_and_accounts():
    backtest = replay_of(*arm(1, 12, 20), *arm(2, 2, 20), unit="account")
    worked = replay_of(*arm(1, 18, 20), *arm(2, 2, 20), unit="account", kind="contains_treatment")
    deals = replay_of(*arm(1, 19, 20), *arm(2, 2, 20))
    head = headline_lift(tier_lift(pd.concat([worked, deals, backtest], ignore_index=True)))
    assert (head.kind, head.unit, head.top_rate) == ("backtest", "account", 0.6)
    only = headline_lift(tier_lift(worked))
    assert only.sentence.startswith("Replayed over months already worked by tier (ranking and effort together), Tier 1")


def test_cut_tiers_breaks_ties_by_key_and_puts_missing_last():
    score = pd.Series([5.0, np.nan, 5.0, 9.0, 1.0], index=[10, 11, 12, 13, 14])
    key = pd.Series(["b", "c", "a", "d", "e"], index=score.index)
    assert cut_tiers(score, key, [1, 1]).to_dict() == {13: 1, 12: 2, 10: 3, 14: 3, 11: 3}


def test_lift_from_predictions_cuts_tiers_by_share():
    # 10 deals, shares 20 % and 30 %: tier 1 holds the two best, both won
    predictions = pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(10)],
            "account_id": [f"r{i}" for i in range(10)],
            "win_prob": np.linspace(0.9, 0.1, 10),
            "won_in_horizon": [1.0, 1, 0, 1, 0, 0, 0, 0, 0, 1],
            "seats": np.linspace(1, 10, 10),
        }
    )
    table = lift_from_predictions(predictions, (0.2, 0.3), size_column="seats")
    assert set(table["kind"]) == {"cross_validated"}
    row = cell(table, "rate", "1", kind="cross_validated")
    assert (row["n"], row["rate"]) == (2, 1.0)
    assert cell(table, "rate", "3", kind="cross_validated")["rate"] == pytest.approx(0.2)
    assert cell(table, "rate", "1", kind="cross_validated", method="size_only")["rate"] == 0.5
    assert headline_lift(table).sentence.startswith("Cross-validated without dates, Tier 1 and 2 deals won 60 %, Tier")


def test_deals_are_ranked_among_those_of_their_origin():
    # Two origins of five deals, a fifth in tier 1: the best of each, though all of the second score higher.
    predictions = pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(10)],
            "account_id": [f"r{i}" for i in range(10)],
            "win_prob": [0.3, 0.2, 0.1, 0.1, 0.1, 0.9, 0.8, 0.7, 0.6, 0.5],
            "won_in_horizon": [1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            "origin": pd.to_datetime(["2025-01-01"] * 5 + ["2025-04-01"] * 5),
        }
    )
    table = lift_from_predictions(predictions, (0.2, 0.2), kind="out_of_time", horizon_days=90)
    row = cell(table, "rate", "1", kind="out_of_time")
    assert (row["n"], row["n_won"], row["horizon_days"]) == (2, 2, 90)
    assert headline_lift(table).sentence.startswith("Tested on deals that came later, Tier 1")
    young = lift_from_predictions(predictions.drop(columns="origin"), (0.2, 0.2), horizon_days=90)
    assert headline_lift(young).sentence.startswith("Cross-validated, not yet tested on later deals, Tier 1")


def test_shuffled_rows_change_nothing_and_the_frame_is_left_alone():
    replay = replay_of(*arm(1, 5, 10), *arm(2, 20, 40), *arm(3, 10, 100))
    before = replay.copy()
    table = tier_lift(replay)
    pd.testing.assert_frame_equal(replay, before)
    pd.testing.assert_frame_equal(tier_lift(replay.sample(frac=1, random_state=3)), table)


def test_with_no_effect_and_random_tiers_lift_covers_zero():
    # section 11: at least 93 % of 200 seeds; here 120, whose binomial sd at .95 is .02
    covered = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        account = np.repeat(np.arange(150), 1 + rng.poisson(1.5, 150))
        effect = rng.normal(0, 1, 150)[account]
        won = rng.random(len(account)) < 1 / (1 + np.exp(1 - effect))
        tier = rng.choice([1, 2, 3], 150, p=[0.2, 0.3, 0.5])[account]
        replay = replay_of(*zip(account, tier, won, strict=True))
        row = cell(tier_lift(replay), "difference", "1 vs 3")
        covered += row["low"] <= 0 <= row["high"]
    assert covered >= 0.91 * 120
    assert covered < 120


def test_account_months_without_a_win_are_not_taken_for_as_many_accounts():
    # ten accounts seen twelve months with a horizon of six: 120 rows, at most 10 + 110 / 5.9 horizons
    ends = pd.date_range("2025-01-31", periods=12, freq="ME")
    rows = [(f"t{t}-{i}", t, float(t == 2 and i == 0)) for t in (1, 2) for i in range(10)]
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "won_in_horizon"])
    frame = pd.concat([frame.assign(as_of=end) for end in ends])
    frame = frame.assign(kind="backtest", unit="account", row_id=frame["account_id"], horizon_days=180.0)
    row = cell(tier_lift(frame), "rate", "1", unit="account")
    assert (row["n"], row["rate"], row["low"]) == (120, 0, 0)
    assert row["high"] == pytest.approx(wilson(0, 10 + 110 / (180 / 30.4375)).high)
    assert row["high"] > 3 * wilson(0, 120).high


def test_new_accounts_have_a_lift_of_their_own():
    met = replay_of(*arm(1, 15, 20), *arm(2, 5, 20))
    new = replay_of(*arm(1, 3, 10, prefix="new"), *arm(2, 2, 10, prefix="new")).assign(
        row_id=lambda d: "n" + d["row_id"]
    )
    replay = pd.concat([met.assign(is_new_account=False), new.assign(is_new_account=True)], ignore_index=True)
    table = lift_of_new_accounts(replay)
    assert cell(table[table["accounts"] == "all"], "rate", "1")["rate"] == 18 / 30
    assert cell(table[table["accounts"] == "new"], "rate", "1")["rate"] == 3 / 10
    pd.testing.assert_frame_equal(
        table[table["accounts"] == "all"].drop(columns="accounts"), tier_lift(replay), check_index_type=False
    )
    with pytest.raises(TableError, match="column 'is_new_account' is missing"):
        lift_of_new_accounts(met)
