"""The sample: seeded, every stratum, nobody twice in the window, whatever the order of the rows."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reporting import example
from tierkit.reporting.review.sample import (
    STRATA,
    draw_review_sample,
    review_strata,
    say_uncovered,
    write_review_sample,
)
from tierkit.reporting.review.weeks import monday_of, week_of, weeks_apart

TIERS = example.make_tiers()
REASONS = example.make_reasons(TIERS)
CHANGES = example.make_changes(TIERS)


def company(n: int, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tiers of `n` accounts in which about `share` were moved, lifted, overridden or are contested; and their moves."""
    rng = np.random.default_rng(seed)
    ids = [f"{i:05d}" for i in rng.permutation(n)]
    tier = rng.choice([1, 2, 3], size=n, p=[0.1, 0.2, 0.7])
    rare = [rng.random(n) < share for _ in range(4)]
    tiers = pd.DataFrame(
        {
            "account_id": ids,
            "name": ids,
            "owner_id": rng.choice(["a", "b", None], size=n),
            "tier": tier,
            "tier_by": np.where(rare[0], "override", "value"),
            "promoted_until": pd.Series(pd.NaT, range(n)).where(~rare[1], pd.Timestamp("2026-12-01")),
            "membership_prob": np.where(rare[2], 0.5, 1.0),
            "expected_value": rng.random(n),
        }
    )
    changes = pd.DataFrame({"account_id": ids, "from_tier": tier, "to_tier": np.where(rare[3], tier % 3 + 1, tier)})
    return tiers, changes


def half_a_year() -> list[str]:
    first = monday_of("2026-W45")
    return [week_of(first + pd.Timedelta(weeks=i)) for i in range(26)]


def test_the_same_week_and_seed_give_the_same_sample_in_whatever_order_the_rows_are() -> None:
    sample = draw_review_sample(TIERS, week="2026-W45", seed=1, changes=CHANGES)
    for rows in (TIERS.sample(frac=1, random_state=3), TIERS.iloc[::-1].set_axis(range(len(TIERS), 0, -1))):
        shuffled = draw_review_sample(rows, week="2026-W45", seed=1, changes=CHANGES.iloc[::-1])
        pd.testing.assert_frame_equal(sample, shuffled)
    for other in ({"week": "2026-W46", "seed": 1}, {"week": "2026-W45", "seed": 2}):
        drawn = draw_review_sample(TIERS, changes=CHANGES, **other)  # type: ignore[arg-type]
        assert set(drawn["account_id"]) != set(sample["account_id"])


def test_every_stratum_is_among_it_and_a_fifth_goes_to_two_managers() -> None:
    sample = draw_review_sample(TIERS, week="2026-W45", seed=1, changes=CHANGES)
    assert list(dict.fromkeys(sample["stratum"])) == [s for s in STRATA if s != "Tier 4"]
    assert (sample["n_managers"] == 2).sum() == 4  # a fifth of 20
    assert sample["account_id"].is_unique
    assert say_uncovered(TIERS, sample, changes=CHANGES, seen=(), n=20) == []


def test_a_tier_whose_accounts_all_fit_a_rarer_stratum_is_seen_through_one_of_them() -> None:
    # Tier 1 is one account, which moved; so did 30 of Tier 3: a place for "moved" alone would rarely fall on it.
    tiers = pd.DataFrame({"account_id": [f"a{i:02d}" for i in range(60)], "tier": [1] + [3] * 59})
    moved = pd.DataFrame({"account_id": tiers["account_id"][:31], "from_tier": 2, "to_tier": tiers["tier"][:31]})
    for seed in range(10):
        sample = draw_review_sample(tiers, week="2026-W45", seed=seed, changes=moved, n=3)
        assert 1 in set(sample["tier"])


