"""Signs that a win model is too good, or learned something that does not last."""

import numpy as np
import pandas as pd

from tierkit.models.design import model_features
from tierkit.models.linear import Ridge
from tierkit.models.propensity import Propensity
from tierkit.models.skill import auc_gain
from tierkit.models.splits import OUT_OF_TIME
from tierkit.models.twins import ALL
from tierkit.models.variants import cross_splits, hold_variants, judged_splits, mature_rows, tuned_ridge

AUC_SUSPICIOUS = 0.90
"""Honest win models reach 0.65 to 0.80; above this a leak is likelier than skill."""
GAP_SUSPICIOUS = 0.05
"""AUC in cross-validation over that out of time: a leak, or a world that changes."""
COLUMNS = ["check", "figure", "low", "high", "limit", "passed", "sentence"]


def model_doubts(
    rows: pd.DataFrame, verdicts: pd.DataFrame, win: Propensity, *, seed: int, ridge: Ridge | None = None
) -> pd.DataFrame:
    """Put a win model's skill to two questions.

    Returns
    -------
    One row per check: check (`auc`, and `cross_validated_over_later` where deals are dated), figure with a 95 %
    interval clustered by group, limit, passed, sentence. The second compares the logit on the same tested rows: fitted
    on other accounts of all times, and on earlier deals only. It fails where the gap is above 0.05, and above 0 by its
    interval.
    """
    chosen = win.comparison[win.comparison["chosen"].astype(bool)].iloc[0] if len(win.comparison) else None
    out: list[tuple[str, float, float, float, float, bool, str]] = []
    if chosen is not None and not pd.isna(chosen["auc"]):
        auc, fine = float(chosen["auc"]), bool(chosen["auc"] <= AUC_SUSPICIOUS)
        text = f"The win model has an AUC of {auc:.2f} on deals it had not seen; " + (
            f"up to {AUC_SUSPICIOUS:.2f} is credible."
            if fine
            else f"above {AUC_SUSPICIOUS:.2f} a leak is likelier than skill: look at the strongest columns."
        )
        out.append(("auc", auc, float(chosen["auc_low"]), float(chosen["auc_high"]), AUC_SUSPICIOUS, fine, text))
    if win.label == OUT_OF_TIME:
        gap, low, high = _gap(rows, verdicts, seed, ridge)
        fine = not (gap > GAP_SUSPICIOUS and low > 0)
        text = f"Cross-validated, the AUC is {gap:+.3f} ({low:+.3f} to {high:+.3f}) over that on later deals; " + (
            "no sign of a leak or of drift."
            if fine
            else f"above {GAP_SUSPICIOUS} it is a leak, or what wins has changed: trust the figure on later deals."
        )
        out.append(("cross_validated_over_later", gap, low, high, GAP_SUSPICIOUS, fine, text))
    return pd.DataFrame(out, columns=COLUMNS).astype({"passed": "bool"})


def _gap(rows: pd.DataFrame, verdicts: pd.DataFrame, seed: int, ridge: Ridge | None) -> tuple[float, float, float]:
    rows = mature_rows(rows, seed=seed)
    features = model_features(verdicts, rows)
    splits = judged_splits(rows, seed=seed)
    if splits.label != OUT_OF_TIME:
        return float("nan"), float("nan"), float("nan")
    ridge = ridge or tuned_ridge(rows, features, splits, seed=seed)
    later = hold_variants(rows, {ALL: features}, splits, ridge=ridge)
    mixed = hold_variants(rows, {ALL: features}, cross_splits(rows, seed=seed), ridge=ridge)
    at = later.tested
    # Ranked within the same quarters, so that only what was learned from differs.
    fold = np.where(at[:, None], later.fold, -1)[at]
    return auc_gain(later.y[at], mixed.raw[ALL][at], later.raw[ALL][at], fold, later.groups[at])
