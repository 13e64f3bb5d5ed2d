"""Promises frozen before outcomes exist, and scored once they do, the bad ones too."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.deals import known_deals
from tierkit.inputs.tables import Tables
from tierkit.proof.intervals import wilson
from tierkit.proof.outcomes import account_outcomes, won_of_opened

COLUMNS = [
    "as_of",
    "promise",
    "horizon_days",
    "intact",
    "status",
    "known_on",
    "tier",
    "n",
    "n_won",
    "rate",
    "low",
    "high",
    "promised_wins",
    "actual_wins",
    "promised_value",
    "actual_value",
]

_FIGURES = ("n_won", "rate", "low", "high", "promised_wins", "actual_wins", "promised_value", "actual_value")


def freeze_promises(
    tiers: pd.DataFrame, *, as_of: pd.Timestamp | str, horizon_days: int | None
) -> tuple[str, dict[str, Any]]:
    """The hash of what a run predicts, and the entry that goes into the ledger.

    Parameters
    ----------
    tiers : one row per qualified account; columns account_id, tier, win_prob, expected_value; open_prob is 1 if absent.

    Returns
    -------
    sha256 of the canonical rows (see `promise_bytes`), and the entry: as_of, horizon_days, n, sha256, and for each tier
    n, promised_wins (sum of P(opens) x P(win)) and promised_value; None where no model says. Order of rows and of
    columns changes nothing.
    """
    sha256 = hashlib.sha256(promise_bytes(tiers)).hexdigest()
    wins = tiers["win_prob"] * tiers.get("open_prob", 1.0)
    by_tier = {
        _label(tier): {
            "n": len(part),
            "promised_wins": _total(wins.loc[part.index], 6),
            "promised_value": _total(part["expected_value"], 2),
        }
        for tier, part in tiers.groupby("tier", sort=True)
    }
    entry = {
        "as_of": f"{pd.Timestamp(as_of):%Y-%m-%d}",
        "horizon_days": horizon_days,
        "n": len(tiers),
        "sha256": sha256,
        "tiers": by_tier,
    }
    return sha256, entry


def promise_bytes(tiers: pd.DataFrame) -> bytes:
    """The promises as canonical CSV: account_id, tier, chances in millionths, value in cents, sorted by account.

    Whole numbers, so that the bytes do not hang on how floats are printed.
    """
    needed = ["account_id", "tier", "win_prob", "expected_value"]
    if missing := [c for c in needed if c not in tiers]:
        raise TableError(f"tiers: column '{missing[0]}' is missing; promises need {', '.join(needed)}")
    rows = tiers.assign(open_prob=tiers.get("open_prob", 1.0)).sort_values("account_id", kind="stable")
    canonical = pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "tier": rows["tier"].astype("Int64"),
            "open_ppm": _whole(rows["open_prob"], 1e6),
            "win_ppm": _whole(rows["win_prob"], 1e6),
            "value_cents": _whole(rows["expected_value"], 100),
        }
    )
    return canonical.to_csv(index=False, lineterminator="\n").encode()


def score_promises(
    earlier: Iterable[tuple[Mapping[str, Any], pd.DataFrame | None]], tables: Tables, *, as_of: pd.Timestamp | str
) -> pd.DataFrame:
    """Every earlier promise against what came of it.

    Parameters
    ----------
    earlier : ledger entries as of `freeze_promises`, each with the tiers it froze; None where those are gone.

    Returns
    -------
    One row per entry and tier: promise (start of its hash, which tells runs of one month apart), intact (the tiers
    still have the hash, and add up to what the entry promises), status (mature, immature, undated, lost), known_on, n,
    n_won, rate, low, high (accounts that won within the horizon after the promise, Wilson), promised_wins and
    promised_value; and, once deals opened in the horizon have had theirs (two horizons on), actual_wins and
    actual_value, the wins of deals that opened in the horizon and were won within the horizon of opening.
    """
    through = pd.Timestamp(as_of)
    deals = None
    rows: list[dict[str, Any]] = []
    for entry, tiers in earlier:
        key = {
            "as_of": pd.Timestamp(entry["as_of"]),
            "promise": str(entry["sha256"])[:12],
            "horizon_days": entry["horizon_days"],
            "intact": tiers is not None and _is_intact(entry, tiers),
        }
        if tiers is None or entry["horizon_days"] is None or not tables.is_dated:
            status = "lost" if tiers is None else "undated"
            rows += [
                key | {"status": status, "tier": int(tier)} | promised for tier, promised in entry["tiers"].items()
            ]
            continue
        if deals is None:
            deals = known_deals(tables, before=through)
            deals = deals[deals["is_new_business"]]
        rows += [key | row for row in _scored(entry, tiers, deals, through)]
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(_FIGURES, "float64"))


def _is_intact(entry: Mapping[str, Any], tiers: pd.DataFrame) -> bool:
    """Whether the tiers are those frozen, and the entry still says of them what it said."""
    frozen, again = freeze_promises(tiers, as_of=entry["as_of"], horizon_days=entry["horizon_days"])
    said, now = entry["tiers"], again["tiers"]
    return (
        frozen == entry["sha256"]
        and entry["n"] == again["n"]
        and said.keys() == now.keys()
        and all(
            # The last digit hangs on the order the rows were summed in.
            _is_near(said[tier][name], now[tier][name], slack)
            for tier in said
            for name, slack in (("n", 0), ("promised_wins", 1e-5), ("promised_value", 0.02))
        )
    )


def _is_near(said: float | None, now: float | None, slack: float) -> bool:
    return said == now if said is None or now is None else abs(said - now) <= slack


def _total(values: pd.Series, digits: int) -> float | None:
    return round(float(values.sum()), digits) if values.notna().all() else None


def _scored(
    entry: Mapping[str, Any], tiers: pd.DataFrame, deals: pd.DataFrame, through: pd.Timestamp
) -> list[dict[str, Any]]:
    made, horizon_days = pd.Timestamp(entry["as_of"]), int(entry["horizon_days"])
    horizon = pd.Timedelta(days=horizon_days)
    outcomes = account_outcomes(deals, tiers["account_id"], as_of=made, horizon_days=horizon_days, through=through)
    won = outcomes["won_in_horizon"].set_axis(tiers.index)
    opened = won_of_opened(deals, after=made, until=made + horizon, horizon_days=horizon_days)
    rows = []
    for tier, part in tiers.groupby("tier", sort=True):
        row: dict[str, Any] = {"tier": int(_label(tier)), "known_on": made + horizon, "status": "immature"}
        row |= entry["tiers"].get(_label(tier), {"n": len(part)})
        if made + horizon <= through:
            n, n_won = len(part), int(won.loc[part.index].sum())
            low, high = wilson(n_won, n)
            row |= {"status": "mature", "n_won": n_won, "rate": n_won / n, "low": low, "high": high}
        if made + 2 * horizon <= through:
            theirs = opened[opened["account_id"].isin(part["account_id"])]
            value = float(theirs["acv"].sum()) if "acv" in theirs else np.nan
            row |= {"actual_wins": len(theirs), "actual_value": value}
        rows.append(row)
    return rows


def _label(tier: Any) -> str:
    return str(int(tier))


def _whole(values: pd.Series, scale: float) -> pd.Series:
    return (values.astype("float64") * scale).round().astype("Int64")
