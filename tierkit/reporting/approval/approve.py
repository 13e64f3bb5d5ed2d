"""Approve what a month proposes: the answers become tiers, a write-back and a ledger, all at once or not at all."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tierkit.errors import SheetError, TableError, TierkitError
from tierkit.proof.ledger_chain import follow_ledgers
from tierkit.reporting import words
from tierkit.reporting.approval.commits import (
    FOLDER,
    hash_answers,
    last_commit,
    read_commits,
    read_ledgers,
    written_back,
)
from tierkit.reporting.approval.committing import commit_tiers, overfull, owners_of
from tierkit.reporting.approval.form import read_answers
from tierkit.reporting.approval.proposals import ASKED, NOTES, SLOTS, STANDING, run_label
from tierkit.reporting.books import write_books
from tierkit.reporting.manifest import changed_files, read_manifest, seal_folder, verify_month
from tierkit.reporting.publish import hold_reports, previous_month
from tierkit.reporting.spreadsheet import write_for_people
from tierkit.reporting.tierfiles import tiers_for_people, valid_until
from tierkit.reporting.whole import flush, flush_folder
from tierkit.reporting.writeback import build_writeback, read_held, revert_writeback, write_writeback
from tierkit.runsheet import RunSheet, check_sheet, read_sheet


@dataclass(frozen=True)
class Approval:
    """What an answer led to: the folder it was committed to, and how many moves people let happen."""

    folder: Path
    n_approved: int
    n_declined: int
    unchanged: bool

    @property
    def sentence(self) -> str:
        """The same in words."""
        if self.unchanged:
            return f"{self.folder}: these answers are committed already; nothing changed"
        yes, no = words.things(self.n_approved, "move"), words.things(self.n_declined, "move")
        return f"{self.folder}: {yes} approved, {no} declined; crm_writeback.csv and crm_revert.csv are there"


def approve_moves(file: Path, sheet: Path, *, decided_at: str) -> Approval:
    """Check the filled-in form of the newest published month and commit what it says.

    Parameters
    ----------
    file : proposals.csv with approved, reason and approver filled in.
    decided_at : day or moment of the answer, ISO; goes into the ledger as it is.

    Raises
    ------
    SheetError : no month is published, or the newest asked for no approval.
    TableError : the form is not as it must be, the tiers would exceed a rep's slots, or the month was answered
        otherwise; every line is named and nothing is written.
    TierkitError : the month, or an answer before, was changed since.
    """
    settings = read_sheet(sheet)
    reports = settings.folder / settings.report.folder
    with hold_reports(reports):
        folder = previous_month(reports, "9999-99")
        if folder is None:
            raise SheetError(f"{reports}: no month is published, so nothing waits for approval")
        if not (folder / ASKED).is_file():
            raise SheetError(
                f"{folder.name} asked for no approval: its write-back is in {folder}; for the next month set "
                "report.approval = true"
            )
        if breaches := verify_month(folder):
            raise TierkitError(f"{folder.name} is not as it was published: {'; '.join(breaches)}")
        manifest, proposals = read_manifest(folder), pd.read_parquet(folder / ASKED)
        run_id = str(manifest["run_id"])
        answers = read_answers(file, proposals, run=run_label(folder.name, run_id))
        stands, said = last_commit(reports, folder.name), hash_answers(run_id, answers)
        n_yes, n_no = (int((answers["approved"] == verdict).sum()) for verdict in ("yes", "no"))
        if stands is not None and stands.run_id == run_id:
            if breaches := changed_files(stands.folder, read_manifest(stands.folder)):
                raise TierkitError(f"{stands.folder} is not as it was committed: {'; '.join(breaches)}")
            if stands.answers != said:
                raise TableError(
                    f"{file.name}: {folder.name} was answered otherwise on {stands.decided_at}; to change a tier now, "
                    "give an override or wait for the next month"
                )
            return Approval(stands.folder, n_yes, n_no, unchanged=True)
        target = _commit(reports, folder, manifest, answers, said, decided_at, file.name)
        return Approval(target, n_yes, n_no, unchanged=False)


def _commit(
    reports: Path,
    folder: Path,
    manifest: dict[str, Any],
    answers: pd.DataFrame,
    said: str,
    decided_at: str,
    file: str,
) -> Path:
    """Write the folder of an answer under a name nobody reads, and put it in place; the folder."""
    asked = check_sheet(manifest["parameters"], folder=folder, name=f"{folder.name}/manifest.json")
    standing, slots = pd.read_parquet(folder / STANDING), _read_slots(folder / SLOTS)
    as_of, run_id = pd.Timestamp(manifest["as_of"]), str(manifest["run_id"])
    tiers = commit_tiers(
        pd.read_parquet(folder / "tiers.parquet"),
        standing,
        answers,
        answers.loc[answers["approved"] == "yes", "account_id"],
        n_tiers=asked.tiers.n_tiers,
        until=valid_until(as_of),
    )
    if breaches := _say_overfull(tiers, slots, answers):
        raise TableError(f"{file}: nothing was committed; {'; '.join(breaches)}")
    target = reports / FOLDER / f"{folder.name}-{run_id}"
    number = 1 + max((c.number for c in read_commits(reports)), default=0)
    if target.exists():
        target = target.with_name(f"{target.name}-{number}")
    partial = reports / f".{FOLDER}-{target.name}.tmp"
    partial.mkdir()
    try:
        _write_tiers(partial, folder, tiers, asked)
        _write_crm(partial, reports, folder, tiers, standing, asked, run_id=run_id, as_of=as_of)
        ledger = {
            "month": folder.name,
            "run_id": run_id,
            "as_of": f"{as_of:%Y-%m-%d}",
            "decided_at": decided_at,
            "decisions": json.loads(answers.drop(columns="line").to_json(orient="records")),
            "follows": follow_ledgers(read_ledgers(reports)),
        }
        text = json.dumps(ledger, indent=1, sort_keys=True, ensure_ascii=False)
        (partial / "ledger.json").write_text(text + "\n", encoding="utf-8")
        write_for_people(answers.drop(columns="line").assign(run_id=run_id), partial / "decisions.csv")
        content = {"month": folder.name, "run_id": run_id, "number": number, "answers": said, "decided_at": decided_at}
        seal_folder(partial, content)
        target.parent.mkdir(exist_ok=True)
        flush_folder(partial)
        partial.rename(target)
        flush(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _write_tiers(partial: Path, folder: Path, tiers: pd.DataFrame, asked: RunSheet) -> None:
    """The committed tiers, for the next month and for people, and the reps' books."""
    steps = [play.next_step for play in asked.tiers.tier_plays]
    tiers = tiers.assign(next_step=[steps[t - 1] for t in tiers["tier"]])
    kept = ["account_id", "name", "owner_id", "tier", "base_tier", "since", "tier_by", "tier_reason", "promoted_until"]
    kept += ["priority_rank", "expected_value", "valid_until", "run_id", "proposed_tier", "proposed_base_tier"]
    tiers[[c for c in kept if c in tiers]].to_parquet(partial / "tiers.parquet", index=False)
    write_for_people(tiers_for_people(tiers), partial / "tiers.csv")
    write_books(partial, tiers, pd.read_parquet(folder / "reasons.parquet"), pd.read_parquet(folder / NOTES))


