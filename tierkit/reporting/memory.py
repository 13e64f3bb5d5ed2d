"""Memory that is no longer used, given back to the system: allocators keep it for a process that may ask again."""

import ctypes
import sys

import pyarrow as pa


def give_back() -> None:
    """Return what Arrow and the C library hold for nobody; where there is no such call, nothing happens."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
        if trim is not None:
            trim(0)
