import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.truth import PANEL_FEATURES
from tierkit.errors import TableError
from tierkit.models.card_steps import card_candidates, round_cuts, say_steps
from tierkit.models.scorecard import _first, fit_scorecard, unseen_values
from tierkit.models.scoring import score_accounts
from tierkit.models.store import load_models, save_models

PLACES = (30, 90)


@pytest.fixture(scope="module")
def scores(panel, opening, win, acv):
    rng = np.random.default_rng(2)
    today = panel.drop_duplicates("account_id", keep="last").reset_index(drop=True)
    today = today.assign(
        industry=pd.Series(rng.choice(["software", "retail", "bank", "health"], len(today)), dtype="str"),
        n_inbound_365d=today["n_inbound_90d"] + rng.poisson(4, len(today)),
        tech_crm=(rng.random(len(today)) < 0.3).astype(float),
        has_open_deal=False,
        fit_score=rng.uniform(0, 100, len(today)),
    )
    return score_accounts(today, opening, win, acv)


@pytest.fixture(scope="module")
def card(scores, opening, win, acv):
    return fit_scorecard(scores, opening, win, acv, places=PLACES)


def test_the_card_is_small_and_of_whole_numbers(card):
    per_line = card.steps.groupby("line")
    assert per_line.ngroups <= 7
    assert per_line.size().max() <= 3 + (card.steps["kind"] == "level").any()
    assert per_line["feature"].nunique().eq(1).all()
    assert card.steps["points"].dtype == "int64"
    assert card.steps["points"].abs().between(1, 10).all()


def test_our_own_effort_earns_no_points(card, win):
    assert "n_outbound_90d" in win.features
    assert "n_outbound_90d" not in set(card.steps["feature"])
    assert not {"is_customer", "has_open_deal"} & set(card.steps["feature"])


def test_the_card_ranks_much_like_the_models(card, scores):
    value = scores["expected_value"].to_numpy()
    held = _first(card.value(scores), value, np.ones(len(value)), 120) / np.sort(value)[::-1][:120].sum()
    by_size = scores["employees"].fillna(0).to_numpy()
    size = _first(by_size, value, np.ones(len(value)), 120) / np.sort(value)[::-1][:120].sum()
    assert held > 0.85
    assert held > size


def test_adding_up_the_printed_card_by_hand_gives_its_total(card, scores):
    table = card.table()
    assert list(table["line"]) == list(range(1, len(table) + 1))
    assert table["look_up"].str.len().gt(0).all()
    # By hand: of each line the last step that holds, an unknown value nothing.
    scores = scores.head(150)
    total = np.zeros(len(scores))
    for _, line in card.steps.groupby("line"):
        for i in range(len(scores)):
            value = scores[line["feature"].iloc[0]].iloc[i]
            worth = 0
            for step in line.itertuples():
                if step.kind == "level":
                    worth = step.points if value == step.level else worth
                elif not pd.isna(value) and (value >= step.cut if step.kind == "from" else value <= step.cut):
                    worth = step.points
            total[i] += worth
    np.testing.assert_array_equal(card.points(scores), total)


def test_more_points_are_worth_more_and_ties_go_by_fit(card, scores):
    points, value = card.points(scores), card.value(scores)
    order = np.lexsort((-scores["fit_score"].to_numpy(), -points))
    assert (np.diff(value[order]) <= 0).all()


def test_customers_come_last(scores, opening, win, acv):
    worthless = scores.assign(is_customer=pd.array(np.arange(len(scores)) % 5 == 0, dtype="boolean"))
    worthless["expected_value"] = np.where(worthless["is_customer"], 1e-3, 1.0) * scores["expected_value"]
    card = fit_scorecard(worthless, opening, win, acv, places=PLACES)
    assert card.last == ("is_customer",)
    customer = worthless["is_customer"].to_numpy(dtype=bool)
    assert np.isnan(card.points(worthless)[customer]).all()
    assert card.value(worthless)[customer].max() < card.value(worthless)[~customer].min()


