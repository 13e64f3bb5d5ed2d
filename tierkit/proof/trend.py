"""Whether rates fall from tier to tier, over all tiers at once."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from tierkit.proof.arms import METHODS, arms_of, check_replay, clusters_of
from tierkit.proof.intervals import cochran_armitage

FEW_CLUSTERS = 40
"""Accounts below which the ordinary robust error of a GEE is too small (statistics.md, section 2)."""

COLUMNS = [
    "kind",
    "method",
    "unit",
    "n",
    "n_accounts",
    "n_tiers",
    "z",
    "p_value",
    "odds_ratio",
    "odds_low",
    "odds_high",
    "gee_p_value",
    "in_order_prob",
]


def tier_trend(
    replay: pd.DataFrame, *, seed: int, draws: int = 20_000, gee: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """Whether rates fall from tier to tier: two tests of one question, and the chance that every step is one down.

    Parameters
    ----------
    replay : as `tier_lift` takes it.
    seed, draws : of the posterior.
    gee : fit the model too, for the tiers of tierkit (seconds on tens of thousands of account-months).

    Returns
    -------
    One row per kind, method and unit: n (mature), n_accounts, n_tiers, z and p_value (Cochran-Armitage on counts
    corrected for clustering, positive if better tiers win more), odds_ratio, odds_low, odds_high and gee_p_value (odds
    of winning per tier towards the best, by a logistic GEE clustered by account; missing where it has nothing to fit),
    in_order_prob: the posterior chance that every tier beats the next (Jeffreys priors).

    Deals of an account are exchangeable (independent where they never differ). Its months are not: it may change tier,
    and neighbouring months count the same win, so that any working correlation but independence would be biased (Pepe
    and Anderson 1994).
    """
    check_replay(replay)
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for (kind, unit), part in replay.groupby(["kind", "unit"], sort=True):
        for method, column in METHODS.items():
            arms = [a for t, a in arms_of(part, column).items() if "+" not in t and a.n] if column in part else []
            if len(arms) < 2:
                continue
            won, n = np.array([a.won_eff for a in arms]), np.array([a.n_eff for a in arms])
            test = cochran_armitage(won, n, list(range(len(arms), 0, -1)))
            rates = rng.beta(won + 0.5, n - won + 0.5, size=(draws, len(arms)))
            mature = part[part["won_in_horizon"].notna() & part[column].notna()]
            fitted = _gee(mature, column, str(unit), confidence) if gee and method == "tierkit" else {}
            rows.append(
                {"kind": kind, "method": method, "unit": unit, "n": len(mature), "n_tiers": len(arms)}
                | {"n_accounts": mature["account_id"].nunique(), "z": test.z, "p_value": test.p_value}
                | fitted
                | {"in_order_prob": float(np.mean(np.all(np.diff(rates, axis=1) < 0, axis=1)))}
            )
    return pd.DataFrame(rows, columns=COLUMNS).astype({c: "float64" for c in COLUMNS if "odds" in c or "gee" in c})


def _gee(rows: pd.DataFrame, column: str, unit: str, confidence: float) -> dict[str, float]:
    """Odds ratio per tier by GEE (Liang and Zeger 1986); few accounts get the bias-reduced error (Mancl, DeRouen)."""
    from statsmodels.genmod.cov_struct import Exchangeable, Independence
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_estimating_equations import GEE
    from statsmodels.genmod.generalized_linear_model import GLM

    won = rows["won_in_horizon"].to_numpy(np.float64)
    if won.min() == won.max():
        return {}
    cluster = pd.factorize(clusters_of(rows).astype("str"), sort=True)[0]
    order = np.lexsort((won, -rows[column].to_numpy(np.float64), cluster))
    groups, rank = cluster[order], -rows[column].to_numpy(np.float64)[order]
    design = np.column_stack([np.ones(len(won)), rank - rank.mean()])
    # Rows that never differ within an account leave an exchangeable correlation of 1, which cannot be inverted.
    few = groups[-1] + 1 < FEW_CLUSTERS
    for correlation in [Exchangeable(), Independence()] if unit == "deal" else [Independence()]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # A fit that fails says so below, where its figures are left out.
            warnings.simplefilter("ignore")
            if isinstance(correlation, Independence) and not few:
                # Then a GEE is a logit with clustered errors, which takes no loop over the clusters
                by = {"groups": groups, "use_correction": False}
                fit = GLM(won[order], design, family=Binomial()).fit(cov_type="cluster", cov_kwds=by)
            else:
                model = GEE(won[order], design, groups=groups, family=Binomial(), cov_struct=correlation)
                fit = model.fit(cov_type="bias_reduced" if few else "robust")
        low, high = fit.conf_int(alpha=1 - confidence)[1]
        if fit.converged and np.isfinite([low, high]).all() and high > low:
            odds = np.exp(np.clip([fit.params[1], low, high], -50, 50))
            names = ("odds_ratio", "odds_low", "odds_high")
            return dict(zip(names, odds.tolist(), strict=True)) | {"gee_p_value": float(fit.pvalues[1])}
    return {}
