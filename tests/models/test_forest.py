import re

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.truth import FEATURES, make_deals, make_verdicts
from tierkit.models import trees as of_trees
from tierkit.models.forest import BLOCK, Forest, read_forest
from tierkit.models.forest_text import Refused
from tierkit.models.propensity import fit_propensity
from tierkit.models.reasons import explain_scores
from tierkit.models.scoring import score_accounts
from tierkit.models.splits import groups_of
from tierkit.models.strongest import strongest_of
from tierkit.models.trees import Trees, fit_trees

SHAPES = {
    "deep": {"num_leaves": 31, "max_depth": 8},
    "wide": {"num_leaves": 127, "min_data_in_leaf": 5},
    "shallow": {"num_leaves": 7, "max_depth": 3},
    "zeros missing": {"num_leaves": 15, "max_depth": 6, "zero_as_missing": True},
    "nothing missing": {"num_leaves": 15, "max_depth": 6, "use_missing": False},
    "one level against the rest": {"num_leaves": 15, "max_cat_to_onehot": 100},
    "more limits than a byte holds": {"num_leaves": 63, "max_bin": 2000, "min_data_in_bin": 1},
    "stumps": {"num_leaves": 2, "max_depth": 1},
    "never split": {"num_leaves": 7, "max_depth": 3, "min_data_in_leaf": 5000},
}
QUIET = {"verbose": -1, "num_threads": 1, "min_data_per_group": 20, "seed": 3}


