"""Deals as they were known on a day: which were new business, how they stood, and what their own columns say."""

import numpy as np
import pandas as pd

from tierkit.features.catalog import is_built
from tierkit.features.fields import as_feature
from tierkit.features.known_days import known_late
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.tables import Tables

OWN_COLUMNS = ("product", "seats", "use_case", "source", "acv", "amount", "term_months")
"""Columns of the contract that are candidate features of a deal; amounts and the term only to be refused."""

BRIEF = pd.Timedelta(days=2)
"""A deal that lived for less was likely entered once its end was known."""


def known_deals(tables: Tables, *, before: pd.Timestamp) -> pd.DataFrame:
    """Deals opened on or before `before` (undated: all), as they stood then.

    Returns
    -------
    The columns of deals, with outcome `open` and no closed_at where the deal closed later, and is_new_business; sorted
    by opened_at and deal_id.
    """
    deals = tables.frame("deals")
    dated = tables.is_dated
    opened = deals["opened_at"] if dated else pd.Series(pd.NaT, deals.index, dtype="datetime64[ns]")
    closed = deals["closed_at"] if "closed_at" in deals else pd.Series(pd.NaT, deals.index, dtype="datetime64[ns]")
    deals = deals.assign(opened_at=opened, closed_at=closed)
    if dated:
        deals = deals[deals["opened_at"] <= before]
        if _has_closing_days(tables):
            deals = deals.assign(outcome=deals["outcome"].where(~(deals["closed_at"] > before), "open"))
        deals = deals.assign(closed_at=deals["closed_at"].where(deals["outcome"] != "open"))
    deals = deals.assign(is_new_business=_is_new_business(deals))
    return deals.sort_values(["opened_at", "deal_id"], kind="stable").reset_index(drop=True)


def count_existing_business(tables: Tables, *, before: pd.Timestamp) -> int:
    """Deals opened on or before `before` that are left out since they expand or renew what an account has.

    By deal_type where it is given; else deals opened after the account's first win.
    """
    return int((~known_deals(tables, before=before)["is_new_business"]).sum())


def lived_briefly(deals: pd.DataFrame) -> pd.Series:
    """Whether each deal closed within two days of opening: likely entered once its end was known."""
    return (deals["closed_at"] - deals["opened_at"]) < BRIEF


def label_wins(deals: pd.DataFrame, *, horizon_days: int | None, before: pd.Timestamp) -> pd.Series:
    """1.0 if won within the horizon of opening, 0.0 if not, missing while opened_at + horizon is after `before`.

    A won deal that does not say when has no label. Without a horizon (undated deals) or without any closing day: 1.0
    won, 0.0 lost, missing while open.
    """
    won = deals["outcome"] == "won"
    ended = deals["outcome"].isin(["won", "lost"])
    if horizon_days is None or (ended.any() and deals["closed_at"].isna().all()):
        return won.astype("float64").where(ended)
    due = deals["opened_at"] + pd.Timedelta(days=horizon_days)
    known = (due <= before) & ~(won & deals["closed_at"].isna())
    return (won & (deals["closed_at"] <= due)).astype("float64").where(known)


def own_columns(tables: Tables, deals: pd.DataFrame, as_of_day: pd.Series, *, taken: set[str]) -> pd.DataFrame:
    """The deal's own columns as candidate features; `deal_<name>` where the name is taken or reserved."""
    named = own_names(tables, taken=taken)
    out = {to: as_feature(deals[name], as_of_day) for name, to in named.items()}
    return pd.DataFrame(out, index=as_of_day.index)


def own_names(tables: Tables, *, taken: set[str]) -> dict[str, str]:
    """The deal's own columns, and what each is called in feature rows."""
    contract = CONTRACTS["deals"]
    given = tables.frame("deals").columns
    own = [c for c in OWN_COLUMNS if c in given]
    own += [c for c in given if c not in contract and c != "group_key"]
    clash = {name for name in own if name in taken or (name not in contract and is_built(name))}
    return {name: f"deal_{name}" if name in clash else name for name in own}


def entities(tables: Tables, account_id: pd.Series) -> pd.Series:
    """The entity behind each account: the smallest id of those that look alike, else the account itself."""
    alike, unit = tables.duplicates, tables.children.set_index("account_id")["unit_id"]
    root: dict[str, str] = {}
    for one, other in zip(alike["account_id"], alike["duplicate_of"], strict=True):
        # A child may look like a stranger: then it is its parent who does
        ends = sorted(_end(root, str(unit.get(end, end))) for end in (one, other))
        root[ends[1]] = ends[0]
    return account_id.map(lambda account: _end(root, account)).astype("str")


def _end(root: dict[str, str], account: str) -> str:
    while root.get(account, account) != account:
        account = root[account]
    return account


def group_ids(tables: Tables, deals: pd.DataFrame, candidates: pd.DataFrame) -> pd.Series:
    """Which rows stay on one side of every split: the entity, the sheet's key, or rows alike where that is rare."""
    if tables.has_accounts:
        return entities(tables, deals["account_id"])
    if "group_key" in deals:
        return deals["group_key"].fillna(deals["deal_id"]).astype("str")
    if candidates.shape[1] == 0:
        return deals["deal_id"].astype("str")
    hashed = pd.util.hash_pandas_object(candidates.reindex(columns=sorted(candidates.columns)), index=False)
    # Where most rows share their predictors, these are coarse and a repeat is chance; where few do, it is a copy.
    if hashed.nunique() < len(hashed) / 2:
        return deals["deal_id"].astype("str")
    return pd.Series([f"{value:016x}" for value in hashed.to_numpy(dtype=np.uint64)], deals.index, dtype="str")


def own_late(
    tables: Tables, deals: pd.DataFrame, as_of_day: pd.Series, *, taken: set[str]
) -> dict[str, tuple[float, int, str]]:
    """Columns of the deal itself that were known after its cutoff, under their names in feature rows."""
    named = own_names(tables, taken=taken)
    late = known_late(deals, as_of_day, list(named))
    return {named[column]: found for column, found in late.items()}


def _has_closing_days(tables: Tables) -> bool:
    """Whether any closed deal says when; if none does, outcomes are taken as they stand."""
    deals = tables.frame("deals")
    return "closed_at" in deals and bool(deals.loc[deals["outcome"] != "open", "closed_at"].notna().any())


def _is_new_business(deals: pd.DataFrame) -> pd.Series:
    account = deals["account_id"] if "account_id" in deals else deals["deal_id"]
    first_win = deals["closed_at"].where(deals["outcome"] == "won").groupby(account).transform("min")
    after_first_win = deals["opened_at"] > first_win
    if "deal_type" not in deals:
        return ~after_first_win
    return (deals["deal_type"] == "new").where(deals["deal_type"].notna(), ~after_first_win).astype(bool)
