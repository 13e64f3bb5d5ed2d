import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.benchmarks.bootstrap import FIGURES, ends, ends_agree, many_deals, with_pandas, with_scipy
from tierkit.proof.resampling import bca, bootstrap_lift, percentiles, resample_accounts, sums_by_account


def test_sums_by_account_by_hand():
    rows = pd.DataFrame({"account_id": ["b", "a", "b"], "won": [1, 0, 1]})
    assert sums_by_account(rows, {"won": rows["won"], "n": np.ones(3)}).tolist() == [[0, 1], [2, 2]]
    grouped = rows.assign(group_id=["x", "x", "y"])
    assert sums_by_account(grouped, {"n": np.ones(3)}).tolist() == [[2], [1]]


def test_every_resample_draws_as_many_accounts():
    sums = np.column_stack([np.ones(50), np.arange(50) % 3 == 0]).astype(float)
    seen, drawn = resample_accounts(sums, rng=np.random.default_rng(1), resamples=500)
    assert seen.tolist() == [50, 17]
    assert (drawn[:, 0] == 50).all()
    # 50 draws of 17 in 50: binomial
    assert drawn[:, 1].mean() == pytest.approx(17, abs=0.5)
    assert drawn[:, 1].std() == pytest.approx(np.sqrt(50 * 0.34 * 0.66), rel=0.1)


def test_accounts_without_anything_are_drawn_too():
    # 3 of 300 accounts won: the number drawn is binomial(300, 1/100)
    sums = np.zeros((300, 1))
    sums[:3] = 1
    drawn = resample_accounts(sums, rng=np.random.default_rng(2), resamples=4000).drawn[:, 0]
    expected = stats.binom(300, 0.01).pmf(np.arange(6))
    assert [np.mean(drawn == k) for k in range(6)] == pytest.approx(expected, abs=0.03)
    assert resample_accounts(np.zeros((4, 2)), rng=np.random.default_rng(1), resamples=3).drawn.tolist() == [[0, 0]] * 3


def test_bootstrap_lift_is_that_of_a_loop_over_accounts():
    deals = many_deals(1_500, seed=4)
    table = bootstrap_lift(deals, seed=1, resamples=4_000).set_index(["tier", "measure"])
    rng = np.random.default_rng(9)
    held = {
        tier: [part["won_in_horizon"].to_numpy() for _, part in rows.groupby("account_id")]
        for tier, rows in deals.groupby("tier")
    }

    def rate(tier):
        drawn = rng.integers(0, len(held[tier]), len(held[tier]))
        return np.concatenate([held[tier][i] for i in drawn]).mean()

    rates = np.array([(rate(1.0), rate(3.0)) for _ in range(2_000)])
    for measure, loop in (("difference", rates[:, 0] - rates[:, 1]), ("ratio", rates[:, 0] / rates[:, 1])):
        row = table.loc[("1 vs 3", measure)]
        # the 2.5 % point of 2,000 draws is known to .06 sd
        ends = np.percentile(loop, [2.5, 97.5])
        assert (row["low"], row["high"]) == pytest.approx(ends, abs=0.2 * loop.std())
    seen = deals.groupby("tier")["won_in_horizon"].mean()
    assert table.loc[("1 vs 3", "difference"), "rate"] == pytest.approx(seen[1] - seen[3])


def test_deals_that_repeat_their_account_tell_nothing_new():
    deals = many_deals(800, seed=6)
    again = deals.assign(row_id="again " + deals["row_id"])
    table, doubled = (bootstrap_lift(d, seed=1) for d in (deals, pd.concat([deals, again])))
    pd.testing.assert_frame_equal(table, doubled)


def test_the_benchmarks_loop_draws_accounts_within_their_tier():
    deals = many_deals(2_000, seed=4)
    draws = with_pandas(deals, 60)
    row = bootstrap_lift(deals, seed=1).set_index(["tier", "measure"]).loc[("1 vs 3", "difference")]
    assert draws[:, 0].mean() == pytest.approx(row["rate"], abs=0.02)
    assert draws[:, 0].std() == pytest.approx((row["high"] - row["low"]) / 3.92, rel=0.3)
    # another library's ends lie within what 400 draws leave open, and those of an interval shifted by a tenth do not
    theirs = with_scipy(deals, 400)
    table = bootstrap_lift(deals, seed=1, resamples=400).set_index(["tier", "measure"])
    ours = table.loc[list(FIGURES), ["low", "high"]].to_numpy().T
    assert ends_agree(ours, ends(theirs), theirs, 400)
    assert not ends_agree(ours + 0.1, ends(theirs), theirs, 400)


def test_row_order_changes_nothing():
    deals = many_deals(800, seed=5)
    table = bootstrap_lift(deals, seed=1)
    pd.testing.assert_frame_equal(bootstrap_lift(deals.sample(frac=1, random_state=1), seed=1), table)


def test_bca_matches_scipy():
    rng = np.random.default_rng(3)
    values = rng.lognormal(0, 1, 60)
    expected = stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    drawn = resample_accounts(values[:, None], rng=rng, resamples=20_000).drawn[:, 0] / 60
    got = bca(float(values.mean()), drawn, values - values.mean(), confidence=0.95)
    assert got == pytest.approx((expected.low, expected.high), rel=0.02)
    # a heavy right tail moves both ends to the right of the percentiles
    plain = percentiles(drawn, confidence=0.95)
    assert got.low > plain.low
    assert got.high > plain.high


def test_nothing_that_spreads_has_no_interval():
    assert np.isnan(bca(1.0, np.ones(10), np.zeros(3), confidence=0.95).low)
    assert np.isnan(percentiles(np.full(3, np.nan), confidence=0.95).high)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    # as many members of a kind as stand on either side of the way they are drawn
    members=st.lists(st.sampled_from([0, 1, 2, 15, 16, 40]), min_size=1, max_size=6),
    empty=st.sampled_from([0, 1, 200]),
    seed=st.integers(0, 99),
)
def test_kinds_of_many_and_of_few_members_are_drawn_as_accounts_are(members, empty, seed):
    rng = np.random.default_rng(seed)
    sums = np.repeat(np.column_stack([np.arange(1, 7), np.eye(6)])[: len(members)], members, axis=0)
    sums = np.vstack([sums, np.zeros((empty, 7))])
    n = len(sums)
    if n == 0:
        return
    seen, drawn = resample_accounts(sums[rng.permutation(n)], rng=rng, resamples=3_000)
    assert seen.tolist() == sums.sum(axis=0).tolist()
    counts = drawn[:, 1:]
    assert (counts.sum(axis=1) <= n).all()
    assert (drawn[:, 0] == counts @ np.arange(1, 7)).all()
    assert empty or (counts.sum(axis=1) == n).all()
    # multinomial: mean n p, covariance n (diag p - p p'); five standard errors of 3,000 draws
    p = sums[:, 1:].sum(axis=0) / n
    expected = n * (np.diag(p) - np.outer(p, p))
    spread = np.sqrt(np.diag(expected))
    assert counts.mean(axis=0) == pytest.approx(n * p, abs=5 * spread.max() / np.sqrt(3_000) + 1e-9)
    assert np.cov(counts.T) == pytest.approx(expected, abs=6 * spread.max() ** 2 * np.sqrt(2 / 3_000) + 1e-9)
