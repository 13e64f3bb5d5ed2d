"""Calibration on the log-odds: a slope and a shift, so that ranks and reasons stay exact."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tierkit.models.design import Array

MIN_EVENTS = 200
_SHRINK = 100.0
_CLIP = 1e-6


@dataclass(frozen=True)
class Calibration:
    """`logit(p) = slope * raw + shift`; `kind` is none, in_the_large or platt.

    `update` is the part of `shift` that the newest mature cohort added.
    """

    kind: str = "none"
    slope: float = 1.0
    shift: float = 0.0
    update: float = 0.0

    def prob(self, raw: Array) -> Array:
        """Calibrated probability of log-odds `raw`."""
        return expit(self.slope * raw + self.shift)


def expit(x: Array) -> Array:
    """Probability of log-odds, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def logit(p: Array | float) -> Array:
    """Log-odds of probabilities, kept 1e-6 away from 0 and 1."""
    p = np.clip(p, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(p / (1 - p)))


def calibrate(y: Array, raw: Array) -> Calibration:
    """Platt (1999) from 200 events on; below, only the shift that makes the sums agree, drawn to 0.

    `raw` must be of rows the model was not fitted on. Isotonic is left out at any size: its ties would hide the order
    at the edge of a tier.
    """
    events = float(min(y.sum(), (1 - y).sum()))
    if events < MIN_EVENTS:
        return calibrate_in_the_large(y, raw)
    slope, shift = _newton(y, raw)
    # A slope at or below 0 is no calibration but a model without skill, which is told elsewhere.
    return Calibration("platt", slope, shift) if slope > 0 else calibrate_in_the_large(y, raw)


def calibrate_in_the_large(y: Array, raw: Array) -> Calibration:
    """The shift d with sum(expit(raw + d)) = sum(y), times events / (events + 100) as it is learned from few."""
    return Calibration("in_the_large", 1.0, shrunk_shift(y, raw)) if 0 < y.sum() < len(y) else Calibration()


def newest_cohort(predictions: pd.DataFrame) -> pd.DataFrame:
    """The mature rows of the newest origin of `Propensity.predictions`; none where rows were not tested out of time."""
    if "origin" not in predictions or predictions["origin"].isna().all():
        return predictions.iloc[:0]
    mature = predictions[predictions["won_in_horizon"].notna() & predictions["win_prob"].notna()]
    newest: pd.DataFrame = mature[mature["origin"] == mature["origin"].max()]
    return newest


def update_on_newest(calibration: Calibration, predictions: pd.DataFrame, *, shrink: float = _SHRINK) -> Calibration:
    """The calibration moved to the newest mature cohort, as no average of two years knows of the last quarter.

    Parameters
    ----------
    predictions : as of `Propensity`, of models that saw nothing of the row, not calibrated.
    shrink : wins at which half of the shift found is believed.

    `logit p' = logit p + d * n / (n + shrink)`, d the shift that puts the cohort's total right, n its wins (its losses
    where they are fewer). Without a cohort, or one without wins or losses, nothing moves.
    """
    cohort = newest_cohort(predictions)
    y = cohort["won_in_horizon"].to_numpy(np.float64)
    if not 0 < y.sum() < len(y):
        return calibration
    raw = calibration.slope * logit(cohort["win_prob"].to_numpy(np.float64)) + calibration.shift
    update = shrunk_shift(y, raw, shrink=shrink)
    return replace(calibration, shift=calibration.shift + update, update=calibration.update + update)


def shrunk_shift(y: Array, raw: Array, *, shrink: float = _SHRINK) -> float:
    """The shift d with sum(expit(raw + d)) = sum(y), times events / (events + shrink)."""
    events = float(min(y.sum(), (1 - y).sum()))
    shift = 0.0
    for _ in range(50):
        p = expit(raw + shift)
        step = float((y - p).sum() / (p * (1 - p)).sum())
        shift += float(np.clip(step, -1, 1))
        if abs(step) < 1e-10:
            break
    return shift * events / (events + shrink)


def _newton(y: Array, raw: Array) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of `y` on `raw`."""
    x = np.column_stack([raw, np.ones_like(raw)])
    beta = np.array([1.0, 0.0])
    for _ in range(50):
        p = expit(x @ beta)
        step = np.linalg.lstsq((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p), rcond=None)[0]
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])
