"""Kernels that die, hang, or run out of something: a sentence each, and no process is left."""

import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from tierkit.errors import MachineError
from tierkit.reporting.children import Children
from tierkit.reporting.notebooks import run_notebook
from tierkit.reporting.schedule import OutOfTime, run_tasks


def notebook(folder: Path, code: str) -> Path:
    """A notebook of one cell, below one for its parameters."""
    cells = [nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell(code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "own.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def kernels() -> set[int]:
    """Processes that this one started."""
    return {p.pid for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os.kill(os.getpid(), 9)", r"own.ipynb: it was ended from outside, as for want of memory \(close"),
        ("raise MemoryError", r"own.ipynb, cell 2: there was not enough memory \(close"),
        ("import numpy; numpy.ones(10**14)", r"own.ipynb, cell 2: there was not enough memory \(close"),
        ("raise OSError(28, 'No space left on device', 'x.parquet')", r"cell 2: x.parquet: the disk is full \(free"),
        ("raise OSError(122, 'Disk quota exceeded')", r"own.ipynb, cell 2: the disk is full \(free"),
    ],
    ids=["killed", "memory", "array", "disk", "quota"],
)
def test_what_the_machine_refuses_a_notebook_is_a_sentence(tmp_path: Path, code: str, says: str) -> None:
    before = kernels()
    with pytest.raises(MachineError, match=says):
        run_notebook(notebook(tmp_path, code), {})
    assert kernels() <= before


def test_a_notebook_that_hangs_is_ended_with_all_it_started_when_the_time_is_over(tmp_path: Path) -> None:
    before, children, kept = kernels(), Children(), tmp_path / "pid"
    code = f"import subprocess, time\nopen({str(kept)!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\n"
    code += "while True:\n    time.sleep(600)"
    path, running = notebook(tmp_path, code), threading.Event()

    def work(task: str) -> None:
        running.set()
        run_notebook(path, {}, children=children)

    began = time.monotonic()
    with pytest.raises(OutOfTime):
        run_tasks({"a": (), "b": ("a",)}, work, done=print, workers=1, until=began + 15, stop=children.end)
    assert running.is_set()
    assert time.monotonic() - began < 60
    deadline, started = time.monotonic() + 10, int(kept.read_text())
    while (kernels() - before or psutil.pid_exists(started)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert kernels() <= before
    assert not psutil.pid_exists(started)


@pytest.mark.parametrize("name", ["scratch", "a" * 90])
def test_nothing_is_left_in_the_temporary_folder_nor_where_jupyter_keeps_its_files(name, tmp_path, monkeypatch) -> None:
    runtime = tmp_path / "runtime"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    # Of the long name no socket can be made; the tests' own folder may be as long.
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / name
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        run_notebook(notebook(tmp_path, "assert x == 1"), {})
        assert list(scratch.iterdir()) == []
    assert not runtime.exists() or list(runtime.iterdir()) == []


def test_a_process_that_starts_after_the_end_is_ended_too(tmp_path: Path) -> None:
    children, before = Children(), kernels()
    children.end()
    with pytest.raises(MachineError):
        run_notebook(notebook(tmp_path, "1"), {}, children=children)
    assert kernels() <= before
