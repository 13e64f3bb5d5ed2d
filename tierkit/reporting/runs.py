"""One month's run as a data scientist holds it: every table and model of the month, built when first asked for."""

import hashlib
import json
from pathlib import Path

from tierkit.inputs.sources import input_files
from tierkit.reporting.approval.commits import answers_behind
from tierkit.reporting.calendar import month_end
from tierkit.reporting.draft import Draft
from tierkit.reporting.proven_month import ProvenMonth
from tierkit.reporting.provenance import code_identity
from tierkit.runsheet import RunSheet, read_sheet


class Run(ProvenMonth):
    """Everything one month is made of, in the order of the rooms: rows and models, tiers, proof.

    Each property reads what an earlier step kept in the draft, or builds it. `run.keep(win=...)` puts your own in its
    place, and every later step uses it.
    """


ASKED = "asked.json"
"""What the command line asked for beyond the sheet, beside the drafts, so that every notebook of the run follows it."""


def open_run(month: str, *, sheet: str | Path = "../tierkit.toml", draft: str | Path | None = None) -> Run:
    """Open a month: read what earlier steps kept, build what is missing.

    What is kept is built anew where sheet, files, SQL files or code have changed. Changes inside a database cannot be
    seen from here: a draft keeps the tables as it first read them. Remove its folder (`reports/.draft/MONTH`) to ask
    the database again. `tierkit run` always reads anew.

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
    """What a month's results depend on: inputs (by size and time of change), sheet, month, seed, code, and answers."""
    digest = hashlib.sha256()
    for part in (month, sheet.model_dump_json(exclude={"report", "limits"}), code_identity()["sha256"]):
        digest.update(str(part).encode())
    for answers in answers_behind(sheet.folder / sheet.report.folder, month)["sha256"]:
        digest.update(str(answers).encode())
    for path in input_files(sheet.data, root=sheet.folder):
        stat = path.stat()
        digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()
