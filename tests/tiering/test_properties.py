"""What holds of every book: the promises of the policy over random accounts, reps, claims, triggers and overrides."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF, books, tables_of
from tierkit.inputs.tables import Tables
from tierkit.tiering.assign import Assignment, plan_tiers
from tierkit.tiering.gates import GATES, gate_accounts, gate_counts
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import live_triggers

Book = tuple[pd.DataFrame, Tables, Policy]
DAY = pd.Timedelta(days=1)
examples = settings(max_examples=20, deadline=None)


def with_trials(policy: Policy) -> Policy:
    return policy.model_copy(update={"exploration_slots": 2 if policy.n_tiers > 2 else 0})


def indexed(plan: Assignment) -> pd.DataFrame:
    return plan.tiers.set_index("account_id")


def held_by(rows: pd.DataFrame, owners: list[str]) -> pd.DataFrame:
    """Accounts by owner and tier, counted anew; those whose owner holds no slots stand in the pool, ""."""
    owner = rows["owner_id"].astype(object)
    owner = owner.where(owner.isin(owners), "")
    return pd.crosstab(owner, rows["tier"])


@examples
@given(books())
def test_one_tier_per_qualified_account_and_none_for_a_gated_one(book: Book) -> None:
    scores, tables, policy = book
    tiers = plan_tiers(scores, tables, with_trials(policy), as_of=AS_OF).tiers
    assert sorted(tiers["account_id"]) == sorted(scores.loc[scores["gate"] == "qualified", "account_id"])
    assert tiers["tier"].between(1, policy.n_tiers).all()


@examples
@given(books())
def test_no_overlay_exceeds_a_cap(book: Book) -> None:
    scores, tables, policy = book
    plan = plan_tiers(scores, tables, with_trials(policy), as_of=AS_OF)
    slots = plan.capacity.set_index(["owner_id", "tier"])["slots"]
    held = held_by(plan.tiers, [str(o) for o in plan.capacity["owner_id"]])
    for (owner, tier), n in held.stack().items():  # noqa: PD013
        if tier < policy.n_tiers and n:
            most = slots.get((owner, tier), 0)
            assert pd.isna(most) or n <= most
    strategic = plan.ledger["what"] == "strategic"
    assert strategic.sum() <= policy.strategic_slots


@examples
@given(books(), st.integers(0, 2**32 - 1))
def test_shuffling_changes_nothing(book: Book, seed: int) -> None:
    scores, tables, policy = book
    policy = with_trials(policy)
    mixed = {name: frame.sample(frac=1, random_state=seed) for name, frame in tables.frames.items()}
    one = plan_tiers(scores, tables, policy, as_of=AS_OF, seed=4)
    other = plan_tiers(scores.sample(frac=1, random_state=seed), tables_of(**mixed), policy, as_of=AS_OF, seed=4)
    pd.testing.assert_frame_equal(indexed(one).sort_index(), indexed(other).sort_index())
    pd.testing.assert_frame_equal(one.ledger, other.ledger)


@examples
@given(books(), st.dates(dt.date(2027, 1, 1), dt.date(2029, 1, 1)), st.sampled_from(Policy().promote))
def test_windows_revert_the_day_after(book: Book, day: dt.date, kind: str) -> None:
    # Every account has news of one kind on one day: whoever was promoted stays so through the last day of the window,
    # and the day after all are where value alone puts them.
    scores, tables, policy = book
    reps = {"reps": tables.frames["reps"]} if "reps" in tables.frames else {}
    news = pd.DataFrame({"account_id": scores["account_id"], "kind": kind, "occurred_at": pd.Timestamp(day)})
    update = {"sizes": None, "strategic_slots": 0, "promotion_share": 0.5, "stability": "low"}
    policy = policy.model_copy(update=update)
    until = pd.Timestamp(day) + policy.windows[kind] * DAY

    def tiers_on(when: pd.Timestamp) -> pd.DataFrame:
        return indexed(plan_tiers(scores, tables_of(**reps, signals=news), policy, as_of=when))

    first, last, after = tiers_on(pd.Timestamp(day)), tiers_on(until), tiers_on(until + DAY)
    assert first["tier"].equals(last["tier"])
    assert (last.loc[last["tier_by"] == "trigger", "promoted_until"] == until).all()
    assert (last["tier"] == last["base_tier"] - (last["tier_by"] == "trigger")).all()
    assert not (after["tier_by"] == "trigger").any()
    assert after["tier"].equals(after["base_tier"])
    assert after["base_tier"].equals(last["base_tier"])


@examples
@given(books())
def test_a_live_qualifying_trigger_is_not_left_lower_while_budget_and_a_slot_remain(book: Book) -> None:
    scores, tables, policy = book
    plan = plan_tiers(scores, tables, policy, as_of=AS_OF)
    tiers = plan.tiers
    hit = live_triggers(tables, policy, AS_OF)
    hit = set(hit.loc[hit["promotes"], "account_id"])
    able = tiers[
        tiers["account_id"].isin(hit) & tiers["contactable"] & (tiers["fit_score"] >= policy.promotion_min_fit)
    ]
    waiting = able[(able["tier"] > 1) & ~able["tier_by"].isin(["trigger", "override"])]
    slots = plan.capacity.set_index(["owner_id", "tier"])
    owners = set(plan.capacity["owner_id"])
    for row in waiting.to_dict("records"):
        into = row["tier"] - 1
        if row["off_support"] and into == 1:
            continue
        owner = row["owner_id"] if row["owner_id"] in owners else ""
        free = 0
        if (owner, into) in slots.index:
            place = slots.loc[(owner, into)]
            free = 1 if pd.isna(place["slots"]) else place["slots"] - place["used"]
        asked = policy.sizes[into - 1] if policy.sizes else slots.xs(into, level="tier")["slots"].sum()
        spent = int(((tiers["tier_by"] == "trigger") & (tiers["tier"] == into)).sum())
        assert free <= 0 or spent >= int(policy.promotion_share * asked + 1e-9), row["account_id"]


@examples
@given(books(), st.floats(0.01, 1))
def test_a_claim_on_an_account_of_no_expected_value_gains_a_strategic_slot(book: Book, strength: float) -> None:
    scores, tables, policy = book
    frames = {name: frame for name, frame in tables.frames.items() if name not in ("strategic", "overrides", "signals")}
    scores = scores.assign(gate="qualified", expected_acv=scores["expected_acv"] + 1.0)
    worthless = scores["account_id"].iloc[0]
    scores.loc[scores["account_id"] == worthless, "expected_acv"] = 0.0
    policy = policy.model_copy(update={"sizes": None, "strategic_slots": 1, "promotion_share": 0.0})
    without = plan_tiers(scores, tables_of(**frames), policy, as_of=AS_OF)
    owner = scores["owner_id"].iloc[0]
    slots = without.capacity[(without.capacity["tier"] == 1)].set_index("owner_id")["slots"]
    mine = owner if owner in slots.index else ""
    assume(slots.get(mine, 0) > 0)
    row = {"account_id": worthless, "kind": "reference", "value": strength, "known_at": AS_OF - 9 * DAY}
    plan = plan_tiers(scores, tables_of(**frames, strategic=[row]), policy, as_of=AS_OF)
    lifted = indexed(plan).loc[worthless]
    assert lifted["tier"] == 1
    if lifted["base_tier"] > 1:
        assert lifted["tier_by"] == "strategic"
        assert plan.ledger["what"].tolist() == ["strategic"]


@examples
@given(books(max_accounts=40))
def test_each_of_fit_acv_and_strategic_value_alone_changes_a_tier(book: Book) -> None:
    scores, _, _ = book
    scores = scores.assign(
        gate="qualified", fit_score=40.0, strategic_value=0.0, off_support=False, has_open_deal=False, contactable=True
    )
    assume(len(scores) >= 6)
    scores["expected_acv"] = np.arange(len(scores), 0, -1) * 1000.0
    scores["win_prob"] = 0.2
    policy = Policy(sizes=(2, 2), strategic_slots=1, promotion_share=0.5, stability="low")
    fourth = scores["account_id"].iloc[3]
    tables = tables_of(signals=[{"account_id": fourth, "kind": "funding", "occurred_at": AS_OF}])
    promoting = policy.model_copy(update={"promote": ("funding",)})
    scores = scores.drop(columns="owner_id")
    before = indexed(plan_tiers(scores, tables, promoting, as_of=AS_OF))["tier"]
    assert before[fourth] == 2
    for column, value in (("fit_score", 80.0), ("expected_acv", 1e6), ("strategic_value", 0.4)):
        moved = scores.copy()
        moved.loc[moved["account_id"] == fourth, column] = value
        assert indexed(plan_tiers(moved, tables, promoting, as_of=AS_OF))["tier"][fourth] == 1, column


@examples
@given(st.integers(0, 2**32 - 1))
def test_gates_leave_every_account_exactly_one_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    ids = [f"a{i}" for i in range(n)]
    maybe: dict[str, Any] = {
        "industry": rng.choice(["x", "y", None], n),
        "segment": rng.choice(["gov", "smb", None], n),
        "domain": rng.choice(["r.com", "s.com", None], n),
        "employees": rng.choice([5.0, 50.0, np.nan], n),
    }
    tables = tables_of(
        accounts=pd.DataFrame({"account_id": ids, **maybe}),
        children=pd.DataFrame({"account_id": ["k"], "unit_id": ["a0"], "name": ["K"], "depth": [1]}),
        exclusions=[{"account_id": rng.choice(ids), "domain": None, "reason": "r"}],
    )
    policy = Policy(
        gates={
            "industries": ("x",),
            "min_employees": 10,
            "required": ("employees",),
            "exclude": {"segment": ("gov",)},
            "competitors": ("s.com",),
        }
    )
    gated = gate_accounts(
        pd.DataFrame({"account_id": ids, "win_prob": 0.5, "expected_acv": 1.0}), tables, policy, as_of=AS_OF
    )
    assert sorted(gated["account_id"]) == sorted([*ids, "k"])
    assert gated["gate"].isin(GATES).all()
    assert gate_counts(gated)["n"].sum() == n + 1
    assert (gated["gate_code"] != "").all()
    assert (gated["gate_code"] == "passes").eq(gated["gate"] == "qualified").all()
    tiered = plan_tiers(gated, tables, policy, as_of=AS_OF).tiers
    assert set(tiered["account_id"]) == set(gated.loc[gated["gate"] == "qualified", "account_id"])
    barred = (maybe["segment"] == "gov") | (maybe["domain"] == "s.com") | (maybe["industry"] == "y")
    assert not set(tiered["account_id"]) & set(np.array(ids)[barred])


# A frozen calendar: each kind's window over its first day, its last and the day after, through a leap February.
CALENDAR = [
    ("inbound_hand_raise", "2028-02-20", "2028-03-05"),  # 9 days to 29 February, 5 in March
    ("inbound_hand_raise", "2027-02-20", "2027-03-06"),  # no 29 February
    ("funding", "2028-01-15", "2028-03-15"),  # 16 + 29 + 15
    ("executive_hire", "2027-12-01", "2028-02-29"),  # 30 + 31 + 29
    ("competitive_displacement", "2028-02-29", "2028-05-29"),  # 31 + 30 + 29
    ("regulatory_change", "2027-11-01", "2028-02-29"),  # 29 + 31 + 31 + 29
    ("product_launch", "2028-02-28", "2028-03-01"),  # a custom kind of 2 days
]


@pytest.mark.parametrize(("kind", "occurred", "last"), CALENDAR)
def test_a_promotion_lasts_through_its_last_day(kind: str, occurred: str, last: str) -> None:
    policy = Policy(
        sizes=(1, 2),
        strategic_slots=0,
        promotion_share=0.5,
        stability="low",
        windows={"product_launch": 2},
        promote=(kind,),
    )
    scores = pd.DataFrame({"account_id": list("abcdef"), "win_prob": 0.5, "expected_acv": np.arange(6, 0, -1.0)})
    tables = tables_of(signals=[{"account_id": "d", "kind": kind, "occurred_at": occurred}])

    def tier_on(day: pd.Timestamp) -> int:
        return int(indexed(plan_tiers(scores, tables, policy, as_of=day)).loc["d", "tier"])

    first, end = pd.Timestamp(occurred), pd.Timestamp(last)
    assert [tier_on(day) for day in (first - DAY, first, end, end + DAY)] == [3, 2, 2, 3]


def test_overlapping_windows_end_with_the_longest_and_never_add_up() -> None:
    # 90 days from 1 February 2028 end on 1 May (28 + 31 + 30 + 1), 14 from 20 April on 4 May.
    signals = [
        {"account_id": "d", "kind": "executive_hire", "occurred_at": "2028-02-01"},
        {"account_id": "d", "kind": "executive_hire", "occurred_at": "2028-02-01"},
        {"account_id": "d", "kind": "inbound_hand_raise", "occurred_at": "2028-04-20"},
    ]
    policy = Policy(sizes=(1, 2), strategic_slots=0, promotion_share=0.5, stability="low")
    scores = pd.DataFrame({"account_id": list("abcdef"), "win_prob": 0.5, "expected_acv": np.arange(6, 0, -1.0)})
    for day, tier, until in (("2028-04-20", 2, "2028-05-04"), ("2028-05-04", 2, "2028-05-04"), ("2028-05-05", 3, None)):
        row = indexed(plan_tiers(scores, tables_of(signals=signals), policy, as_of=day)).loc["d"]
        assert row["tier"] == tier
        assert pd.isna(row["promoted_until"]) if until is None else row["promoted_until"] == pd.Timestamp(until)
