"""Misses of made-up replays whose classes are known, and of the simulated company."""

import numpy as np
import pandas as pd
import pytest

from tests.proof.conftest import make_tables
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company
from tierkit.proof.backtest import COLUMNS, Replayed, replay_policy
from tierkit.proof.change_words import say_changes, sign_test, with_verdicts
from tierkit.proof.miss_classes import CLASSES, explain_misses
from tierkit.proof.misses import find_misses, touches_after
from tierkit.proof.retiered import open_months, tier_again
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

AS_OF, THROUGH, DAYS = pd.Timestamp("2026-01-31"), pd.Timestamp("2026-10-31"), 120
# One rep with one Tier 1 and one Tier 2 place; nothing holds an account, so that value alone decides.
POLICY = Policy(stability="low", strategic_slots=0, promotion_share=0, tier1_per_rep=1, tier2_per_rep=1)
VALUE = {"best": 90.0, "good": 50.0, "next": 40.0, "blind": 30.0, "meek": 1.0}
VALUE |= {f"other{i:02d}": 20.0 - i for i in range(12)}  # so that five places more do not reach the meek


def made_up(*, won=(), failed=(), gates=(), later=(), touched=("best",), value=VALUE, tier_by=None):
    """A replay of one month: accounts by value under the policy, who won, and what was learned later."""
    ids = sorted(value)
    months = pd.DataFrame({"as_of": AS_OF, "account_id": pd.Series(ids, dtype="str"), "owner_id": "R1"})
    months["gate"] = [dict(gates).get(i, "qualified") for i in ids]
    months["missing_fields"] = ["employees" if g == "needs_info" else "" for g in months["gate"]]
    months["unknown"] = months["missing_fields"]
    months = months.assign(contactable=True, is_customer=False, has_open_deal=False, off_support=False, fit_score=60.0)
    months = months.assign(open_prob=0.5, win_prob=0.2, expected_value=[value[i] for i in ids])
    rank = months["expected_value"].where(months["gate"] == "qualified").rank(ascending=False)
    months["tier"] = rank.clip(upper=3).astype("float64")
    months = months.assign(base_tier=months["tier"], since=AS_OF)
    months["tier_by"] = [dict(tier_by or {}).get(i, "value") for i in ids]
    accounts = months[["account_id", "as_of", "tier", "win_prob", "expected_value"]].assign(
        unit="account", row_id=ids, won_in_horizon=[float(i in won) for i in ids]
    )
    accounts["won_acv"] = np.where(accounts["won_in_horizon"] == 1, 1000.0, np.nan)
    deals = accounts[accounts["won_in_horizon"] == 1].assign(unit="deal", row_id=lambda d: "D-" + d["account_id"])
    replay = pd.concat([accounts, deals], ignore_index=True).assign(kind="backtest", is_open=False)
    replay = replay.reindex(columns=COLUMNS)
    told = pd.DataFrame(
        [(AS_OF, i, f, pd.Timestamp("2026-03-01"), g, False, 0.2, 0.5, v, 60.0) for i, f, g, v in later],
        columns=["as_of", "account_id", "field", "known_at", "gate", "off_support", "win_prob", "open_prob",
                 "expected_value", "fit_score"],
    )  # fmt: skip
    touches = pd.DataFrame(
        {"account_id": np.repeat(list(touched), 9), "occurred_at": pd.Timestamp("2026-02-10"), "direction": "outbound"}
    )
    deal = pd.DataFrame(
        [(f"D-{i}", i, "2026-02-15", "2026-04-01", "won" if i in won else "lost", 1000.0, "new")
         for i in (*won, *failed)],
        columns=["deal_id", "account_id", "opened_at", "closed_at", "outcome", "acv", "deal_type"],
    )  # fmt: skip
    deal[["opened_at", "closed_at"]] = deal[["opened_at", "closed_at"]].apply(pd.to_datetime)
    given = {"accounts": pd.DataFrame({"account_id": pd.Series(ids, dtype="str"), "owner_id": "R1"})}
    tables = make_tables(**given, deals=deal, activities=touches.assign(known_at=touches["occurred_at"]))
    return Replayed(replay, months, told), tables


def explained(replayed, tables, policy=POLICY):
    misses, tried = explain_misses(replayed, tables, policy, as_of=THROUGH, horizon_days=DAYS)
    return misses.set_index("account_id"), tried.set_index("change")


def test_a_winner_just_below_the_cut_is_missed_by_policy_and_one_place_more_catches_it():
    misses, tried = explained(*made_up(won=("next",)))
    assert misses.loc["next", ["class", "change"]].tolist() == ["policy", "places_1"]
    # One month: one place more in Tier 2, and the one win comes in.
    assert tried.loc["places_1", ["n_caught", "n_gained", "n_lost", "places_more"]].tolist() == [1, 1, 0, 1]
    assert tried.loc["places_1", "verdict"] == "too few to tell"


