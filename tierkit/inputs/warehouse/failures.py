"""What a database or its driver says, as one sentence without secrets."""

import os
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tierkit.errors import SheetError, TableError
from tierkit.inputs.warehouse.passwords import blot, secret_settings

_REFUSED = re.compile(r"password|authenticat|credential|access denied|login|role .* does not exist", re.IGNORECASE)
_LOST = ("57P", "08")
_REPAIRS = {
    "25006": "it may only read: use SELECT alone",
    "42501": "ask for the right to SELECT for the user of the URL",
}
_ENDLESS = re.compile(r"(?:date|timestamp|time) too (?:large|small)")
"""psycopg's words for a day that no calendar has."""
_DRIVERS_OWN = ("PGPASSWORD", "MYSQL_PWD")


@dataclass(frozen=True)
class Secrets:
    """What may appear in no message; not shown by `repr`."""

    _values: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, url: str, password: str | None) -> "Secrets":
        """The password, those of the environment that drivers read, and what lets somebody in of a URL."""
        known = [password or "", *(os.environ.get(name, "") for name in _DRIVERS_OWN)]
        if url:
            user_info = url.partition("://")[2].rpartition("@")[0]
            hidden = user_info.partition(":")[2]
            known += [url, hidden, unquote(hidden), *secret_settings(url)]
        return cls(tuple(sorted({value for value in known if value})))

    def blot(self, text: str) -> str:
        """The text without them."""
        return blot(text, self._values)


def say_database(address: Any) -> str:
    """What a database is called: its name and host, never the user.

    Parameters
    ----------
    address : `sqlalchemy.engine.URL`.
    """
    name = f"the database {address.database}" if address.database else "the database"
    return f"{name} at {address.host}" if address.host else f"{name} on this machine"


def is_lost(error: BaseException) -> bool:
    """Whether the server ended the connection, by its own code."""
    return _code(error).startswith(_LOST)


def say_refusal(error: Exception, where: str, secrets: Secrets) -> SheetError | TableError:
    """Why a connection could not be made: an error of the sheet where user or password are refused."""
    words = re.sub(r"^.* failed: ", "", secrets.blot(_words(error)))
    if _REFUSED.search(words):
        return SheetError(f"{where} refuses user or password: {words} (see password_env in [data.database])")
    return TableError(f"{where} cannot be reached: {words} (see [data.database] in tierkit.toml)")


def say_failure(
    error: Exception, file: str, secrets: Secrets, *, late: bool = False, lost: bool = False, seconds: int = 0
) -> str:
    """Why a query was not answered: the file, the line where the database names one, its own words, and the repair."""
    words, code = secrets.blot(_words(error)), _code(error)
    if late or code == "57014":
        return f"{file}: took longer than timeout_seconds = {seconds} (raise it in tierkit.toml, [data.database])"
    if lost or is_lost(error):
        return f"{file}: the connection to the database was lost: {words} (run again)"
    line = re.search(r"^LINE (\d+):", str(_origin(error)), re.MULTILINE)
    place = f"{file}: line {line.group(1)}" if line else file
    repair = "write NULLIF(the column, 'infinity')" if _ENDLESS.search(words) else _REPAIRS.get(code)
    return f"{place}: the database says: {words}{f' ({repair})' if repair else ''}"


def _origin(error: BaseException) -> BaseException:
    """The driver's own error, where SQLAlchemy has put one of its own around it."""
    return getattr(error, "orig", None) or error


def _code(error: BaseException) -> str:
    return str(getattr(_origin(error), "sqlstate", None) or "")


def _words(error: Exception) -> str:
    """The first sentence of what the driver said, and the database's hint."""
    origin = _origin(error)
    told = getattr(origin, "diag", None)
    primary, hint = getattr(told, "message_primary", None), getattr(told, "message_hint", None)
    if primary:
        return f"{primary} ({hint})" if hint else str(primary)
    first, *others = [line.strip() for line in str(origin).splitlines() if line.strip()] or [type(origin).__name__]
    # DuckDB's hints
    return " ".join([first, *(line for line in others[:1] if line.startswith(("Did you mean", "Candidate")))])
