"""Earlier forecasts of money against what came, month by month."""

from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.bookings import TOLERANCE, amount_in, chance_of_money, won_since

COLUMNS = [
    "as_of",
    "horizon_days",
    "known_on",
    "status",
    "expected",
    "actual",
    "n_won",
    "ratio",
    "ok",
    "low",
    "high",
    "largest3_share",
    "by_chance",
]


def score_forecasts(forecasts: pd.DataFrame, tables: Tables, *, as_of: pd.Timestamp | str) -> pd.DataFrame:
    """Every earlier forecast of money against what came, the bad ones too.

    Parameters
    ----------
    forecasts : results of `reconcile_bookings`, one row per month; columns as_of, horizon_days, expected, unit.

    Returns
    -------
    One row per forecast, oldest first: as_of, horizon_days, known_on (when its deals have had their time), status
    (mature, immature), expected, actual, n_won, ratio (expected over actual), low and high (95 % of what came, accounts
    drawn anew), largest3_share, by_chance, ok (ratio within 25 % of 1).

    Windows of neighbouring months overlap; new business only.
    """
    through = pd.Timestamp(as_of)
    deals = known_deals(tables, before=through)
    deals = deals[deals["is_new_business"]]
    rows = []
    for then in forecasts.sort_values("as_of", kind="stable").to_dict("records"):
        made, days = pd.Timestamp(then["as_of"]), int(then["horizon_days"])
        known_on = made + (2 if tables.has_accounts else 1) * pd.Timedelta(days=days)
        row: dict[str, Any] = {"as_of": made, "horizon_days": days, "known_on": known_on, "status": "immature"}
        row["expected"] = float(then["expected"])
        if known_on <= through and "acv" in deals:
            won = won_since(deals, tables, start=made, horizon_days=days)
            actual, noise = float(won["acv"].sum()), chance_of_money(won, row["expected"])
            ratio = row["expected"] / actual if actual else np.nan
            ends = {"low": noise["trailing_low"], "high": noise["trailing_high"]}
            row |= {"status": "mature", "actual": actual, "n_won": len(won), "ratio": ratio, **ends}
            row |= {name: noise[name] for name in ("largest3_share", "by_chance")}
            row["ok"] = bool(abs(ratio - 1) <= TOLERANCE)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def say_forecasts(scored: pd.DataFrame, *, currency: str) -> tuple[str, ...]:
    """How earlier forecasts of money did: how many were near, the worst and the best, and whether they lean one way."""
    due = scored[(scored["status"] == "mature") & scored["ratio"].notna()]
    if due.empty:
        waiting = scored["known_on"].min()
        return (
            ()
            if scored.empty
            else (f"No forecast of money is due yet; the first can be scored on {waiting:%Y-%m-%d}.",)
        )
    off = np.abs(np.log(due["ratio"].astype("float64").clip(lower=1e-9)))
    order = due.assign(off=off).sort_values(["off", "as_of"], kind="stable")
    said = [
        f"{int(due['ok'].astype('bool').sum())} of {len(due)} forecasts of money that are due came within 25 %, "
        f"{int(due['by_chance'].astype('bool').sum())} within what chance explains."
    ]
    for name, row in (("worst", order.iloc[-1]), ("best", order.iloc[0]))[: 1 if len(due) == 1 else 2]:
        money = {key: amount_in(row[key], currency) for key in ("expected", "actual", "low", "high")}
        said.append(
            f"The {name}, of {row['as_of']:%Y-%m}, said {money['expected']}; {money['actual']} came from "
            f"{row['n_won']:,.0f} wins ({money['low']} to {money['high']} by chance; the three largest hold "
            f"{100 * row['largest3_share']:.0f} %)."
        )
    if len(due) > 2 and (due["ratio"] > 1).all():
        said.append("Every one of them said too much.")
    elif len(due) > 2 and (due["ratio"] < 1).all():
        said.append("Every one of them said too little.")
    return tuple(said)
