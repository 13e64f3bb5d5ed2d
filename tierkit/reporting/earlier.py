"""What earlier months said: the tiers in use before this one, and the last forecast."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.proof.observed import tiers_acted_on
from tierkit.proof.replayed_month import tiers_in_use
from tierkit.reporting.calendar import month_end
from tierkit.reporting.publish import previous_month, published_months
from tierkit.tiering.idle_rules import RUNS, PublishedMonth

_COLUMNS = ("account_id", "tier", "base_tier", "since", "tier_by", "tier_reason", "promoted_until")


def earlier_tiers(reports: Path, month: str, tables: Tables, as_of: pd.Timestamp) -> pd.DataFrame | None:
    """The tiers before `month`: of the latest month published before it, else those in use by `tier_history`.

    Returns
    -------
    account_id, tier, base_tier, since (day the account entered its base tier), tier_by, tier_reason, promoted_until
    (of tiers that tierkit set); None where nobody had tiers. Tiers that
    tierkit did not set have no base tier and no since: stability protects places won under capacity, not labels given
    without one.
    """
    folder = previous_month(reports, month)
    if folder is not None:
        return pd.read_parquet(folder / "tiers.parquet", columns=list(_COLUMNS))
    history = tables.frame("tier_history")
    if history.empty:
        return None
    tier = tiers_in_use(history, as_of).astype("Int64").rename("tier").rename_axis("account_id").reset_index()
    return tier.assign(base_tier=pd.array([pd.NA] * len(tier), dtype="Int64"))


def earlier_bookings(reports: Path, month: str) -> pd.DataFrame | None:
    """The forecast of the latest month published before `month`; None if there is none."""
    folder = previous_month(reports, month)
    path = None if folder is None else folder / "bookings.csv"
    return pd.read_csv(path, parse_dates=["as_of"]) if path is not None and path.exists() else None


def earlier_promises(reports: Path, month: str) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Every promise frozen before `month` with the tiers it froze; superseded runs keep theirs too."""
    found = []
    for folder in published_months(reports):
        if folder.name[:7] >= month or not (folder / "ledger.json").exists():
            continue
        tiers = pd.read_parquet(folder / "tiers.parquet")
        ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
        found += [(entry, tiers) for entry in ledger["frozen"]]
    return found


def earlier_months(reports: Path, month: str, *, n: int = RUNS - 1) -> list[PublishedMonth]:
    """The `n` months published last before `month`, the newest first; superseded runs do not count."""
    found = []
    for folder in islice(_months_before(reports, month), n):
        gates, overlays = (pd.read_csv(folder / f"{name}.csv", dtype="str") for name in ("gates", "overlays"))
        found.append(PublishedMonth(folder.name, gates, overlays, pd.read_parquet(folder / "tiers.parquet")))
    return found


def tier_record(reports: Path, month: str, tables: Tables) -> pd.DataFrame:
    """Which account was in which tier when: `tier_history`, then the months published before `month`.

    Runs that others took the place of do not count; the columns are those of `tiers_acted_on`.
    """
    columns = ["account_id", "tier", "tier_by"]
    published = [
        (month_end(folder.name), pd.read_parquet(folder / "tiers.parquet", columns=columns))
        for folder in _months_before(reports, month)
    ]
    return tiers_acted_on(tables.frame("tier_history"), published)


def _months_before(reports: Path, month: str) -> Iterator[Path]:
    """Folders of the months published before `month`, the newest first; superseded runs do not count."""
    while (folder := previous_month(reports, month)) is not None:
        month = folder.name
        yield folder