def test_a_field_learned_later_that_lifts_the_account_is_missing_data():
    misses, tried = explained(*made_up(won=("blind",), later=[("blind", "employees", "qualified", 60.0)]))
    # 60 is above good's 50, so it would have taken the Tier 2 place, at no place more.
    assert misses.loc["blind", ["class", "change"]].tolist() == ["missing data", "know_employees"]
    assert misses.loc["blind", "why"].endswith("Headcount was written down on 1 Mar 2026.")
    assert tried.loc["know_employees", ["n_caught", "places_more", "n_filled"]].tolist() == [1, 0, 1]


def test_a_field_learned_later_that_lifts_nobody_is_no_missing_data():
    misses, _ = explained(*made_up(won=("meek",), later=[("meek", "employees", "qualified", 2.0)]))
    assert misses.loc["meek", ["class", "change"]].tolist() == ["model", ""]
    assert misses.loc["meek", "change_says"] == "none of those tried"


def test_what_another_account_learned_is_not_this_one_s_missing_data():
    # Knowing good's headcount drops it below next, which then stands in Tier 2: but next lacked nothing.
    told = [("good", "employees", "qualified", 2.0), ("meek", "employees", "qualified", 2.0)]
    misses, tried = explained(*made_up(won=("next", "meek"), later=told))
    assert tried.loc["know_employees", "n_caught"] == 1
    assert misses.loc["next", "class"] == "policy"


def test_a_winner_that_a_gate_asked_for_information_is_missing_data():
    misses, _ = explained(*made_up(won=("meek",), gates=[("meek", "needs_info")]))
    assert misses.loc["meek", "class"] == "missing data"
    assert misses.loc["meek", "why"] == "It had no tier, since headcount was not known. It still is not."
    assert pd.isna(misses.loc["meek", "tier"])


def test_a_winner_outside_the_profile_is_missed_by_policy():
    misses, tried = explained(*made_up(won=("good",), gates=[("good", "out_of_icp")]))
    assert misses.loc["good", ["class", "change"]].tolist() == ["policy", "rank_outside"]
    assert tried.loc["rank_outside", "n_caught"] == 1


def test_a_winner_of_low_value_is_the_models():
    misses, tried = explained(*made_up(won=("meek",)))
    assert misses.loc["meek", "class"] == "model"
    assert "a chance of 10 % to open a deal and win it" in misses.loc["meek", "why"]  # 0.5 x 0.2
    assert tried.loc[["places_1", "places_5"], "n_caught"].tolist() == [0, 0]


def test_tier_1_without_touches_was_not_worked_and_no_replay_says_what_work_would_bring():
    misses, tried = explained(*made_up(failed=("best",), touched=("good",)))
    assert misses.loc["best", ["class", "change", "what"]].tolist() == ["not worked", "work", "lost a deal"]
    assert misses.loc["best", "why"] == "It got no touch in 120 days; the play of Tier 1 asks for 32."  # 8 x 3.94
    assert tried.loc["work", "verdict"] == "cannot be replayed"
    misses, tried = explained(*made_up(touched=("good",)))
    assert misses.loc["best", "what"] == "never approached"


def test_tier_1_that_was_worked_and_lost_is_policy_by_claim_and_else_the_models():
    misses, tried = explained(*made_up(failed=("best",)))
    assert misses.loc["best", ["class", "n_touches"]].tolist() == ["policy", 9.0]  # one place fewer frees it
    assert "work" not in tried.index
    by_claim, _ = explained(*made_up(failed=("best",), tier_by={"best": "strategic"}))
    assert by_claim.loc["best", "why"] == "It stood in Tier 1 by a strategic claim, not by value."
    two = POLICY.model_copy(update={"tier1_per_rep": 2})
    replayed, tables = made_up(failed=("best",))
    replayed.months.loc[replayed.months["account_id"] == "good", "tier"] = 1.0
    replayed.replay.loc[replayed.replay["account_id"] == "good", ["tier", "won_in_horizon"]] = [1.0, 1.0]
    misses, _ = explained(replayed, tables, two)
    assert misses.loc["best", "class"] == "model"  # the place given back would have been good's


def test_untracked_touches_are_not_taken_for_none():
    replayed, tables = made_up(failed=("best",), touched=())
    bare = make_tables(**{n: f for n, f in tables.frames.items() if n != "activities"})
    misses, tried = explained(replayed, bare)
    assert misses.loc["best", "class"] != "not worked"
    assert "work" not in tried.index


