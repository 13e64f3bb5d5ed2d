"""Value capture: the share of won ACV, and of wins, that a ranking holds within the places it was given."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.resampling import Array, percentiles, resample_accounts, sums_by_account
from tierkit.proof.value_lift import largest_deal
from tierkit.tiering.sorting import sort_tiers

COLUMNS = [
    "kind",
    "method",
    "measure",
    "tier",
    "without_largest",
    "n",
    "n_places",
    "n_won",
    "won_acv",
    "captured_acv",
    "share",
    "low",
    "high",
    "largest_share",
]


def value_capture(replay: pd.DataFrame, *, seed: int, confidence: float = 0.95) -> pd.DataFrame:
    """Share of all won ACV that lies in the top K accounts of each ranking, K being the sizes of the tiers.

    Parameters
    ----------
    replay : account rows as of `backtest_policy`; columns kind, unit, row_id, account_id, as_of, tier, expected_value,
        won_in_horizon, won_acv; optional size_tier, tier_in_use, top_deal_id and top_deal_acv (largest won deal).
    seed, confidence : of the bootstrap interval.

    Returns
    -------
    One row per kind, method (tierkit by expected value, size_only, tiers_in_use, random, oracle: the best that any
    ranking of the tiered accounts could hold, in hindsight), measure and tier ("1", "1+2"), with and without the
    largest deal: n (mature account-months, all of them), n_places (account-months the ranking could hold), n_won,
    won_acv, captured_acv, share, low, high, largest_share. Measure `share` is in 0-1; measure `difference` is tierkit's
    share minus that of `method`; with the largest deal also `precision`, the share of the places whose account won, and
    `lift`, that over the share of all tiered accounts that won. Won ACV of accounts outside the tiers counts in the
    whole, never in a share. Tiers in use keep sizes of their own.

    Interval: percentile bootstrap of accounts.
    """
    needed = ["kind", "unit", "row_id", "as_of", "tier", "expected_value", "won_in_horizon", "won_acv"]
    if missing := [c for c in needed if c not in replay]:
        raise TableError(f"replay: column '{missing[0]}' is missing; value_capture needs {', '.join(needed)}")
    mature = replay[(replay["unit"] == "account") & replay["won_in_horizon"].notna()]
    rows: list[dict[str, Any]] = []
    for kind, part in mature.groupby("kind", sort=True):
        rows += [{"kind": kind} | row for row in _kind_rows(part.reset_index(drop=True), seed, confidence)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _kind_rows(rows: pd.DataFrame, seed: int, confidence: float) -> list[dict[str, Any]]:
    last = rows["tier"].max()
    if not last >= 2:
        return []
    out = []
    by_value = _places(rows, rows["expected_value"].to_numpy(np.float64))
    for without_largest in (False, True):
        largest = largest_deal(rows)
        whole = rows["won_acv"].fillna(0.0).to_numpy(np.float64)
        largest_share = float(largest.sum() / whole.sum()) if whole.sum() else np.nan
        amounts = whole - largest if without_largest else whole
        in_hindsight = _places(rows, amounts)
        for label, cut in (("1", 1), ("1+2", 2)):
            if cut < last:
                held = _held(rows, cut, by_value, in_hindsight)
                key = {"tier": label, "without_largest": without_largest, "largest_share": largest_share}
                figures = _share_rows(rows, amounts, held, seed, confidence)
                if not without_largest:
                    figures += _precision_rows(rows, amounts, held, seed, confidence)
                out += [key | row for row in figures]
    return out


def _places(rows: pd.DataFrame, value: Array) -> Array:
    """Tier of each row if its month's places went to the greatest values, ties by row_id; inf outside the tiers."""
    by_id = rows["row_id"].sort_values(kind="stable").index.to_numpy()
    order = by_id[rows["tier"].notna().to_numpy()[by_id]]
    month = pd.factorize(rows["as_of"])[0][order]
    tier = rows["tier"].to_numpy(np.float64)[order].astype(np.int64)
    sizes = np.zeros((int(month.max()) + 1, int(tier.max())), dtype=np.int64)
    np.add.at(sizes, (month, tier - 1), 1)
    out = np.full(len(rows), np.inf)
    # A missing value stands last
    out[order] = sort_tiers(np.nan_to_num(value[order], nan=-np.inf), month, sizes[:, :-1])
    return out


