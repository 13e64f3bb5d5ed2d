import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from tierkit.inputs.opening import open_tables
from tierkit.reporting.draft import Draft, kept, kept_with


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
        ".building",
        ".whole",
        "certificate.json",
        "fingerprint",
        "lift.parquet",
    ]
    assert Draft(tmp_path / "d", "x").read("certificate") == "proven"


def test_going_on_trusts_only_what_was_marked_whole(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "d", "x")
    for name in ("lift", "cut", "emptied", "unmarked"):
        draft.keep(name, pd.DataFrame({"a": range(100)}))
    draft.keep("certificate", "proven")
    folder = tmp_path / "d"
    whole = (folder / "cut.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "emptied.parquet").write_bytes(b"")  # as a power cut leaves what was not flushed
    (folder / ".whole" / "unmarked.parquet").unlink()  # killed between the result and its mark
    (folder / "half.parquet.123").write_bytes(b"PAR1")
    (folder / "tmpabc" / "win").mkdir(parents=True)
    assert Draft(folder, "x").go_on() == 2
    again = Draft(folder, "x")
    assert [name for name in ("lift", "certificate", "cut", "emptied", "unmarked", "half") if again.has(name)] == [
        "lift",
        "certificate",
    ]
    assert sorted(p.name for p in folder.iterdir()) == [".whole", "certificate.json", "fingerprint", "lift.parquet"]


def test_tables_of_which_a_file_is_half_are_read_anew(tmp_path: Path) -> None:
    tables = open_tables({"deals": pd.DataFrame({"deal_id": ["1", "2"], "outcome": ["won", "lost"]})})
    Draft(tmp_path / "d", "x").keep("tables", tables)
    assert Draft(tmp_path / "d", "x").go_on() == 1
    pd.testing.assert_frame_equal(Draft(tmp_path / "d", "x").read("tables").frame("deals"), tables.frame("deals"))
    (tmp_path / "d" / "tables" / "deals.parquet").write_bytes(b"PAR1")
    assert Draft(tmp_path / "d", "x").go_on() == 0
    assert not Draft(tmp_path / "d", "x").has("tables")


def test_another_process_never_sees_half_of_the_tables(tmp_path: Path, monkeypatch) -> None:
    tables = open_tables({"deals": pd.DataFrame({"deal_id": ["1", "2"], "outcome": ["won", "lost"]})})
    seen = []

    def stopped(*_: object, **__: object) -> None:
        seen.append(Draft(tmp_path / "d", "x").has("tables"))
        raise OSError("No space left on device")

    draft = Draft(tmp_path / "d", "x")
    monkeypatch.setattr(pd.DataFrame, "to_parquet", stopped)
    with pytest.raises(OSError, match="No space"):
        draft.keep("tables", tables)
    assert seen == [False]
    assert not Draft(tmp_path / "d", "x").has("tables")


def test_what_two_ask_for_at_once_is_built_once(tmp_path: Path) -> None:
    built, first_builds, other_asks = [], threading.Event(), threading.Event()

    class Month:
        def __init__(self) -> None:
            self.draft = Draft(tmp_path / "d", "x")

        @kept
        def lift(self) -> str:
            built.append(self)
            first_builds.set()
            assert other_asks.wait(60)
            time.sleep(0.3)  # long enough for the other to begin, were it not made to wait
            assert self.rate == 0.5  # what it is made of is kept meanwhile
            return "proven"

        @kept
        def rate(self) -> float:
            return 0.5

    def ask_later() -> str:
        other_asks.set()
        return other.lift

    one, other = Month(), Month()
    with ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(lambda: one.lift)
        assert first_builds.wait(60)
        assert pool.submit(ask_later).result(60) == "proven" == ahead.result(60)
    assert built == [one]


def test_whoever_asks_for_one_of_two_that_are_built_together_waits_for_the_one_who_builds_both(tmp_path: Path) -> None:
    built, first_builds, asked = [], threading.Event(), threading.Event()

    class Month:
        def __init__(self) -> None:
            self.draft = Draft(tmp_path / "d", "x")

        def both(self) -> tuple[str, str]:
            built.append(self)
            first_builds.set()
            assert asked.wait(60)
            self.draft.keep("tried", "a change")
            self.draft.keep("misses", "ten")
            return "ten", "a change"

        @kept
        def misses(self) -> str:
            return self.both()[0]

        @kept_with("misses")
        def tried(self) -> str:
            return self.both()[1]

    one, other = Month(), Month()
    with ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(lambda: one.misses)
        assert first_builds.wait(60)
        later = pool.submit(lambda: other.tried)
        asked.set()
        assert (ahead.result(60), later.result(60)) == ("ten", "a change")
    assert built == [one]


def test_what_somebody_put_in_its_place_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    class Month:
        def __init__(self) -> None:
            self.draft = Draft(tmp_path / "d", "x")

        @kept
        def win(self) -> str:
            Draft(tmp_path / "d", "x").keep("win", "their own model")
            return "ours"

    assert Month().win == "their own model" == Month().win
