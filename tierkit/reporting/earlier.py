"""What earlier months said: the tiers in use before this one, their forecasts and their promises."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import TierkitError
from tierkit.inputs.tables import Tables
from tierkit.proof.in_use import tiers_in_use
from tierkit.reporting.approval.commits import tiers_acted_upon
from tierkit.reporting.calendar import month_end
from tierkit.reporting.publish import previous_month, published_months
from tierkit.tiering.idle_rules import RUNS, PublishedMonth

_COLUMNS = ("account_id", "tier", "base_tier", "since", "tier_by", "tier_reason", "promoted_until")


def earlier_tiers(reports: Path, month: str, tables: Tables, as_of: pd.Timestamp) -> pd.DataFrame | None:
    """The tiers before `month`: put in force by the latest month published before it, else by `tier_history`.

    Of a month that asked for approval those committed; a month whose moves were never approved is passed over.

    Returns
    -------
    account_id, tier, base_tier, since (day the account entered its base tier), tier_by, tier_reason, promoted_until
    (of tiers that tierkit set); None where nobody had tiers. Tiers that
    tierkit did not set have no base tier and no since: stability protects places won under capacity, not labels given
    without one.
    """
    for folder in _months_before(reports, month):
        if (tiers := tiers_acted_upon(folder)) is not None:
            return tiers[list(_COLUMNS)]
    history = tables.frame("tier_history")
    if history.empty:
        return None
    tier = tiers_in_use(history, as_of).astype("Int64").rename("tier").rename_axis("account_id").reset_index()
    return tier.assign(base_tier=pd.array([pd.NA] * len(tier), dtype="Int64"))


def earlier_reasons(reports: Path, month: str) -> pd.DataFrame | None:
    """The reasons of the latest month published before `month`; None if there is none, or it did not say what people
    saw of them."""
    folder = previous_month(reports, month)
    if folder is None or not (folder / "reasons.parquet").exists():
        return None
    reasons = pd.read_parquet(folder / "reasons.parquet")
    return reasons if "shown" in reasons else None


def earlier_bookings(reports: Path, month: str) -> pd.DataFrame | None:
    """The forecasts of the months published before `month`, oldest first; None if there are none."""
    paths = [folder / "bookings.csv" for folder in reversed(list(_months_before(reports, month)))]
    found = [pd.read_csv(path, parse_dates=["as_of"]) for path in paths if path.exists()]
    return pd.concat([f.dropna(axis="columns", how="all") for f in found], ignore_index=True) if found else None


def earlier_ledgers(reports: Path, month: str) -> dict[str, Any]:
    """The ledger of every month published before `month`, by the name of its folder; superseded runs keep theirs.

    Raises
    ------
    TierkitError : a ledger cannot be read.
    """
    found = {}
    for folder in published_months(reports):
        path = folder / "ledger.json"
        if folder.name[:7] >= month or not path.exists():
            continue
        try:
            found[folder.name] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TierkitError(f"{path}: not a ledger ({error}); put the file back from a backup") from None
    return found


def earlier_promises(reports: Path, month: str) -> list[tuple[dict[str, Any], pd.DataFrame | None]]:
    """Every promise frozen before `month` with the tiers it froze; superseded runs keep theirs too.

    None in place of tiers that are gone.
    """
    ledgers = earlier_ledgers(reports, month)
    found: list[tuple[dict[str, Any], pd.DataFrame | None]] = []
    for folder in published_months(reports):
        if (ledger := ledgers.get(folder.name)) and ledger["frozen"]:
            path = folder / "tiers.parquet"
            tiers = pd.read_parquet(path) if path.exists() else None
            found += [(entry, tiers) for entry in ledger["frozen"]]
    return found


def earlier_months(reports: Path, month: str, *, n: int = RUNS - 1) -> list[PublishedMonth]:
    """The `n` months published last before `month`, the newest first; superseded runs do not count."""
    found = []
    for folder in islice(_months_before(reports, month), n):
        gates, overlays = (pd.read_csv(folder / f"{name}.csv", dtype="str") for name in ("gates", "overlays"))
        found.append(PublishedMonth(folder.name, gates, overlays, pd.read_parquet(folder / "tiers.parquet")))
    return found


def published_tiers(reports: Path, month: str) -> list[tuple[pd.Timestamp, pd.DataFrame]]:
    """Day and tiers of every month published before `month`, the newest first; superseded runs do not count.

    Where approval was asked, tiers as committed beside the base tiers that were proposed; a month never approved put
    nothing in force.
    """
    columns = ["account_id", "owner_id", "tier", "base_tier", "tier_by", "expected_value"]
    found = []
    for folder in _months_before(reports, month):
        if (tiers := tiers_acted_upon(folder)) is not None:
            tiers = tiers.assign(base_tier=tiers["proposed_base_tier"]) if "proposed_base_tier" in tiers else tiers
            found.append((month_end(folder.name), tiers.reindex(columns=columns)))
    return found


def _months_before(reports: Path, month: str) -> Iterator[Path]:
    """Folders of the months published before `month`, the newest first; superseded runs do not count."""
    while (folder := previous_month(reports, month)) is not None:
        month = folder.name
        yield folder
