"""What has moved since the models learned: features, levels, scores, reasons and the newest outcomes, in one table."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.catalog import feature_of
from tierkit.models.acv import Acv
from tierkit.models.drift import population_stability
from tierkit.models.opening import Opening
from tierkit.models.propensity import Propensity
from tierkit.models.scoring import score_accounts
from tierkit.models.store import Models
from tierkit.proof.calibration import SHIFT_LIMIT
from tierkit.proof.recalibration import propose_update

COLUMNS = ["kind", "part", "name", "figure", "limit", "alarmed", "n_before", "n_now", "before", "now"]
SCORED = ("open_prob", "win_prob", "expected_acv", "expected_value")
SHARE_LIMIT = 0.25
"""Relative change of a group's share of the reasons that is worth a look."""
LEVEL_LIMIT = 0.01
_LEAST_SHARE = 0.01
_Z99 = 2.576

Array = np.ndarray[Any, np.dtype[Any]]
_Row = tuple[str, str, str, float, float, int, int, str, str]


def drift_table(
    before: pd.DataFrame,
    now: pd.DataFrame,
    *,
    opening: Opening | None,
    win: Propensity | None,
    acv: Acv | None,
    models_before: Models | None = None,
) -> pd.DataFrame:
    """Everything that may have moved between two days, each figure beside the most that is still ordinary.

    Like is compared with like: accounts with accounts, never the accounts of today with those that opened deals.

    Parameters
    ----------
    before : rows of the models' training window (of `build_panel_rows`: those of its newest month are taken), or a
        published month's `scoring_rows.parquet`. Without accounts, deals that opened in the window.
    now : the rows to be scored today (without accounts, deals that opened since).
    models_before : models of that published month, which its reasons are taken from; today's unless given, so that
        only what goes in differs.

    Returns
    -------
    One row per kind, part and name: figure, limit, alarmed (figure above limit), n_before, n_now, before and now (in
    words, where the figure needs them). Kinds: `feature` and `score`, population stability index with its noise floor;
    `level`, share of rows whose category was not there before, limit 1 %; `reason`, relative change of a group's share
    of all that a part's model says, limit 25 % or its 99 % noise; `chances`, size of the shift in log-odds that would
    put the newest mature deals right, limit 0.3 or its 95 % noise.
    """
    if "opened_in_horizon" in before and len(before):
        before = before[before["as_of"] == before["as_of"].max()]
    models = [model for model in (opening, win, acv) if model is not None]
    features = dict.fromkeys(f for model in models for f in model.features if f in before and f in now)
    rows: list[_Row] = []
    if len(before) and len(now):
        rows += [_stability("feature", name, before[name], now[name]) for name in features]
        rows += [_levels(name, before[name], now[name]) for name in features if _is_text(before[name])]
        rows += _scores(before, now, opening, win, acv)
        old = models_before or Models(opening, win, acv, None, {})
        rows += _reasons((before, old), (now, Models(opening, win, acv, None, {})))
    if win is not None:
        rows += _chances(win)
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "alarmed"])
    table.insert(5, "alarmed", table["figure"] > table["limit"])
    return table


def say_drift(table: pd.DataFrame, *, since: str, most: int = 5) -> tuple[str, ...]:
    """What is beyond its limit, the furthest first, and how many things were looked at to find it.

    Parameters
    ----------
    since : what the rows before stand for, as in "since <the models' training window ended>".
    """
    judged = table[table["figure"].notna()]
    if judged.empty:
        return (f"Nothing can be compared since {since}.",)
    alarmed = judged[judged["alarmed"].astype("bool")]
    if alarmed.empty:
        return (f"Of {len(judged)} things looked at, none has moved beyond its noise since {since}.",)
    over = alarmed["figure"] / alarmed["limit"]
    order = alarmed.assign(over=over).sort_values(["over", "kind", "part", "name"], ascending=[False, True, True, True])
    moved = "1 has moved beyond its limit" if len(alarmed) == 1 else f"{len(alarmed)} have moved beyond their limit"
    first = (
        f"Of {len(judged)} things looked at, {moved} since {since}; up to {max(1, round(0.01 * len(judged)))} would by "
        "chance alone."
    )
    told = [_sentence({str(k): v for k, v in row.items()}) for row in order.head(most).to_dict("records")]
    left = len(alarmed) - most
    return (first, *told, *([f"And {left} more, in the table."] if left > 0 else []))


def reason_shares(rows: pd.DataFrame, models: Models) -> pd.DataFrame:
    """How much of what each model says comes from each group of features, over `rows`.

    Returns
    -------
    One row per part (opens, wins, value) and group: share (mean absolute contribution of the group over the sum of all
    groups'), se (standard error of the share), n. Own effort is held fixed in `opens` and says nothing there.
    """
    found: list[tuple[str, str, float, float, int]] = []
    for part, model in (("opens", models.opening), ("wins", models.win), ("value", models.acv)):
        if model is None or rows.empty or set(model.features) - set(rows.columns):
            continue
        parts = model.contributions(rows).drop(columns="_base")
        fixed = set(model.reference) if isinstance(model, Opening) else set()
        names = [name for name in parts.columns if name not in fixed]
        groups = sorted({feature_of(name).group for name in names})
        blocks = [parts[[n for n in names if feature_of(n).group == g]].to_numpy().sum(axis=1) for g in groups]
        size = np.abs(np.column_stack(blocks)) if blocks else np.zeros((len(rows), 0))
        total = size.sum()
        if total <= 0:
            continue
        shares = size.sum(axis=0) / total
        spread = (size - shares * size.sum(axis=1)[:, None]).std(axis=0) * np.sqrt(len(rows)) / total
        found += [(part, g, float(s), float(e), len(rows)) for g, s, e in zip(groups, shares, spread, strict=True)]
    return pd.DataFrame(found, columns=["part", "group", "share", "se", "n"])


