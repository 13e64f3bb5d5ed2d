"""Whether predicted probabilities come true: by decile, by tier, in the large, and in slope."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from tierkit.errors import TableError
from tierkit.proof.intervals import design_effect, spiegelhalter, wilson

SHIFT_LIMIT = 0.3
"""Shift in log-odds beyond which chances are not to be trusted as they stand."""
SLOPE_LIMITS = (0.7, 1.3)
_DRAWS = 500
_FITTED = ("in_the_large", "shift_low", "shift_high", "slope", "slope_low", "slope_high")

Array = np.ndarray[Any, np.dtype[Any]]


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
    the total right; 0 is right), shift_low, shift_high, slope, slope_low, slope_high (1 is right, under 1 the
    predictions are too far apart; missing where predictions do not differ), ece (mean gap of predicted and observed
    over tenths), ece_noise and ece_limit (mean and 95th percentile of the same were every prediction right: the gap
    says nothing below them), spiegelhalter_z, p_value.

    Logistic fits of the outcome on the log-odds predicted (Cox 1958), errors clustered by account where `predictions`
    has account_id. The noise of ece is simulated, 500 draws of independent outcomes.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    mature = _mature(predictions).sort_values(["win_prob", "row_id"], kind="stable")
    won = mature["won_in_horizon"].to_numpy(float)
    prob = mature["win_prob"].to_numpy(float).clip(1e-9, 1 - 1e-9)
    logit = np.log(prob / (1 - prob))
    row: dict[str, Any] = {
        "n": len(won),
        "n_won": int(won.sum()),
        "predicted": prob.mean(),
        "observed": won.mean(),
        "ratio": won.sum() / prob.sum(),
    } | dict.fromkeys(_FITTED, np.nan)
    if 0 < won.sum() < len(won):
        one = np.ones(len(won))
        level = 1 - confidence
        cluster: dict[str, Any] = {}
        if "account_id" in mature and len(set(mature["account_id"])) > 1:
            cluster = {"cov_type": "cluster", "cov_kwds": {"groups": pd.factorize(mature["account_id"])[0]}}
        large = GLM(won, one, family=Binomial(), offset=logit).fit(**cluster)
        row["in_the_large"] = float(large.params[0])
        row["shift_low"], row["shift_high"] = (float(x) for x in large.conf_int(alpha=level)[0])
        if np.ptp(logit) > 1e-9:
            fit = GLM(won, np.column_stack([one, logit]), family=Binomial()).fit(**cluster)
            row["slope"] = float(fit.params[1])
            row["slope_low"], row["slope_high"] = (float(x) for x in fit.conf_int(alpha=level)[1])
    row["ece"], row["ece_noise"], row["ece_limit"] = _expected_error(won, prob)
    row["spiegelhalter_z"], row["p_value"] = spiegelhalter(won, prob)
    return pd.DataFrame([row])


def calibration_by_tier(replay: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Predicted against observed win rate of each tier's deals.

    Parameters
    ----------
    replay : as of `backtest_policy`, or any frame with kind, unit, row_id, account_id, tier, win_prob and
        won_in_horizon; only deals count, since an account's chance to win is another one.

    Returns
    -------
    One row per kind and tier, and one of all tiers (tier "all"): kind, tier, n, n_won, expected (sum of chances),
    predicted, observed, low, high (Wilson on counts corrected for clustering by account), ratio (won over expected), z
    and p_value (won less expected over its clustered standard error were the chances right).
    """
    needed = ["kind", "unit", "account_id", "tier"]
    if missing := [c for c in needed if c not in replay]:
        raise TableError(f"replay: column '{missing[0]}' is missing; calibration by tier needs {', '.join(needed)}")
    deals = replay[(replay["unit"] == "deal") & replay["tier"].notna()]
    rows = []
    if deals["won_in_horizon"].notna().any():
        deals = _mature(deals)
        for kind, part in deals.groupby("kind", sort=True):
            tiers = [(str(int(float(str(tier)))), rows_) for tier, rows_ in part.groupby("tier", sort=True)]
            rows += [(kind, tier, *_in_tier(of, confidence)) for tier, of in [*tiers, ("all", part)]]
    measures = ["n", "n_won", "expected", "predicted", "observed", "low", "high", "ratio", "z", "p_value"]
    return pd.DataFrame(rows, columns=["kind", "tier", *measures])


