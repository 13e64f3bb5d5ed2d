import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.effect import estimate, judge_news, true_effect
from tierkit.errors import TableError
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.proof.did import difference_in_differences
from tierkit.proof.effect import effect_table, say_effect

DAY = pd.Timestamp("2026-01-01")


def rows_of(*cells, horizon=90.0):
    """Deals of (tier 1?, since?, won, n): each of an account of its own."""
    parts = []
    for top, since, won, n in cells:
        # Spread over the half-year so that nothing drifts: won and lost alternate over time.
        days = pd.to_timedelta(np.linspace(1, 180, n).round(), unit="D")
        opened = DAY + days if since else DAY - days
        y = (np.arange(n) * won % n < won).astype(float)
        ids = [f"{'t' if top else 'o'}{int(since)}{k:04d}" for k in range(n)]
        parts.append(pd.DataFrame({"row_id": ids, "account_id": ids, "opened_at": opened, "won_in_horizon": y}))
    return pd.concat(parts, ignore_index=True).assign(horizon_days=horizon)


def history_for(rows, **more):
    tier = np.where(rows["account_id"].str.startswith("t"), 1.0, 3.0)
    return pd.DataFrame({"account_id": rows["account_id"], "tier": tier, "valid_from": DAY, **more})


FOUR = ((True, False, 30, 100), (True, True, 60, 120), (False, False, 40, 200), (False, True, 60, 240))


@pytest.fixture
def empty(tables_of):
    return tables_of()


def did(tables, rows, **how):
    return difference_in_differences(tables, rows, acted_on=DAY, **({"history": history_for(rows)} | how))


def test_the_two_by_two_by_hand(empty):
    # Tier 1: 30 % to 50 %, the others 20 % to 25 %: 20 less 5 points
    rows = rows_of(*FOUR)
    found = did(empty, rows)
    assert (found.verdict, found.n, found.n_treated) == ("estimated", 660, 120)
    assert found.effect == pytest.approx(0.15)
    # each deal its own cluster: variances of four rates add up
    variance = 0.3 * 0.7 / 100 + 0.25 / 120 + 0.2 * 0.8 / 200 + 0.25 * 0.75 / 240
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * np.sqrt(variance), rel=0.01)
    assert say_effect(found)[0].startswith(
        "Before and after, Tier 1 against the others: +15 points (+0 to +30), more wins; 120 deals of Tier 1"
    )


