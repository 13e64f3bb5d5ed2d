"""Fitted models that several test files look at; each is fitted once."""

import pytest

from tests.models.truth import PANEL_FEATURES, make_deals, make_panel, make_verdicts
from tierkit.models.acv import fit_acv
from tierkit.models.opening import fit_opening
from tierkit.models.propensity import fit_propensity


@pytest.fixture(scope="session")
def deals():
    return make_deals(1600, seed=1)


@pytest.fixture(scope="session")
def verdicts():
    return make_verdicts()


@pytest.fixture(scope="session")
def panel():
    return make_panel(900, seed=4)


@pytest.fixture(scope="session")
def win(deals, verdicts):
    return fit_propensity(deals, verdicts, seed=7)


@pytest.fixture(scope="session")
def win_trees(deals, verdicts):
    return fit_propensity(deals, verdicts, seed=7, compare=False, kind="lightgbm")


@pytest.fixture(scope="session")
def acv(deals, verdicts):
    return fit_acv(deals, verdicts, seed=7)


@pytest.fixture(scope="session")
def opening(panel):
    return fit_opening(panel, make_verdicts(PANEL_FEATURES), seed=7)


@pytest.fixture(scope="session")
def opening_trees(panel):
    return fit_opening(panel, make_verdicts(PANEL_FEATURES), seed=7, compare=False, kind="lightgbm")


@pytest.fixture(scope="session")
def acv_trees(deals, verdicts):
    return fit_acv(deals, verdicts, seed=7, compare=False, kind="lightgbm")


@pytest.fixture(scope="session")
def acv_median(verdicts):
    return fit_acv(make_deals(120, seed=5).assign(segment="SMB"), verdicts, seed=1, compare=False)
