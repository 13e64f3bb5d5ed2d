import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF, accounts_of, books, scores_of, tables_of
from tierkit.errors import SheetError, TableError
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import assign_tiers, place_tiers, plan_tiers, terms_under
from tierkit.tiering.ground import ground_on
from tierkit.tiering.policy import Policy

Book = tuple[pd.DataFrame, Tables, Policy]
NEXT = pd.Timestamp("2026-11-30")
# No overlay takes places, and nothing is held: the base tiers alone.
PLAIN = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}


def tier_of(tiers: pd.DataFrame) -> dict[str, int]:
    return dict(zip(tiers["account_id"], tiers["tier"], strict=True))


def policy_of(*sizes: int, **keys: object) -> Policy:
    return Policy(sizes=sizes, **{**PLAIN, **keys})


@settings(max_examples=25, deadline=None)
@given(books(), st.booleans())
def test_whatever_the_book_the_promises_hold(book: Book, again: bool) -> None:
    scores, tables, policy = book
    frames = {name: frame.copy(deep=True) for name, frame in tables.frames.items()}
    previous = assign_tiers(scores, tables, policy, as_of=AS_OF) if again else None
    if again:
        scores = scores.assign(expected_acv=scores["expected_acv"].to_numpy()[::-1])
    given_scores = scores.copy(deep=True)
    plan = plan_tiers(scores, tables, policy, as_of=NEXT, previous=previous)
    tiers = plan.tiers
    # Without words and overlays the base tiers are the same, by account.
    by_id = tiers.sort_values("account_id", kind="stable")
    ground, values = ground_on(tables, policy, as_of=NEXT, seed=0), by_id["expected_value"].to_numpy(dtype="float64")
    both = terms_under(np.array([values, -values]), scores, tables, policy, ground, previous=previous)
    (base, placed), (upside_down, _) = (place_tiers(t, policy, ground, previous=previous) for t in both)
    assert base.tier.tolist() == by_id["base_tier"].tolist()
    assert placed.tier.tolist() == by_id["tier"].tolist()
    turned = scores.assign(expected_value=-scores["win_prob"] * scores["expected_acv"])
    other = plan_tiers(turned, tables, policy, as_of=NEXT, previous=previous).tiers
    assert upside_down.tier.tolist() == other.sort_values("account_id", kind="stable")["base_tier"].tolist()

    # One tier for each qualified account, and for no other.
    assert tiers["account_id"].tolist() == scores.loc[scores["gate"] == "qualified", "account_id"].tolist()
    assert tiers["tier"].between(1, policy.n_tiers).all()
    # No slot is exceeded; Tier 1 is counted again from the tiers themselves.
    bounded = plan.capacity.dropna(subset="slots")
    assert (bounded["used"] <= bounded["slots"]).all()
    slots = plan.capacity[plan.capacity["tier"] == 1].set_index("owner_id")["slots"]
    for owner, n in tiers[tiers["tier"] == 1].groupby("owner_id").size().items():
        assert n <= slots.get(owner, 0)
    # Who differs from the base tier has an overlay to show for it, in the ledger too.
    lifted = tiers[tiers["tier"] != tiers["base_tier"]]
    assert lifted["tier_by"].isin(["strategic", "trigger", "override"]).all()
    assert set(lifted["account_id"]) <= set(plan.ledger["account_id"])
    assert (tiers["promoted_until"].notna() == (tiers["tier_by"] == "trigger")).all()
    assert (tiers["promoted_until"].dropna() >= NEXT).all()
    # Priority counts the contactable, tier by tier.
    ranked = tiers.dropna(subset="priority_rank").sort_values("priority_rank")
    assert ranked["priority_rank"].tolist() == list(range(1, int(tiers["contactable"].sum()) + 1))
    assert ranked["tier"].is_monotonic_increasing
    assert tiers.loc[~tiers["contactable"], "priority_rank"].isna().all()
    # The caller's frames stay as they are.
    pd.testing.assert_frame_equal(scores, given_scores)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(tables.frames[name], frame)


