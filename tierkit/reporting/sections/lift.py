"""Part 3: does it work, and do the figures agree with the books."""

from dataclasses import dataclass

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, folded, paragraph, section, table, unavailable

MIN_TIER1_WINS = 10
"""Under so many Tier 1 wins the headline pools Tiers 1 and 2 (requirement P1)."""

_FIELDS = (
    Field("kind_words", "Evidence", lead=True),
    Field("method_words", "Ranked by"),
    Field("unit", "Unit"),
    Field("tier_words", "Tier", "tier"),
    Field("n", "n", "count"),
    Field("n_won", "Won", "count"),
    Field("n_open", "Still open", "count"),
    Field("rate_words", "Figure"),
    Field("interval", "Interval"),
)


@dataclass(frozen=True)
class Lift:
    """The comparison the page leads with; rates in 0-1."""

    kind: str
    unit: str
    horizon_days: float | None
    top: str
    bottom: str
    top_rate: float
    bottom_rate: float
    ratio: float | None
    ratio_low: float
    ratio_high: float
    n_won_tier1: int
    pooled: bool


def best_lift(lift: pd.DataFrame) -> Lift | None:
    """The comparison to lead with: controlled before replayed before observed, accounts before deals.

    Under ten Tier 1 wins Tiers 1 and 2 are pooled. None where no such row carries a rate.

    Parameters
    ----------
    lift : columns kind, method, unit, measure (rate, difference, ratio), horizon_days, tier (text), n_won, rate,
        low, high.
    """
    ours = lift[(lift["method"] == "tierkit") & lift["rate"].notna()]
    for kind in ("held_out", "backtest", "observed", "contains_treatment"):
        for unit in ("account", "deal"):
            rows = ours[(ours["kind"] == kind) & (ours["unit"] == unit)]
            rates = rows[rows["measure"] == "rate"].set_index("tier")
            single = sorted(t for t in rates.index if t.isdigit())
            if len(single) < 2 or "1" not in single:
                continue
            bottom = single[-1]
            wins = int(rates.loc["1", "n_won"])
            pooled = wins < MIN_TIER1_WINS and "1+2" in rates.index and bottom != "2"
            top = "1+2" if pooled else "1"
            ratios = rows[(rows["measure"] == "ratio") & (rows["tier"] == f"{top} vs {bottom}")]
            horizon = rates.loc["1", "horizon_days"]
            return Lift(
                kind=kind,
                unit=unit,
                horizon_days=None if words.is_missing(horizon) else float(horizon),
                top=top,
                bottom=bottom,
                top_rate=float(rates.loc[top, "rate"]),
                bottom_rate=float(rates.loc[bottom, "rate"]),
                ratio=None if ratios.empty else float(ratios["rate"].iloc[0]),
                ratio_low=float("nan") if ratios.empty else float(ratios["low"].iloc[0]),
                ratio_high=float("nan") if ratios.empty else float(ratios["high"].iloc[0]),
                n_won_tier1=wins,
                pooled=pooled,
            )
    return None


def size_ratio(lift: pd.DataFrame, best: Lift) -> float | None:
    """The ratio that ranking by company size alone gives for the same comparison."""
    rows = lift[
        (lift["method"] == "size_only")
        & (lift["measure"] == "ratio")
        & (lift["kind"] == best.kind)
        & (lift["unit"] == best.unit)
        & (lift["tier"] == f"{best.top} vs {best.bottom}")
        & lift["rate"].notna()
    ]
    return None if rows.empty else float(rows["rate"].iloc[0])


def show_lift(lift: pd.DataFrame | None, *, confidence: float = 0.95, because: str = "") -> Fragment:
    """The lift picture, what it says and does not say, and every figure behind it, folded.

    Parameters
    ----------
    lift : as `tier_lift` returns it; None where nothing can be replayed.
    because : why there is none, as it ends the sentence "Not available, because ...".
    """
    from tierkit.reporting.plots.proof import plot_tier_lift

    best = None if lift is None or lift.empty else best_lift(lift)
    if lift is None or best is None:
        return unavailable("lift", because or "no outcome is old enough to count")
    drawn = lift[(lift["kind"] == best.kind) & (lift["unit"] == best.unit)]
    unit = "accounts" if best.unit == "account" else "deals"
    within = f" within {words.span(best.horizon_days)}" if best.horizon_days else ""
    caption = (
        f"Share of {unit} won{within}, by tier, {words.KINDS[best.kind]}; the line is the "
        f"{words.percent(confidence)} interval. Grey marks: the same accounts ranked another way."
    )
    picture = figure_svg(plot_tier_lift(drawn), caption, name="lift")
    return section(
        "lift",
        '<div class="beside">',
        picture,
        '<div class="says">',
        *(paragraph(s) for s in _says(best, lift)),
        "</div></div>",
        folded("Every figure behind the picture", _all_rows(lift)),
    )


