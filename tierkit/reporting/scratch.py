"""Folders of a run under the system's temporary one; those that a killed run left are cleared by the next."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tierkit.reporting.lock import hold_file

_PREFIX, _LOCK = "tierkit-", ".held"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder nobody else can read, removed at the end; a short path, since sockets bear no long one."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with hold_file(folder / _LOCK) or (folder / _LOCK).open():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_scratch() -> None:
    """Remove the folders whose holder ended without removing them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or gone in the meantime
            if not folder.is_symlink() and (folder / _LOCK).is_file() and (held := hold_file(folder / _LOCK)):
                with held:
                    shutil.rmtree(folder, ignore_errors=True)