@settings(max_examples=20, deadline=None)
@given(books(), st.integers(0, 2**32 - 1))
def test_shuffled_rows_change_nothing(book: Book, seed: int) -> None:
    scores, tables, policy = book
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in tables.frames.items()}
    one = plan_tiers(scores, tables, policy, as_of=AS_OF)
    other = plan_tiers(scores.sample(frac=1, random_state=seed), tables_of(**shuffled), policy, as_of=AS_OF)
    pd.testing.assert_frame_equal(
        one.tiers.sort_values("account_id", ignore_index=True), other.tiers.sort_values("account_id", ignore_index=True)
    )
    pd.testing.assert_frame_equal(one.ledger, other.ledger)
    pd.testing.assert_frame_equal(one.capacity, other.capacity)


def test_best_of_each_rep_under_their_slots() -> None:
    # Ana holds 1 of Tier 1 and 1 of Tier 2, Ben 2 and 0. Places 3 and 5.
    # Tier 1 by value: a 90 (Ana), b 80 (Ana is full), c 50 (Ben), d 40 (Ben). Tier 2: b (Ana); e has no slot with Ben.
    owners = {"a": "ana", "b": "ana", "c": "ben", "d": "ben", "e": "ben", "f": "ana"}
    scores = scores_of({"a": 90, "b": 80, "c": 50, "d": 40, "e": 30, "f": 20}, owner_id=list(owners.values()))
    reps = [
        {"owner_id": "ana", "name": "Ana", "tier1_slots": 1, "tier2_slots": 1},
        {"owner_id": "ben", "name": "Ben", "tier1_slots": 2, "tier2_slots": 0},
    ]
    plan = plan_tiers(scores, tables_of(reps=reps), policy_of(3, 5), as_of=AS_OF)
    assert tier_of(plan.tiers) == {"a": 1, "b": 2, "c": 1, "d": 1, "e": 3, "f": 3}
    assert plan.tiers["tier_reason"].tolist()[:3] == [
        "value rank 1 of 3 for Ana",
        "value rank 2 of 3 for Ana",
        "value rank 1 of 3 for Ben",
    ]
    # The pool holds what the sizes leave: 5 Tier 2 places less the reps' 1 slot; nothing of Tier 1.
    used = plan.capacity.set_index(["owner_id", "tier"])
    assert used.loc[("", 2), ["slots", "used"]].tolist() == [4, 0]
    assert used.loc[("ana", 1), ["slots", "used"]].tolist() == [1, 1]
    assert ("", 1) not in used.index


def test_ties_break_by_account_id() -> None:
    tiers = assign_tiers(scores_of({"c": 5, "a": 5, "b": 5}), tables_of(), policy_of(1, 1), as_of=AS_OF)
    assert tier_of(tiers) == {"c": 3, "a": 1, "b": 2}


def test_own_models_bring_three_columns() -> None:
    scores = pd.DataFrame({"account_id": ["x", "y"], "win_prob": [0.5, 0.1], "expected_acv": [10.0, 20.0]})
    tiers = assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=AS_OF)
    # 0.5 x 10 = 5 beats 0.1 x 20 = 2; the chance to open counts as 1.
    assert tiers["expected_value"].tolist() == [5.0, 2.0]
    assert tier_of(tiers) == {"x": 1, "y": 2}
    opened = assign_tiers(scores.assign(open_prob=[0.1, 0.9]), tables_of(), policy_of(1, 1), as_of=AS_OF)
    # 0.1 x 5 = 0.5 loses to 0.9 x 2 = 1.8.
    assert tier_of(opened) == {"x": 2, "y": 1}


def test_without_reps_and_sizes_the_pool_is_one_rep() -> None:
    scores = scores_of({f"a{i:03d}": 200 - i for i in range(120)})
    plan = plan_tiers(scores, tables_of(), Policy(**PLAIN), as_of=AS_OF)
    assert plan.tiers["tier"].value_counts().sort_index().tolist() == [25, 75, 20]


def test_owners_without_a_reps_table_hold_the_slots_of_the_sheet() -> None:
    scores = scores_of({"a": 4, "b": 3, "c": 2, "d": 1}, owner_id=["u", "u", "v", "v"])
    policy = Policy(**PLAIN, tier1_per_rep=1, tier2_per_rep=0)
    assert tier_of(assign_tiers(scores, tables_of(), policy, as_of=AS_OF)) == {"a": 1, "b": 3, "c": 1, "d": 3}