def _stability(kind: str, name: str, before: pd.Series, now: pd.Series) -> _Row:
    moved = population_stability(before, now)
    said = (_typical(before), _typical(now))
    return (kind, "", name, moved.psi, moved.noise_floor, len(before), len(now), *said)


def _typical(values: pd.Series) -> str:
    unknown = float(values.isna().mean())
    beside = f", {100 * unknown:.0f} % unknown" if unknown >= 0.005 else ""
    if unknown == 1:
        return "unknown"
    if _is_text(values):
        counts = values.astype("str").value_counts(normalize=True)
        top = min(counts.index[counts == counts.max()])
        return f"{100 * counts.max():.0f} % {top}{beside}"
    known = values.astype("float64")
    share = set(known.dropna().unique()) <= {0.0, 1.0}
    return (f"{100 * known.mean():.1f} %" if share else f"mean {_number(float(known.mean()))}") + beside


def _levels(name: str, before: pd.Series, now: pd.Series) -> _Row:
    unseen = now[now.notna() & ~now.isin(before.dropna().unique())].astype("str")
    counts = unseen.value_counts()
    names = sorted(counts.index, key=lambda level: (-int(counts[level]), level))[:3]
    return ("level", "", name, len(unseen) / len(now), LEVEL_LIMIT, len(before), len(now), "", ", ".join(names))


def _scores(
    before: pd.DataFrame, now: pd.DataFrame, opening: Opening | None, win: Propensity | None, acv: Acv | None
) -> Iterator[_Row]:
    needed = {f for model in (opening, win, acv) if model is not None for f in model.features}
    frames = []
    for rows in (before, now):
        if not set(SCORED) <= set(rows.columns):
            if needed - set(rows.columns):
                return
            rows = score_accounts(rows, opening, win, acv)
        frames.append(rows)
    for name in SCORED:
        values = [frame[name].astype("float64") for frame in frames]
        # A part without a model is 1 or unknown throughout: it cannot move.
        if any(v.notna().any() for v in values) and any(len(set(v.dropna())) > 1 for v in values):
            yield _stability("score", name, *values)


def _reasons(before: tuple[pd.DataFrame, Models], now: tuple[pd.DataFrame, Models]) -> Iterator[_Row]:
    both = reason_shares(*before).merge(
        reason_shares(*now), on=["part", "group"], how="outer", suffixes=("_before", "_now"), sort=True
    )
    for row in both.dropna().to_dict("records"):
        then, today = float(row["share_before"]), float(row["share_now"])
        if max(then, today) < _LEAST_SHARE or then <= 0:
            continue
        noise = _Z99 * float(np.hypot(row["se_before"], row["se_now"])) / then
        limit, n = max(SHARE_LIMIT, noise), (int(row["n_before"]), int(row["n_now"]))
        shares = (f"{100 * then:.0f} %", f"{100 * today:.0f} %")
        yield ("reason", row["part"], row["group"], abs(today / then - 1), limit, *n, *shares)


def _chances(win: Propensity) -> Iterator[_Row]:
    for row in propose_update(win).to_dict("records"):
        noise = (row["shift_high"] - row["shift_low"]) / 2
        limit = max(SHIFT_LIMIT, noise) if np.isfinite(noise) else np.nan
        n = (len(win.predictions) - row["n"], row["n"])
        told = (f"{row['expected']:,.0f} wins expected", f"{row['n_won']:,} won")
        yield ("chances", "wins", "newest deals", abs(row["shift"]), limit, *n, *told)


_PARTS = {"opens": "The chance that a deal opens", "wins": "The chance to win", "value": "The expected contract value"}
_NAMES = {
    "open_prob": "the chance that a deal opens",
    "win_prob": "the chance to win",
    "expected_acv": "the expected contract value",
    "expected_value": "the expected value",
}


def _sentence(row: dict[str, Any]) -> str:
    if row["kind"] == "reason":
        return f"{_PARTS[row['part']]} rests {row['now']} on {row['name']} features, {row['before']} before."
    if row["kind"] == "level":
        label = feature_of(row["name"]).label
        return f"{100 * row['figure']:.1f} % of {row['n_now']:,} rows have a value of {label} never seen: {row['now']}."
    if row["kind"] == "chances":
        return f"The newest {row['n_now']:,} mature deals: {row['before']}, {row['now']}."
    label = _NAMES[row["name"]] if row["kind"] == "score" else feature_of(row["name"]).label
    label = label[:1].upper() + label[1:]
    return (
        f"{label} has moved: {row['before']} before, {row['now']} now (PSI {row['figure']:.2f}, limit "
        f"{row['limit']:.2f}, {row['n_before']:,} against {row['n_now']:,} rows)."
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values)
