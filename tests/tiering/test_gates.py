import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiering.books import AS_OF, scores_of, tables_of
from tierkit.errors import SheetError, TableError
from tierkit.tiering.assign import assign_tiers
from tierkit.tiering.gate_rules import GATE_CODES
from tierkit.tiering.gates import GATES, gate_accounts, gate_counts
from tierkit.tiering.policy import Gates, Policy

CHILDREN = pd.DataFrame({"account_id": ["a1"], "unit_id": ["a"], "name": ["Acme Spain"], "depth": [1]})


def accounts(*ids: str, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(ids), **columns})


def reasons(gated: pd.DataFrame) -> dict[str, tuple[str, str]]:
    return {row.account_id: (row.gate, row.gate_reason) for row in gated.itertuples()}


def gates(**keys: object) -> Policy:
    return Policy(gates=Gates(**keys))


def test_children_are_suppressed_under_their_root_and_counted() -> None:
    tables = tables_of(accounts=accounts("a", "b"), children=CHILDREN)
    gated = gate_accounts(scores_of({"a": 1, "b": 2}), tables, Policy(), as_of=AS_OF)
    assert reasons(gated) == {
        "a": ("qualified", "passes"),
        "b": ("qualified", "passes"),
        "a1": ("suppressed", "child_of a"),
    }
    assert gated["contactable"].tolist() == [True, True, False]
    assert gate_counts(gated).set_index("gate")["n"].to_dict() == dict(zip(GATES, [2, 1, 0, 0], strict=True))
    # Scored by its own id, a child is the same one row.
    scored = gate_accounts(scores_of({"a": 1, "a1": 9, "b": 2}), tables, Policy(), as_of=AS_OF)
    assert reasons(scored) == reasons(gated)


def test_exclusions_by_account_and_domain_known_by_then() -> None:
    tables = tables_of(
        accounts=accounts("a", "b", "c", "d", "A", domain=["a.com", "B.com ", "c.com", None, None]),
        exclusions=pd.DataFrame(
            {
                "account_id": ["a", None, None, "d"],
                "domain": [None, "b.com", "c.com", None],
                "reason": ["competitor", "partner", "late", "undated"],
                "known_at": [AS_OF, AS_OF, AS_OF + pd.Timedelta(days=1), None],
            }
        ),
    )
    scores = scores_of(dict.fromkeys("abcdA", 1))
    live = reasons(gate_accounts(scores, tables, Policy(), as_of=AS_OF))
    assert live["a"] == ("suppressed", "excluded: competitor")
    assert live["b"] == ("suppressed", "excluded: partner")
    assert live["c"] == ("qualified", "passes")
    assert live["d"] == ("suppressed", "excluded: undated")
    assert live["A"] == ("qualified", "passes")  # ids tell cases apart
    replay = reasons(gate_accounts(scores, tables, Policy(), as_of=AS_OF, undated_policy=False))
    assert replay["d"] == ("qualified", "passes")
    assert replay["a"] == live["a"]


def test_outside_the_icp_names_the_first_reason() -> None:
    scores = scores_of(
        dict.fromkeys("abcdef", 1),
        industry=["Bank", "retail", "Retail", "Retail", "Retail", None],
        country=["Brazil", "Spain", "Brazil", "Spain", "Spain", None],
        employees=[5, 50, 50, 9, 1001, np.nan],
    )
    tables = tables_of(accounts=accounts(*"abcdef"))
    policy = gates(industries=("Retail",), countries=("Spain",), min_employees=10, max_employees=1000)
    assert reasons(gate_accounts(scores, tables, policy, as_of=AS_OF)) == {
        "a": ("out_of_icp", "industry Bank"),
        "b": ("qualified", "passes"),
        "c": ("out_of_icp", "country Brazil"),
        "d": ("out_of_icp", "under 10 employees"),
        "e": ("out_of_icp", "over 1,000 employees"),
        "f": ("qualified", "passes"),  # unknown is not outside
    }


def test_own_models_are_gated_by_the_account_table() -> None:
    tables = tables_of(
        accounts=accounts("a", "b", country=["Brazil", "Spain"], name=["Acme", "Beta"], owner_id=["u", None])
    )
    gated = gate_accounts(scores_of({"a": 1, "b": 2}), tables, gates(countries=("Spain",)), as_of=AS_OF)
    assert reasons(gated) == {"a": ("out_of_icp", "country Brazil"), "b": ("qualified", "passes")}
    assert gated["name"].tolist() == ["Acme", "Beta"]
    assert gated["expected_value"].tolist() == [1, 2]
    assert "country" not in gated


