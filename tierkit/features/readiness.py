"""Whether there is enough to learn from, what repeats, and how much of the account table is filled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.features.deals import lived_briefly
from tierkit.features.fields import field_values
from tierkit.inputs.contracts import ROW_KEYS
from tierkit.inputs.staging import day_number
from tierkit.inputs.tables import Tables

MIN_ANY, MIN_FULL = 40, 200
"""Won and lost accounts below which no model is trained, and below which only the penalised logit is."""
FEW_ACCOUNTS, SHORT_MONTHS, MATURE_QUARTERS = 100, 12, 2
"""Accounts, months and quarters of mature deals below which a caution is said; none of them stops a model."""
QUARTER, DAYS_A_MONTH = pd.Timedelta(days=91), 30.44
BASE_RATE_LOW, BASE_RATE_HIGH = 0.05, 0.60
COVERED = ("industry", "country", "region", "employees", "annual_revenue", "technologies", "segment", "owner_id")
"""Fields of accounts whose filling is reported."""


@dataclass(frozen=True)
class Readiness:
    """Whether models may be trained.

    Attributes
    ----------
    level : `scorecard` (no model), `indicative` (penalised logit only) or `full`.
    n_won, n_lost : accounts with a deal won, or not won, within the horizon; one may be both. Without accounts,
        groups of rows that are repeats of each other.
    n_immature : deals whose horizon is not over.
    base_rate : share of mature deals won within the horizon; missing without one.
    sentences : what a reader must know, the first about the level.
    unit : what was counted: "accounts", "deals", or "distinct deals" where rows repeat.
    """

    level: Literal["scorecard", "indicative", "full"]
    n_won: int
    n_lost: int
    n_immature: int
    base_rate: float
    sentences: tuple[str, ...]
    unit: str = "accounts"


def check_readiness(rows: pd.DataFrame) -> Readiness:
    """Whether deal rows are enough to learn from, by won and lost accounts; without accounts, by distinct deals.

    Raises
    ------
    TableError : no deal has closed, or none was won: there is nothing to learn or to check against.
    """
    ended = rows["outcome"].isin(["won", "lost"])
    if not ended.any() or not (rows["outcome"] == "won").any():
        what = "no deal has closed" if not ended.any() else "no deal was won"
        raise TableError(
            f"deals: {what} among {len(rows):,} new-business deals (check [data.deals] outcome, and the month)"
        )
    label = rows["won_in_horizon"]
    entity = rows["group_id" if "group_id" in rows else "account_id"]
    n_won = int(entity[label == 1].nunique())
    n_lost = int(entity[label == 0].nunique())
    unit = _unit(rows, entity)
    least = min(n_won, n_lost)
    level: Literal["scorecard", "indicative", "full"] = (
        "scorecard" if least < MIN_ANY else "indicative" if least < MIN_FULL else "full"
    )
    base = float(label.mean())
    sentences = [_say_level(level, n_won, n_lost, unit)]
    if not np.isnan(base) and not BASE_RATE_LOW <= base <= BASE_RATE_HIGH:
        sentences.append(
            f"{base:.0%} of mature deals were won, outside {BASE_RATE_LOW:.0%} to {BASE_RATE_HIGH:.0%}: "
            "check that losses are recorded, and when deals are opened."
        )
    sentences += [*_say_span(rows, entity, unit), *_say_brief(rows)]
    return Readiness(level, n_won, n_lost, int(label.isna().sum()), base, tuple(sentences), unit)


def find_repeats(rows: pd.DataFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows that are the same in `columns` (unset, every column that is no row key).

    Returns
    -------
    One row per pattern that occurs more than once, the most frequent first: pattern (a hash), n, n_groups (distinct
    group_id; 1 where all stay on one side of every split), n_won (label 1), n_mixed (rows in the smaller outcome),
    row_ids (the first five, separated by spaces).
    """
    names = [c for c in rows.columns if c not in ROW_KEYS] if columns is None else list(columns)
    out = pd.DataFrame({"row_id": rows["row_id"], "group_id": rows["group_id"], "won": rows.get("won_in_horizon")})
    if names:
        hashed = pd.util.hash_pandas_object(rows[names], index=False).to_numpy()
        out["pattern"] = pd.Series([f"{h:016x}" for h in hashed], out.index, dtype="str")
    else:
        out["pattern"] = out["row_id"]
    out = out[out["pattern"].duplicated(keep=False)].sort_values(["pattern", "row_id"], kind="stable")
    groups = out.groupby("pattern", sort=True)
    n_won = groups["won"].sum()
    table = pd.DataFrame(
        {
            "n": groups.size(),
            "n_groups": groups["group_id"].nunique(),
            "n_won": n_won.astype("int64"),
            "n_mixed": np.minimum(n_won, groups["won"].count() - n_won).astype("int64"),
            "row_ids": groups["row_id"].agg(lambda ids: " ".join(ids.iloc[:5])).astype("str"),
        }
    )
    return table.reset_index().sort_values(["n", "pattern"], ascending=[False, True], kind="stable", ignore_index=True)


