import numpy as np
import pandas as pd
import pytest

from tests.tiering.books import AS_OF, accounts_of, tables_of
from tierkit.tiering.assign import plan_tiers
from tierkit.tiering.gates import gate_accounts
from tierkit.tiering.learning import columns_of, cut_values, learning_values, tier_of_values, with_learning
from tierkit.tiering.policy import Gates, Policy

POLICY = Policy(
    sizes=(2, 3),
    strategic_slots=0,
    promotion_share=0,
    stability="low",
    gates=Gates(required=("employees", "industry", "fax")),
)
BANK = {"bank": 1.0, "shop": 0.0}


def score(rows: pd.DataFrame) -> pd.DataFrame:
    """Worth its headcount, and 100 more for a bank; what is not known adds nothing."""
    value = rows["employees"].fillna(0.0) + 100 * rows["industry"].map(BANK).fillna(0.0)
    return rows.assign(win_prob=1.0, expected_acv=value, expected_value=value)


def book(**extra: list[object]) -> pd.DataFrame:
    """Ten qualified shops of 10, 20, ..., 100 people, then accounts of which something is not known."""
    known = pd.DataFrame({"employees": np.arange(10, 101, 10.0), "industry": "shop", "fax": "yes"})
    rows = pd.concat([known, pd.DataFrame(extra)], ignore_index=True)
    rows.insert(0, "account_id", [f"A{i:04d}" for i in range(len(rows))])
    return rows.assign(missing_employees=rows["employees"].isna().astype(float))


