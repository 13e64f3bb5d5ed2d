import json

import numpy as np
import pandas as pd
import pytest

from tierkit.errors import TierkitError
from tierkit.models.acv import fit_acv
from tierkit.models.scoring import score_accounts
from tierkit.models.store import load_models, save_models


def test_scores_and_contributions_are_identical_after_reloading(tmp_path, deals, opening, win_trees, acv):
    save_models(tmp_path, opening=opening, win=win_trees, acv=acv)
    again = load_models(tmp_path)
    today = deals.head(300).assign(is_customer=False)
    pd.testing.assert_frame_equal(
        score_accounts(today, again.opening, again.win, again.acv),
        score_accounts(today, opening, win_trees, acv),
        check_exact=True,
    )
    pd.testing.assert_frame_equal(again.win.contributions(today), win_trees.contributions(today), check_exact=True)


def test_everything_told_about_a_model_survives(tmp_path, win, acv):
    save_models(tmp_path, opening=None, win=win, acv=acv)
    again = load_models(tmp_path)
    assert again.opening is None
    assert again.win.model == win.model
    for name in (
        "calibration",
        "base_rate",
        "n_rows",
        "n_won",
        "window",
        "horizon_days",
        "label",
        "level",
        "skill",
        "notes",
    ):
        assert getattr(again.win, name) == getattr(win, name)
    pd.testing.assert_frame_equal(again.win.comparison, win.comparison, check_exact=True)
    pd.testing.assert_frame_equal(again.win.predictions, win.predictions, check_exact=True)
    assert again.acv.fit == acv.fit
    assert again.versions["lightgbm"].startswith("4.")


def test_the_same_fit_gives_the_same_bytes(tmp_path, deals, verdicts, win_trees, opening, acv):
    for name in ("a", "b"):
        fitted = fit_acv(deals, verdicts, seed=7)
        save_models(tmp_path / name, opening=opening, win=win_trees, acv=fitted)
    a, b = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("a", "b"))
    assert a == b
    assert {"win.json", "win.model.text.txt", "acv.json", "acv.comparison.csv", "opening.json", "versions.json"} <= set(
        a
    )


def test_a_person_can_read_features_levels_window_and_counts(tmp_path, win_trees):
    save_models(tmp_path, opening=None, win=win_trees, acv=None)
    plain = json.loads((tmp_path / "win.json").read_text())
    columns = {c["name"]: c for c in plain["model"]["design"]["columns"]}
    assert columns["industry"]["levels"] == ["bank", "health", "retail", "software"]
    assert plain["window"][0] == "2023-01-01"
    assert plain["n_rows"] == 1600
    assert (tmp_path / "win.model.text.txt").read_text().startswith("tree\n")


def test_a_median_and_missing_figures_survive(tmp_path, deals, verdicts):
    few = fit_acv(deals.dropna(subset="won_acv").head(20), verdicts, seed=0, compare=False)
    save_models(tmp_path, opening=None, win=None, acv=few)
    again = load_models(tmp_path).acv
    assert again.kind == "median"
    assert np.isnan(again.interval_coverage)
    np.testing.assert_array_equal(again.predict(deals), few.predict(deals))
    assert again.comparison.empty


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(TierkitError, match=r"versions.json is missing"):
        load_models(tmp_path)


def test_a_file_can_build_nothing_but_tierkits_dataclasses(tmp_path, win):
    save_models(tmp_path, opening=None, win=win, acv=None)
    plain = (tmp_path / "win.json").read_text()
    for foreign in ("subprocess:Popen", "tierkit.models.store:load_models"):
        (tmp_path / "win.json").write_text(plain.replace("tierkit.models.propensity:Propensity", foreign))
        with pytest.raises(TierkitError, match="not a model of tierkit"):
            load_models(tmp_path)
