import os
from pathlib import Path

import pandas as pd

from tierkit.reporting.draft import Draft


def test_opening_again_leaves_the_mark_alone_so_that_nobody_reads_half_of_it(tmp_path: Path) -> None:
    Draft(tmp_path / "d", "made of this").keep("lift", pd.DataFrame({"a": [1]}))
    before = os.stat(tmp_path / "d" / "fingerprint")
    again = Draft(tmp_path / "d", "made of this")
    after = os.stat(tmp_path / "d" / "fingerprint")
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert again.read("lift")["a"].tolist() == [1]


def test_another_fingerprint_empties_the_folder(tmp_path: Path) -> None:
    Draft(tmp_path / "d", "made of this").keep("lift", pd.DataFrame({"a": [1]}))
    assert not Draft(tmp_path / "d", "made of that").has("lift")
    assert (tmp_path / "d" / "fingerprint").read_text() == "made of that"


def test_results_are_whole_or_not_there(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "d", "x")
    draft.keep("lift", pd.DataFrame({"a": [1]}))
    draft.keep("certificate", "proven")
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [
        ".whole",
        "certificate.json",
        "fingerprint",
        "lift.parquet",
    ]
    assert Draft(tmp_path / "d", "x").read("certificate") == "proven"
