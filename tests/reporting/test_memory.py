import sys
from pathlib import Path

import pyarrow as pa
import pytest

from tierkit.reporting.memory import give_back


def resident() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much a process holds")
def test_what_is_no_longer_used_goes_back():
    before = resident()
    small = [pa.array([b"x" * 20_000]) for _ in range(10_000)]
    del small
    give_back()
    assert resident() - before < 50_000_000
