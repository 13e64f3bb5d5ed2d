"""The replay of a month, worked out ahead of the notebooks that show it, in a process of its own.

`python -m tierkit.reporting.ahead MONTH SHEET DRAFT`
"""

import os
import subprocess
import sys
from collections.abc import Mapping

from tierkit import errors
from tierkit.errors import TierkitError
from tierkit.reporting.runs import open_run


def replay_ahead(parameters: Mapping[str, str]) -> None:
    """Replay the policy of a month and class its misses, and keep both where its notebooks will find them.

    Parameters
    ----------
    parameters : as the notebooks take them: month, sheet, draft.

    Raises
    ------
    TierkitError : the replay failed, or its process was ended from outside; an error of tierkit's own keeps its kind.
    """
    asked = [parameters[name] for name in ("month", "sheet", "draft")]
    done = subprocess.run(
        # Not a forked process, since notebooks run in threads; nor multiprocessing, which would run a caller's script.
        [sys.executable, "-m", "tierkit.reporting.ahead", *asked],
        env={"OMP_NUM_THREADS": "1", **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    *_, last = ["it was ended from outside, as for want of memory", *done.stderr.strip().splitlines()]
    name, _, message = last.partition(": ")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, TierkitError):
        raise kind(message)
    raise TierkitError(f"the replay of {parameters['month']} failed: {last}")


def _replay(month: str, sheet: str, draft: str) -> None:
    run = open_run(month, sheet=sheet, draft=draft)
    if run.replay is not None:
        _ = run.misses


if __name__ == "__main__":
    try:
        _replay(*sys.argv[1:])
    except TierkitError as error:
        sys.exit(f"{type(error).__name__}: {error}")
