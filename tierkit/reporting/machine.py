"""What the machine refuses: disk, memory and rights, in one sentence each; and memory held to a limit."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_REFUSED = (
    (
        r"No space left on device|Disk quota exceeded|ENOSPC|EDQUOT",
        "the disk is full (free some space, or move report.folder or TMPDIR to another disk)",
    ),
    (r"File too large", "a file grew beyond what the system allows (look at `ulimit -f` and at the file system)"),
    (
        r"MemoryError|OutOfMemory|Out of Memory|bad_alloc|[Cc]annot allocate memory|Unable to allocate|"
        r"can't start new thread",
        "there was not enough memory (close other programs, give it more, or raise limits.max_memory_gb if it is set)",
    ),
    (r"Read-only file system", "nothing can be written there (it is read-only; name another folder in report.folder)"),
    (r"Permission denied|Operation not permitted", "the rights to do so are missing (grant them, or choose another)"),
)
ENDED = (
    "it was ended from outside, as for want of memory (close other programs, or give the machine more, and run again)"
)


def say_refusal(kind: str, message: str) -> str | None:
    """What the machine refused, with the repair; None where the error is of another kind.

    Parameters
    ----------
    kind : name of the error's class. message : its words, which name the file where there is one.

    >>> say_refusal("OSError", "[Errno 28] No space left on device: 'tiers.csv'")[:35]
    'tiers.csv: the disk is full (free s'
    """
    said = next((words for pattern, words in _REFUSED if re.search(pattern, f"{kind}: {message}")), None)
    file = re.search(r"Errno \d+\][^']*'([^'\n]+)'", message)
    return said if said is None or file is None else f"{file[1]}: {said}"


@contextmanager
def hold_memory(gb: float | None) -> Iterator[None]:
    """Hold this process, and each that it starts, to so many GB where the system can; the earlier limit at the end."""
    if gb is None or sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    asked = int(gb * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (asked if hard == resource.RLIM_INFINITY else min(asked, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
