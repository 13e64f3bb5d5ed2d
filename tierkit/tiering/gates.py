"""Gates: which accounts are qualified, suppressed, in need of information, or outside the ICP."""

import numpy as np
import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.tables import Tables
from tierkit.tiering.gate_rules import (
    Ruled,
    child_of,
    closed,
    excluded,
    missing_fields,
    outside,
    overdue,
    unscored,
)
from tierkit.tiering.policy import Policy
from tierkit.tiering.standing import among, deal_standing, with_account_columns

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
    deals; with gate, gate_code (one of `GATE_CODES`, to count by), gate_reason (in words), contactable, missing_fields
    (`;` between), value_of_learning (empty so far). The first gate that applies decides: child, exclusion, closed deal,
    deal open for longer than its `horizon_days` (it can no longer be won within them), ICP, missing fields, nothing to
    rank by. An unknown value is not outside the ICP. Open deals, customers and the cool-off after a loss change
    `contactable`, not the gate; where each deal is its own account an open deal is what we sell, and stays contactable.

    Raises
    ------
    TableError : an account is scored twice, or is not in the account table; a column is missing.
    SheetError : a gate is set on a column that no table has.
    """
    day = pd.Timestamp(as_of)
    standing = deal_standing(tables, day)
    rows = _input_rows(check_scores(scores), tables, standing, day)
    gated, code, reason = (np.full(len(rows), "", dtype=object) for _ in range(3))
    missing = missing_fields(rows, tables, policy.gates)
    out = excluded(rows, tables, policy.gates, day, undated=undated_policy)
    for gate, ruled in (
        (SUPPRESSED, child_of(rows, tables, out)),
        (SUPPRESSED, out),
        (SUPPRESSED, closed(rows, tables, standing)),
        (SUPPRESSED, overdue(rows, tables, day)),
        (OUT_OF_ICP, outside(rows, tables, policy.gates)),
        (NEEDS_INFO, Ruled.where(missing != "", "missing_fields", "missing " + missing)),
        (NEEDS_INFO, unscored(rows)),
        (QUALIFIED, Ruled.where(np.full(len(rows), True), "passes", "passes")),
    ):
        here = (gated == "") & (ruled.code != "")
        gated[here] = gate
        code[here] = ruled.code[here]
        reason[here] = ruled.words[here]
    rows = rows.assign(
        gate=pd.Series(gated, rows.index, dtype="str"),
        gate_code=pd.Series(code, rows.index, dtype="str"),
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


def _contactable(rows: pd.DataFrame, tables: Tables, policy: Policy, standing: pd.DataFrame) -> pd.Series:
    since_loss = rows["account_id"].map(standing["days_since_loss"]).astype("float64")
    if "days_since_loss" in rows:
        since_loss = rows["days_since_loss"].astype("float64").fillna(since_loss)
    cooling = (policy.gates.cool_off_days > 0) & (since_loss <= policy.gates.cool_off_days)
    selling = rows["has_open_deal"] & tables.has_accounts
    return (rows["gate"] == QUALIFIED) & ~selling & ~rows["is_customer"] & ~cooling
