import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.metrics import cohen_kappa_score

from tests.tiering.books import AS_OF, books, scores_of, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.changes import migration_matrix, tier_changes, tier_stability, weighted_kappa
from tierkit.tiering.policy import Policy

# Ratings of 160 films by two critics (Agresti and Winner 1997).
SISKEL_EBERT = np.array([[24, 8, 13], [8, 13, 11], [10, 9, 64]])
NEXT = pd.Timestamp("2026-11-30")
PLAIN = {"strategic_slots": 0, "promotion_share": 0, "stability": "low"}


def before_and_after() -> tuple[pd.DataFrame, pd.DataFrame]:
    # a 1->2, b 2->1, c stays 1, d 3->left, e new in 3, f 1->3.
    previous = pd.DataFrame({"account_id": list("abcdf"), "tier": [1, 2, 1, 3, 1]})
    tiers = pd.DataFrame({"account_id": list("abcef"), "tier": [2, 1, 1, 3, 3]})
    return tiers, previous


@pytest.mark.parametrize(("power", "kappa"), [(0, 0.388839), (1, 0.426874), (2, 0.457972)])
def test_kappa_of_siskel_and_ebert(power: int, kappa: float) -> None:
    assert weighted_kappa(SISKEL_EBERT, power=power) == pytest.approx(kappa, abs=5e-7)


def test_kappa_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    before, after = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (before, after), 1)
    for power, weights in enumerate([None, "linear", "quadratic"]):
        expected = cohen_kappa_score(before, after, weights=weights)
        assert weighted_kappa(matrix, power=power) == pytest.approx(expected, abs=1e-12)


def test_kappa_is_missing_where_chance_agrees_fully() -> None:
    assert np.isnan(weighted_kappa(np.array([[5.0]])))
    assert np.isnan(weighted_kappa(np.zeros((2, 2))))


