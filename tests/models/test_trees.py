import numpy as np
import pytest

from tests.models.truth import FEATURES, make_deals
from tierkit.models.splits import groups_of
from tierkit.models.trees import fit_trees


@pytest.fixture(scope="module")
def trees(deals):
    y = deals["won_in_horizon"].to_numpy()
    return fit_trees(deals, y, FEATURES, objective="binary", groups=groups_of(deals), seed=3)


def test_contributions_are_those_of_shap(trees, deals):
    shap = pytest.importorskip("shap")
    some = deals.head(200)
    parts, base = trees.contributions(some)
    explained = shap.TreeExplainer(trees.booster)(trees.design.frame(some))
    np.testing.assert_allclose(parts, explained.values, atol=1e-9)
    np.testing.assert_allclose(np.ravel(explained.base_values)[0], base, atol=1e-9)


def test_contributions_add_up_to_the_predictor(trees, deals):
    parts, base = trees.contributions(deals)
    np.testing.assert_allclose(parts.sum(axis=1) + base, trees.raw(deals), atol=1e-9)


def test_reordered_columns_change_nothing(trees, deals):
    np.testing.assert_array_equal(trees.raw(deals[deals.columns[::-1]]), trees.raw(deals))


def test_levels_stay_those_of_training(trees, deals):
    # Without the first level the codes pandas would give are others.
    some = deals[deals["industry"] != "bank"]
    np.testing.assert_array_equal(trees.raw(some), trees.raw(deals)[deals["industry"] != "bank"])


def test_the_same_seed_gives_the_same_text(deals, trees):
    y = deals["won_in_horizon"].to_numpy()
    again = fit_trees(deals, y, FEATURES, objective="binary", groups=groups_of(deals), seed=3)
    assert again.text == trees.text


def test_capacity_grows_with_rows(trees):
    assert trees.booster.num_trees() == 150
    many = make_deals(4000, seed=5)
    y = many["won_in_horizon"].to_numpy()
    stopped = fit_trees(many, y, FEATURES, objective="binary", groups=groups_of(many), seed=3)
    assert stopped.booster.num_trees() < 600
    leaves = [tree["num_leaves"] for tree in stopped.booster.dump_model()["tree_info"]]
    assert 7 < max(leaves) <= 15


def test_no_rows_give_no_scores(trees, deals):
    assert trees.raw(deals.head(0)).shape == (0,)
    assert trees.contributions(deals.head(0))[0].shape == (0, len(FEATURES))
