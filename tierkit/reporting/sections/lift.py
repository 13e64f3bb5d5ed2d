"""Part 3: does it work, and do the figures agree with the books."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tierkit.errors import TableError
from tierkit.proof.headline import Headline, headline_lift
from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table, unavailable

_FIELDS = (
    Field("kind_words", "Evidence", lead=True),
    Field("method_words", "Ranked by"),
    Field("unit", "Unit"),
    Field("tier_words", "Tier"),
    Field("n", "n", "count"),
    Field("n_won", "Won", "count"),
    Field("n_open", "Still open", "count"),
    Field("rate_words", "Figure"),
    Field("interval", "Interval"),
)


def lead_lift(lift: pd.DataFrame | None) -> Headline | None:
    """The contrast the page leads with (`headline_lift`); None where no outcome is old enough to claim anything."""
    if lift is None or lift.empty:
        return None
    try:
        return headline_lift(lift)
    except TableError:
        return None


def show_lift(
    lift: pd.DataFrame | None, *, confidence: float = 0.95, judged_from: str | None = None, because: str = ""
) -> Fragment:
    """The lift picture, what it says and does not say, and every figure behind it, folded.

    Parameters
    ----------
    lift : as `tier_lift` returns it; None where nothing can be replayed.
    judged_from : the month from which Tier 1 alone can be judged, in words.
    because : why there is none, as it ends the sentence "Not available, because ...".
    """
    from tierkit.reporting.plots.proof import plot_tier_lift

    best = lead_lift(lift)
    if lift is None or best is None:
        why = "there is no ranking of earlier deals to test" if lift is None else "no outcome is old enough to count"
        return unavailable("lift", because or why)
    drawn = lift[(lift["kind"] == best.kind) & (lift["unit"] == best.unit)]
    within = "" if words.is_missing(best.horizon_days) else f" within {words.span(best.horizon_days)}"
    others = f" Grey marks: the same {best.unit}s ranked another way." if (drawn["method"] != "tierkit").any() else ""
    caption = (
        f"Share of {best.unit}s won{within}, by tier, {words.KINDS[best.kind]}; the line is the "
        f"{words.percent(confidence)} interval.{others}"
    )
    return section(
        "lift",
        '<div class="beside">',
        figure_svg(plot_tier_lift(drawn), caption, name="lift"),
        '<div class="says">',
        *(paragraph(s) for s in _says(best, judged_from)),
        "</div></div>",
        folded("Every figure behind the picture", _all_rows(lift), prints=False),
    )


def show_doubts(says: Sequence[str]) -> Fragment:
    """What a sceptic asks of the tiers, a line each; the notebooks hold the figures."""
    items = "".join(f"<li>{escape(s)}</li>" for s in says)
    return section("doubts", folded("What was asked of these figures", f"<ul>{items}</ul>")) if says else Fragment("")


def _says(best: Headline, judged_from: str | None) -> list[str]:
    says = [
        f"{words.tier_name(best.top)} won {words.percent(best.top_rate)}, {words.tier_name(best.base)} "
        f"{words.percent(best.base_rate)}: {100 * best.difference:.1f} points more "
        f"({100 * best.difference_low:.1f} to {100 * best.difference_high:.1f})."
    ]
    if not best.told_apart:
        says.append("Chance alone could give such a difference: the tiers are not told apart yet.")
    if not words.is_missing(best.size_ratio) and best.ratio < float("inf"):
        verdict = "more than" if best.ratio > best.size_ratio else "no more than"
        says.append(
            f"That is {best.ratio:.1f} times, {verdict} company size alone would have given "
            f"({best.size_ratio:.1f} times)."
        )
    if best.caution:
        says.append(f"{best.caution}{f' It can be judged from {judged_from}.' if judged_from else ''}")
    says += [_HOW[best.kind]] if best.kind in _HOW else []
    if best.kind in ("backtest", "cross_validated", "out_of_time"):
        says.append("This shows that the ranking finds those who buy. It does not show that treatment makes them buy.")
    if best.kind in ("observed", "contains_treatment"):
        says.append("Ranking and treatment are mixed here: it does not show which of them made the difference.")
    return says


_HOW = {
    "backtest": "Replayed means: the tiers as they would have been set then, judged by what became of the accounts.",
    "out_of_time": "Each deal is ranked by a model that was fitted before it opened: a test of the ranking, not a "
    "replay of the tiers.",
    "cross_validated": "Each deal is ranked by a model that had not seen it or its repeats: a test of the ranking, not "
    "a replay of the tiers, and it does not show what later deals bring.",
}
"""How each kind of evidence came about."""


def _all_rows(lift: pd.DataFrame) -> str:
    shown = lift.copy()
    shown["kind_words"] = [words.KINDS.get(k, k) for k in lift["kind"]]
    shown["method_words"] = [words.METHODS.get(m, m) for m in lift["method"]]
    shown["tier_words"] = lift["tier"].astype("str")
    measures = lift["measure"].tolist()
    shown["rate_words"] = [_figure(v, m) for v, m in zip(lift["rate"], measures, strict=True)]
    shown["interval"] = [
        "–" if words.is_missing(a) else f"{_figure(a, m)} to {_figure(b, m)}"
        for a, b, m in zip(lift["low"], lift["high"], measures, strict=True)
    ]
    return table(shown, _FIELDS, caption="One row per kind of evidence, way to rank and tier")


def _figure(value: float, measure: str) -> str:
    if words.is_missing(value):
        return "–"
    if measure == "ratio":
        return "no bound" if value == float("inf") else f"{value:.1f} times"
    return f"{100 * value:+.1f} points" if measure == "difference" else words.percent(value)


def show_reconciliation(reconciliation: pd.DataFrame | None, *, because: str = "") -> Fragment:
    """Money on one line, and whether it may be shown at all (requirement M5).

    Parameters
    ----------
    reconciliation : as `reconcile_bookings` returns it: one row; columns sentence, ok.
    """
    if reconciliation is None or reconciliation.empty:
        because = because or "there are no bookings to compare with"
        return unavailable("reconciliation", because, label="Reconciliation to bookings")
    row: dict[Any, Any] = reconciliation.iloc[0].to_dict()
    parts = [paragraph(_in_one_line(row), "line")]
    if not money_reconciles(reconciliation):
        parts.append(
            paragraph("The money does not agree with the bookings, so this page shows ranks instead.", "withheld")
        )
    return section("reconciliation", *parts, label="Reconciliation to bookings")


def _in_one_line(row: dict[Any, Any]) -> str:
    """Expected, brought and booked money as people write it; the table's own sentence where a figure is missing."""
    if any(words.is_missing(row.get(c)) for c in ("expected", "trailing", "horizon_days", "trailing_from", "booked")):
        return str(row["sentence"])
    money = {c: words.money(row[c], row["currency"]) for c in ("expected", "trailing", "booked")}
    within = words.span(row["horizon_days"])
    wins = words.things(int(row["n_trailing_won"]), "win")
    if row.get("n_without_amount", 0):
        wins += f" ({words.count(row['n_without_amount'])} of unknown amount)"
    if row.get("unit") == "deal":
        what, past = "the deals open now", f"The deals open on {words.day(row['trailing_from'])} brought since"
    else:
        what = f"deals that open in the next {within}"
        past = f"Deals that opened from {words.day(row['trailing_from'])} to {words.day(row['trailing_to'])} brought"
    line = (
        f"Expected from {what}: {money['expected']}. {past} {money['trailing']} with {wins}, so expected is "
        f"{words.number(row['ratio'])} times that; booked in the last {within}: {money['booked']}."
    )
    if words.is_missing(row.get("last_actual")):
        return line
    last = words.money(row["last_expected"], row["currency"]), words.money(row["last_actual"], row["currency"])
    return f"{line} The forecast of {words.day(row['last_as_of'])} said {last[0]}, and {last[1]} came."


def money_reconciles(reconciliation: pd.DataFrame | None) -> bool:
    """Whether money may stand on the page; pass it on as `with_money`."""
    row: dict[Any, Any] = {} if reconciliation is None or reconciliation.empty else reconciliation.iloc[0].to_dict()
    return bool(row.get("ok", False))
