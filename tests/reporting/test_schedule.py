"""Tasks side by side: order, room for two, and what the first error leaves."""

import threading

import pytest

from tierkit.reporting.schedule import run_tasks


def test_a_task_starts_after_those_it_needs_and_the_first_that_can_goes_first():
    started: list[str] = []
    needs = {"a": [], "b": ["a"], "d": ["b", "c"], "c": [], "e": []}
    run_tasks(needs, started.append, done=lambda task, seconds: None, workers=1)
    assert started == ["a", "b", "c", "d", "e"]


def test_never_more_at_once_than_workers_and_each_is_told_with_its_seconds():
    lock, now, most, told = threading.Lock(), set(), [], {}
    both = threading.Barrier(2, timeout=10)

    def work(task: str) -> None:
        with lock:
            now.add(task)
            most.append(len(now))
        both.wait()  # two run at once, or this breaks
        with lock:
            now.remove(task)

    run_tasks(dict.fromkeys("abcdef", ()), work, done=told.__setitem__, workers=2)
    assert set(told) == set("abcdef")
    assert all(seconds >= 0 for seconds in told.values())
    assert max(most) == 2


def test_the_first_error_starts_nothing_more():
    started = []

    def work(task: str) -> None:
        started.append(task)
        if task == "bad":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_tasks({"bad": (), "late": ("bad",), "other": ("bad",)}, work, done=lambda *_: None, workers=2)
    assert started == ["bad"]
