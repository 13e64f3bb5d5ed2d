"""A project with a published month, small enough to review for half a year."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tests.reporting import example
from tierkit.reporting.manifest import write_manifest
from tierkit.reporting.provenance import Provenance, identify_run
from tierkit.reporting.spreadsheet import write_for_people
from tierkit.reporting.tierfiles import stamp_tiers

DEALS = "deal_id,account_id,outcome,opened_at,closed_at\n1,A0001,won,2026-01-05,2026-02-01\n"


def make_project(folder: Path, *, n: int = 230, report: str = "", months: tuple[str, ...] = ("2026-10",)) -> Path:
    """A run sheet whose reports hold `months`, made of the made-up company; its path."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "deals.csv").write_text(DEALS)
    reps = "".join(f"rep{i + 1},{name}\n" for i, name in enumerate(example.REPS))
    (folder / "data" / "reps.csv").write_text(f"owner_id,name\n{reps}")
    sheet = folder / "tierkit.toml"
    sheet.write_text(f'[data]\nfolder = "data"\n[report]\n{report}\n')
    for month in months:
        publish(folder / "reports", month, example.make_tiers(n))
    return sheet


def publish(reports: Path, month: str, tiers: pd.DataFrame, *, run: Mapping[str, object] | None = None) -> Path:
    """Put a month of these tiers in place; its folder."""
    folder = reports / month
    folder.mkdir(parents=True)
    as_of = pd.Period(month, freq="M").end_time.normalize()
    stamp_tiers(tiers, as_of=as_of, run_id="r").to_parquet(folder / "tiers.parquet", index=False)
    example.make_reasons(tiers).to_parquet(folder / "reasons.parquet", index=False)
    write_for_people(example.make_changes(tiers), folder / "changes.csv")
    example.make_reconciliation().to_csv(folder / "bookings.csv", index=False)
    identity = {"month": month, "seed": 1, "parameters": run or {}, "inputs": ()}
    run_id = identify_run(month=month, seed=1, parameters=run or {}, inputs=(), code_sha256="c")
    provenance = Provenance(run_id, as_of=f"{as_of:%Y-%m-%d}", code={"sha256": "c"}, versions={}, **identity)
    write_manifest(folder, provenance, headline={}, times={})
    return folder


def fill(form: Path, verdicts: list[str] | None = None, **cells: str) -> pd.DataFrame:
    """Fill a form in place: the verdicts in turn (all agree unless given), and the same cells on every row."""
    rows = pd.read_csv(form, dtype="str", keep_default_na=False)
    said = verdicts or ["agree"]
    rows["verdict"] = [said[i % len(said)] for i in range(len(rows))]
    for column, value in cells.items():
        rows[column] = value
    rows.to_csv(form, index=False)
    return rows
