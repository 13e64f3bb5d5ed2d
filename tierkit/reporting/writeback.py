"""What goes back to the CRM, and what undoes it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tierkit.reporting.reasons import split_reasons
from tierkit.reporting.spreadsheet import write_for_people

COLUMNS = (
    "account_id",
    "tier",
    "tier_label",
    "score",
    "top_reasons",
    "as_of",
    "run_id",
    "valid_until",
    "previous_tier",
)
"""The columns of crm_writeback.csv."""


def build_writeback(
    tiers: pd.DataFrame,
    gates: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    previous: pd.DataFrame | None,
    as_of: str | pd.Timestamp,
    run_id: str,
    labels: Sequence[str],
) -> pd.DataFrame:
    """One row per account whose tier fields the CRM should now hold (requirement E6).

    Qualified accounts carry their tier; of the others only those whose earlier tier must be cleared, with empty
    fields. `previous_tier` is what the CRM held before: writing it back reverts the run.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it; `score` is 100 times the rank by expected value, from 0 to 100.
    previous : columns account_id, tier; None in a first month.
    labels : names of the tiers, best first.
    """
    rows = tiers.sort_values("account_id", kind="stable", ignore_index=True)
    why = split_reasons(reasons).reindex(rows["account_id"])
    score = rows["expected_value"].rank(method="average", pct=True).mul(100).round(1)
    kept = pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "tier": rows["tier"].astype("Int64"),
            "tier_label": [labels[int(t) - 1] for t in rows["tier"]],
            "score": score,
            "top_reasons": ["; ".join(x) if isinstance(x, tuple) else "" for x in why["reasons_for"]],
            "valid_until": rows.get("valid_until", pd.NaT),
        }
    )
    held = pd.Series(dtype="Int64")
    if previous is not None:
        held = previous.dropna(subset=["tier"]).set_index("account_id")["tier"].astype("Int64")
    out = gates.loc[gates["gate"] != "qualified", "account_id"]
    cleared = sorted(set(out) & set(held.index) - set(kept["account_id"]))
    kept = kept.reindex(index=range(len(kept) + len(cleared)))
    kept.loc[len(rows) :, "account_id"] = cleared
    kept["as_of"] = pd.Timestamp(as_of)
    kept["run_id"] = run_id
    kept["previous_tier"] = kept["account_id"].map(held).astype("Int64")
    return kept.sort_values("account_id", kind="stable", ignore_index=True)[list(COLUMNS)]


def revert_writeback(writeback: pd.DataFrame) -> pd.DataFrame:
    """The rows that undo a write-back: account_id and the tier held before, empty where there was none."""
    return pd.DataFrame({"account_id": writeback["account_id"], "tier": writeback["previous_tier"]})


def write_writeback(folder: Path, writeback: pd.DataFrame) -> Path:
    """Write crm_writeback.csv under `folder`; its path."""
    path = folder / "crm_writeback.csv"
    write_for_people(writeback, path)
    return path
