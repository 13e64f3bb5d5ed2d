"""The form that people filled in: read as a spreadsheet left it, and refused with all its lines."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.coercion import as_text
from tierkit.inputs.files.reading import read_file
from tierkit.reporting.approval.proposals import ANSWERS
from tierkit.reporting.spreadsheet import guard

_NEEDED = ("account_id", "from_tier", "to_tier", *ANSWERS, "run")
_VERDICTS = {"yes": "yes", "y": "yes", "no": "no", "n": "no"}


def read_answers(path: Path, proposals: pd.DataFrame, *, run: str) -> pd.DataFrame:
    """What was said to each proposed move.

    Cells that were guarded against formulas are known again, and an account whose number a spreadsheet stripped of
    leading zeros is found by it, where no other fits.

    Parameters
    ----------
    path : proposals.csv filled in, also as Excel or with semicolons.
    proposals : as `propose_moves` returned them. run : what the form says it belongs to, `run_label`.

    Returns
    -------
    The proposals by account, with approved (yes, no), reason, approver and line.

    Raises
    ------
    TableError : a column is gone; or lines for another run, of unknown or repeated accounts, with edited tiers,
        without a verdict or a name; or moves without a line. All are named.
    """
    if proposals.empty:
        answers = proposals.assign(**dict.fromkeys(ANSWERS, ""), line=0)
        return answers.astype(dict.fromkeys(ANSWERS, "str"))
    raw = read_file(path)
    if gone := [name for name in _NEEDED if name not in raw.frame]:
        raise TableError(f"{raw.file}: column {gone[0]!r} is missing; fill in the form that the run wrote, {run}")
    cells = raw.frame[list(_NEEDED)].apply(as_text).fillna("")
    asked = pd.Index(proposals["account_id"])
    tiers = proposals[["from_tier", "to_tier"]].astype("Int64").astype("str").replace("<NA>", "").fillna("")
    stood = dict(zip(asked, tiers.to_dict("records"), strict=True))
    found = _find_accounts(cells["account_id"], asked)
    said: list[str] = []
    for line, account, row in zip(cells.index, found, cells.to_dict("records"), strict=True):
        said += [f"{raw.place} {line}: {breach}" for breach in _breaches(row, account, stood, run)]
    known = found[found != ""]
    for account, lines in known.groupby(known):
        if len(lines) > 1:
            said.append(f"{raw.place}s {', '.join(map(str, lines.index))}: account {account} stands more than once")
    said += [f"no {raw.place} for account {account}, a proposed move" for account in sorted(set(asked) - set(known))]
    if said:
        raise TableError(f"{raw.file}: nothing was committed; {'; '.join(said)}")
    cells.index = pd.Index(found)
    mine = cells.loc[asked]
    return proposals.assign(
        approved=mine["approved"].str.lower().map(_VERDICTS).to_numpy(),
        reason=mine["reason"].to_numpy(),
        approver=mine["approver"].to_numpy(),
        line=pd.Series(found.index, found).loc[asked].to_numpy(),
    )


def _find_accounts(cells: pd.Series, accounts: pd.Index) -> "pd.Series[str]":
    """The proposed account that each cell means, "" where none does."""
    exact = {guard(account): account for account in accounts} | {account: account for account in accounts}
    trimmed = {str(key).strip(): account for key, account in exact.items()}
    short: dict[str, list[str]] = {}
    for account in accounts:
        short.setdefault(account.lstrip("0"), []).append(account)
    by_number = {key: fits[0] for key, fits in short.items() if len(fits) == 1 and key.isdigit()}
    both = by_number | trimmed | exact
    return cells.map(lambda cell: both.get(cell, "")).astype("str")


def _breaches(row: dict[Hashable, Any], account: str, stood: dict[str, dict[Hashable, Any]], run: str) -> list[str]:
    """What is wrong with one line."""
    if row["run"] != run:
        return [f"belongs to {row['run'] or 'no run'!r}, and only the newest, {run!r}, can be approved"]
    if not account:
        return [f"account {row['account_id'] or 'without an id'!r} is not among the moves proposed"]
    said = []
    for name, was in stood[account].items():
        if row[name].removesuffix(".0") != was:
            said.append(f"{name} of {account} must stay {was or 'empty'}, got {row[name] or 'empty'}")
    verdict = row["approved"].lower()
    if verdict not in _VERDICTS:
        said.append(f"approved of {account} must be yes or no, got {row['approved'] or 'nothing'}")
    elif not row["approver"]:
        said.append(f"approver of {account} is missing: who says {verdict}?")
    return said
