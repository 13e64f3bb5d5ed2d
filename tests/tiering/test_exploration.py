import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings

from tests.tiering.books import AS_OF, books, scores_of, tables_of
from tierkit.errors import SheetError
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.exploration import NEAR_THE_CUT
from tierkit.tiering.policy import Policy

PLAIN = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}
POLICY = Policy(sizes=(2, 5), exploration_slots=2, **PLAIN)
VALUES = {f"a{i:02d}": 100.0 - i for i in range(30)}


def drawn(plan: Assignment) -> list[str]:
    return sorted(plan.ledger.loc[plan.ledger["what"] == "exploration", "account_id"])


def test_places_are_drawn_below_the_cut_with_a_stated_chance_and_an_end() -> None:
    plan = plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of=AS_OF, seed=1)
    assert plan.tiers["tier"].value_counts().sort_index().tolist() == [2, 7, 21]
    # 2 + 5 accounts by value; two places among the next 2 x 5: chance 0.2.
    lots = drawn(plan)
    assert len(lots) == 2
    assert set(lots) < {f"a{i:02d}" for i in range(7, 17)}
    rows = plan.ledger.set_index("account_id")
    words = "exploration: drawn at random with chance 0.20 among 10 just below the cut, until 2026-12-30"
    assert set(rows["why"]) == {words}
    assert set(rows["until"]) == {pd.Timestamp("2026-12-30")}
    assert rows[["from_tier", "to_tier"]].to_numpy().tolist() == [[3, 2], [3, 2]]
    mine = plan.tiers.set_index("account_id").loc[lots]
    assert set(mine["tier_by"]) == {"exploration"}
    assert (mine["promoted_until"] == pd.Timestamp("2026-12-30")).all()
    # Without slots to explore nothing is drawn and nothing is kept free.
    none = plan_tiers(scores_of(VALUES), tables_of(), Policy(sizes=(2, 5), **PLAIN), as_of=AS_OF, seed=1)
    assert none.ledger.empty


def test_the_seed_and_the_quarter_draw_and_nothing_else() -> None:
    one = drawn(plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of=AS_OF, seed=1))
    assert drawn(plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of="2026-11-30", seed=1)) == one
    others = [drawn(plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of=AS_OF, seed=s)) for s in range(2, 12)]
    assert any(other != one for other in others)
    quarters = [drawn(plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of=d, seed=1)) for d in ("2026-12-31",)]
    assert len(quarters[0]) == 2


def test_every_account_near_the_cut_has_the_stated_chance() -> None:
    # 40 reps with 3 slots, one of them to explore: 2 accounts by value, then one of the next 5. Ten draws of 40.
    reps = [{"owner_id": f"r{r:02d}", "tier1_slots": 0, "tier2_slots": 3} for r in range(40)]
    values = {f"r{r:02d}-{i}": 100.0 - i for r in range(40) for i in range(9)}
    scores = scores_of(values, owner_id=[a[:3] for a in values])
    policy = Policy(exploration_slots=40, **PLAIN)
    lots = [
        a for seed in range(10) for a in drawn(plan_tiers(scores, tables_of(reps=reps), policy, as_of=AS_OF, seed=seed))
    ]
    assert len(lots) == 400
    counts = pd.Series([int(a[-1]) for a in lots]).value_counts()
    # Binomial(400, 0.2): mean 80, standard deviation 8; five places within four of them.
    assert sorted(counts.index) == [2, 3, 4, 5, 6]
    assert counts.between(80 - 32, 80 + 32).all()


def test_who_was_drawn_stays_until_the_end_though_others_come_close() -> None:
    first = plan_tiers(scores_of(VALUES), tables_of(), POLICY, as_of=AS_OF, seed=1)
    # Everyone's value turns round but for the seven above and the two drawn.
    lots = drawn(first)
    turned = {a: v if a in lots or v > 93 else 60 - (v - 60) for a, v in VALUES.items()}
    next_month = plan_tiers(scores_of(turned), tables_of(), POLICY, as_of="2026-11-30", seed=1, previous=first.tiers)
    assert drawn(next_month) == lots
    assert set(next_month.ledger["until"]) == {pd.Timestamp("2026-12-30")}
    # The day after it is over: the run of 31 December draws anew, until the end of March.
    later = plan_tiers(scores_of(turned), tables_of(), POLICY, as_of="2026-12-31", seed=1, previous=next_month.tiers)
    assert set(later.ledger["until"]) == {pd.Timestamp("2027-03-30")}


@pytest.mark.parametrize("column", ["contactable", "has_open_deal"])
def test_nobody_who_may_not_be_worked_is_drawn(column: str) -> None:
    able = {a: i % 2 == 0 for i, a in enumerate(VALUES)}
    flags = [able[a] if column == "contactable" else not able[a] for a in VALUES]
    accounts = pd.DataFrame({"account_id": list(VALUES)})
    for seed in range(5):
        plan = plan_tiers(
            scores_of(VALUES, **{column: flags}), tables_of(accounts=accounts), POLICY, as_of=AS_OF, seed=seed
        )
        assert all(able[a] for a in drawn(plan))


def test_tier_1_is_explored_where_the_sheet_says_so_and_must_fit_the_reps() -> None:
    policy = Policy(sizes=(2, 5), exploration_slots=1, exploration_tier=1, **PLAIN)
    plan = plan_tiers(scores_of(VALUES), tables_of(), policy, as_of=AS_OF, seed=3)
    assert plan.ledger["to_tier"].tolist() == [1]
    off = plan_tiers(scores_of(VALUES, off_support=True), tables_of(), policy, as_of=AS_OF, seed=3)
    assert off.ledger.empty
    reps = [{"owner_id": "r", "tier1_slots": 2, "tier2_slots": 9}]
    with pytest.raises(SheetError, match="capacity short by 1 rep: 2 Tier 1 places, 0 strategic slots, 1 exploration"):
        plan_tiers(scores_of(VALUES, owner_id="r"), tables_of(reps=reps), policy, as_of=AS_OF)


@settings(max_examples=25, deadline=None)
@given(books())
def test_trials_never_exceed_slots_or_their_number(book: tuple[pd.DataFrame, Tables, Policy]) -> None:
    scores, tables, policy = book
    assume(policy.n_tiers > 2)  # of two tiers it is Tier 1 that is explored, and that may be more than the reps hold
    policy = policy.model_copy(update={"exploration_slots": 3})
    plan = plan_tiers(scores, tables, policy, as_of=AS_OF, seed=5)
    bounded = plan.capacity.dropna(subset="slots")
    assert (bounded["used"] <= bounded["slots"]).all()
    trials = plan.tiers[plan.tiers["tier_by"] == "exploration"]
    assert len(trials) <= 3
    assert (trials["tier"] == policy.explored_tier).all()
    chances = plan.ledger.loc[plan.ledger["what"] == "exploration", "why"].str.extract(r"chance ([\d.]+)")[0]
    assert chances.astype(float).between(1 / NEAR_THE_CUT - 0.005, 1).all()
    shuffled = plan_tiers(scores.sample(frac=1, random_state=2), tables, policy, as_of=AS_OF, seed=5)
    pd.testing.assert_frame_equal(plan.ledger, shuffled.ledger)
    assert np.isin(trials["account_id"], plan.ledger["account_id"]).all()
