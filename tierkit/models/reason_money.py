"""Contributions in money: what sets an account's expected value apart from a fixed reference, split exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tierkit.models.acv import Acv
from tierkit.models.calibration import expit
from tierkit.models.design import Array
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.reason_parts import Fitted, base_of

_FLAT = 1e-6
"""Difference in log-odds below which the derivative stands for the slope: nearer, the difference is rounding."""


@dataclass(frozen=True)
class Reference:
    """What reasons compare with: the average training row of each model, worked like a typical account.

    Attributes
    ----------
    open_prob, win_prob, expected_acv : of the reference; 1 without a model of openings, missing without one of wins
        or of value.
    expected_value : their product, as in `score_accounts`.
    """

    open_prob: float
    win_prob: float
    expected_acv: float
    expected_value: float


def reference_value(opening: Opening | None, win: Propensity | None, acv: Acv | None) -> Reference:
    """The reference of these models, the same whatever is scored."""
    open_prob = float(expit(np.array(base_of(opening)))) if opening else 1.0
    win_prob = float(expit(np.array(base_of(win)))) if win else float("nan")
    expected_acv = float(min(np.exp(base_of(acv)), acv.cap)) if acv else float("nan")
    return Reference(open_prob, win_prob, expected_acv, open_prob * win_prob * (expected_acv if acv else 1.0))


class Logged(Protocol):
    """A part of expected value: the log-odds, or log value before the cap, of each row and of the reference."""

    @property
    def name(self) -> str:
        """Of the part."""

    @property
    def model(self) -> Fitted:
        """What says it."""

    @property
    def base(self) -> float:
        """Of the reference."""

    @property
    def log(self) -> Array:
        """Of each row."""


@dataclass(frozen=True, eq=False)
class Split:
    """What contributions are worth.

    Attributes
    ----------
    slopes : by part, log of the factor per unit of log-odds (or of log value), shape (rows,), above 0.
    cap : what the cap of the ACV takes from the log of the value, shape (rows,).
    worth : money per unit of log expected value, shape (rows,), above 0; missing without a model of wins.
    """

    slopes: Mapping[str, Array]
    cap: Array
    worth: Array


def split_value(parts: Sequence[Logged], reference: Reference) -> Split:
    """How contributions turn into money, so that those of an account add up to its value less the reference's.

    A difference of products is split over the logs of their factors by the logarithmic mean (additive LMDI, Ang 2005,
    Energy Policy 33): `EV - EV_ref = L * sum(ln x - ln x_ref)` with `L = (EV - EV_ref) / (ln EV - ln EV_ref)`. Within a
    chance the log is shared in proportion to contributions, by the slope `(ln p - ln p_ref) / (z - z_ref)`. Both
    factors are above 0, so a reason has one sign in log-odds and in money, and nothing is left over.
    """
    n = len(parts[0].log)
    slopes, cap, whole = {}, np.zeros(n), np.zeros(n)
    for part in parts:
        change = part.log - part.base
        if isinstance(part.model, Acv):
            slopes[part.name] = np.ones(n)
            most = np.log(part.model.cap)
            cap = np.minimum(most - part.log, 0.0) - min(most - part.base, 0.0)
            whole += change + cap
            continue
        ends = -np.logaddexp(0.0, -part.log), -np.logaddexp(0.0, -part.base)
        flat = np.abs(change) < _FLAT
        slope = (ends[0] - ends[1]) / np.where(flat, 1.0, change)
        slopes[part.name] = np.where(flat, 1.0 - float(expit(np.array(part.base))), slope)
        whole += ends[0] - ends[1]
    flat = np.abs(whole) < _FLAT
    worth = reference.expected_value * np.where(flat, 1.0 + whole / 2, np.expm1(whole) / np.where(flat, 1.0, whole))
    return Split(slopes, cap, worth)
