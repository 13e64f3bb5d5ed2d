"""What replayed months would have said of accounts had a field been known that became known only later."""

import numpy as np
import pandas as pd

from tierkit.features.asof import MISSING_FLAGS
from tierkit.features.fields import technology_flags
from tierkit.inputs.tables import Tables
from tierkit.proof.refits import Refit
from tierkit.tiering.gate_rules import missing_fields, outside
from tierkit.tiering.gates import NEEDS_INFO, OUT_OF_ICP, QUALIFIED
from tierkit.tiering.policy import Policy

LATER = (
    *("as_of", "account_id", "field", "known_at"),
    *("gate", "off_support", "win_prob", "open_prob", "expected_value", "fit_score"),
)
"""Columns of what later knowledge would have said; from the fifth on, what it would have changed."""


def later_values(tables: Tables, *, through: pd.Timestamp) -> pd.DataFrame:
    """What the history of accounts says of fields that may be unknown: account_id, field, known_at, value, by day.

    Without a history nothing is known to have become known, and the frame is empty.
    """
    history = tables.columns_of("account_history", ["account_id", "field", "known_at", "value"])
    if history.empty:
        return pd.DataFrame(columns=["account_id", "field", "known_at", "value"])
    rows = history[history["field"].isin(MISSING_FLAGS) & (history["known_at"] <= through)]
    rows = rows[rows["value"].notna() & (rows["value"].astype("str").str.strip() != "")]
    rows = rows.sort_values(["field", "account_id", "known_at", "value"], kind="stable", ignore_index=True)
    return rows[["account_id", "field", "known_at", "value"]]


def had_we_known(
    refit: Refit, gated: pd.DataFrame, later: pd.DataFrame, tables: Tables, policy: Policy, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Gates and scores of a month, one row per account and field it lacked then and somebody wrote down later.

    Parameters
    ----------
    gated : the month's gates with its features.
    later : as of `later_values`; the first value after `as_of` counts, with every column made of the field.

    Returns
    -------
    The columns `LATER`, by field and account_id: known_at is when the value came, gate what the account would have been
    with it (qualified, needs_info or out_of_icp), the rest its scores. Accounts that were neither qualified nor in need
    of information are left out: no field would have changed that.
    """
    open_rows = gated[gated["gate"].isin([QUALIFIED, NEEDS_INFO])]
    first = later[later["known_at"] > as_of].drop_duplicates(["field", "account_id"])
    parts = []
    for field, found in first.groupby("field", sort=True):
        mark = f"missing_{field}"
        if mark not in open_rows:
            continue
        lacking = open_rows[open_rows[mark] == 1].sort_values("account_id", kind="stable")
        lacking = lacking[lacking["account_id"].isin(found["account_id"])]
        if len(lacking):
            value = found.set_index("account_id").loc[lacking["account_id"]]
            filled = _with_value(lacking, str(field), value["value"].set_axis(lacking.index))
            parts.append(filled.assign(field=field, known_at=value["known_at"].to_numpy()))
    if not parts:
        return pd.DataFrame(columns=list(LATER))
    rows = pd.concat(parts, ignore_index=True)
    scored = refit.score(rows.drop(columns=["gate"]), tables, as_of=as_of)
    lacks = missing_fields(scored, tables, policy.gates) != ""
    out = outside(scored, tables, policy.gates).code != ""
    gate = np.where(out, OUT_OF_ICP, np.where(lacks | scored["expected_value"].isna(), NEEDS_INFO, QUALIFIED))
    kept = scored.assign(as_of=as_of, gate=gate).reindex(columns=list(LATER))
    return kept.astype({"field": "str", "gate": "str", "off_support": "bool"})


def _with_value(rows: pd.DataFrame, field: str, value: pd.Series) -> pd.DataFrame:
    """The rows with a field known: itself, its `missing_` mark, and the tools of a stack."""
    made: dict[str, float | pd.Series] = {f"missing_{field}": 0.0}
    if field == "technologies":
        flags = tuple(c.removeprefix("tech_") for c in map(str, rows) if c.startswith("tech_"))
        made |= {str(c): flag for c, flag in technology_flags(value.astype("str"), flags).items()}
    elif field in rows:
        made[field] = pd.to_numeric(value, errors="coerce") if rows[field].dtype == np.float64 else value.astype("str")
    return pd.DataFrame(rows.assign(**made))
