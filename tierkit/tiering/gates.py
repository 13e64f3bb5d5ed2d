"""Gates: which accounts are qualified, suppressed, in need of information, or outside the ICP."""

import difflib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierkit.errors import SheetError, TableError
from tierkit.inputs.tables import Tables
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import among, deal_standing, known_rows, with_account_columns

QUALIFIED, SUPPRESSED, NEEDS_INFO, OUT_OF_ICP = GATES = ("qualified", "suppressed", "needs_info", "out_of_icp")


def gate_accounts(
    scores: pd.DataFrame,
    tables: Tables,
    policy: Policy,
    *,
    as_of: str | pd.Timestamp,
    undated_policy: bool = True,
) -> pd.DataFrame:
    """Every input account with exactly one gate and its reason.

    Parameters
    ----------
    scores : one row per account: account_id, win_prob, expected_acv; any further columns are kept. Where name,
        owner_id, industry, country, employees, has_open_deal, is_customer or days_since_loss are missing they come from
        `tables` (attributes as they stand today).
    as_of : the day; accounts created later are not input.
    undated_policy : whether exclusions without `known_at` count: yes when scoring, no in a replay.

    Returns
    -------
    The rows of `scores`, then accounts nobody scored, child accounts and, where each deal is its own account, closed
    deals; with gate, gate_reason, contactable, missing_fields (`;` between), value_of_learning (empty so far). The
    first gate that applies decides: child, exclusion, closed deal, deal open for longer than its `horizon_days` (it can
    no longer be won within them), ICP, missing fields, nothing to rank by. An unknown value is not
    outside the ICP. Open deals, customers and the cool-off after a loss change `contactable`, not the gate; where each
    deal is its own account an open deal is what we sell, and stays contactable.

    Raises
    ------
    TableError : an account is scored twice, or is not in the account table; a column is missing.
    SheetError : a gate is set on a column that no table has.
    """
    day = pd.Timestamp(as_of)
    standing = deal_standing(tables, day)
    rows = _input_rows(check_scores(scores), tables, standing, day)
    gated = np.full(len(rows), "", dtype=object)
    reason = np.full(len(rows), "", dtype=object)
    missing = _missing_fields(rows, tables, policy)
    for gate, why in (
        (SUPPRESSED, _child_of(rows, tables)),
        (SUPPRESSED, _excluded(rows, tables, day, undated=undated_policy)),
        (SUPPRESSED, _closed(rows, tables, standing)),
        (SUPPRESSED, _overdue(rows, tables, day)),
        (OUT_OF_ICP, _outside(rows, tables, policy)),
        (NEEDS_INFO, np.where(missing != "", "missing " + missing, "")),
        (NEEDS_INFO, _unscored(rows)),
        (QUALIFIED, np.full(len(rows), "passes", dtype=object)),
    ):
        here = (gated == "") & (why != "")
        gated[here] = gate
        reason[here] = why[here]
    rows = rows.assign(
        gate=pd.Series(gated, rows.index, dtype="str"),
        gate_reason=pd.Series(reason, rows.index, dtype="str"),
        missing_fields=pd.Series(np.where(gated == NEEDS_INFO, missing, ""), rows.index, dtype="str"),
        value_of_learning=np.nan,
    )
    return rows.assign(contactable=_contactable(rows, tables, policy, standing))


def gate_counts(gated: pd.DataFrame) -> pd.DataFrame:
    """Accounts by gate, all four listed: gate, n; they sum to the input."""
    counts = gated["gate"].value_counts().reindex(list(GATES), fill_value=0)
    return pd.DataFrame({"gate": pd.Series(GATES, dtype="str"), "n": counts.to_numpy(dtype=np.int64)})


def check_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """`scores` with text ids and an expected value: the product of its parts where it is not given.

    Raises
    ------
    TableError : a column is missing, or an account is scored twice.
    """
    parts = {"win_prob", "expected_acv"} - set(scores.columns)
    if absent := ({"account_id"} - set(scores.columns)) | (set() if "expected_value" in scores else parts):
        raise TableError(f"scores: column {', '.join(repr(c) for c in sorted(absent))} is missing")
    out = scores.assign(account_id=scores["account_id"].astype("str"))
    if n := int(out["account_id"].duplicated().sum()):
        twice = out.loc[out["account_id"].duplicated(), "account_id"].iloc[0]
        raise TableError(f"scores: 'account_id' must stand once, got {twice!r} again ({n:,} rows); keep one row each")
    if "expected_value" not in out:
        opens = out["open_prob"].astype("float64") if "open_prob" in out else 1.0
        out["expected_value"] = opens * out["win_prob"].astype("float64") * out["expected_acv"].astype("float64")
    return out


