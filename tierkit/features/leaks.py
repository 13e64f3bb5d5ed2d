"""The leak screen: a verdict, a figure and a reason for every column, before anything is fitted."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features import leak_values
from tierkit.features.catalog import feature_of, is_built
from tierkit.features.known_days import read_late
from tierkit.features.leak_rules import MIN_ROWS, Found, Sample, field_of, judge_column
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.contracts import CONTRACTS, ROW_KEYS

MAX_ROWS = 8_000
"""Labelled rows that are looked at, drawn with a fixed seed where there are more."""
COLUMNS = ("column", "group", "verdict", "rule", "figure", "reason", "own_effort", "known_when")


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
        found = judge_column(column, sample, known_at_close, settings)
        available = scoring is None or scoring.empty or (column in scoring and bool(scoring[column].notna().any()))
        if not available and found.verdict != "refused":
            reason = "rows to be scored do not have it, so a model that used it could score nobody"
            found = Found("not_available_at_scoring", "scoring", found.figure, reason)
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


def _draw(rows: pd.DataFrame, name: str | None) -> Sample:
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
    return Sample(shown, label, group.to_numpy(dtype="str"), fold, amount, judges, read_late(rows))


def _known_when(column: str) -> str:
    """How a column is dated that `attrs` says nothing of: by its contract, as ours, or not at all."""
    field = field_of(column)
    for contract in (CONTRACTS["accounts"], CONTRACTS["deals"]):
        if field in contract:
            return "unknown" if contract[field].mutable else "static"
    return "dated" if is_built(column) else "unknown"
