import numpy as np
import pandas as pd
import pytest

from tierkit.features.fit import fit_icp, score_fit
from tierkit.features.fit_card import START, fit_card
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.opening import open_tables

AS_OF = pd.Timestamp("2026-10-31")


@pytest.fixture(scope="module")
def deals():
    rng = np.random.default_rng(4)
    n = 600
    industry = pd.Series(rng.choice(["bank", "retail", "tech"], n), dtype="str")
    employees = np.exp(rng.normal(5, 1, n)).round()
    odds = 0.15 + 0.4 * (industry == "tech") + 0.2 * (employees > 200)
    return pd.DataFrame(
        {
            "row_id": [f"d{i}" for i in range(n)],
            "account_id": [f"a{i}" for i in range(n)],
            "as_of": AS_OF,
            "industry": industry,
            "employees": employees,
            "won_in_horizon": (rng.random(n) < odds).astype(float),
        }
    )


@pytest.fixture(scope="module")
def tables():
    deals = pd.DataFrame({"deal_id": ["1"], "account_id": ["a"], "outcome": ["won"]})
    return open_tables({"deals": deals, "accounts": pd.DataFrame({"account_id": ["a"]})})


def add_up(rows: pd.DataFrame, card: pd.DataFrame, icp) -> np.ndarray:
    """By hand: look up the industry, and the band of the headcount."""
    industry = card[card["part"] == "industry"].set_index("value")["points"]
    total = START + rows["industry"].map(industry).fillna(0).to_numpy()
    bands = icp.levels[icp.levels["part"] == "size"]
    size = card[card["part"] == "size"].set_index("value")["points"]
    for band in bands.itertuples():
        inside = (rows["employees"] >= band.low) & (rows["employees"] < band.high)
        total = total + np.where(inside, size.get(band.level, 0), 0)
    return total


def test_adding_up_the_card_gives_the_fit_score_to_rounding(deals, tables):
    icp = fit_icp(deals)
    card = fit_card(icp)
    fit = score_fit(deals, icp, tables, as_of=AS_OF)["fit_score"]
    # Two lines, each rounded by at most half a point.
    assert np.abs(add_up(deals, card, icp) - fit).max() <= 1.0
    assert card.loc[card["value"] == "tech", "points"].item() > 0


def test_what_the_sheet_states_is_on_the_card(deals):
    settings = FeatureSettings.model_validate(
        {"fit": {"industries": ["tech"], "weights": {"industry": 0.6, "size": 0.4}}}
    )
    card = fit_card(fit_icp(deals, settings))
    stated = card[card["part"] == "industry"].set_index("value")["points"]
    # A weight of 0.6 opens 30 points up and 30 down.
    assert stated.to_dict() == {"one of tech": 30, "any other": -30}
    assert card["look_up"].tolist()[0] == "industry"
    assert "stack" not in set(card["part"])


def test_nothing_learned_is_an_empty_card(deals):
    assert fit_card(fit_icp(deals.iloc[:0])).empty
