import json
import math

import numpy as np
import pandas as pd
import pytest

from tests.features.company import make_tables
from tierkit.features.fit import Icp, fit_icp, score_fit
from tierkit.features.settings import FeatureSettings, FitSettings

AS_OF = pd.Timestamp("2026-03-31")
NO_TABLES = make_tables(accounts=pd.DataFrame({"account_id": ["a"]}))


def accounts(n: int, seed: int = 0) -> pd.DataFrame:
    """Accounts of which industry matters most, headcount some, the stack against, and country not at all."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "row_id": [f"d{i:05d}" for i in range(n)],
            "account_id": [f"a{i:05d}" for i in range(n)],
            "as_of": pd.Timestamp("2025-01-31"),
            "industry": rng.choice(["good", "fair", "poor"], n),
            "employees": rng.lognormal(5, 1, n).round(),
            "country": rng.choice(["DE", "FR"], n),
            "tech_old": rng.integers(0, 2, n).astype("float64"),
            "n_inbound_90d": rng.poisson(1.0, n).astype("float64"),
        }
    )
    effect = rows["industry"].map({"good": 1.2, "fair": 0.0, "poor": -1.2})
    log_odds = -1 + effect + 0.5 * (np.log(rows["employees"]) - 5) - 0.8 * rows["tech_old"]
    rows["won_in_horizon"] = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype("float64")
    return rows


def test_points_are_shrunk_log_odds_worked_by_hand() -> None:
    # 30 of 60 in x, 10 of 60 in y: base 1/3. x: (30 + 20/3) / 80 = 0.4583; y: (10 + 20/3) / 80 = 0.2083.
    rows = pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(120)],
            "account_id": [f"a{i:03d}" for i in range(120)],
            "as_of": AS_OF,
            "industry": ["x"] * 60 + ["y"] * 60,
            "won_in_horizon": [1.0] * 30 + [0.0] * 30 + [1.0] * 10 + [0.0] * 50,
        }
    )
    icp = fit_icp(rows)
    levels = icp.levels.set_index("level")
    assert levels["share"].round(4).to_dict() == {"x": 0.4583, "y": 0.2083}
    expected = math.log(0.458333 / 0.541667) - math.log(0.5)
    assert levels.loc["x", "points"] == pytest.approx(expected, abs=1e-5)
    # y lies farthest from the base (-0.642), so it scores 0; x has +0.526: 50 + 50 x 0.52609 / 0.64185 = 90.98.
    scored = score_fit(rows, icp, NO_TABLES, as_of=AS_OF)
    assert scored.groupby("industry")["fit_industry"].first().round(2).to_dict() == {"x": 90.98, "y": 0.0}
    assert (scored["fit_score"] == scored["fit_industry"]).all()


def test_the_profile_of_the_company_is_recovered() -> None:
    rows = accounts(3000)
    icp = fit_icp(rows)
    weight = icp.weights.set_index("part")["weight"]
    assert weight.sum() == pytest.approx(1)
    assert (weight >= 0).all()
    assert weight.idxmax() == "industry"
    assert weight["geography"] < 0.1
    assert weight["behaviour"] < 0.1
    assert (icp.weights["source"] == "learned").all()
    points = icp.levels.set_index("level")["points"]
    assert points["good"] > points["fair"] > points["poor"]
    fresh = score_fit(accounts(2000, seed=1), icp, NO_TABLES, as_of=AS_OF)
    top = fresh["fit_score"] >= fresh["fit_score"].quantile(0.8)
    bottom = fresh["fit_score"] <= fresh["fit_score"].quantile(0.2)
    assert fresh.loc[top, "won_in_horizon"].mean() > 3 * fresh.loc[bottom, "won_in_horizon"].mean()
    assert fresh["fit_score"].between(0, 100).all()


def test_unknown_is_neutral_and_said() -> None:
    icp = fit_icp(accounts(500))
    rows = accounts(3).assign(industry=pd.Series([None, "good", "unheard of"], dtype="str"), employees=np.nan)
    scored = score_fit(rows, icp, NO_TABLES, as_of=AS_OF)
    assert (scored["fit_size"] == 50).all()
    assert scored["fit_industry"].iloc[0] == scored["fit_industry"].iloc[2] == 50
    assert scored["fit_words"].iloc[0].startswith("industry unknown, size unknown")
    assert scored["fit_words"].iloc[2].startswith("industry 50, size unknown")


def test_the_sheet_may_state_the_profile() -> None:
    fit = FitSettings(
        weights={"industry": 3, "size": 1},
        industries=("Good",),
        employees=(100, 200),
        technologies=("Old", "New thing"),
    )
    icp = fit_icp(accounts(500), FeatureSettings(fit=fit))
    assert icp.weights.set_index("part")["weight"].to_dict() == {
        "industry": 0.75,
        "size": 0.25,
        "geography": 0,
        "stack": 0,
        "behaviour": 0,
    }
    assert (icp.weights["source"] == "stated").all()
    rows = accounts(4).assign(industry=["good", "good", "poor", "fair"], employees=[100.0, 201, 200, np.nan])
    rows["tech_old"] = [1.0, 0, 1, 0]
    scored = score_fit(rows, icp, NO_TABLES, as_of=AS_OF)
    assert scored["fit_industry"].tolist() == [100, 100, 0, 0]
    assert scored["fit_size"].tolist() == [100, 0, 100, 50]
    # One of two tools, as far as anybody knows.
    assert scored["fit_stack"].tolist() == [50, 0, 50, 0]
    # 0.75 x industry + 0.25 x size
    assert scored["fit_score"].tolist() == [100, 75, 25, 12.5]


def test_too_few_wins_give_equal_weights_that_say_so() -> None:
    rows = accounts(200)
    rows["won_in_horizon"] = [1.0] * 9 + [0.0] * 191
    weights = fit_icp(rows).weights.set_index("part")
    assert (weights["source"] == "equal").all()
    assert weights["weight"].tolist() == [0.2] * 5


def test_rows_that_know_nothing_score_fifty() -> None:
    rows = pd.DataFrame({"row_id": ["d"], "account_id": ["d"], "as_of": pd.NaT, "won_in_horizon": [1.0]})
    scored = score_fit(rows, fit_icp(rows), NO_TABLES, as_of=AS_OF)
    assert scored["fit_score"].tolist() == [50]
    assert scored["strategic_value"].tolist() == [0]


def test_an_account_counts_once_and_immature_rows_never() -> None:
    rows = accounts(300)
    again = rows.assign(row_id="x" + rows["row_id"], as_of=pd.Timestamp("2025-06-30"), won_in_horizon=0.0)
    immature = again.assign(won_in_horizon=np.nan)
    pd.testing.assert_frame_equal(fit_icp(pd.concat([rows, immature])).levels, fit_icp(rows).levels)
    # A later loss does not undo a win.
    both = fit_icp(pd.concat([rows, again]))
    assert both.n_accounts == 300
    assert both.base_rate == pytest.approx(rows["won_in_horizon"].mean())


def test_the_order_of_rows_changes_nothing_and_json_keeps_everything() -> None:
    rows = accounts(400)
    icp = fit_icp(rows)
    shuffled = fit_icp(rows.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(icp.weights, shuffled.weights)
    pd.testing.assert_frame_equal(icp.levels, shuffled.levels)
    again = Icp.from_dict(json.loads(json.dumps(icp.as_dict())))
    pd.testing.assert_frame_equal(
        score_fit(rows, again, NO_TABLES, as_of=AS_OF), score_fit(rows, icp, NO_TABLES, as_of=AS_OF)
    )


def test_strategic_value_is_the_strongest_live_claim() -> None:
    claims = pd.DataFrame(
        {
            "account_id": ["a", "a", "a", "b", "c", "d"],
            "kind": ["reference", "ecosystem", "new_vertical", "reference", "reference", "ecosystem"],
            "value": [0.4, 0.7, 0.9, 0.8, 0.5, 0.6],
            "known_at": ["2026-01-01", "2026-03-31", "2026-04-01", "2025-01-01", None, "2025-01-01"],
            "expires_at": [None, None, None, "2026-03-30", None, "2026-03-31"],
        }
    )
    rows = pd.DataFrame({"account_id": list("abcde"), "row_id": list("abcde")})
    tables = make_tables(accounts=rows[["account_id"]], strategic=claims)
    icp = fit_icp(pd.DataFrame({"account_id": []}))
    # a: 0.9 is known tomorrow only; b: expired yesterday; c: undated; d: its last day is today; e: no claim.
    scored = score_fit(rows, icp, tables, as_of=AS_OF)
    assert scored["strategic_value"].tolist() == [0.7, 0, 0.5, 0.6, 0]
    assert scored["strategic_kind"].fillna("-").tolist() == ["ecosystem", "-", "reference", "ecosystem", "-"]
    backtest = score_fit(rows, icp, tables, as_of=AS_OF, undated_policy=False)
    assert backtest["strategic_value"].tolist() == [0.7, 0, 0, 0.6, 0]
