from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.models.truth import make_deals, make_verdicts
from tierkit.models.calibration import Calibration, newest_cohort, update_on_newest
from tierkit.models.propensity import fit_propensity
from tierkit.models.settings import ModelSettings
from tierkit.proof.recalibration import propose_update, say_update

ORIGINS = pd.to_datetime(["2025-06-30", "2025-09-30"])


def predictions_of(won: int, n: int, prob: float = 0.2) -> pd.DataFrame:
    """An older cohort that came as expected, then a newest one of `n` deals."""
    y = np.r_[np.tile([1.0, 0, 0, 0, 0], 40), np.ones(won), np.zeros(n - won)]
    ids = [f"r{i:04}" for i in range(len(y))]
    days = ORIGINS[np.r_[np.zeros(200, int), np.ones(n, int)]]
    return pd.DataFrame({"row_id": ids, "account_id": ids, "win_prob": prob, "won_in_horizon": y, "origin": days})


def test_the_update_by_hand():
    # 100 of 250 won, .2 each expected: logit(.4) - logit(.2) = ln(8/3) = .98083, half of it with 100 wins
    moved = update_on_newest(Calibration(), predictions_of(100, 250))
    assert (moved.shift, moved.update) == pytest.approx((0.490415, 0.490415), abs=1e-6)
    assert update_on_newest(Calibration(), predictions_of(100, 250), shrink=0).update == pytest.approx(
        0.980829, abs=1e-6
    )
    # What the calibration has moved already is not moved again.
    ready = Calibration("in_the_large", 1.0, 0.980829)
    assert update_on_newest(ready, predictions_of(100, 250)).update == pytest.approx(0, abs=1e-5)


def test_only_the_newest_mature_rows_that_no_model_saw_count():
    predictions = predictions_of(100, 250)
    later = predictions.iloc[-50:].assign(origin=pd.Timestamp("2026-01-01"), won_in_horizon=np.nan)
    assert newest_cohort(pd.concat([predictions, later]))["row_id"].tolist() == predictions["row_id"].tolist()[200:]
    crossed = predictions.assign(origin=pd.NaT)
    assert newest_cohort(crossed).empty
    assert update_on_newest(Calibration(), crossed) == Calibration()
    assert update_on_newest(Calibration(), predictions_of(0, 50)) == Calibration()


@pytest.fixture(scope="module")
def fitted():
    deals, verdicts = make_deals(1600, seed=1), make_verdicts()
    plain = fit_propensity(deals, verdicts, seed=7, kind="logit")
    settings = ModelSettings(follow_newest=True)
    return deals, plain, fit_propensity(deals, verdicts, settings=settings, seed=7, kind="logit")


def test_chances_follow_only_where_the_sheet_says_so_and_reasons_stay_exact(fitted):
    deals, plain, moved = fitted
    assert (plain.calibration.update, plain.notes) == (0, ())
    assert moved.calibration == update_on_newest(plain.calibration, plain.predictions)
    assert moved.calibration.update != 0
    assert f"moved by {moved.calibration.update:+.2f} in log-odds" in moved.notes[0]
    odds = np.log(moved.predict(deals) / (1 - moved.predict(deals)))
    assert moved.contributions(deals).sum(axis=1).to_numpy() == pytest.approx(odds)


def test_the_proposal_says_the_same_before_and_after_it_is_applied(fitted):
    _, plain, moved = fitted
    before, after = propose_update(plain), propose_update(moved)
    pd.testing.assert_frame_equal(before.drop(columns="applied"), after.drop(columns="applied"))
    assert (before["applied"].tolist(), after["applied"].tolist()) == ([False], [True])
    assert before["update"].iloc[0] == moved.calibration.update
    assert "that is not done" in say_update(before)[0]
    assert "the chances to win were moved to them" in say_update(after)[0]


def test_the_proposal_in_words(fitted):
    plain = replace(fitted[1], calibration=Calibration(), predictions=predictions_of(100, 250))
    told = say_update(propose_update(plain))
    assert told[0] == (
        "The newest 250 mature deals (opened from 2025-09-30) won 100, 50 were expected, more than chance explains. "
        "Moving the chances to them would take them from 20.0 % to 29.0 % on average; that is not done."
    )
    assert "set follow_newest in [models]" in told[1]
    calm = say_update(propose_update(replace(plain, predictions=predictions_of(52, 250))))
    assert len(calm) == 1
    assert "which chance alone could give" in calm[0]
    none = say_update(propose_update(replace(plain, predictions=predictions_of(0, 20))))
    assert none[0].endswith("too few to move the chances by.")
    assert say_update(propose_update(replace(plain, predictions=pd.DataFrame()))) == ()