def _input_rows(scores: pd.DataFrame, tables: Tables, standing: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Scored rows that exist on `day`, then the accounts or deals nobody scored, then child accounts."""
    units, children = _units(tables, standing, day)
    ids = scores["account_id"]
    known = pd.concat([_all_units(tables), tables.children["account_id"]]).astype("str")
    if len(strangers := ids[~among(ids, known)]):
        raise TableError(
            f"scores: 'account_id' must be in the tables, got {strangers.iloc[0]!r} ({len(strangers):,} rows)"
        )
    scored = with_account_columns(scores, tables, ("name", "owner_id"))
    scored = scored[among(ids, pd.concat([units["account_id"], children["account_id"]]))]
    added = [part[~among(part["account_id"], ids)] for part in (units, children)]
    added = [part[[c for c in part if c in scored]] for part in added if len(part)]
    rows = pd.concat([scored, *added], ignore_index=True) if added else scored.reset_index(drop=True)
    absent = {c: pd.Series(pd.NA, rows.index, dtype="str") for c in ("name", "owner_id") if c not in rows}
    return _with_standing(rows.assign(**absent), tables, standing)


def _all_units(tables: Tables) -> pd.Series:
    return tables.frame("accounts" if tables.has_accounts else "deals")["account_id"]


def _units(tables: Tables, standing: pd.DataFrame, day: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Units that exist on `day`, and the children below them."""
    if not tables.has_accounts:
        return pd.DataFrame({"account_id": standing.index.astype("str")}), tables.children.iloc[:0]
    units = tables.frame("accounts")
    if "created_at" in units:
        units = units[~(pd.to_datetime(units["created_at"]) > day)]
    return units, tables.children[among(tables.children["unit_id"], units["account_id"])]


def _with_standing(rows: pd.DataFrame, tables: Tables, standing: pd.DataFrame) -> pd.DataFrame:
    """What the deals say, where the scores do not carry it."""
    ids = rows["account_id"]
    flags = {}
    for column in ("has_open_deal", "is_customer"):
        says = ids.map(standing[column]).astype("boolean")
        if column in rows:
            says = rows[column].astype("boolean").fillna(says)
        elif column == "is_customer" and tables.has("accounts", column):
            flagged = with_account_columns(rows[["account_id"]], tables, (column,))[column]
            says = says.fillna(False) | flagged.astype("boolean").fillna(False)
        flags[column] = says.fillna(False).astype(bool)
    return rows.assign(**flags)


def _child_of(rows: pd.DataFrame, tables: Tables) -> NDArray[np.object_]:
    root = rows["account_id"].map(tables.children.set_index("account_id")["unit_id"])
    return _words(root, "child_of ")


def _excluded(rows: pd.DataFrame, tables: Tables, day: pd.Timestamp, *, undated: bool) -> NDArray[np.object_]:
    """The first reason by alphabet, of rules on the account before rules on its domain."""
    rules = known_rows(tables.frame("exclusions"), day, undated=undated).sort_values("reason", kind="stable")
    reason = pd.Series(pd.NA, rows.index, dtype="str")
    for key, same in (("account_id", _text), ("domain", _same)):
        if key not in rules or (values := column_of(rows, tables, key)) is None:
            continue
        named = rules.assign(key=same(rules[key])).dropna(subset="key").drop_duplicates("key").set_index("key")
        reason = reason.fillna(same(values).map(named["reason"]).astype("str"))
    return _words(reason, "excluded: ")


def _text(text: pd.Series) -> pd.Series:
    """Text as it is, since ids tell cases apart; empty is missing."""
    stripped = text.astype("str").str.strip()
    return stripped.where(stripped != "")


def _same(text: pd.Series) -> pd.Series:
    """Text that should match whatever its case."""
    return _text(text).str.lower()


def _closed(rows: pd.DataFrame, tables: Tables, standing: pd.DataFrame) -> NDArray[np.object_]:
    closed = rows["account_id"].map(standing["is_closed"]).astype("boolean").fillna(False).to_numpy(dtype=bool)
    return np.where(closed & (not tables.has_accounts), "deal_closed", "").astype(object)


def _overdue(rows: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> NDArray[np.object_]:
    if tables.has_accounts or not {"opened_at", "horizon_days"} <= set(rows):
        return np.full(len(rows), "", dtype=object)
    due = rows["opened_at"] + pd.to_timedelta(rows["horizon_days"].astype("float64"), unit="D")
    return np.where(due < day, "deal_past_horizon", "").astype(object)


def _outside(rows: pd.DataFrame, tables: Tables, policy: Policy) -> NDArray[np.object_]:
    gates = policy.gates
    reason = np.full(len(rows), "", dtype=object)
    for column, allowed in (("industry", gates.industries), ("country", gates.countries)):
        if allowed:
            value = _stated(rows, tables, column)
            outside = value.notna() & ~_same(value).isin([a.strip().lower() for a in allowed])
            reason = np.where(outside & (reason == ""), _words(value, f"{column} "), reason)
    if gates.min_employees is not None or gates.max_employees is not None:
        value = pd.to_numeric(_stated(rows, tables, "employees")).astype("float64")
        low = -np.inf if gates.min_employees is None else gates.min_employees
        high = np.inf if gates.max_employees is None else gates.max_employees
        for outside, said in ((value < low, f"under {low:,} employees"), (value > high, f"over {high:,} employees")):
            reason = np.where(outside & (reason == ""), said, reason)
    return reason


def _missing_fields(rows: pd.DataFrame, tables: Tables, policy: Policy) -> NDArray[np.object_]:
    missing = np.full(len(rows), "", dtype=object)
    for field in policy.gates.required:
        value = _stated(rows, tables, field)
        empty = (value.isna() | (value.astype("str") == "")).to_numpy(dtype=bool)
        missing[empty] = [f"{before};{field}" if before else field for before in missing[empty]]
    return missing


def _unscored(rows: pd.DataFrame) -> NDArray[np.object_]:
    """Rows without a value, where others have one; where nobody has, tiers rank by fit, if it tells them apart."""
    value = rows["expected_value"].astype("float64")
    if value.isna().all() and "fit_score" in rows:
        value = rows["fit_score"].astype("float64")
        if value.count() > 1 and value.min() == value.max():
            return np.full(len(rows), "nothing to rank by", dtype=object)
    return np.where(value.isna(), "not scored", "").astype(object)


def _contactable(rows: pd.DataFrame, tables: Tables, policy: Policy, standing: pd.DataFrame) -> pd.Series:
    since_loss = rows["account_id"].map(standing["days_since_loss"]).astype("float64")
    if "days_since_loss" in rows:
        since_loss = rows["days_since_loss"].astype("float64").fillna(since_loss)
    cooling = (policy.gates.cool_off_days > 0) & (since_loss <= policy.gates.cool_off_days)
    selling = rows["has_open_deal"] & tables.has_accounts
    return (rows["gate"] == QUALIFIED) & ~selling & ~rows["is_customer"] & ~cooling


def column_of(rows: pd.DataFrame, tables: Tables, column: str) -> pd.Series | None:
    """A column of the rows, else of the account table; None where nobody has it."""
    return with_account_columns(rows, tables, (column,)).get(column)


def _stated(rows: pd.DataFrame, tables: Tables, column: str) -> pd.Series:
    value = column_of(rows, tables, column)
    if value is None:
        near = difflib.get_close_matches(column, [*rows.columns, *tables.frame("accounts").columns], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; map it in [data.accounts], or drop the gate"
        raise SheetError(f"'tiers.gates' needs the column {column!r}, which no table has{hint}")
    return value


def _words(value: pd.Series, prefix: str) -> NDArray[np.object_]:
    """`prefix` and the value, empty where it is missing."""
    text = (prefix + value.astype("str")).astype(object)
    return np.asarray(text.where(value.notna(), ""), dtype=object)
