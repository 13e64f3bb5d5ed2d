"""The headline of the lift, as numbers and as the sentence a sales leader reads."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.lift import MIN_TIER1_WINS

OPENINGS = {
    "backtest": "Replayed as if live,",
    "out_of_time": "Tested on deals that came later,",
    "cross_validated": "Cross-validated without dates,",
    "observed": "As it happened,",
    "held_out": "Tested with a control,",
    "contains_treatment": "Replayed over months already worked by tier (ranking and effort together),",
    "undated": "As they stand today,",
}
"""How the page names each kind, the one the headline prefers first."""

_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True)
class Headline:
    """The primary contrast of a lift table.

    Attributes
    ----------
    top, base : tiers compared, "1+2" and "3".
    size_ratio : the same ratio by size alone, missing where size is unknown.
    told_apart : whether the interval of the difference lies above 0.
    sentence : the lift, its interval and its baseline. caution : what it rests on; empty where nothing is to be said.
    """

    kind: str
    unit: str
    horizon_days: float
    top: str
    base: str
    top_rate: float
    base_rate: float
    difference: float
    difference_low: float
    difference_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    size_ratio: float
    n_top: int
    n_won_top: int
    tier1_wins: int
    told_apart: bool
    sentence: str
    caution: str


def headline_lift(lift: pd.DataFrame) -> Headline:
    """The sentence the page opens with, from a table of `tier_lift`.

    The kind is the first of `OPENINGS` that has mature outcomes on both sides; accounts go before deals, since tiers
    are of accounts.

    Raises
    ------
    TableError : no kind has mature outcomes in two tiers, so there is nothing to claim.
    """
    ours = lift[(lift["method"] == "tierkit") & lift["primary"]]
    for kind in OPENINGS:
        for unit in ("account", "deal"):
            part = ours[(ours["kind"] == kind) & (ours["unit"] == unit)]
            ratio = part[part["measure"] == "ratio"]
            if len(ratio) and ratio["low"].notna().all():
                return _headline(lift[(lift["kind"] == kind) & (lift["unit"] == unit)])
    immature = int(lift.loc[lift["measure"] == "rate", "n_immature"].sum()) if len(lift) else 0
    raise TableError(f"lift: no mature outcome in two tiers yet ({immature:,} rows wait for their horizon)")


def _headline(part: pd.DataFrame) -> Headline:
    ours = part[part["method"] == "tierkit"]
    ratio = ours[ours["primary"] & (ours["measure"] == "ratio")].iloc[0]
    difference = ours[ours["primary"] & (ours["measure"] == "difference")].iloc[0]
    top, base = ratio["tier"].split(" vs ")
    rates: dict[str, Any] = {row["tier"]: row for row in ours[ours["measure"] == "rate"].to_dict("records")}
    size = part[(part["method"] == "size_only") & (part["measure"] == "ratio") & (part["tier"] == ratio["tier"])]
    wins_of = "n_won_accounts" if ratio["unit"] == "account" else "n_won"
    numbers: dict[str, Any] = {
        "kind": ratio["kind"],
        "unit": ratio["unit"],
        "horizon_days": float(ratio["horizon_days"]),
        "top": top,
        "base": base,
        "top_rate": float(rates[top]["rate"]),
        "base_rate": float(rates[base]["rate"]),
        "difference": float(difference["rate"]),
        "difference_low": float(difference["low"]),
        "difference_high": float(difference["high"]),
        "ratio": float(ratio["rate"]),
        "ratio_low": float(ratio["low"]),
        "ratio_high": float(ratio["high"]),
        "size_ratio": float(size["rate"].iloc[0]) if len(size) else np.nan,
        "n_top": int(rates[top]["n"]),
        "n_won_top": int(rates[top][wins_of]),
        "tier1_wins": int(rates["1"][wins_of]),
        "told_apart": bool(difference["low"] > 0),
    }
    return Headline(**numbers, sentence=_sentence(numbers), caution=_caution(numbers))


def _sentence(x: dict[str, Any]) -> str:
    unit = f"{x['unit']}s"
    text = (
        f"{_opening(x)} Tier {x['top'].replace('+', ' and ')} {unit} won "
        f"{_percent(x['top_rate'])}{_within(x['horizon_days'])}, Tier {x['base']} {_percent(x['base_rate'])}"
    )
    ratio, low, high, size = (x[k] for k in ("ratio", "ratio_low", "ratio_high", "size_ratio"))
    if np.isfinite(ratio) and np.isfinite(high):
        text += f": {ratio:.1f} times ({low:.1f}-{high:.1f})"
    elif low > 0:
        text += f": at least {low:.1f} times"
    if not x["told_apart"]:
        text += ", which chance alone could give"
    if np.isfinite(size):
        as_well = "does as well: " if size >= ratio else "gives "
        text += f"; company size alone {as_well}{size:.1f}"
    return text + "."


def _opening(x: dict[str, Any]) -> str:
    if x["kind"] == "cross_validated" and np.isfinite(x["horizon_days"]):
        # Deals carry dates, but too few outcomes were known before those to be tested.
        return "Cross-validated, not yet tested on later deals,"
    return OPENINGS[x["kind"]]


def _caution(x: dict[str, Any]) -> str:
    wins = x["tier1_wins"]
    if wins >= MIN_TIER1_WINS:
        return ""
    rests = f"Tier 1 alone rests on {wins} {'win' if wins == 1 else 'wins'}, too few to judge."
    return rests if x["top"] != "1" else rests.replace("alone ", "")


def _percent(rate: float) -> str:
    value = 100 * rate
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"


def _within(days: float) -> str:
    if not np.isfinite(days):
        return ""
    months = round(days / 30.4)
    if 1 <= months <= 12 and abs(days - 30.4 * months) <= 4:
        return f" in {_NUMBERS[months]} month{'s' if months > 1 else ''}"
    return f" in {days:.0f} days"
