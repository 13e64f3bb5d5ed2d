"""The first files of a project: a run sheet, the notebooks and, for the demo, a simulated company."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tierkit.errors import SheetError
from tierkit.reporting.notebooks import bundled
from tierkit.runsheet import UNSETTLED

if TYPE_CHECKING:
    from tierkit.reporting.proposed_sheet import Drafted

DEMO_SEED = 20261031


def write_demo(folder: Path) -> Path:
    """Lay out the demo company in a folder, leaving what is there, and return its run sheet."""
    sheet = folder / "tierkit.toml"
    folder.mkdir(parents=True, exist_ok=True)
    if not sheet.exists():
        shutil.copyfile(_demo_sheet(), sheet)
    if not any((folder / "data" / "demo").glob("deals.*")):
        from tierkit.inputs.sample import simulate_company, write_sample

        write_sample(simulate_company(seed=DEMO_SEED), folder / "data" / "demo")
    _copy_notebooks(folder)
    return sheet


def write_starter(folder: Path, exports: Path, origin: str) -> list[str]:
    """Write a starter sheet for exports, and the notebooks; what was made of them, in lines.

    Parameters
    ----------
    folder : where the sheet goes.
    exports : folder of the exports; for `csv` also one file of deals.
    origin : `salesforce`, `hubspot` or `csv`.

    Raises
    ------
    SheetError : the folder has a run sheet already, or the exports are not there.
    TableError : a file cannot be read.
    """
    sheet = folder / "tierkit.toml"
    if sheet.exists():
        raise SheetError(f"{sheet} exists; remove it or choose another folder")
    if not exports.exists():
        raise SheetError(f"{exports}: no such file or folder (say where your exports are)")
    drafted = _draft(exports, origin, beside=folder)
    folder.mkdir(parents=True, exist_ok=True)
    with sheet.open("x", encoding="utf-8", newline="\n") as file:
        file.write(drafted.text)
    _copy_notebooks(folder)
    commands = f"tierkit check --sheet {sheet}; tierkit run --sheet {sheet}"
    if not drafted.questions:
        return [*drafted.said, f"{sheet}: read it, then: {commands}"]
    asked = [f"  {question}" for question in drafted.questions]
    return [*drafted.said, f'{sheet}: settle the lines with "{UNSETTLED}", then: {commands}', *asked]


def _draft(exports: Path, origin: str, *, beside: Path) -> "Drafted":
    if origin == "csv":
        from tierkit.reporting.customary_sheet import draft_for_files

        return draft_for_files(exports, beside=beside)
    from tierkit.inputs.crm.proposal import propose_mapping
    from tierkit.reporting.proposed_sheet import draft_for_crm

    if not exports.is_dir():
        raise SheetError(f"{exports}: must be the folder of the exports (for one file of deals: --from csv)")
    return draft_for_crm(propose_mapping(exports, "salesforce" if origin == "salesforce" else "hubspot"), beside=beside)


def _demo_sheet() -> Path:
    inside = bundled("demo.toml")
    return inside if inside.exists() else bundled("tierkit.toml")


def _copy_notebooks(folder: Path) -> None:
    target = folder / "notebooks"
    if target.exists():
        return
    target.mkdir(parents=True)
    for path in sorted(bundled("notebooks").glob("*.ipynb")):
        shutil.copyfile(path, target / path.name)
