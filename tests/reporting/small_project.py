"""A project of few accounts whose moves wait for approval: published without its notebooks, in a second."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner, Result

from tierkit.cli import app
from tierkit.inputs.opening import open_tables
from tierkit.reporting.approval.commits import answers_behind
from tierkit.reporting.calendar import as_of_month
from tierkit.reporting.manifest import read_manifest
from tierkit.reporting.outputs import write_evidence, write_tier_outputs
from tierkit.reporting.provenance import trace_run
from tierkit.reporting.publish import hold_reports, open_publication
from tierkit.reporting.runs import open_run
from tierkit.runsheet import read_sheet

N = 40
NAMES = {
    38: "=cmd()|'/C calc'!A0",
    37: "<script>alert(1)</script>",
    36: "שלום עולם",
    35: "x" * 200,
    34: "🚀 Rocket, \"Inc\"; 'quoted'\nsecond line",
    33: "'=already quoted",
    32: "-minus",
}
"""Names that a spreadsheet or a page could stumble over."""

SHEET = """
[data]
folder = "data"
data_through = "2026-12-31"
[tiers]
stability = "low"
strategic_slots = 0
promotion_share = 0.0
labels = ["=Best", "Good", "Rest"]
[report]
approval = {approval}
[report.writeback]
preset = "{preset}"
"""


def lay_project(folder: Path, *, approval: bool = True, preset: str = "plain") -> Path:
    """A run sheet and its tables; the run sheet."""
    (folder / "data").mkdir(parents=True)
    sheet = folder / "tierkit.toml"
    text = SHEET.replace("{approval}", str(approval).lower()).replace("{preset}", preset)
    sheet.write_text(text, encoding="utf-8")
    ids = [f"{i:04d}" for i in range(N)]
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "name": [NAMES.get(i, f"Firm {i}") for i in range(N)],
            "industry": ["software", "retail"] * (N // 2),
            "employees": [50 * (i + 1) for i in range(N)],
            "owner_id": ["ana" if i % 2 else "ben" for i in range(N)],
            "created_at": "2025-01-01",
        }
    )
    deals = pd.DataFrame(
        {
            "deal_id": [f"d{i}" for i in range(30)],
            "account_id": ids[:30],
            "outcome": ["won" if i % 3 == 0 else "lost" for i in range(30)],
            "opened_at": "2026-01-10",
            "closed_at": "2026-04-01",
        }
    )
    slots = {"tier1_slots": 2, "tier2_slots": 4, "known_at": "2025-01-01"}
    reps = pd.DataFrame([{"owner_id": o, "name": n, **slots} for o, n in (("ana", "Ana Lopez"), ("ben", "Ben Okafor"))])
    for name, frame in (("accounts", accounts), ("deals", deals), ("reps", reps)):
        frame.to_csv(folder / "data" / f"{name}.csv", index=False)
    decide(sheet, {})
    return sheet


def decide(sheet: Path, tiers: dict[str, int], *, created_at: str = "2026-08-15") -> None:
    """Put accounts into tiers by overrides in force from August on: the moves of a test."""
    rows = [
        {
            "account_id": a,
            "tier": t,
            "reason": "board",
            "author": "Kim",
            "created_at": created_at,
            "expires_at": "2027-06-30",
        }
        for a, t in {"0039": 3, **tiers}.items()
    ]
    pd.DataFrame(rows).to_csv(sheet.parent / "data" / "overrides.csv", index=False)


def publish(sheet: Path, month: str, *, replace: bool = False) -> Path:
    """Publish a month as `tierkit run` does, but for its pages; the folder."""
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    tables = open_tables(settings.data, root=settings.folder)
    with hold_reports(reports):
        sources = [tables.sources, *([b] if len(b := answers_behind(reports, month)) else [])]
        provenance = trace_run(
            month=month,
            as_of=as_of_month(month, settings),
            seed=settings.seed,
            parameters=settings.model_dump(mode="json", exclude={"limits"}),
            sources=pd.concat(sources, ignore_index=True),
        )
        with open_publication(reports, provenance, replace=replace) as publication:
            if not publication.unchanged:
                run = open_run(month, sheet=sheet, draft=sheet.parent / "draft" / provenance.run_id)
                rows = run.account_rows.assign(open_prob=0.5, win_prob=0.2, off_support=False)
                worth = rows.assign(expected_acv=100.0 * rows["employees"])
                worth["expected_value"] = 0.1 * worth["expected_acv"]
                run.keep(scores=worth, reasons=_reasons(rows))
                write_evidence(run, publication.folder, provenance)
                write_tier_outputs(run, publication.folder, provenance)
            ended = datetime.now(UTC).isoformat()
            return publication.publish(headline={}, times={"ended": ended})


def _reasons(rows: pd.DataFrame) -> pd.DataFrame:
    words = ["=1+1 people visited" if i == 0 else f"{i} people visited" for i in range(len(rows))]
    ids = rows["account_id"].sort_values().to_numpy()
    said = {"account_id": ids, "rank": 1, "feature": "f", "group": "behavioural", "contribution": 0.5, "words": words}
    return pd.DataFrame(said)


def answer(folder: Path, path: Path, verdicts: dict[str, str] | str, **columns: object) -> Path:
    """The form of a month filled in: one verdict for all, or by account (others "no")."""
    form = pd.read_csv(folder / "proposals.csv", dtype="str", keep_default_na=False)
    said = verdicts if isinstance(verdicts, str) else form["account_id"].map(verdicts).fillna("no")
    form.assign(**{"approved": said, "reason": "seen", "approver": "Kim Lead"} | columns).to_csv(path, index=False)
    return path


def cli(*arguments: object) -> Result:
    """What the command line says."""
    return CliRunner().invoke(app, [str(a) for a in arguments])


def approve(sheet: Path, file: Path, on: str = "2026-10-02") -> Result:
    """`tierkit approve`."""
    return cli("approve", file, "--sheet", sheet, "--on", on)


def tiers_of(path: Path) -> dict[str, int]:
    """Tier by account of a CSV or Parquet file."""
    rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"account_id": "str"})
    return dict(zip(rows["account_id"], rows["tier"].astype(int), strict=True))


def run_of(folder: Path) -> str:
    """The id of a published run."""
    return str(read_manifest(folder)["run_id"])
