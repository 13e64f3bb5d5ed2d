import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.duplicates import make_accounts
from tierkit.inputs.identity.duplicates import find_duplicates
from tierkit.inputs.identity.names import plain_companies
from tierkit.inputs.opening import open_tables
from tierkit.inputs.sample import simulate_company


def accounts(**columns):
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})


def pairs_of(found):
    return {frozenset(pair) for pair in zip(found["account_id"], found["duplicate_of"], strict=True)}


def groups_of(found):
    root = {}
    for one, other in zip(found["account_id"], found["duplicate_of"], strict=True):
        ends = [_end(root, one), _end(root, other)]
        root[max(ends)] = min(ends)
    out = {}
    for one in {*found["account_id"], *found["duplicate_of"]}:
        out.setdefault(_end(root, one), set()).add(one)
    return {frozenset(group) for group in out.values()}


def _end(root, one):
    while root.get(one, one) != one:
        one = root[one]
    return one


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Acmé, Inc.", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("The A.C.M.E. Group", "acme"),
        ("Acme S.A.", "acme"),
        ("Novo A/S", "novo"),
        ("Holding AG", "holding ag"),
        ("日本電気 株式会社", "日本電気 株式会社"),
    ],
)
def test_plain_companies(name, plain):
    assert plain_companies(pd.Series([name], dtype="str")).tolist() == [plain]


def test_find_duplicates_reports_and_merges_nothing():
    # b and d share a's domain; c has a's name and country in another form; e is in another country; f, g use free mail
    rows = accounts(
        account_id=["d", "b", "a", "c", "e", "f", "g"],
        domain=["www.acme.com", "Acme.com", "acme.com", None, None, "gmail.com", "gmail.com"],
        name=["X", "Y", "Acmé, Inc.", "ACME GmbH", "Acme", "F", "G"],
        country=["DE", "DE", "DE", "DE", "US", "DE", "DE"],
    )
    found = find_duplicates(rows).frame
    # a-b, a-d: odds 1/10 x 60 (domain) x 1/4 (names) x 2 (country) = 3; a-c: names .6 / .03, three are called acme,
    # so 1/10 x 20 x 2 = 4
    assert found.drop(columns="evidence").to_dict("records") == [
        {"account_id": "b", "duplicate_of": "a", "rule": "same domain", "score": 0.75},
        {"account_id": "c", "duplicate_of": "a", "rule": "same name and country", "score": 0.8},
        {"account_id": "d", "duplicate_of": "a", "rule": "same domain", "score": 0.75},
    ]
    assert found["evidence"].tolist()[:2] == [
        "domain acme.com; unlike names; same country",
        "equal names; same country",
    ]
    assert find_duplicates(rows[["account_id"]]).frame.empty
    assert find_duplicates(rows.head(0)).frame.empty


def test_kin_and_pairs_called_different_are_not_reported():
    rows = accounts(
        account_id=["a", "b", "c", "d", "e"],
        parent_id=[None, "a", "outside", "outside", None],
        name=["Acme"] * 5,
        domain=["acme.com"] * 5,
    )
    found = pairs_of(find_duplicates(rows).frame)
    assert not found & {frozenset("ab"), frozenset("cd")}
    assert groups_of(find_duplicates(rows).frame) == {frozenset("abcde")}
    lone = rows[rows["account_id"].isin(["a", "e"])]
    assert len(find_duplicates(lone).frame) == 1
    for pair in (("a", "e"), ("e", "a")):
        apart = accounts(account_id=[pair[0]], same_as=[pair[1]])
        assert find_duplicates(lone, apart=apart).frame.empty


def test_a_domain_of_many_unlike_names_is_no_evidence():
    names = ["Baker", "Miller", "Turner", "Fisher", "Mason", "Cooper", "Smith"]
    agency = accounts(account_id=list("abcdefg"), name=names, domain=["agency.com"] * 7)
    found = find_duplicates(agency)
    assert found.frame.empty
    assert found.shared == ("agency.com",)
    assert "1 domains that many unlike names share are no evidence" in found.notes[0]
    offices = agency.assign(name=[f"Acme {city}" for city in names], domain="acme.com")
    offices["name"] = ["Acme", "Acme Inc", "Acme GmbH", "ACME", "Acme Ltd", "Acme S.A.", "Acme AG"]
    assert len(find_duplicates(offices).frame) == 6


def test_numbers_tell_branches_apart():
    rows = accounts(
        account_id=["a", "b", "c"], name=["Acme Store 12", "Acme Store 13", "Acme Stores 12"], city=["X"] * 3
    )
    assert pairs_of(find_duplicates(rows.assign(country="DE")).frame) == {frozenset("ac")}


def test_phones_and_cities_count():
    rows = accounts(
        account_id=["a", "b"],
        name=["Acme Foods", "Acme Fods"],
        phone=["+49 (30) 123-4567", "0301234567"],
        City=["X", "x "],
    )
    found = find_duplicates(rows).frame
    # 1/10 x 2 (near names) x 50 (phone) x 5 (city) = 50
    assert found["score"].tolist() == [round(50 / 51, 4)]
    assert found["rule"].tolist() == ["same phone"]


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_neither_the_order_of_rows_nor_that_of_ids_matters(random):
    rows, _ = make_accounts(3, 300)
    rows = pd.concat([rows, rows.head(40).assign(account_id=[f"x{k:03d}" for k in range(40)])], ignore_index=True)
    found = find_duplicates(rows).frame
    order = list(range(len(rows)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(find_duplicates(rows.iloc[order]).frame, found)
    named = dict(zip(rows["account_id"], [f"{k:04d}" for k in order], strict=True))
    renamed = find_duplicates(rows.assign(account_id=rows["account_id"].map(named))).frame
    assert groups_of(renamed) == {frozenset(named[one] for one in group) for group in groups_of(found)}
    assert sorted(renamed["score"]) == sorted(found["score"])
    assert (found["account_id"] != found["duplicate_of"]).all()
    assert found["account_id"].is_unique


def test_the_duplicates_of_a_simulated_company_are_found_and_its_children_are_not():
    sample = simulate_company(seed=7, n_accounts=2000)
    rows = sample.frames["accounts"]
    bare = rows["domain"].str.lower().str.removeprefix("www.")
    planted = {frozenset(ids) for ids in rows.groupby(bare)["account_id"].agg(list) if len(ids) > 1}
    assert len(planted) == 20
    assert pairs_of(find_duplicates(rows).frame) == planted
    tables = open_tables(sample.frames)
    assert pairs_of(tables.duplicates) == planted


def test_spoiled_copies_are_found_and_few_others():
    rows, truth = make_accounts(1, 4000)
    found = find_duplicates(rows).frame
    hit = np.array(
        [pair in truth for pair in map(frozenset, zip(found["account_id"], found["duplicate_of"], strict=True))]
    )
    assert hit.sum() >= 0.7 * len(truth)
    assert hit.mean() >= 0.95
    assert hit[found["score"] >= 0.9].mean() >= 0.9