def test_shares_rank_without_capacity() -> None:
    # Half a share of 5 accounts rounds up to 1 and 2; slots of the one rep do not matter.
    scores = scores_of(dict(zip("abcde", [5, 4, 3, 2, 1], strict=True)), owner_id="u")
    tables = tables_of(reps=[{"owner_id": "u", "tier1_slots": 0}])
    policy = Policy(**PLAIN, shares=(0.1, 0.4))
    assert assign_tiers(scores, tables, policy, as_of=AS_OF)["tier"].tolist() == [1, 2, 2, 3, 3]


def test_without_any_value_fit_ranks() -> None:
    scores = scores_of({"a": np.nan, "b": np.nan}, fit_score=[10, 70])
    assert tier_of(assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=AS_OF)) == {"a": 2, "b": 1}
    with pytest.raises(TableError, match=r"'expected_value' is missing for account b \(1 qualified rows\)"):
        assign_tiers(scores_of({"a": 1, "b": np.nan}, fit_score=50), tables_of(), policy_of(1, 1), as_of=AS_OF)


def test_an_account_scored_twice_is_named() -> None:
    scores = pd.concat([scores_of({"a": 1}), scores_of({"a": 2})])
    with pytest.raises(TableError, match="'account_id' must stand once, got 'a' again"):
        assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=AS_OF)
    with pytest.raises(TableError, match="column 'expected_acv', 'win_prob' is missing"):
        assign_tiers(pd.DataFrame({"account_id": ["a"]}), tables_of(), policy_of(1, 1), as_of=AS_OF)


def test_accounts_unlike_any_that_were_worked_stop_at_tier_2() -> None:
    scores = scores_of({"a": 9, "b": 1}, off_support=[True, False])
    tiers = assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=AS_OF)
    assert tier_of(tiers) == {"a": 2, "b": 1}
    assert tiers["tier_reason"][0] == "value rank 1 of 2; unlike any account we worked, so Tier 2 at most"


def test_only_qualified_accounts_are_tiered() -> None:
    scores = scores_of({"a": 9, "b": 1, "c": 5}, gate=["suppressed", "qualified", "out_of_icp"])
    assert tier_of(assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=AS_OF)) == {"b": 1}


def previous_of(tiers: dict[str, int], since: str = "2020-01-31") -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(tiers), "tier": list(tiers.values()), "since": pd.Timestamp(since)}).assign(
        base_tier=lambda p: p["tier"]
    )


@pytest.mark.parametrize(("challenger", "holder"), [(119, 1), (121, 2)])
def test_the_band_holds_an_account_until_another_is_20_percent_better(challenger: float, holder: int) -> None:
    # a holds Tier 1 at 100: it counts as 120.
    scores = scores_of({"a": 100, "b": challenger})
    before = previous_of({"a": 1, "b": 2})
    policy = policy_of(1, 1, stability="normal")
    tiers = assign_tiers(scores, tables_of(), policy, as_of=AS_OF, previous=before)
    assert tier_of(tiers)["a"] == holder
    if holder == 1:
        assert tiers["tier_reason"][0] == "keeps its tier inside the band of 20%; value rank 2 of 2"
        assert tiers["tier_by"].tolist() == ["band", "value"]


@pytest.mark.parametrize(("since", "holder"), [("2026-07-31", 2), ("2026-08-31", 1)])
def test_a_minimum_stay_of_three_months(since: str, holder: int) -> None:
    scores, before = scores_of({"a": 1, "b": 100}), previous_of({"a": 1, "b": 2}, since)
    policy = policy_of(1, 1, stability="normal")
    tiers = assign_tiers(scores, tables_of(), policy, as_of=AS_OF, previous=before)
    assert tier_of(tiers)["a"] == holder
    if holder == 1:
        assert tiers["tier_reason"][0] == "keeps its tier: entered it under 3 months ago; value rank 2 of 2"
        waits = "waits for a place in Tier 1, where others keep theirs for now; value rank 1 of 2"
        assert tiers["tier_reason"][1] == waits


def test_a_stay_begins_with_the_tier_and_goes_on_while_it_lasts() -> None:
    first = assign_tiers(scores_of({"a": 2, "b": 1}), tables_of(), policy_of(1, 1), as_of=AS_OF)
    assert first["since"].tolist() == [AS_OF, AS_OF]
    scores = scores_of({"a": 2, "b": 1, "c": 1.5})
    second = assign_tiers(scores, tables_of(), policy_of(1, 1), as_of=NEXT, previous=first)
    # a stays in Tier 1 since October; c takes Tier 2 from b.
    assert second["since"].tolist() == [AS_OF, NEXT, NEXT]


