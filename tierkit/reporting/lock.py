"""Locks that the system lets go of when their holder ends, however it ends."""

import sys
from pathlib import Path
from typing import IO

from tierkit.errors import TierkitError

if sys.platform == "win32":
    import msvcrt

    def _hold(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(str(error)) from None
else:
    import fcntl

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def hold_file(path: Path) -> IO[str] | None:
    """The file, open and locked until it is closed; None where another process holds it.

    Raises
    ------
    OSError : it cannot be opened.
    TierkitError : its file system knows no locks.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        _hold(file.fileno())
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        raise TierkitError(f"{path}: cannot be locked ({error.strerror}); put the folder on a local disk") from None
    return file
