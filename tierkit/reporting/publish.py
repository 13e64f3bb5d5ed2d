"""Publish a month: whole or not at all, by one run at a time, and never changed unnoticed."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tierkit.errors import SheetError, TierkitError
from tierkit.reporting.manifest import read_manifest, verify_month, write_manifest
from tierkit.reporting.months import write_index
from tierkit.reporting.provenance import Provenance, source_hash, trace_run

__all__ = [
    "Provenance",
    "Publication",
    "hold_reports",
    "open_publication",
    "previous_month",
    "read_manifest",
    "source_hash",
    "trace_run",
    "verify_month",
    "write_index",
]

_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass
class Publication:
    """A month being written: fill `folder`, then `publish()` or `fail()`.

    Attributes
    ----------
    folder : where the run writes; nobody reads it before it is published.
    target : where it will stand.
    unchanged : the same run is published already: nothing needs to be written, and `publish()` changes nothing.
    """

    reports: Path
    provenance: Provenance
    unchanged: bool
    folder: Path = field(init=False)
    target: Path = field(init=False)

    def __post_init__(self) -> None:
        self.target = self.reports / self.provenance.month
        self.folder = self.reports / f".{self.provenance.month}-{self.provenance.run_id}.tmp"

    def publish(self, *, headline: Mapping[str, Any], times: Mapping[str, str] | None = None) -> Path:
        """Seal the folder with its manifest and put it in place of the month; the folder published.

        An earlier run of the month moves to `superseded/MONTH-RUN_ID/`. The index is written anew.

        Parameters
        ----------
        headline : figures the index shows beside the month.
        times : when the run started and ended, as text; no other file depends on the clock.
        """
        if self.unchanged:
            return self.target
        write_manifest(self.folder, self.provenance, headline=headline, times=times or {})
        if self.target.exists():
            old = read_manifest(self.target).get("run_id", "unknown")
            aside = _free(self.reports / "superseded" / f"{self.provenance.month}-{old}")
            aside.parent.mkdir(exist_ok=True)
            marker = self.reports / f".{self.provenance.month}.replacing"
            marker.write_text(aside.relative_to(self.reports).as_posix(), encoding="utf-8")
            self.target.rename(aside)
            self.folder.rename(self.target)
            marker.unlink()
        else:
            self.folder.rename(self.target)
        write_index(self.reports)
        return self.target

    def fail(self, *, headline: Mapping[str, Any], times: Mapping[str, str] | None = None) -> Path:
        """Put what the run wrote into `MONTH.failed/`; the published month stands. The folder written.

        What may be acted on (tier files) does not go there: leave it out of `folder`.
        """
        write_manifest(self.folder, self.provenance, headline=headline, times=times or {}, failed=True)
        failed = self.reports / f"{self.provenance.month}.failed"
        if failed.exists():
            shutil.rmtree(failed)
        self.folder.rename(failed)
        write_index(self.reports)
        return failed


@contextmanager
def hold_reports(reports: Path) -> Iterator[None]:
    """Keep every other run from writing to `reports`; what a killed run left is cleared or undone first.

    Raises
    ------
    TierkitError : another run is writing to `reports`.
    """
    reports.mkdir(parents=True, exist_ok=True)
    with _lock(reports):
        _tidy(reports)
        yield


@contextmanager
def open_publication(reports: Path, provenance: Provenance, *, replace: bool = False) -> Iterator[Publication]:
    """A folder to write the month into, within `hold_reports`.

    Left without `publish()` or `fail()`, also by an error, the folder is removed and the month stands as it was.

    Parameters
    ----------
    reports : folder of all months.
    replace : another run of the same month may take its place.

    Raises
    ------
    SheetError : the month is published by another run, and `replace` is False.
    """
    if not _MONTH.fullmatch(provenance.month):
        raise SheetError(f"month must be YYYY-MM, got {provenance.month!r}")
    target = reports / provenance.month
    standing = read_manifest(target).get("run_id") if target.exists() else None
    unchanged = standing == provenance.run_id
    if target.exists() and not unchanged and not replace:
        raise SheetError(
            f"{target} is published by run {standing}; this run is {provenance.run_id} (inputs, sheet, seed or "
            "code differ): pass --replace to put it in its place"
        )
    publication = Publication(reports, provenance, unchanged)
    publication.folder.mkdir()
    try:
        yield publication
    finally:
        shutil.rmtree(publication.folder, ignore_errors=True)


def previous_month(reports: Path, month: str) -> Path | None:
    """The folder of the latest month published strictly before `month`; None if there is none."""
    if not reports.is_dir():
        return None
    earlier = [p for p in reports.iterdir() if _MONTH.fullmatch(p.name) and p.name < month]
    return max((p for p in earlier if (p / "manifest.json").is_file()), default=None)


def published_months(reports: Path) -> list[Path]:
    """Folders of every published month and of every run superseded, oldest first."""
    folders = [*reports.glob("????-??"), *(reports / "superseded").glob("????-??-*")]
    return sorted((f for f in folders if (f / "manifest.json").is_file()), key=lambda f: (f.name[:7], f.name))


@contextmanager
def _lock(reports: Path) -> Iterator[None]:
    """One run at a time; the system lets go of the lock when its holder ends, however it ends."""
    path = reports / ".lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            _hold(file.fileno())
        except OSError:
            raise TierkitError(f"{reports}: another run is writing here; wait for it to end") from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _hold(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _tidy(reports: Path) -> None:
    """Undo what a killed run left: half a replacement, and folders nobody will finish."""
    for marker in reports.glob(".*.replacing"):
        month = reports / marker.name[1 : -len(".replacing")]
        aside = reports / marker.read_text(encoding="utf-8")
        if aside.is_dir() and not month.exists():
            aside.rename(month)
        marker.unlink()
    for left in reports.glob(".*.tmp"):
        shutil.rmtree(left)


def _free(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that does not exist."""
    candidate, i = path, 1
    while os.path.lexists(candidate):
        i += 1
        candidate = path.with_name(f"{path.name}-{i}")
    return candidate
