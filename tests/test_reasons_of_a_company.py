"""Reasons over a whole simulated company: they add up, say what they mean, and call unknown what nobody knows."""

import numpy as np
import pandas as pd
import pytest

import tierkit as tk
from tests.journey import small_company, tk_settings
from tierkit.models.bootstrap import bootstrap_models
from tierkit.models.reason_money import reference_value
from tierkit.models.reason_parts import CAP, base_of

AS_OF = "2026-10-31"
BANNED = r"because|caus|increas|leads to|drives|raises|lowers|boost|due to|thanks to|makes"


@pytest.fixture(scope="module")
def company():
    tables = tk.open_tables(small_company().frames)
    train = tk.build_deal_rows(tables, before=AS_OF, horizon_days=150)
    today = tk.build_account_rows(tables, as_of=AS_OF)
    today = tk.score_fit(today, tk.fit_icp(train, tk_settings()), tables, as_of=AS_OF)
    # Planted: no deal was won where the headcount was unknown; of some accounts nobody knows it, nor the industry.
    blind = train.index[(train.index % 6 == 0) & train["won_in_horizon"].notna()]
    train.loc[blind, ["employees", "missing_employees", "won_in_horizon"]] = [np.nan, 1.0, 0.0]
    today.loc[:19, "employees"], today.loc[:19, "missing_employees"] = np.nan, 1.0
    today.loc[:19, "industry"] = "Astrology"
    panel = tk.build_panel_rows(tables, before=AS_OF, horizon_days=150)
    win = tk.fit_propensity(train, tk.screen_features(train, scoring=today), seed=1, compare=False)
    acv = tk.fit_acv(train, tk.screen_features(train, scoring=today), seed=1, compare=False)
    opening = tk.fit_opening(panel, tk.screen_features(panel, scoring=today), seed=1, compare=False)
    refitted = bootstrap_models(train, panel, opening, win, acv, n=10, seed=1)
    return today, (opening, win, acv), tk.explain_scores(today, opening, win, acv, refitted=refitted)


def test_parts_of_every_account_add_up(company):
    today, models, why = company
    for part, model in zip(("opens", "wins", "value"), models, strict=True):
        whole = model.contributions(today).sum(axis=1).to_numpy() - base_of(model)
        told = why[(why["part"] == part) & (why["feature"] != CAP)].groupby("account_id")["contribution"].sum()
        np.testing.assert_allclose(told.reindex(today["account_id"]), whole, atol=1e-6)
    value = tk.score_accounts(today, *models).set_index("account_id")["expected_value"]
    money = why.groupby("account_id")["money"].sum().reindex(value.index)
    np.testing.assert_allclose(money, value - reference_value(*models).expected_value, atol=0.01)


def test_sentences_say_what_they_mean_and_name_no_column(company):
    _, models, why = company
    told = why[why["shown"]]
    assert (told["words"].str.startswith("speaks for ") == (told["contribution"] > 0)).all()
    assert (told["words"].str.startswith("speaks against ") == (told["contribution"] < 0)).all()
    assert not told["words"].str.contains(BANNED, case=False).any()
    names = {name for model in models for name in model.features if "_" in name}
    sentences = " ".join(told["words"].unique())
    assert [name for name in sorted(names) if name in sentences] == []
    assert "_" not in sentences
    assert (told["sign_share"] >= 0.8 - 1e-6).all()


def test_planted_unknowns_are_called_unknown(company):
    today, _, why = company
    planted = why[why["account_id"].isin(today["account_id"].head(20)) & why["shown"]]
    size = planted[planted["feature"].isin(["employees", "missing_employees"])]
    assert size["words"].str.endswith("headcount unknown").all()
    industry = planted[planted["feature"] == "industry"]
    assert industry["words"].str.contains("unknown").all()
    assert size["account_id"].nunique() == 20
    assert not planted["words"].str.contains(r"headcount \d").any()


def test_every_account_is_there_with_every_family(company):
    today, _, why = company
    rows = why[why["feature"] != CAP].groupby("account_id").size()
    assert rows.min() == rows.max()
    assert set(rows.index) == set(today["account_id"])
    # Most of them have something to say.
    shown = why.groupby("account_id")["shown"].any()
    assert shown.mean() > 0.95
    assert isinstance(why["words"].dtype, pd.StringDtype)
