"""Whether predicted probabilities come true: by decile, in the large, and in slope."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.intervals import spiegelhalter, wilson


def calibration_table(predictions: pd.DataFrame, *, bins: int = 10, confidence: float = 0.95) -> pd.DataFrame:
    """Predicted against observed win rate in bins of equal size, lowest predictions first.

    Parameters
    ----------
    predictions : one row per deal; columns win_prob, won_in_horizon (missing while immature) and row_id, which breaks
        ties; predicted before the outcome, out of time or out of fold.

    Returns
    -------
    One row per bin: decile (1 is the lowest), n, n_won, predicted (mean), observed, low, high (Wilson). Fewer rows than
    `bins` give fewer bins.
    """
    mature = _mature(predictions).sort_values(["win_prob", "row_id"], kind="stable")
    bins = min(bins, len(mature))
    rows = []
    for decile, at in enumerate(np.array_split(np.arange(len(mature)), bins), start=1):
        part = mature.iloc[at]
        won, n = int(part["won_in_horizon"].sum()), len(part)
        rows.append((decile, n, won, part["win_prob"].mean(), won / n, *wilson(won, n, confidence=confidence)))
    return pd.DataFrame(rows, columns=["decile", "n", "n_won", "predicted", "observed", "low", "high"])


def calibration_summary(predictions: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Calibration in one row.

    Returns
    -------
    n, n_won, predicted, observed, ratio (observed over expected wins), in_the_large (shift in log-odds that would put
    the total right; 0 is right), slope, slope_low, slope_high (1 is right, under 1 the predictions are too far apart;
    missing where predictions do not differ), spiegelhalter_z, p_value.

    Logistic fits of the outcome on the log-odds predicted (Cox 1958), errors clustered by account where `predictions`
    has account_id.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    mature = _mature(predictions)
    won = mature["won_in_horizon"].to_numpy(float)
    prob = mature["win_prob"].to_numpy(float).clip(1e-9, 1 - 1e-9)
    logit = np.log(prob / (1 - prob))
    row: dict[str, Any] = {
        "n": len(won),
        "n_won": int(won.sum()),
        "predicted": prob.mean(),
        "observed": won.mean(),
        "ratio": won.sum() / prob.sum(),
    } | dict.fromkeys(["in_the_large", "slope", "slope_low", "slope_high"], np.nan)
    if 0 < won.sum() < len(won):
        one = np.ones(len(won))
        row["in_the_large"] = float(GLM(won, one, family=Binomial(), offset=logit).fit().params[0])
        if np.ptp(logit) > 1e-9:
            cluster = {"cov_type": "cluster", "cov_kwds": {"groups": pd.factorize(mature["account_id"])[0]}}
            fit = GLM(won, np.column_stack([one, logit]), family=Binomial()).fit(
                **(cluster if "account_id" in mature else {})
            )
            row["slope"] = float(fit.params[1])
            row["slope_low"], row["slope_high"] = (float(x) for x in fit.conf_int(alpha=1 - confidence)[1])
    row["spiegelhalter_z"], row["p_value"] = spiegelhalter(won, prob)
    return pd.DataFrame([row])


def _mature(predictions: pd.DataFrame) -> pd.DataFrame:
    needed = ["row_id", "win_prob", "won_in_horizon"]
    if missing := [c for c in needed if c not in predictions]:
        raise TableError(f"predictions: column '{missing[0]}' is missing; calibration needs {', '.join(needed)}")
    mature = predictions[predictions["won_in_horizon"].notna() & predictions["win_prob"].notna()]
    if mature.empty:
        raise TableError("predictions: no mature row with a prediction, so nothing can be calibrated yet")
    return mature
