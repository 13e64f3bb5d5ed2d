import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierkit.errors import TableError
from tierkit.models.design import OTHER, learn_design, model_features


def _rows():
    return pd.DataFrame(
        {
            "employees": [10.0, 20.0, np.nan, 30.0] * 20,
            "industry": pd.Series(["bank", "retail", None, "bank"] * 20, dtype="str"),
            "constant": 1.0,
            "day": pd.Timestamp("2026-01-01"),
        }
    )


def test_numbers_are_imputed_with_the_median_centred_and_flagged():
    design = learn_design(_rows(), ["employees"])
    # Imputed: 10 20 20 30, mean 20, sd sqrt(50) = 7.0711; one of four is unknown.
    (column,) = design.columns
    assert (column.typical, column.missing_share, column.logged) == (20.0, 0.25, False)
    expected = [[-10 / 50**0.5, -0.25], [0, -0.25], [0, 0.75], [10 / 50**0.5, -0.25]]
    np.testing.assert_allclose(design.matrix(_rows().head(4)), expected)


def test_categories_become_unscaled_columns_with_unknown_of_its_own():
    design = learn_design(_rows(), ["industry"])
    # bank .5, retail .25, unknown .25; each column is centred on its share.
    np.testing.assert_allclose(
        design.matrix(_rows().head(3)), [[0.5, -0.25, -0.25], [-0.5, 0.75, -0.25], [-0.5, -0.25, 0.75]]
    )
    assert list(design.owner) == [0, 0, 0]


def test_columns_without_variation_and_dates_are_left_out():
    assert learn_design(_rows(), ["constant", "day", "industry", "not there"]).features == ("industry",)


def test_rare_levels_join_other_and_unseen_ones_too():
    rows = pd.DataFrame({"city": pd.Series(["a"] * 30 + ["b"] * 25 + ["c"] * 19 + ["d"], dtype="str")})
    design = learn_design(rows, ["city"])
    assert design.columns[0].levels == ("a", "b", OTHER)
    unseen = pd.DataFrame({"city": pd.Series(["z", "c"], dtype="str")})
    assert list(design.frame(unseen)["city"]) == [OTHER, OTHER]


def test_an_unseen_level_without_other_counts_as_average():
    design = learn_design(_rows().dropna(), ["industry"])
    unseen = pd.DataFrame({"industry": pd.Series(["space"], dtype="str")})
    assert design.frame(unseen)["industry"].isna().all()
    np.testing.assert_array_equal(design.matrix(unseen), 0)


def test_skewed_counts_are_logged_and_kept_inside_the_training_range():
    rows = pd.DataFrame({"touches": [0.0] * 50 + [1.0, 2.0, 3.0, 400.0]})
    design = learn_design(rows, ["touches"])
    assert design.columns[0].logged
    # Far outside training: the same as the largest and the smallest seen.
    beyond = design.matrix(pd.DataFrame({"touches": [1e9, 400.0, -5.0, 0.0, np.inf]}))
    assert beyond[0] == beyond[1]
    assert beyond[2] == beyond[3]
    # An infinite value is an unknown one: the median, 0.
    assert beyond[4] == beyond[3]


def test_flags_are_not_logged():
    design = learn_design(pd.DataFrame({"flag": [0.0] * 90 + [1.0] * 10}), ["flag"])
    assert not design.columns[0].logged


def test_nullable_and_boolean_columns_are_numbers():
    rows = pd.DataFrame(
        {
            "a": pd.array([1, None, 3] * 10, dtype="Int64"),
            "b": [True, False, True] * 10,
            "c": pd.array([True, None, False] * 10, dtype="boolean"),
        }
    )
    design = learn_design(rows, ["a", "b", "c"])
    assert [c.kind for c in design.columns] == ["number"] * 3
    assert np.isfinite(design.matrix(rows)).all()


def test_the_order_of_columns_and_rows_changes_nothing():
    design = learn_design(_rows(), ["employees", "industry"])
    turned = _rows()[["industry", "day", "employees", "constant"]].sample(frac=1, random_state=0)
    expected = pd.DataFrame(design.matrix(_rows())).loc[turned.index].to_numpy()
    np.testing.assert_array_equal(design.matrix(turned), expected)
    pd.testing.assert_frame_equal(design.frame(turned), design.frame(_rows()).loc[turned.index])


def test_lacking_columns_are_named():
    design = learn_design(_rows(), ["employees", "industry"])
    with pytest.raises(TableError, match="industry"):
        design.matrix(_rows()[["employees"]])


def test_names_lightgbm_would_rewrite_are_made_safe_and_unique():
    rows = pd.DataFrame({"Elapsed Days": [1.0, 2.0], "Elapsed_Days": [1.0, 3.0], 'a"b': [1.0, 4.0]})
    assert learn_design(rows, list(rows)).safe_names == ("Elapsed_Days_0", "Elapsed_Days_1", "a_b")


def test_refused_columns_cannot_enter():
    verdicts = pd.DataFrame({"column": ["employees", "industry", "gone"], "verdict": ["flagged", "refused", "ok"]})
    assert model_features(verdicts, _rows()) == ["employees"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12)), min_size=2, max_size=40))
def test_every_training_column_of_the_matrix_has_mean_zero(values):
    rows = pd.DataFrame({"x": pd.array(values, dtype="Float64")})
    matrix = learn_design(rows, ["x"]).matrix(rows)
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix.mean(axis=0), 0, atol=1e-6)


def test_a_product_with_coefficients_is_that_of_the_matrix_known_or_not_seen_or_not():
    rng = np.random.default_rng(3)

    def rows(n: int, levels: str, unknown: float) -> pd.DataFrame:
        frame = pd.DataFrame({"size": rng.lognormal(5, 2, n), "age": rng.normal(size=n)})
        for name in ("industry", "region"):
            frame[name] = pd.Series(rng.choice([*levels], n), dtype="str")
        for name, share in (("size", unknown), ("industry", unknown), ("region", 0.0)):
            frame[name] = frame[name].mask(rng.random(n) < share)
        return frame

    design = learn_design(rows(400, "abc", 0.1), ["size", "age", "industry", "region"])
    today = rows(300, "abcx", 0.2)
    today["region"] = today["region"].mask(rng.random(300) < 0.2)  # which training always knew
    codes = design.codes(today)
    coef = rng.normal(size=len(design.owner))
    np.testing.assert_allclose(design.product(codes, coef), design.matrix_of(codes) @ coef, atol=1e-12)
    np.testing.assert_array_equal(design.product(codes[7:], coef), design.product(codes, coef)[7:])
