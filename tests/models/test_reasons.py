import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from tests.models.truth import FEATURES, make_deals, make_panel, make_verdicts
from tierkit.models.bootstrap import RefittedModels, bootstrap_models
from tierkit.models.propensity import fit_propensity
from tierkit.models.reason_money import reference_value
from tierkit.models.reason_parts import CAP, HELD, base_of
from tierkit.models.reasons import STRONG, explain_scores, reason_groups
from tierkit.models.scoring import score_accounts

COLUMNS = ["account_id", "rank", "part", "feature", "group", "contribution", "money", "sign_share", "shown", "words"]


@pytest.fixture(scope="module")
def today(deals):
    rows = deals.drop_duplicates("account_id").head(300)
    return rows.assign(is_customer=[True, False] * 150).reset_index(drop=True)


@pytest.fixture(scope="module")
def refitted(deals, panel, opening, win, acv):
    return bootstrap_models(deals, panel, opening, win, acv, n=10, seed=3)


@pytest.fixture(scope="module")
def why(today, opening, win, acv, refitted):
    return explain_scores(today, opening, win, acv, refitted=refitted)


def test_the_columns_and_ranks_are_those_agreed(why, today):
    assert list(why.columns) == COLUMNS
    assert set(why["part"]) == {"opens", "wins", "value"}
    assert set(why["account_id"]) == set(today["account_id"])
    per_account = why.groupby("account_id")["rank"]
    assert (per_account.max() == per_account.size()).all()
    assert why["words"].notna().equals(why["shown"])


@pytest.mark.parametrize(
    "models",
    [
        ("opening", "win", "acv"),
        (None, "win", "acv"),
        ("opening", "win", None),
        (None, "win", None),
        ("opening_trees", "win_trees", "acv_trees"),
        ("opening_trees", "win", "acv_median"),
        ("opening", "win", "acv_capped"),
    ],
)
def test_parts_add_up_to_what_the_models_say_and_to_expected_value(request, today, acv, models):
    def one(name):
        if name == "acv_capped":
            # Every third value lies above it.
            return dataclasses.replace(acv, cap=float(np.quantile(acv.fit.mean(today), 0.67)))
        return None if name is None else request.getfixturevalue(name)

    opening, win, acv = (one(name) for name in models)
    why = explain_scores(today, opening, win, acv)
    for part, model in (("opens", opening), ("wins", win), ("value", acv)):
        if model is None:
            assert not (why["part"] == part).any()
            continue
        whole = model.contributions(today).sum(axis=1).to_numpy() - base_of(model)
        told = why[(why["part"] == part) & (why["feature"] != CAP)].groupby("account_id")["contribution"].sum()
        np.testing.assert_allclose(told.reindex(today["account_id"]), whole, atol=1e-6)
    value = score_accounts(today, opening, win, acv)["expected_value"].to_numpy()
    money = why.groupby("account_id")["money"].sum().reindex(today["account_id"])
    np.testing.assert_allclose(money, value - reference_value(opening, win, acv).expected_value, atol=0.01 * bool(acv))
    np.testing.assert_array_equal(np.sign(why["money"]), np.sign(why["contribution"]))
    if models[2] == "acv_capped":
        capped = why[why["feature"] == CAP]
        assert 90 < len(capped) < 110
        assert (capped["money"] < 0).all()
        assert not capped["shown"].any()
        assert capped["words"].str.contains("are counted as").all()


def test_the_reference_is_the_average_row_of_each_model(opening, win, acv):
    reference = reference_value(opening, win, acv)
    odds = reference.win_prob / (1 - reference.win_prob)
    assert np.log(odds) == pytest.approx(win.calibration.slope * win.model.intercept + win.calibration.shift)
    assert reference.expected_acv == pytest.approx(acv.fit.factor * np.exp(acv.fit.model.intercept))
    product = reference.open_prob * reference.win_prob * reference.expected_acv
    assert reference.expected_value == pytest.approx(product)
    assert reference_value(None, win, None).expected_value == pytest.approx(reference.win_prob)


def test_without_a_model_of_wins_there_is_no_money(today, opening, acv):
    why = explain_scores(today, opening, None, acv)
    assert why["money"].isna().all()
    assert why["shown"].any()


def test_a_sentence_has_the_sign_of_its_contribution_and_claims_no_cause(why):
    told = why[why["shown"]]
    assert (told["words"].str.startswith("speaks for ") == (told["contribution"] > 0)).all()
    assert (told["words"].str.startswith("speaks against ") == (told["contribution"] < 0)).all()
    causal = r"because|caus|increas|leads to|driv|rais|lower|boost|due to"
    assert not told["words"].str.contains(causal, flags=re.IGNORECASE).any()
    assert not told["words"].str.contains("_").any()