def test_row_order_changes_nothing(card, scores, opening, win, acv):
    shuffled = scores.sample(frac=1, random_state=3)
    other = fit_scorecard(shuffled, opening, win, acv, places=PLACES)
    pd.testing.assert_frame_equal(other.steps, card.steps)
    assert other.log_per_point == card.log_per_point


def test_a_sample_of_many_accounts_gives_much_the_same_card(scores, opening, win, acv, monkeypatch):
    monkeypatch.setattr("tierkit.models.scorecard._SAMPLE", 300)
    few = fit_scorecard(scores, opening, win, acv, places=PLACES)
    value = scores["expected_value"].to_numpy()
    held = _first(few.value(scores), value, np.ones(len(value)), 120) / np.sort(value)[::-1][:120].sum()
    assert held > 0.85


def test_values_of_accounts_the_card_did_not_see_are_another_matter(card, scores, opening, win, acv):
    unseen = unseen_values(scores, opening, win, acv, places=PLACES)
    assert (unseen > 0).all()
    assert np.corrcoef(np.log(unseen), np.log(card.value(scores)))[0, 1] > 0.8
    assert not np.allclose(unseen, card.value(scores))


def test_a_card_is_saved_with_the_models(card, scores, opening, win, acv, tmp_path):
    save_models(tmp_path, opening=opening, win=win, acv=acv, scorecard=card)
    again = load_models(tmp_path).scorecard
    np.testing.assert_array_equal(again.value(scores), card.value(scores))
    pd.testing.assert_frame_equal(again.table(), card.table())


def test_nothing_to_distil_is_named(scores, opening, win, acv):
    with pytest.raises(TableError, match="expected_value above 0"):
        fit_scorecard(scores.assign(expected_value=np.nan), opening, win, acv, places=PLACES)
    alike = scores.assign(**dict.fromkeys((*PANEL_FEATURES, "tech_crm", "n_inbound_365d"), 1.0), industry="bank")
    with pytest.raises(TableError, match="tells accounts apart"):
        fit_scorecard(alike, opening, win, acv, places=PLACES)


def test_cut_points_are_round_numbers():
    x = np.exp(np.random.default_rng(0).normal(5, 1.2, 1000)).round()
    assert {c for c in round_cuts(x, "people") if c > 9} <= {d * 10.0**k for d in range(1, 10) for k in range(1, 6)}
    assert set(round_cuts(np.arange(2000.0), "days")) <= {7, 14, 30, 60, 90, 180, 365, 730, 1095}
    assert round_cuts(np.full(5, np.nan), "") == []
    # 4 is the least of 4 to 8: everybody whose value is known has it.
    assert min(round_cuts(np.arange(4.0, 9.0), "")) > 4


def test_steps_are_said_in_words():
    line = pd.DataFrame({"feature": "employees", "kind": "from", "cut": [100.0, 2000.0], "level": "", "points": [2, 5]})
    assert say_steps(line) == "100 or more +2, 2,000 or more +5"
    levels = pd.DataFrame(
        {
            "feature": "industry",
            "kind": "level",
            "cut": np.nan,
            "level": ["Bank", "Retail", "Tech"],
            "points": [2, -1, 2],
        }
    )
    assert say_steps(levels) == "Bank or Tech +2, Retail -1"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_the_places_of_a_ranking_never_hold_more_than_the_best(seed, cut):
    rng = np.random.default_rng(seed)
    value, score = rng.lognormal(size=40), rng.integers(0, 4, 40).astype(float)
    copies = np.ones(40)
    best = np.sort(value)[::-1][:cut].sum()
    assert _first(score, value, copies, cut) <= best + 1e-9
    assert _first(value, value, copies, cut) == pytest.approx(best)
    # All alike: every account has the same share of a place.
    assert _first(np.zeros(40), value, copies, cut) == pytest.approx(value.mean() * cut)


def test_conditions_that_hardly_anybody_meets_are_left_out():
    rows = pd.DataFrame(
        {"industry": pd.Series(["a"] * 995 + ["b"] * 5, dtype="str"), "seats": np.r_[np.zeros(500), np.ones(500)]}
    )
    assert card_candidates(rows, ["industry", "seats"]).columns[0][:3] == ("seats", "from", 1.0)
    assert len(card_candidates(rows, ["industry"]).columns) == 0
