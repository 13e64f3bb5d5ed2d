"""The checked tables of a company, and SQL over them: what stands behind them is hidden."""

import re
from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.engine import connect_engine
from tierkit.inputs.identity.duplicates import find_duplicates
from tierkit.inputs.staging import stage_table, staging_sql

_STAGES = re.compile(r"\bstage_(\w+)")
LONG = 20_000_000
"""Bytes of a kept table from which it is not copied into memory for SQL text to read."""
_BATCH = 1_000_000
"""Rows that `sql_batches` gives at a time."""


@runtime_checkable
class FramesOnDisk(Protocol):
    """Frames by table name that are files, so that nobody has to read them to know their columns."""

    def __contains__(self, table: object) -> bool: ...
    def path(self, table: str) -> Path:
        """The Parquet file of a table."""
        ...

    def columns(self, table: str) -> list[str]:
        """Its columns, without reading it."""
        ...


@dataclass(frozen=True)
class Tables:
    """The checked tables of one company.

    Attributes
    ----------
    frames : canonical frames by table name. Ids and text are `str`, dates midnight `datetime64`, money float in
        `currency`, flags `boolean`. Accounts are *units*: roots of the parent tree, with the rows of their children
        in deals, activities and all other tables moved up to them.
    children : one row per account below a root; columns account_id, unit_id, name, depth.
    rejected : one row per row set aside; columns table, file, line, column, rule, value.
    notes : sentences about what was read right but not as it stood.
    sources : one row per file; columns table, file, sha256, n_rows, n_rejected. Of a table asked of a database, file is
        its SQL file and sha256 that of the rows, whatever their order; the SQL text is a row of its own, `query TABLE`.
    data_through : last day the data cover, missing where no table carries dates.
    currency : of all money.
    known_at_close : columns of deals known only once a deal has closed, with the reason.
    alike : accounts that look like another, children included; unset, they are looked for among the accounts.
    """

    frames: Mapping[str, pd.DataFrame]
    children: pd.DataFrame
    rejected: pd.DataFrame
    sources: pd.DataFrame
    notes: tuple[str, ...] = ()
    data_through: pd.Timestamp | None = None
    currency: str = "USD"
    known_at_close: Mapping[str, str] = field(default_factory=dict)
    alike: pd.DataFrame | None = None

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the company gave the table, or the column of it."""
        return table in self.frames and (column is None or column in self._columns(table))

    def _columns(self, table: str) -> Collection[str]:
        file = self._file(table)
        return self.frames[table].columns if file is None else file.columns(table)

    def _file(self, table: str) -> "FramesOnDisk | None":
        """What holds the table as a file; None where it is a frame, or not given."""
        layers = self.frames.maps if isinstance(self.frames, ChainMap) else [self.frames]
        held = next((layer for layer in layers if table in layer), None)
        return held if isinstance(held, FramesOnDisk) else None

    def frame(self, table: str) -> pd.DataFrame:
        """One table; empty, with the columns of its contract, where it was not given."""
        if table in self.frames:
            return self.frames[table]
        return pd.DataFrame({name: pd.Series(dtype="str") for name in CONTRACTS[table].names})

    def rows_of(self, table: str, accounts: Collection[str]) -> pd.DataFrame:
        """The rows of some accounts, in their order; of a table kept as a file no others are read."""
        if (file := self._file(table)) is not None and "account_id" in file.columns(table):
            # Typed: of no accounts at all, Arrow would not know that they are text
            wanted = pa.array(sorted(set(accounts)), type=pa.large_string())
            return pd.read_parquet(file.path(table), filters=pc.field("account_id").isin(wanted))
        frame = self.frame(table)
        return frame[frame["account_id"].isin(set(accounts))] if "account_id" in frame else frame.iloc[:0]

    def columns_of(self, table: str, names: Sequence[str]) -> pd.DataFrame:
        """Those of the named columns that a table has; of a table kept as a file no others are read."""
        given = [name for name in names if self.has(table, name)]
        if (file := self._file(table)) is not None:
            return pd.read_parquet(file.path(table), columns=given)
        return self.frame(table)[given]

    @property
    def is_dated(self) -> bool:
        """Whether deals carry the day they opened; without it there is no horizon and no window."""
        return self.has("deals", "opened_at")

    @property
    def has_accounts(self) -> bool:
        """Whether accounts are given; without them each deal is its own account."""
        return self.has("accounts")

    @cached_property
    def duplicates(self) -> pd.DataFrame:
        """Accounts that look like another: account_id, duplicate_of, rule, score, evidence."""
        return find_duplicates(self.frame("accounts")).frame if self.alike is None else self.alike

    def with_frame(self, table: str, frame: pd.DataFrame) -> "Tables":
        """The same tables but for one."""
        layers: list[Any] = self.frames.maps if isinstance(self.frames, ChainMap) else [self.frames]
        return replace(self, frames=ChainMap({table: frame}, *layers))

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        engine = connect_engine()
        engine.execute("SET threads = 2")
        return engine

    @cached_property
    def _staged(self) -> set[str]:
        return set()

    def _stage(self, table: str) -> None:
        """Put a table where SQL text finds it."""
        if (file := self._file(table)) is not None:
            path = file.path(table)
            source = f"read_parquet('{path.as_posix().replace(chr(39), chr(39) * 2)}')"
            text = staging_sql(table, file.columns(table), source)
            # A long one is read from its file at every question: that is quick, and in memory it would stand twice.
            what = "VIEW" if path.stat().st_size > LONG else "TABLE"
            self._engine.execute(f"CREATE {what} stage_{table} AS {text}")
            return
        # Tables, not views: cursors do not see what is registered with the connection they come from
        self._engine.register("given", stage_table(table, self.frames.get(table)))
        self._engine.execute(f"CREATE TABLE stage_{table} AS SELECT * FROM given")
        self._engine.unregister("given")

    def sql(self, text: str, **frames: pd.DataFrame) -> pd.DataFrame:
        """Run SQL text over the staging tables `stage_<table>` and the frames given by name."""
        with self._reading(text, frames) as cursor:
            return cursor.execute(text).df()

    def sql_batches(self, text: str, **frames: pd.DataFrame) -> Iterator[list[np.ndarray]]:
        """The same, some rows at a time and in no order: an array per column, which are integers and never null."""
        with self._reading(text, frames) as cursor:
            for batch in cursor.sql(text).to_arrow_reader(_BATCH):
                yield [column.to_numpy() for column in batch.columns]

    @contextmanager
    def _reading(self, text: str, frames: Mapping[str, pd.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
        for table in sorted(set(_STAGES.findall(text)) & set(CONTRACTS) - self._staged):
            self._stage(table)
            self._staged.add(table)
        with self._engine.cursor() as cursor:
            for name, frame in frames.items():
                cursor.register(name, frame)
            yield cursor
