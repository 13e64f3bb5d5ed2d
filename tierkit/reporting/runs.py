"""One month's run as a data scientist holds it: every table and model of the month, built when first asked for."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import SheetError, TableError
from tierkit.features.asof import build_account_rows, build_deal_rows, build_panel_rows
from tierkit.features.fit import Icp, fit_icp, score_fit
from tierkit.features.horizon import Horizon, win_horizon
from tierkit.features.leaks import screen_features
from tierkit.features.readiness import Readiness, check_readiness
from tierkit.inputs.tables import Tables, open_tables
from tierkit.reporting.draft import Draft, kept
from tierkit.reporting.publish import latest_tiers, source_hash
from tierkit.runsheet import RunSheet, read_sheet


@dataclass(frozen=True)
class Run:
    """Everything one month is made of, in the order of the rooms.

    Each property reads what an earlier step kept in the draft, or builds it. `run.keep(win=...)` puts your own in its
    place, and every later step uses it.
    """

    month: str
    sheet: RunSheet
    draft: Draft
    reports: Path

    def keep(self, **results: Any) -> None:
        """Put results in place of those the run would build: `run.keep(win=my_model)`."""
        for name, value in results.items():
            if not isinstance(getattr(type(self), name, None), kept):
                raise SheetError(f"run.keep: {name!r} is not a part of a run; parts are {', '.join(parts_of_a_run())}")
            self.draft.keep(name, value)

    @property
    def seed(self) -> int:
        """Seed of everything random in the run."""
        return self.sheet.seed

    @kept
    def tables(self) -> Tables:
        """The company's tables, checked."""
        tables = open_tables(self.sheet.data, root=self.sheet.folder)
        _check_month(self.month, tables)
        return tables

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """Last day of the month, or of the data where the sheet says they end within it."""
        end = month_end(self.month)
        stated = self.sheet.data.data_through
        return min(end, pd.Timestamp(stated)) if stated and pd.Timestamp(stated) >= end.replace(day=1) else end

    @kept
    def horizon(self) -> Horizon:
        """Days a deal has to be won."""
        return win_horizon(self.tables, before=self.as_of, settings=self.sheet.features)

    @kept
    def deal_rows(self) -> pd.DataFrame:
        """One row per new-business deal, features as known before it opened."""
        return build_deal_rows(
            self.tables, before=self.as_of, settings=self.sheet.features, horizon_days=self.horizon.days
        )

    @kept
    def readiness(self) -> Readiness:
        """Whether there is enough to learn from."""
        return check_readiness(self.deal_rows)

    @kept
    def panel_rows(self) -> pd.DataFrame:
        """One row per account and quarter, and whether a deal opened after it; empty without accounts."""
        if not (self.tables.has_accounts and self.tables.is_dated):
            return pd.DataFrame()
        return build_panel_rows(
            self.tables, before=self.as_of, settings=self.sheet.features, horizon_days=self.horizon.days
        )

    @kept
    def icp(self) -> Icp:
        """The ideal customer profile, stated or learned."""
        return fit_icp(self.deal_rows, self.sheet.features)

    @kept
    def account_rows(self) -> pd.DataFrame:
        """One row per account (or open deal) to be tiered, features as known on `as_of`, with fit."""
        rows = build_account_rows(self.tables, as_of=self.as_of, settings=self.sheet.features)
        return score_fit(rows, self.icp, self.tables, as_of=self.as_of)

    @kept
    def verdicts(self) -> pd.DataFrame:
        """A verdict, a figure and a reason for every column a win model might use."""
        return screen_features(
            self.deal_rows,
            scoring=self.account_rows,
            known_at_close=self.tables.known_at_close,
            settings=self.sheet.features,
        )

    @kept
    def opening_verdicts(self) -> pd.DataFrame:
        """The same for the model of opening."""
        if self.panel_rows.empty:
            return self.verdicts.iloc[:0]
        return screen_features(
            self.panel_rows, label="opened_in_horizon", scoring=self.account_rows, settings=self.sheet.features
        )


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
    return Run(month, settings, Draft(folder / month, fingerprint(settings, month)), reports)


def month_end(month: str) -> pd.Timestamp:
    """Last day of "YYYY-MM".

    >>> month_end("2024-02").date().isoformat()
    '2024-02-29'
    """
    try:
        return pd.Period(month, freq="M").end_time.normalize()
    except ValueError:
        raise SheetError(f"month must be YYYY-MM, got {month!r}") from None


def parts_of_a_run() -> list[str]:
    """Names of everything a run keeps."""
    return [name for name, value in vars(Run).items() if isinstance(value, kept)]


def fingerprint(sheet: RunSheet, month: str) -> str:
    """Hash of all a month's results depend on: inputs, sheet, month, seed and code."""
    digest = hashlib.sha256()
    for part in (month, sheet.model_dump_json(exclude={"report"}), source_hash()):
        digest.update(part.encode())
    for path in input_files(sheet):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def input_files(sheet: RunSheet) -> list[Path]:
    """The files the sheet names, or those of its folder where it names none."""
    raise NotImplementedError


def _check_month(month: str, tables: Tables) -> None:
    if not tables.is_dated:
        return
    first = tables.frame("deals")["opened_at"].min()
    end = month_end(month)
    if end < first:
        raise TableError(f"deals: the data begin on {first.date()}, after {month}; choose a later month")
    last = tables.data_through
    if last is not None and end.to_period("M") > last.to_period("M"):
        raise TableError(f"the data reach {last.date()}; {month} is not covered yet (choose {last:%Y-%m} or earlier)")
