"""Would the tiers be the same: under another seed, without a tenth of the accounts, without one of the sources?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.inputs.tables import Tables
from tierkit.models.acv import Acv, fit_acv
from tierkit.models.bootstrap import Refits, bootstrap_scores, scores_without
from tierkit.models.opening import Opening, fit_opening
from tierkit.models.propensity import Propensity, fit_propensity
from tierkit.models.scoring import score_accounts
from tierkit.models.settings import ModelSettings
from tierkit.proof.ablation import tiers_under
from tierkit.tiering.policy import Policy

LEFT_OUT = 0.1
LIMITS = {"another seed": 0.8, "a tenth of accounts left out": 0.7, "without": 0.5}
"""Least share of Tier 1 places by value that should go to the same accounts; below it the audit warns.

Refits on other draws of the same accounts move about a quarter by chance alone: a seed should move less than that, a
tenth of the accounts about as much, and no single source should carry most of the tier.
"""
SOURCES = {"activities": ("behavioural", "effort"), "signals": ("trigger",)}
"""Tables a run can do without, and the groups of features that come from each."""
COLUMNS = ["variation", "n_tier1", "n_kept", "share_kept", "limit", "passed", "sentence"]


def tier_robustness(
    today: pd.DataFrame,
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    verdicts: pd.DataFrame,
    opening_verdicts: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    gated: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    models: ModelSettings | None = None,
    seed: int,
) -> pd.DataFrame:
    """How many Tier 1 places by value go to the same accounts when what should not matter, or not much, changes.

    Parameters
    ----------
    today : feature rows that were scored. deals, panel, verdicts, opening_verdicts : what the models were fitted on.
    gated : the month's gates.

    Returns
    -------
    One row per variation (another seed: penalties tuned anew on other folds; a tenth of accounts left out; without each
    of the activities and signals given): n_tier1, n_kept, share_kept, limit, passed, sentence. The tiers
    before play no part, since a minimum stay would hide what moves.
    """
    # Folds are drawn over rows in their order.
    deals, panel = (
        rows.sort_values("row_id", kind="stable", ignore_index=True) if len(rows) else rows for rows in (deals, panel)
    )
    given = (today, deals, panel, opening, win, acv)
    groups = _sources(tables, [m.features for m in (opening, win, acv) if m is not None])
    kinds = {
        "another seed": _another_seed(*given, verdicts, opening_verdicts, models, seed + 1),
        "a tenth of accounts left out": bootstrap_scores(*given, n=1, leave_out=LEFT_OUT, seed=seed),
    }
    without = scores_without(*given, groups=[[], *groups.values()], seed=seed)
    tiers = tiers_under(without, gated, tables, policy, as_of)[1]
    first = tiers[0] == 1
    placed = {name: tiers_under(refits, gated, tables, policy, as_of)[1][0] for name, refits in kinds.items()}
    placed |= {f"without {name}": row for name, row in zip(groups, tiers[1:], strict=True)}
    rows = []
    for name, tier in placed.items():
        n, kept = int(first.sum()), int((first & (tier == 1)).sum())
        share = kept / n if n else 1.0
        limit = LIMITS[name if name in LIMITS else "without"]
        text = f"{name}: {kept} of {n} Tier 1 places by value go to the same accounts."
        rows.append((name, n, kept, share, limit, share >= limit, text[0].upper() + text[1:]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _sources(tables: Tables, features: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """The features of the models that come from each table that was given."""
    used = sorted({name for names in features for name in names})
    found = {
        source: [name for name in used if feature_of(name).group in groups]
        for source, groups in SOURCES.items()
        if len(tables.sql(f"SELECT 1 FROM stage_{source} LIMIT 1"))
    }
    return {source: names for source, names in found.items() if names}


def _another_seed(
    today: pd.DataFrame,
    deals: pd.DataFrame,
    panel: pd.DataFrame,
    opening: Opening | None,
    win: Propensity,
    acv: Acv | None,
    verdicts: pd.DataFrame,
    opening_verdicts: pd.DataFrame,
    models: ModelSettings | None,
    seed: int,
) -> Refits:
    """The scores of models of the same kinds fitted under another seed, calibrated as those of the run."""
    again = fit_propensity(deals, verdicts, settings=models, seed=seed, compare=False, kind=win.kind)
    opened = None
    if opening is not None:
        opened = fit_opening(panel, opening_verdicts, settings=models, seed=seed, compare=False, kind=opening.kind)
        opened = replace(opened, calibration=opening.calibration)
    worth = None
    if acv is not None:
        kind = None if acv.kind == "median" else acv.kind
        worth = fit_acv(deals, verdicts, settings=models, seed=seed, compare=False, kind=kind)
    scores = score_accounts(today, opened, replace(again, calibration=win.calibration), worth)
    ids = today["account_id"].astype("str").to_numpy(dtype=object)
    acv_of = scores["expected_acv"] if acv is not None else pd.Series(1.0, scores.index)
    return Refits(
        ids, *(np.atleast_2d(x.to_numpy(np.float64)) for x in (scores["open_prob"], scores["win_prob"], acv_of))
    )