def test_missing_fields_are_named() -> None:
    scores = scores_of(dict.fromkeys("abc", 1), employees=[np.nan, 5, np.nan], industry=["", "x", "y"])
    tables = tables_of(accounts=accounts(*"abc"))
    gated = gate_accounts(scores, tables, gates(required=("employees", "industry")), as_of=AS_OF)
    assert gated["gate"].tolist() == ["needs_info", "qualified", "needs_info"]
    assert gated["missing_fields"].tolist() == ["employees;industry", "", "employees"]
    assert gated["gate_reason"].tolist() == ["missing employees;industry", "passes", "missing employees"]
    assert gated["value_of_learning"].isna().all()


def test_a_gate_on_a_column_nobody_has_offers_the_near_one() -> None:
    tables = tables_of(accounts=accounts("a", employees=[1]))
    with pytest.raises(SheetError, match="needs the column 'employes', which no table has; did you mean 'employees'"):
        gate_accounts(scores_of({"a": 1}), tables, gates(required=("employes",)), as_of=AS_OF)
    with pytest.raises(SheetError, match="needs the column 'country', which no table has; map it"):
        gate_accounts(scores_of({"a": 1}), tables, gates(countries=("Spain",)), as_of=AS_OF)


def test_accounts_nobody_scored_and_accounts_of_later() -> None:
    tables = tables_of(
        accounts=accounts(*"abcd", created_at=[AS_OF, AS_OF, AS_OF + pd.Timedelta(days=1), None], name=list("ABCD"))
    )
    gated = gate_accounts(scores_of({"a": 1, "c": 9}), tables, Policy(), as_of=AS_OF)
    # c did not exist; b and d exist but have no score.
    assert reasons(gated) == {
        "a": ("qualified", "passes"),
        "b": ("needs_info", "not scored"),
        "d": ("needs_info", "not scored"),
    }
    assert gated["name"].tolist() == ["A", "B", "D"]
    with pytest.raises(TableError, match=r"'account_id' must be in the tables, got 'z' \(1 rows\)"):
        gate_accounts(scores_of({"z": 1}), tables, Policy(), as_of=AS_OF)


def deal(account: str, outcome: str, opened: str, closed: str | None = None) -> dict[str, object]:
    return {
        "deal_id": f"{account}-{opened}",
        "account_id": account,
        "outcome": outcome,
        "opened_at": opened,
        "closed_at": closed,
    }


def test_may_it_be_contacted_is_another_question() -> None:
    tables = tables_of(
        accounts=accounts(*"abcdefg", is_customer=[None, None, None, None, None, True, None]),
        deals=[
            deal("a", "open", "2026-09-01"),
            deal("b", "won", "2026-01-01", "2026-11-05"),  # closed later: open then
            deal("c", "won", "2026-01-01", "2026-03-01"),
            deal("d", "lost", "2026-01-01", "2026-08-02"),  # 90 days before
            deal("e", "lost", "2026-01-01", "2026-08-01"),  # 91 days
            deal("g", "lost", "2026-11-01", "2026-11-02"),  # not known yet
        ],
    )
    gated = gate_accounts(scores_of(dict.fromkeys("abcdefg", 1)), tables, gates(cool_off_days=90), as_of=AS_OF)
    assert (gated["gate"] == "qualified").all()
    contactable = dict(zip(gated["account_id"], gated["contactable"], strict=True))
    assert contactable == {"a": False, "b": False, "c": False, "d": False, "e": True, "f": False, "g": True}
    assert gated["has_open_deal"].tolist() == [True, True, False, False, False, False, False]
    assert gated["is_customer"].tolist() == [False, False, True, False, False, True, False]


def test_what_the_scores_say_of_deals_comes_first() -> None:
    tables = tables_of(accounts=accounts("a"), deals=[deal("a", "open", "2026-09-01")])
    scores = scores_of({"a": 1}, has_open_deal=[False], days_since_loss=[3.0])
    assert gate_accounts(scores, tables, Policy(), as_of=AS_OF)["contactable"].tolist() == [True]
    cooling = gate_accounts(scores, tables, gates(cool_off_days=3), as_of=AS_OF)
    assert cooling["contactable"].tolist() == [False]


