import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TableError
from tierkit.proof.capture import value_capture

AS_OF = pd.Timestamp("2026-01-31")


def month(rows, *, as_of=AS_OF, kind="backtest"):
    """Rows of (account, tier, expected_value, size_tier, won_acv); won_acv None lost, nan immature."""
    frame = pd.DataFrame(rows, columns=["account_id", "tier", "expected_value", "size_tier", "won_acv"])
    won = [np.nan if w is not None and np.isnan(w) else float(w is not None) for w in frame["won_acv"].astype(object)]
    return frame.assign(
        kind=kind, unit="account", row_id=frame["account_id"], as_of=as_of, won_in_horizon=won,
        won_acv=frame["won_acv"].astype(float), tier=frame["tier"].astype(float),
    )  # fmt: skip


# places: 1 in tier 1, 1 in tier 2, of 4 tiered accounts; e is outside the tiers and won 10
ROWS = [
    ("a", 1, 90.0, 3, 100.0),
    ("b", 3, 80.0, 1, 50.0),
    ("c", 2, 70.0, 2, None),
    ("d", 3, 10.0, 3, 40.0),
    ("e", None, 99.0, None, 10.0),
]


def rows_of(pairs):
    frame = month([(a, t, v, s, 0.0 if w is None else w) for a, t, v, s, w in pairs])
    lost = [w is None for *_, w in pairs]
    frame.loc[lost, ["won_in_horizon", "won_acv"]] = [0.0, np.nan]
    return frame


def cell(table, method, tier, *, without_largest=False, measure="share"):
    at = table[
        (table["method"] == method)
        & (table["tier"] == tier)
        & (table["without_largest"] == without_largest)
        & (table["measure"] == measure)
    ]
    assert len(at) == 1
    return at.iloc[0]


def test_capture_by_hand():
    table = value_capture(rows_of(ROWS), seed=1)
    # all won 200; best by value in the tiers: a (100), then b (50), although c holds the Tier 2 place
    assert cell(table, "tierkit", "1")["share"] == pytest.approx(100 / 200)
    assert cell(table, "tierkit", "1+2")["share"] == pytest.approx(150 / 200)
    assert cell(table, "tierkit", "1+2")["n_places"] == 2
    # by size: b (50), then c (0)
    assert cell(table, "size_only", "1+2")["share"] == pytest.approx(50 / 200)
    # at random 2 of 4 places of the 190 that tiered accounts won
    assert cell(table, "random", "1+2")["share"] == pytest.approx(0.5 * 190 / 200)
    assert cell(table, "size_only", "1", measure="difference")["share"] == pytest.approx(50 / 200)
    # a holds 100 of 200; without it b holds 50 of 100
    assert cell(table, "tierkit", "1")["largest_share"] == pytest.approx(0.5)
    assert cell(table, "tierkit", "1+2", without_largest=True)["share"] == pytest.approx(0.5)


def test_the_oracle_holds_the_best_in_hindsight():
    table = value_capture(rows_of(ROWS), seed=1)
    # one place: a (100); two: a and b (150) of 200; e is outside the tiers, whatever it won
    assert cell(table, "oracle", "1")["share"] == pytest.approx(100 / 200)
    assert cell(table, "oracle", "1+2")["share"] == pytest.approx(150 / 200)
    # without the largest deal the best of what is left: b (50) of 100, then d (40)
    assert cell(table, "oracle", "1+2", without_largest=True)["share"] == pytest.approx(90 / 100)
    shares = table[table["measure"] == "share"].set_index(["method", "tier", "without_largest"])["share"]
    for method in ("tierkit", "size_only", "random"):
        assert (shares["oracle"] >= shares[method] - 1e-12).all()


def test_precision_and_lift_by_hand():
    table = value_capture(rows_of(ROWS), seed=1)
    # by value a and b, both won; of four tiered accounts three won
    assert cell(table, "tierkit", "1+2", measure="precision")["share"] == 1
    assert cell(table, "tierkit", "1+2", measure="lift")["share"] == pytest.approx(1 / 0.75)
    # by size b won and c did not
    assert cell(table, "size_only", "1+2", measure="precision")["share"] == 0.5
    assert cell(table, "random", "1+2", measure="lift")["share"] == pytest.approx(1)


