"""The replay of a month, worked out ahead of the notebooks that show it, in a process of its own."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from tierkit.errors import TierkitError
from tierkit.reporting.runs import open_run


def replay_ahead(parameters: Mapping[str, str]) -> None:
    """Replay the policy of a month and class its misses, and keep both where its notebooks will find them.

    Parameters
    ----------
    parameters : as the notebooks take them: month, sheet, draft.

    Raises
    ------
    TierkitError : the process was ended from outside, or the replay failed; an error of tierkit's own keeps its kind.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # The notebooks' threads hold locks that a forked process would wait for.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            pool.submit(_replay, dict(parameters)).result()
        except BrokenProcessPool:
            raise TierkitError("the replay was ended from outside, as for want of memory") from None


def _replay(parameters: Mapping[str, str]) -> None:
    run = open_run(**parameters)
    if run.replay is not None:
        _ = run.misses
