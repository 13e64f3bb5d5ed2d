"""What speaks against one column: the sheet, its name, when it was known, its values, the traces of a later edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features import leak_traces, leak_values
from tierkit.features.catalog import is_built
from tierkit.features.leak_names import Judged, judge_name, split_name
from tierkit.features.settings import FeatureSettings

MIN_ROWS = 40
"""Labelled rows below which values are not judged."""
AUC_FLAGGED, AUC_REFUSED = 0.85, 0.95
MISSING_FLAGGED, MISSING_REFUSED = 0.70, 0.95
AMOUNT_REFUSED = 0.97
CHANCE_REFUSED = 1e-6
"""Chance, below which a column filled for one outcome only is not filled so by chance."""
FILLING_FLAGGED = 2.0
"""Times as often, at least, that a column is missing for one outcome as for the other: honest gaps differ by less."""
WRITING_FLAGGED = 0.70
"""AUC of how numbers are written; that of text has the limits of a value."""


@dataclass(frozen=True)
class Found:
    """The first thing that speaks against a column."""

    verdict: str
    rule: str
    figure: float
    reason: str


@dataclass(frozen=True)
class Sample:
    """The labelled rows that values are judged on."""

    rows: pd.DataFrame
    label: np.ndarray
    group: np.ndarray
    fold: np.ndarray
    amount: pd.Series | None
    judges_values: bool
    late: Mapping[str, Sequence[Any]]


def judge_column(column: str, sample: Sample, known_at_close: Mapping[str, str], settings: FeatureSettings) -> Found:
    """The first thing that speaks against a column, or that nothing does."""
    values = sample.rows[column]
    score = leak_values.outcome_scores(values, sample.label, sample.fold) if sample.judges_values else None
    auc = float("nan") if score is None else leak_values.rank_auc(score, sample.label)
    if column in settings.refuse:
        return Found("refused", "sheet", auc, "the run sheet refuses it ([features] refuse)")
    if found := _useless(column, values):
        return _and_named_by(found, values, sample)
    found = _leak(column, sample, known_at_close, score, auc)
    if found and found.verdict == "refused" and column in settings.known_at_opening:
        reason = f"the run sheet says it is known when a deal opens; without that: {found.reason}"
        return Found("flagged", "lifted", found.figure, reason)
    if found:
        return found
    if not sample.judges_values:
        return Found(
            "ok",
            "name",
            auc,
            f"its name says nothing against it; under {MIN_ROWS} labelled rows, so values were not judged",
        )
    return Found("ok", "none", auc, f"alone it ranks outcomes with an AUC of {auc:.2f}, as an honest column may")


def _useless(column: str, values: pd.Series) -> Found | None:
    filled = values.dropna()
    if filled.empty:
        return Found("refused", "constant", 1.0, "it is empty in every row")
    n_levels = filled.nunique()
    if n_levels == 1 and len(filled) == len(values):
        return Found("refused", "constant", 1.0, "it has one value in every row")
    share = n_levels / len(filled)
    if len(filled) < 20 or share <= 0.9:
        return None
    numbered = not pd.api.types.is_numeric_dtype(values) or (
        bool((filled % 1 == 0).all()) and bool({"id", "number", "no", "key"} & set(split_name(column)))
    )
    if numbered:
        return Found("refused", "identifier", share, f"{share:.0%} of its values occur once: an identifier")
    return None


def _and_named_by(found: Found, values: pd.Series, sample: Sample) -> Found:
    """An identifier that also names the outcome by how it is written says so."""
    if found.rule != "identifier" or not sample.judges_values:
        return found
    auc, trait = leak_traces.writing_auc(values, sample.label, sample.fold)
    if auc < AUC_FLAGGED:
        return found
    reason = f"{found.reason}, whose {trait} names the outcome (AUC {auc:.2f})"
    return Found(found.verdict, found.rule, found.figure, reason)


def _leak(
    column: str, sample: Sample, known_at_close: Mapping[str, str], score: np.ndarray | None, auc: float
) -> Found | None:
    values = sample.rows[column]
    own_name = column if column in known_at_close else column.removeprefix("deal_").removeprefix("account_")
    if own_name in known_at_close:
        return Found("refused", "known_at_close", auc, known_at_close[own_name])
    built = is_built(column)
    named = None if built else _name(column)
    if named and named.verdict == "refused":
        return Found("refused", named.rule, auc, named.reason)
    if found := _late(column, sample):
        return found
    if score is not None:
        found = _values(column, values, sample, auc, built=built)
        if found is None or found.verdict == "flagged":
            # A refusal by trace outweighs a flag by value.
            trace = None if built else _traces(values, sample, score, auc)
            found = trace if found is None or (trace and trace.verdict == "refused") else found
        if found:
            return found
    if named:
        return Found("flagged", named.rule, auc, named.reason)
    return None


def _name(column: str) -> Judged | None:
    if column == "term_months":
        return Judged("refused", "after_win", "the length of the contract is agreed when it is signed")
    return judge_name(column)


def _values(column: str, values: pd.Series, sample: Sample, auc: float, *, built: bool) -> Found | None:
    if sample.amount is not None and not built and column != "seats":
        likeness = leak_values.amount_likeness(values, sample.amount)
        if likeness >= AMOUNT_REFUSED:
            reason = f"its values are ranges of the deal's amount, or the amount itself (likeness {likeness:.2f})"
            return Found("refused", "amount_bands", likeness, reason)
    if auc >= AUC_REFUSED:
        reason = f"alone it all but names the outcome (AUC {auc:.2f}, limit {AUC_REFUSED}): no honest column does"
        return Found("refused", "value", auc, reason)
    # Our own features are missing for a reason that is dated too, such as no loss so far.
    missing = 0.5 if built else leak_values.missing_auc(values, sample.label)
    if missing >= MISSING_REFUSED:
        reason = f"whether it is filled all but names the outcome (AUC {missing:.2f}, limit {MISSING_REFUSED})"
        return Found("refused", "missing", missing, reason)
    n, chance = (0, 1.0) if built else leak_values.one_outcome_groups(values, sample.label, sample.group)
    if chance < CHANCE_REFUSED:
        which = "won" if sample.label[values.notna().to_numpy()][0] == 1 else "not won"
        reason = f"it is filled for {n} accounts, all of them {which}: it was filled in after the outcome"
        return Found("refused", "one_outcome", float(n), reason)
    if auc >= AUC_FLAGGED:
        reason = f"alone it ranks outcomes with an AUC of {auc:.2f} (limit {AUC_FLAGGED}): check when it is filled in"
        return Found("flagged", "value", auc, reason)
    if missing >= MISSING_FLAGGED:
        reason = f"whether it is filled ranks outcomes with an AUC of {missing:.2f} (limit {MISSING_FLAGGED})"
        return Found("flagged", "missing", missing, reason)
    return None


def _late(column: str, sample: Sample) -> Found | None:
    """Known after the cutoff, by a day that the tables give."""
    found = sample.late.get(column) or sample.late.get(field_of(column))
    if not found:
        return None
    days, n, stamp = found
    when = "its dates lie" if stamp in (column, field_of(column)) else f"'{stamp}' says that it was written"
    reason = f"{when} {days:.0f} days after the cutoff at the median ({n:,} rows with a day)"
    return Found("refused", "known_late", float(days), reason)


def _traces(values: pd.Series, sample: Sample, score: np.ndarray, auc: float) -> Found | None:
    n, won, unsure = leak_traces.sure_part(score, sample.label, sample.group)
    if unsure <= leak_traces.SURE_FLAGGED:
        verdict = "refused" if unsure <= leak_traces.SURE_REFUSED else "flagged"
        reason = f"part of its values all but names a win ({won:,} of {n:,} accounts won): check when they are written"
        return Found(verdict, "sure_part", won / n, reason)
    lost_gone, won_gone, ratio = leak_traces.filling_ratio(values, sample.label, sample.group)
    if ratio >= FILLING_FLAGGED:
        reason = (
            f"it is missing for {lost_gone:.0%} of lost and {won_gone:.0%} of won accounts (at least {ratio:.1f} times"
            f" as often, limit {FILLING_FLAGGED:.0f}): it may be filled in after the outcome"
        )
        return Found("flagged", "filled_after", ratio, reason)
    writing, trait = leak_traces.writing_auc(values, sample.label, sample.fold)
    limit = WRITING_FLAGGED if pd.api.types.is_numeric_dtype(values) else AUC_FLAGGED
    # How a number is written follows from what it says where few values occur; only what goes beyond that is a trace.
    if writing >= limit and writing > auc + 0.05:
        verdict = "refused" if writing >= AUC_REFUSED else "flagged"
        reason = f"how it is written ({trait}) ranks outcomes with an AUC of {writing:.2f}, more than what it says"
        return Found(verdict, "writing", writing, reason)
    return None


def field_of(column: str) -> str:
    """The field of accounts that a column of feature rows was made of."""
    return "technologies" if column.startswith("tech_") else column.removeprefix("missing_")
