import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.coverage import looks_without_effect
from tierkit.errors import TableError
from tierkit.models.skill import clustered_se
from tierkit.proof.looks import MIN_WINS, mixture_variance, monthly_looks, sequence_half_width


def test_the_sequence_of_the_reference():
    # statistics.md, section 2: alpha .05, planned se .05
    assert mixture_variance(0.05) == pytest.approx(0.0198404, abs=5e-8)
    assert sequence_half_width([0.05, 0.03], planned_se=0.05) == pytest.approx([0.151760, 0.092675], abs=5e-7)
    assert sequence_half_width([0.05], planned_se=0.05)[0] == pytest.approx(1.5486 * 1.959964 * 0.05, abs=5e-6)


def deals_by_month(seed, *, months=6, effect=0.2, per_month=(15, 60)):
    rng = np.random.default_rng(seed)
    parts = []
    for i, end in enumerate(pd.date_range("2025-01-31", periods=months, freq="ME")):
        for tier, n in zip((1.0, 3.0), per_month, strict=True):
            won = rng.random(n) < 0.2 + effect * (tier == 1)
            account = [f"{tier:.0f}-{a}" for a in rng.integers(0, 3 * n, n)]
            parts.append(pd.DataFrame({"tier": tier, "account_id": account, "won_in_horizon": won * 1.0, "as_of": end}))
            parts[-1]["row_id"] = [f"d{i}-{tier}-{j}" for j in range(n)]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(kind="backtest", unit="deal", horizon_days=10.0)


def test_each_look_holds_all_outcomes_known_by_then():
    replay = deals_by_month(1)
    looks = monthly_looks(replay)
    assert looks["tier"].unique().tolist() == ["1 vs 3", "1+2 vs 3"]
    one = looks[looks["tier"] == "1 vs 3"].reset_index(drop=True)
    # 31 January and 10 days is 10 February
    assert one["month_end"].iloc[0] == pd.Timestamp("2025-02-28")
    assert one["n_top"].tolist() == [15 * k for k in (1, 2, 3, 4, 5, 6)]
    last = replay[replay["as_of"] <= "2025-03-31"]
    top, base = (last[last["tier"] == t]["won_in_horizon"] for t in (1, 3))
    row = one.iloc[2]
    assert row["difference"] == pytest.approx(top.mean() - base.mean())
    # no account is in both arms: the variances of two clustered means add, up to the factor G / (G - 1)
    parts = [last[last["tier"] == t] for t in (1, 3)]
    sizes = [p["account_id"].nunique() for p in parts]
    variance = sum(
        clustered_se(p["won_in_horizon"].to_numpy(), p["account_id"].to_numpy()) ** 2 * (g - 1) / g
        for p, g in zip(parts, sizes, strict=True)
    )
    assert row["se"] == pytest.approx(np.sqrt(variance * sum(sizes) / (sum(sizes) - 1)))


def test_no_interval_before_there_are_wins_enough_and_the_plan_never_changes():
    looks = monthly_looks(deals_by_month(1)).query("tier == '1 vs 3'")
    few = looks[["n_won_top", "n_won_base"]].min(axis=1) < MIN_WINS
    assert few.any()
    assert not few.all()
    assert looks["low"].isna().tolist() == few.tolist()
    assert not looks.loc[few, "excludes_zero"].any()
    first = looks[~few].iloc[0]
    assert looks["planned_se"].tolist() == pytest.approx([first["se"] / np.sqrt(3)] * len(looks))
    # what is known later leaves earlier looks as they were
    early = monthly_looks(deals_by_month(1).query("as_of <= '2025-05-31'")).query("tier == '1 vs 3'")
    pd.testing.assert_frame_equal(early.reset_index(drop=True), looks.head(len(early)).reset_index(drop=True))
    assert not few.iloc[len(early) - 1]


def test_a_lift_once_shown_stays_on_record():
    looks = monthly_looks(deals_by_month(3, months=12, effect=0.3)).query("tier == '1 vs 3'")
    assert looks["excludes_zero"].any()
    assert looks["ever_excluded"].tolist() == looks["excludes_zero"].cummax().tolist()


def test_looks_need_to_know_when_outcomes_became_known():
    with pytest.raises(TableError, match="column 'as_of' is missing; monthly looks"):
        monthly_looks(deals_by_month(1).drop(columns="as_of"))


def test_rows_in_any_order_give_the_same_looks():
    replay = deals_by_month(2)
    pd.testing.assert_frame_equal(monthly_looks(replay.sample(frac=1, random_state=1)), monthly_looks(replay))


def test_looking_every_month_keeps_its_error_rate():
    # 100 of the benchmark's 2,000 replications, no effect: .014 for the sequence, .13 for ordinary intervals
    ever = looks_without_effect(reps=100, looks=24)
    assert ever["sequence"] <= 0.05
    assert ever["ordinary"] >= 0.06
