"""Folders of a run under the system's temporary one; those that a killed run left are cleared by the next."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tierkit.reporting.lock import hold_file

_PREFIX, _LOCK = "tierkit-", ".held"
_LONGEST = 75
"""Letters of the system's temporary folder that leave room for the name of a socket: of 104 in all on macOS."""
_SHORT = "/tmp"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder nobody else can read, removed at the end; a short path, since sockets bear no long one."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
    try:
        with hold_file(folder / _LOCK) or (folder / _LOCK).open():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> str:
    """The system's temporary folder, or the usual one where that has too long a name for sockets."""
    given = tempfile.gettempdir()
    return _SHORT if len(given) > _LONGEST and os.access(_SHORT, os.W_OK | os.X_OK) else given


def clear_scratch() -> None:
    """Remove the folders whose holder ended without removing them."""
    for folder in Path(_place()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or gone in the meantime
            if not folder.is_symlink() and (folder / _LOCK).is_file() and (held := hold_file(folder / _LOCK)):
                with held:
                    shutil.rmtree(folder, ignore_errors=True)
