import lightgbm as lgb
import numpy as np
import pytest

from tests.models.truth import FEATURES, make_deals
from tierkit.models import trees as of_trees
from tierkit.models.forest import read_forest
from tierkit.models.splits import groups_of
from tierkit.models.trees import fit_trees

SHAPES = {
    "deep": {"num_leaves": 31, "max_depth": 8},
    "shallow": {"num_leaves": 7, "max_depth": 3},
    "zeros missing": {"num_leaves": 15, "max_depth": 6, "zero_as_missing": True},
    "nothing missing": {"num_leaves": 15, "max_depth": 6, "use_missing": False},
    "stumps": {"num_leaves": 2, "max_depth": 1},
    "never split": {"num_leaves": 7, "max_depth": 3, "min_data_in_leaf": 5000},
}


def numbers(n, seed, *, known=False):
    """Six numbers, some of them zero or unknown, and two categories of 40 and 3 levels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    x[:, 2] = np.round(x[:, 2])
    if not known:
        x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 6], x[:, 7] = rng.integers(0, 40, n), rng.integers(0, 3, n)
    return x


def labels(x, seed):
    rng = np.random.default_rng(seed)
    z = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 2]) ** 2 + np.sin(x[:, 6]) + (x[:, 7] == 1)
    return (rng.random(len(x)) < 1 / (1 + np.exp(-z))).astype(float)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("known", [False, True])
def test_contributions_are_lightgbms_own(shape, known):
    x = numbers(3000, 1, known=known)
    params = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_per_group": 20, "bagging_fraction": 0.8}
    params |= {"bagging_freq": 1, **SHAPES[shape]}
    data = lgb.Dataset(x, labels(x, 2), categorical_feature=[6, 7], params={"verbose": -1})
    booster = lgb.train(params, data, 40)
    stress = numbers(1500, 3)
    stress[:8] = np.nan
    stress[8:16, :6] = 0.0
    stress[16:24, :6], stress[24:32, :6] = np.inf, -np.inf
    # Levels never seen, codes beyond every set of bits, and an unknown level.
    stress[32:40, 6], stress[40:48, 6], stress[48:56, 6], stress[56:64, 7] = 39.0, 5000.0, -1.0, np.nan
    forest = read_forest(booster.model_to_string())
    expected = booster.predict(stress, pred_contrib=True)
    np.testing.assert_allclose(forest.contributions(stress), expected[:, :-1], rtol=0, atol=1e-9)
    assert forest.base == pytest.approx(expected[0, -1], abs=1e-12)


def test_many_rows_take_the_loops_and_few_do_not(monkeypatch):
    deals = make_deals(3000, seed=4)
    deals.loc[deals.index[:50], FEATURES[0]] = np.nan
    y = deals["won_in_horizon"].to_numpy()
    trees = fit_trees(deals, y, FEATURES, objective="binary", groups=groups_of(deals), seed=3, n_trees=30)
    few, base = trees.contributions(deals)
    monkeypatch.setattr(of_trees, "_MANY", 1000)
    monkeypatch.setattr(type(trees), "_predict", lambda *_, **__: pytest.fail("LightGBM was asked"))
    many, same_base = trees.contributions(deals)
    np.testing.assert_allclose(many, few, rtol=0, atol=1e-9)
    assert same_base == pytest.approx(base, abs=1e-12)


def test_trees_too_deep_for_tables_are_left_to_lightgbm():
    x = numbers(3000, 1)[:, :6]
    wide = np.hstack([x, numbers(3000, 9)[:, :6]])
    y = labels(numbers(3000, 1), 2)
    params = {"objective": "binary", "verbose": -1, "num_leaves": 200, "min_data_in_leaf": 2, "num_threads": 1}
    booster = lgb.train(params, lgb.Dataset(wide, y), 5)
    assert read_forest(booster.model_to_string()) is None