def test_contributions_are_family_sums_of_the_exact_ones(today, win, why):
    # Touches of 90 and of 365 days tell one story: added, and told by the one that says more of it.
    exact = win.contributions(today).set_index(today["account_id"])
    inbound = why[(why["part"] == "wins") & why["feature"].astype("str").str.startswith("n_inbound")]
    inbound = inbound.set_index("account_id")
    whole = (exact["n_inbound_90d"] + exact["n_inbound_365d"]).reindex(inbound.index)
    np.testing.assert_allclose(inbound["contribution"], whole, atol=1e-12)
    said = inbound[inbound["shown"]]
    own = exact.to_numpy()[
        exact.index.get_indexer(said.index), exact.columns.get_indexer(said["feature"].astype("str"))
    ]
    assert (np.sign(own) == np.sign(said["contribution"])).all()


def test_the_strongest_comes_first(why):
    size = why["money"].abs()
    assert (size.groupby(why["account_id"]).diff().dropna() <= 1e-9).all()


def test_what_is_not_known_is_called_unknown(deals, today):
    # Planted: of deals without a headcount, and of those whose industry nobody wrote down, none was won.
    told = deals.assign(industry=deals["industry"].where(np.arange(len(deals)) % 5 > 0, "Unknown"))
    never = told["employees"].isna() | (told["industry"] == "Unknown")
    told["won_in_horizon"] = told["won_in_horizon"].mask(never, 0.0)
    win = fit_propensity(told, make_verdicts(), seed=1, compare=False)
    blind = today.head(60).assign(employees=np.nan, industry="Unknown")
    why = explain_scores(blind, None, win, None)
    for feature, words in (("employees", "headcount unknown"), ("industry", "industry unknown")):
        said = why.loc[(why["feature"] == feature) & why["shown"], "words"]
        assert list(said) == [f"speaks against winning: {words}"] * 60


@pytest.mark.parametrize("kind", ["logit", "lightgbm"])
def test_a_level_that_training_never_saw_is_called_unknown(deals, today, kind):
    # A level of fewer than 20 deals is counted with the rare ones, and so is one that was never seen.
    rare = deals.assign(industry=deals["industry"].mask(np.arange(len(deals)) % 25 == 0, "Rare"))
    rare.loc[rare["industry"] == "Rare", "won_in_horizon"] = 1.0
    few = rare["industry"] == "Rare"
    rare.loc[few, "industry"] = [f"Rare {i % 5}" for i in range(few.sum())]
    win = fit_propensity(rare, make_verdicts(), seed=1, compare=False, kind=kind)
    why = explain_scores(today.head(5).assign(industry="Astrology"), None, win, None)
    said = why.loc[(why["feature"] == "industry") & why["shown"], "words"]
    assert list(said) == ["speaks for winning: industry Astrology, unknown to the model"] * 5


def test_a_number_that_is_just_typical_is_no_reason(today, win):
    typical = {c.name: c.typical for c in win.model.design.columns if c.kind == "number"}
    plain = today.head(1).assign(**typical, industry="software")
    shown = explain_scores(plain, None, win, None).query("shown")
    assert set(shown["feature"]) <= {"industry"}


def test_our_own_effort_is_no_reason_that_a_deal_opens(today, why, opening, opening_trees):
    assert not why.query("part == 'opens'")["group"].eq("effort").any()
    # Trees bend what effort says by what else they see: kept in the sum, never shown.
    bent = explain_scores(today, opening_trees, None, None).query("group == 'effort'")
    assert set(bent["feature"]) == {HELD}
    assert not bent["shown"].any()


def test_only_strong_reasons_whose_sign_lasts_are_shown(why, today, win, refitted):
    assert (why.loc[why["shown"], "contribution"].abs() > STRONG).all()
    assert (why.loc[why["shown"], "sign_share"] >= 0.8 - 1e-6).all()
    # By hand: the industry's contribution under each refit is its column of the matrix times the coefficient.
    design = refitted.wins.design
    at = np.flatnonzero(design.owner == design.features.index("industry"))
    again = design.matrix(today)[:, at] @ refitted.wins.coef[1:][at]
    exact = win.contributions(today)["industry"].to_numpy()[:, None]
    share = pd.Series((np.sign(again) == np.sign(exact)).mean(axis=1), index=today["account_id"])
    told = why[(why["part"] == "wins") & (why["feature"] == "industry")].set_index("account_id")["sign_share"]
    np.testing.assert_allclose(told, share.reindex(told.index), atol=1e-6)
    assert told.min() < told.max()


