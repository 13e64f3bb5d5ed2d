"""The card against the models, and the groups of features, on one small company."""

import numpy as np
import pandas as pd
import pytest

import tierkit as tk
from tests.journey import POLICY, small_company
from tierkit.models.bootstrap import scores_without
from tierkit.models.scorecard import fit_scorecard, unseen_values
from tierkit.proof.ablation import NOISE, ablate_groups, say_ablation
from tierkit.proof.scorecard import card_cuts, compare_scorecard, say_scorecard, scorecard_lift, scorecard_tiers

AS_OF = "2026-10-31"


@pytest.fixture(scope="module")
def month():
    """Tables, rows, models and gates of one month."""
    tables = tk.open_tables(small_company().frames)
    deals = tk.build_deal_rows(tables, before=AS_OF, horizon_days=150)
    today = tk.score_fit(tk.build_account_rows(tables, as_of=AS_OF), tk.fit_icp(deals), tables, as_of=AS_OF)
    # Noise under a name of its own group: a column that knows nothing.
    for rows in (deals, today):
        rows["live_moonphase"] = (pd.util.hash_pandas_object(rows["row_id"], index=False) % 3 == 0).astype("float64")
    verdicts = tk.screen_features(deals, scoring=today)
    panel = tk.build_panel_rows(tables, before=AS_OF, horizon_days=150)
    how = {"seed": 1, "compare": False}
    win, acv = tk.fit_propensity(deals, verdicts, **how), tk.fit_acv(deals, verdicts, **how)
    opening = tk.fit_opening(panel, tk.screen_features(panel, scoring=today), **how)
    gated = tk.gate_accounts(tk.score_accounts(today, opening, win, acv), tables, POLICY, as_of=AS_OF)
    gated = gated[gated["gate"] == "qualified"].copy()
    return {"tables": tables, "rows": (today, deals, panel), "models": (opening, win, acv), "gated": gated}


