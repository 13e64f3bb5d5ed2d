"""Where a folder of CRM exports meets the readers of tables: what reads each, and what the sheet still has to say."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tierkit.inputs.crm.exports import AUTHOR, CONVERTED, Exports
from tierkit.inputs.files.reading import Raw
from tierkit.inputs.settings import DataSettings


def find_exports(
    folder: Path, settings: DataSettings
) -> tuple[dict[str, Callable[[], tuple[Raw, list[Raw]]]], list[str]]:
    """For each table that the files of a folder give, what reads it; and a sentence for each file nobody recognised.

    Raises
    ------
    TableError : no such folder; two files named after one table.
    """
    exports = Exports(folder, settings)
    notes = [
        f"{path.name} was not read: it is no {AUTHOR[exports.crm]} export known here, and no table"
        for path in exports.strangers
    ]
    return {table: partial(exports.read, table) for table in exports.tables}, notes


def export_files(folder: Path, settings: DataSettings) -> list[Path]:
    """The files of a folder that are read, joined ones included."""
    if not folder.is_dir():
        return []
    exports = Exports(folder, settings)
    paths = {found.path for found in exports.found}
    paths |= {folder / join.file for source in settings.sources.values() for join in source.join}
    return sorted(path for path in paths if path.exists())


def without_converted(settings: DataSettings) -> DataSettings:
    """The sheet's words on tables less those the conversion has followed already."""
    left = {}
    for table, source in settings.sources.items():
        values = {name: of for name, of in source.values.items() if name not in CONVERTED.get(table, ())}
        left[table] = source.model_copy(update={"columns": {}, "values": values})
    return settings.model_copy(update=left)
