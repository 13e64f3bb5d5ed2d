"""Moves explained by swapping one ingredient at a time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF, books, scores_of, tables_of
from tests.tiering.pairs import CAUSES, Company, settled_company
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import plan_on, plan_tiers
from tierkit.tiering.explain import Explained, explain_moves
from tierkit.tiering.fact_words import fact_words
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.ground import ground_on
from tierkit.tiering.move_words import MoveWords
from tierkit.tiering.policy import Policy
from tierkit.tiering.rule_words import RuleWords
from tierkit.tiering.steps import STEPS, VALUED, Month, Walk, walk_steps

NEXT = pd.Timestamp("2026-11-30")
PLAIN = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}


def as_it_stands(rows: pd.DataFrame) -> pd.DataFrame:
    return rows


def twice(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(expected_value=2 * rows["expected_value"])


def month_of(
    scores: pd.DataFrame, tables: Tables, policy: Policy, *, as_of: pd.Timestamp = AS_OF, score=as_it_stands
) -> Month:
    rows = scores.assign(expected_value=scores["win_prob"] * scores["expected_acv"])
    scored = score(rows)
    # Books come with gates of their own; a month gates anew.
    bare = scored.drop(columns=[c for c in ("gate", "contactable") if c in scored])
    return Month(
        bare if score is as_it_stands else rows.drop(columns=[c for c in ("gate", "contactable") if c in rows]),
        score,
        gate_accounts(bare, tables, policy, as_of=as_of),
        policy,
        ground_on(tables, policy, as_of=as_of, seed=3),
        as_of,
    )


def explain(before: Month, now: Month, tables: Tables, corrected: pd.DataFrame | None = None) -> tuple[Walk, Explained]:
    previous = plan_on(before.gated, tables, before.policy, before.ground).tiers
    walk = walk_steps(before, now, before.rows if corrected is None else corrected, previous, tables)
    return walk, explain_moves(walk, pooled=before.policy.sizes is not None)


def sentences(walk: Walk, told: Explained, before: Month, now: Month) -> dict[str, tuple[str, str]]:
    names = {i: i.upper() for i in told.tiers.index}
    words = MoveWords(told, fact_words(walk, told, (None, None, None)), RuleWords(walk, before, now), names)
    rows = told.moves.to_dict("records")
    return {r["account_id"]: (r["cause"], words.sentence(r["account_id"], r["cause"])) for r in rows}


@pytest.fixture(scope="module")
def company() -> Company:
    return settled_company()


@pytest.mark.parametrize("cause", CAUSES)
def test_a_single_cause_is_named_alone(company: Company, cause: str) -> None:
    walk, told = company.pair([cause], seed=12).explained()
    assert len(told.moves) > 0
    assert set(told.moves["cause"]) == {cause}
    others = [f"tier_{step}" for step in STEPS if step != cause]
    assert not told.moves[others].any(axis=None)
    unmoved = [f"value_{step}" for step in VALUED if step != cause]
    assert told.values[unmoved].abs().max(axis=None) < 0.01
    assert (walk.tiers["gates"]["tier"].notna()).all()


def test_six_causes_at_once_add_up(company: Company) -> None:
    pair = company.pair(CAUSES, seed=5)
    _, told = pair.explained()
    moves = told.moves
    assert moves["cause"].nunique() > 2
    parts = moves[[f"tier_{step}" for step in STEPS]].sum(axis=1)
    bottom = told.lowest
    before, after = (moves[c].where(moves[c] < 9, bottom) for c in ("from_tier", "to_tier"))
    assert (before + parts == after).all()
    values = told.values
    parts = values[[f"value_{step}" for step in VALUED]].sum(axis=1)
    whole = values["value_after"].fillna(0) - values["value_before"].fillna(0)
    np.testing.assert_allclose(parts, whole, atol=0.01)
    # The ends are what was published and what the month's own plan gives.
    straight = plan_on(pair.now.gated, pair.tables, pair.now.policy, pair.now.ground, previous=pair.previous).tiers
    now = straight.set_index("account_id")["tier"].reindex(told.tiers.index).fillna(bottom)
    was = pair.previous.set_index("account_id")["tier"].reindex(told.tiers.index).fillna(bottom)
    assert (told.tiers["gates"] == now).all()
    assert (told.tiers["start"] == was).all()


@settings(max_examples=15, deadline=None)
@given(books(), st.integers(0, 2**16))
def test_parts_add_up_in_any_book_and_order_of_rows(book: tuple[pd.DataFrame, Tables, Policy], seed: int) -> None:
    scores, tables, policy = book
    deals = pd.DataFrame({"deal_id": ["d"], "account_id": [scores["account_id"].iloc[0]], "outcome": ["lost"]})
    tables = replace(tables, frames={**tables.frames, "deals": deals.astype("str")})
    rng = np.random.default_rng(seed)
    before = month_of(scores, tables, policy)
    turned = scores.assign(expected_acv=scores["expected_acv"].to_numpy()[::-1])
    corrected = before.rows.assign(expected_value=rng.permutation(before.rows["expected_value"].to_numpy()))
    now = month_of(turned.iloc[: len(turned) - len(turned) // 8], tables, policy, as_of=NEXT, score=twice)
    walk, told = explain(before, now, tables, corrected)
    again = replace(before, rows=before.rows.sample(frac=1, random_state=1)), now, tables, corrected
    _, shuffled = explain(*again)
    pd.testing.assert_frame_equal(told.moves, shuffled.moves)
    steps = told.tiers[["start", *STEPS]].to_numpy()
    assert told.moves["account_id"].tolist() == told.tiers.index[steps[:, 0] != steps[:, -1]].tolist()
    parts = told.moves[[f"tier_{step}" for step in STEPS]].sum(axis=1)
    ends = (told.moves[c].where(told.moves[c] < 9, told.lowest) for c in ("from_tier", "to_tier"))
    first, last = ends
    assert (last - first == parts).all()
    values = told.values
    whole = values["value_after"].fillna(0) - values["value_before"].fillna(0)
    np.testing.assert_allclose(values[[f"value_{s}" for s in VALUED]].sum(axis=1), whole, atol=1e-6)
    straight = plan_tiers(now.gated, tables, policy, as_of=NEXT, previous=walk.tiers["start"], seed=3).tiers
    assert dict(zip(straight["account_id"], straight["tier"], strict=True)) == {
        i: t for i, t in told.tiers["gates"].items() if t < told.lowest
    }


REPS = [{"owner_id": "u", "name": "Ana", "tier1_slots": 1, "tier2_slots": 1}]


def company_of(values: dict[str, float], **frames) -> tuple[Month, Tables]:
    accounts = pd.DataFrame({"account_id": list(values), "name": [i.upper() for i in values]})
    deals = [{"deal_id": "x", "account_id": next(iter(values)), "outcome": "lost"}]
    tables = tables_of(accounts=accounts, deals=deals, **{"reps": REPS, **frames})
    return month_of(scores_of(values, owner_id="u"), tables, Policy(**PLAIN)), tables


def test_a_correction_names_who_took_the_slot() -> None:
    before, tables = company_of({"a": 9.0, "b": 5.0, "c": 1.0})
    rows = before.rows.assign(expected_value=[9.0, 12.0, 1.0])
    now = replace(before, rows=rows, gated=gate_accounts(rows, tables, before.policy, as_of=AS_OF))
    walk, told = explain(before, now, tables, rows)
    assert sentences(walk, told, before, now) == {
        "a": ("corrections", "lost its slot to B: B's data were corrected"),
        "b": ("corrections", "took the slot of A: its data were corrected"),
    }
    assert told.values[["value_corrections", "value_features"]].to_numpy().tolist() == [[0, 0], [7, 0], [0, 0]]


def test_a_chain_is_followed_to_whoever_began_it() -> None:
    # c rises to the top: a falls to Tier 2 and pushes b, whose value did not change, to Tier 3.
    before, tables = company_of({"a": 9.0, "b": 5.0, "c": 1.0})
    rows = before.rows.assign(expected_value=[9.0, 5.0, 12.0])
    now = replace(before, rows=rows, gated=gate_accounts(rows, tables, before.policy, as_of=AS_OF))
    walk, told = explain(before, now, tables)
    said = sentences(walk, told, before, now)
    assert said["a"] == ("features", "lost its slot to C: what is known of C changed")
    assert said["b"] == ("features", "lost its slot to A, which lost its own to C: what is known of C changed")
    assert said["c"] == ("features", "took the slot of A: what is known of it changed")


def test_slots_books_and_rules_are_told_as_such() -> None:
    before, tables = company_of({"a": 9.0, "b": 5.0, "c": 1.0})
    more = replace(before.ground, reps=before.ground.reps.assign(tier1_slots=2))
    walk, told = explain(before, replace(before, ground=more), tables)
    said = sentences(walk, told, before, replace(before, ground=more))
    assert said["b"] == ("capacity", "Ana has 2 Tier 1 slots, last month 1")
    assert said["c"][0] == "capacity"
    rules = before.policy.model_copy(update={"sizes": (0, 1)})
    now = replace(before, policy=rules)
    walk, told = explain(before, now, tables)
    assert "the run sheet has changed (sizes)" in sentences(walk, told, before, now)["a"][1]


def test_a_window_that_ends_names_its_last_day() -> None:
    policy = Policy(sizes=(2, 2), **{**PLAIN, "promotion_share": 0.5, "strategic_slots": 1})
    accounts = pd.DataFrame({"account_id": list("abcdef"), "name": list("ABCDEF")})
    signals = [{"account_id": "c", "kind": "executive_hire", "occurred_at": "2026-08-20"}]  # to 2026-11-18
    overrides = [
        {"account_id": "a", "tier": 3, "reason": "merger", "author": "Kim"}
        | {"created_at": "2026-10-01", "expires_at": "2026-11-15"}
    ]
    deals = [{"deal_id": "x", "account_id": "f", "outcome": "lost"}]
    tables = tables_of(accounts=accounts, deals=deals, signals=signals, overrides=overrides)
    scores = scores_of(dict(zip("abcdef", [9, 8, 7, 6, 1, 0], strict=True)))
    before, now = (month_of(scores, tables, policy, as_of=day) for day in (AS_OF, NEXT))
    walk, told = explain(before, now, tables)
    said = sentences(walk, told, before, now)
    assert said["c"] == ("windows", "its executive hire window ended on 18 Nov 2026")
    assert said["a"] == ("overrides", "its override ended on 15 Nov 2026")


def test_an_account_that_a_rule_bars_leaves_by_the_gate_and_its_slot_is_taken() -> None:
    before, tables = company_of({"a": 9.0, "b": 5.0, "c": 1.0})
    barred = replace(
        tables, frames={**tables.frames, "exclusions": pd.DataFrame({"account_id": ["a"], "reason": ["partner"]})}
    )
    now = month_of(scores_of({"a": 9.0, "b": 5.0, "c": 1.0}, owner_id="u"), barred, before.policy, as_of=NEXT)
    previous = plan_on(before.gated, tables, before.policy, before.ground).tiers
    walk = walk_steps(before, now, before.rows, previous, barred)
    told = explain_moves(walk, pooled=False)
    said = sentences(walk, told, before, now)
    assert said["a"] == ("gates", "left Tier 1: excluded: partner")
    assert said["b"] == ("gates", "took the slot of A: A left (excluded: partner)")
    assert told.moves["to_tier"].tolist() == [9, 1, 2]


def test_what_the_churn_budget_put_off_is_a_part_of_its_own() -> None:
    # Ten accounts hold Tier 1 by last month's values; five better ones wait, and one move down a month is allowed.
    ids = [f"a{i:02d}" for i in range(20)]
    reps = [{"owner_id": "u", "name": "Ana", "tier1_slots": 10, "tier2_slots": 0}]
    values = dict(zip(ids, [*range(100, 110), *range(500, 505), *range(5)], strict=True))
    policy = Policy(**{**PLAIN, "churn_budget": 0.1})
    accounts = pd.DataFrame({"account_id": ids, "name": ids})
    deals = [{"deal_id": "x", "account_id": "a00", "outcome": "lost"}]
    tables = tables_of(accounts=accounts, deals=deals, reps=reps)
    month = month_of(scores_of(values, owner_id="u"), tables, policy)
    held = pd.DataFrame({"account_id": ids[:10], "tier": 1, "base_tier": 1, "since": pd.Timestamp("2025-01-31")})
    previous = plan_on(month.gated, tables, policy, month.ground, previous=held).tiers
    assert previous.set_index("account_id").loc[ids[10:15], "tier"].eq(1).sum() == 1
    walk = walk_steps(month, month, month.rows, previous, tables)
    told = explain_moves(walk, pooled=False)
    assert set(told.moves["cause"]) == {"carried"}
    assert len(told.moves) == 2
    said = [sentence for _, sentence in sentences(walk, told, month, month).values()]
    assert all("slot" in sentence for sentence in said)