def test_migration_counts_the_new_and_the_gone() -> None:
    matrix = migration_matrix(*before_and_after())
    assert matrix.index.tolist() == ["1", "2", "3", "new"]
    assert matrix.columns.tolist() == ["1", "2", "3", "not tiered"]
    assert matrix.to_numpy().tolist() == [[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


def test_stability_of_six_accounts() -> None:
    (row,) = tier_stability(*before_and_after()).to_dict("records")
    # Both times: a, b, c, f. Moved: a, b, f. By two: f. Tier 1 both times: c; at least once: a, b, c, f.
    assert (row["n_both"], row["n_moved"], row["moved_share"], row["n_moved_two"]) == (4, 3, 0.75, 1)
    assert row["tier1_jaccard"] == 0.25
    assert row["weighted_kappa"] == pytest.approx(cohen_kappa_score([1, 2, 1, 1], [2, 1, 1, 3], weights="quadratic"))


def causes(changes: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {row.account_id: (row.cause, row.sentence) for row in changes.itertuples()}


def test_who_lost_a_slot_to_whom() -> None:
    reps = [{"owner_id": o, "tier1_slots": 1, "tier2_slots": 1} for o in ("u", "v")]
    names = {"a": "Acme", "b": "Beta", "c": "Cora", "d": "Dora", "e": "Echo", "f": "Fox"}
    columns = {"name": list(names.values()), "owner_id": ["u", "u", "u", "v", "v", "v"]}
    policy = Policy(**PLAIN)
    first = scores_of(dict(zip(names, [9, 5, 1, 9, 5, 1], strict=True)), **columns)
    second = scores_of(dict(zip(names, [9, 1, 5, 5, 9, 1], strict=True)), **columns)
    before, now = (assign_tiers(s, tables_of(reps=reps), policy, as_of=AS_OF) for s in (first, second))
    # Of u: b and c change places in Tier 2. Of v: d and e change places in Tier 1.
    assert causes(tier_changes(now, before)) == {
        "b": ("value rank", "lost its slot to Cora"),
        "c": ("value rank", "took the slot of Beta"),
        "d": ("value rank", "lost its slot to Echo"),
        "e": ("value rank", "took the slot of Dora"),
    }


def test_in_a_chain_each_names_who_took_its_own_place() -> None:
    # d rises into a's Tier 1 slot; of Tier 2, c is pushed down by e, who rose, rather than by a, who fell there.
    previous = pd.DataFrame({"account_id": list("acde"), "tier": [1, 2, 2, 3]})
    tiers = pd.DataFrame({"account_id": list("acde"), "tier": [2, 3, 1, 2]})
    changes = tier_changes(tiers.assign(tier_by="value", tier_reason="r"), previous)
    assert changes["sentence"].tolist() == [
        "lost its slot to d",
        "lost its slot to e",
        "took the slot of a",
        "took the slot of c",
    ]


def test_slots_that_shrink_or_grow_are_capacity() -> None:
    scores = scores_of({"a": 9, "b": 5}, owner_id="u")
    one, two = (tables_of(reps=[{"owner_id": "u", "tier1_slots": n, "tier2_slots": 0}]) for n in (1, 2))
    few, many = (assign_tiers(scores, tables, Policy(**PLAIN), as_of=AS_OF) for tables in (one, two))
    assert causes(tier_changes(few, many)) == {"b": ("capacity", "no slot left in Tier 1")}
    assert causes(tier_changes(many, few)) == {"b": ("capacity", "a slot was free in Tier 1")}


def test_who_came_and_who_left_and_who_took_the_place() -> None:
    policy = Policy(sizes=(1, 1), **PLAIN)
    before = assign_tiers(scores_of({"a": 9, "b": 5, "c": 4}), tables_of(), policy, as_of=AS_OF)
    gates = scores_of({"a": 9, "b": 5, "c": 4, "d": 3}).assign(
        gate=["suppressed", "qualified", "qualified", "qualified"], gate_reason=["excluded: partner", "", "", ""]
    )
    now = assign_tiers(gates, tables_of(), policy, as_of=NEXT, previous=before)
    changes = tier_changes(now, before, gates=gates)
    assert causes(changes) == {
        "a": ("left (gate)", "left Tier 1: excluded: partner"),
        "b": ("value rank", "took the slot of a"),
        "c": ("value rank", "took the slot of b"),
        "d": ("entered", "new in Tier 3: value rank 3 of 3"),
    }
    assert changes["from_tier"].tolist() == [1, 2, 3, pd.NA]
    assert changes["to_tier"].isna().tolist() == [True, False, False, False]
    assert causes(tier_changes(now, before))["a"][1] == "left Tier 1: no longer an input account"


def test_overlays_come_and_go() -> None:
    policy = Policy(sizes=(2, 2), **{**PLAIN, "promotion_share": 0.5, "strategic_slots": 1})
    scores = scores_of(dict(zip("abcdef", [9, 8, 7, 6, 1, 0], strict=True)))
    tables = tables_of(
        signals=[{"account_id": "c", "kind": "executive_hire", "occurred_at": "2026-08-20"}],  # to 2026-11-18
        strategic=[{"account_id": "f", "kind": "reference", "value": 1, "expires_at": "2026-11-15"}],
        overrides=[
            {"account_id": "a", "tier": 3, "reason": "merger", "author": "Kim"}
            | {"created_at": "2026-10-01", "expires_at": "2026-11-15"}
        ],
    )
    quiet = assign_tiers(scores, tables_of(), policy, as_of=AS_OF)
    busy = assign_tiers(scores, tables, policy, as_of=AS_OF, previous=quiet)
    after = assign_tiers(scores, tables, policy, as_of=NEXT, previous=busy)
    assert causes(tier_changes(busy, quiet)) == {
        "a": ("override", "override by Kim: merger until 2026-11-15"),
        "c": ("trigger", "promoted: executive hire until 2026-11-18"),
        "f": ("strategic", "strategic: reference"),
    }
    assert causes(tier_changes(after, busy)) == {
        "a": ("override", "back in Tier 1: its override ended"),
        "c": ("trigger ended", "back in Tier 2: its window ended"),
        "f": ("strategic", "back in Tier 3: its claim holds no slot"),
    }


def test_previous_tiers_of_elsewhere_need_no_more_than_a_tier() -> None:
    tiers, previous = before_and_after()
    changes = tier_changes(tiers.assign(base_tier=tiers["tier"], tier_by="value", tier_reason="r"), previous)
    assert changes["account_id"].tolist() == ["a", "b", "d", "e", "f"]
    assert changes["cause"].tolist() == ["value rank", "value rank", "left (gate)", "entered", "capacity"]
    assert tier_changes(tiers, tiers).empty
    assert tier_changes(tiers, previous.iloc[:0])["cause"].eq("entered").all()


@settings(max_examples=20, deadline=None)
@given(books())
def test_the_parts_of_a_month_add_up(book: tuple[pd.DataFrame, Tables, Policy]) -> None:
    scores, tables, policy = book
    before = assign_tiers(scores, tables, policy, as_of=AS_OF)
    turned = scores.assign(expected_acv=scores["expected_acv"].to_numpy()[::-1], gate=scores["gate"].to_numpy()[::-1])
    now = assign_tiers(turned, tables, policy, as_of=NEXT, previous=before)
    changes, matrix = tier_changes(now, before, gates=turned), migration_matrix(now, before)
    stay = sum(matrix.loc[t, t] for t in matrix.index if t in matrix.columns)
    assert matrix.to_numpy().sum() - stay == len(changes)
    assert matrix.drop(columns="not tiered").to_numpy().sum() == len(now)
    assert matrix.drop(index="new").to_numpy().sum() == len(before)
    assert tier_stability(now, before)["n_moved"].item() == changes[["from_tier", "to_tier"]].notna().all(axis=1).sum()
    assert (changes["sentence"] != "").all()
