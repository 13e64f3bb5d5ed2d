"""What would move an account: the change is applied by hand, and the tiers are made anew."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.tiering.books import AS_OF, accounts_of, tables_of
from tests.tiering.test_levers import make_rows
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import assign_tiers, plan_tiers
from tierkit.tiering.counterfactuals import what_would_move
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.levers import lever_rows
from tierkit.tiering.policy import Gates, Policy
from tierkit.tiering.unknowns import worth_learning

POLICY = Policy(sizes=(6, 10), strategic_slots=0, promotion_share=0, stability="low", gates=Gates(required=()))


def score(rows: pd.DataFrame) -> pd.DataFrame:
    """Worth more with each touch, person, signal and tool, and with revenue; unknown adds the typical 10."""
    value = 20 + 3 * rows["n_inbound_90d"] + 2 * rows["n_email_inbound_30d"] + 4 * rows["n_contacts_inbound_90d"]
    value = value + 9 * rows["live_funding"] + 5 * rows["tech_crm"].fillna(0.5) + rows["revenue"].fillna(10.0)
    return rows.assign(win_prob=1.0, expected_acv=value, expected_value=value)


def company(seed: int, n: int = 60) -> tuple[pd.DataFrame, Tables]:
    rows = make_rows(seed, n)
    rng = np.random.default_rng(seed)
    rows["account_id"] = [f"A{i:04d}" for i in range(n)]
    rows["owner_id"] = [f"R{i % 2}" for i in range(n)]
    rows["revenue"] = np.where(rng.random(n) < 0.2, np.nan, np.round(rng.normal(10, 4, n), 3))
    rows["missing_revenue"] = rows["revenue"].isna().astype(float)
    reps = pd.DataFrame({"owner_id": ["R0", "R1"], "name": ["Ana", "Ben"], "tier1_slots": [3.0, 3.0]})
    return rows, tables_of(accounts=accounts_of(n, owner_id=rows["owner_id"]), reps=reps)


def asked(rows: pd.DataFrame, tables: Tables, policy: Policy = POLICY, **keys: object) -> pd.DataFrame:
    gated = gate_accounts(score(rows), tables, policy, as_of=AS_OF)
    plan = plan_tiers(gated, tables, policy, as_of=AS_OF)
    return what_would_move(gated, rows, plan.tiers, plan.capacity, score, **keys)


@pytest.mark.parametrize("seed", range(4))
def test_the_change_found_moves_the_account_when_the_tiers_are_made_anew(seed: int) -> None:
    rows, tables = company(seed)
    moves = asked(rows, tables)
    assert (moves["tier"] == 1).sum() == 6
    found = moves[moves["lever"] != ""]
    assert len(found) >= 6
    for move in found.to_dict("records"):
        changed = rows.copy()
        at = changed.index[changed["account_id"] == move["account_id"]]
        for column, value in json.loads(move["change"]).items():
            changed.loc[at, column] = value
        scored = score(changed)
        assert scored.loc[at, "expected_value"].item() == pytest.approx(move["new_value"])
        gated = gate_accounts(scored, tables, POLICY, as_of=AS_OF)
        tiers = assign_tiers(gated, tables, POLICY, as_of=AS_OF).set_index("account_id")
        was = move["tier"] == 1
        assert move["inside"] == was  # nothing holds tiers here but value
        assert (tiers.loc[move["account_id"], "tier"] == 1) != was


def test_of_all_that_move_it_the_change_is_taken_that_passes_by_the_fewest_accounts() -> None:
    rows, tables = company(0)
    moves = asked(rows, tables)
    moves = moves[(moves["lever"] != "") & (moves["lever"] != "field")]
    by_id = rows.set_index("account_id", drop=False)
    for move in moves.to_dict("records"):
        row = by_id.loc[[move["account_id"]]].reset_index(drop=True)
        changed, about = lever_rows(row, rows, np.array([not move["inside"]]))
        value = score(changed)["expected_value"]
        does = (value < move["cut"]) if move["inside"] else (value > move["cut"])
        least = about[does.to_numpy()].nsmallest(1, "shift", keep="all")
        assert (move["lever"], move["what"], move["then"]) in set(
            zip(least["lever"], least["what"], least["then"], strict=True)
        )


def test_two_accounts_of_each_rep_stand_below_at_most() -> None:
    moves = asked(*company(1))
    below = moves[moves["tier"] > 1]
    assert below.groupby("owner_id").size().tolist() == [2, 2]  # under low stability nobody waits
    assert len(asked(*company(1), n_below=0)) == 6


def test_no_smaller_change_of_the_same_kind_would_do() -> None:
    rows, tables = company(5)
    for move in asked(rows, tables).to_dict("records"):
        if move["lever"] != "touches" or move["then"] <= move["now"] + 1:
            continue
        kind = "n_" + move["what"].replace(" ", "_") + "_inbound"
        less = rows[rows["account_id"] == move["account_id"]].copy()
        for name in (kind, "n_inbound"):
            for w in (30, 90, 180, 365):
                less[f"{name}_{w}d"] += move["then"] - move["now"] - 1
        assert score(less)["expected_value"].item() <= move["cut"]


def test_nothing_is_found_where_nothing_that_can_change_counts() -> None:
    rows, tables = company(1)
    rows["revenue"], rows["missing_revenue"] = np.arange(60.0) * 100, 0.0
    moves = asked(rows, tables)
    assert moves["lever"].eq("").all()
    assert moves["change"].eq("").all()
    assert moves["n_tried"].gt(0).all()


def test_an_open_deal_or_an_account_unlike_others_is_not_asked() -> None:
    rows, tables = company(2)
    first = asked(rows, tables)
    top = first.loc[first["tier"] == 1, "account_id"].iloc[0]
    rows["has_open_deal"] = rows["account_id"] == top
    held = asked(rows, tables).set_index("account_id")
    if top in held.index:
        assert held.loc[top, "held"] == "deal open"
        assert held.loc[top, "n_tried"] == 0
    below = first.loc[first["tier"] > 1, "account_id"].iloc[0]
    rows["off_support"] = rows["account_id"] == below
    assert below not in set(asked(rows, tables)["account_id"])


def test_an_account_that_waits_for_a_place_that_stability_keeps_is_said_to_wait() -> None:
    rows, tables = company(3)
    policy = POLICY.model_copy(update={"stability": "normal", "min_stay_months": 3})
    gated = gate_accounts(score(rows), tables, policy, as_of=AS_OF)
    plain = plan_tiers(gated, tables, policy, as_of=AS_OF).tiers
    # Last month the least of Tier 2 came into Tier 1, so it stays while a better one waits.
    least = plain[(plain["owner_id"] == "R0") & (plain["tier"] == 2)].nsmallest(3, "expected_value")["account_id"]
    previous = plain.assign(since=pd.Timestamp("2026-09-30"))
    previous["tier"] = previous["base_tier"] = np.where(previous["account_id"].isin(least), 1, 3)
    plan = plan_tiers(gated, tables, policy, as_of=AS_OF, previous=previous)
    moves = what_would_move(gated, rows, plan.tiers, plan.capacity, score).set_index("account_id")
    waiting = moves[moves["held"] == "waiting"]
    assert len(waiting)
    assert (waiting["tier"] > 1).all()
    assert not moves.loc[least, "inside"].any()


def test_the_order_of_rows_changes_nothing_and_the_frames_stay_as_they_are() -> None:
    rows, tables = company(4)
    gated = gate_accounts(score(rows), tables, POLICY, as_of=AS_OF)
    plan = plan_tiers(gated, tables, POLICY, as_of=AS_OF)
    before = rows.copy()
    one = what_would_move(gated, rows, plan.tiers, plan.capacity, score)
    pd.testing.assert_frame_equal(rows, before)
    mixed = [frame.sample(frac=1, random_state=8) for frame in (gated, rows, plan.tiers)]
    pd.testing.assert_frame_equal(one, what_would_move(*mixed, plan.capacity, score))


def test_of_scores_that_are_not_of_these_models_nothing_is_said() -> None:
    rows, tables = company(4)
    gated = gate_accounts(score(rows), tables, POLICY, as_of=AS_OF)
    plan = plan_tiers(gated, tables, POLICY, as_of=AS_OF)
    others = gated.assign(expected_value=gated["expected_value"] * 2)
    assert what_would_move(others, rows, plan.tiers, plan.capacity, score).empty
    assert worth_learning(others, rows, plan.tiers, score).empty


def test_an_unknown_field_swings_as_far_as_typical_values_take_it() -> None:
    rows, tables = company(6)
    rows["revenue"] = np.where(np.arange(60) == 59, np.nan, np.arange(60.0))
    rows["missing_revenue"] = rows["revenue"].isna().astype(float)
    rows.loc[59, "n_email_inbound_30d"] = 40.0
    gated = gate_accounts(score(rows), tables, POLICY, as_of=AS_OF)
    tiers = assign_tiers(gated, tables, POLICY, as_of=AS_OF)
    said = worth_learning(gated, rows, tiers, score, used={"revenue"})
    assert said["account_id"].tolist() == ["A0059"]
    base = score(rows).loc[59, "expected_value"] - 10
    # 20 draws of 0..58 at quantiles 0.025, 0.075, ...: positions 1, 4, 7, ..., 57; a tenth lies below 6.7, above 51.3
    drawn = ((np.arange(20) + 0.5) / 20 * 59).astype(int)
    assert said["value_low"].item() == pytest.approx(base + np.quantile(drawn, 0.1))
    assert said["value_high"].item() == pytest.approx(base + np.quantile(drawn, 0.9))
    assert worth_learning(gated, rows, tiers, score, used={"n_inbound_90d"}).empty  # no model looks at it


def test_where_nobody_is_tiered_nothing_would_move() -> None:
    rows, tables = company(1)
    gated = score(rows).assign(gate="out_of_icp")
    plan = plan_tiers(gated, tables, POLICY, as_of="2026-10-31")
    assert what_would_move(gated, rows, plan.tiers, plan.capacity, score).empty
    assert worth_learning(gated, rows, plan.tiers, score).empty
