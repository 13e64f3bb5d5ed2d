"""Open the tables of a company; what comes out is checked, and hides the engine behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import duckdb
import pandas as pd

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.staging import stage_tables


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
    sources : one row per file; columns table, file, sha256, n_rows, n_rejected.
    data_through : last day the data cover, missing where no table carries dates.
    currency : of all money.
    known_at_close : columns of deals known only once a deal has closed, with the reason.
    """

    frames: Mapping[str, pd.DataFrame]
    children: pd.DataFrame
    rejected: pd.DataFrame
    sources: pd.DataFrame
    notes: tuple[str, ...] = ()
    data_through: pd.Timestamp | None = None
    currency: str = "USD"
    known_at_close: Mapping[str, str] = field(default_factory=dict)

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the company gave the table, or the column of it."""
        return table in self.frames and (column is None or column in self.frames[table].columns)

    def frame(self, table: str) -> pd.DataFrame:
        """One table; empty, with the columns of its contract, where it was not given."""
        if table in self.frames:
            return self.frames[table]
        return pd.DataFrame({name: pd.Series(dtype="str") for name in CONTRACTS[table].names})

    @property
    def is_dated(self) -> bool:
        """Whether deals carry the day they opened; without it there is no horizon and no window."""
        return self.has("deals", "opened_at")

    @property
    def has_accounts(self) -> bool:
        """Whether accounts are given; without them each deal is its own account."""
        return self.has("accounts")

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        engine = duckdb.connect(":memory:")
        engine.execute("SET threads = 2")
        for name, frame in stage_tables(self.frames).items():
            engine.register(f"stage_{name}", frame)
        return engine

    def sql(self, text: str, **frames: pd.DataFrame) -> pd.DataFrame:
        """Run SQL text over the staging views `stage_<table>` and the frames given by name."""
        # A cursor would not see the staging views: registered frames belong to one connection.
        engine = self._engine
        for name, frame in frames.items():
            engine.register(name, frame)
        try:
            return engine.execute(text).df()
        finally:
            for name in frames:
                engine.unregister(name)