def _held(rows: pd.DataFrame, cut: int, by_value: Array, in_hindsight: Array) -> dict[str, Array]:
    """For each method, the chance (0 or 1, but for random) that a row has one of the places."""
    tiered = rows["tier"].notna()
    places = (rows["tier"] <= cut).groupby(rows["as_of"]).transform("sum")
    candidates = tiered.groupby(rows["as_of"]).transform("sum")
    held = {"tierkit": (by_value <= cut).astype(np.float64)}
    for method, column in (("size_only", "size_tier"), ("tiers_in_use", "tier_in_use")):
        if column in rows and rows[column].notna().any():
            held[method] = (rows[column] <= cut).to_numpy().astype(np.float64)
    held["random"] = np.where(tiered, (places / candidates.clip(lower=1)).to_numpy(), 0.0)
    held["oracle"] = (in_hindsight <= cut).astype(np.float64)
    return held


def _share_rows(
    rows: pd.DataFrame,
    amounts: Array,
    held: dict[str, Array],
    seed: int,
    confidence: float,
) -> list[dict[str, Any]]:
    captured = {method: amounts * chance for method, chance in held.items()}
    sums = sums_by_account(rows, {"total": amounts, **captured})
    seen, drawn = resample_accounts(sums, rng=np.random.default_rng(seed))
    with np.errstate(invalid="ignore", divide="ignore"):
        share, shares = seen[1:] / seen[0], drawn[:, 1:] / drawn[:, :1]
    out = []
    for i, (method, chance) in enumerate(held.items()):
        common = _counts(rows, amounts, chance) | {"method": method}
        low, high = percentiles(shares[:, i], confidence=confidence)
        out.append(common | {"measure": "share", "share": float(share[i]), "low": low, "high": high})
        if i:
            low, high = percentiles(shares[:, 0] - shares[:, i], confidence=confidence)
            ahead = float(share[0] - share[i])
            out.append(common | {"measure": "difference", "share": ahead, "low": low, "high": high})
    return out


def _precision_rows(
    rows: pd.DataFrame, amounts: Array, held: dict[str, Array], seed: int, confidence: float
) -> list[dict[str, Any]]:
    won = (rows["won_in_horizon"] == 1).to_numpy().astype(np.float64)
    tiered = rows["tier"].notna().to_numpy().astype(np.float64)
    columns = {"won": won * tiered, "n": tiered}
    for method, chance in held.items():
        columns |= {f"{method} won": won * chance, f"{method} n": chance}
    seen, drawn = resample_accounts(sums_by_account(rows, columns), rng=np.random.default_rng(seed))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, rates = seen[::2] / seen[1::2], drawn[:, ::2] / drawn[:, 1::2]
        lift, lifts = rate / rate[0], rates / rates[:, :1]
    out = []
    for i, (method, chance) in enumerate(held.items(), start=1):
        common = _counts(rows, amounts, chance) | {"method": method}
        for measure, figure, spread in (("precision", rate[i], rates[:, i]), ("lift", lift[i], lifts[:, i])):
            low, high = percentiles(spread, confidence=confidence)
            out.append(common | {"measure": measure, "share": float(figure), "low": low, "high": high})
    return out


def _counts(rows: pd.DataFrame, amounts: Array, chance: Array) -> dict[str, Any]:
    return {
        "n": len(rows),
        "n_places": round(float(chance.sum())),
        "n_won": int((amounts > 0).sum()),
        "won_acv": float(amounts.sum()),
        "captured_acv": float((amounts * chance).sum()),
    }
