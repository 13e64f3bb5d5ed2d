import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tierkit.errors import SheetError, TierkitError
from tierkit.reporting.provenance import Provenance, source_hash, trace_run
from tierkit.reporting.publish import (
    Publication,
    clear_leftovers,
    hold_reports,
    open_publication,
    previous_month,
    read_manifest,
    take_over_draft,
    verify_month,
)

SOURCES = pd.DataFrame(
    {"table": ["deals"], "file": ["/somewhere/deals.csv"], "sha256": ["ab" * 32], "n_rows": [3], "n_rejected": [0]}
)


def trace(month: str = "2026-10", seed: int = 1, sources: pd.DataFrame = SOURCES) -> Provenance:
    return trace_run(month=month, as_of="2026-10-31", seed=seed, parameters={"seed": seed}, sources=sources)


def publish(reports: Path, provenance: Provenance, text: str = "a\n1\n2\n", *, replace: bool = False) -> Path:
    with hold_reports(reports), open_publication(reports, provenance, replace=replace) as publication:
        if not publication.unchanged:
            (publication.folder / "books").mkdir()
            (publication.folder / "books" / "ana.csv").write_text(text)
            (publication.folder / "index.html").write_text("<p>page</p>")
        return publication.publish(headline={"To decide": "Approve 40", "n_tier1": 40})


def killed_while_writing(reports: Path) -> None:
    with hold_reports(reports), open_publication(reports, trace(seed=2), replace=True) as publication:
        (publication.folder / "half.csv").write_text("a\n")
        os._exit(9)


def fail_while_writing(reports: Path) -> None:
    with hold_reports(reports), open_publication(reports, trace()) as publication:
        (publication.folder / "half.csv").write_text("a\n")
        raise ZeroDivisionError


