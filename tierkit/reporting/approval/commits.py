"""What people have committed: one sealed folder for each answer, never changed, beside the published months.

`reports/committed/2026-10-RUN/` holds the tiers, the write-back, what reverts it, and `ledger.json`: who said yes or no
to what, and the hash of the answers before. A month that is run anew leaves the answer to the run before standing until
the new proposals are answered.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import TierkitError
from tierkit.proof.ledger_chain import BROKEN, check_chain
from tierkit.reporting.approval.proposals import ASKED
from tierkit.reporting.manifest import NAME, changed_files, read_manifest
from tierkit.reporting.publish import published_months
from tierkit.reporting.writeback import WRITEBACK

FOLDER = "committed"
_DECIDED = ["month", "as_of", "account_id", "name", "from_tier", "to_tier", "approved", "reason", "approver"]


@dataclass(frozen=True)
class Commit:
    """One answer that was committed.

    Attributes
    ----------
    number : 1 for the first ever, 2 for the next. answers : sha256 of the run and what was said to each move.
    decided_at : day or moment of the answer, as it was given.
    """

    folder: Path
    month: str
    run_id: str
    number: int
    answers: str
    decided_at: str


def read_commits(reports: Path) -> list[Commit]:
    """Every answer committed, the oldest first."""
    found = []
    for path in sorted((reports / FOLDER).glob(f"*/{NAME}")):
        known = read_manifest(path.parent)
        try:
            month, run_id, answers, decided_at = (known[k] for k in ("month", "run_id", "answers", "decided_at"))
            found.append(Commit(path.parent, month, run_id, int(known["number"]), answers, decided_at))
        except (KeyError, TypeError, ValueError) as error:
            raise TierkitError(f"{path}: changed after it was committed ({error!r}); put it back") from None
    return sorted(found, key=lambda c: (c.number, c.folder.name))


def last_commit(reports: Path, month: str) -> Commit | None:
    """The answer that stands for a month, whichever of its runs it was given to; None without one."""
    return max((c for c in read_commits(reports) if c.month == month), key=lambda c: c.number, default=None)


def tiers_acted_upon(folder: Path) -> pd.DataFrame | None:
    """The tiers that a published month put in force: those committed where it asked for approval; None where its
    moves were never approved, so that the tiers before it stand.
    """
    if not (folder / ASKED).is_file():
        return pd.read_parquet(folder / "tiers.parquet")
    commit = last_commit(folder.parent, folder.name)
    return None if commit is None else pd.read_parquet(commit.folder / "tiers.parquet")


def standing_tiers(reports: Path, month: str, previous: pd.DataFrame | None, *, n_tiers: int) -> pd.DataFrame:
    """The tiers that stand until the moves of `month` are approved: what an earlier run of it put in force, else
    `previous`; with no tier below the last of the sheet.

    Returns
    -------
    The columns of `previous`, or account_id and tier without one.
    """
    again = reports / month
    stands = tiers_acted_upon(again) if (again / NAME).is_file() else None
    if stands is None:
        stands = previous
    if stands is None:
        return pd.DataFrame({"account_id": pd.Series(dtype="str"), "tier": pd.Series(dtype="Int64")})
    stands = stands.dropna(subset=["tier"])
    if previous is not None:
        stands = stands[[c for c in stands.columns if c in previous.columns]]
    return stands.assign(tier=stands["tier"].astype("Int64").clip(upper=n_tiers)).reset_index(drop=True)


def written_back(reports: Path, month: str) -> list[Path]:
    """Every crm_writeback.csv up to `month` in the order in which they were made, superseded ones too."""
    found = []
    for folder in published_months(reports):
        stamp = str(read_manifest(folder).get("times", {}).get("ended", ""))
        found.append((folder.name[:7], stamp, 0, folder / WRITEBACK))
    found += [(c.month, c.decided_at, c.number, c.folder / WRITEBACK) for c in read_commits(reports)]
    return [path for name, *_, path in sorted(found) if name <= month and path.is_file()]


def earlier_answers(reports: Path, month: str) -> pd.DataFrame:
    """What people said to each move before `month`, in the order they said it.

    Returns
    -------
    month, as_of, account_id, name, from_tier (missing: new), to_tier, approved (yes, no), reason, approver.
    """
    ledgers = [ledger for name, ledger in read_ledgers(reports).items() if name[:7] < month]
    rows = [
        {"month": ledger["month"], "as_of": ledger["as_of"], **row} for ledger in ledgers for row in ledger["decisions"]
    ]
    table = pd.DataFrame(rows, columns=_DECIDED)
    kinds = {"from_tier": "Int64", "to_tier": "Int64", "as_of": "datetime64[us]"}
    return table.astype(dict.fromkeys((c for c in _DECIDED if c not in kinds), "str") | kinds)


def read_ledgers(reports: Path) -> dict[str, dict[str, Any]]:
    """The ledger of every answer by the name of its folder, the oldest first.

    Raises
    ------
    TierkitError : a ledger is gone or cannot be read.
    """
    found = {}
    for commit in read_commits(reports):
        path = commit.folder / "ledger.json"
        try:
            found[commit.folder.name] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TierkitError(f"{path}: not a ledger ({error}); put the file back from a backup") from None
    return found


def verify_commits(reports: Path, month: str) -> list[str]:
    """What differs from the answers to `month` as committed, and answers gone from the chain, in sentences."""
    said: list[str] = []
    try:
        commits = read_commits(reports)
        for commit in (c for c in commits if c.month == month):
            where = f"{FOLDER}/{commit.folder.name}"
            said += [f"{where}/{s}" for s in changed_files(commit.folder, read_manifest(commit.folder))]
        chain = check_chain(read_ledgers(reports))
    except TierkitError as error:
        return [*said, str(error)]
    for row in chain[chain["status"].isin(BROKEN)].to_dict("records"):
        what = "was changed" if row["status"] == "rewritten" else "is gone"
        said.append(f"{FOLDER}: an answer to {row['month']} {what} since {row['followed_by']} was committed")
    return said


def answers_behind(reports: Path, month: str) -> pd.DataFrame:
    """The answers that the tiers before `month` rest on, as inputs of a run: other answers make another run."""
    rows = [c for c in read_commits(reports) if c.month < month] if reports.is_dir() else []
    return pd.DataFrame(
        {
            "table": [f"answers {c.folder.name}" for c in rows],
            "file": [c.folder.name for c in rows],
            "sha256": [c.answers for c in rows],
            "n_rows": 0,
            "n_rejected": 0,
        }
    )


def hash_answers(run_id: str, answers: pd.DataFrame) -> str:
    """sha256 of what was said to each move of a run; the order of rows changes nothing."""
    rows = answers.sort_values("account_id", kind="stable").astype("object")
    plain = [[None if pd.isna(cell) else str(cell) for cell in row] for row in _plain(rows)]
    return hashlib.sha256(json.dumps([run_id, plain]).encode()).hexdigest()


def _plain(rows: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    yield from rows[[c for c in _DECIDED if c in rows]].itertuples(index=False, name=None)
