"""What comes of an answer: moves happen or do not, and no rep holds more than the slots."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.reporting.approval.committing import commit_tiers, overfull
from tierkit.reporting.approval.proposals import propose_moves, say_proposals

UNTIL = pd.Timestamp("2026-11-29")
SLOTS = pd.DataFrame(
    {
        "owner_id": ["", "", "ana", "ana", "ben", "ben"],
        "name": ["", "", "Ana", "Ana", "Ben", "Ben"],
        "tier": [1, 2] * 3,
        "slots": pd.array([0, 2, 1, 2, 2, None], dtype="Int64"),
    }
)


def tiers_of(tier: dict[str, int], owner: dict[str, str | None] | None = None) -> pd.DataFrame:
    rows = pd.DataFrame({"account_id": list(tier), "tier": list(tier.values())}).astype({"account_id": "str"})
    day = pd.Series(pd.Timestamp("2026-10-31"), rows.index, dtype="datetime64[us]")
    return rows.assign(
        name=rows["account_id"],
        owner_id=[(owner or {}).get(a, "ana") for a in rows["account_id"]],
        base_tier=rows["tier"],
        since=day,
        tier_by="value",
        tier_reason="value rank",
        promoted_until=pd.NaT,
        expected_value=[100.0 * (i + 1) for i in range(len(rows))],
        valid_until=UNTIL,
        priority_rank=pd.array(range(1, len(rows) + 1), dtype="Int64"),
    ).astype({"promoted_until": "datetime64[us]"})


def gates_of(qualified: list[str], out: list[str]) -> pd.DataFrame:
    gate = ["qualified"] * len(qualified) + ["suppressed"] * len(out)
    return pd.DataFrame({"account_id": [*qualified, *out], "gate": gate, "gate_reason": "partner"}, dtype="object")


def test_moves_and_entries_above_the_last_tier_are_asked_for_and_nothing_else() -> None:
    tiers = tiers_of({"stays": 1, "up": 1, "down": 3, "new": 2, "new last": 3})
    standing = tiers_of({"stays": 1, "up": 2, "down": 2, "gone": 1})
    asked = propose_moves(tiers, standing, gates_of(list(tiers["account_id"]), ["gone"]), n_tiers=3)
    # one owner, dearest first: the values are 100 times the place
    assert asked["account_id"].tolist() == ["new", "down", "up"]
    assert asked["to_tier"].tolist() == [2, 3, 1]
    assert asked["from_tier"].isna().tolist() == [True, False, False]
    assert asked["value_at_stake"].tolist() == [400.0, 300.0, 200.0]
    assert say_proposals(asked).startswith("3 moves wait for approval, 1 of them into or out of Tier 1: proposals.csv.")
    assert say_proposals(asked.iloc[:1]).startswith("1 move waits for approval, 0 of them")
    assert say_proposals(None) == ""


def test_what_was_not_approved_stands_as_it_stood() -> None:
    tiers = tiers_of({"up": 1, "down": 3, "new": 2, "same": 2})
    standing = tiers_of({"up": 2, "down": 2, "same": 2}).assign(
        since=pd.Timestamp("2026-03-31"), tier_by="trigger", base_tier=3, promoted_until=pd.Timestamp("2026-12-24")
    )
    asked = propose_moves(tiers, standing, gates_of(list(tiers["account_id"]), []), n_tiers=3)
    done = commit_tiers(tiers, standing, asked, {"down"}, n_tiers=3, until=UNTIL).set_index("account_id")
    assert done["tier"].to_dict() == {"down": 3, "new": 3, "same": 2, "up": 2}
    assert done["proposed_tier"].to_dict() == {"down": 3, "new": 2, "same": 2, "up": 1}
    # the next month goes on from what stood before: base tier, day it entered it, what put it there, until when
    assert done.loc["up", ["base_tier", "tier_by"]].tolist() == [3, "trigger"]
    assert done.loc["up", ["since", "promoted_until"]].tolist() == [
        pd.Timestamp("2026-03-31"),
        pd.Timestamp("2026-12-24"),
    ]
    assert done.loc["up", "tier_reason"] == "stands in Tier 2: a move to Tier 1 was not approved"
    assert done.loc["new", ["base_tier", "tier_by"]].tolist() == [3, "not approved"]
    assert done.loc["new", "since"] == pd.Timestamp("2026-10-31")
    assert done.loc["down", ["base_tier", "tier_by", "tier_reason"]].tolist() == [3, "value", "value rank"]
    # whom to work first follows the tier: same (rank 4) before new (3) before down (2)? new and down are Tier 3
    assert done["priority_rank"].to_dict() == {"up": 1, "same": 2, "down": 3, "new": 4}


def test_a_rep_over_its_slots_is_named_and_the_pool_counts_those_without_a_rep() -> None:
    committed = tiers_of({"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}, {"c": None, "d": "left us", "e": "ben"})
    over = overfull(committed, SLOTS)
    # Ana holds a and b with one slot; c has no owner and the pool no Tier 1 slot; d counts in the pool, which holds 2
    assert over[["owner_id", "tier", "slots", "used"]].to_numpy().tolist() == [["", 1, 0, 1], ["ana", 1, 1, 2]]


ids = st.sampled_from([f"a{i}" for i in range(9)])
places = st.dictionaries(ids, st.integers(1, 3), min_size=1)


@settings(max_examples=40, deadline=None)
@given(places, places, st.sets(ids), st.dictionaries(ids, st.sampled_from(["ana", "ben", "left us", None])))
def test_only_what_was_approved_moves(
    proposed: dict[str, int], stood: dict[str, int], yes: set[str], owner: dict[str, str | None]
) -> None:
    tiers, standing = tiers_of(proposed, owner), tiers_of(stood)
    out = sorted(set(stood) - set(proposed))
    asked = propose_moves(tiers, standing, gates_of(list(proposed), out), n_tiers=3)
    done = commit_tiers(tiers, standing, asked, yes, n_tiers=3, until=UNTIL)
    tier = dict(zip(done["account_id"], done["tier"], strict=True))
    assert set(tier) == set(proposed)
    for account, now in tier.items():
        before = stood.get(account, 3)
        assert now in (before, proposed[account])
        if account not in yes:
            assert now == before
        else:
            assert now == proposed[account]
    # approving everything is what was proposed; the order of rows changes nothing
    everything = commit_tiers(tiers, standing, asked, set(asked["account_id"]), n_tiers=3, until=UNTIL)
    assert everything["tier"].tolist() == everything["proposed_tier"].tolist()
    again = commit_tiers(tiers[::-1], standing[::-1], asked[::-1], yes, n_tiers=3, until=UNTIL)
    pd.testing.assert_frame_equal(done, again)
    # who is over is who holds more than the slots, counted by hand
    over = {(r.owner_id, r.tier) for r in overfull(done, SLOTS).itertuples()}
    reps = {a: o if o in ("ana", "ben") else "" for a, o in zip(done["account_id"], done["owner_id"], strict=True)}
    held = pd.Series([(reps[a], t) for a, t in tier.items()]).value_counts()
    most = {("", 1): 0, ("", 2): 2, ("ana", 1): 1, ("ana", 2): 2, ("ben", 1): 2}
    assert over == {key for key, n in held.items() if key in most and n > most[key]}
