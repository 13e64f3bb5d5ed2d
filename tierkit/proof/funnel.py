"""The funnel before and after people began to work by tiers: what changed, not what caused it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from tierkit.features.horizon import win_horizon
from tierkit.features.settings import FeatureSettings
from tierkit.inputs.tables import Tables
from tierkit.models.skill import clustered_se
from tierkit.proof.funnel_steps import Step, ends_outside, enrichment, funnel_steps
from tierkit.proof.funnel_windows import Refusal, Windows, equal_windows
from tierkit.proof.intervals import design_effect, newcombe_difference, wilson
from tierkit.proof.settings import ProofSettings
from tierkit.tiering.policy import Policy

COLUMNS = [
    "step",
    "says",
    "source",
    "unit",
    "follow_up_days",
    "before_from",
    "before_to",
    "after_from",
    "after_to",
    "n_before",
    "k_before",
    "before",
    "before_low",
    "before_high",
    "n_after",
    "k_after",
    "after",
    "after_low",
    "after_high",
    "change",
    "change_low",
    "change_high",
]
ALL = "all sources"

NAMES = {
    "leads": "leads",
    "acceptance": "acceptance",
    "lead_to_meeting": "lead to meeting",
    "meeting_to_opportunity": "meeting to opportunity",
    "days_to_acceptance": "days to acceptance",
    "enrichment": "enrichment coverage",
    "outside": "share suppressed or out of ICP",
    "win": "win rate",
    "won_acv": "won ACV",
}
"""What a step is called."""


@dataclass(frozen=True)
class FunnelChange:
    """Before against after.

    Attributes
    ----------
    table : one row per step and source (and `all sources`): step, says, source, unit (rate, share, days or amount),
        follow_up_days, the windows (before_from to after_to), n (records in the figure), k (those that made the step;
        missing where the figure is a mean), the figure with its interval before and after, and the change with its.
    refused : steps that cannot be compared, one sentence each.
    since : first day on which people worked by tiers; None where the sheet does not say.
    currency : of amounts.
    """

    table: pd.DataFrame
    refused: tuple[str, ...]
    since: pd.Timestamp | None
    currency: str


def funnel_change(
    tables: Tables,
    *,
    proof: ProofSettings,
    as_of: pd.Timestamp | str | None = None,
    policy: Policy | None = None,
    features: FeatureSettings | None = None,
) -> FunnelChange:
    """Each step of the funnel before and after `proof.tiers_acted_on_since`, by source and overall.

    Parameters
    ----------
    as_of : last day the data are looked at; unset, the last one they cover.
    policy : its gates say which accounts are outside; unset, that share is refused.

    Returns
    -------
    Windows are of equal length, a year at most, and every record has equally long to mature: those before have it
    before the day, so that no part of their course lies after. A step without such windows is refused. Rates carry
    Wilson intervals and their change Newcombe's, on counts corrected for clustering by account; means a normal interval
    with clustered errors.
    """
    nothing = pd.DataFrame(columns=COLUMNS)
    if proof.tiers_acted_on_since is None:
        said = "since when people work by tiers is not stated ([proof] tiers_acted_on_since)"
        return FunnelChange(nothing, (f"Before and after cannot be compared: {said}.",), None, tables.currency)
    since = pd.Timestamp(proof.tiers_acted_on_since)
    day = as_of if as_of is not None else tables.data_through
    if day is None:
        return FunnelChange(
            nothing, ("Before and after cannot be compared: no table is dated.",), since, tables.currency
        )
    through = pd.Timestamp(day)
    horizon = win_horizon(tables, before=through, settings=features).days if tables.is_dated else None
    rows: list[dict[str, object]] = []
    refused: list[str] = []
    for step in funnel_steps(tables, through=through, horizon_days=horizon):
        if not isinstance(step, Step):
            refused.append(_refuse(step[0], step[1]))
            continue
        windows = _windows(step, since, through)
        judged = windows if isinstance(windows, Refusal) else _judge(step, tables, policy, windows)
        if isinstance(judged, Refusal):
            refused.append(_refuse(step.name, judged))
        elif isinstance(windows, Windows):
            rows += _rows(judged, windows, proof.confidence)
    table = pd.DataFrame(rows, columns=COLUMNS) if rows else nothing
    return FunnelChange(table, tuple(refused), since, tables.currency)


def _windows(step: Step, since: pd.Timestamp, through: pd.Timestamp) -> Windows | Refusal:
    if step.records.empty:
        return Refusal("there is no record of it")
    first = step.records["entered_at"].min()
    return equal_windows(first, since=since, through=through, follow_up_days=step.follow_up_days)


def _judge(step: Step, tables: Tables, policy: Policy | None, windows: Windows) -> Step | Refusal:
    """The step with the outcome of each record, where that is only known once there are windows."""
    if step.name == "enrichment":
        value = enrichment(tables, step.records, step.follow_up_days)
        return value if isinstance(value, Refusal) else replace(step, records=step.records.assign(value=value))
    if step.name == "outside":
        if policy is None:
            return Refusal("no policy says who is outside")
        value = ends_outside(tables, policy, step.records, windows)
        return replace(step, records=step.records.assign(value=value))
    return step


def _rows(step: Step, windows: Windows, confidence: float) -> list[dict[str, object]]:
    kept = step.records[step.records["value"].notna()]
    before = kept[kept["entered_at"].between(windows.before_from, windows.before_to)]
    after = kept[kept["entered_at"].between(windows.after_from, windows.after_to)]
    sources = sorted(set(before["source"]) | set(after["source"]))
    out = []
    for source in [ALL, *(sources if len(sources) > 1 else [])]:
        parts = [part if source == ALL else part[part["source"] == source] for part in (before, after)]
        figures = (_rates if step.unit == "rate" else _means)(parts[0], parts[1], confidence)
        key = {"step": step.name, "says": step.says, "source": source, "unit": step.unit}
        out.append(key | vars(windows) | figures)
    return out


def _rates(before: pd.DataFrame, after: pd.DataFrame, confidence: float) -> dict[str, object]:
    out: dict[str, object] = {}
    counts = []
    for name, part in (("before", before), ("after", after)):
        n, k = len(part), int(part["value"].sum())
        deff = design_effect(part["value"].to_numpy() == 1, part["account_id"].to_numpy(dtype=object)) if n else 1.0
        low, high = wilson(k / deff, n / deff, confidence=confidence) if n else (np.nan, np.nan)
        out |= {f"n_{name}": n, f"k_{name}": k, name: k / n if n else np.nan, f"{name}_low": low, f"{name}_high": high}
        counts.append((k / deff, n / deff))
    if not (len(before) and len(after)):
        return out | dict.fromkeys(("change", "change_low", "change_high"), np.nan)
    low, high = newcombe_difference(*counts[1], *counts[0], confidence=confidence)
    change = float(after["value"].mean() - before["value"].mean())
    return out | {"change": change, "change_low": low, "change_high": high}


def _means(before: pd.DataFrame, after: pd.DataFrame, confidence: float) -> dict[str, object]:
    z = float(ndtri(0.5 + confidence / 2))
    out: dict[str, object] = {}
    errors = []
    for name, part in (("before", before), ("after", after)):
        values = part["value"].to_numpy(dtype="float64")
        groups = pd.factorize(part["account_id"])[0]
        mean = float(values.mean()) if len(values) else np.nan
        error = clustered_se(values, groups) if len(np.unique(groups)) > 1 else np.nan
        out |= {f"n_{name}": len(values), f"k_{name}": np.nan, name: mean}
        out |= {f"{name}_low": mean - z * error, f"{name}_high": mean + z * error}
        errors.append((mean, error))
    change, half = errors[1][0] - errors[0][0], z * float(np.hypot(errors[0][1], errors[1][1]))
    return out | {"change": change, "change_low": change - half, "change_high": change + half}


def _refuse(step: str, refusal: Refusal) -> str:
    name = NAMES[step]
    return f"{name[0].upper()}{name[1:]} before and after is not compared: {refusal.because}."
