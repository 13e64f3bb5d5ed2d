"""Expected value held against what was booked, on one line."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.outcomes import won_of_opened

TOLERANCE = 0.25
"""Expected value further than this from what comparable months brought is withheld from the page."""

COLUMNS = [
    "as_of",
    "horizon_days",
    "unit",
    "currency",
    "expected",
    "trailing",
    "trailing_from",
    "trailing_to",
    "n_trailing_won",
    "n_without_amount",
    "booked",
    "n_booked",
    "ratio",
    "ok",
    "trailing_low",
    "trailing_high",
    "largest3_share",
    "by_chance",
    "last_as_of",
    "last_expected",
    "last_actual",
    "last_ratio",
    "sentence",
]

_DRAWS = 2_000


def reconcile_bookings(
    scores: pd.DataFrame,
    tables: Tables,
    *,
    as_of: pd.Timestamp | str,
    horizon_days: int,
    last_forecast: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Whether the money that the scores expect is the money that comparable months brought.

    Parameters
    ----------
    scores : one row per account (deals-only: per open deal); column expected_value.
    last_forecast : earlier results of this function; the newest whose window is mature is scored.

    Returns
    -------
    One row: expected (sum of expected_value: deals that open in the coming horizon and are won within the horizon of
    opening), trailing (the same of the newest window that is known in full: opened in (trailing_from, trailing_to]),
    n_trailing_won and n_without_amount (of them, whose value is unknown and counts as none), booked and n_booked (all
    new business closed in the last horizon, whenever it opened), ratio (expected over trailing), ok (ratio within 25 %
    of 1), last_as_of, last_expected, last_actual and last_ratio (of `last_forecast`, missing while immature), sentence.
    Money in `currency`; unit is `deal` where each deal is its own account.

    Where accounts carry created_at, `trailing` counts only accounts that existed as its window began, as the scores do.
    Deals-only: `trailing` is what deals open one horizon ago won since, as the scores are of open deals. Without dates,
    or where the data begin inside the trailing window, nothing is compared and ok is False.
    """
    as_of, horizon = pd.Timestamp(as_of), pd.Timedelta(days=horizon_days)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan) | {
        "as_of": as_of,
        "horizon_days": horizon_days,
        "unit": "account" if tables.has_accounts else "deal",
        "currency": tables.currency,
        "expected": float(_in_horizon(scores, tables, as_of - horizon)["expected_value"].sum()),
        "trailing_from": pd.NaT,
        "trailing_to": pd.NaT,
        "n_trailing_won": 0,
        "n_without_amount": 0,
        "n_booked": 0,
        "ok": False,
        "by_chance": False,
        "last_as_of": pd.NaT,
    }
    if not tables.is_dated:
        row["sentence"] = f"Expected {_money(row)}; deals carry no dates, so it cannot be held against bookings."
        return pd.DataFrame([row], columns=COLUMNS)
    deals = known_deals(tables, before=as_of)
    deals = deals[deals["is_new_business"]]
    if "acv" not in deals:
        row["sentence"] = "Deals carry no amount, so expected value cannot be held against bookings."
        return pd.DataFrame([row], columns=COLUMNS)
    booked = deals[(deals["outcome"] == "won") & (deals["closed_at"] > as_of - horizon)]
    row |= {"booked": float(booked["acv"].sum()), "n_booked": len(booked)}
    start = as_of - 2 * horizon if tables.has_accounts else as_of - horizon
    if deals["opened_at"].min() > start + pd.Timedelta(days=31):
        row["sentence"] = (
            f"Expected {_money(row)}; the data begin {deals['opened_at'].min():%Y-%m-%d}, too late for a window whose "
            f"outcomes are all known (it would begin {start:%Y-%m-%d})."
        )
        return pd.DataFrame([row], columns=COLUMNS)
    won = won_since(deals, tables, start=start, horizon_days=horizon_days)
    row |= {
        "trailing": float(won["acv"].sum()),
        "trailing_from": start,
        "trailing_to": start + horizon,
        "n_trailing_won": len(won),
        "n_without_amount": int(won["acv"].isna().sum()),
    }
    row |= chance_of_money(won, row["expected"])
    row["ratio"] = row["expected"] / row["trailing"] if row["trailing"] else np.nan
    row["ok"] = bool(abs(row["ratio"] - 1) <= TOLERANCE)
    row |= _last(last_forecast, deals, tables, as_of)
    row["sentence"] = _sentence(row)
    return pd.DataFrame([row], columns=COLUMNS)


def won_since(deals: pd.DataFrame, tables: Tables, *, start: pd.Timestamp, horizon_days: int) -> pd.DataFrame:
    """What a forecast made at `start` speaks of, once it is known."""
    end = start + pd.Timedelta(days=horizon_days)
    if not tables.has_accounts:
        was_open = (deals["opened_at"] <= start) & ~(deals["closed_at"] <= start)
        return deals[was_open & (deals["outcome"] == "won") & (deals["closed_at"] <= end)]
    won = won_of_opened(deals, after=start, until=end, horizon_days=horizon_days)
    if tables.has("accounts", "created_at"):
        accounts = tables.frame("accounts")
        won = won[won["account_id"].isin(accounts.loc[~(accounts["created_at"] > start), "account_id"])]
    return won


