"""Run a month's notebooks under papermill, independent ones two at a time, and refuse any mismatch."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from tierkit import errors
from tierkit.errors import SheetError, TierkitError

NEEDS: Mapping[str, tuple[str, ...]] = {
    "10_data": (),
    "20_propensity": ("10_data",),
    "30_acv": ("10_data",),
    "40_reasons": ("20_propensity", "30_acv"),
    "50_tiers": ("20_propensity", "30_acv"),
    "60_tier_lift": ("10_data",),
    "70_monthly_review": ("40_reasons", "50_tiers", "60_tier_lift"),
}
"""Each notebook, and those whose results it reads."""


@dataclass(frozen=True)
class Executed:
    """One executed notebook and the seconds it took."""

    name: str
    path: Path
    seconds: float


def notebook_folder(project: Path) -> Path:
    """The project's own notebooks where it has them, else those that came with tierkit."""
    if (project / "notebooks" / "10_data.ipynb").exists():
        return project / "notebooks"
    return bundled("notebooks")


def bundled(name: str) -> Path:
    """A file or folder that came with tierkit: inside the wheel, or beside the package in a checkout."""
    package = Path(str(files("tierkit")))
    inside = package / name
    return inside if inside.exists() else package.parent / name


def run_notebooks(
    folder: Path,
    into: Path,
    parameters: Mapping[str, Any],
    *,
    then: Callable[[Executed], None],
    done: Callable[[Executed], None],
    workers: int = 2,
) -> None:
    """Execute every notebook of `NEEDS` into a folder, each after those it needs.

    `then` takes each executed notebook beside the others that still run, `done` in the calling thread.

    Raises
    ------
    SheetError : a notebook's parameters are not exactly those given.
    TierkitError : a cell failed, or did not complete; an error of tierkit's own keeps its kind.
    """
    for name in NEEDS:
        check_parameters(folder / f"{name}.ipynb", parameters)
    # LightGBM and BLAS threads spin against each other on small fits; one a kernel is faster.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    waiting, finished = dict(NEEDS), dict[str, Executed]()
    running: dict[Future[Executed], str] = {}
    # papermill changes the directory of this whole process for each notebook, and two at once leave it anywhere.
    with contextlib.chdir(Path.cwd()), ThreadPoolExecutor(workers) as pool:
        while waiting or running:
            for name in [n for n, needs in waiting.items() if set(needs) <= set(finished)]:
                del waiting[name]
                running[pool.submit(_run_then, folder / f"{name}.ipynb", into, parameters, then)] = name
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                name = running.pop(future)
                try:
                    finished[name] = future.result()
                except TierkitError:
                    waiting.clear()
                    raise
                done(finished[name])


def _run_then(path: Path, into: Path, parameters: Mapping[str, Any], then: Callable[[Executed], None]) -> Executed:
    executed = run_notebook(path, into, parameters)
    then(executed)
    return executed


def run_notebook(path: Path, into: Path, parameters: Mapping[str, Any]) -> Executed:
    """Execute one notebook, its own folder being the working directory."""
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    target = into / path.name
    try:
        with tempfile.TemporaryDirectory(prefix="tierkit-") as sockets:
            # Two kernels that start at once may pick the same free port; sockets in a folder of their own cannot meet.
            own = {"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}}
            notebook = papermill.execute_notebook(
                str(path),
                str(target),
                parameters=dict(parameters),
                kernel_name="python3",
                cwd=str(path.parent),
                progress_bar=False,
                extra_arguments=["--IPKernelApp.log_level=50"],
                config=Config(own if os.name == "posix" else {}),
            )
    except PapermillExecutionError as error:
        kind = getattr(errors, error.ename, None)
        if isinstance(kind, type) and issubclass(kind, TierkitError):
            raise kind(error.evalue) from None
        raise TierkitError(f"{path.name}, cell {error.exec_count}: {error.ename}: {error.evalue}") from None
    finally:
        _close_loop()
    # A kernel that was killed, or a sys.exit(0), leaves a notebook that looks executed.
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code" and cell.metadata.papermill.status != "completed":
            raise TierkitError(f"{path.name}: cell {number} ended as {cell.metadata.papermill.status!r}, not completed")
    return Executed(path.stem, target, float(notebook.metadata.papermill.duration))


def _close_loop() -> None:
    """Close the event loop that papermill's client leaves open in each thread it ran in."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def check_parameters(path: Path, parameters: Mapping[str, Any]) -> None:
    """Hold a notebook's parameters against those given, both ways; papermill itself only logs a line."""
    from papermill import inspect_notebook

    if not path.exists():
        raise SheetError(f"{path}: no such notebook (`tierkit init` writes all seven)")
    declared = set(inspect_notebook(str(path)))
    for name in sorted(set(parameters) - declared):
        raise SheetError(f"{path.name}: the parameters cell does not declare {name!r}; it declares {sorted(declared)}")
    for name in sorted(declared - set(parameters)):
        raise SheetError(f"{path.name}: the parameters cell declares {name!r}, which a run does not give")