def test_a_reason_whose_sign_refits_do_not_share_is_hidden(today, win, refitted):
    wins = refitted.wins
    # Half of the refits say the opposite of the other half.
    turned = dataclasses.replace(wins, coef=wins.coef * np.where(np.arange(10) % 2 == 0, 1.0, -1.0))
    assert explain_scores(today, None, win, None, refitted=None)["shown"].any()
    why = explain_scores(today, None, win, None, refitted=RefittedModels(None, turned, None, 10))
    assert not why["shown"].any()
    assert why["words"].isna().all()


def test_signs_of_trees_are_judged_where_it_matters_and_else_left_open(
    deals, today, win_trees, acv_median, monkeypatch
):
    import tierkit.models.reason_signs as signs

    refits = bootstrap_models(deals, deals.iloc[:0], None, win_trees, acv_median, n=4, seed=1)
    monkeypatch.setattr(signs, "MOST_TREE_ROWS", 50)
    why = explain_scores(today, None, win_trees, acv_median, refitted=refits)
    value = score_accounts(today, None, win_trees, acv_median).set_index("account_id")["expected_value"]
    judged = why[(why["part"] == "wins") & why["sign_share"].notna()]["account_id"].unique()
    assert len(judged) == 50
    assert value[judged].min() >= value.drop(judged).max()
    left = why[(why["part"] == "wins") & why["sign_share"].isna()]
    assert (left["shown"] <= (left["contribution"].abs() > STRONG)).all()
    assert left["shown"].any()
    exact = win_trees.contributions(today).set_index(today["account_id"])["industry"]
    again = [m.contributions(today)[0][:, m.features.index("industry")] for m in refits.wins]
    share = (np.sign(again) == np.sign(exact.to_numpy())).mean(axis=0)
    told = why[(why["part"] == "wins") & (why["feature"] == "industry")].set_index("account_id")["sign_share"].dropna()
    np.testing.assert_allclose(told, pd.Series(share, index=exact.index).reindex(told.index), atol=1e-6)


def test_the_order_of_rows_and_who_else_is_scored_change_nothing(today, opening, win, acv, refitted, why):
    some = today.sample(frac=0.5, random_state=1)
    again = explain_scores(some, opening, win, acv, refitted=refitted)
    by = ["account_id", "rank"]
    one = why[why["account_id"].isin(some["account_id"])].sort_values(by, ignore_index=True)
    other = again.sort_values(by, ignore_index=True)
    pd.testing.assert_frame_equal(
        one.astype({"feature": "str"}), other.astype({"feature": "str"}), rtol=1e-9, atol=1e-9
    )


def test_more_rows_than_a_batch_are_explained_alike(today, opening, win, acv, refitted, why, monkeypatch):
    monkeypatch.setattr("tierkit.models.reasons.ROWS", 70)
    again = explain_scores(today, opening, win, acv, refitted=refitted)
    pd.testing.assert_frame_equal(
        again.astype({"feature": "str"}), why.astype({"feature": "str"}), rtol=1e-9, atol=1e-9
    )


def test_no_model_or_no_row_gives_no_reason(today, win):
    assert list(explain_scores(today, None, None, None).columns) == COLUMNS
    assert explain_scores(today.head(0), None, win, None).empty


def test_groups_say_how_much_of_a_part_is_theirs(why):
    table = reason_groups(why)
    assert table.groupby("part")["share"].sum().to_numpy() == pytest.approx(1.0)
    inbound = why[(why["part"] == "wins") & (why["group"] == "behavioural")]
    size = inbound.groupby("account_id")["contribution"].sum().abs().mean()
    row = table[(table["part"] == "wins") & (table["group"] == "behavioural")].iloc[0]
    assert (row["mean_size"], row["n"]) == (pytest.approx(size), 300)
    assert list(table["part"].unique()) == ["opens", "wins", "value"]


def test_a_column_nobody_knows_is_told_in_words(deals):
    rows = deals.rename(columns={"industry": "LineOfBusiness"})
    win = fit_propensity(rows, make_verdicts(["LineOfBusiness", "n_inbound_90d"]), seed=0, compare=False)
    why = explain_scores(rows, None, win, None).query("feature == 'LineOfBusiness' and shown")
    assert why["words"].str.contains("Line Of Business software").any()
    assert not why["words"].str.contains("LineOfBusiness").any()


def test_a_feature_without_effect_is_hardly_ever_shown():
    # tech_crm has no part in the truth; inbound has.
    rows = make_deals(1600, seed=11)
    win = fit_propensity(rows, make_verdicts(FEATURES), seed=1, compare=False)
    refits = bootstrap_models(rows, make_panel(10, seed=1).iloc[:0], None, win, None, n=20, seed=1)
    why = explain_scores(rows.drop_duplicates("account_id"), None, win, None, refitted=refits)
    shown = why.groupby(why["feature"].astype("str"))["shown"].mean()
    assert shown["n_inbound_90d"] > 0.5
    assert shown["tech_crm"] < 0.5 * shown["n_inbound_90d"]
