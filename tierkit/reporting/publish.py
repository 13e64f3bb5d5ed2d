"""Publish a month: whole or not at all, by one run at a time, and never changed unnoticed."""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tierkit.errors import SheetError, TierkitError
from tierkit.reporting.lock import hold_file
from tierkit.reporting.manifest import read_manifest, verify_month, write_manifest
from tierkit.reporting.months import write_index
from tierkit.reporting.provenance import Provenance, source_hash, trace_run
from tierkit.reporting.whole import flush, flush_folder, remove

__all__ = [
    "Provenance",
    "Publication",
    "clear_leftovers",
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
_ASIDE = "superseded"
_PARTIAL = ".????-??-*.tmp"

DRAFT = ".draft"
"""Folder within an unpublished month that holds what was worked out so far; a run that goes on finds it there."""


@dataclass
class Publication:
    """A month being written: fill `folder`, then `publish()` or `fail()`.

    Attributes
    ----------
    folder : where the run writes; nobody reads it before it is published.
    target : where it will stand.
    unchanged : the same run is published already: nothing needs to be written, and `publish()` changes nothing.
    published : `publish()` has put it in place.
    """

    reports: Path
    provenance: Provenance
    unchanged: bool
    folder: Path = field(init=False)
    target: Path = field(init=False)
    published: bool = field(init=False, default=False)

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
        flush_folder(self.folder)
        if self.target.exists():
            old = read_manifest(self.target).get("run_id", "unknown")
            aside = _free(self.reports / _ASIDE / f"{self.provenance.month}-{old}")
            aside.parent.mkdir(exist_ok=True)
            marker = self.reports / f".{self.provenance.month}.replacing"
            marker.write_text(aside.name, encoding="utf-8")
            flush(marker)
            flush(self.reports)
            self.target.rename(aside)
            self.folder.rename(self.target)
            flush(aside.parent)
            flush(self.reports)
            marker.unlink()
        else:
            self.folder.rename(self.target)
            flush(self.reports)
        self.published = True
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
        flush_folder(self.folder)
        self.folder.rename(failed)
        write_index(self.reports)
        return failed


@contextmanager
def hold_reports(reports: Path) -> Iterator[None]:
    """Keep every other run from writing to `reports`; half a replacement, left by a run that was killed, is undone.

    Raises
    ------
    TierkitError : another run is writing to `reports`.
    """
    reports.mkdir(parents=True, exist_ok=True)
    if (held := hold_file(reports / ".lock")) is None:
        raise TierkitError(f"{reports}: another run is writing here; wait for it to end")
    with held:
        _undo_replacements(reports)
        for left in reports.glob(".committed-*.tmp"):
            shutil.rmtree(left)
        yield


def clear_leftovers(reports: Path, *, but: Iterable[Path] = ()) -> None:
    """Remove what killed runs left of months, but for the folders that this run goes on with."""
    for left in set(reports.glob(_PARTIAL)) - set(but):
        shutil.rmtree(left)


@contextmanager
def open_publication(reports: Path, provenance: Provenance, *, replace: bool = False) -> Iterator[Publication]:
    """A folder to write the month into, within `hold_reports`.

    Where the same run was killed before, its `DRAFT` is still there, and nothing else of it.

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
    if unchanged:
        write_index(reports)  # a run that was killed once its month stood had no time to
    publication.folder.mkdir(exist_ok=True)
    for left in publication.folder.iterdir():
        if left.name != DRAFT:
            remove(left)
    try:
        yield publication
    finally:
        shutil.rmtree(publication.folder, ignore_errors=True)


def take_over_draft(publication: Publication, together: Mapping[str, str]) -> Path:
    """The `DRAFT` of a month; what a killed run kept there stays if the months before it are those it rested on.

    Parameters
    ----------
    together : run_id by month of all that run side by side.
    """
    month, folder = publication.provenance.month, publication.folder / DRAFT
    before = {
        p.name: str(read_manifest(p)["run_id"]) for p in published_months(publication.reports) if len(p.name) == 7
    }
    text = json.dumps({name: run for name, run in sorted((before | dict(together)).items()) if name < month})
    mark = folder / "rests_on.json"
    if folder.exists() and not (mark.is_file() and mark.read_text(encoding="utf-8") == text):
        remove(folder)
    folder.mkdir(exist_ok=True)
    mark.write_text(text, encoding="utf-8")
    return folder


def previous_month(reports: Path, month: str) -> Path | None:
    """The folder of the latest month published strictly before `month`; None if there is none."""
    if not reports.is_dir():
        return None
    earlier = [p for p in reports.iterdir() if _MONTH.fullmatch(p.name) and p.name < month]
    return max((p for p in earlier if (p / "manifest.json").is_file()), default=None)


def published_months(reports: Path) -> list[Path]:
    """Folders of every published month and of every run superseded, oldest first."""
    folders = [*reports.glob("????-??"), *(reports / _ASIDE).glob("????-??-*")]
    return sorted((f for f in folders if (f / "manifest.json").is_file()), key=lambda f: (f.name[:7], f.name))


def _undo_replacements(reports: Path) -> None:
    """Put back a month whose run was killed after it was set aside and before the new one stood."""
    for marker in reports.glob(".????-??.replacing"):
        month, aside = reports / marker.name[1:8], marker.read_text(encoding="utf-8")
        if aside and (reports / _ASIDE / aside).is_dir() and not month.exists():
            (reports / _ASIDE / aside).rename(month)
        marker.unlink()


def _free(path: Path) -> Path:
    """`path`, or the first of path-2, path-3, ... that does not exist."""
    candidate, i = path, 1
    while os.path.lexists(candidate):
        i += 1
        candidate = path.with_name(f"{path.name}-{i}")
    return candidate
