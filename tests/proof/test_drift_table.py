from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.models.truth import make_deals, make_verdicts
from tierkit.features.catalog import feature_of
from tierkit.models.acv import fit_acv
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.store import Models
from tierkit.proof.drift_table import drift_table, reason_shares, say_drift


@pytest.fixture(scope="module")
def deals() -> pd.DataFrame:
    return make_deals(1600, seed=1)


@pytest.fixture(scope="module")
def win(deals) -> Propensity:
    return fit_propensity(deals, make_verdicts(), seed=7, kind="logit", compare=False)


def rows_of(deals: pd.DataFrame, seed: int) -> pd.DataFrame:
    return deals.sample(frac=0.5, random_state=seed).assign(as_of=pd.Timestamp("2026-01-31"))


def compare(before: pd.DataFrame, now: pd.DataFrame, win: Propensity, **more) -> pd.DataFrame:
    return drift_table(before, now, opening=None, win=win, acv=None, **more)


def test_halves_of_the_same_rows_do_not_alarm(deals, win):
    half = rows_of(deals, 1)
    table = compare(half, deals.drop(half.index), win)
    assert not table["alarmed"].any()
    assert {"feature", "score", "reason"} <= set(table["kind"])
    told = say_drift(table, since="then")
    assert told == (f"Of {len(table)} things looked at, none has moved beyond its noise since then.",)


def test_what_moves_is_alarmed_by_name_and_told(deals, win):
    half = rows_of(deals, 1)
    other = deals.drop(half.index)
    number = next(c.name for c in win.model.design.numbers if c.name == "employees")
    moved = compare(half, other.assign(**{number: other[number] * 3}), win)
    alarmed = moved[moved["alarmed"]]
    assert ("feature", number) in set(zip(alarmed["kind"], alarmed["name"], strict=True))
    told = say_drift(moved, since="then")
    assert f"of {len(moved)} things looked at" in told[0].lower()
    assert any(sentence.startswith("Headcount has moved:") for sentence in told)


def test_values_that_go_missing_and_levels_never_seen_are_alarmed(deals, win):
    half = rows_of(deals, 1)
    other = deals.drop(half.index).copy()
    text = win.model.design.categories[0].name
    other.iloc[:40, other.columns.get_loc(text)] = "Never heard of"
    other.iloc[:, other.columns.get_loc("employees")] = np.nan
    table = compare(half, other, win).set_index(["kind", "name"])
    assert table.loc[("feature", "employees"), "alarmed"]
    level = table.loc[("level", text)]
    assert (level["figure"], level["now"], level["alarmed"]) == (40 / len(other), "Never heard of", True)
    assert table.loc[("feature", "employees"), "now"] == "unknown"


def test_only_the_newest_month_of_a_panel_stands_for_the_window(deals, win):
    half = rows_of(deals, 1)
    old = half.assign(as_of=pd.Timestamp("2025-01-31"), employees=1e6)
    both = pd.concat([old, half]).assign(opened_in_horizon=0.0)
    pd.testing.assert_frame_equal(compare(both, deals, win), compare(half, deals, win))


def test_row_order_changes_nothing(deals, win):
    half = rows_of(deals, 1)
    one, two = (
        compare(half.sample(frac=1, random_state=s), deals.sample(frac=1, random_state=s + 5), win) for s in (2, 3)
    )
    pd.testing.assert_frame_equal(one, two)


def test_shares_of_reasons_add_up_and_a_group_gone_quiet_is_alarmed(deals, win):
    shares = reason_shares(deals, Models(None, win, None, None, {}))
    assert shares["share"].sum() == pytest.approx(1)
    loud = shares.sort_values("share").iloc[-1]
    coef = np.array(win.model.coef)
    owner = [win.features[i] for i in win.model.design.owner]
    quiet_coef = np.where([feature_of(name).group == loud["group"] for name in owner], coef / 4, coef)
    quiet = replace(win, model=replace(win.model, coef=tuple(quiet_coef)))
    table = compare(deals, deals, quiet, models_before=Models(None, win, None, None, {}))
    reason = table[(table["kind"] == "reason") & (table["name"] == loud["group"])].iloc[0]
    a = loud["share"]
    # A quarter of its weight: share / 4 over what is left of the whole.
    assert reason["figure"] == pytest.approx(1 - (a / 4) / (1 - 0.75 * a) / a)
    assert reason["alarmed"]
    assert any("The chance to win rests" in s for s in say_drift(table, since="then", most=20))


def cohort_of(won: int, n: int) -> pd.DataFrame:
    """A newest quarter of `n` deals given a chance of .2 each, after an older one."""
    days = pd.to_datetime(["2025-06-30"] * 100 + ["2025-09-30"] * n)
    y = np.r_[np.tile([1.0, 0, 0, 0, 0], 20), np.ones(won), np.zeros(n - won)]
    ids = [f"r{i}" for i in range(100 + n)]
    frame = pd.DataFrame({"row_id": ids, "account_id": ids, "win_prob": 0.2, "won_in_horizon": y})
    return frame.assign(origin=days)


def test_the_newest_deals_are_held_against_their_chances(win):
    nothing = pd.DataFrame()
    fine = drift_table(nothing, nothing, opening=None, win=replace(win, predictions=cohort_of(60, 300)), acv=None)
    assert fine["figure"].tolist() == pytest.approx([0], abs=1e-9)
    high = drift_table(nothing, nothing, opening=None, win=replace(win, predictions=cohort_of(120, 300)), acv=None)
    # logit .4 - logit .2 = .9808
    assert high["figure"].tolist() == pytest.approx([0.980829])
    assert (high["n_before"].tolist(), high["n_now"].tolist(), high["alarmed"].tolist()) == ([100], [300], [True])
    assert say_drift(high, since="then")[1] == "The newest 300 mature deals: 60 wins expected, 120 won."
    # The same rate of few deals is noise: 4 of 10, standard error .65
    few = drift_table(nothing, nothing, opening=None, win=replace(win, predictions=cohort_of(4, 10)), acv=None)
    assert few["limit"].iloc[0] > 1
    assert not few["alarmed"].any()


def test_an_update_already_made_does_not_hide_the_shift(win):
    moved = replace(win.calibration, shift=win.calibration.shift + 0.5, update=0.5)
    updated = replace(win, predictions=cohort_of(120, 300), calibration=moved)
    table = drift_table(pd.DataFrame(), pd.DataFrame(), opening=None, win=updated, acv=None)
    assert table["figure"].tolist() == pytest.approx([0.980829])


def test_nothing_to_compare_is_said(win):
    nothing = pd.DataFrame()
    table = drift_table(nothing, nothing, opening=None, win=None, acv=None)
    assert say_drift(table, since="2026-09") == ("Nothing can be compared since 2026-09.",)


def test_money_has_reasons_and_a_score_too(deals, win):
    acv = fit_acv(deals, make_verdicts(), seed=7, compare=False)
    half = rows_of(deals, 1)
    table = drift_table(half, deals.drop(half.index), opening=None, win=win, acv=acv)
    assert {"expected_acv", "expected_value", "win_prob"} == set(table.loc[table["kind"] == "score", "name"])
    assert set(table.loc[table["kind"] == "reason", "part"]) == {"wins", "value"}