def test_without_accounts_open_deals_are_tiered_and_closed_ones_suppressed() -> None:
    deals = pd.DataFrame(
        {"deal_id": list("abcd"), "account_id": list("abcd"), "outcome": ["open", "won", "lost", "open"]}
    )
    tables = tables_of(deals=deals)
    gated = gate_accounts(scores_of({"a": 1, "d": 3}), tables, Policy(), as_of=AS_OF)
    assert reasons(gated) == {
        "a": ("qualified", "passes"),
        "d": ("qualified", "passes"),
        "b": ("suppressed", "deal_closed"),
        "c": ("suppressed", "deal_closed"),
    }
    # The open deal is what we sell: it may be worked, and it moves between tiers.
    assert gated["contactable"].tolist() == [True, True, False, False]
    assert assign_tiers(gated, tables, Policy(), as_of=AS_OF)["priority_rank"].tolist() == [2, 1]


def test_without_any_open_deal_the_tier_file_has_a_header_only() -> None:
    deals = pd.DataFrame({"deal_id": ["a"], "account_id": ["a"], "outcome": ["won"]})
    tables = tables_of(deals=deals)
    gated = gate_accounts(scores_of({"a": 1}).iloc[:0], tables, Policy(), as_of=AS_OF)
    assert reasons(gated) == {"a": ("suppressed", "deal_closed")}
    tiers = assign_tiers(gated, tables, Policy(), as_of=AS_OF)
    assert len(tiers) == 0
    assert {"tier", "tier_reason", "priority_rank", "play"} <= set(tiers.columns)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_counts_add_up_to_the_input(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    ids = [f"a{i}" for i in range(n)]
    created = AS_OF + pd.to_timedelta(rng.integers(-300, 30, n), unit="D")
    later = rng.random(n) < 0.5
    tables = tables_of(
        accounts=accounts(*ids, created_at=created, industry=rng.choice(["x", "y", None], n)),
        exclusions=pd.DataFrame({"account_id": rng.choice(ids, 3), "reason": ["r", "s", "t"]}),
        children=pd.DataFrame({"account_id": ["k"], "unit_id": ["a0"], "name": ["K"], "depth": [1]}),
    )
    policy = gates(industries=("x",), required=("industry",))
    gated = gate_accounts(scores_of(dict.fromkeys(np.array(ids)[later], 1.0)), tables, policy, as_of=AS_OF)
    exists = created <= AS_OF
    assert set(gated["account_id"]) == set(np.array(ids)[exists]) | ({"k"} if exists[0] else set())
    assert not gated["account_id"].duplicated().any()
    assert gate_counts(gated)["n"].sum() == len(gated)
    assert (gated["gate_reason"] != "").all()
    assert not (gated["contactable"] & (gated["gate"] != "qualified")).any()
    tiered = assign_tiers(gated, tables, policy, as_of=AS_OF)
    assert set(tiered["account_id"]) == set(gated.loc[gated["gate"] == "qualified", "account_id"])


def test_a_deal_open_for_longer_than_its_horizon_is_suppressed() -> None:
    # 90 days before 31 October is 2 August: opened that day it has until today, a day earlier it is late.
    opened = {"a": "2026-08-02", "b": "2026-08-01"}
    deals = [deal(name, "open", day) | {"deal_id": name} for name, day in opened.items()]
    scores = scores_of({"a": 10.0, "b": 20.0}, opened_at=pd.to_datetime(list(opened.values())), horizon_days=90.0)
    gated = gate_accounts(scores, tables_of(deals=deals), Policy(), as_of=AS_OF)
    assert reasons(gated) == {"a": ("qualified", "passes"), "b": ("suppressed", "deal_past_horizon")}


def test_without_a_score_and_with_the_same_fit_for_all_there_is_nothing_to_rank_by() -> None:
    scores = scores_of({"a": np.nan, "b": np.nan}, fit_score=50.0)
    gated = gate_accounts(scores, tables_of(accounts=accounts("a", "b")), Policy(), as_of=AS_OF)
    assert set(gated["gate_reason"]) == {"nothing to rank by"}
    told_apart = gate_accounts(
        scores.assign(fit_score=[50.0, 60.0]), tables_of(accounts=accounts("a", "b")), Policy(), as_of=AS_OF
    )
    assert set(told_apart["gate"]) == {"qualified"}


def codes(gated: pd.DataFrame) -> dict[str, str]:
    return dict(zip(gated["account_id"], gated["gate_code"], strict=True))


def test_each_reason_has_a_code_to_count_by() -> None:
    frame = accounts(
        *"abcdefghij",
        domain=["a.com", "b.com", None, None, None, None, None, None, None, None],
        industry=["x", "x", "y", "x", "x", "x", "x", "x", None, "x"],
        country=["es", "es", "es", "fr", "es", "es", "es", "es", "es", "es"],
        employees=[50, 50, 50, 50, 5, 5000, 50, 50, 50, 50],
        annual_revenue=[9, 9, 9, 9, 9, 9, 1, None, 9, 9],
    )
    tables = tables_of(
        accounts=frame,
        exclusions=[
            {"account_id": "a", "domain": None, "reason": "partner"},
            {"account_id": None, "domain": "b.com", "reason": "legal"},
        ],
    )
    policy = gates(
        industries=("x",),
        countries=("ES",),
        min_employees=10,
        max_employees=1000,
        bounds={"annual_revenue": {"min": 5}},
        required=("industry",),
    )
    gated = gate_accounts(scores_of(dict.fromkeys("abcdefghi", 1)), tables, policy, as_of=AS_OF)
    assert codes(gated) == {
        "a": "excluded_account",
        "b": "excluded_domain",
        "c": "industry_outside",
        "d": "country_outside",
        "e": "too_few_employees",
        "f": "too_many_employees",
        "g": "figure_outside",
        "h": "passes",  # an unknown revenue is not outside
        "i": "missing_fields",
        "j": "not_scored",
    }
    assert set(gated["gate_code"]) < set(GATE_CODES)
    assert reasons(gated)["g"] == ("out_of_icp", "under 5 annual_revenue")


@pytest.mark.parametrize("undated", [True, False])
def test_an_excluded_parent_excludes_its_children_when_the_exclusion_was_known(undated: bool) -> None:
    children = pd.DataFrame({"account_id": ["a1", "b1"], "unit_id": ["a", "b"], "name": ["A1", "B1"], "depth": 1})
    tables = tables_of(
        accounts=accounts("a", "b"), children=children, exclusions=[{"account_id": "a", "reason": "partner"}]
    )
    gated = gate_accounts(scores_of({"a": 1, "b": 1}), tables, Policy(), as_of=AS_OF, undated_policy=undated)
    assert codes(gated)["b1"] == "child_account"
    assert codes(gated)["a1"] == ("excluded_parent" if undated else "child_account")
    if undated:
        assert reasons(gated)["a1"] == ("suppressed", "excluded with its parent a, excluded: partner")
    assert (gated["gate"] == "suppressed").sum() == (3 if undated else 2)


def test_kinds_and_competitors_are_never_sold_to() -> None:
    frame = accounts(
        *"abcdef",
        name=["Acme", "Rival Inc", "Beta", "Gamma", "Delta", "Echo"],
        domain=["acme.com", None, "https://www.RIVAL.io/x", None, None, None],
        segment=[None, None, None, "Government ", "smb", "smb"],
    )
    tables = tables_of(accounts=frame, exclusions=[{"account_id": "f", "reason": "Competitor"}])
    policy = gates(exclude={"segment": ("government",)}, competitors=("rival inc", "rival.io", "a"))
    gated = gate_accounts(scores_of(dict.fromkeys("abcdef", 1)), tables, policy, as_of=AS_OF)
    assert reasons(gated) == {
        "a": ("suppressed", "competitor: Acme"),
        "b": ("suppressed", "competitor: Rival Inc"),
        "c": ("suppressed", "competitor: Beta"),
        "d": ("suppressed", "excluded: segment Government "),
        "e": ("qualified", "passes"),
        "f": ("suppressed", "excluded: Competitor"),
    }
    assert codes(gated) == dict(
        zip("abcdef", [*["competitor"] * 3, "excluded_kind", "passes", "competitor"], strict=True)
    )
    with pytest.raises(SheetError, match="needs the column 'sector', which no table has"):
        gate_accounts(scores_of({"a": 1}), tables, gates(exclude={"sector": ("x",)}), as_of=AS_OF)


def test_an_excluded_domain_excludes_the_hosts_below_it() -> None:
    domain = ["shop.acme.co.uk", "other.co.uk", "rival.io", "eu.rival.io", "a.myshopify.com"]
    tables = tables_of(
        accounts=accounts(*"abcde", domain=domain),
        exclusions=pd.DataFrame(
            {"domain": ["acme.co.uk", "co.uk", "myshopify.com"], "reason": "partner", "known_at": AS_OF}
        ),
    )
    policy = gates(competitors=("https://www.rival.io/",))
    gated = gate_accounts(scores_of(dict.fromkeys("abcde", 1)), tables, policy, as_of=AS_OF)
    # a public suffix is nobody's, so excluding one excludes none
    assert gated.set_index("account_id")["gate_code"].to_dict() == dict(
        zip("abcde", ["excluded_domain", "passes", "competitor", "competitor", "passes"], strict=True)
    )
