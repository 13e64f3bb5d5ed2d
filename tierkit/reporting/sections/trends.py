"""How it went across months: five small lines, each with its figures in words, and every figure in a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table
from tierkit.reporting.sparkline import draw_sparkline

_FIELDS = (
    Field("month", "Month", lead=True),
    Field("tier1", "In Tier 1", "count"),
    Field("entered", "Entered it", "count"),
    Field("left", "Left it", "count"),
    Field("moved_share", "Changed tier", "percent"),
    Field("lift_words", "Won, best tiers against the last"),
    Field("needs_info", "Need information", "count"),
    Field("expected", "Expected", "money"),
    Field("booked", "Booked", "money"),
)


@dataclass(frozen=True)
class _Trend:
    """One small line: the column drawn, its title, and how to say a figure."""

    column: str
    title: str
    about: str
    say: Callable[[Any], str]
    low: str | None = None
    high: str | None = None
    beside: str | None = None
    level: float | None = None


def show_trends(figures: pd.DataFrame, *, stopped: Sequence[str] = ()) -> Fragment:
    """The trends across months; a figure that no month has is left out.

    Parameters
    ----------
    figures : as `read_month_figures` returns it.
    stopped : months, YYYY-MM, that the audit stopped and no other run published: marked by a cross.
    """
    months = sorted({*figures["month"], *stopped})
    if figures.empty or len(months) < 2:
        return Fragment("")
    spread = [str(m) for m in pd.period_range(months[0], months[-1], freq="M")]
    rows = figures.set_index("month").reindex(spread)
    currency = next((str(c) for c in figures["currency"].dropna()), "USD")
    crossed = [i for i, month in enumerate(spread) if month in stopped]
    tiles = "".join(_tile(rows, t, crossed) for t in _trends(rows, currency) if rows[t.column].notna().any())
    marked = paragraph("A cross marks a month that the audit stopped.", "more") if crossed else ""
    every = folded("Every figure, month by month", _table(figures, currency), prints=False)
    return section("trends", f'<div class="trend-lines">{tiles}</div>', marked, every, label="Trends across months")


def _trends(rows: pd.DataFrame, currency: str) -> list[_Trend]:
    def moved(month: dict[Any, Any]) -> str:
        if words.is_missing(month["entered"]):
            return f"{words.count(month['tier1'])} accounts"
        came, went = words.count(month["entered"]), words.count(month["left"])
        return f"{words.count(month['tier1'])} accounts, {came} in, {went} out"

    def booked(month: dict[Any, Any]) -> str:
        return f"{words.money(month['expected'], currency)} expected, {words.money(month['booked'], currency)} booked"

    return [
        _Trend("tier1", "Tier 1", "How many accounts hold it, and how many came and went.", moved),
        _Trend(
            "lift",
            "Does it work",
            f"How many times as often the best tiers win, {_kinds(rows)}, with the interval; the dotted line is once, "
            "no better.",
            _lift,
            low="lift_low",
            high="lift_high",
            level=1.0,
        ),
        _Trend(
            "moved_share",
            "Moves",
            "Accounts that changed tier, of all that hold one.",
            lambda month: words.percent(month["moved_share"]),
        ),
        _Trend(
            "needs_info",
            "Data to fix",
            "Accounts that cannot be tiered before something is learnt.",
            lambda month: f"{words.count(month['needs_info'])} need information",
        ),
        _Trend(
            "expected",
            "Money",
            "Expected from the time ahead; the broken line is what was booked in as long a time before.",
            booked,
            beside="booked",
        ),
    ]


def _tile(rows: pd.DataFrame, trend: _Trend, stopped: Sequence[int]) -> str:
    known = rows[rows[trend.column].notna()]
    told = [
        (words.month_name(str(m)), trend.say(r)) for m, r in zip(known.index, known.to_dict("records"), strict=True)
    ]
    last, first = told[-1], told[0]
    said = f"{last[0]}: {last[1]}." + (f" {first[0]}: {first[1]}." if len(told) > 1 else "")
    columns = {c: _numbers(rows[getattr(trend, c)]) for c in ("low", "high", "beside") if getattr(trend, c)}
    spark = draw_sparkline(
        _numbers(rows[trend.column]),
        f"{trend.title}. {trend.about} {said}",
        level=trend.level,
        stopped=stopped,
        **columns,
    )
    ends = f"<span>{escape(_short(rows.index[0]))}</span><span>{escape(_short(rows.index[-1]))}</span>"
    earlier = paragraph(f"{first[0]}: {first[1]}.", "more") if len(told) > 1 else ""
    return (
        f'<div class="trend"><h3>{escape(trend.title)}</h3><p class="latest">{escape(last[1])}</p>{spark}'
        f'<p class="ends" aria-hidden="true">{ends}</p>{earlier}{paragraph(trend.about, "about")}</div>'
    )


def _lift(month: dict[Any, Any]) -> str:
    ratio, low, high = (float(month[c]) for c in ("lift", "lift_low", "lift_high"))
    if ratio == float("inf"):
        return "no win in the last tier to compare with"
    if low != low or high != high:
        return f"{ratio:.1f} times"
    return (
        f"{ratio:.1f} times ({low:.1f}-{high:.1f})" if high < float("inf") else f"{ratio:.1f} times ({low:.1f} or more)"
    )


def _kinds(rows: pd.DataFrame) -> str:
    """The kinds of evidence among the months, as the page calls them."""
    kinds = rows["lift_kind"].dropna().astype("str").drop_duplicates()
    return " or ".join(words.KINDS.get(k, k) for k in kinds) or "as far as it is known"


def _short(month: object) -> str:
    return f"{pd.Period(str(month), freq='M'):%b %Y}"


def _numbers(column: "pd.Series[Any]") -> list[float | None]:
    return [None if words.is_missing(v) or v in (float("inf"), float("-inf")) else float(v) for v in column]


def _table(figures: pd.DataFrame, currency: str) -> str:
    rows = figures.sort_values("month", ascending=False, kind="stable")
    rows["lift_words"] = ["–" if words.is_missing(r["lift"]) else _lift(r) for r in rows.to_dict("records")]
    return table(rows, _FIELDS, caption="One row per published month, the newest first", currency=currency)