def test_deals_that_come_together_widen_the_interval(empty):
    rows = rows_of(*FOUR)
    pairs = rows.sort_values(["won_in_horizon", "account_id"], ignore_index=True)
    cell = pairs["account_id"].str[:2]
    pairs["account_id"] = cell + (pairs.groupby(cell).cumcount() // 2).astype(str)
    alone, together = did(empty, rows), did(empty, pairs)
    assert together.effect == pytest.approx(alone.effect)
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(np.sqrt(2), rel=0.05)


def test_facts_take_out_whose_deals_opened(empty):
    # The rate hangs on industry alone, .6 against .2; Tier 1 has half good before, none since. Plain: 40 % to 20 %.
    parts = []
    for top, since, good, n in ((1, 0, 100, 200), (1, 1, 0, 200), (0, 0, 100, 200), (0, 1, 100, 200)):
        for industry, size, rate in (("good", good, 0.6), ("poor", n - good, 0.2)):
            if size:
                part = rows_of((bool(top), bool(since), int(rate * size), size)).assign(industry=industry)
                parts.append(part.assign(row_id=part["row_id"] + industry, account_id=part["account_id"] + industry))
    rows = pd.concat(parts, ignore_index=True)
    verdicts = pd.DataFrame({"column": ["industry", "n_inbound_90d"], "verdict": "ok"})
    assert did(empty, rows).effect == pytest.approx(-0.2)
    assert did(empty, rows, verdicts=verdicts).effect == pytest.approx(0.0, abs=1e-9)


def test_what_anybody_did_adjusts_for_nothing(empty):
    rows = rows_of(*FOUR)
    touched = rows.assign(n_outbound_90d=rows["won_in_horizon"], n_inbound_90d=rows["won_in_horizon"])
    verdicts = pd.DataFrame({"column": ["n_outbound_90d", "n_inbound_90d"], "verdict": "ok"})
    assert did(empty, touched, verdicts=verdicts).effect == did(empty, rows).effect


def test_refusals_name_what_is_missing(empty):
    few = did(empty, rows_of((True, False, 5, 19), *FOUR[1:]))
    assert few.verdict == "refused"
    assert np.isnan(few.effect)
    assert say_effect(few) == (
        "Before and after, Tier 1 against the others: no figure.",
        "Only 19 accounts of Tier 1 have a deal old enough to judge before tiers were acted on; 20 are needed.",
    )
    no_past = did(empty, rows_of(*(cell for cell in FOUR if cell[1])))
    assert len(no_past.findings) == 2
    rows = rows_of(*FOUR)
    mixed = did(empty, rows.assign(horizon_days=np.where(rows["opened_at"] < DAY, 180.0, 90.0)))
    assert mixed.findings == (
        "Deals were given 2 different horizons to be won in; before and since must be equally mature.",
    )


def test_a_trend_before_tiers_is_refused(empty):
    rows = rows_of((True, False, 100, 200), (True, True, 60, 120), (False, False, 100, 200), (False, True, 60, 120))
    # Tier 1 won everything of the half nearest to the day and nothing before; the others all along the half of them.
    early = rows["account_id"].str.startswith("t0")
    rows.loc[early, "won_in_horizon"] = (rows.loc[early, "opened_at"] > DAY - pd.Timedelta(days=90)).astype(float)
    found = did(empty, rows)
    assert found.verdict == "refused"
    assert "the two were not on parallel paths" in found.findings[0]


def test_an_account_lifted_by_a_trigger_is_no_evidence(empty):
    rows = rows_of(*FOUR)
    by = np.where(rows["account_id"].isin(["t10000", "t10001"]), "trigger", "value")
    assert did(empty, rows, history=history_for(rows, tier_by=by)).n == 658


def test_rows_in_any_order_and_the_frames_left_alone(empty):
    rows = rows_of(*FOUR).assign(industry=lambda d: np.where(d["row_id"].str.endswith("3"), "a", "b"))
    verdicts = pd.DataFrame({"column": ["industry"], "verdict": ["ok"]})
    before = rows.copy()
    found = did(empty, rows, verdicts=verdicts)
    pd.testing.assert_frame_equal(rows, before)
    again = did(empty, rows.sample(frac=1, random_state=5), verdicts=verdicts)
    pd.testing.assert_frame_equal(effect_table([found]), effect_table([again]))


def test_broken_tables_are_named(empty):
    rows = rows_of(*FOUR)
    with pytest.raises(TableError, match="deal_rows: column 'opened_at' is missing"):
        did(empty, rows.drop(columns="opened_at"))
    with pytest.raises(TableError, match="'t00000' appears more than once"):
        did(empty, pd.concat([rows, rows.head(1)]), history=history_for(rows))


@pytest.mark.slow
def test_the_effect_of_the_simulated_company_is_found():
    errors = []
    for seed in (201, 202, 203):
        sample = simulate_company(seed=seed, n_accounts=4000)
        found = estimate(open_tables(sample.frames))
        assert found.verdict != "refused"
        errors.append(found.effect - true_effect(sample))
    # One seed errs by -.02 with sd .045 (tests/benchmarks/effect.py): three sd each, and three of the mean.
    assert np.abs(errors).max() <= 0.155
    assert abs(np.mean(errors)) <= 0.1


@pytest.mark.slow
def test_promotion_on_news_is_refused_where_tiers_do_nothing():
    figures = judge_news(204, n_accounts=4000)
    assert figures["news"] == "refused"
