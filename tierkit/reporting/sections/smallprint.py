"""Part 9: the small print, folded: models, intervals, audit, provenance."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Field, Fragment, escape, folded, pairs, paragraph, section, table

_COMPARISON = (
    Field("method_words", "Method", lead=True),
    Field("n", "n", "count"),
    Field("n_won", "Won", "count"),
    Field("log_loss", "Log-loss", "number"),
    Field("auc", "AUC", "number"),
    Field("auc_low", "from", "number"),
    Field("auc_high", "to", "number"),
    Field("brier", "Brier", "number"),
    Field("label", "Tested"),
    Field("chosen", "Chosen"),
)
_AUDIT = (
    Field("check", "Check", lead=True),
    Field("figure", "Figure", "number"),
    Field("limit", "Limit", "number"),
    Field("verdict", "Verdict"),
)


def show_small_print(
    *,
    comparison: pd.DataFrame | None = None,
    calibration: pd.DataFrame | None = None,
    audit: Sequence[Mapping[str, Any]] | None = None,
    notes: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Fragment:
    """What a sceptic asks for, each part folded and always printed.

    Parameters
    ----------
    comparison : `Propensity.comparison`.
    calibration : as `calibration_table` returns it.
    audit : one mapping per check; keys check, figure, limit, passed.
    notes : sentences about what was read right but not as it stood, and assumptions.
    provenance : as `Provenance.as_dict` returns it.
    """
    parts = [
        folded("Model card: which model, compared with what", _models(comparison)),
        folded("How to read the intervals", _INTERVALS),
        folded("Self-audit", _audit(audit)),
    ]
    if calibration is not None and not calibration.empty:
        parts.insert(1, folded("Do the chances hold", _calibration(calibration)))
    if notes:
        parts.append(folded("Notes", "<ul>" + "".join(f"<li>{escape(n)}</li>" for n in notes) + "</ul>"))
    if provenance:
        parts.append(folded("Provenance", show_provenance(provenance).html))
    return section("small-print", *parts)


_INTERVALS = (
    "<p>Replayed: tiers as they would have been set from what was known then, in months before people worked by "
    "them. As it happened: tiers in use at the time, ranking and treatment together. Tested with a control: some "
    "accounts near the cut-off were left out at random.</p>"
    "<p>Only deals old enough to have had their full time count. Deals still open then count as not won, and are "
    "named. Intervals allow for several deals of one account.</p>"
)


def _models(comparison: pd.DataFrame | None) -> str:
    if comparison is None or comparison.empty:
        return paragraph("No model was trained: tiers come from the fit scorecard.")
    shown = comparison.copy()
    shown["method_words"] = [words.METHODS.get(m, m) for m in shown["method"]]
    if "chosen" in shown:
        shown["chosen"] = ["yes" if c else "" for c in shown["chosen"]]
    if "label" in shown:
        shown["label"] = shown["label"].astype("str").str.replace("_", " ")
    fields = [f for f in _COMPARISON if f.column in shown]
    return table(shown, fields, caption="One row per way to estimate the chance to win")


def _calibration(calibration: pd.DataFrame) -> str:
    from tierkit.reporting.plots.models import plot_calibration

    caption = "Share of deals won against the chance they were given, by tenth; on the line the chances hold."
    return figure_svg(plot_calibration(calibration), caption, name="calibration").html


def _audit(audit: Sequence[Mapping[str, Any]] | None) -> str:
    if not audit:
        return paragraph("No self-audit was run.")
    shown = pd.DataFrame([dict(c) for c in audit])
    shown["verdict"] = ["passed" if p else "not passed" for p in shown["passed"]]
    fields = [f for f in _AUDIT if f.column in shown]
    return table(shown, fields, caption="One row per check")


def show_provenance(provenance: Mapping[str, Any]) -> Fragment:
    """What made the page: run, date, code, inputs, versions and seed."""
    code = provenance.get("code", {})
    revision = str(code.get("revision") or "no revision")[:12] + (", with local changes" if code.get("dirty") else "")
    said: list[tuple[str, Any]] = [
        ("Run", provenance.get("run_id")),
        ("Month", provenance.get("month")),
        ("As of", words.day(provenance.get("as_of"))),
        ("Seed", provenance.get("seed")),
        ("Code", f"{revision} ({str(code.get('sha256', ''))[:12]})"),
    ]
    said += [
        (str(i.get("file") or i.get("table")), f"{words.count(i.get('n_rows'))} rows, sha256 {str(i['sha256'])[:16]}")
        for i in provenance.get("inputs", ())
    ]
    said.append(("Versions", ", ".join(f"{k} {v}" for k, v in provenance.get("versions", {}).items())))
    return Fragment(f'<dl class="provenance">{pairs(said)}</dl>')
