"""The processes that a run starts, so that none outlives it."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress


class Children:
    """Processes a run started; once they were ended, any that starts later is ended too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: list[subprocess.Popen[str]] = []
        self._ended = False

    def watch(self, process: "subprocess.Popen[str]") -> None:
        """Take charge of a process that just started."""
        with self._lock:
            self._started.append(process)
            if self._ended:
                _end(process)

    def end(self) -> None:
        """End them all at once."""
        with self._lock:
            self._ended = True
            for process in self._started:
                _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    """Kill a process, and with it what it started where it leads a group of its own, as kernels do."""
    with suppress(OSError):
        if process.poll() is None and os.name == "posix" and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def end_with_parent(parent: int) -> None:
    """End this process soon after `parent` ended, even where that was killed and could tell nobody."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
