"""A whole run of a small company: killed, stopped, held to limits, without a network, over inputs nobody may write."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from tests.benchmarks.kills import MONTH, broken_months, kill, lay_company, left_behind, start_run, tables_of
from tierkit.cli import app

if sys.platform == "win32":
    pytest.skip("signals and process groups are those of POSIX", allow_module_level=True)
import resource

pytestmark = pytest.mark.slow

WATCH = """
import os, sys

def note(event, args):
    if event in {"socket.connect", "socket.bind", "socket.sendto"}:
        # A library asks whether there is IPv6 by binding a socket of this machine's own, and closes it.
        asks = event == "socket.bind" and args[1] in [("::1", 0), ("::1", 0, 0, 0)]
        said = args[1] if isinstance(args[1], tuple) and not asks else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "http.client.connect"}:
        said = args[0]
    elif event == "open" and isinstance(args[0], str) and args[0].startswith(DATA):
        said = args[0] if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else None
    elif event in {"os.mkdir", "os.remove", "os.rename", "os.truncate"} and str(args[0]).startswith(DATA):
        said = args[0]
    else:
        said = None
    if said is not None:
        os.write(LOG, f"{event} {said!r}\\n".encode())

DATA, LOG = os.environ["WATCHED_DATA"], os.open(os.environ["WATCHED_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(LOG, b"watching\\n")
sys.addaudithook(note)
"""
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def is_kernel(process: psutil.Process) -> bool:
    """Whether a process runs a notebook."""
    try:
        return "ipykernel_launcher" in process.cmdline()
    except psutil.Error:  # ended in the meantime
        return False


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Path:
    """The folder of a small company."""
    return lay_company(tmp_path_factory.mktemp("company")).parent


@pytest.fixture(scope="module")
def undisturbed(company: Path) -> tuple[float, dict[str, str], list[str]]:
    """A run watched for connections and for writing beside its inputs, without a network where the system can take it
    away: its seconds, its tables, and what was noted.
    """
    watch, log = company / "watch", company / "noted"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    path = os.pathsep.join([str(watch), str(Path(__file__).parents[2])])
    known = os.environ | {"PYTHONPATH": path, "WATCHED_DATA": str(company / "data"), "WATCHED_LOG": str(log)}
    alone = ["unshare", "-rnm", "sh", "-c", READ_ONLY, str(company / "data")]
    try:
        bare = subprocess.run([*alone, "true"], check=False, capture_output=True).returncode != 0
    except FileNotFoundError:
        bare = True
    began = time.monotonic()
    run = start_run(company / "tierkit.toml", log=company / "log", within=[] if bare else alone, env=known)
    assert run.wait() == 0, (company / "log").read_text()
    folder = (company / "reports").rename(company / "undisturbed") / MONTH
    assert broken_months(folder.parent) == []
    return time.monotonic() - began, tables_of(folder), log.read_text().splitlines()


def test_a_run_opens_no_connection_and_writes_nothing_beside_its_inputs(undisturbed) -> None:
    _, _, noted = undisturbed
    assert noted.count("watching") >= 9  # itself, seven notebooks and the replay
    assert set(noted) == {"watching"}


def test_a_run_killed_three_times_goes_on_and_ends_in_the_same_bytes(company: Path, undisturbed) -> None:
    seconds, expected, _ = undisturbed
    sheet, reports, log, moments = company / "tierkit.toml", company / "reports", company / "log", random.Random(3)
    inputs, kept = tables_of(company / "data"), []
    for alone in (True, False, True):
        process = start_run(sheet, log=log)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0.2, 0.5) * seconds)
        assert kill(process, alone=alone) == []
        kept.append("goes on from" in log.read_text())
        assert not (reports / MONTH).exists()
    assert start_run(sheet, log=log).wait() == 0, log.read_text()
    assert "goes on from" in log.read_text()
    assert kept[0] is False
    assert tables_of(reports / MONTH) == expected
    assert broken_months(reports) == []
    assert left_behind(reports) == []
    assert tables_of(company / "data") == inputs


def test_while_one_run_writes_others_say_so_at_once_and_an_interrupt_ends_it_in_order(company: Path) -> None:
    sheet, reports, log = company / "second.toml", company / "second", company / "log of the second"
    sheet.write_text((company / "other.toml").read_text() + '[report]\nfolder = "second"\n')
    (reports / "review").mkdir(parents=True)
    (reports / "review" / "drawn.jsonl").touch()
    # What runs in the background of a shell is born deaf to interrupts.
    process = start_run(sheet, log=log, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    started: list[psutil.Process] = []
    while process.poll() is None and not started:
        time.sleep(0.2)
        started = [p for p in psutil.Process(process.pid).children(recursive=True) if is_kernel(p)]
    for command in (["run", "--month", MONTH], ["approve", "x.csv"], ["review", "record", "x.csv"]):
        began = time.monotonic()
        said = CliRunner().invoke(app, [*command, "--sheet", str(sheet)])
        assert said.exit_code == 1, said.output
        assert "another run is writing here" in said.output
        assert time.monotonic() - began < 10
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert log.read_text().strip().endswith("tierkit: stopped; nothing was published")
    assert "Traceback" not in log.read_text()
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert sorted(p.name for p in reports.iterdir()) == [".lock", "review"]


@pytest.mark.parametrize(
    ("added", "file_kb", "says"),
    [
        ("[limits]\nmax_minutes = 0.05", None, "the run took longer than limits.max_minutes = 0.05 (look for a cell"),
        ("[limits]\nmax_memory_gb = 0.25", None, "there was not enough memory (close other programs"),
        ("", 30, "a file grew beyond what the system allows (look at `ulimit -f`"),
    ],
)
def test_what_runs_out_ends_in_a_sentence_and_the_month_before_stands(
    company: Path, undisturbed, added: str, file_kb: int | None, says: str
) -> None:
    sheet, log = company / "limited.toml", company / "log"
    own = (company / "other.toml").read_text()
    sheet.write_text(f"""{own}\n{added}\n[report]\nfolder = "undisturbed"\n""")
    before, reports = tables_of(company / "undisturbed"), company / "undisturbed"

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_kb * 1024, file_kb * 1024))

    run = start_run(sheet, "--replace", log=log, preexec_fn=small if file_kb else None)
    assert run.wait(300) == 1
    said = log.read_text()
    assert says in said
    assert said.strip().endswith("; nothing was published")
    assert "Traceback" not in said
    assert tables_of(reports) == before
    assert broken_months(reports) == []
    assert left_behind(reports) == []
