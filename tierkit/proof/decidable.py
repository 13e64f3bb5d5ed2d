"""When will we know: what the tiers as they stand could show now, and the month from which more can be said."""

import math
from typing import Any

import numpy as np
import pandas as pd

from tierkit.proof.arms import Arm, arms_of, check_replay, horizon_months
from tierkit.proof.lift import MIN_TIER1_WINS, contrasts
from tierkit.proof.power import detectable_rate, power_of

COLUMNS = [
    "kind",
    "unit",
    "tier",
    "assumed",
    "rate_top",
    "rate_base",
    "n_top",
    "n_won_top",
    "eff_top",
    "eff_base",
    "pace_top",
    "power",
    "detectable_ratio",
    "months_more",
    "known_from",
    "replay_months",
    "why",
]

MOST_MONTHS = 60
"""A question that takes longer has no month: neither the tiers nor the market stand still for five years."""


def decidable(
    replay: pd.DataFrame,
    *,
    as_of: pd.Timestamp | str,
    acted_on: pd.Timestamp | str | None = None,
    worth: float = 1.5,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Power of the tiers as they stand, the lift they could show, and the month their question becomes decidable.

    Parameters
    ----------
    replay : as `tier_lift` takes it, with as_of and horizon_days; of tierkit's tiers.
    as_of : the month end that is reported.
    acted_on : first day people worked by tiers: months of kind `backtest` end there, and no later ones come.
    worth : the least ratio that would be worth acting on.
    power : chance of seeing the lift assumed.

    Returns
    -------
    Two rows per kind, unit and contrast ("1 vs 3", "1+2 vs 3"), one assuming the lift seen so far (`as_observed`), one
    the least worth having (`least_worth`): the rates assumed, n_top (mature rows), n_won_top (accounts that won, or
    deals won), eff_top and eff_base (rows that would tell as much unclustered), pace_top (such rows a month), power
    now, detectable_ratio (the least lift that would be seen with `power` now), months_more (0: it is decidable),
    known_from (YYYY-MM), replay_months (month ends the replay must then hold, `[proof] months`), and why there is no
    month.

    Decidable: an interval that would exclude no difference with `power` (or that does, for the lift seen), on at least
    ten Tier 1 wins. Rows are expected to come as they did: deals by the month, accounts by the horizon that does not
    overlap another, in tiers of the present size. A lift seen on few wins is likely too high, and the month then too
    early; that is what the second row is for.
    """
    check_replay(replay)
    day, started = pd.Timestamp(as_of), None if acted_on is None else pd.Timestamp(acted_on)
    months = pd.DatetimeIndex(replay["as_of"]).to_period("M").nunique() if "as_of" in replay else 0
    rows: list[dict[str, Any]] = []
    for (kind, unit), part in replay.groupby(["kind", "unit"], sort=True):
        arms = arms_of(part, "tier")
        plain = [tier for tier in arms if "+" not in tier]
        most = _months_to_come(part, str(kind), str(unit), started, day)
        for top in [t for t in ("1", "1+2") if t in arms and t != plain[-1]]:
            question = _Question(part, arms[top], arms[plain[-1]], str(unit), worth, power, confidence)
            key = {"kind": kind, "unit": unit, "tier": f"{top} vs {plain[-1]}"}
            rows += [key | row for row in question.rows(day, most)]
    for row in rows:
        row["replay_months"] = None if row["months_more"] is None else months + row["months_more"]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(why=table["why"].fillna("").astype("str")).astype(
        {"n_top": "int64", "n_won_top": "int64", "months_more": "Int64", "replay_months": "Int64"}
    )


def judged_from(table: pd.DataFrame, *, kind: str, unit: str) -> str | None:
    """The month from which Tier 1 alone can be judged, as "March 2027"; None where it can be now, or none is known."""
    rows = table[(table["kind"] == kind) & (table["unit"] == unit) & table["tier"].str.startswith("1 vs")]
    # The lift seen so far where there is one, else the least worth having.
    for row in rows.sort_values("assumed", kind="stable").to_dict("records"):
        if not pd.isna(row["months_more"]):
            return f"{pd.Timestamp(row['known_from']):%B %Y}" if row["months_more"] > 0 else None
    return None


def say_decidable(table: pd.DataFrame, *, kind: str, unit: str) -> tuple[str, ...]:
    """The same in sentences: what Tier 1 rests on, what could be seen now, and from when on more can be said."""
    says: list[str] = []
    rows = table[(table["kind"] == kind) & (table["unit"] == unit)]
    for contrast, both in rows.groupby("tier", sort=True):
        seen, least = (both[both["assumed"] == a].iloc[0] for a in ("as_observed", "least_worth"))
        top, base = str(contrast).split(" vs ")
        who = "Tier 1 alone rests" if top == "1" else "Tiers 1 and 2 rest"
        text = f"{who} on {seen['n_won_top'] or 'no'} win{'s' if seen['n_won_top'] != 1 else ''}"
        if seen["why"]:
            says.append(f"{text}: {seen['why']}.")
        elif seen["months_more"] == 0:
            says.append(f"{text} and can be judged now.")
        else:
            goes_on = f"if it goes on winning {seen['rate_top'] / seen['rate_base']:.1f} times Tier {base}"
            says.append(f"{text} and can be judged from {_when(seen)} {goes_on}.")
        if seen["why"] or seen["months_more"] > 0:
            says += _of_least(least)
    return tuple(says)


def _of_least(least: pd.Series) -> list[str]:
    """What could be seen now, and when the least worth having could be."""
    says = []
    if pd.notna(least["detectable_ratio"]):
        says.append(f"Today only a lift of {least['detectable_ratio']:.1f} times or more would be likely to show.")
    if not least["why"]:
        when = "now" if least["months_more"] == 0 else f"from {_when(least)}"
        ratio = least["rate_top"] / least["rate_base"]
        says.append(f"A lift of {ratio:.1f} times, the least worth having, would be likely to show {when}.")
    return says


def _when(row: pd.Series) -> str:
    return f"{pd.Timestamp(row['known_from']):%B %Y}"


class _Question:
    """One contrast: what is known of it, and how that grows."""

    def __init__(
        self, part: pd.DataFrame, top: Arm, base: Arm, unit: str, worth: float, power: float, confidence: float
    ) -> None:
        self.part, self.top, self.base, self.unit = part, top, base, unit
        self.worth, self.power, self.confidence = worth, power, confidence
        self.observed = _months_observed(part, unit)

    def rows(self, day: pd.Timestamp, most: int) -> list[dict[str, Any]]:
        """The two assumptions."""
        a, b = self.top, self.base
        wins = a.n_won_accounts if self.unit == "account" else a.n_won
        known = {"n_top": a.n, "n_won_top": wins, "eff_top": a.n_eff, "eff_base": b.n_eff, "rate_base": b.rate}
        least = min(1.0, self.worth * b.rate) if b.n else np.nan
        out = []
        for assumed, rate in (("as_observed", a.rate), ("least_worth", least)):
            why = self._refusal(assumed)
            row = known | {"assumed": assumed, "rate_top": rate, "why": why, "months_more": None, "known_from": None}
            if not why:
                row |= self._now(rate)
                more = self._months_more(rate, wins, assumed)
                if more is None or more > most:
                    row["why"] = _never(more, most)
                else:
                    row |= {"months_more": more, "known_from": f"{day + pd.offsets.MonthEnd(more):%Y-%m}"}
            out.append(row)
        return out

    def _refusal(self, assumed: str) -> str:
        if not (self.top.n and self.base.n):
            return _waiting(self.part)
        if np.isnan(self.observed):
            return "the outcomes carry no month, so no pace is known"
        if self.base.n_won == 0:
            return "the last tier has won nothing yet, so there is no rate to compare with"
        if assumed == "as_observed" and self.top.rate <= self.base.rate:
            return "its rate is not above the last tier's so far, so no month can be named"
        return ""

    def _now(self, rate: float) -> dict[str, float]:
        a, b, how = self.top.n_eff, self.base.n_eff, {"confidence": self.confidence}
        least = detectable_rate(self.base.rate, a, b, power=self.power, **how)
        return {
            "pace_top": a / self.observed,
            "power": power_of(rate, self.base.rate, a, b, **how),
            "detectable_ratio": least / self.base.rate,
        }

    def _months_more(self, rate: float, wins: int, assumed: str) -> int | None:
        """Months until the interval would exclude no difference, on wins enough; None if not within `MOST_MONTHS`."""
        low = contrasts(self.top, self.base, self.confidence)[0][2]
        shown = assumed == "as_observed" and low > 0
        for more in range(MOST_MONTHS + 1):
            grown = more / self.observed
            enough = wins + self.top.n_eff * grown * rate >= MIN_TIER1_WINS
            sizes = (self.top.n_eff * (1 + grown), self.base.n_eff * (1 + grown))
            if enough and (shown or power_of(rate, self.base.rate, *sizes, confidence=self.confidence) >= self.power):
                return more
        return None


def _never(more: int | None, most: int) -> str:
    if most < MOST_MONTHS and more is not None:
        return "no more months before tiers were acted on can come"
    return f"at the present pace that takes more than {MOST_MONTHS // 12} years"


def _months_observed(part: pd.DataFrame, unit: str) -> float:
    """Months that the mature outcomes cover: those deals opened in; those an account's horizons reach over."""
    mature = part[part["won_in_horizon"].notna() & part["tier"].notna()]
    if "as_of" not in mature or mature["as_of"].isna().any() or mature.empty:
        return np.nan
    n_months = pd.DatetimeIndex(mature["as_of"]).to_period("M").nunique()
    return float(n_months) if unit == "deal" else n_months - 1 + horizon_months(mature)


def _months_to_come(part: pd.DataFrame, kind: str, unit: str, started: pd.Timestamp | None, day: pd.Timestamp) -> int:
    """Months of this kind that are still to ripen, at most."""
    if kind != "backtest" or started is None or started > day or "as_of" not in part:
        return MOST_MONTHS
    waits = part.loc[part["won_in_horizon"].isna(), "as_of"]
    return int(waits.nunique())


def _waiting(part: pd.DataFrame) -> str:
    """Why there is no rate: rows wait for their horizon, the first of them until some month."""
    young = part[part["won_in_horizon"].isna()]
    if young.empty:
        return "one of the two tiers holds no row, so there is no rate"
    text = f"no rate yet, {len(young):,} rows wait for their horizon"
    months = horizon_months(young)
    if "as_of" not in young or young["as_of"].isna().all() or math.isnan(months):
        return text
    opened = young["as_of"].min() if "opened_at" not in young else young["opened_at"].fillna(young["as_of"]).min()
    first = pd.Timestamp(opened) + pd.Timedelta(days=float(young["horizon_days"].iloc[0]))
    return f"{text}, the first until {first:%B %Y}"
