"""Where the tables are and what their columns are called: `[data]` of the run sheet."""

import datetime as dt
import difflib
import re
import zoneinfo
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.limits import GENEROUS, Limits
from tierkit.inputs.warehouse.passwords import holds_password


class Section(BaseModel):
    """A section of the run sheet: frozen, and every unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class JoinSource(Section):
    """A second file joined to a table, one row at most for each key."""

    file: str
    """File, relative to the folder of the run sheet."""
    on: str
    """Column both files share."""
    known: Literal["at_opening", "at_close"] = "at_close"
    """When its columns became known: `at_opening`, or `at_close` (then they are never win features)."""


class TableSource(Section):
    """One table: its file, and how to read it into the canonical columns."""

    file: str | None = None
    """CSV (also .gz), Parquet, Excel or DuckDB file, relative to the folder of the run sheet."""
    table: str | None = None
    """Sheet of an Excel file, or table of a DuckDB file."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Canonical column = column of the file; `deal_id = "row_number"` counts the rows."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """For a canonical column: value in the file = canonical value; `"" = "open"` maps empty cells, `"*"` all others."""
    constants: dict[str, Any] = Field(default_factory=dict)
    """Canonical column = one value for every row."""
    join: tuple[JoinSource, ...] = ()
    """Further files that describe the same rows."""
    decimal: Literal[".", ","] | None = None
    """Decimal mark, `.` or `,`; unset, it is found where it is unambiguous."""
    day_first: bool | None = None
    """Whether 03/04/2026 is 3 April; unset, ambiguous dates stop the run."""


class DatabaseSettings(Section):
    """`[data.database]`: a database that answers one SQL file a table. Passwords come from the environment alone."""

    # What was written here by mistake may be a password, so no message repeats it.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str | None = None
    """Where it is: `postgresql+psycopg://user@host/name`, `duckdb:///file.duckdb`, any SQLAlchemy URL; no password."""
    url_env: str | None = None
    """Environment variable that holds the URL, with or without its password, in place of `url`."""
    password_env: str | None = None
    """Environment variable that holds the password; unset, the driver's own ways (PGPASSWORD, .pgpass)."""
    queries: str = "sql"
    """Folder of the SQL files, relative to the folder of the run sheet; deals.sql asks for the deals, and so on."""
    timeout_seconds: int = Field(600, ge=1)
    """Seconds that reading one table may take."""

    @field_validator("url")
    @classmethod
    def _a_url_without_password(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"[A-Za-z][\w.+-]*://", value):
            raise ValueError("must be a URL such as postgresql+psycopg://user@host/name or duckdb:///file.duckdb")
        if value is not None and holds_password(value):
            raise ValueError('holds a password; take it out, and name its environment variable: password_env = "NAME"')
        return value

    @field_validator("url_env", "password_env")
    @classmethod
    def _a_variable(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII):
            raise ValueError("must be the name of an environment variable, not what it holds")
        return value

    @model_validator(mode="after")
    def _one_url(self) -> "DatabaseSettings":
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs url or url_env, one of the two")
        return self


class DataSettings(Section):
    """`[data]`: the files of a company."""

    model_config = ConfigDict(hide_input_in_errors=True)

    folder: str = "."
    """Folder of the files, relative to the folder of the run sheet; tables are found by name if none is given here."""
    crm: Literal["salesforce", "hubspot"] | None = None
    """Whose exports the folder holds, `salesforce` or `hubspot`; files and columns are found by the CRM's names."""
    currency: str = "USD"
    """The one currency money is in."""
    time_zone: str = "UTC"
    """Time zone of times that carry none; days are UTC days."""
    data_through: str | None = None
    """Last day the export covers, YYYY-MM-DD; later dates are set aside. Unset, the latest dated event."""
    max_rejected: float = Field(0.01, ge=0, le=1)
    """Share of a table's rows that may be set aside before the run stops."""
    group_by: tuple[str, ...] = ()
    """Columns of deals that name the entity behind a row, when there is no account."""
    zero_acv_is_missing: bool = True
    """A won deal of amount 0 has an unknown ACV rather than a free contract."""
    database: DatabaseSettings | None = None
    """A database that is asked for tables; a table without an SQL file comes from the folder."""
    accounts: TableSource | None = None
    """The accounts; without it each deal is its own account."""
    account_history: TableSource | None = None
    """What the account table said earlier."""
    deals: TableSource | None = None
    """The deals: the one table a run cannot do without."""
    activities: TableSource | None = None
    """Touches in both directions."""
    contacts: TableSource | None = None
    """People at the accounts."""
    signals: TableSource | None = None
    """Trigger events."""
    reps: TableSource | None = None
    """Sellers and their slots."""
    strategic: TableSource | None = None
    """Claims of strategic value."""
    overrides: TableSource | None = None
    """Decisions of people over the model."""
    exclusions: TableSource | None = None
    """Whom we do not sell to."""
    funnel: TableSource | None = None
    """Leads handed to sales."""
    tal: TableSource | None = None
    """The target account list."""
    tier_history: TableSource | None = None
    """Tiers in use before."""
    holdout: TableSource | None = None
    """A randomised test near the cut that was carried out, as `holdout.csv` of a month planned it."""
    rates: TableSource | None = None
    """What currencies were worth, and from which day."""
    identity: TableSource | None = None
    """Which accounts that look alike are one, and which are not, as people decided."""

    _limits: Limits = PrivateAttr(default=GENEROUS)

    @property
    def limits(self) -> Limits:
        """How large a table may be: `[limits]` of the sheet."""
        return self._limits

    def within(self, limits: Limits) -> "DataSettings":
        """The same files, read within these limits."""
        held = self.model_copy()
        held._limits = limits
        return held

    @property
    def sources(self) -> dict[str, TableSource]:
        """The tables the sheet gives, by name."""
        return {name: source for name in CONTRACTS if (source := getattr(self, name)) is not None}

    @field_validator("data_through", mode="before")
    @classmethod
    def _a_day(cls, value: Any) -> Any:
        try:
            return None if value is None else dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            raise ValueError("must be a day, YYYY-MM-DD") from None

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            return zoneinfo.ZoneInfo(value).key
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise ValueError("must be a time zone such as Europe/Berlin") from None

    @model_validator(mode="after")
    def _one_origin(self) -> "DataSettings":
        if self.crm is not None and self.database is not None:
            raise ValueError("crm reads exports of a folder, database asks for tables; keep one")
        return self

    @model_validator(mode="after")
    def _columns_are_known(self) -> "DataSettings":
        for table, source in self.sources.items():
            known = CONTRACTS[table].names
            for name in (n for n in (*source.columns, *source.constants) if n not in known):
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise ValueError(f"names a column that {table} do not have, {name!r}; {hint}")
            if both := sorted(set(source.columns) & set(source.constants)):
                raise ValueError(f"names {both[0]!r} of {table} as a column and as a constant; keep one")
        return self
