"""How large an input and how long a run may be, so that what is too large ends in a sentence: `[limits]`."""

from pydantic import BaseModel, ConfigDict, Field

from tierkit.errors import TableError


class Limits(BaseModel):
    """`[limits]`: generous bounds; no figure depends on them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_file_gb: float = Field(4.0, gt=0)
    """Size of one input file, and of what a compressed one unpacks to, in GB."""
    max_rows: int = Field(50_000_000, ge=1)
    """Rows of one table."""
    max_columns: int = Field(2_000, ge=1)
    """Columns of one table."""
    max_cell_kb: int = Field(1_000, ge=1)
    """Length of one cell of a text file, in thousands of characters; a quote never closed reaches it."""
    max_minutes: float = Field(720.0, gt=0)
    """Minutes a whole run may take; then its notebooks and the replay are ended, and nothing more is published."""
    max_memory_gb: float | None = Field(None, gt=0)
    """Memory each process of a run may take, in GB, where the system can hold it to that; unset, all there is."""

    def check_size(self, n_bytes: int, file: str, *, unpacked: bool = False) -> None:
        """Raise `TableError` where a file, or what it unpacks to, is larger than a run may read."""
        if n_bytes > self.max_bytes:
            what = "unpacks to more than" if unpacked else f"has {n_bytes / 1e9:,.1f} GB, more than"
            self._refuse(file, what, "max_file_gb", f"{self.max_file_gb:g}")

    def check_rows(self, n: int, file: str) -> None:
        """Raise `TableError` where a table has more rows than a run may read."""
        if n > self.max_rows:
            self._refuse(file, "has more rows than", "max_rows", str(self.max_rows))

    def check_columns(self, n: int, file: str) -> None:
        """Raise `TableError` where a table has more columns than a run may read."""
        if n > self.max_columns:
            self._refuse(file, f"has {n:,} columns, more than", "max_columns", str(self.max_columns))

    @property
    def max_bytes(self) -> int:
        """`max_file_gb` in bytes."""
        return int(self.max_file_gb * 1e9)

    @staticmethod
    def _refuse(file: str, what: str, key: str, value: str) -> None:
        raise TableError(f"{file}: {what} limits.{key} = {value} (export less, or raise it under [limits])")


GENEROUS = Limits()
"""What holds where a sheet says nothing."""