def learn(rows: pd.DataFrame, policy: Policy = POLICY, **keys: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = tables_of(accounts=accounts_of(len(rows)))
    gated = gate_accounts(score(rows), tables, policy, as_of=AS_OF)
    plan = plan_tiers(gated, tables, policy, as_of=AS_OF)
    return gated, learning_values(gated, rows, plan.tiers, plan.capacity, score, **keys)


def test_the_chance_is_the_share_of_values_that_lead_to_another_tier() -> None:
    # Tier 1 holds 100 and 90, Tier 2 80, 70, 60; left out below are 50 and less. A newcomer enters Tier 1 above 90 (it
    # must beat the lowest inside), Tier 2 above 60. As it stands X is worth 0: Tier 3. Of the ten values drawn (each
    # quantile in turn) 100 is above 90; 70, 80 and 90 above 60: 4 of 10 change its tier.
    gated, learned = learn(book(employees=[np.nan], industry=["shop"], fax=["yes"]), n_draws=10)
    assert learned.to_dict("records") == [
        {"account_id": "A0010", "field": "employees", "tier": 3, "tier_change_prob": 0.4}
    ]
    filled = with_learning(gated, learned).set_index("account_id")
    assert filled.loc["A0010", ["value_of_learning", "learn_first"]].tolist() == [0.4, "employees"]
    assert filled["value_of_learning"].notna().sum() == 1


def test_the_field_with_the_highest_chance_is_learned_first() -> None:
    # Y lacks both. All qualified accounts are shops, so the industry can change nothing.
    gated, learned = learn(book(employees=[np.nan], industry=[None], fax=["yes"]))
    chance = learned.set_index("field")["tier_change_prob"]
    assert chance.to_dict() == {"employees": 0.4, "industry": 0.0}
    assert with_learning(gated, learned)["learn_first"].iloc[-1] == "employees"


def test_text_is_drawn_in_proportion_to_its_shares() -> None:
    # Two of the ten are banks, worth 110 and 120 with 10 and 20 people. Z has 5 people and an unknown industry: a bank
    # in 2 of 10 draws, worth 105, and Tier 1 holds 120 and 110, Tier 2 100, 90, 80: it enters Tier 2 with 0.2.
    rows = book(employees=[5.0], industry=[None], fax=["yes"])
    rows.loc[[0, 1], "industry"] = "bank"
    _, learned = learn(rows)
    assert learned["tier_change_prob"].tolist() == [0.2]


def test_a_field_that_is_no_feature_and_an_account_nobody_scored() -> None:
    rows = book(employees=[40.0], industry=["shop"], fax=[None])
    rows.loc[len(rows)] = ["A0011", 50.0, "shop", None, 0.0]
    _, learned = learn(rows)
    assert learned["field"].tolist() == ["fax", "fax"]
    assert learned["tier_change_prob"].tolist() == [0.0, 0.0]


def test_someone_elses_scores_leave_it_unknown() -> None:
    rows = book(employees=[np.nan], industry=["shop"], fax=["yes"])
    tables = tables_of(accounts=accounts_of(len(rows)))
    other = score(rows)
    gated = gate_accounts(other.assign(expected_value=other["expected_value"] * 2 + 1), tables, POLICY, as_of=AS_OF)
    plan = plan_tiers(gated, tables, POLICY, as_of=AS_OF)
    learned = learning_values(gated, rows, plan.tiers, plan.capacity, score)
    assert learned["tier_change_prob"].isna().all()


def test_one_call_of_the_score_and_the_order_of_rows_does_not_matter() -> None:
    calls = []

    def counted(rows: pd.DataFrame) -> pd.DataFrame:
        calls.append(len(rows))
        return score(rows)

    rows = book(employees=[np.nan, np.nan], industry=["shop", None], fax=["yes", "yes"])
    gated, learned = learn(rows)
    tables = tables_of(accounts=accounts_of(len(rows)))
    plan = plan_tiers(gated, tables, POLICY, as_of=AS_OF)
    shuffled = [frame.sample(frac=1, random_state=1) for frame in (gated, rows, plan.tiers)]
    again = learning_values(*shuffled, plan.capacity, counted)
    pd.testing.assert_frame_equal(learned, again)
    assert calls == [2 + 3 * 20]  # two accounts as they stand, three fields they lack with 20 values each


def test_cuts_are_those_of_the_owner_and_a_free_slot_is_open_to_any_value() -> None:
    reps = [
        {"owner_id": "ana", "tier1_slots": 1, "tier2_slots": 1},
        {"owner_id": "ben", "tier1_slots": 2, "tier2_slots": 0},
        {"owner_id": "cid", "tier1_slots": 0, "tier2_slots": 9},
    ]
    scores = pd.DataFrame(
        {"account_id": list("abcdef"), "owner_id": ["ana", "ana", "ana", "ben", "cid", "cid"], "win_prob": 1.0}
    ).assign(expected_acv=[9.0, 8.0, 7.0, 6.0, 5.0, 4.0], gate="qualified")
    policy = Policy(strategic_slots=0, promotion_share=0, stability="low")
    plan = plan_tiers(scores, tables_of(reps=reps), policy, as_of=AS_OF)
    cuts = cut_values(plan.tiers, plan.tiers, plan.capacity)
    # Ana: 9 holds Tier 1 and 8 Tier 2. Ben has a free place. Cid holds no Tier 1 slot. The pool holds none at all.
    assert cuts.loc["ana"].tolist() == [9.0, 8.0]
    assert cuts.loc["ben"].tolist() == [-np.inf, np.inf]
    assert cuts.loc["cid"].tolist() == [np.inf, -np.inf]
    assert cuts.loc[""].tolist() == [np.inf, np.inf]
    newcomers = pd.DataFrame({"owner_id": ["ana", "ana", "ben", "cid", None], "expected_value": [9.0, 9.5, 0.1, 99, 9]})
    assert tier_of_values(newcomers, cuts).tolist() == [2, 1, 1, 2, 3]
    off = newcomers.assign(off_support=True)
    assert tier_of_values(off, cuts).tolist() == [2, 2, 3, 2, 3]


def test_what_a_band_keeps_in_its_tier_does_not_open_it_to_newcomers() -> None:
    # Incumbent a (100) holds Tier 1 against b (110) by its band, so 105 would not have entered either.
    scores = pd.DataFrame({"account_id": ["a", "b"], "win_prob": 1.0, "expected_acv": [100.0, 110.0]})
    before = pd.DataFrame({"account_id": ["a"], "tier": [1], "base_tier": [1], "since": [pd.Timestamp("2020-01-31")]})
    policy = Policy(sizes=(1, 1), strategic_slots=0, promotion_share=0)
    plan = plan_tiers(scores, tables_of(), policy, as_of=AS_OF, previous=before)
    assert plan.tiers["tier"].tolist() == [1, 2]
    assert cut_values(plan.tiers, plan.tiers, plan.capacity).loc["", 1] == 110.0


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("employees", ["employees", "missing_employees"]),
        ("technologies", ["missing_technologies", "tech_crm"]),
        ("fax", []),
    ],
)
def test_a_field_changes_every_column_made_of_it(field: str, columns: list[str]) -> None:
    rows = pd.DataFrame(columns=["employees", "missing_employees", "missing_technologies", "tech_crm", "technique"])
    assert columns_of(field, rows) == columns
