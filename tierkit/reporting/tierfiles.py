"""The tier files people read: tiers.csv, gates.csv, changes.csv."""

from pathlib import Path

import pandas as pd

from tierkit.reporting.spreadsheet import write_for_people

TIER_COLUMNS = (
    "account_id",
    "name",
    "owner_id",
    "tier",
    "tier_reason",
    "priority_rank",
    "expected_value",
    "valid_until",
    "next_step",
)
"""The nine columns of tiers.csv."""

GATE_COLUMNS = (
    "account_id",
    "gate",
    "gate_code",
    "gate_reason",
    "contactable",
    "missing_fields",
    "value_of_learning",
    "learn_first",
)
"""The columns of gates.csv."""


def valid_until(as_of: str | pd.Timestamp) -> pd.Timestamp:
    """The day before the next month's `as_of`: the last day on which the tiers of this one hold."""
    return pd.Timestamp(as_of) + pd.offsets.MonthEnd(1) - pd.Timedelta(days=1)


def stamp_tiers(tiers: pd.DataFrame, *, as_of: str | pd.Timestamp, run_id: str) -> pd.DataFrame:
    """The same rows plus valid_until and run_id.

    `valid_until` is the day before the next month's `as_of` (the last day of next month), or the end of the
    promotion window (`promoted_until`) where that comes first.
    """
    until = valid_until(as_of)
    stamped = tiers.copy().assign(valid_until=until, run_id=run_id)  # a copy is not fragmented
    if "promoted_until" in tiers:
        window = pd.to_datetime(tiers["promoted_until"])
        stamped["valid_until"] = stamped["valid_until"].where(window.isna() | (window > until), window)
    return stamped


def tiers_for_people(tiers: pd.DataFrame) -> pd.DataFrame:
    """The nine columns of tiers.csv, by tier, priority and account; a column the tiers lack is empty."""
    by = [c for c in ("tier", "priority_rank", "account_id") if c in tiers]
    return tiers.sort_values(by, kind="stable", ignore_index=True).reindex(columns=list(TIER_COLUMNS))


def write_tier_files(
    folder: Path, tiers: pd.DataFrame, gates: pd.DataFrame, changes: pd.DataFrame | None = None
) -> list[Path]:
    """Write tiers.csv, gates.csv and, where there was an earlier month, changes.csv; the paths written.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it.
    gates : one row per input account, as `gate_accounts` returns it.
    changes : as `tier_changes` returns it.
    """
    files = {"tiers.csv": tiers_for_people(tiers)}
    files["gates.csv"] = gates.sort_values("account_id", kind="stable").reindex(columns=list(GATE_COLUMNS))
    if changes is not None:
        files["changes.csv"] = changes.sort_values("account_id", kind="stable")
    for name, frame in files.items():
        write_for_people(frame, folder / name)
    return [folder / name for name in files]
