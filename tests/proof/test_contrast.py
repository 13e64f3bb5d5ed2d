import numpy as np
import pandas as pd
import pytest

from tierkit.proof.contrast import chance_lift, lift_change, lift_gain
from tierkit.proof.intervals import design_effect


def rows_of(n, seed, *, lift=0.2, per_account=1):
    rng = np.random.default_rng(seed)
    tier = rng.integers(1, 4, size=n)
    won = rng.random(n) < 0.2 + lift * (tier == 1)
    return pd.DataFrame(
        {
            "won_in_horizon": won.astype(float),
            "group_id": [f"a{i // per_account}" for i in range(n)],
            "tier": tier.astype(float),
            "other": rng.integers(1, 4, size=n).astype(float),
        }
    )


def test_a_ranking_gains_nothing_over_itself():
    gain = lift_gain(rows_of(300, 1), "tier", "tier", top=1, base=3)
    assert gain == (0.0, 0.0, 0.0)


def test_gain_is_the_difference_of_the_two_lifts():
    rows = rows_of(600, 2)
    by_hand = [rows.groupby(c)["won_in_horizon"].mean() for c in ("tier", "other")]
    gain = lift_gain(rows, "tier", "other", top=1, base=3)
    assert gain.difference == pytest.approx((by_hand[0][1] - by_hand[0][3]) - (by_hand[1][1] - by_hand[1][3]))
    assert gain.low < gain.difference < gain.high


def test_deals_of_one_account_widen_the_gain():
    alone, together = (lift_gain(rows_of(600, 3), "tier", "other", top=1, base=3) for _ in range(2))
    rows = pd.concat([rows_of(600, 3)] * 4, ignore_index=True)
    together = lift_gain(rows, "tier", "other", top=1, base=3)
    apart = lift_gain(rows.assign(group_id=rows.index), "tier", "other", top=1, base=3)
    assert together.high - together.low == pytest.approx(alone.high - alone.low)
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(2, rel=0.01)


def test_gain_covers_none_where_there_is_none():
    # two random rankings: 95 % intervals, 200 draws; 0.90 is four standard errors below
    covered = [
        (g := lift_gain(rows_of(300, s, lift=0), "tier", "other", top=1, base=3)).low <= 0 <= g.high for s in range(200)
    ]
    assert np.mean(covered) >= 0.90


def test_change_is_older_minus_newer():
    rows = pd.concat([rows_of(900, 4, lift=0.5), rows_of(900, 5, lift=0.0)], ignore_index=True)
    later = pd.Series(np.arange(1800) >= 900)
    rows["group_id"] = rows.index
    change = lift_change(rows, "tier", later, top=1, base=3, confidence=0.99)
    assert change.low > 0.2
    back = lift_change(rows, "tier", ~later, top=1, base=3, confidence=0.99)
    assert (back.difference, back.low) == pytest.approx((-change.difference, -change.high))


def test_chance_strays_as_far_as_shuffled_tiers_do():
    rows = rows_of(900, 6, lift=0)
    rng = np.random.default_rng(0)
    won, tier = rows["won_in_horizon"].to_numpy(), rows["tier"].to_numpy()
    draws = []
    for _ in range(2000):
        shuffled = rng.permutation(tier)
        draws.append(won[shuffled == 1].mean() - won[shuffled == 3].mean())
    stray = chance_lift((tier == 1).sum(), (tier == 3).sum(), won.mean())
    assert np.mean(np.abs(draws) > stray) == pytest.approx(0.05, abs=0.015)
    assert design_effect(won, rows["group_id"]) < 1.01