def test_an_open_deal_keeps_its_tier_both_ways() -> None:
    tables = tables_of(accounts=accounts_of(1))
    scores = scores_of({"a": 1, "b": 100, "c": 50}, has_open_deal=[True, True, False])
    before = previous_of({"a": 1, "b": 3, "c": 2})
    tiers = assign_tiers(scores, tables, policy_of(1, 1), as_of=AS_OF, previous=before)
    assert tier_of(tiers) == {"a": 1, "b": 3, "c": 2}
    assert tiers["tier_reason"][0] == "keeps its tier: deal open; value rank 3 of 3"
    assert tiers["tier_by"].tolist() == ["deal open", "deal open", "value"]


def test_what_is_held_never_exceeds_a_slot() -> None:
    # Both are too young to fall, but the rep has one slot left: the greater value keeps it.
    scores = scores_of({"a": 1, "b": 2}, owner_id="u")
    tables = tables_of(reps=[{"owner_id": "u", "tier1_slots": 1, "tier2_slots": 9}])
    policy = Policy(**{**PLAIN, "stability": "high"})
    tiers = assign_tiers(scores, tables, policy, as_of=AS_OF, previous=previous_of({"a": 1, "b": 1}, "2026-09-30"))
    assert tier_of(tiers) == {"a": 2, "b": 1}


def test_previous_may_know_more_tiers_and_must_name_an_account_once() -> None:
    policy = Policy(labels=("a", "b"), sizes=(1,), **PLAIN)
    tiers = assign_tiers(scores_of({"a": 1}), tables_of(), policy, as_of=AS_OF, previous=previous_of({"a": 4}))
    assert tier_of(tiers) == {"a": 1}
    twice = pd.concat([previous_of({"a": 1}), previous_of({"a": 2})])
    with pytest.raises(TableError, match="previous: 'account_id' must stand once, got 'a'"):
        assign_tiers(scores_of({"a": 1}), tables_of(), policy, as_of=AS_OF, previous=twice)


def test_play_next_step_and_money_follow_the_tier() -> None:
    policy = policy_of(1, 1, budget=90)
    tiers = assign_tiers(scores_of({"a": 5, "b": 3, "c": 1}), tables_of(), policy, as_of=AS_OF)
    # 90 over values 5, 3, 1: 50, 30, 10.
    assert tiers["investment"].tolist() == [50, 30, 10]
    assert tiers["play"][0].startswith("Tier 1 strategic: Weekly by the account executive")
    assert tiers["next_step"].tolist() == [play.next_step for play in policy.tier_plays]
    assert assign_tiers(scores_of({"a": 5}), tables_of(), policy_of(1, 1), as_of=AS_OF)["investment"].isna().all()


def test_a_budget_below_the_floors_stops() -> None:
    with pytest.raises(SheetError, match="below the floors"):
        assign_tiers(scores_of({"a": 5}), tables_of(), policy_of(1, 1, budget=1, investment_floor=2), as_of=AS_OF)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=9), st.integers(0, 3), st.integers(0, 3), st.integers(0, 5))
def test_tier_1_is_the_set_of_greatest_value(values: list[int], ana: int, ben: int, places: int) -> None:
    # Against every subset of accounts that fits the slots and the places.
    n, owner = len(values), np.arange(len(values)) % 2
    places = min(places, ana + ben)
    scores = scores_of({f"a{i}": v for i, v in enumerate(values)}, owner_id=np.array(["ana", "ben"])[owner])
    tables = tables_of(reps=[{"owner_id": "ana", "tier1_slots": ana}, {"owner_id": "ben", "tier1_slots": ben}])
    tiers = assign_tiers(scores, tables, policy_of(places, 0), as_of=AS_OF)
    chosen = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    fits = (chosen[:, owner == 0].sum(1) <= ana) & (chosen[:, owner == 1].sum(1) <= ben) & (chosen.sum(1) <= places)
    best = (chosen[fits] @ np.array(values)).max()
    assert tiers.loc[tiers["tier"] == 1, "expected_value"].sum() == pytest.approx(best)
