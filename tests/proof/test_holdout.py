import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.inputs.opening import open_tables
from tierkit.proof.held_out import held_out_outcomes
from tierkit.proof.holdout import plan_holdout, say_plan
from tierkit.proof.lift import tier_lift
from tierkit.proof.power import needed_rows
from tierkit.tiering.policy import Policy


def book(n_reps=2, tier1=5, tier2=10, value=1000.0):
    """Each rep's accounts by falling value; Tier 1 first."""
    rows = []
    for rep in range(n_reps):
        for k in range(tier1 + tier2):
            rows.append((f"r{rep}a{k:03d}", f"R{rep}", 1 if k < tier1 else 2, "value", value - 10 * k))
    return pd.DataFrame(rows, columns=["account_id", "owner_id", "tier", "tier_by", "expected_value"])


def plan(rows=None, **how):
    defaults = {"seed": 1, "horizon_days": 180, "base_rate": 0.2}
    return plan_holdout(book() if rows is None else rows, Policy(), **(defaults | how))


def test_a_pair_is_the_last_of_tier_1_and_the_next_in_line():
    # a fifth of five places is one pair a rep: the fifth and the sixth account
    accounts = plan().accounts
    assert sorted(accounts["account_id"]) == ["r0a004", "r0a005", "r1a004", "r1a005"]
    assert accounts.groupby("pair")["owner_id"].nunique().eq(1).all()


def test_cost_by_hand():
    # two pairs, 10 apart, each swapped half the time; uplift 0.30 - 0.12 = 0.18: 2 x 10 / 2 x 0.18
    assert plan().cost == pytest.approx(1.8)


def test_refits_say_who_is_near_the_cut():
    rows = book(n_reps=1).assign(membership_prob=0.9)
    rows.loc[[2, 7], "membership_prob"] = [0.8, 0.2]
    assert sorted(plan(rows).accounts["account_id"]) == ["r0a002", "r0a007"]
    assert plan(rows.assign(membership_prob=0.9)).n_pairs == 0


def test_promises_are_not_put_to_the_coin():
    rows = book(n_reps=1).assign(contactable=True, has_open_deal=False, off_support=False)
    rows.loc[4, "tier_by"] = "strategic"
    rows.loc[3, "has_open_deal"] = True
    rows.loc[5, "contactable"] = False
    rows.loc[6, "off_support"] = True
    assert sorted(plan(rows).accounts["account_id"]) == ["r0a002", "r0a007"]


def test_verdicts_and_their_sentences():
    # 300 reps, one pair each: 4 rounds of 180 days in 24 months are 1,200 an arm; 20 % against 20.6 % or 30 %
    many = book(n_reps=300)
    ready = plan(many, lift=1.5)
    assert (ready.verdict, ready.n_pairs, ready.needed) == ("ready", 300, 294)
    assert ready.months_needed == pytest.approx(180 / 30.4375)
    assert say_plan(ready)[0].startswith("Run it: 300 pairs of accounts")
    coarse = plan(many, lift=1.05)
    assert coarse.verdict == "coarse"
    # 1,200 an arm: the least difference seen is the one that so many show in four of five tests
    assert needed_rows(0.2 + coarse.detectable, 0.2) == pytest.approx(1200, abs=0.01)
    refused = plan(book(), lift=1.5)
    assert refused.verdict == "refused"
    # 294 at two an arm are 147 rounds of 180 days
    assert refused.months_needed == pytest.approx(147 * 180 / 30.4375)
    assert say_plan(refused)[0].startswith("Do not run it: If Tier 1's treatment lifts")
    assert "72 years at 2 an arm and round" in say_plan(refused)[0]


def test_nobody_near_the_cut_is_said():
    nobody = plan(book().assign(tier=1))
    assert nobody.verdict == "refused"
    assert np.isinf(nobody.months_needed)
    assert say_plan(nobody) == (
        "No test near the cut is possible: no rep has a Tier 1 account won by value and one next in line.",
    )


def test_chances_give_the_base_rate_and_nothing_is_refused():
    rows = book().assign(open_prob=0.4, win_prob=0.25)
    assert plan(rows, base_rate=None).base_rate == pytest.approx(0.1)
    with pytest.raises(TableError, match="base_rate"):
        plan(base_rate=None)
    with pytest.raises(TableError, match=r"'lift' must be more than 1, got 0\.9"):
        plan(lift=0.9)
    with pytest.raises(TableError, match="'tier_by' is missing"):
        plan(book().drop(columns="tier_by"))
    with pytest.raises(TableError, match="'r0a000' appears more than once"):
        plan(pd.concat([book(), book().head(1)]))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), shuffle=st.integers(0, 10**6), share=st.floats(0.05, 0.5), reps=st.integers(1, 5))
def test_no_draw_changes_how_many_accounts_a_rep_works(seed, shuffle, share, reps):
    rows = book(n_reps=reps)
    before = rows.copy()
    drawn = plan(rows, seed=seed, share=share).accounts
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(
        plan(rows.sample(frac=1, random_state=shuffle), seed=seed, share=share).accounts, drawn
    )
    after = rows.set_index("account_id")["tier"].copy()
    after.update(drawn.set_index("account_id")["tier_in_test"])
    for tier in (1, 2):
        owners = rows.set_index("account_id")["owner_id"]
        assert (
            owners[after == tier].value_counts().to_dict()
            == owners[rows.set_index("account_id")["tier"] == tier].value_counts().to_dict()
        )
    assert drawn.groupby("pair")["arm"].nunique().eq(2).all()


def test_each_of_a_pair_is_treated_half_the_time():
    rows = book(n_reps=1, tier1=5)
    swapped = [plan(rows, seed=seed).accounts.query("arm == 'treated'")["tier"].iloc[0] == 2 for seed in range(400)]
    # sd of a share of 400 coins is .025
    assert np.mean(swapped) == pytest.approx(0.5, abs=0.1)


def test_outcomes_of_a_test_are_held_out():
    accounts = plan().accounts
    treated = accounts.loc[accounts["arm"] == "treated", "account_id"].tolist()
    deals = [
        ("d1", treated[0], "2026-02-01", "2026-04-01", "won"),  # on the first day of the round
        ("d2", treated[1], "2026-02-10", "2026-09-01", "won"),  # past the horizon
        ("d3", treated[1], "2026-01-31", "2026-04-01", "won"),  # opened before the round
    ]
    tables = open_tables(
        {
            "accounts": pd.DataFrame({"account_id": accounts["account_id"]}),
            "deals": pd.DataFrame(deals, columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome"]),
            "holdout": accounts[["account_id", "arm"]].assign(started_at="2026-02-01"),
        }
    )
    table = tier_lift(held_out_outcomes(tables, as_of="2026-12-31", horizon_days=180))
    rates = table[table["measure"] == "rate"].set_index("tier")
    assert set(table["kind"]) == {"held_out"}
    assert rates.loc["1", ["n", "n_won"]].tolist() == [2, 1]
    assert rates.loc["2", ["n", "n_won"]].tolist() == [2, 0]
    early = held_out_outcomes(tables, as_of="2026-06-01", horizon_days=180)
    assert early["won_in_horizon"].isna().all()
    assert held_out_outcomes(tables, as_of="2026-01-15", horizon_days=180).empty