@pytest.fixture(scope="module")
def card(month):
    n = len(month["gated"])
    return fit_scorecard(month["gated"], *month["models"], places=(n // 10, n // 5))


@pytest.fixture(scope="module")
def ablation(month):
    where = {"as_of": AS_OF, "seed": 1, "refits": 3}
    return ablate_groups(*month["rows"], *month["models"], month["gated"], month["tables"], POLICY, **where)


class TestScorecard:
    def test_places_are_the_same_and_figures_add_up(self, month, card):
        gated, tables = month["gated"], month["tables"]
        n = len(gated)
        unseen = unseen_values(gated, *month["models"], places=(n // 10, n // 5))
        row = compare_scorecard(card, gated, tables, POLICY, as_of=AS_OF, unseen=unseen).iloc[0]
        tiers = scorecard_tiers(card, gated, tables, POLICY, as_of=AS_OF)
        assert (tiers == 1).sum() == row["n_tier1"]
        assert row["value_card"] == pytest.approx(gated.loc[tiers == 1, "expected_value"].sum())
        assert row["given_up"] == pytest.approx(1 - row["value_card"] / row["value_model"])
        assert row["agreement"] == row["n_common"] / row["n_tier1"]
        # By the models' own figures nothing can hold more than the models' choice.
        assert 0 <= row["given_up"] < 0.5
        assert 0 <= row["given_up_unseen"] < 0.6
        assert 0.4 < row["agreement"] < 1

    def test_cuts_tell_who_is_in(self, month, card):
        gated = month["gated"]
        tiers = scorecard_tiers(card, gated, month["tables"], POLICY, as_of=AS_OF)
        cuts = card_cuts(card, gated, tiers)
        points = pd.Series(card.points(gated), gated.index)
        assert list(cuts["tier"]) == [1, 2]
        assert points[tiers == 1].min() == cuts["from_low"].iloc[0]
        assert (cuts["n"] == [(tiers == t).sum() for t in (1, 2)]).all()

    def test_a_card_that_ranks_as_the_models_is_recommended(self, month, card):
        class Same:
            steps = card.steps
            points = staticmethod(lambda rows: rows["expected_value"].to_numpy())
            value = points

        row = compare_scorecard(Same(), month["gated"], month["tables"], POLICY, as_of=AS_OF)
        assert (row["agreement"].iloc[0], row["given_up"].iloc[0], row["n_moved"].iloc[0]) == (1, 0, 0)
        assert "use it" in say_scorecard(row)[-1]
        worse = say_scorecard(row.assign(given_up_unseen=0.05, n_tied=4))
        assert "let the models choose" in worse[-1]
        assert "4 accounts left out" in worse[1]

    def test_what_came_of_both_is_counted_in_the_same_places(self):
        # Models rank a, b, c, d; the card d, c, b, a; one Tier 1 place a month; a won 10 in month 1, d 4 in month 2.
        replay = pd.DataFrame(
            {
                "unit": "account",
                "kind": "backtest",
                "account_id": list("abcd") * 2,
                "row_id": list("abcd") * 2,
                "as_of": pd.to_datetime(["2025-01-31"] * 4 + ["2025-02-28"] * 4),
                "expected_value": [4.0, 3.0, 2.0, 1.0] * 2,
                "tier": 1.0,
                "card_tier": [2.0, 2.0, 2.0, 1.0] * 2,
                "size_tier": np.nan,
                "tier_in_use": np.nan,
                "won_in_horizon": [1.0, 0, 0, 0, 0, 0, 0, 1],
                "won_acv": [10.0, 0, 0, 0, 0, 0, 0, 4],
            }
        )
        table = scorecard_lift(replay).set_index("method")
        assert table.loc["models", ["n", "n_won", "won_acv"]].tolist() == [2, 1, 10]
        assert table.loc["scorecard", ["n", "n_won", "won_acv"]].tolist() == [2, 1, 4]
        row = pd.DataFrame(
            [{"n_lines": 7, "n_common": 5, "n_tier1": 10, "given_up": 0.1, "given_up_unseen": np.nan, "n_tied": 0}]
        )
        said = say_scorecard(row, table.reset_index())[-1]
        assert said.startswith("Replayed, Tier 1 by each month's card won 50 %")
        assert "0.40 times the value" in said
        assert scorecard_lift(replay.assign(card_tier=np.nan)).empty


class TestAblation:
    def test_forgetting_nothing_gives_the_models_back(self, month):
        same = scores_without(*month["rows"], *month["models"], groups=[[]], seed=1)
        own = tk.score_accounts(month["rows"][0], *month["models"])
        # Both stop near the optimum, not at it: values of customers, a ten-thousandth of the others', differ by 2 %.
        np.testing.assert_allclose(same.expected_value[0], own["expected_value"], rtol=3e-2)

    def test_a_forgotten_column_plays_no_part(self, month):
        today, deals, panel = month["rows"]
        given = (deals, panel, *month["models"])
        without = scores_without(today, *given, groups=[["employees", "segment"]], seed=1)
        changed = scores_without(today.assign(employees=9.0), *given, groups=[["employees", "segment"]], seed=1)
        np.testing.assert_array_equal(without.expected_value, changed.expected_value)
        known = scores_without(today.assign(employees=9.0), *given, groups=[[]], seed=1)
        assert not np.allclose(known.expected_value, without.expected_value, rtol=0.01)

    def test_groups_stand_in_order_beside_what_chance_moves(self, ablation, month):
        groups = ablation[ablation["group"] != NOISE]
        assert {"firmographic", "behavioural", "effort", "trigger"} <= set(groups["group"])
        assert groups["n_moved"].is_monotonic_decreasing
        assert (ablation["n"] == len(month["gated"])).all()
        assert (groups["remove"] == (groups["share_moved"] < 0.01)).all()
        assert (ablation["n_left_tier1"] <= ablation["n_tier1"]).all()
        # What accounts are and do carries the simulated company; triggers hardly enter its chances.
        by = groups.set_index("group")["n_moved"]
        assert by["firmographic"] > 2 * by["trigger"]
        assert ablation.loc[ablation["group"] == NOISE, "n_moved"].iloc[0] > 0

    def test_sentences_name_what_carries_and_what_may_go(self, ablation):
        says = " ".join(say_ablation(ablation))
        assert ablation["group"].iloc[0] in says
        idle = ablation.assign(remove=[g == "trigger" for g in ablation["group"]])
        assert "without trigger features: the models can do without them" in " ".join(say_ablation(idle))
        assert "may go" not in says
