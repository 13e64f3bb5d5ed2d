"""The first files of a project: a run sheet, the notebooks and, for the demo, a simulated company."""

import shutil
from pathlib import Path

from tierkit.errors import SheetError
from tierkit.reporting.notebooks import bundled

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


def write_starter(folder: Path, deals: Path) -> Path:
    """Write a starter sheet for an export of deals, and the notebooks.

    Raises
    ------
    SheetError : the folder has a run sheet already.
    """
    from tierkit.inputs.contracts import CONTRACTS
    from tierkit.inputs.reading import read_file

    sheet = folder / "tierkit.toml"
    if sheet.exists():
        raise SheetError(f"{sheet} exists; remove it or choose another folder")
    header = [str(name) for name in read_file(deals).frame.columns]
    known = {_plain(name): name for name in header}
    contract = CONTRACTS["deals"]
    columns = []
    for column in contract.columns:
        if (found := known.get(_plain(column.name))) is not None:
            columns.append(f'{column.name} = "{found}"')
        elif column.required:
            columns.append(f'{column.name} = "?"   # {column.about}')
        elif column.name in ("account_id", "opened_at", "closed_at", "acv"):
            columns.append(f'# {column.name} = "?"   # {column.about}')
    unmatched = [name for name in header if _plain(name) not in {_plain(c) for c in contract.names}]
    folder.mkdir(parents=True, exist_ok=True)
    sheet.write_text(
        "\n".join(
            [
                "# `tierkit explain KEY` describes a key; `tierkit check` says what is in the data.",
                "",
                "[data.deals]",
                f'file = "{deals.resolve().as_posix()}"',
                "",
                "[data.deals.columns]   # ours = yours",
                *columns,
                "# not named, so candidate features after the leak screen: " + ", ".join(unmatched),
                "",
                "[data.deals.values.outcome]   # yours = won, lost or open",
                '"Won" = "won"',
                '"Lost" = "lost"',
                "",
            ]
        ),
        encoding="utf-8",
    )
    _copy_notebooks(folder)
    return sheet


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


def _plain(name: str) -> str:
    return "".join(ch for ch in name.lower() if ch.isalnum())
