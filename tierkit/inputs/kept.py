"""Checked tables kept in a folder: each is read when it is first asked for, and SQL reads the files themselves."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from tierkit.inputs.tables import Tables

_ABOUT = "about.json"
_PARTS = ("children", "rejected", "sources")


class KeptFrames(Mapping[str, pd.DataFrame]):
    """Frames by table name, one Parquet file each, read when first asked for."""

    def __init__(self, folder: Path, tables: list[str]) -> None:
        self._folder = folder
        self._tables = tables
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._tables:
            raise KeyError(table)
        if table not in self._read:
            self._read[table] = pd.read_parquet(self.path(table))
        return self._read[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, table: object) -> bool:
        return table in self._tables

    def path(self, table: str) -> Path:
        """The file of a table."""
        return self._folder / f"{table}.parquet"

    def columns(self, table: str) -> list[str]:
        """Its columns, without reading it."""
        import pyarrow.parquet as pq

        return [name for name in pq.read_schema(self.path(table)).names if not name.startswith("__index")]


def write_tables(tables: Tables, folder: Path) -> None:
    """Write every part of `tables` into `folder`."""
    folder.mkdir(exist_ok=True)
    for name, frame in tables.frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    for name in _PARTS:
        getattr(tables, name).to_parquet(folder / f"_{name}.parquet")
    tables.duplicates.to_parquet(folder / "_alike.parquet")
    about = {
        "notes": tables.notes,
        "data_through": None if tables.data_through is None else tables.data_through.isoformat(),
        "currency": tables.currency,
        "known_at_close": dict(tables.known_at_close),
        "tables": list(tables.frames),
    }
    (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")


def read_tables(folder: Path) -> Tables:
    """The tables that `write_tables` wrote; a table is read when it is first asked for."""
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    parts = {name: pd.read_parquet(folder / f"_{name}.parquet") for name in (*_PARTS, "alike")}
    return Tables(
        frames=KeptFrames(folder, about["tables"]),
        notes=tuple(about["notes"]),
        data_through=None if about["data_through"] is None else pd.Timestamp(about["data_through"]),
        currency=about["currency"],
        known_at_close=about["known_at_close"],
        **parts,
    )
