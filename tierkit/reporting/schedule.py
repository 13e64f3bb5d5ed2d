"""Tasks side by side, each after those it needs."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeVar

Task = TypeVar("Task", bound=Hashable)


class OutOfTime(Exception):  # noqa: N818 - says what happened
    """The time given was over before every task was done."""


def run_tasks(
    needs: Mapping[Task, Iterable[Task]],
    work: Callable[[Task], None],
    *,
    done: Callable[[Task, float], None],
    workers: int,
    begun: Callable[[Task], None] = lambda _: None,
    until: float = math.inf,
    stop: Callable[[], None] = lambda: None,
) -> None:
    """Work on every task, at most `workers` at once; of those that could start, the first of `needs` does.

    Parameters
    ----------
    needs : each task and those that must be done before it; no circle.
    work : what a task does, in a thread of its own.
    done, begun : told of each task that ended and its seconds, and of each that begins, in the calling thread.
    until : when to give up, as `time.monotonic` counts.
    stop : makes the tasks then running end soon.

    The first error stops it, and so does an interrupt; it ends once the tasks then running have ended.

    Raises
    ------
    OutOfTime : not every task was done by then.
    """
    order = {task: place for place, task in enumerate(needs)}
    graph = TopologicalSorter(needs)
    graph.prepare()
    ready: list[Task] = []
    running: dict[Future[float], Task] = {}
    # papermill changes the directory of this whole process for each notebook, and two at once leave it anywhere.
    with contextlib.chdir(Path.cwd()), ThreadPoolExecutor(workers) as pool, _stopping(stop):
        while graph.is_active():
            ready = sorted([*ready, *graph.get_ready()], key=order.__getitem__)
            while ready and len(running) < workers:
                task = ready.pop(0)
                begun(task)
                running[pool.submit(_timed, work, task)] = task
            left = min(until - time.monotonic(), threading.TIMEOUT_MAX)
            ended, _ = wait(running, timeout=max(left, 0), return_when=FIRST_COMPLETED)
            if not ended:
                raise OutOfTime
            for future in sorted(ended, key=lambda f: order[running[f]]):
                task = running.pop(future)
                seconds = future.result()
                graph.done(task)
                done(task, seconds)


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stop()
        raise


def _timed(work: Callable[[Task], None], task: Task) -> float:
    began = time.monotonic()
    work(task)
    return time.monotonic() - began
