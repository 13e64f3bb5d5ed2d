"""Value capture: the share of won ACV that a ranking holds within the places it was given."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tierkit.errors import TableError

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

_RESAMPLES = 2_000


def value_capture(replay: pd.DataFrame, *, seed: int, confidence: float = 0.95) -> pd.DataFrame:
    """Share of all won ACV that lies in the top K accounts of each ranking, K being the sizes of the tiers.

    Parameters
    ----------
    replay : account rows as of `backtest_policy`; columns kind, unit, row_id, account_id, as_of, tier, expected_value,
        won_in_horizon, won_acv; optional size_tier, tier_in_use, top_deal_id and top_deal_acv (largest won deal).
    seed, confidence : of the bootstrap interval.

    Returns
    -------
    One row per kind, method (tierkit by expected value, size_only, tiers_in_use, random), measure and tier ("1",
    "1+2"), with and without the largest deal: n (mature account-months, all of them), n_places (account-months the
    ranking could hold), n_won, won_acv, captured_acv, share, low, high, largest_share. Measure `share` is in 0-1;
    measure `difference` is tierkit's share minus that of `method`. Won ACV of accounts outside the tiers counts in the
    whole, never in a share. Tiers in use keep sizes of their own.

    Interval: percentile bootstrap of accounts. Accounts that won nothing add nothing to either side, so only winners
    are drawn; their number is binomial, and the interval is the same in distribution (`scale.md`).
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
    for without_largest in (False, True):
        amounts, largest_share = _amounts(rows, without_largest)
        for label, cut in (("1", 1), ("1+2", 2)):
            if cut < last:
                held = _held(rows, cut)
                key = {"tier": label, "without_largest": without_largest, "largest_share": largest_share}
                out += [key | row for row in _share_rows(rows, amounts, held, seed, confidence)]
    return out


def _held(rows: pd.DataFrame, cut: int) -> dict[str, npt.NDArray[np.float64]]:
    """For each method, the chance (0 or 1, but for random) that a row has one of the places."""
    tiered = rows["tier"].notna()
    places = (rows["tier"] <= cut).groupby(rows["as_of"]).transform("sum")
    candidates = tiered.groupby(rows["as_of"]).transform("sum")
    by_value = rows.assign(_out=~tiered, _value=-rows["expected_value"]).sort_values(
        ["as_of", "_out", "_value", "row_id"], kind="stable"
    )
    rank = by_value.groupby("as_of").cumcount().reindex(rows.index)
    held = {"tierkit": ((rank < places) & tiered).to_numpy().astype(np.float64)}
    for method, column in (("size_only", "size_tier"), ("tiers_in_use", "tier_in_use")):
        if column in rows and rows[column].notna().any():
            held[method] = (rows[column] <= cut).to_numpy().astype(np.float64)
    held["random"] = np.where(tiered, (places / candidates.clip(lower=1)).to_numpy(), 0.0)
    return held


def _amounts(rows: pd.DataFrame, without_largest: bool) -> tuple[npt.NDArray[np.float64], float]:
    """Won ACV of each row, and the share that the largest deal has in it."""
    won = rows["won_acv"].fillna(0.0).to_numpy(float)
    deal = rows["top_deal_id"] if "top_deal_id" in rows else rows["account_id"]
    size = rows["top_deal_acv"].fillna(0.0).to_numpy(float) if "top_deal_acv" in rows else won
    if won.sum() == 0:
        return won, np.nan
    of_largest = (deal == deal.iloc[int(np.argmax(size))]).to_numpy() & (won > 0)
    largest = np.where(of_largest, size, 0.0)
    return (won - largest if without_largest else won), float(largest.sum() / won.sum())


def _share_rows(
    rows: pd.DataFrame,
    amounts: npt.NDArray[np.float64],
    held: dict[str, npt.NDArray[np.float64]],
    seed: int,
    confidence: float,
) -> list[dict[str, Any]]:
    codes, accounts = pd.factorize(rows["account_id"])
    totals = np.bincount(codes, weights=amounts, minlength=len(accounts))
    winners = np.flatnonzero(totals > 0)
    draws = _draw_winners(len(winners), len(accounts), seed)
    drawn_total = draws @ totals[winners]
    alpha = 100 * (1 - confidence) / 2
    out, ours = [], None
    for method, chance in held.items():
        captured = np.bincount(codes, weights=amounts * chance, minlength=len(accounts))[winners]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = float(captured.sum() / totals.sum()) if len(winners) else np.nan
            shares = (draws @ captured) / drawn_total
        common = {
            "method": method,
            "n": len(rows),
            "n_places": round(float(chance.sum())),
            "n_won": int((amounts > 0).sum()),
            "won_acv": float(totals.sum()),
            "captured_acv": float(captured.sum()),
        }
        low, high = _percentiles(shares, alpha)
        out.append(common | {"measure": "share", "share": share, "low": low, "high": high})
        if ours is None:
            ours = (share, shares)
        else:
            low, high = _percentiles(ours[1] - shares, alpha)
            out.append(common | {"measure": "difference", "share": ours[0] - share, "low": low, "high": high})
    return out


def _draw_winners(n_winners: int, n_accounts: int, seed: int) -> npt.NDArray[np.int64]:
    """How often each winner is drawn when all accounts are drawn with replacement: resamples x winners."""
    rng = np.random.default_rng(seed)
    if n_winners == 0:
        return np.zeros((_RESAMPLES, 0), dtype=np.int64)
    drawn = rng.binomial(n_accounts, n_winners / n_accounts, size=_RESAMPLES)
    return rng.multinomial(drawn, np.full(n_winners, 1 / n_winners))


def _percentiles(values: npt.NDArray[np.float64], alpha: float) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return np.nan, np.nan
    low, high = np.percentile(finite, [alpha, 100 - alpha])
    return float(low), float(high)