def _says(best: Lift, lift: pd.DataFrame) -> list[str]:
    top, bottom = words.tier_name(best.top), words.tier_name(best.bottom)
    says = [
        f"{top} won {words.percent(best.top_rate)}, {bottom} {words.percent(best.bottom_rate)}: "
        f"{words.number(100 * (best.top_rate - best.bottom_rate))} points more."
    ]
    size = size_ratio(lift, best)
    if best.ratio is not None and size is not None:
        verdict = "more than" if best.ratio > size else "no more than"
        says.append(
            f"That is {best.ratio:.1f} times, {verdict} company size alone would have given ({size:.1f} times)."
        )
    if best.pooled:
        says.append(
            f"Tier 1 alone has {words.things(best.n_won_tier1, 'win')}, too few to judge, so Tiers 1 and 2 "
            "are taken together."
        )
    if best.kind == "backtest":
        says.append(
            "This shows that the ranking finds accounts that win. It does not show that treating them "
            "better makes them win."
        )
    return says


def _all_rows(lift: pd.DataFrame) -> str:
    shown = lift.copy()
    rate = lift["measure"].isin(["rate", "difference"])
    shown["kind_words"] = [words.KINDS.get(k, k) for k in lift["kind"]]
    shown["method_words"] = [words.METHODS.get(m, m) for m in lift["method"]]
    shown["tier_words"] = lift["tier"].astype(str)
    shown["rate_words"] = [
        f"{_figure(v, r)}{'' if m == 'rate' else ' ' + ('more' if r else 'times')}"
        for v, r, m in zip(lift["rate"], rate, lift["measure"], strict=True)
    ]
    shown["interval"] = [
        "–" if words.is_missing(a) else f"{_figure(a, r)} to {_figure(b, r)}"
        for a, b, r in zip(lift["low"], lift["high"], rate, strict=True)
    ]
    return table(shown, _FIELDS, caption="One row per kind of evidence, way to rank and tier")


def _figure(value: float, is_rate: bool) -> str:
    return words.percent(value) if is_rate else words.number(value)


def show_reconciliation(
    *,
    expected: float | None,
    trailing: float | None,
    horizon_days: float | None = None,
    last_forecast: float | None = None,
    last_actual: float | None = None,
    limit: float = 0.25,
    currency: str = "USD",
    because: str = "",
) -> Fragment:
    """Money on one line: expected for the coming horizon, booked in the one before, last forecast against actual.

    Where expected and booked differ by more than `limit` of what was booked, the line says that money is withheld.
    """
    if expected is None or trailing is None or not trailing > 0:
        return unavailable("reconciliation", because or "there are no bookings to compare with")
    within = f"in the next {words.span(horizon_days)}" if horizon_days else "from here on"
    before = f"in the {words.span(horizon_days)} before" if horizon_days else "so far"
    ratio = expected / trailing
    line = (
        f"Expected {within}: {words.money(expected, currency)}. "
        f"Booked {before}: {words.money(trailing, currency)} ({ratio:.2f} times)."
    )
    if last_forecast is not None and last_actual is not None:
        line += (
            f" Last forecast {words.money(last_forecast, currency)}, came in at {words.money(last_actual, currency)}."
        )
    parts = [paragraph(line, "line")]
    if not money_reconciles(expected, trailing, limit=limit):
        parts.append(
            paragraph(
                f"The two differ by more than {words.percent(limit)}, so this page shows ranks instead of money.",
                "withheld",
            )
        )
    return section("reconciliation", *parts, label="Reconciliation to bookings")


def money_reconciles(expected: float | None, trailing: float | None, *, limit: float = 0.25) -> bool:
    """Whether expected value may be shown as money: within `limit` of what was booked before."""
    if expected is None or trailing is None or not trailing > 0:
        return False
    return abs(expected / trailing - 1) <= limit