def test_near_the_cut_off_are_the_last_in_and_the_first_out_of_each_book() -> None:
    tiers = pd.DataFrame(
        {
            "account_id": list("abcdefg"),
            "owner_id": ["x"] * 5 + ["y"] * 2,
            "tier": [1, 1, 2, 2, 3, 2, 2],
            "tier_by": ["value"] * 7,
            "expected_value": [9.0, 8.0, 7.0, 6.0, 5.0, 3.0, 2.0],
        }
    )
    near = review_strata(tiers)["near the cut-off"]
    # x: b is last in Tier 1, c first in 2, d last in 2, e first in 3; y has one tier, so no cut.
    assert list(tiers["account_id"][near]) == ["b", "c", "d", "e"]
    by_hand = review_strata(tiers.assign(tier_by=["value", "override", *["value"] * 5]))["near the cut-off"]
    assert list(tiers["account_id"][by_hand]) == ["a", "c", "d", "e"]


@settings(max_examples=4, deadline=None)
@given(
    n=st.integers(20, 400),
    share=st.sampled_from([0.0, 0.01, 0.05, 0.4]),
    size=st.integers(8, 25),
    window=st.integers(1, 26),
    seed=st.integers(0, 99),
)
def test_half_a_year_repeats_nobody_in_the_window_and_covers_what_is_left(n, share, size, window, seed) -> None:
    drawn: dict[str, list[str]] = {}
    for number, week in enumerate(half_a_year()):
        if number % 4 == 0:  # a new month
            tiers, changes = company(n, share, seed=1000 * seed + number)
        seen = {a for w, ids in drawn.items() if weeks_apart(w, week) < window for a in ids}
        sample = draw_review_sample(tiers, week=week, seed=seed, changes=changes, n=size, window=window, seen=seen)
        if number % 8 == 0:
            rows, asked = tiers.sample(frac=1, random_state=number), {"n": size, "window": window, "seen": seen}
            again = draw_review_sample(rows, week=week, seed=seed, changes=changes, **asked)
            pd.testing.assert_frame_equal(sample, again)
        assert sample["account_id"].is_unique
        assert not seen & set(sample["account_id"])
        assert len(sample) == min(size, n - len(seen & set(tiers["account_id"])))
        fits = review_strata(tiers, changes).set_axis(tiers["account_id"])
        left = fits[~fits.index.isin(seen)]
        here = fits.loc[sample["account_id"]]
        assert set(here.columns[here.any()]) == set(left.columns[left.any()])
        told = say_uncovered(tiers, sample, changes=changes, seen=seen, n=size)
        gone = set(fits.columns[fits.any()]) - set(left.columns[left.any()])
        assert sum("drawn lately." in s and s.startswith("Nobody") for s in told) == len(gone)
        drawn[week] = list(sample["account_id"])


def test_a_small_stratum_is_seen_each_week_of_the_window_while_it_can_be() -> None:
    # 13 contested accounts and a window of 13 weeks: one a week for 13 weeks, and again from the 14th.
    tiers = pd.DataFrame({"account_id": [f"{i:04d}" for i in range(900)], "tier": 3})
    tiers["membership_prob"] = np.where(tiers.index < 13, 0.5, 0.0)
    drawn: dict[str, set[str]] = {}
    for week in half_a_year():
        seen = set().union(*(ids for w, ids in drawn.items() if weeks_apart(w, week) < 13))
        sample = draw_review_sample(tiers, week=week, seed=5, window=13, seen=seen)
        assert (sample["stratum"] == "near the cut-off").sum() == 1
        drawn[week] = set(sample["account_id"])


def test_few_accounts_are_all_taken_and_none_asked_gives_none() -> None:
    assert len(draw_review_sample(TIERS.head(3), week="2026-W45", seed=1)) == 3
    assert draw_review_sample(TIERS, week="2026-W45", seed=1, n=0).empty
    assert draw_review_sample(TIERS.head(0), week="2026-W45", seed=1).empty
    few = draw_review_sample(TIERS, week="2026-W45", seed=1, n=2, changes=CHANGES)
    assert any("no place" in s for s in say_uncovered(TIERS, few, changes=CHANGES, seen=(), n=2))


def test_the_months_sample_carries_its_reasons(tmp_path) -> None:
    sample = draw_review_sample(TIERS, week="2026-W45", seed=1, changes=CHANGES)
    read = pd.read_csv(write_review_sample(tmp_path, sample, TIERS, REASONS), dtype="str")
    assert list(read["account_id"]) == list(sample["account_id"])
    assert read[["tier_reason", "reason_1", "reason_2", "reason_3"]].notna().all(axis=None)
