import re

import numpy as np
import pandas as pd
import pytest

from tests.models.truth import make_verdicts
from tierkit.models.propensity import fit_propensity
from tierkit.models.reasons import explain_scores, feature_of, phrases


@pytest.fixture(scope="module")
def today(deals):
    return deals.head(400).assign(is_customer=[True, False] * 200)


@pytest.fixture(scope="module")
def why(today, opening, win, acv):
    return explain_scores(today, opening, win, acv, top=5)


def test_the_columns_and_ranks_are_those_agreed(why, today):
    assert list(why.columns) == ["account_id", "rank", "part", "feature", "group", "contribution", "words"]
    assert set(why["part"]) == {"opens", "wins", "value"}
    assert why["rank"].between(1, 5).all()
    assert set(why["account_id"]) <= set(today["account_id"])


def test_words_carry_the_sign_of_the_contribution(why):
    raises = why["words"].str.startswith("raises ")
    assert (raises == (why["contribution"] > 0)).all()
    assert (why["words"].str.startswith("lowers ") == ~raises).all()


def test_contributions_are_family_sums_of_the_exact_ones(today, win, why):
    # n_inbound_90d and n_inbound_365d tell one story: their contributions are added, and the larger one is told.
    exact = win.contributions(today.head(1)).iloc[0]
    alone = explain_scores(today.head(1), None, win, None, top=20).set_index("feature")["contribution"]
    shown = "n_inbound_90d" if "n_inbound_90d" in alone.index else "n_inbound_365d"
    assert alone[shown] == pytest.approx(exact["n_inbound_90d"] + exact["n_inbound_365d"])


def test_the_strongest_comes_first(why):
    by_account = why.assign(size=why["contribution"].abs(), start=(why["rank"] == 1).cumsum())
    assert (by_account.groupby("start")["size"].diff().dropna() <= 1e-12).all()


def test_unknown_values_are_called_unknown(today, win):
    blind = today.head(50).assign(employees=np.nan)
    words = explain_scores(blind, None, win, None, top=20).query("feature == 'employees'")["words"]
    assert len(words)
    assert words.str.endswith("headcount unknown").all()


def test_a_number_that_is_just_typical_is_no_reason(today, win):
    typical = {c.name: c.typical for c in win.model.design.columns if c.kind == "number"}
    plain = today.head(1).assign(**typical, industry="software")
    assert set(explain_scores(plain, None, win, None, top=20)["feature"]) == {"industry"}


def test_our_own_effort_is_no_reason_that_a_deal_opens(why):
    assert not why.query("part == 'opens'")["group"].eq("effort").any()


def test_boosted_models_are_explained_by_the_same_words(today, win_trees):
    why = explain_scores(today, None, win_trees, None, top=3)
    assert (np.sign(why["contribution"]) == np.where(why["words"].str.startswith("raises"), 1, -1)).all()


def test_no_word_claims_a_cause(why):
    assert not why["words"].str.contains(r"because|caus|increas|leads to|drives", flags=re.IGNORECASE).any()


def test_no_model_or_no_row_gives_no_reason(today, win):
    columns = ["account_id", "rank", "part", "feature", "group", "contribution", "words"]
    assert list(explain_scores(today, None, None, None).columns) == columns
    assert explain_scores(today.head(0), None, win, None).empty


def test_values_in_words():
    def words(column, value, typical=None):
        return phrases(column, pd.Series([value]), typical)[0]

    assert words("annual_revenue", 12_345_678.0, 80_000.0) == "annual revenue 12.3M (typical 80k)"
    assert words("n_won_past", 1.0, 0.0) == "1 deal won before (typical 0)"
    assert words("n_contacts_90d", 1.0, 1.0) == "1 person touched in the last 90 days"
    assert words("industry", "bank", "retail") == "industry bank (most often retail)"
    assert words("tech_crm_suite", 1.0, 0.0) == "uses crm suite"
    assert words("tech_crm_suite", 0.0, 1.0) == "does not use crm suite"
    assert words("live_funding", 0.0, 1.0) == "no funding in the last 90 days"
    assert words("missing_employees", 1.0, 0.0) == "headcount unknown"
    assert words("days_since_inbound", None, 30.0) == "unknown when they last came to us"
    assert words("is_customer", 1.0, 0.0) == "a customer already"
    assert words("is_customer", 0.0, 1.0) == "no customer yet"
    assert words("has_open_deal", 0.0, 1.0) == "no deal open now"
    assert feature_of("has_open_deal").group == "relationship"


def test_a_column_nobody_knows_is_told_under_its_own_name(deals):
    rows = deals.rename(columns={"tech_crm": "ElapsedDays"})
    win = fit_propensity(rows, make_verdicts(["ElapsedDays", "n_inbound_90d"]), seed=0, compare=False)
    why = explain_scores(rows, None, win, None).query("feature == 'ElapsedDays'")
    assert why["words"].str.contains("Elapsed Days 1").any()
