"""Win-rate lift: do better tiers win more, by how much, and how surely."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.arms import METHODS, Arm, arms_of, check_replay
from tierkit.proof.intervals import koopman_ratio, newcombe_difference, wilson

MIN_TIER1_WINS = 10
"""Below this many Tier 1 wins (deals won, or accounts that won) the headline pools Tiers 1 and 2."""

COLUMNS = [
    "kind",
    "method",
    "unit",
    "measure",
    "horizon_days",
    "tier",
    "n",
    "n_accounts",
    "n_open",
    "n_won",
    "n_won_accounts",
    "n_immature",
    "rate",
    "low",
    "high",
    "primary",
]


def tier_lift(replay: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Win rate of each tier, and of the best over the last as difference and ratio, on mature rows.

    Parameters
    ----------
    replay : one row per deal, or per account and month; columns kind, unit (deal or account), row_id, account_id,
        tier (1 is best, missing outside the tiers), won_in_horizon (missing while immature); optional size_tier,
        tier_in_use, is_open, horizon_days, as_of, group_id (clusters, in place of account_id).
    confidence : level of the intervals, in (0, 1).

    Returns
    -------
    One row per kind, method, unit, measure (rate, difference, ratio) and tier ("1", "1+2", "1 vs 3", ...): n (mature),
    n_accounts, n_open (mature yet open; they are in n), n_won, n_won_accounts, n_immature (in no rate), rate, low,
    high, primary (the contrast of the headline). Comparison rows count both arms. A ratio over no win is infinite. A
    kind without mature rows has n = 0 and no rate.

    Raises
    ------
    TableError : a column is missing, or a deal (or an account in one month) appears twice in a kind.

    Wilson, Newcombe (method 10) and Koopman intervals on counts divided by the design effect of each tier, clusters
    being accounts (`statistics.md`, section 2). An account that changed tier joins two arms, whose positive covariance
    is left out: intervals of contrasts err on the wide side.
    """
    check_replay(replay)
    rows: list[dict[str, object]] = []
    for (kind, unit), part in replay.groupby(["kind", "unit"], sort=True):
        arms = {method: arms_of(part, column) for method, column in METHODS.items() if column in part}
        arms = {method: by_tier for method, by_tier in arms.items() if by_tier}
        if not arms:
            continue
        judge = arms.get("tierkit", next(iter(arms.values())))
        wins = judge["1"].n_won_accounts if unit == "account" else judge["1"].n_won
        pool = wins < MIN_TIER1_WINS
        for method, by_tier in arms.items():
            key = {"kind": kind, "method": method, "unit": unit, "horizon_days": _horizon(part)}
            rows += [key | row for row in _method_rows(by_tier, confidence=confidence, pool=pool)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    whole = ["n", "n_accounts", "n_open", "n_won", "n_won_accounts", "n_immature"]
    return table.astype(dict.fromkeys(whole, "int64") | {"primary": "bool"})


def lift_of_new_accounts(replay: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """`tier_lift` of all rows, and of those whose account no model had met, under a first column accounts (all, new).

    Raises
    ------
    TableError : the replay does not say who was new (column is_new_account).

    A lift that new accounts do not share comes from knowing who bought before, which no new account offers.
    """
    if "is_new_account" not in replay:
        raise TableError("replay: column 'is_new_account' is missing; backtest_policy gives it")
    parts = {"all": replay, "new": replay[replay["is_new_account"].astype("bool")]}
    tables = [tier_lift(part, confidence=confidence).assign(accounts=name) for name, part in parts.items()]
    return pd.concat(tables, ignore_index=True)[["accounts", *COLUMNS]]


def lift_from_predictions(
    predictions: pd.DataFrame,
    shares: Sequence[float] = (0.1, 0.2),
    *,
    size_column: str | None = None,
    kind: str = "cross_validated",
    horizon_days: float | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Lift of tiers cut from predictions of unseen deals, for companies whose policy cannot be replayed.

    Parameters
    ----------
    predictions : one row per deal; columns row_id, account_id, won_in_horizon, win_prob; optional group_id, and origin:
        the day the model was fitted, where deals are ranked among those of their origin, as they would have been then.
    shares : share of deals in each tier but the last.
    kind : `cross_validated` or `out_of_time`.
    size_column : column of `predictions` for the size-only ranking.

    Returns
    -------
    The columns of `tier_lift`, unit deal.
    """
    horizon = np.nan if horizon_days is None else float(horizon_days)
    replay = predictions.assign(kind=kind, unit="deal", horizon_days=horizon)
    replay["tier"] = _cut_each(predictions, "win_prob", shares)
    if size_column is not None:
        replay["size_tier"] = _cut_each(predictions, size_column, shares)
    return tier_lift(replay, confidence=confidence)


def _cut_each(predictions: pd.DataFrame, score: str, shares: Sequence[float]) -> pd.Series:
    """Tiers of the given shares among the deals of each origin."""
    origin = predictions["origin"] if "origin" in predictions else pd.Series(pd.NaT, predictions.index)
    parts = [
        cut_tiers(part[score], part["row_id"], _sizes(shares, len(part)))
        for _, part in predictions.groupby(origin, dropna=False, sort=True)
    ]
    tiers: pd.Series = pd.concat(parts).reindex(predictions.index)
    return tiers


def cut_tiers(score: pd.Series, key: pd.Series, sizes: Sequence[int]) -> pd.Series:
    """Tiers of the given sizes (all but the last) by falling score; ties break by `key`, missing scores come last."""
    order = pd.DataFrame({"score": -score, "key": key}).sort_values(["score", "key"], na_position="last").index
    place = pd.Series(np.arange(len(order)), index=order).reindex(score.index)
    return pd.Series(1.0 + np.searchsorted(np.cumsum(sizes), place, side="right"), index=score.index)


def _method_rows(arms: dict[str, Arm], *, confidence: float, pool: bool) -> Iterator[dict[str, object]]:
    plain = [tier for tier in arms if "+" not in tier]
    last = plain[-1]
    pooled = "1+2" if pool and "1+2" in arms else None
    for tier in [*plain, *([pooled] if pooled else [])]:
        arm = arms[tier]
        low, high = wilson(arm.won_eff, arm.n_eff, confidence=confidence) if arm.n else (np.nan, np.nan)
        primary = tier in (pooled or "1", last)
        yield {
            "measure": "rate",
            "tier": tier,
            **arm.counts,
            "rate": arm.rate,
            "low": low,
            "high": high,
            "primary": primary,
        }
    if last == "1":
        return
    for top in [*([pooled] if pooled else []), "1"]:
        for measure, rate, low, high in contrasts(arms[top], arms[last], confidence):
            both = {k: v + arms[last].counts[k] for k, v in arms[top].counts.items()}
            yield {
                "measure": measure,
                "tier": f"{top} vs {last}",
                **both,
                "rate": rate,
                "low": low,
                "high": high,
                "primary": top == (pooled or "1"),
            }


def contrasts(a: Arm, b: Arm, confidence: float) -> list[tuple[str, float, float, float]]:
    """Difference and ratio of two arms, each with its interval: measure, figure, low, high."""
    if not (a.n and b.n):
        return [(measure, np.nan, np.nan, np.nan) for measure in ("difference", "ratio")]
    table = (a.won_eff, a.n_eff, b.won_eff, b.n_eff)
    p, q = a.rate, b.rate
    ratio = p / q if q else (np.inf if p else np.nan)
    return [
        ("difference", p - q, *newcombe_difference(*table, confidence=confidence)),
        ("ratio", ratio, *koopman_ratio(*table, confidence=confidence)),
    ]


def _sizes(shares: Sequence[float], n: int) -> list[int]:
    return [round(share * n) for share in shares]


def _horizon(part: pd.DataFrame) -> float:
    return float(part["horizon_days"].iloc[0]) if "horizon_days" in part else np.nan