def _write_crm(
    partial: Path,
    reports: Path,
    folder: Path,
    tiers: pd.DataFrame,
    standing: pd.DataFrame,
    asked: RunSheet,
    *,
    run_id: str,
    as_of: pd.Timestamp,
) -> None:
    settings = asked.report.writeback
    held = read_held(written_back(reports, folder.name), settings.names, standing)
    back = build_writeback(
        tiers,
        pd.read_csv(folder / "gates.csv", dtype="str", keep_default_na=False),
        pd.read_parquet(folder / "reasons.parquet"),
        held=held,
        as_of=as_of,
        run_id=run_id,
        labels=asked.tiers.labels,
        settings=settings,
    )
    write_writeback(partial, back, revert_writeback(back, held, settings))


def _read_slots(path: Path) -> pd.DataFrame:
    slots = pd.read_csv(path, dtype={"owner_id": "str", "name": "str"}, keep_default_na=False)
    return slots.assign(slots=pd.to_numeric(slots["slots"], errors="coerce").astype("Int64"))


def _say_overfull(tiers: pd.DataFrame, slots: pd.DataFrame, answers: pd.DataFrame) -> list[str]:
    """For each rep with more accounts than slots, the lines that could be answered otherwise."""
    over = overfull(tiers, slots)
    owner = answers["account_id"].map(owners_of(tiers, slots)) if "owner_id" in tiers else ""
    said = []
    for row in over.to_dict("records"):
        mine = answers[owner == row["owner_id"]]
        tier, yes = row["tier"], mine["approved"] == "yes"
        into = mine.loc[yes & (mine["to_tier"] == tier), "line"]
        out = mine.loc[~yes & (mine["from_tier"] == tier), "line"]
        who = row["name"] if isinstance(row["name"], str) and row["name"] else "the pool of accounts without a rep"
        ways = [f"no to a move into it (lines {_listed(into)})"] if len(into) else []
        ways += [f"yes to a move out of it (lines {_listed(out)})"] if len(out) else []
        said.append(
            f"{who} has {words.things(int(row['slots']), f'Tier {tier} slot')} and would hold {row['used']}: say "
            f"{' or '.join(ways)}"
        )
    return said


def _listed(lines: pd.Series) -> str:
    return ", ".join(str(line) for line in sorted(lines))