def test_a_month_appears_whole_with_its_manifest_and_index(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    assert folder == tmp_path / "2026-10"
    manifest = read_manifest(folder)
    assert manifest["outputs"]["books/ana.csv"]["n_rows"] == 2  # a header and two rows
    assert manifest["outputs"]["index.html"]["n_rows"] is None
    assert manifest["inputs"][0]["file"] == "deals.csv"  # not where it lay
    assert set(manifest) == {
        *("run_id", "month", "as_of", "seed", "parameters", "inputs", "outputs", "versions", "code", "times"),
        *("headline", "failed", "seal"),
    }
    assert verify_month(folder) == []
    index = (tmp_path / "index.html").read_text()
    assert 'href="2026-10/index.html"' in index
    assert "October 2026" in index
    assert "Approve 40" in index


def test_the_run_id_follows_from_inputs_sheet_month_seed_and_code() -> None:
    assert trace().run_id == trace().run_id
    other = SOURCES.assign(sha256="cd" * 32)
    moved = SOURCES.assign(file="/elsewhere/deals.csv")
    assert len({trace().run_id, trace(month="2026-09").run_id, trace(seed=2).run_id, trace(sources=other).run_id}) == 4
    assert trace(sources=moved).run_id == trace().run_id
    assert trace().code["sha256"] == source_hash()


def test_the_same_run_again_changes_nothing(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    publish(tmp_path, trace(), text="never written")
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_another_run_needs_replace_and_sets_the_old_one_aside(tmp_path: Path) -> None:
    first = trace()
    publish(tmp_path, first)
    with pytest.raises(SheetError, match="--replace"):
        publish(tmp_path, trace(seed=2))
    folder = publish(tmp_path, trace(seed=2), text="a\n9\n", replace=True)
    assert (folder / "books" / "ana.csv").read_text() == "a\n9\n"
    old = tmp_path / "superseded" / f"2026-10-{first.run_id}"
    assert (old / "books" / "ana.csv").read_text() == "a\n1\n2\n"
    assert verify_month(old) == []
    publish(tmp_path, first, replace=True)
    publish(tmp_path, trace(seed=2), replace=True)
    assert len(list((tmp_path / "superseded").iterdir())) == 3  # each stay is kept


def test_a_run_killed_in_the_middle_leaves_the_old_month(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    process = multiprocessing.get_context("spawn").Process(target=killed_while_writing, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert verify_month(folder) == []
    publish(tmp_path, trace(seed=2), replace=True)  # the lock went with its holder
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_replacement_killed_between_its_two_renames_is_undone(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    aside = tmp_path / "superseded" / "2026-10-old"
    aside.parent.mkdir()
    (tmp_path / ".2026-10.replacing").write_text("2026-10-old")
    folder.rename(aside)
    with hold_reports(tmp_path), open_publication(tmp_path, trace()) as publication:
        assert publication.unchanged
    assert verify_month(folder) == []
    assert not (tmp_path / ".2026-10.replacing").exists()


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_while_writing(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".lock"]


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    with (
        hold_reports(tmp_path),
        pytest.raises(TierkitError, match="another run is writing"),
        hold_reports(tmp_path),
    ):
        pass


def test_a_stopped_audit_goes_beside_the_month_that_stands(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    for _ in range(2):  # a second stop takes the place of the first
        with hold_reports(tmp_path), open_publication(tmp_path, trace(seed=2), replace=True) as publication:
            (publication.folder / "index.html").write_text("<p>stopped</p>")
            failed = publication.fail(headline={"Audit": "permuted labels"})
    assert failed == tmp_path / "2026-10.failed"
    assert verify_month(folder) == []
    assert read_manifest(failed)["failed"] is True
    assert "stopped by the audit" in (tmp_path / "index.html").read_text()
    assert previous_month(tmp_path, "2026-11") == folder


def test_previous_is_the_latest_month_strictly_earlier(tmp_path: Path) -> None:
    assert previous_month(tmp_path / "none", "2026-10") is None
    for month in ("2026-08", "2026-09", "2026-11"):
        publish(tmp_path, trace(month=month))
    (tmp_path / "2026-10").mkdir()  # a folder nobody published
    assert previous_month(tmp_path, "2026-11") == tmp_path / "2026-09"
    assert previous_month(tmp_path, "2026-08") is None


def test_verify_names_what_changed(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    book = folder / "books" / "ana.csv"
    book.write_text("a\n1\n3\n")
    assert [s.split(":")[0] for s in verify_month(folder)] == ["books/ana.csv"]
    book.unlink()
    (folder / "extra.csv").write_text("x")
    assert [s.split(" (")[0] for s in verify_month(folder)] == [
        "books/ana.csv: gone since publication",
        "extra.csv: added after publication",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [('"seed": 1,', '"seed": 7,', "does not follow"), ('"n_tier1": 40', '"n_tier1": 41', "seal"), ("{", "(", "JSON")],
)
def test_verify_sees_a_changed_manifest(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = publish(tmp_path, trace()) / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert any(says in s for s in verify_month(path.parent))


def test_a_month_that_is_no_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="YYYY-MM"), open_publication(tmp_path, trace(month="../x")):
        pass


def test_the_same_run_goes_on_with_the_draft_a_killed_one_left_and_clears_all_else(tmp_path: Path) -> None:
    left = tmp_path / f".2026-10-{trace().run_id}.tmp"
    other = tmp_path / f".2026-10-{trace(seed=2).run_id}.tmp"
    for folder in (left, other):
        (folder / ".draft").mkdir(parents=True)
        (folder / "half.csv").write_text("a\n")
    with hold_reports(tmp_path), open_publication(tmp_path, trace()) as publication:
        assert [p.name for p in publication.folder.iterdir()] == [".draft"]
        clear_leftovers(tmp_path, but=[publication.folder])
        assert not other.exists()
    assert not left.exists()


def test_a_draft_that_rested_on_another_month_before_is_not_taken_over(tmp_path: Path) -> None:
    def take_over(**together: str) -> bool:
        """Whether what an earlier run kept is still there, once a month was opened again."""
        with hold_reports(tmp_path):
            publication = Publication(tmp_path, trace(), unchanged=False)
            publication.folder.mkdir(exist_ok=True)
            kept = take_over_draft(publication, together) / "kept"
            was_there = kept.exists()
            kept.write_text("x")
            return was_there

    assert not take_over()
    assert take_over()
    assert take_over(**{"2026-11": "later"})  # a month after it changes nothing
    assert not take_over(**{"2026-09": "b"})
    publish(tmp_path, trace(month="2026-09", seed=5))
    assert not take_over()
    assert take_over(**{"2026-09": trace(month="2026-09", seed=5).run_id})  # published, or about to be: all the same


KILLED_AT_EACH_STEP = """
import json, os, shutil, signal, sys
from pathlib import Path
from tests.reporting.test_publish import publish, trace, verify_month

place, replaced = Path(sys.argv[1]), json.loads(sys.argv[2])
reports, start = place / "reports", place / "start"
start.mkdir()
if replaced:
    publish(start, trace(), text="a\\n1\\n")
wanted = trace(seed=2)

def broken():
    months = [*reports.glob("????-??"), *(reports / "superseded").glob("*")]
    return [said for month in months for said in verify_month(month)]

def die_at(n):
    count = 0
    def count_down(event, arguments):
        nonlocal count
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wa")
        if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir") or writes:
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count_down)

for n in range(1, 1000):
    shutil.rmtree(reports, ignore_errors=True)
    shutil.copytree(start, reports)
    if (child := os.fork()) == 0:
        die_at(n)
        publish(reports, wanted, text="a\\n2\\n", replace=True)
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    at_once, stood = broken(), (reports / "2026-10").exists()
    publish(reports, wanted, text="a\\n2\\n", replace=True)
    names = sorted(p.name for p in reports.iterdir())
    book = (reports / "2026-10" / "books" / "ana.csv").read_text()
    kept = len(list((reports / "superseded").glob("*")))
    print(json.dumps([at_once, stood, broken(), names, book, kept]), flush=True)
    if not killed:
        break
"""


@pytest.mark.parametrize("replaced", [False, True])
def test_a_kill_before_any_step_of_publication_leaves_whole_months_and_the_next_run_completes(
    tmp_path: Path, replaced: bool
) -> None:
    asked = [sys.executable, "-W", "ignore", "-c", KILLED_AT_EACH_STEP, str(tmp_path), json.dumps(replaced)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(steps) >= 10
    standing = {".lock", "2026-10", "index.html"} | ({"superseded"} if replaced else set())
    for at_once, _, after, names, book, kept in steps:
        assert at_once == after == []
        assert set(names) == standing
        assert book == "a\n2\n"
        assert kept == int(replaced)  # the earlier run is kept, once
    missing = [i for i, (_, stood, *_) in enumerate(steps) if not stood]
    # Between its two renames a month that is replaced is away; the next run puts it back.
    assert len(missing) == 1 if replaced else 0 < len(missing) < len(steps)


def test_a_marker_that_a_power_cut_emptied_moves_nothing(tmp_path: Path) -> None:
    (tmp_path / ".2026-10.replacing").write_text("")
    with hold_reports(tmp_path):
        assert sorted(p.name for p in tmp_path.iterdir()) == [".lock"]


def test_the_index_is_made_good_after_a_kill_between_the_month_and_it(tmp_path: Path) -> None:
    publish(tmp_path, trace())
    whole = (tmp_path / "index.html").read_bytes()
    (tmp_path / "index.html").unlink()
    publish(tmp_path, trace())
    assert (tmp_path / "index.html").read_bytes() == whole


def test_a_folder_that_cannot_be_locked_or_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(OSError, match="reports"), hold_reports(tmp_path / "reports"):
        pass


def test_verify_tells_what_became_of_each_file(tmp_path: Path) -> None:
    folder = publish(tmp_path, trace())
    book, page = folder / "books" / "ana.csv", folder / "index.html"
    outside = tmp_path / "outside.csv"
    book.rename(outside)
    book.symlink_to(outside)
    os.mkfifo(folder / "pipe")
    (folder / "books" / "manifest.json").write_text("{}")
    assert [s.split(" (")[0] for s in verify_month(folder)] == [
        "books/manifest.json: added after publication",
        "pipe: added after publication",
        "books/ana.csv: is a link or no file now, not what was published",
    ]
    shutil.rmtree(folder / "books")
    (folder / "pipe").unlink()
    (folder / "books").symlink_to(tmp_path)  # a folder swapped for a link is not looked into
    page.unlink()
    assert [s.split(" (")[0] for s in verify_month(folder)] == [
        "books/ana.csv: gone since publication",
        "index.html: gone since publication",
        "books: added after publication",
    ]
    (folder / "manifest.json").unlink()
    assert verify_month(folder) == [f"{folder / 'manifest.json'}: missing; the folder is not a published month"]
    assert "missing" in verify_month(tmp_path / "2030-01")[0]