def test_the_largest_deal_leaves_in_every_month_and_alone():
    # account a won two deals, 70 and 30, and both months saw both
    rows = rows_of(ROWS).assign(top_deal_id=["x", "y", None, "z", "w"], top_deal_acv=[70.0, 50, np.nan, 40, 10])
    both = pd.concat([rows, rows.assign(as_of=pd.Timestamp("2026-02-28"))], ignore_index=True)
    row = cell(value_capture(both, seed=1), "tierkit", "1", without_largest=True)
    # 2 * 30 of 2 * 130
    assert (row["captured_acv"], row["won_acv"]) == (60, 260)
    assert row["largest_share"] == pytest.approx(140 / 400)


def test_immature_months_and_deal_rows_are_left_out():
    rows = rows_of(ROWS)
    late = rows.assign(as_of=pd.Timestamp("2026-02-28"), won_in_horizon=np.nan)
    deals = rows.assign(unit="deal")
    table = value_capture(pd.concat([rows, late, deals], ignore_index=True), seed=1)
    pd.testing.assert_frame_equal(table, value_capture(rows, seed=1))


def test_bootstrap_of_winners_matches_bootstrap_of_accounts():
    rng = np.random.default_rng(3)
    n = 400
    won = rng.random(n) < 0.1
    value = rng.lognormal(0, 1, n)
    acv = np.where(won, rng.lognormal(10, 0.9, n), np.nan)
    tier = np.where(np.argsort(np.argsort(-value)) < 80, 1.0, 2.0)
    replay = pd.DataFrame(
        {"kind": "backtest", "unit": "account", "row_id": [f"a{i:03}" for i in range(n)], "as_of": AS_OF, "tier": tier,
         "expected_value": value, "won_in_horizon": won.astype(float), "won_acv": acv}
    ).assign(account_id=lambda d: d["row_id"])  # fmt: skip
    row = cell(value_capture(replay, seed=1), "tierkit", "1")
    amounts, held = np.nan_to_num(acv), tier == 1
    draws = rng.integers(0, n, size=(4000, n))
    shares = (amounts * held)[draws].sum(axis=1) / amounts[draws].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.02)


def test_same_seed_same_table_whatever_the_order_of_rows():
    rows = rows_of(ROWS)
    table = value_capture(rows, seed=4)
    pd.testing.assert_frame_equal(table, value_capture(rows, seed=4))
    shares = ["kind", "method", "measure", "tier", "without_largest", "share", "n_places", "won_acv"]
    shuffled = value_capture(rows.sample(frac=1, random_state=2), seed=4)
    pd.testing.assert_frame_equal(table[shares], shuffled[shares])


def test_nothing_won_has_no_share():
    rows = rows_of([(a, t, v, s, None) for a, t, v, s, _ in ROWS])
    assert np.isnan(cell(value_capture(rows, seed=1), "tierkit", "1")["share"])


def test_a_missing_column_is_named():
    with pytest.raises(TableError, match="column 'won_acv' is missing"):
        value_capture(rows_of(ROWS).drop(columns="won_acv"), seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_places_go_to_the_greatest_of_each_month_ties_to_the_first_id(seed):
    rng = np.random.default_rng(seed)
    n, months = 40, 3
    rows = pd.DataFrame(
        {"kind": "backtest", "unit": "account", "account_id": [f"a{i:02}" for i in range(n)] * months,
         "as_of": np.repeat(pd.date_range("2026-01-31", periods=months, freq="ME"), n),
         "tier": rng.choice([1.0, 2.0, 3.0, np.nan], n * months),
         "expected_value": rng.choice([1.0, 2.0, np.nan], n * months),
         "won_in_horizon": 1.0, "won_acv": 2.0 ** np.tile(np.arange(n), months)}
    ).assign(row_id=lambda d: d["account_id"])  # fmt: skip
    table = value_capture(rows.sample(frac=1, random_state=seed), seed=1)
    for label, cut in (("1", 1), ("1+2", 2)):
        held = 0.0
        for _, month in rows.groupby("as_of"):
            order = sorted(month[month["tier"].notna()].to_dict("records"), key=_by_value_then_id)
            held += sum(row["won_acv"] for row in order[: int((month["tier"] <= cut).sum())])
        assert cell(table, "tierkit", label)["captured_acv"] == held


def _by_value_then_id(row):
    unknown = np.isnan(row["expected_value"])
    return unknown, 0.0 if unknown else -row["expected_value"], row["row_id"]
