"""One month's run as a data scientist holds it: every table and model of the month, built when first asked for."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tierkit.inputs.sources import input_files
from tierkit.models.contest import size_column
from tierkit.proof.audit import audit_run
from tierkit.proof.backtest import backtest_policy
from tierkit.proof.bookings import reconcile_bookings
from tierkit.proof.judgement import score_judgement
from tierkit.proof.ledger import score_promises
from tierkit.proof.lift import lift_from_predictions, tier_lift
from tierkit.proof.stability import stability_cost
from tierkit.reporting.calendar import month_end
from tierkit.reporting.draft import Draft, kept
from tierkit.reporting.earlier import earlier_bookings, earlier_promises, tier_record
from tierkit.reporting.provenance import code_identity
from tierkit.reporting.tiered_month import TieredMonth
from tierkit.runsheet import RunSheet, read_sheet


@dataclass(frozen=True)
class Run(TieredMonth):
    """Everything one month is made of, in the order of the rooms: rows and models, tiers, proof.

    Each property reads what an earlier step kept in the draft, or builds it. `run.keep(win=...)` puts your own in its
    place, and every later step uses it.
    """

    @kept
    def steadiness(self) -> pd.DataFrame | None:
        """What each level of stability would cost this month; None where nobody held a tier before."""
        return stability_cost(self.gated, self.tables, self.sheet.tiers, as_of=self.as_of, previous=self.previous)

    @kept
    def judgement(self) -> pd.DataFrame:
        """Every override and strategic claim, and what became of the account."""
        record = tier_record(self.reports, self.month, self.tables)
        return score_judgement(self.tables, record, as_of=self.as_of, horizon_days=self.horizon_days)

    @kept
    def replay(self) -> pd.DataFrame | None:
        """The policy replayed month by month as if live; None where it cannot be."""
        if not (self.tables.has_accounts and self.tables.is_dated and self.can_train):
            return None
        return backtest_policy(
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            months=self.sheet.proof.months,
            seed=self.seed,
            features=self.sheet.features,
            models=self.sheet.models,
            proof=self.sheet.proof,
        )

    @kept
    def lift(self) -> pd.DataFrame | None:
        """Win rate by tier and how tiers compare, with intervals."""
        if self.replay is not None and len(self.replay):
            return tier_lift(self.replay, confidence=self.sheet.proof.confidence)
        if self.win is None or self.win.predictions.empty:
            return None
        predictions, size = self.win.predictions, size_column(self.deal_rows, self.sheet.models.size_column)
        if size is not None:
            predictions = predictions.merge(
                self.deal_rows[["row_id", size]].rename(columns={size: "size"}), on="row_id"
            )
        return lift_from_predictions(
            predictions,
            size_column=None if size is None else "size",
            kind=self.win.label,
            horizon_days=self.horizon_days,
            confidence=self.sheet.proof.confidence,
        )

    @kept
    def bookings(self) -> pd.DataFrame | None:
        """Expected value held against what was booked; None without dates and amounts."""
        if self.horizon is None or self.acv is None or self.win_in_use is None:
            return None
        return reconcile_bookings(
            self.scores,
            self.tables,
            as_of=self.as_of,
            horizon_days=self.horizon.days,
            last_forecast=earlier_bookings(self.reports, self.month),
        )

    @kept
    def audit(self) -> pd.DataFrame:
        """The run put to its own checks; a failed `stop` keeps the tiers from being published."""
        return audit_run(
            self.deal_rows,
            self.verdicts,
            self.win_in_use,
            self.gated,
            self.tiers,
            self.tables,
            self.sheet.tiers,
            as_of=self.as_of,
            seed=self.seed,
            features=self.sheet.features,
            models=self.sheet.models,
            promises=self.promises,
            waived=self.sheet.proof.publish_despite,
        )

    @kept
    def promises(self) -> pd.DataFrame:
        """Every earlier month's frozen predictions against what came of them."""
        return score_promises(earlier_promises(self.reports, self.month), self.tables, as_of=self.as_of)


ASKED = "asked.json"
"""What the command line asked for beyond the sheet, beside the drafts, so that every notebook of the run follows it."""


def open_run(month: str, *, sheet: str | Path = "../tierkit.toml", draft: str | Path | None = None) -> Run:
    """Open a month: read what earlier steps kept, build what is missing.

    Parameters
    ----------
    month : "YYYY-MM".
    sheet : the run sheet.
    draft : folder of kept results; `reports/.draft` beside the sheet unless given.

    Raises
    ------
    SheetError : the month or the sheet is not valid.
    TableError : a table breaks its contract, or the data do not reach the month.
    """
    month_end(month)
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    folder = Path(draft) if draft else reports / ".draft"
    if (asked := folder / ASKED).exists() and json.loads(asked.read_text(encoding="utf-8")).get("thorough"):
        settings = settings.thorough()
    return Run(month, settings, Draft(folder / month, fingerprint(settings, month)), reports)


def fingerprint(sheet: RunSheet, month: str) -> str:
    """What a month's results depend on: inputs (by size and time of change), sheet, month, seed and code."""
    digest = hashlib.sha256()
    for part in (month, sheet.model_dump_json(exclude={"report"}), code_identity()["sha256"]):
        digest.update(str(part).encode())
    for path in input_files(sheet.data, root=sheet.folder):
        stat = path.stat()
        digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()
