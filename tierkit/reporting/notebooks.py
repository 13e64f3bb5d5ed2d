"""The notebooks of a month, and one of them under papermill, refused on any mismatch."""

import json
import logging
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from tierkit import errors
from tierkit.errors import MachineError, SheetError, TierkitError
from tierkit.reporting.children import Children
from tierkit.reporting.machine import ENDED, say_refusal
from tierkit.reporting.scratch import scratch_folder

NEEDS: Mapping[str, tuple[str, ...]] = {
    "20_propensity": (),
    "30_acv": (),
    "50_tiers": ("20_propensity", "30_acv"),
    "60_tier_lift": ("50_tiers",),
    "40_reasons": ("20_propensity", "30_acv"),
    "10_data": (),
    "70_monthly_review": ("40_reasons", "60_tier_lift"),
}
"""Each notebook, and those that must be done before it; of those that could start, the first one does.

What two of them read, as the rows to learn from, the first that asks builds, and the other waits for it.
"""

KERNELS = 2
"""Notebooks that run at once: what the cores of a small machine bear."""


PATIENCE = 300
"""Seconds a kernel may take to start, or to hand over what it printed, on a machine that is busy."""


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


def run_notebook(path: Path, parameters: Mapping[str, Any], *, children: Children | None = None) -> Any:
    """Execute one notebook, its own folder being the working directory; the executed one, as nbformat holds it.

    Parameters
    ----------
    children : takes charge of the process.

    Raises
    ------
    MachineError : its process was ended from outside, or disk or memory did not do.
    TierkitError : a cell failed, or did not complete; an error of tierkit's own keeps its kind.
    """
    import papermill
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    watching = children or Children()

    class WatchedKernel(AsyncKernelManager):
        async def start_kernel(self, **given: Any) -> None:  # type: ignore[override]
            await self._async_start_kernel(**given)
            if isinstance(self.provisioner, LocalProvisioner) and self.provisioner.process is not None:
                watching.watch(self.provisioner.process)

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it would say of a kernel that died is said below
    # LightGBM and BLAS threads spin against each other on small fits; one a kernel is faster.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        with scratch_folder() as sockets:
            # Two kernels that start at once may pick the same free port; sockets in a folder of their own cannot meet,
            # nor can anybody else open them. Nor is a file about them left where Jupyter keeps its own.
            local = {"transport": "ipc", "ip": f"{sockets}/kernel"} if os.name == "posix" else {}
            own = {"KernelManager": {**local, "connection_file": f"{sockets}/kernel.json"}}
            notebook = papermill.execute_notebook(
                str(path),
                # Without a file to write, papermill does not save the whole of it at the start of every cell.
                None,
                parameters=dict(parameters),
                kernel_name="python3",
                cwd=str(path.parent),
                progress_bar=False,
                extra_arguments=["--IPKernelApp.log_level=50", "--HistoryManager.enabled=False"],
                start_timeout=PATIENCE,
                iopub_timeout=PATIENCE,
                kernel_manager_class=WatchedKernel,
                config=Config(own),
            )
    except PapermillExecutionError as error:
        kind = getattr(errors, error.ename, None)
        if isinstance(kind, type) and issubclass(kind, TierkitError):
            raise kind(error.evalue) from None
        if refused := say_refusal(error.ename, error.evalue):
            raise MachineError(f"{path.name}, cell {error.exec_count}: {refused}") from None
        raise TierkitError(f"{path.name}, cell {error.exec_count}: {error.ename}: {error.evalue}") from None
    except DeadKernelError:
        raise MachineError(f"{path.name}: {ENDED}") from None
    except (RuntimeError, TimeoutError) as error:  # of the kernel, not of a cell: it did not start, or went silent
        raise MachineError(
            f"{path.name}: its process did not answer ({error}); run again with less beside it"
        ) from None
    finally:
        _close_loop()
    # A kernel that was killed, or a sys.exit(0), leaves a notebook that looks executed.
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code" and cell.metadata.papermill.status != "completed":
            raise TierkitError(f"{path.name}: cell {number} ended as {cell.metadata.papermill.status!r}, not completed")
    return notebook


def _close_loop() -> None:
    """Close the event loop that papermill's client leaves open in each thread it ran in."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def puts_in_place(path: Path) -> bool:
    """Whether a notebook puts results of its own in place of the run's (`run.keep`), which those after it follow."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return any(".keep(" in "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def check_parameters(path: Path, parameters: Mapping[str, Any]) -> None:
    """Hold a notebook's parameters against those given, both ways; papermill itself only logs a line."""
    from papermill import inspect_notebook

    if not path.exists():
        raise SheetError(f"{path}: no such notebook (`tierkit init` writes them all)")
    declared = set(inspect_notebook(str(path)))
    for name in sorted(set(parameters) - declared):
        raise SheetError(f"{path.name}: the parameters cell does not declare {name!r}; it declares {sorted(declared)}")
    for name in sorted(declared - set(parameters)):
        raise SheetError(f"{path.name}: the parameters cell declares {name!r}, which a run does not give")
