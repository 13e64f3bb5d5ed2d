import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.journey import small_company
from tierkit.features.asof import build_account_rows, build_deal_rows
from tierkit.features.catalog import as_words, feature_of
from tierkit.features.feature_words import is_unknown, phrases
from tierkit.inputs.opening import open_tables


def say(column, value, typical=None, levels=()):
    return phrases(column, pd.Series([value]), typical, levels=levels)[0]


@pytest.mark.parametrize(
    ("column", "value", "typical", "words"),
    [
        ("annual_revenue", 12_345_678.0, 80_000.0, "annual revenue 12.3M (typical 80k)"),
        ("n_won_past", 1.0, 0.0, "1 deal won before (typical 0)"),
        ("n_contacts_90d", 1.0, 1.0, "we touched 1 of their people in the last 90 days"),
        ("n_contacts_inbound_90d", 3.0, 1.0, "3 of their people came to us in the last 90 days (typical 1)"),
        ("n_contacts_inbound_365d", 0.0, 2.0, "none of their people came to us in the last 365 days (typical 2)"),
        ("n_inbound_30d", 1.0, 0.0, "they came to us once in the last 30 days (typical 0)"),
        ("n_web_visit_inbound_90d", 1.0, 1.0, "1 inbound web visit in the last 90 days"),
        ("n_reply_outbound_90d", 1.0, 1.0, "1 outbound reply in the last 90 days"),
        ("n_press_inbound_90d", 1.0, 1.0, "1 inbound press in the last 90 days"),
        ("days_since_inbound", 12.0, 65.0, "they last came to us 12 days ago (typical 65)"),
        # 366 days stand for none in the last year: nobody knows of the 366th.
        ("days_since_inbound", 366.0, 65.0, "they have not come to us in the last year (typical 65)"),
        ("days_since_outbound", 1.0, 366.0, "we last touched them 1 day ago (typically not in the last year)"),
        # Missing without a loss: known, and no unknown.
        ("days_since_loss", None, 30.0, "no deal lost before"),
        (
            "inbound_trend",
            0.5,
            0.0,
            "they came to us more in the last 90 days than in the 90 before (typically as often)",
        ),
        ("industry", "bank", "retail", "industry bank (most often retail)"),
        ("industry", "financial_services", None, "industry financial services"),
        ("tech_crm_suite", 1.0, 0.0, "uses crm suite"),
        ("tech_crm_suite", 0.0, 1.0, "does not use crm suite"),
        ("live_funding", 0.0, 1.0, "no funding in the last 90 days"),
        ("is_customer", 1.0, 0.0, "a customer already"),
        ("is_customer", 0.0, 1.0, "no customer yet"),
        ("has_open_deal", 0.0, 1.0, "no deal open now"),
        ("ElapsedDays", 1.0, 0.0, "Elapsed Days 1 (typical 0)"),
        ("nps_score", True, 0.0, "nps score: yes"),
    ],
)
def test_values_in_words(column, value, typical, words):
    assert say(column, value, typical) == words


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("employees", None, "headcount unknown"),
        ("employees", np.inf, "headcount unknown"),
        ("missing_employees", 1.0, "headcount unknown"),
        ("industry", "Unknown", "industry unknown"),
        ("industry", " (n/a) ", "industry unknown"),
        ("tech_crm_suite", None, "unknown whether they use crm suite"),
        ("is_customer", pd.NA, "unknown whether they are a customer"),
        ("tenure_days", None, "unknown when the account entered the CRM"),
    ],
)
def test_what_nobody_knows_is_called_unknown(column, value, words):
    assert say(column, value, 7.0) == words


def test_a_level_that_the_model_never_saw_is_unknown_to_it():
    assert say("industry", "Astrology", "Bank", ["Bank", "Retail"]) == "industry Astrology, unknown to the model"
    # North America is a place, and no use case is a use case.
    assert not is_unknown("NA")
    assert not is_unknown("none")


def test_one_and_true_are_told_apart():
    assert phrases("seats", pd.Series([True, 1.0], dtype="object")) == ["seats asked for: yes", "1 seat asked for"]


def test_a_long_level_is_cut_and_told_on_one_line():
    said = say("industry", "x" * 200 + "\ny")
    assert len(said) < 80
    assert "\n" not in said


names = st.from_regex(r"[a-z]{1,6}(_[a-z0-9]{1,5}){1,3}|[a-z]{2,5}[A-Z][a-z]{2,5}", fullmatch=True)


@example(name="a_b", value="_\x85")
@given(name=names, value=st.one_of(st.floats(allow_nan=True), st.booleans(), st.text(max_size=20), st.none()))
def test_a_raw_name_is_in_no_sentence(name, value):
    said = say(name, value, 1.0)
    assert name not in said
    assert "_" not in said.replace(" ".join(str(value).split()), "")


def test_every_column_of_feature_rows_has_words():
    tables = open_tables(small_company().frames)
    today = build_account_rows(tables, as_of="2026-10-31")
    train = build_deal_rows(tables, before="2026-10-31", horizon_days=150)
    for rows in (today, train):
        for column in rows.columns:
            if pd.api.types.is_datetime64_any_dtype(rows[column]):
                continue
            for said in set(phrases(column, rows[column].head(50), None)):
                assert "_" not in column or column not in said, said
                assert not re.search(r"\b(n|tech|live|missing|days_since)_", said)


def test_names_as_words():
    assert as_words("n_webVisits_30d") == "n web Visits 30d"
    assert as_words("Größe_der_Firma") == "Größe der Firma"
    assert feature_of("___").label == "a column without a name"
