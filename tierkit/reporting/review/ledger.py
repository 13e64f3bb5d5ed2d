"""The ledger of what managers said: forms go in, and a month takes out what was known by its day."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tierkit.errors import SheetError
from tierkit.proof.agreement import REVIEW_COLUMNS, WEEKS
from tierkit.reporting import words
from tierkit.reporting.publish import hold_reports
from tierkit.reporting.review.chain import add_to_chain, check_chain_holds, read_chain
from tierkit.reporting.review.drawn import DRAWN, FOLDER, LEDGER
from tierkit.reporting.review.forms import read_forms
from tierkit.reporting.review.weeks import week_end
from tierkit.runsheet import read_sheet


@dataclass(frozen=True)
class KnownReviews:
    """What managers had said by some day.

    Attributes
    ----------
    rows : one answer a row, columns `REVIEW_COLUMNS`, by week, review and reviewer.
    broken : a sentence where the ledger was changed by hand; answers from there on are left out.
    """

    rows: pd.DataFrame
    broken: str

    @property
    def sources(self) -> pd.DataFrame:
        """These answers as an input of a run, as `Tables.sources` has them; no row where there are none."""
        text = json.dumps([self.rows.to_dict("list"), self.broken], sort_keys=True)
        row = {
            "table": "reviews",
            "file": LEDGER,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "n_rows": len(self.rows),
            "n_rejected": 0,
        }
        return pd.DataFrame([row]).iloc[: 1 if len(self.rows) or self.broken else 0]


def known_reviews(reports: Path, as_of: pd.Timestamp) -> KnownReviews:
    """The answers of the last `WEEKS` weeks that ended by `as_of`."""
    entries, broken = read_chain(reports / FOLDER / LEDGER)
    first = as_of - pd.Timedelta(weeks=WEEKS)
    known = [e for e in entries if first < week_end(e["week"]) <= as_of]
    known.sort(key=lambda e: (e["week"], e["review_id"], e["reviewer"]))
    rows = pd.DataFrame(known, columns=list(REVIEW_COLUMNS))
    kinds = {c: "int64" if c == "tier" else "str" for c in REVIEW_COLUMNS}
    return KnownReviews(rows.astype(kinds), broken)


def record_forms(paths: Sequence[Path], *, sheet: Path) -> list[str]:
    """Take filled forms into the ledger, all or none; what was done, in sentences.

    Raises
    ------
    SheetError : no sample was drawn yet.
    TableError : a form cannot be taken; every line that is why is named.
    TierkitError : the ledger was changed by hand.
    """
    settings = read_sheet(sheet)
    folder = settings.folder / settings.report.folder / FOLDER
    if not (folder / DRAWN).exists():
        raise SheetError(f"{folder}: no review was drawn yet (draw one with `tierkit review sample`)")
    with hold_reports(folder.parent):
        ledger = check_chain_holds(folder / LEDGER)
        new = read_forms(paths, check_chain_holds(folder / DRAWN), ledger)
        if not new:
            return [f"Nothing new: every answer stands in {folder / LEDGER} already."]
        add_to_chain(folder / LEDGER, new)
    n_agree = sum(e["verdict"] == "agree" for e in new)
    return [
        f"{words.things(len(new), 'answer')} recorded, {n_agree} of them agree with the tier.",
        f"Ledger: {folder / LEDGER}, {words.things(len(ledger) + len(new), 'answer')} in all",
    ]