def numbers(n, seed, *, known=False):
    """Six numbers, some of them zero or unknown, and two categories of 40 and 3 levels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    x[:, 2] = np.round(x[:, 2])
    if not known:
        x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 6], x[:, 7] = rng.integers(0, 40, n), rng.integers(0, 3, n)
    return x


def hard_numbers(n, seed):
    """The same, and what no training row had: infinities, tiny and huge numbers, levels unseen, cut or unknown."""
    x, rng = numbers(n, seed), np.random.default_rng(seed)
    rare = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 1.1e-35, 5e-324, 1e300, -1e300])
    at = rng.random((n, 6)) < 0.2
    x[:, :6][at] = rng.choice(rare, at.sum())
    codes = np.array([np.nan, np.inf, -np.inf, -0.5, -1.0, -7.0, 0.5, 2.999, 39.0, 40.0, 5000.0, 2.0**31, 1e12, 1e300])
    at = rng.random((n, 2)) < 0.4
    x[:, 6:][at] = rng.choice(codes, at.sum())
    x[0] = np.nan
    return x


def labels(x, seed):
    rng = np.random.default_rng(seed)
    z = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 2]) ** 2 + np.sin(x[:, 6]) + (x[:, 7] == 1)
    return (rng.random(len(x)) < 1 / (1 + np.exp(-z))).astype(float)


def train(x, y, n_trees=30, **params):
    data = lgb.Dataset(x, y, categorical_feature=[6, 7], params={"verbose": -1, **params})
    return lgb.train({"objective": "binary", **QUIET, **params}, data, n_trees)


def assert_lightgbms_own(booster, x):
    forest = read_forest(booster.model_to_string(num_iteration=-1))
    assert isinstance(forest, Forest)
    np.testing.assert_array_equal(forest.raw(x), booster.predict(x, raw_score=True, num_iteration=-1))
    expected = booster.predict(x, pred_contrib=True, num_iteration=-1)
    size = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(forest.contributions(x), expected[:, :-1], rtol=0, atol=1e-11 * size)
    assert forest.base == pytest.approx(expected[0, -1], abs=1e-11 * size)
    return forest


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("known", [False, True])
def test_scores_and_contributions_are_lightgbms_own(shape, known):
    x = numbers(3000, 1, known=known)
    n_trees = 8 if shape in ("wide", "more limits than a byte holds") else 30
    booster = train(x, labels(x, 2), n_trees, bagging_fraction=0.8, bagging_freq=1, **SHAPES[shape])
    assert_lightgbms_own(booster, np.vstack([hard_numbers(1500, 3), numbers(500, 4)]))


OBJECTIVES = {
    "binary": {},
    "regression": {},
    "gamma": {},
    "poisson": {},
    "tweedie": {"tweedie_variance_power": 1.3},
    "cross_entropy": {},
    "quantile": {"alpha": 0.7},
    "regression_l1": {},
}


@st.composite
def models(draw):
    """A small model of any kind LightGBM grows, and rows it may be asked about."""
    seed, n = draw(st.integers(0, 1000)), draw(st.sampled_from([30, 200, 800]))
    objective = draw(st.sampled_from(list(OBJECTIVES)))
    params = {
        "objective": objective,
        "num_leaves": draw(st.sampled_from([2, 3, 8, 40])),
        "max_depth": draw(st.sampled_from([-1, 2, 5])),
        "min_data_in_leaf": draw(st.sampled_from([1, 5, 20])),
        "min_sum_hessian_in_leaf": draw(st.sampled_from([0.0, 1e-3])),
        "min_data_per_group": draw(st.sampled_from([1, 10])),
        "max_cat_to_onehot": draw(st.sampled_from([1, 4, 64])),
        "cat_smooth": draw(st.sampled_from([0.0, 10.0])),
        "max_bin": draw(st.sampled_from([3, 63, 255, 400])),
        "zero_as_missing": draw(st.booleans()),
        "use_missing": draw(st.booleans()),
        "boost_from_average": draw(st.booleans()),
        "boosting": draw(st.sampled_from(["gbdt", "gbdt", "dart"])),
        "extra_trees": draw(st.booleans()),
        "seed": seed,
        **OBJECTIVES[objective],
    }
    if objective == "binary":
        params["sigmoid"] = draw(st.sampled_from([0.5, 1.0]))
    x = draw(st.sampled_from([numbers, hard_numbers]))(n, seed)
    # LightGBM learns no level below 0 or beyond an int.
    x[:, 6:] = np.where((x[:, 6:] >= 0) & (x[:, 6:] < 1e4), x[:, 6:], np.nan)
    y = labels(np.clip(np.nan_to_num(x), -3, 3), seed)
    if objective in ("gamma", "regression", "quantile", "regression_l1", "tweedie", "poisson"):
        y = np.exp(y + np.random.default_rng(seed).normal(size=n))
    booster = train(x, y, draw(st.integers(1, 12)), **params)
    return booster, hard_numbers(120, seed + 1)


@given(models())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_model_agrees_with_lightgbm(case):
    assert_lightgbms_own(*case)


REFUSED = {
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "linear leaves": {"objective": "regression", "linear_tree": True},
    "a random forest": {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_added_up_here_is_refused_by_name(why):
    x = numbers(600, 1)
    y = labels(x, 2) if why != "multiclass" else x[:, 7]
    forest = read_forest(train(x, y, 4, **REFUSED[why]).model_to_string())
    assert isinstance(forest, Refused)
    assert why in forest.reason


def test_a_model_without_counts_of_rows_is_refused_by_name():
    x = numbers(600, 1)
    text = re.sub(r"internal_count=.*\n", "", train(x, labels(x, 2), 2).model_to_string())
    assert read_forest(text) == Refused("no internal_count in its text")


def test_a_ranking_agrees():
    x = numbers(600, 1)
    data = lgb.Dataset(x, labels(x, 2), group=[20] * 30, categorical_feature=[6, 7], params={"verbose": -1})
    assert_lightgbms_own(lgb.train({"objective": "lambdarank", **QUIET}, data, 10), hard_numbers(300, 5))


@pytest.mark.parametrize("threshold", ["1e-40", "-1e-40", "0", "inf"])
def test_numbers_next_to_zero_are_zero(threshold):
    x = numbers(600, 1)
    text = train(
        x, labels(x, 2), 1, num_leaves=2, max_cat_to_onehot=1, feature_contri=[9.0] + [0.01] * 7
    ).model_to_string()
    assert "split_feature=0\n" in text
    # Sizes of trees in characters are for those who read them side by side.
    text = re.sub(r"tree_sizes=.*\n", "", re.sub(r"threshold=\S+", f"threshold={threshold}", text))
    near = np.zeros((14, 8))
    near[:, 0] = [0.0, -0.0, 1e-36, -1e-36, 1e-40, -1e-40, 5e-324, -5e-324, 1e-35, -1e-35, 1.1e-35, 1, np.inf, np.nan]
    assert_lightgbms_own(lgb.Booster(model_str=text), near)


def test_offsets_given_in_training_are_no_part_of_a_score():
    x = numbers(600, 1)
    offset = np.random.default_rng(1).normal(size=600)
    data = lgb.Dataset(x, labels(x, 2), init_score=offset, categorical_feature=[6, 7], params={"verbose": -1})
    assert_lightgbms_own(lgb.train({"objective": "binary", **QUIET}, data, 10), hard_numbers(300, 5))


def test_tables_without_room_leave_contributions_to_lightgbm_and_keep_scores():
    x = numbers(3000, 1)
    booster = train(x, labels(x, 2), num_leaves=31)
    forest = read_forest(booster.model_to_string(), most_bytes=100_000)
    assert "large tables" in forest.reasons.reason
    with pytest.raises(ValueError, match="large tables"):
        forest.contributions(x)
    np.testing.assert_array_equal(forest.raw(x), booster.predict(x, raw_score=True))


def test_ways_too_long_for_a_pattern_leave_contributions_to_lightgbm_and_keep_scores():
    # One feature after the other tells the next tenth of the rows apart: a tree that is one long way.
    n, rng = 4000, np.random.default_rng(1)
    x = rng.normal(size=(n, 24))
    y = np.argmax(np.column_stack([x > 1.2, np.ones(n)]), axis=1).astype(float) ** 2
    params = {"objective": "regression", "num_leaves": 40, "min_data_in_leaf": 2, **QUIET}
    booster = lgb.train(params, lgb.Dataset(x, y, params={"verbose": -1}), 8)
    forest = read_forest(booster.model_to_string())
    assert "deep trees" in forest.reasons.reason
    np.testing.assert_array_equal(forest.raw(x), booster.predict(x, raw_score=True))


def test_rows_of_the_last_block_are_as_good_as_those_of_the_first():
    x = hard_numbers(2 * BLOCK + 77, 6)
    booster = train(numbers(1000, 1), labels(numbers(1000, 1), 2), 5)
    assert_lightgbms_own(booster, x)


def test_rows_of_another_width_are_refused():
    x = numbers(300, 1)
    forest = read_forest(train(x, labels(x, 2), 3).model_to_string())
    with pytest.raises(ValueError, match="8 features"):
        forest.raw(x[:, :7])


def test_a_row_has_the_same_bits_wherever_it_stands():
    x = numbers(5000, 1)
    forest = read_forest(train(x, labels(x, 2), num_leaves=31).model_to_string())
    order = np.random.default_rng(2).permutation(len(x))
    np.testing.assert_array_equal(forest.contributions(x)[order], forest.contributions(x[order]))
    np.testing.assert_array_equal(forest.raw(x)[order], forest.raw(np.asfortranarray(x[order])))


def test_the_strongest_are_those_of_the_whole_matrix():
    x = numbers(5000, 1)
    forest = read_forest(train(x, labels(x, 2), num_leaves=31).model_to_string())
    how = {
        "family_of": np.array([0, 0, 1, -1, 2, 1, 3, 3]),
        "typical": np.array([np.nan, 0.0, 0.0, 0.0, 1.0, 0.0, np.nan, np.nan]),
        "unknown_is_typical": np.array([False, True, False, True, False, True, False, False]),
    }
    for k in (0, 2, 9):
        for kept, whole in zip(
            forest.strongest(x, k, **how), strongest_of(forest.contributions(x), x, k, **how), strict=True
        ):
            np.testing.assert_array_equal(kept, whole)


@pytest.fixture(scope="module")
def of_deals():
    deals = make_deals(3000, seed=4)
    deals.loc[deals.index[:50], FEATURES[0]] = np.nan
    y = deals["won_in_horizon"].to_numpy()
    return deals, fit_trees(deals, y, FEATURES, objective="binary", groups=groups_of(deals), seed=3, n_trees=30)


HOW = {"family_of": np.array([0, 1, 2, 2, 3, -1]), "typical": np.zeros(6), "unknown_is_typical": np.ones(6, bool)}


def test_many_rows_take_the_loops_and_few_do_not(monkeypatch, of_deals):
    deals, trees = of_deals
    x = trees.design.codes(deals)
    few, base = trees.contributions(deals)
    raw = trees.raw(deals)
    assert "forest" not in trees.__dict__
    monkeypatch.setattr(of_trees, "MANY", 1000)
    asked, ask = [], Trees._ask
    monkeypatch.setattr(Trees, "_ask", lambda self, x, **how: asked.append(len(x)) or ask(self, x, **how))
    many, same_base = trees.contributions(deals)
    np.testing.assert_allclose(many, few, rtol=0, atol=1e-12)
    assert same_base == pytest.approx(base, abs=1e-12)
    np.testing.assert_array_equal(trees.raw(deals), raw)
    kept, whole = trees.strongest_of(x, 3, **HOW), strongest_of(few, x, 3, **HOW)
    np.testing.assert_array_equal(kept.family, whole.family)
    np.testing.assert_array_equal(kept.member, whole.member)
    np.testing.assert_allclose(kept.contribution, whole.contribution, rtol=0, atol=1e-12)
    assert asked == [32, 32, 32]
    assert trees.notes == ()


@pytest.mark.parametrize("ask", ["raw_of", "contributions_of", "strongest_of"])
def test_loops_that_differ_from_lightgbm_are_left_and_the_reader_is_told(monkeypatch, of_deals, ask):
    deals, trees = of_deals
    x = trees.design.codes(deals)
    doubted, left = Trees(trees.design, trees.text), Trees(trees.design, trees.text)
    # Arrays of another model: the value of one leaf is not what it should be.
    at = trees.text.index("leaf_value=") + len("leaf_value=")
    value = trees.text[at:].split()[0]
    doubted.__dict__["forest"] = read_forest(trees.text[:at] + str(float(value) + 1e-5) + trees.text[at + len(value) :])
    left.__dict__["forest"] = Refused("so that LightGBM is asked")
    monkeypatch.setattr(of_trees, "_BATCH", 1000)
    more = {"k": 2, **HOW} if ask == "strongest_of" else {}
    with pytest.warns(UserWarning, match="left to LightGBM"):
        given = getattr(doubted, ask)(x, **more)
    expected = getattr(left, ask)(x, **more)
    for one, other in (
        zip(np.atleast_1d(given), np.atleast_1d(expected), strict=True)
        if ask == "raw_of"
        else zip(given, expected, strict=True)
    ):
        np.testing.assert_array_equal(one, other)
    assert left.notes == ()
    # Once they differed they are not asked again.
    doubted.raw_of(x)
    assert len(doubted.notes) == 1
    assert "left to LightGBM" in doubted.notes[0]


def test_what_differed_is_said_of_scores_and_reasons_after_they_were_kept(monkeypatch, tmp_path):
    deals = make_deals(2500, seed=4)
    win = fit_propensity(deals, make_verdicts(), seed=1, compare=False, kind="lightgbm")
    assert not score_accounts(deals, None, win, None).attrs
    monkeypatch.setattr(of_trees, "MANY", 1000)
    monkeypatch.setattr(of_trees, "_MANY_SCORED", 1000)
    win.model.__dict__["forest"] = read_forest(re.sub(r"leaf_value=\S+", "leaf_value=9", win.model.text))
    with pytest.warns(UserWarning, match="left to LightGBM"):
        tables = {"scores": score_accounts(deals, None, win, None)}
    tables["reasons"] = explain_scores(deals, None, win, None)
    for name, table in tables.items():
        table.to_parquet(tmp_path / name)
        assert "left to LightGBM" in pd.read_parquet(tmp_path / name).attrs["notes"][0]
