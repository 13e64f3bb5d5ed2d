"""What the ledger adds up to: promised against actual wins of every month, the worst month as well as the best."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from tierkit.proof.intervals import koopman_ratio
from tierkit.proof.ledger_chain import Ledger

COLUMNS = [
    "as_of",
    "promise",
    "tier",
    "status",
    "due_on",
    "intact",
    "n",
    "promised_wins",
    "actual_wins",
    "ratio",
    "low",
    "high",
    "verdict",
    "promised_value",
    "actual_value",
    "top_rate",
    "base_rate",
    "lift",
    "lift_low",
    "lift_high",
]

_FIGURES = ("n", "promised_wins", "actual_wins", "promised_value", "actual_value")


def promise_record(scored: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Every promise held against what came, by tier and over all tiers.

    Parameters
    ----------
    scored : as of `score_promises`.

    Returns
    -------
    One row per promise and tier ("1", "2", ... and "all"): status (due: its deals have had their time; open: not yet;
    undated or lost: never), due_on (two horizons on), promised_wins, actual_wins, ratio (actual over promised) with low
    and high, verdict (kept; short or exceeded where the interval leaves 1 out), promised_value, actual_value. On "all"
    also top_rate and base_rate (accounts of the first and of the last tier that won within the horizon, one horizon
    on), lift (their ratio), lift_low and lift_high.

    The interval is that of a Poisson count (Garwood 1936), a shade wider than a sum of chances needs. Promises of
    neighbouring months speak of the same deals in part. Koopman interval of the lift.
    """
    rows: list[dict[str, Any]] = []
    for (made, promise), part in scored.groupby(["as_of", "promise"], sort=True):
        part = part.sort_values("tier", kind="stable")
        due = pd.Timestamp(str(made)) + 2 * pd.to_timedelta(float(part["horizon_days"].astype("float64").iloc[0]), "D")
        key = {"as_of": made, "promise": promise, "due_on": due, "intact": bool(part["intact"].all())}
        told: list[tuple[str, Mapping[Any, Any]]] = [(str(int(row["tier"])), row) for row in part.to_dict("records")]
        sums = {name: part[name].astype("float64").sum(skipna=False) for name in _FIGURES}
        told.append(("all", {"status": part["status"].iloc[0], **sums}))
        for tier, row in told:
            row = {str(k): v for k, v in row.items()}
            rows.append(
                key | {"tier": tier} | _held(row, confidence) | (_lift(part, confidence) if tier == "all" else {})
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def rewritten_outcomes(scored: pd.DataFrame, ledgers: Mapping[str, Ledger]) -> pd.DataFrame:
    """Outcomes that read differently now than when a ledger scored them.

    Parameters
    ----------
    scored : as of `score_promises`, now.
    ledgers : as of `check_chain`; each holds the scores of its own day.

    Returns
    -------
    One row per promise, tier and figure (n_won, actual_wins) that changed: as_of, promise, tier, figure, ledger (the
    first to score it), was, now. A win entered late does this, and so does rewriting the past. `attrs["n_compared"]`
    counts what was looked at.
    """
    now = {_key(row): row for row in scored.to_dict("records")}
    seen: set[tuple[Any, ...]] = set()
    rows = []
    for name in sorted(ledgers):
        for then in ledgers[name].get("scored", []):
            again = now.get(_key(then))
            for figure in ("n_won", "actual_wins"):
                was = then.get(figure)
                if again is None or was is None or (*_key(then), figure) in seen:
                    continue
                seen.add((*_key(then), figure))
                if again[figure] != was:
                    key = (again["as_of"], again["promise"], int(again["tier"]), figure, name)
                    rows.append((*key, float(was), float(again[figure])))
    table = pd.DataFrame(rows, columns=["as_of", "promise", "tier", "figure", "ledger", "was", "now"])
    table = table.sort_values(["as_of", "promise", "tier", "figure"], kind="stable", ignore_index=True)
    table.attrs["n_compared"] = len(seen)
    return table


def say_promises(record: pd.DataFrame, rewritten: pd.DataFrame | None = None) -> tuple[str, ...]:
    """The record in sentences: how many promises were kept, the worst and the best, the lift, and what was touched."""
    whole = record[record["tier"] == "all"]
    if whole.empty:
        return ("No promise has been made yet: the first stands in this month's ledger.",)
    told = [*_kept(whole), *_lifts(whole)]
    for row in whole[~whole["intact"].astype("bool")].to_dict("records"):
        gone = "are gone" if row["status"] == "lost" else "are no longer those it froze, or its figures were changed"
        told.append(f"The tiers that the ledger of {_month(row)} froze {gone}: what it promised is unproven.")
    if rewritten is not None and len(rewritten):
        first = rewritten.iloc[0]
        told.append(
            f"{len(rewritten):,} of {rewritten.attrs['n_compared']:,} outcomes read differently than when they were "
            f"first scored: the promise of {first['as_of']:%Y-%m} for tier {first['tier']} had {first['was']:,.0f} "
            f"wins in the ledger of {first['ledger'][:7]}, {first['now']:,.0f} now. Wins entered late do that; so does "
            "rewriting."
        )
    return tuple(told)


def _kept(whole: pd.DataFrame) -> list[str]:
    due = whole[(whole["status"] == "due") & whole["ratio"].notna()]
    if due.empty:
        waiting = whole[whole["status"] == "open"]
        if waiting.empty:
            return ["Promises carry no dates, so none can be scored."]
        first = waiting["due_on"].min()
        n = "1 promise waits" if len(waiting) == 1 else f"{len(waiting)} promises wait"
        return [f"{n} for outcomes; wins promised can be counted from {first:%Y-%m-%d}."]
    off = np.abs(np.log(due["ratio"].astype("float64").clip(lower=1e-9)))
    order = due.assign(off=off).sort_values(["off", "as_of", "promise"], kind="stable")
    best, worst = order.iloc[0].to_dict(), order.iloc[-1].to_dict()
    kept = int((due["verdict"] == "kept").sum())
    if len(due) == 1:
        return [f"One promise is due: {_figures(worst)}, {_WORDS[worst['verdict']]}."]
    return [
        f"{kept} of {len(due)} promises that are due came within chance; neighbouring months share deals, so they are "
        "not as many tests.",
        f"The worst was that of {_figures(worst)}, {_WORDS[worst['verdict']]}; the best that of {_figures(best)}.",
    ]


def _lifts(whole: pd.DataFrame) -> list[str]:
    known = whole[whole["lift"].notna() & np.isfinite(whole["lift"].astype("float64"))]
    if known.empty:
        return []
    newest: dict[str, Any] = {str(k): v for k, v in known.iloc[-1].items()}
    told = (
        f"Of the accounts tiered in {_month(newest)}, {_percent(newest['top_rate'])} of the first tier and "
        f"{_percent(newest['base_rate'])} of the last won: {newest['lift']:.1f} times "
        f"({newest['lift_low']:.1f}-{newest['lift_high']:.1f})"
    )
    if len(known) == 1:
        return [told + "."]
    low = known.sort_values(["lift", "as_of", "promise"], kind="stable").iloc[0]
    return [f"{told}; the lowest of {len(known)} months was {low['lift']:.1f} times ({low['as_of']:%Y-%m})."]


_WORDS = {
    "kept": "within chance",
    "short": "fewer than chance explains",
    "exceeded": "more than chance explains",
}


def _held(row: Mapping[Any, Any], confidence: float) -> dict[str, Any]:
    held: dict[str, Any] = {name: row[name] for name in _FIGURES}
    promised, actual = float(row["promised_wins"]), float(row["actual_wins"])
    if row["status"] not in ("mature", "immature") or np.isnan(actual):
        return held | {"status": "open" if row["status"] in ("mature", "immature") else row["status"], "verdict": ""}
    if promised <= 0:
        return held | {"status": "due", "verdict": ""}
    low, high = _poisson(actual, confidence)
    verdict = "short" if high < promised else "exceeded" if low > promised else "kept"
    ends = {"ratio": actual / promised, "low": low / promised, "high": high / promised}
    return held | ends | {"status": "due", "verdict": verdict}


def _lift(part: pd.DataFrame, confidence: float) -> dict[str, float]:
    top, base = part.iloc[0], part.iloc[-1]
    if len(part) < 2 or pd.isna(top["rate"]) or pd.isna(base["rate"]):
        return {}
    counts = (float(top["n_won"]), float(top["n"]), float(base["n_won"]), float(base["n"]))
    low, high = koopman_ratio(*counts, confidence=confidence)
    lift = top["rate"] / base["rate"] if base["rate"] else (np.inf if top["rate"] else np.nan)
    return {"top_rate": top["rate"], "base_rate": base["rate"], "lift": lift, "lift_low": low, "lift_high": high}


def _poisson(count: float, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    return float(gammaincinv(count, tail)) if count else 0.0, float(gammaincinv(count + 1, 1 - tail))


def _key(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    """What tells a promise of one tier from all others, in ledgers of any version."""
    return (
        f"{pd.Timestamp(row['as_of']):%Y-%m-%d}",
        int(row["tier"]),
        int(row["n"]),
        round(float(row["promised_wins"]), 4),
    )


def _figures(row: Mapping[Any, Any]) -> str:
    return (
        f"{_month(row)}, {row['promised_wins']:,.1f} wins promised and {row['actual_wins']:,.0f} came "
        f"({row['ratio']:.2f} times, {row['low']:.2f}-{row['high']:.2f})"
    )


def _month(row: Mapping[Any, Any]) -> str:
    return f"{row['as_of']:%Y-%m}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"
