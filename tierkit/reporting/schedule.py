"""Tasks side by side, each after those it needs."""

import contextlib
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeVar

Task = TypeVar("Task", bound=Hashable)


def run_tasks(
    needs: Mapping[Task, Iterable[Task]],
    work: Callable[[Task], None],
    *,
    done: Callable[[Task, float], None],
    workers: int,
    begun: Callable[[Task], None] = lambda _: None,
) -> None:
    """Work on every task, at most `workers` at once; of those that could start, the first of `needs` does.

    Parameters
    ----------
    needs : each task and those that must be done before it; no circle.
    work : what a task does, in a thread of its own.
    done, begun : told of each task that ended and its seconds, and of each that begins, in the calling thread.

    The first error ends it, once the tasks then running have ended; no other starts.
    """
    order = {task: place for place, task in enumerate(needs)}
    graph = TopologicalSorter(needs)
    graph.prepare()
    ready: list[Task] = []
    running: dict[Future[float], Task] = {}
    # papermill changes the directory of this whole process for each notebook, and two at once leave it anywhere.
    with contextlib.chdir(Path.cwd()), ThreadPoolExecutor(workers) as pool:
        while graph.is_active():
            ready = sorted([*ready, *graph.get_ready()], key=order.__getitem__)
            while ready and len(running) < workers:
                task = ready.pop(0)
                begun(task)
                running[pool.submit(_timed, work, task)] = task
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ended, key=lambda f: order[running[f]]):
                task = running.pop(future)
                seconds = future.result()
                graph.done(task)
                done(task, seconds)


def _timed(work: Callable[[Task], None], task: Task) -> float:
    began = time.monotonic()
    work(task)
    return time.monotonic() - began
