"""What survives a killed process or a power cut: results with a mark each, and folders that reached the disk."""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from tierkit.reporting.provenance import sha256_of

_MARKS = ".whole"


def mark_whole(path: Path) -> None:
    """Note the hashes of a result, a file or a folder of files, once it stands."""
    marks = path.parent / _MARKS
    marks.mkdir(exist_ok=True)
    beside = marks / f"{path.name}.{os.getpid()}"
    beside.write_text(json.dumps(_hashes(path)), encoding="utf-8")
    beside.replace(marks / path.name)


def keep_whole(folder: Path, *, beside: str) -> int:
    """Remove every result that is not as it was marked, and whatever bears no mark but `beside`; how many stay."""
    n_kept = 0
    for path in folder.iterdir():
        if path.name in (_MARKS, beside):
            continue
        try:
            whole = json.loads((folder / _MARKS / path.name).read_text(encoding="utf-8")) == _hashes(path)
        except (OSError, ValueError):
            whole = False
        n_kept += whole
        if not whole:
            remove(path)
    return n_kept


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def flush_folder(folder: Path) -> None:
    """Have a folder and every file in it reach the disk, so that a power cut after a rename empties none."""
    for path in (*folder.rglob("*"), folder):
        flush(path)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, reach the disk where the system can say so."""
    with suppress(PermissionError):  # Windows opens no folder
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _hashes(path: Path) -> dict[str, str]:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return {file.relative_to(path.parent).as_posix(): sha256_of(file) for file in files}
