"""The figures of every published month, read from its files, for the trends across months."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.reporting.sections.lift import lead_lift

COLUMNS = (
    "month",
    "tier1",
    "entered",
    "left",
    "moved_share",
    "lift",
    "lift_low",
    "lift_high",
    "lift_kind",
    "needs_info",
    "expected",
    "booked",
    "currency",
)


def read_month_figures(folders: Sequence[Path]) -> pd.DataFrame:
    """One row per published month, the oldest first.

    Parameters
    ----------
    folders : published months, named YYYY-MM.

    Returns
    -------
    month, tier1 (accounts in it), entered and left (Tier 1), moved_share (accounts that changed tier, of all tiered),
    lift with lift_low and lift_high (the ratio the page led with) and lift_kind, needs_info (accounts), expected
    (value of the coming horizon), booked (in the last one; both missing where they did not reconcile), currency.
    A figure is missing where its file, or a column of it, is.
    """
    rows = [_figures(folder) for folder in sorted(folders, key=lambda f: f.name)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"month": folder.name}
    tiers = _read(folder / "tiers.csv", ["tier"])
    changes = _read(folder / "changes.csv", ["from_tier", "to_tier"])
    if tiers is not None:
        found["tier1"] = int((tiers["tier"] == 1).sum())
    if changes is not None:
        found["entered"] = int((changes["to_tier"] == 1).sum())
        found["left"] = int((changes["from_tier"] == 1).sum())
        if tiers is not None and len(tiers):
            between = changes["from_tier"].notna() & changes["to_tier"].notna()
            found["moved_share"] = float(between.sum() / len(tiers))
    gates = _read(folder / "gates.csv", ["gate"])
    if gates is not None:
        found["needs_info"] = int((gates["gate"] == "needs_info").sum())
    best = lead_lift(_read(folder / "tier_lift.csv"))
    if best is not None:
        found |= {"lift": best.ratio, "lift_low": best.ratio_low, "lift_high": best.ratio_high, "lift_kind": best.kind}
    bookings = _read(folder / "bookings.csv", ["expected", "booked", "currency", "ok"])
    if bookings is not None and len(bookings) and bool(bookings["ok"].iloc[0]):
        found |= {c: bookings[c].iloc[0] for c in ("expected", "booked", "currency")}
    return found


def _read(path: Path, columns: list[str] | None = None) -> pd.DataFrame | None:
    """A table of a month; None where it is missing, lacks a column or is no longer a table."""
    try:
        return pd.read_csv(path, usecols=columns)
    except (OSError, ValueError):
        return None
