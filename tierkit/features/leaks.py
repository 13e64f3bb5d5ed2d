"""The leak screen: a verdict, a figure and a reason for every column, before anything is fitted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features import leak_values
from tierkit.features.catalog import feature_of, is_built
from tierkit.features.leak_names import Judged, judge_name, split_name
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.contracts import CONTRACTS, ROW_KEYS

MAX_ROWS = 8_000
"""Labelled rows that are looked at, drawn with a fixed seed where there are more."""
MIN_ROWS = 40
"""Labelled rows below which values are not judged."""
AUC_FLAGGED, AUC_REFUSED = 0.85, 0.95
MISSING_FLAGGED, MISSING_REFUSED = 0.70, 0.95
AMOUNT_REFUSED = 0.97
CHANCE_REFUSED = 1e-6
"""Chance, below which a column filled for one outcome only is not filled so by chance."""

COLUMNS = ("column", "group", "verdict", "rule", "figure", "reason", "own_effort", "known_when")


@dataclass(frozen=True)
class _Found:
    """The first thing that speaks against a column."""

    verdict: str
    rule: str
    figure: float
    reason: str


@dataclass(frozen=True)
class _Sample:
    """The labelled rows that values are judged on."""

    rows: pd.DataFrame
    label: np.ndarray
    group: np.ndarray
    fold: np.ndarray
    amount: pd.Series | None
    judges_values: bool


def screen_features(
    rows: pd.DataFrame,
    *,
    label: str | None = None,
    scoring: pd.DataFrame | None = None,
    known_at_close: Mapping[str, str] | None = None,
    settings: FeatureSettings | None = None,
) -> pd.DataFrame:
    """A verdict for every column of feature rows that is not a row key.

    Parameters
    ----------
    rows : training rows with group_id, a label and candidate features.
    label : column of 0 and 1 (missing while immature); unset, won_in_horizon, or opened_in_horizon without it.
    scoring : the rows to be scored; columns they lack, or hold nothing of, get `not_available_at_scoring`. Where there
        are none to be scored, as when every deal is closed, they say nothing.
    known_at_close : columns known only once a deal has closed, with the reason (`Tables.known_at_close`).

    Returns
    -------
    One row per column: column, group, verdict (`ok`, `flagged`, `refused`, `not_available_at_scoring`), rule, figure
    (out-of-fold AUC, unless the rule measures something else: share unique, missingness AUC, groups filled, likeness to
    the amount; missing where values were not judged), reason (a sentence), own_effort, known_when (`dated`, `static`,
    `unknown`).

    Below 40 labelled rows only names are judged, and the reasons say so. A refusal is lifted by
    `settings.known_at_opening`, by name; the column is then flagged.
    """
    settings = settings or FeatureSettings()
    known_at_close = known_at_close or {}
    sample = _draw(rows, label)
    known_when = json.loads(rows.attrs.get("known_when", "{}"))
    out = []
    for column in map(str, rows.columns):
        if column in ROW_KEYS:
            continue
        found = _judge(column, sample, known_at_close, settings)
        available = scoring is None or scoring.empty or (column in scoring and bool(scoring[column].notna().any()))
        if not available and found.verdict != "refused":
            reason = "rows to be scored do not have it, so a model that used it could score nobody"
            found = _Found("not_available_at_scoring", "scoring", found.figure, reason)
        feature = feature_of(column)
        group = "firmographic" if feature.group == "deal" and column in known_when else feature.group
        when = known_when.get(column) or _known_when(column)
        out.append((column, group, found.verdict, found.rule, found.figure, found.reason, feature.own_effort, when))
    verdicts = pd.DataFrame(out, columns=list(COLUMNS))
    text = ["column", "group", "verdict", "rule", "reason", "known_when"]
    return verdicts.astype(dict.fromkeys(text, "str") | {"figure": "float64", "own_effort": "bool"})


def usable_columns(verdicts: pd.DataFrame) -> list[str]:
    """Columns that fitting may use: `ok` and `flagged`, in their order.

    Raises
    ------
    TableError : a column has two verdicts, or a verdict nobody knows.
    """
    known = ["ok", "flagged", "refused", "not_available_at_scoring"]
    if verdicts["column"].duplicated().any() or not verdicts["verdict"].isin(known).all():
        raise TableError(f"verdicts: one verdict a column, out of {', '.join(known)} (make them with screen_features)")
    return verdicts.loc[verdicts["verdict"].isin(["ok", "flagged"]), "column"].tolist()


def _draw(rows: pd.DataFrame, name: str | None) -> _Sample:
    name = name or ("won_in_horizon" if "won_in_horizon" in rows else "opened_in_horizon")
    labelled = rows[rows[name].notna()] if name in rows else rows.iloc[:0]
    if "row_id" in labelled:
        labelled = labelled.sort_values("row_id", kind="stable")
    if len(labelled) > MAX_ROWS:
        labelled = labelled.sample(n=MAX_ROWS, random_state=0)
    label = labelled[name].to_numpy(dtype="int64") if name in rows else np.zeros(0, dtype="int64")
    group = labelled["group_id"] if "group_id" in labelled else pd.Series(labelled.index.astype("str"), labelled.index)
    fold = leak_values.group_folds(group, seed=0)
    judges = len(labelled) >= MIN_ROWS and 0 < label.sum() < len(label) and len(np.unique(fold)) > 1
    amounts = [c for c in ("acv", "amount", "won_acv") if c in labelled and labelled[c].notna().any()]
    shown = labelled if judges else rows
    amount = labelled[amounts[0]] if judges and amounts else None
    return _Sample(shown, label, group.to_numpy(dtype="str"), fold, amount, judges)


def _judge(column: str, sample: _Sample, known_at_close: Mapping[str, str], settings: FeatureSettings) -> _Found:
    values = sample.rows[column]
    auc = leak_values.outcome_auc(values, sample.label, sample.fold) if sample.judges_values else float("nan")
    if column in settings.refuse:
        return _Found("refused", "sheet", auc, "the run sheet refuses it ([features] refuse)")
    if found := _useless(column, values):
        return found
    found = _leak(column, values, sample, known_at_close, auc)
    if found and found.verdict == "refused" and column in settings.known_at_opening:
        reason = f"the run sheet says it is known when a deal opens; without that: {found.reason}"
        return _Found("flagged", "lifted", found.figure, reason)
    if found:
        return found
    if not sample.judges_values:
        return _Found(
            "ok",
            "name",
            auc,
            f"its name says nothing against it; under {MIN_ROWS} labelled rows, so values were not judged",
        )
    return _Found("ok", "none", auc, f"alone it ranks outcomes with an AUC of {auc:.2f}, as an honest column may")


def _useless(column: str, values: pd.Series) -> _Found | None:
    filled = values.dropna()
    if filled.empty:
        return _Found("refused", "constant", 1.0, "it is empty in every row")
    n_levels = filled.nunique()
    if n_levels == 1 and len(filled) == len(values):
        return _Found("refused", "constant", 1.0, "it has one value in every row")
    share = n_levels / len(filled)
    if len(filled) < 20 or share <= 0.9:
        return None
    numbered = not pd.api.types.is_numeric_dtype(values) or (
        bool((filled % 1 == 0).all()) and bool({"id", "number", "no", "key"} & set(split_name(column)))
    )
    if numbered:
        return _Found("refused", "identifier", share, f"{share:.0%} of its values occur once: an identifier")
    return None


def _leak(
    column: str, values: pd.Series, sample: _Sample, known_at_close: Mapping[str, str], auc: float
) -> _Found | None:
    own_name = column.removeprefix("deal_") if column not in known_at_close else column
    if own_name in known_at_close:
        return _Found("refused", "known_at_close", auc, known_at_close[own_name])
    built = is_built(column)
    named = None if built else _name(column)
    if named and named.verdict == "refused":
        return _Found("refused", named.rule, auc, named.reason)
    if sample.judges_values:
        found = _values(column, values, sample, auc, built=built)
        if found:
            return found
    if named:
        return _Found("flagged", named.rule, auc, named.reason)
    return None


def _name(column: str) -> Judged | None:
    if column == "term_months":
        return Judged("refused", "after_win", "the length of the contract is agreed when it is signed")
    return judge_name(column)


def _values(column: str, values: pd.Series, sample: _Sample, auc: float, *, built: bool) -> _Found | None:
    if sample.amount is not None and not built and column != "seats":
        likeness = leak_values.amount_likeness(values, sample.amount)
        if likeness >= AMOUNT_REFUSED:
            reason = f"its values are ranges of the deal's amount, or the amount itself (likeness {likeness:.2f})"
            return _Found("refused", "amount_bands", likeness, reason)
    if auc >= AUC_REFUSED:
        reason = f"alone it all but names the outcome (AUC {auc:.2f}, limit {AUC_REFUSED}): no honest column does"
        return _Found("refused", "value", auc, reason)
    # Our own features are missing for a reason that is dated too, such as no loss so far.
    missing = 0.5 if built else leak_values.missing_auc(values, sample.label)
    if missing >= MISSING_REFUSED:
        reason = f"whether it is filled all but names the outcome (AUC {missing:.2f}, limit {MISSING_REFUSED})"
        return _Found("refused", "missing", missing, reason)
    n, chance = (0, 1.0) if built else leak_values.one_outcome_groups(values, sample.label, sample.group)
    if chance < CHANCE_REFUSED:
        which = "won" if sample.label[values.notna().to_numpy()][0] == 1 else "not won"
        reason = f"it is filled for {n} accounts, all of them {which}: it was filled in after the outcome"
        return _Found("refused", "one_outcome", float(n), reason)
    if auc >= AUC_FLAGGED:
        reason = f"alone it ranks outcomes with an AUC of {auc:.2f} (limit {AUC_FLAGGED}): check when it is filled in"
        return _Found("flagged", "value", auc, reason)
    if missing >= MISSING_FLAGGED:
        reason = f"whether it is filled ranks outcomes with an AUC of {missing:.2f} (limit {MISSING_FLAGGED})"
        return _Found("flagged", "missing", missing, reason)
    return None


def _known_when(column: str) -> str:
    field = "technologies" if column.startswith("tech_") else column.removeprefix("missing_")
    accounts = CONTRACTS["accounts"]
    if field in accounts:
        return "unknown" if accounts[field].mutable else "static"
    return "dated" if is_built(column) else "static"
