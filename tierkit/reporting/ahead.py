"""Results of a month that take long, worked out beside its notebooks, in a process of their own.

`python -m tierkit.reporting.ahead RESULT MONTH SHEET DRAFT PARENT`, which ends with the process PARENT.
"""

import os
import subprocess
import sys
from collections.abc import Mapping

from tierkit import errors
from tierkit.errors import MachineError, TierkitError
from tierkit.reporting.children import Children, end_with_parent
from tierkit.reporting.machine import ENDED, say_refusal
from tierkit.reporting.runs import open_run


def work_ahead(result: str, parameters: Mapping[str, str], *, children: Children | None = None) -> None:
    """Work out a result of a month, and keep it where its notebooks will find it.

    Parameters
    ----------
    result : what `Run` calls it, such as replay or misses.
    parameters : as the notebooks take them: month, sheet, draft.
    children : takes charge of the process.

    Raises
    ------
    MachineError : its process was ended from outside, or disk or memory did not do.
    TierkitError : it failed; an error of tierkit's own keeps its kind.
    """
    asked = [result, *(parameters[name] for name in ("month", "sheet", "draft"))]
    with subprocess.Popen(
        # Not a forked process, since notebooks run in threads; nor multiprocessing, which would run a caller's script.
        [sys.executable, "-m", "tierkit.reporting.ahead", *asked, str(os.getpid())],
        env={"OMP_NUM_THREADS": "1", **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        (children or Children()).watch(process)
        _, said = process.communicate()
    if process.returncode == 0:
        return
    *_, last = [ENDED, *said.strip().splitlines()]
    name, _, message = last.partition(": ")
    refused = ENDED if process.returncode < 0 else say_refusal(name, message)
    if refused:
        raise MachineError(f"the {result} of {parameters['month']}: {refused}")
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, TierkitError):
        raise kind(message)
    raise TierkitError(f"the {result} of {parameters['month']} failed: {last}")


if __name__ == "__main__":
    try:
        asked, month, sheet, draft, parent = sys.argv[1:]
        end_with_parent(int(parent))
        getattr(open_run(month, sheet=sheet, draft=draft), asked)
    except TierkitError as error:
        sys.exit(f"{type(error).__name__}: {error}")
