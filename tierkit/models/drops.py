"""Adversarial drop: how much of the win model's ranking hangs on a single column."""

import numpy as np
import pandas as pd

from tierkit.models.design import model_features
from tierkit.models.linear import Ridge, fit_logit
from tierkit.models.splits import groups_of
from tierkit.models.twins import ALL
from tierkit.models.variants import (
    can_compare,
    gain_of,
    hold_variants,
    judged_splits,
    mature_rows,
    n_tested,
    tuned_ridge,
)

DROP_FLAGGED = 0.05
"""AUC lost without one column above which people look at it."""
MOST = 6
"""Columns that are tried, those that spread the model's log-odds the most: the others cannot cost as much."""
COLUMNS = ["column", "n", "n_won", "auc_with", "auc_without", "drop", "low", "high", "flagged", "label"]


def feature_drops(
    rows: pd.DataFrame, verdicts: pd.DataFrame, *, seed: int, ridge: Ridge | None = None, most: int = MOST
) -> pd.DataFrame:
    """AUC of the logit with all columns and without each of its strongest.

    Returns
    -------
    One row per column tried, the largest drop first: column, n, n_won (rows tested), auc_with, auc_without, drop, low,
    high (95 %, paired, clustered by group), flagged (drop above 0.05, and above 0 by its interval), label. Empty with
    under two columns, or under 40 won or other rows. Two columns that say the same hide each other.
    """
    rows = mature_rows(rows, seed=seed)
    features = model_features(verdicts, rows)
    if len(features) < 2 or not can_compare(rows):
        return pd.DataFrame(columns=COLUMNS).astype({"flagged": "bool", "column": "str", "label": "str"})
    splits = judged_splits(rows, seed=seed)
    ridge = ridge or tuned_ridge(rows, features, splits, seed=seed)
    y = rows["won_in_horizon"].to_numpy(np.float64)
    model = fit_logit(rows, y, features, groups=groups_of(rows), seed=seed, ridge=ridge)
    spread = pd.Series(model.contributions(rows)[0].std(axis=0), index=list(model.features))
    strongest = [str(c) for c in spread.sort_values(ascending=False, kind="stable").index[:most]]
    sets = {ALL: features} | {name: [f for f in features if f != name] for name in strongest}
    contest = hold_variants(rows, sets, splits, ridge=ridge)
    n, n_won = n_tested(contest)
    out = []
    for name in strongest:
        gain = gain_of(contest, ALL, name)
        drop, low, high = gain.auc_gain
        flagged = drop > DROP_FLAGGED and low > 0
        out.append((name, n, n_won, gain.auc, gain.auc_other, drop, low, high, flagged, contest.label))
    table = pd.DataFrame(out, columns=COLUMNS)
    return table.sort_values(["drop", "column"], ascending=[False, True], kind="stable", ignore_index=True)


def flag_drops(verdicts: pd.DataFrame, drops: pd.DataFrame) -> pd.DataFrame:
    """Verdicts in which columns that were `ok` and carry the ranking alone are `flagged`, with the drop as figure."""
    out = verdicts.copy()
    for row in drops[drops["flagged"].astype(bool)].to_dict("records"):
        at = (out["column"] == row["column"]) & (out["verdict"] == "ok")
        reason = (
            f"without it the AUC falls from {row['auc_with']:.2f} to {row['auc_without']:.2f} (limit {DROP_FLAGGED}):"
            " one column seldom carries so much; check when it is written"
        )
        out.loc[at, ["verdict", "rule", "figure", "reason"]] = ["flagged", "drop", row["drop"], reason]
    return out
