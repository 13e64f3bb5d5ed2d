"""Twin results: the win model with and without columns that may tell of us, or of today, rather than of the account."""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from tierkit.models.design import model_features
from tierkit.models.linear import Ridge
from tierkit.models.variants import (
    can_compare,
    gain_of,
    hold_variants,
    judged_splits,
    mature_rows,
    n_tested,
    tuned_ridge,
)

ALL = "all"
TWINS = {
    "own_effort": "what we did to the account",
    "no_history": "fields that change and have no history",
}
"""Groups of columns that are left out, in words."""
COLUMNS = (
    "twin", "n_columns", "columns", "n_kept", "n", "n_won", "auc_with", "auc_without", "auc_gain", "auc_low",
    "auc_high", "loss_with", "loss_without", "loss_gain", "loss_low", "loss_high", "label",
)  # fmt: skip


def twin_results(rows: pd.DataFrame, verdicts: pd.DataFrame, *, seed: int, ridge: Ridge | None = None) -> pd.DataFrame:
    """The logit with all columns and without one group of them, on the same unseen rows.

    Parameters
    ----------
    rows : deal rows; those with an outcome are used.
    verdicts : of `screen_features`; own_effort and known_when say which columns form a group.
    ridge : penalty of the logit; tuned once here unless given.

    Returns
    -------
    One row per twin (own_effort, no_history): n_columns and columns left out, n_kept, n and n_won tested, AUC and
    log-loss with and without, their difference (above 0: the group helps) with a 95 % interval clustered by group,
    label. Figures are missing where the group is empty, nothing is left without it, or under 40 won or other rows.
    """
    rows = mature_rows(rows, seed=seed)
    features = model_features(verdicts, rows)
    left_out = {name: _group(verdicts, features, name) for name in TWINS}
    sets = {name: [f for f in features if f not in set(out)] for name, out in left_out.items()}
    shown = {name: kept for name, kept in sets.items() if left_out[name] and kept}
    contest = None
    if shown and can_compare(rows):
        splits = judged_splits(rows, seed=seed)
        ridge = ridge or tuned_ridge(rows, features, splits, seed=seed)
        contest = hold_variants(rows, {ALL: features, **shown}, splits, ridge=ridge)
    out = []
    for name, columns in left_out.items():
        row: dict[str, object] = {
            "twin": name, "n_columns": len(columns), "columns": ", ".join(columns), "n_kept": len(sets[name]),
            "n": 0, "n_won": 0, "label": "",
        }  # fmt: skip
        if contest is not None and name in shown:
            gain = gain_of(contest, ALL, name)
            row["n"], row["n_won"] = n_tested(contest)
            row |= {"auc_with": gain.auc, "auc_without": gain.auc_other, "label": contest.label}
            row |= dict(zip(("auc_gain", "auc_low", "auc_high"), gain.auc_gain, strict=True))
            row |= {"loss_with": gain.loss, "loss_without": gain.loss_other}
            row |= dict(zip(("loss_gain", "loss_low", "loss_high"), gain.loss_gain, strict=True))
        out.append(row)
    figures = [c for c in COLUMNS if c.startswith(("auc", "loss"))]
    return pd.DataFrame(out, columns=list(COLUMNS)).astype(dict.fromkeys(figures, "float64"))


def say_twins(twins: pd.DataFrame) -> tuple[str, ...]:
    """One sentence a twin: how much the ranking owes to the group."""
    return tuple(_say(row) for row in twins.to_dict("records"))


def _say(row: dict[Hashable, Any]) -> str:
    what = TWINS[str(row["twin"])]
    if not row["n_columns"]:
        return f"No column in use is of the kind: {what}."
    n = f"{row['n_columns']} column" + ("s" if row["n_columns"] != 1 else "")
    if not row["n_kept"]:
        return f"Without {what} ({n}) no column is left: nothing shows what the ranking would be without them."
    if pd.isna(row["auc_with"]):
        return f"Too few outcomes to compare the ranking with and without {what} ({n})."
    where = "on later deals" if row["label"] == "out_of_time" else "in cross-validation"
    figures = (
        f"AUC {row['auc_with']:.3f} with, {row['auc_without']:.3f} without {what} ({n}); difference "
        f"{row['auc_gain']:+.3f} ({row['auc_low']:+.3f} to {row['auc_high']:+.3f}), {where}, {row['n']:,} deals with "
        f"{row['n_won']:,} wins"
    )
    if row["auc_low"] > 0:
        return f"{figures}: the ranking owes something to them."
    if row["auc_high"] < 0:
        return f"{figures}: the ranking is better without them."
    return f"{figures}: no difference can be told."


def _group(verdicts: pd.DataFrame, features: Sequence[str], twin: str) -> list[str]:
    member = verdicts["own_effort"].astype(bool) if twin == "own_effort" else verdicts["known_when"].eq("unknown")
    names = set(verdicts.loc[member, "column"])
    return [name for name in features if name in names]
