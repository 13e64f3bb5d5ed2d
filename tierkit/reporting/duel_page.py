"""The page of a duel: verdicts, one picture a column, everything side by side, what not to conclude."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tierkit.proof.duel import Duel, Judgement
from tierkit.proof.duel_words import (
    duel_table,
    say_against,
    say_cautions,
    say_hindsight,
    say_verdict,
)
from tierkit.reporting import words
from tierkit.reporting.export import page_shell, write_page
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, escape, folded, paragraph, section, table
from tierkit.reporting.plots.proof import plot_tier_lift
from tierkit.reporting.sections.headlines import show_headlines

_SIDE_BY_SIDE = (
    Field("contestant", "Ranked by", lead=True),
    Field("verdict", "Verdict"),
    Field("tiers", "Tiers"),
    Field("n", "n", "count"),
    Field("rates", "Won"),
    Field("span", "Difference, points"),
    Field("auc_span", "AUC"),
    Field("order", "In order"),
)
_JOINT = "\u00a0"
"""Joins what must not be torn onto two lines."""
_TIERS = (
    Field("unit", "Unit", lead=True),
    Field("method_words", "Ranked by"),
    Field("tier_words", "Tier"),
    Field("n", "n", "count"),
    Field("n_accounts", "Accounts", "count"),
    Field("n_won", "Won", "count"),
    Field("n_open", "Still open", "count"),
    Field("n_immature", "Too young", "count"),
    Field("rate", "Rate", "percent"),
    Field("low", "from", "percent"),
    Field("high", "to", "percent"),
)


def write_duel_page(duel: Duel, path: Path, *, file: str, read: Sequence[str] = ()) -> None:
    """Write the page of a duel: self-contained, the same bytes from the same duel.

    Parameters
    ----------
    file : what was judged, for the heading. read : how it was read, in sentences.

    Raises
    ------
    TableError : the folder of `path` is missing.
    """
    names = words.listing([j.column for j in duel.judgements])
    html = page_shell(
        title=f"{names}: real?",
        heading=f"Is {names} real?" if len(duel.judgements) == 1 else f"Are {names} real?",
        kicker=file if duel.horizon_days is None else f"{file}, outcomes to {words.day(duel.as_of)}",
        body="\n".join(part.html for part in _parts(duel, read)),
    )
    write_page(html, path)


def _parts(duel: Duel, read: Sequence[str]) -> list[Fragment]:
    said = [say_verdict(j) for j in duel.judgements]
    said += [s for s in (say_against(duel), say_hindsight(duel)) if s]
    return [
        show_headlines(said),
        *(_show_judgement(j, i) for i, j in enumerate(duel.judgements)),
        _show_side_by_side(duel),
        _show_limits(duel),
        _show_small_print(read),
    ]


def _show_judgement(judged: Judgement, place: int) -> Fragment:
    heading = f"<h2>What happened by {escape(judged.column)}</h2>"
    cautions = "".join(paragraph(s) for s in say_cautions(judged))
    if judged.headline is None:
        return section(f"judged-{place}", heading, paragraph("Nothing is old enough to be drawn."), cautions)
    drawn = judged.lift[judged.lift["unit"] == judged.headline.unit]
    horizon = judged.headline.horizon_days
    within = "" if words.is_missing(horizon) else f" within {words.span(horizon)}"
    grey = " Grey squares: as many places by company size." if (drawn["method"] == "size_only").any() else ""
    called = ""
    if judged.labels and [str(k) for k in range(1, len(judged.labels) + 1)] != list(judged.labels):
        called = " " + ", ".join(f"Tier {k} is {label!r}" for k, label in enumerate(judged.labels, start=1)) + "."
    cut = "" if judged.role == "tier" else " Its highest values are Tier 1, with as many places as the tiers have."
    caption = (
        f"Share of {judged.headline.unit}s won{within}, by tier of {judged.column}; the line is the 95 % interval."
        f"{grey}{called}{cut}"
    )
    return section(
        f"judged-{place}",
        heading,
        '<div class="beside">',
        figure_svg(plot_tier_lift(drawn), caption, name=f"judged-{place}"),
        f'<div class="says">{_figures(judged)}{cautions}</div></div>',
        folded(f"Every figure behind {judged.column}", _tiers_table(judged), prints=False),
    )


def _figures(judged: Judgement) -> str:
    said = [
        f"AUC {judged.auc:.2f} ({judged.auc_low:.2f} to {judged.auc_high:.2f}): of two deals of one period, one won "
        "and one not, the chance that the won one stood higher. Honest B2B rankings reach 0.65 to 0.80."
    ]
    if not words.is_missing(judged.in_order_prob):
        said.append(f"That every tier wins more than the next has a chance of {_chance(judged.in_order_prob)}.")
    if judged.headline is not None and judged.headline.unit == "account":
        rates = judged.lift.query("unit == 'account' and measure == 'rate' and method == 'tierkit' and tier == '1'")
        said.append(
            f"Accounts are judged at month ends, which overlap: the months of Tier 1 are those of "
            f"{words.things(int(rates['n_accounts'].iloc[0]), 'account')}, "
            f"{words.count(rates['n_won_accounts'].iloc[0])} of which won."
        )
    said.append(f"Leak screen: {judged.screen['verdict']}; {judged.screen['reason']}.")
    if judged.n_unrated:
        said.append(f"{words.things(judged.n_unrated, 'deal')} had none of it then and enter no rate.")
    return "".join(paragraph(s) for s in said)


def _show_side_by_side(duel: Duel) -> Fragment:
    rows = duel_table(duel)
    shown = rows.assign(
        tiers=["–" if words.is_missing(t) else t.replace(" ", _JOINT) for t in rows["tiers"]],
        rates=[_pair(a, b) for a, b in zip(rows["top_rate"], rows["base_rate"], strict=True)],
        span=[_span(*x) for x in zip(rows["difference"], rows["low"], rows["high"], strict=True)],
        auc_span=[_auc(*x) for x in zip(rows["auc"], rows["auc_low"], rows["auc_high"], strict=True)],
        order=[_chance(p) for p in rows["in_order_prob"]],
    )
    shown["verdict"] = [v or "baseline" for v in shown["verdict"]]
    return section(
        "side-by-side",
        "<h2>Side by side</h2>",
        table(shown, _SIDE_BY_SIDE, caption="One row per way to rank the same rows", sortable=False),
        paragraph("The range of a random order is what chance alone gives in 95 of 100.", "more"),
    )


def _show_limits(duel: Duel) -> Fragment:
    said = ["This is a test of a ranking. It does not show that working a tier makes its accounts buy."]
    if any(j.dated for j in duel.judgements):
        said.append(
            "Days are taken at their word: a tier or score written later and dated back cannot be told from one that "
            "stood then. Where people worked by it, ranking and effort are mixed."
        )
    else:
        said.append("Undated columns show what they say today, and today knows how the deals ended.")
    if duel.horizon_days is None:
        said.append("Deals are undated: deals still open are left out, which flatters whoever loses slowly.")
    said.append("An interval that covers 0 does not prove that there is no difference: see what would have shown.")
    items = "".join(f"<li>{escape(s)}</li>" for s in said)
    return section("limits", f'<h2>What not to conclude</h2><ul class="limits">{items}</ul>')


def _show_small_print(read: Sequence[str]) -> Fragment:
    how = [
        *read,
        "Only mature outcomes count: a deal is won if it was won within the horizon of its opening, and enters no rate "
        "before that day. Deals of customers are left out. Intervals: Wilson, Newcombe and Koopman on counts corrected "
        "for clustering by account; of the AUC, DeLong's placements summed by account. Nothing was trained.",
    ]
    inner = "".join(paragraph(s) for s in how)
    return section("small-print", folded("How it was read and reckoned", inner, prints=False))


def _tiers_table(judged: Judgement) -> str:
    rows = judged.lift[judged.lift["measure"] == "rate"]
    named = {"tierkit": judged.column, "size_only": "company size alone"}
    shown = rows.assign(
        method_words=[named.get(m, m) for m in rows["method"]],
        tier_words=[words.tier_name(t) for t in rows["tier"]],
    )
    return table(pd.DataFrame(shown), _TIERS, caption="One row per unit, way to rank and tier")


def _chance(prob: float) -> str:
    return "–" if words.is_missing(prob) else "over 99 %" if prob > 0.99 else words.percent(prob)


def _pair(top: float, base: float) -> str:
    return (
        "–"
        if words.is_missing(top) or words.is_missing(base)
        else f"{words.percent(top)} / {words.percent(base)}".replace(" ", _JOINT)
    )


def _span(middle: float, low: float, high: float) -> str:
    if words.is_missing(middle):
        return "–"
    return f"{100 * middle:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _auc(middle: float, low: float, high: float) -> str:
    return "–" if words.is_missing(middle) else f"{middle:.2f} ({low:.2f} to {high:.2f})"
