"""The review sample: a few accounts that people judge, drawn so that every kind of decision is among them."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.spreadsheet import write_for_people

STRATA = ("override", "trigger", "moved", "near the cut-off", "Tier 1", "Tier 2", "Tier 3", "Tier 4")
"""Strata in the order in which an account that fits several is put into one."""

_FORM = ("your_tier", "agree", "what_is_wrong", "reviewer")


def draw_review_sample(
    tiers: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    seed: int,
    changes: pd.DataFrame | None = None,
    n: int = 20,
    seen: Collection[str] = (),
) -> pd.DataFrame:
    """A seeded, stratified sample with the evidence and an empty form (requirement E4).

    Strata take turns, so a rare kind is not crowded out. A fifth of the rows go to two managers, who do not see each
    other's answer. The order of `tiers` changes nothing.

    Parameters
    ----------
    tiers : columns account_id, tier; tier_by, tier_reason, promoted_until, membership_prob, name, owner_id where known.
    changes : as `tier_changes` returns it.
    seen : accounts drawn in recent weeks, left out.

    Returns
    -------
    review_id, account_id, name, owner_id, tier, stratum, n_managers (1 or 2), tier_reason, reason_1, reason_2,
    reason_3, reason_against, and the empty columns your_tier, agree, what_is_wrong, reviewer.
    """
    rows = tiers[~tiers["account_id"].isin(set(seen))].sort_values("account_id", kind="stable", ignore_index=True)
    rng = np.random.default_rng([seed, len(STRATA)])
    rows = rows.iloc[rng.permutation(len(rows))].assign(stratum=lambda r: _stratum(r, changes))
    rows["turn"] = rows.groupby("stratum", sort=False).cumcount()
    rows["place"] = rows["stratum"].map({s: i for i, s in enumerate(STRATA)})
    drawn = rows.sort_values(["turn", "place"], kind="stable", ignore_index=True).head(n)
    twice = rng.permutation(len(drawn)) < round(len(drawn) / 5)
    why = split_reasons(reasons).reindex(drawn["account_id"])
    pros = [x if isinstance(x, tuple) else () for x in why["reasons_for"]]
    drawn = drawn.assign(
        review_id=[f"R{i + 1:03d}" for i in range(len(drawn))],
        n_managers=np.where(twice, 2, 1),
        reason_against=list(why["reason_against"]),
    )
    for i in range(3):
        drawn[f"reason_{i + 1}"] = [x[i] if len(x) > i else None for x in pros]
    drawn[list(_FORM)] = ""
    columns = ["review_id", "account_id", "name", "owner_id", "tier", "stratum", "n_managers", "tier_reason"]
    return drawn.reindex(columns=[*columns, "reason_1", "reason_2", "reason_3", "reason_against", *_FORM])


def _stratum(rows: pd.DataFrame, changes: pd.DataFrame | None) -> pd.Series:
    """The first stratum of `STRATA` that each account fits."""
    stratum = "Tier " + rows["tier"].astype("Int64").astype("str")
    if "membership_prob" in rows:
        stratum = stratum.mask(rows["membership_prob"].between(0.2, 0.8), "near the cut-off")
    if changes is not None:
        moved = changes[changes["from_tier"].fillna(0) != changes["to_tier"].fillna(0)]
        stratum = stratum.mask(rows["account_id"].isin(set(moved["account_id"])), "moved")
    if "promoted_until" in rows:
        drawn = rows["tier_by"] == "exploration" if "tier_by" in rows else False
        stratum = stratum.mask(rows["promoted_until"].notna() & ~pd.Series(drawn, rows.index), "trigger")
    if "tier_by" in rows:
        for by in ("trigger", "override"):
            stratum = stratum.mask(rows["tier_by"] == by, by)
    return stratum


def write_review_sample(folder: Path, sample: pd.DataFrame) -> Path:
    """Write review_sample.csv under `folder`; its path."""
    path = folder / "review_sample.csv"
    write_for_people(sample, path)
    return path
