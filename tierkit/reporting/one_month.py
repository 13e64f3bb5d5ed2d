"""One month on its way to publication: its notebooks under papermill, its pages, and its files."""

import json
import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import AuditError
from tierkit.inputs.tables import Tables
from tierkit.proof.audit import audit_breaches
from tierkit.reporting import words
from tierkit.reporting.ahead import work_ahead
from tierkit.reporting.approval.commits import answers_behind
from tierkit.reporting.calendar import as_of_month, check_month
from tierkit.reporting.children import Children
from tierkit.reporting.export import export_page
from tierkit.reporting.notebooks import NEEDS, check_parameters, notebook_folder, run_notebook
from tierkit.reporting.outputs import write_evidence, write_tier_outputs
from tierkit.reporting.provenance import Provenance, sha256_of, trace_run
from tierkit.reporting.publish import DRAFT, Publication, open_publication, take_over_draft
from tierkit.reporting.review.ledger import known_reviews
from tierkit.reporting.runs import ASKED, Run, open_run
from tierkit.runsheet import RunSheet, read_sheet
from tierkit.tiering.feasibility import check_policy

REPLAY, MISSES, PUBLISH = "replay", "misses", "publish"
"""Tasks of a month besides its notebooks: results worked out beside them, by their names, and what comes after all."""
LEARNS, LEARNED = "20_propensity", "win"
"""The notebook that decides which model is used, and what it keeps then."""
_LOOK_AGAIN = 0.2
"""Seconds until it is looked again whether it has."""


@dataclass(frozen=True)
class OneMonth:
    """One month on its way to publication."""

    name: str
    sheet: Path
    settings: RunSheet
    provenance: Provenance
    publication: Publication
    started: datetime
    pages: Executor
    """Where pages are made, while the next notebook runs."""
    children: Children
    thorough: bool
    making: list[Future[None]] = field(default_factory=list)
    learned: threading.Event = field(default_factory=threading.Event)
    """Set once the notebook that learns has ended."""

    @classmethod
    def open(
        cls,
        name: str,
        sheet: Path,
        tables: Tables,
        pages: Executor,
        children: Children,
        stack: ExitStack,
        *,
        replace: bool,
        thorough: bool,
    ) -> "OneMonth":
        """Check what can be checked before anything is fitted, and open a folder to write into."""
        started, settings = datetime.now(UTC), read_sheet(sheet)
        settings = settings.thorough() if thorough else settings
        as_of = as_of_month(name, settings)
        check_month(name, tables)
        check_policy(tables, settings.tiers, as_of=as_of)
        reports = settings.folder / settings.report.folder
        said = (known_reviews(reports, as_of).sources, answers_behind(reports, name))
        read = [tables.sources, _notebooks(notebook_folder(settings.folder)), *(part for part in said if len(part))]
        provenance = trace_run(
            month=name,
            as_of=as_of,
            seed=settings.seed,
            # Limits change no figure: whoever raises one gets the run that was asked for.
            parameters=settings.model_dump(mode="json", exclude={"limits"}),
            sources=pd.concat(read, ignore_index=True),
        )
        publication = stack.enter_context(open_publication(reports, provenance, replace=replace))
        month = cls(name, sheet, settings, provenance, publication, started, pages, children, thorough)
        if not publication.unchanged:
            for notebook in NEEDS:
                check_parameters(month.notebook(notebook), month.parameters)
        return month

    def begin(self, tables: Tables, together: Mapping[str, str]) -> int:
        """Keep the tables; how many results were there already, since the same run was killed before.

        Parameters
        ----------
        together : run_id by month of all that run side by side.
        """
        drafts = take_over_draft(self.publication, together)
        if self.thorough:
            (drafts / ASKED).write_text(json.dumps({"thorough": True}), encoding="utf-8")
        run = self.run()
        n_kept = run.draft.go_on()
        run.keep(tables=tables)
        return n_kept

    def notebook(self, name: str) -> Path:
        """The notebook of that name."""
        return notebook_folder(self.settings.folder) / f"{name}.ipynb"

    @property
    def parameters(self) -> dict[str, str]:
        """What each notebook is run with; in `draft` they keep what they make."""
        return {"month": self.name, "sheet": str(self.sheet), "draft": str(self.publication.folder / DRAFT)}

    def run(self) -> Run:
        """The month as its notebooks left it."""
        return open_run(**self.parameters)

    def work(self, name: str) -> None:
        """Publish the month, work out a result of it, or execute a notebook and have its page made."""
        if name == PUBLISH:
            self.publish()
            return
        if name == REPLAY:
            self.await_model()
        if name in (REPLAY, MISSES):
            work_ahead(name, self.parameters, children=self.children)
            return
        try:
            executed = run_notebook(self.notebook(name), self.parameters, children=self.children)
        finally:
            if name == LEARNS:
                self.learned.set()
        self.making.append(self.pages.submit(self.make_page, name, executed))

    def await_model(self) -> None:
        """Wait until the notebook that learns has kept its model, or ended without: the rest of it changes nothing."""
        draft = self.run().draft
        while not (self.learned.is_set() or draft.has(LEARNED)):
            time.sleep(_LOOK_AGAIN)

    def make_page(self, name: str, executed: Any) -> None:
        """Write the page of an executed notebook; the review becomes the month's index."""
        company, month = self.settings.report.company, words.month_name(self.name)
        review = name == "70_monthly_review"
        export_page(
            executed,
            self.publication.folder / ("index.html" if review else f"{name}.html"),
            title=f"{company}: {name.replace('_', ' ')[3:]}, {month}",
            hide_code=review,
            provenance=self.provenance.as_dict(),
            kicker=f"{company}, {month}",
        )

    def publish(self) -> None:
        """Write the files beside the pages, and publish them all unless the audit stops it."""
        for page in self.making:
            page.result()
        run, folder = self.run(), self.publication.folder
        breaches = audit_breaches(run.audit)
        headline = write_evidence(run, folder, self.provenance)
        if not breaches:
            write_tier_outputs(run, folder, self.provenance)
        shutil.rmtree(folder / DRAFT)
        times = {"started": self.started.isoformat(), "ended": datetime.now(UTC).isoformat()}
        if breaches:
            failed = self.publication.fail(headline=headline, times=times)
            review = failed / "index.html"
            raise AuditError(f"{self.name} was not published: {'; '.join(breaches)} (its page: {review})")
        self.publication.publish(headline=headline, times=times)


def _notebooks(folder: Path) -> pd.DataFrame:
    """The notebooks as inputs of the run: a changed line is another run."""
    paths = [folder / f"{name}.ipynb" for name in NEEDS]
    return pd.DataFrame(
        {
            "table": [f"notebook {path.stem}" for path in paths],
            "file": [path.name for path in paths],
            "sha256": [sha256_of(path) if path.exists() else "" for path in paths],
            "n_rows": 0,
            "n_rejected": 0,
        }
    )