def say_repeats(repeats: pd.DataFrame, n_rows: int) -> tuple[str, ...]:
    """How many rows repeat another, whether their outcomes agree, and whether splits keep them together.

    `repeats` as of `find_repeats`, out of `n_rows` rows.
    """
    if repeats.empty:
        return (f"No two of {n_rows:,} deals are the same in every column.",)
    n, spread = int(repeats["n"].sum()), repeats[repeats["n_groups"] > 1]
    said = [
        f"{n:,} of {n_rows:,} deals repeat another in every column ({len(repeats):,} patterns); in "
        f"{int((repeats['n_mixed'] > 0).sum()):,} patterns some won and some did not."
    ]
    if spread.empty:
        said.append("Every repeat stays with the row it repeats, on one side of each split.")
    else:
        said.append(
            f"{len(spread):,} patterns ({int(spread['n'].sum()):,} deals) belong to several accounts or groups and may "
            "stand on both sides of a split: columns are few enough for chance, or a key is missing ([data] group_by)."
        )
    return tuple(said)


def enrichment_coverage(
    tables: Tables, *, as_of: pd.Timestamp | None = None, by: pd.Series | None = None
) -> pd.DataFrame:
    """How many accounts have each field filled, and whether that grows.

    Parameters
    ----------
    as_of : the day, through `data_through` where unset; without either, the account table as it stands.
    by : a label for each account_id (its tier, its source): one row per field and label.

    Returns
    -------
    field, the label under the name of `by` where given, n (accounts that existed), n_known, share, share_year_ago
    (missing where the field has no history). Fields that were not given are left out.
    """
    day = as_of or tables.data_through
    now = known_fields(tables, day)
    before = None if day is None else known_fields(tables, day - pd.DateOffset(years=1))
    label = pd.Series("", now[0].index, dtype="str") if by is None else by.reindex(now[0].index).astype("str")
    out = []
    for name in [c for c in COVERED if c in now[0]]:
        dated = before is not None and now[1][name] == "dated"
        for value in sorted(label.dropna().unique()):
            known = now[0].loc[label == value, name]
            earlier = before[0].reindex(known.index.intersection(before[0].index))[name] if dated and before else None
            share_then = float(earlier.mean()) if earlier is not None and len(earlier) else float("nan")
            out.append((name, value, len(known), int(known.sum()), float(known.mean()), share_then))
    name_by = "label" if by is None else str(by.name or "label")
    table = pd.DataFrame(out, columns=["field", name_by, "n", "n_known", "share", "share_year_ago"])
    table = table.astype({"field": "str", name_by: "str"})
    return table.drop(columns=name_by) if by is None else table


def known_fields(tables: Tables, day: pd.Timestamp | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Whether each field of each account that existed on the day was known then, and how the field is dated."""
    accounts = tables.frame("accounts")
    if day is not None and "created_at" in accounts:
        accounts = accounts[~(accounts["created_at"] > day)]
    ids = accounts["account_id"].sort_values(kind="stable").reset_index(drop=True)
    # Without a day every change is known.
    as_of_day = 10**6 if day is None else day_number(day)
    moments = pd.DataFrame({"moment": np.arange(len(ids), dtype="int64"), "account_id": ids, "as_of_day": as_of_day})
    values = field_values(tables, moments)
    return values.frame.notna().set_axis(ids), values.known_when


def _unit(rows: pd.DataFrame, entity: pd.Series) -> str:
    """What an entity is called: an account, or, where each deal is its own account, a deal."""
    if "deal_id" not in rows or not (rows["account_id"] == rows["deal_id"]).all():
        return "accounts"
    return "distinct deals" if entity.duplicated().any() else "deals"


def _say_span(rows: pd.DataFrame, entity: pd.Series, unit: str) -> Iterator[str]:
    """Cautions that stop nothing: few accounts, less than a year, and too short a time to be tested twice."""
    mature = rows[rows["won_in_horizon"].notna()]
    n = int(entity[mature.index].nunique())
    if n < FEW_ACCOUNTS:
        yield f"Only {n:,} {unit} have a mature outcome (below {FEW_ACCOUNTS}): every figure is uncertain."
    opened = mature["opened_at"].dropna()
    if opened.empty:
        return
    months = (opened.max() - opened.min()).days / DAYS_A_MONTH
    if months < SHORT_MONTHS:
        yield (
            f"The mature deals opened within {months:.0f} months (below {SHORT_MONTHS}): no season has been seen twice."
        )
    horizon = pd.to_timedelta(mature["horizon_days"].max(), unit="D") if "horizon_days" in mature else pd.NaT
    quarters = (opened.max() - opened.min() - horizon) / QUARTER
    if not pd.isna(quarters) and quarters < MATURE_QUARTERS:
        yield (
            f"{max(0.0, quarters):.1f} quarters of mature deals opened after the first outcomes were known (below "
            f"{MATURE_QUARTERS}): what can be tested on later deals is little."
        )


def _say_brief(rows: pd.DataFrame) -> Iterator[str]:
    likely = "they were likely entered once their end was known"
    if dropped := rows.attrs.get("n_brief_dropped"):
        yield f"{dropped:,} deals lived under two days: {likely}, and the run sheet leaves them out."
    elif brief := int(lived_briefly(rows).sum()):
        yield (
            f"{brief:,} deals lived under two days: {likely}. They are kept, since leaving them out looks at the "
            "future ([features] drop_brief_deals)."
        )


def _say_level(level: str, n_won: int, n_lost: int, unit: str) -> str:
    counts = f"{n_won:,} won and {n_lost:,} lost {unit}"
    if level == "scorecard":
        return f"{counts}: below {MIN_ANY} of either no model is trained, and tiers come from a scorecard."
    if level == "indicative":
        return f"{counts}: below {MIN_FULL} of either the model is a penalised logit, and its figures are indicative."
    return f"{counts}: enough for every model."
