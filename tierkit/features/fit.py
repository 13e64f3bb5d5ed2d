"""ICP fit with its parts, and strategic value: weights stated or learned from won accounts, never hidden."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tierkit.features.fit_points import PARTS, learn_levels, part_columns, part_points
from tierkit.features.settings import FeatureSettings, FitSettings
from tierkit.features.vocabulary import to_name
from tierkit.inputs.tables import Tables

MIN_WON = 10
"""Won accounts, and others, below which weights are equal rather than learned."""


@dataclass(frozen=True, eq=False)
class Icp:
    """The ideal customer profile.

    Attributes
    ----------
    weights : one row per part: part, weight (they sum to 1), source (`stated`, `learned`, or `equal` where there is too
        little to learn from), figure (log odds of the whole range of the part; missing unless learned), scale (points
        that are worth a sub-score of 0 or 100).
    levels : one row per level: part, column, level, low, high, n, n_won, share (shrunk won share), points (log odds
        over the base). Empty for parts the sheet states.
    base_rate : share of accounts that were won. n_accounts : how many it was learned from.
    stated : for parts the sheet states, what is ideal.
    """

    weights: pd.DataFrame
    levels: pd.DataFrame
    base_rate: float
    n_accounts: int
    stated: Mapping[str, tuple[Any, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The profile as what JSON can hold; `from_dict` reads it again."""
        return {
            "weights": _records(self.weights),
            "levels": _records(self.levels),
            "base_rate": None if math.isnan(self.base_rate) else self.base_rate,
            "n_accounts": self.n_accounts,
            "stated": {part: list(ideal) for part, ideal in self.stated.items()},
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Icp":
        """The profile that `as_dict` wrote."""
        empty = learn_levels(pd.DataFrame(), np.zeros(0), {})
        levels = pd.DataFrame(given["levels"], columns=empty.columns).astype(empty.dtypes.to_dict())
        levels = levels.assign(low=_unbounded(levels["low"]), high=_unbounded(levels["high"]))
        weights = _weights_frame(pd.DataFrame(given["weights"]))
        base = float("nan") if given["base_rate"] is None else float(given["base_rate"])
        stated = {part: tuple(ideal) for part, ideal in given["stated"].items()}
        return cls(weights, levels, base, int(given["n_accounts"]), stated)


def fit_icp(rows: pd.DataFrame, settings: FeatureSettings | None = None) -> Icp:
    """The ideal customer, from the sheet where it says so, else from won accounts against all others.

    Parameters
    ----------
    rows : deal rows (or any with account_id, won_in_horizon and features as of as_of); immature rows are left out. An
        account counts once: with its first won row, else with its last.

    Points of a level are the log odds of its won share, shrunk by 20 accounts at the base rate. Weights are the
    coefficients of a logit (statsmodels) of won on the sub-scores, made on accounts the points were not learned from;
    parts with a negative coefficient leave the logit, one at a time, and get weight 0.
    """
    fit = (settings or FeatureSettings()).fit
    accounts = _one_per_account(rows)
    won = accounts["won_in_horizon"].to_numpy(dtype="float64") if len(accounts) else np.zeros(0)
    stated = _stated(fit)
    columns = {part: names for part, names in part_columns(rows).items() if part not in stated and names}
    levels = learn_levels(accounts, won, columns)
    scales = _scales(part_points(accounts, levels))
    parts = [p for p in PARTS if p in stated or p in columns]
    weights: dict[str, tuple[float, float]]
    if fit.weights is not None:
        total = sum(fit.weights.values()) or 1.0
        weights = {p: (w / total, float("nan")) for p, w in fit.weights.items()}
        source = "stated"
    elif len(accounts) and parts and min(won.sum(), (1 - won).sum()) >= MIN_WON:
        weights, source = _learn_weights(accounts, won, columns, stated, parts), "learned"
    else:
        weights, source = {p: (1 / len(parts), float("nan")) for p in parts}, "equal"
    table = pd.DataFrame(
        [(p, *weights.get(p, (0.0, float("nan"))), source, scales[p]) for p in PARTS],
        columns=["part", "weight", "figure", "source", "scale"],
    )
    return Icp(_weights_frame(table), levels, float(won.mean()) if len(won) else float("nan"), len(accounts), stated)


def score_fit(
    account_rows: pd.DataFrame, icp: Icp, tables: Tables, *, as_of: pd.Timestamp, undated_policy: bool = True
) -> pd.DataFrame:
    """The same rows with fit and strategic value.

    Parameters
    ----------
    undated_policy : whether strategic claims count that do not say when they were known; False in backtests.

    Returns
    -------
    The rows plus fit_industry, fit_size, fit_geography, fit_stack, fit_behaviour (0 to 100; 50 is typical, or unknown),
    fit_score (0 to 100, their weighted mean), fit_words (each part in words, unknown ones called so), strategic_value
    (0 to 1, the strongest claim live at `as_of`) and strategic_kind (missing without a claim).
    """
    scores, known = _sub_scores(account_rows, icp)
    weight = icp.weights.set_index("part")["weight"]
    out = {f"fit_{part}": scores[part] for part in PARTS}
    out["fit_score"] = sum((scores[part] * weight[part] for part in PARTS), np.zeros(len(account_rows)))
    if weight.sum() == 0:
        out["fit_score"] = np.full(len(account_rows), 50.0)
    told = {part: pd.Series(scores[part], account_rows.index).round().astype("int64").astype("str") for part in PARTS}
    words = pd.Series("", account_rows.index, dtype="str")
    for part in [p for p in PARTS if weight[p] > 0]:
        said = part + " " + told[part].where(pd.Series(known[part], account_rows.index), "unknown")
        words = words + words.where(words == "", ", ").where(words != "", "") + said
    claims = _live_claims(tables, as_of=pd.Timestamp(as_of), undated_policy=undated_policy)
    fitted = account_rows.assign(**out, fit_words=words)
    claimed = fitted[["account_id"]].merge(claims, on="account_id", how="left").set_axis(fitted.index)
    return fitted.assign(
        strategic_value=claimed["value"].fillna(0.0).astype("float64"), strategic_kind=claimed["kind"].astype("str")
    )


def _one_per_account(rows: pd.DataFrame) -> pd.DataFrame:
    if "won_in_horizon" not in rows:
        return rows.iloc[:0]
    labelled = rows[rows["won_in_horizon"].notna()]
    order = labelled.assign(_won=labelled["won_in_horizon"]).sort_values(
        ["account_id", "as_of", "row_id"], kind="stable"
    )
    first_won = order[order["_won"] == 1].drop_duplicates("account_id", keep="first")
    rest = order[~order["account_id"].isin(first_won["account_id"])].drop_duplicates("account_id", keep="last")
    return pd.concat([first_won, rest]).sort_values("account_id", kind="stable").drop(columns="_won")


def _stated(fit: FitSettings) -> dict[str, tuple[Any, ...]]:
    stated: dict[str, tuple[Any, ...]] = {
        "industry": fit.industries,
        "size": fit.employees or (),
        "geography": fit.countries,
        "stack": tuple(to_name(name) for name in fit.technologies),
    }
    return {part: ideal for part, ideal in stated.items() if ideal}


def _scales(points: pd.DataFrame) -> dict[str, float]:
    """The largest distance from the base among the accounts learned from: worth 0 or 100."""
    most = points.abs().max()
    return {part: float(most[part]) if most[part] > 0 else 1.0 for part in PARTS}


def _sub_scores(rows: pd.DataFrame, icp: Icp) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    scales = icp.weights.set_index("part")["scale"]
    points = part_points(rows, icp.levels)
    scores, known = {}, {}
    for part in PARTS:
        if part in icp.stated:
            score = _stated_score(rows, part, icp.stated[part])
        else:
            score = 50 + 50 * np.clip(points[part].to_numpy() / scales[part], -1, 1)
        known[part] = ~np.isnan(score)
        scores[part] = np.where(known[part], score, 50.0)
    return scores, known


def _stated_score(rows: pd.DataFrame, part: str, ideal: tuple[Any, ...]) -> np.ndarray:
    """100 where the account is as the sheet says, 0 where not; of a stack, the share it has; missing if unknown."""
    if part == "stack":
        flags = [rows[f"tech_{name}"] for name in ideal if f"tech_{name}" in rows]
        gone = rows["missing_technologies"].to_numpy() == 1 if "missing_technologies" in rows else not flags
        has = sum((flag.fillna(0).to_numpy() for flag in flags), np.zeros(len(rows)))
        return np.where(gone, np.nan, 100 * has / len(ideal))
    name = {"industry": "industry", "size": "employees", "geography": "country"}[part]
    if name not in rows:
        return np.full(len(rows), np.nan)
    values = rows[name]
    if part == "size":
        inside = values.between(ideal[0], ideal[1]).to_numpy()
    else:
        lower = {str(one).casefold() for one in ideal}
        inside = values.str.casefold().isin(lower).to_numpy()
    return np.where(values.isna().to_numpy(), np.nan, np.where(inside, 100.0, 0.0))


def _learn_weights(
    accounts: pd.DataFrame, won: np.ndarray, columns: dict[str, list[str]], stated: Mapping[str, Any], parts: list[str]
) -> dict[str, tuple[float, float]]:
    """Weight and coefficient of each part, from sub-scores that the account itself did not make."""
    fold = np.arange(len(accounts)) % 5
    x = np.zeros((len(accounts), len(parts)))
    for k in range(5):
        learned = learn_levels(accounts[fold != k], won[fold != k], columns)
        scales = _scales(part_points(accounts[fold != k], learned))
        table = pd.DataFrame({"part": PARTS, "scale": [scales[p] for p in PARTS]})
        half = Icp(table, learned, 0.5, 0, stated)
        scores, _ = _sub_scores(accounts[fold == k], half)
        x[fold == k] = np.column_stack([scores[p] / 100 for p in parts])
    slopes = _non_negative_logit(x, won)
    total = sum(slopes)
    if total == 0:
        return {p: (1 / len(parts), s) for p, s in zip(parts, slopes, strict=True)}
    return {p: (s / total, s) for p, s in zip(parts, slopes, strict=True)}


def _non_negative_logit(x: np.ndarray, won: np.ndarray) -> list[float]:
    import statsmodels.api as sm

    slopes = np.zeros(x.shape[1])
    used = [i for i in range(x.shape[1]) if x[:, i].std() > 0]
    while used:
        model = sm.GLM(won, sm.add_constant(x[:, used]), family=sm.families.Binomial())
        # A whisper of a penalty on the slopes alone, so that a part that separates the accounts stays finite.
        fitted = model.fit_regularized(alpha=np.array([0.0, *[1e-3] * len(used)]), L1_wt=0.0)
        found = np.asarray(fitted.params)[1:]
        if (found >= 0).all():
            slopes[used] = found
            break
        used.pop(int(found.argmin()))
    return [float(s) for s in slopes]


def _live_claims(tables: Tables, *, as_of: pd.Timestamp, undated_policy: bool) -> pd.DataFrame:
    """The strongest claim of each account that is known and not expired at `as_of`: account_id, kind, value."""
    claims = tables.frame("strategic")[["account_id", "kind", "value"]]
    days = tables.frame("strategic").reindex(columns=["known_at", "expires_at"]).apply(pd.to_datetime)
    known = (days["known_at"] <= as_of) | (days["known_at"].isna() & undated_policy)
    live = claims[known & ~(days["expires_at"] < as_of)].astype({"value": "float64"})
    live = live.sort_values(["account_id", "value", "kind"], ascending=[True, False, True], kind="stable")
    return pd.DataFrame(live.drop_duplicates("account_id"))


def _weights_frame(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = dict.fromkeys(["weight", "figure", "scale"], "float64")
    return frame[["part", "weight", "source", "figure", "scale"]].astype({"part": "str", "source": "str"} | numbers)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        return (
            (None if math.isnan(value) else str(value) if math.isinf(value) else value)
            if isinstance(value, float)
            else value
        )

    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _unbounded(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values).astype("float64")
