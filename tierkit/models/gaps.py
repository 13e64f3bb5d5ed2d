"""Opening gaps: what the ranking owes to the last days before a deal opens, and what they cost in drift."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tierkit.features.asof import build_deal_rows
from tierkit.features.catalog import feature_of
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.design import model_features
from tierkit.models.drift import population_stability
from tierkit.models.linear import Ridge, fit_logit
from tierkit.models.skill import auc_interval
from tierkit.models.splits import groups_of
from tierkit.models.twins import ALL
from tierkit.models.variants import can_compare, hold_variants, judged_splits, mature_rows, n_tested, tuned_ridge

GAPS = (0, 14, 30, 60)
"""Days before opening at which features stop (requirement M6)."""
COLUMNS = [
    "gap_days", "in_use", "n", "n_won", "auc", "auc_low", "auc_high", "score_psi", "score_shift", "worst_feature",
    "worst_psi", "n_drifted", "n_features", "label",
]  # fmt: skip
DRIFTED = 0.25
"""Population stability index above which a feature counts as drifted."""


def gap_results(
    tables: Tables,
    verdicts: pd.DataFrame,
    *,
    before: pd.Timestamp,
    scoring: pd.DataFrame,
    settings: FeatureSettings | None = None,
    horizon_days: int | None = None,
    rows: pd.DataFrame | None = None,
    gaps: Sequence[int] = GAPS,
    ridge: Ridge | None = None,
    seed: int,
) -> pd.DataFrame:
    """The logit trained and tested on features that stop 0, 14, 30 and 60 days before opening.

    Parameters
    ----------
    scoring : the rows that are scored, as of the month's end; drift is from training rows to these.
    rows : the deal rows of the gap in use, so that they are not built again.
    ridge : penalty of the logit; tuned once, at the first gap, unless given.

    Returns
    -------
    One row per gap: gap_days, in_use, n and n_won tested, auc with its 95 % interval clustered by group, score_psi and
    score_shift (mean log-odds when scoring less that in training, in training standard deviations), worst_feature and
    worst_psi, n_drifted of n_features (index above 0.25), label. No rows without accounts and dates, since nothing is
    counted up to the opening, nor with under 40 won or other rows.
    """
    settings = settings or FeatureSettings()
    used = 30 if settings.opening_gap_days is None else settings.opening_gap_days
    out: list[dict[str, object]] = []
    if tables.has_accounts and tables.is_dated:
        for gap in gaps:
            at_gap = rows if gap == used and rows is not None else None
            if at_gap is None:
                stops = settings.model_copy(update={"opening_gap_days": gap})
                at_gap = build_deal_rows(tables, before=before, settings=stops, horizon_days=horizon_days)
            mature = mature_rows(at_gap, seed=seed)
            if not can_compare(mature):
                break
            # Kinds that nobody scored has are left out at any gap.
            features = [name for name in model_features(verdicts, mature) if name in scoring]
            splits = judged_splits(mature, seed=seed)
            ridge = ridge or tuned_ridge(mature, features, splits, seed=seed)
            contest = hold_variants(mature, {ALL: features}, splits, ridge=ridge)
            at = contest.tested
            auc, low, high = auc_interval(contest.y[at], contest.raw[ALL][at], contest.fold[at], contest.groups[at])
            n, n_won = n_tested(contest)
            row: dict[str, object] = {"gap_days": gap, "in_use": gap == used, "n": n, "n_won": n_won, "auc": auc}
            row |= {"auc_low": low, "auc_high": high, "label": contest.label}
            out.append(row | _drift(mature, scoring, features, ridge, seed))
    return pd.DataFrame(out, columns=COLUMNS)


def say_gaps(gaps: pd.DataFrame) -> tuple[str, ...]:
    """What the ranking owes to the last days, and which gap's training rows look most like the rows scored."""
    if gaps.empty:
        return ("Without accounts, dates and enough outcomes no opening gap can be compared.",)
    by = gaps.set_index("gap_days")
    aucs = ", ".join(f"{row.auc:.3f} at {gap} days" for gap, row in by.iterrows())
    first = by.iloc[0]
    said = [
        f"AUC by days between the last feature and the opening: {aucs} ({first['n']:,} deals, {first['n_won']:,} won)."
    ]
    used = by[by["in_use"].astype(bool)]
    if len(used) and not bool(first["in_use"]):
        row, owes = used.iloc[0], first["auc"] - used.iloc[0]["auc"]
        said.append(
            f"The gap in use ({used.index[0]} days) gives up {owes:+.3f} of AUC against none; from training to scoring "
            f"scores move by {row['score_shift']:+.2f} standard deviations, {first['score_shift']:+.2f} without a gap."
        )
        said.append(
            f"{row['n_drifted']} of {row['n_features']} features drift from training to scoring (index above "
            f"{DRIFTED}), {feature_of(row['worst_feature']).label} the most ({row['worst_psi']:.2f}); without a gap "
            f"{first['n_drifted']} do."
        )
    return tuple(said)


def _drift(
    mature: pd.DataFrame, scoring: pd.DataFrame, features: list[str], ridge: Ridge, seed: int
) -> dict[str, object]:
    y = mature["won_in_horizon"].to_numpy(np.float64)
    model = fit_logit(mature, y, features, groups=groups_of(mature), seed=seed, ridge=ridge)
    before, after = model.raw(mature), model.raw(scoring)
    shifts = pd.Series({name: population_stability(mature[name], scoring[name]).psi for name in features})
    worst = str(shifts.sort_index(kind="stable").idxmax())
    spread = float(before.std())
    return {
        "score_psi": population_stability(pd.Series(before), pd.Series(after)).psi,
        "score_shift": float(after.mean() - before.mean()) / spread if spread > 0 else 0.0,
        "worst_feature": worst,
        "worst_psi": float(shifts[worst]),
        "n_drifted": int((shifts > DRIFTED).sum()),
        "n_features": len(features),
    }
