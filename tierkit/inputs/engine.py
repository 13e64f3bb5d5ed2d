"""Connections to DuckDB: none of them fetches an extension, and one to a file can touch that file alone."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def connect_engine(path: Path | None = None) -> "duckdb.DuckDBPyConnection":
    """A database in memory; with `path`, that file, to be read and nothing else: no view of it opens another file.

    Raises
    ------
    duckdb.Error : the file is not one of DuckDB's.
    """
    import duckdb

    if path is None:
        # What does not fit into memory goes where the system keeps such files, never beside notebooks or inputs.
        return duckdb.connect(":memory:", config={**_OFFLINE, "temp_directory": tempfile.gettempdir()})
    alone = {"enable_external_access": "false", "temp_directory": "", "lock_configuration": "true"}
    # As an absolute path: DuckDB takes `md:x.duckdb` for an address.
    return duckdb.connect(str(path.resolve()), read_only=True, config={**_OFFLINE, **alone})