def test_touches_count_after_the_day_and_within_the_horizon():
    days = ["2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01"]  # 31 January + 120 days is 31 May
    touches = pd.DataFrame({"account_id": "best", "occurred_at": pd.to_datetime(days), "direction": "outbound"})
    theirs = touches.assign(direction="inbound")
    tables = make_tables(activities=pd.concat([touches, theirs], ignore_index=True))
    rows = pd.DataFrame({"account_id": ["best", "next"], "as_of": AS_OF})
    assert touches_after(rows, tables, horizon_days=DAYS, through=THROUGH).tolist() == [2, 0]


def test_a_winner_is_judged_by_the_last_month_before_its_deal():
    replayed, _ = made_up(won=("next",))
    up = replayed.replay[replayed.replay["account_id"] == "next"].assign(as_of=pd.Timestamp("2026-02-28"), tier=2.0)
    assert find_misses(pd.concat([replayed.replay, up]))["miss"].tolist() == ["failed"]  # Tier 2 had it by then


def test_chance_and_places_are_held_apart():
    assert sign_test(0, 0) == 1
    assert sign_test(5, 5) == 1
    # 40 in and 10 out of as many places, 7 changes tried: 2e-5 x 7 is under 5 %.
    base = {"says": "", "kind": "policy", "n_caught": 1, "n_misses": 10, "n_months": 12, "n_won": 200, "acv_more": 0.0}
    base |= {"n_gained_tier1": 0, "n_lost_tier1": 0, "places": 2000, "places_tier1_more": 0, "n_moved": 9}
    base |= {"n_filled": 0, "wins_in_place": 0.02, "wins_last": 0.005}
    rows = [
        {"change": "a", "n_gained": 40, "n_lost": 10, "places_more": 0},
        {"change": "b", "n_gained": 10, "n_lost": 40, "places_more": 0},
        {"change": "c", "n_gained": 12, "n_lost": 10, "places_more": 0},
        {"change": "d", "n_gained": 4, "n_lost": 4, "places_more": 0},
        {"change": "e", "n_gained": 12, "n_lost": 0, "places_more": 500},  # 2.4 per 100 against 2.0
        {"change": "f", "n_gained": 12, "n_lost": 0, "places_more": 1000},  # 1.2 per 100
        {"change": "g", "n_gained": 0, "n_lost": 0, "places_more": 0},
    ]
    tried = with_verdicts(pd.DataFrame([base | row for row in rows]), Policy())
    assert tried["verdict"].tolist() == [
        "better", "worse", "no more than chance", "too few to tell", "worth its places", "not worth its places",
        "moves no win",
    ]  # fmt: skip
    assert "2.4 wins per 100, where a place there brings 2.0 and one of the last tier 0.5" in tried["sentence"][4]
    assert any("same months they were found on" in s for s in say_changes(tried, pd.DataFrame({"a": range(3)})))


@pytest.fixture(scope="module")
def simulated():
    tables = open_tables(simulate_company(seed=5, n_accounts=1000, months=24, n_reps=3).frames)
    policy = Policy(strategic_slots=2, tier1_per_rep=8, tier2_per_rep=25, gates={"required": ["employees"]})
    how = {"features": FeatureSettings(horizon_days=DAYS), "proof": ProofSettings()}
    return replay_policy(tables, policy, as_of=THROUGH, months=4, seed=1, **how), tables, policy


def test_kept_months_tier_again_to_the_very_tiers_of_the_replay(simulated):
    replayed, tables, policy = simulated
    again = tier_again(open_months(replayed.months, tables, policy), policy)
    both = replayed.months.query("gate == 'qualified'").merge(again, on=["as_of", "account_id"], how="outer")
    assert len(both) == len(again) > 1000
    assert (both["tier_x"] == both["tier_y"]).all()


def test_every_miss_of_a_company_has_one_class_and_the_order_of_rows_does_not_matter(simulated):
    replayed, tables, policy = simulated
    how = {"as_of": THROUGH, "horizon_days": DAYS}
    misses, tried = explain_misses(replayed, tables, policy, **how)
    assert len(misses) == 10
    assert misses["class"].isin(CLASSES).all()
    assert misses["why"].str.len().gt(10).all()
    assert set(misses["change"]) <= {"", *tried["change"]}
    assert (tried["n_gained"] - tried["n_lost"]).abs().max() <= tried["n_won"].max()
    mixed = Replayed(*(f.sample(frac=1, random_state=3) for f in (replayed.replay, replayed.months, replayed.later)))
    others = explain_misses(mixed, tables, policy, **how)
    pd.testing.assert_frame_equal(others[0], misses)
    pd.testing.assert_frame_equal(others[1], tried)


def test_later_knowledge_is_only_of_what_was_unknown_and_came_later(simulated):
    replayed = simulated[0]
    later = replayed.later
    assert len(later) > 20
    assert (later["known_at"] > later["as_of"]).all()
    then = later.merge(replayed.months, on=["as_of", "account_id"])
    assert all(f in u.split(";") for f, u in zip(then["field"], then["unknown"], strict=True))