def chance_of_money(won: pd.DataFrame, expected: float) -> dict[str, Any]:
    """How far the money of these wins hangs on chance: each winning account counted Poisson(1) times, 2,000 draws."""
    totals = won.groupby("account_id", sort=True)["acv"].sum().to_numpy(np.float64)
    total = float(totals.sum())
    if total <= 0:
        return {"trailing_low": np.nan, "trailing_high": np.nan, "largest3_share": np.nan, "by_chance": False}
    drawn = np.random.default_rng(0).poisson(1.0, (_DRAWS, len(totals))) @ totals
    low, high = (float(x) for x in np.quantile(drawn, [0.025, 0.975]))
    largest = float(won["acv"].nlargest(3).sum()) / total
    inside = low <= expected <= high
    return {"trailing_low": low, "trailing_high": high, "largest3_share": largest, "by_chance": inside}


def _last(earlier: pd.DataFrame | None, deals: pd.DataFrame, tables: Tables, as_of: pd.Timestamp) -> dict[str, Any]:
    if earlier is None or earlier.empty:
        return {}
    earlier = earlier.assign(as_of=pd.to_datetime(earlier["as_of"])).sort_values("as_of", kind="stable")
    times = 2 if tables.has_accounts else 1
    due = earlier["as_of"] + pd.to_timedelta(times * earlier["horizon_days"].astype("float64"), unit="D") <= as_of
    then = (earlier[due] if due.any() else earlier).iloc[-1]
    made, horizon_days = pd.Timestamp(then["as_of"]), int(then["horizon_days"])
    row: dict[str, Any] = {"last_as_of": made, "last_expected": float(then["expected"])}
    if not due.any():
        return row
    actual = float(won_since(deals, tables, start=made, horizon_days=horizon_days)["acv"].sum())
    return row | {"last_actual": actual, "last_ratio": row["last_expected"] / actual if actual else np.nan}


def _in_horizon(scores: pd.DataFrame, tables: Tables, oldest: pd.Timestamp) -> pd.DataFrame:
    """Scores of deals that can still be won within the horizon of their opening."""
    if tables.has_accounts or "opened_at" not in scores:
        return scores
    return scores[~(scores["opened_at"] < oldest)]


def _sentence(row: dict[str, Any]) -> str:
    days, start = row["horizon_days"], row["trailing_from"]
    if row["unit"] == "account":
        text = (
            f"Expected from deals opening in the next {days} days: {_money(row)}; deals opened "
            f"{start + pd.Timedelta(days=1):%Y-%m-%d} to {row['trailing_to']:%Y-%m-%d} brought "
        )
    else:
        text = (
            f"Expected from the deals open now: {_money(row)}; the deals open on {start:%Y-%m-%d} brought in the "
            f"{days} days after it "
        )
    text += f"{_money(row, 'trailing')} ({row['n_trailing_won']:,} wins"
    text += f", {row['n_without_amount']:,} of them without an amount)" if row["n_without_amount"] else ")"
    text += f", ratio {row['ratio']:.2f}{_ends(row)}; " if np.isfinite(row["ratio"]) else "; "
    text += f"booked in the last {row['horizon_days']} days: {_money(row, 'booked')}."
    if np.isfinite(row["last_actual"]):
        text += (
            f" The forecast of {row['last_as_of']:%Y-%m-%d} said {_money(row, 'last_expected')}, "
            f"{_money(row, 'last_actual')} came."
        )
    if not row["ok"]:
        if np.isfinite(row["trailing_low"]):
            why = "no more than chance explains" if row["by_chance"] else "more than chance explains"
            text += f" The three largest deals hold {100 * row['largest3_share']:.0f} % of it; the gap is {why}."
        text += " That is further apart than 25 %, so ranks are shown and money is withheld."
    return text


def _ends(row: dict[str, Any]) -> str:
    """Between what ratios chance alone takes the one there is."""
    if not np.isfinite(row["trailing_low"]):
        return ""
    low, high = (row["expected"] / row[end] if row[end] else np.inf for end in ("trailing_high", "trailing_low"))
    return f" ({low:.2f}-{high:.2f} by chance)" if np.isfinite(high) else f" ({low:.2f} or more by chance)"


def _money(row: dict[str, Any], key: str = "expected") -> str:
    return amount_in(row[key], row["currency"])


def amount_in(amount: float, currency: str) -> str:
    """Money in a sentence, in millions or thousands where it is that much."""
    if abs(amount) >= 1e6:
        return f"{currency} {amount / 1e6:,.2f}M"
    return f"{currency} {amount / 1e3:,.0f}k" if abs(amount) >= 1e3 else f"{currency} {amount:,.0f}"