def say_calibration(summary: pd.DataFrame, by_tier: pd.DataFrame | None = None) -> tuple[str, ...]:
    """Whether the chances can be trusted, in sentences; the first is the verdict.

    Parameters
    ----------
    summary : as of `calibration_summary`.
    by_tier : rows of one kind of `calibration_by_tier`; tiers outside chance are named.
    """
    row = summary.iloc[0]
    won = f"{row['n_won']:,.0f} of {row['n']:,.0f} deals won, {row['predicted'] * row['n']:,.0f} expected"
    if np.isnan(row["in_the_large"]):
        return (f"Whether the chances hold cannot be judged yet: {won}.",)
    shifted, bent = shift_alarm(row["in_the_large"]), slope_alarm(row["slope"])
    told = []
    if shifted or bent:
        told.append(f"Do not read the chances as chances yet, ranks only: {won}.")
    else:
        told.append(f"The chances can be read as chances: {won}.")
    if shifted:
        way = "low" if row["in_the_large"] > 0 else "high"
        chance = ", which chance alone could give" if row["shift_low"] < 0 < row["shift_high"] else ""
        told.append(
            f"They are too {way} overall: a shift of {row['in_the_large']:+.2f} in log-odds "
            f"({row['shift_low']:+.2f} to {row['shift_high']:+.2f}) would put the total right, the limit is "
            f"{SHIFT_LIMIT}{chance}."
        )
    if bent:
        how = "too far apart" if row["slope"] < 1 else "too close together"
        chance = ", which chance alone could give" if row["slope_low"] < 1 < row["slope_high"] else ""
        told.append(
            f"They lie {how}: slope {row['slope']:.2f} ({row['slope_low']:.2f}-{row['slope_high']:.2f}), the limits "
            f"are {SLOPE_LIMITS[0]} and {SLOPE_LIMITS[1]}{chance}."
        )
    gap, noise, limit = (100 * row[c] for c in ("ece", "ece_noise", "ece_limit"))
    beyond = "more than chance explains" if gap > limit else "no more than chance explains"
    told.append(
        f"Over tenths of the deals they are {gap:.1f} points off on average; were they exact it would be {noise:.1f} "
        f"(up to {limit:.1f}), so that is {beyond}."
    )
    if by_tier is not None:
        told += _say_tiers(by_tier)
    return tuple(told)


def shift_alarm(shift: float) -> bool:
    """Whether a shift in log-odds is too large."""
    return bool(abs(shift) > SHIFT_LIMIT)


def slope_alarm(slope: float) -> bool:
    """Whether a calibration slope is too far from 1; a missing one (chances that do not differ) is not."""
    return bool(slope < SLOPE_LIMITS[0] or slope > SLOPE_LIMITS[1])


def _say_tiers(by_tier: pd.DataFrame) -> list[str]:
    tiers = by_tier[by_tier["tier"] != "all"]
    off = tiers[tiers["p_value"] < 0.05]
    if tiers.empty:
        return []
    if off.empty:
        return [f"In each of {len(tiers)} tiers, wins came within chance of what was expected."]
    return [
        f"Tier {r['tier']}: {r['expected']:,.1f} wins expected of {r['n']:,} deals, {r['n_won']:,} came "
        f"({r['ratio']:.2f} times), more than chance explains."
        for r in off.to_dict("records")
    ]


def _in_tier(part: pd.DataFrame, confidence: float) -> tuple[float, ...]:
    won, prob = part["won_in_horizon"].to_numpy(float), part["win_prob"].to_numpy(float)
    n, n_won, expected = len(won), int(won.sum()), float(prob.sum())
    deff = design_effect(won, part["account_id"].to_numpy())
    low, high = wilson(n_won / deff, n / deff, confidence=confidence)
    spread = float(np.sqrt(deff * (prob * (1 - prob)).sum()))
    z = (n_won - expected) / spread if spread > 0 else 0.0
    return n, n_won, expected, expected / n, n_won / n, low, high, n_won / expected, z, float(2 * ndtr(-abs(z)))


def _expected_error(won: Array, prob: Array) -> tuple[float, float, float]:
    """Expected calibration error over ten bins of equal size, rows in order of `prob`, and its noise."""
    edges = np.linspace(0, len(prob), min(10, len(prob)) + 1).round().astype(int)[:-1]
    drawn = np.random.default_rng(0).random((_DRAWS, len(prob))) < prob
    gaps = np.abs(np.add.reduceat(np.vstack([won, drawn]) - prob, edges, axis=1)).sum(axis=1) / len(prob)
    return float(gaps[0]), float(gaps[1:].mean()), float(np.quantile(gaps[1:], 0.95))


def _mature(predictions: pd.DataFrame) -> pd.DataFrame:
    needed = ["row_id", "win_prob", "won_in_horizon"]
    if missing := [c for c in needed if c not in predictions]:
        raise TableError(f"predictions: column '{missing[0]}' is missing; calibration needs {', '.join(needed)}")
    mature = predictions[predictions["won_in_horizon"].notna() & predictions["win_prob"].notna()]
    if mature.empty:
        raise TableError("predictions: no mature row with a prediction, so nothing can be calibrated yet")
    return mature
