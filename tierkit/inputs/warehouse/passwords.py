"""Passwords: found where they may not stand, and blotted out of whatever a database or a driver says."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

BLOT = "***"
_SETTING = re.compile(r"([\w.-]+) *= *([^&;\s]+)")
_SECRET = re.compile(r"passw|passphrase|pwd|secret|token|api_?key|private_?key|credential", re.IGNORECASE)
_PLACE = re.compile(r"(?:path|file)$", re.IGNORECASE)
_USER_INFO = re.compile(r"://[^\s]*:[^\s]*@")


def holds_password(text: str) -> bool:
    """Whether a text is a URL with a password: before the host, or in a setting behind it.

    Where a URL may be read in two ways, it holds one.

    >>> holds_password("postgresql://ana@db/crm"), holds_password("postgresql://ana:x@db/crm")
    (False, True)
    """
    _, mark, rest = text.partition("://")
    return bool(mark) and (":" in rest.rpartition("@")[0] or bool(secret_settings(text)))


def secret_settings(url: str) -> list[str]:
    """Values of the settings behind a URL that let somebody in: `?password=x`, `PWD=x` inside `odbc_connect`."""
    _, _, settings = url.partition("?")
    found = []
    for text in (settings, unquote_plus(settings)):
        found += [v for k, v in _SETTING.findall(text) if _SECRET.search(k) and not _PLACE.search(k)]
    return found


def find_password(value: Any, key: str = "") -> str | None:
    """The first key of a parsed run sheet whose value is a URL with a password; None if there is none."""
    if isinstance(value, str):
        return key if holds_password(value) else None
    if isinstance(value, dict):
        inner = [(f"{key}.{name}" if key else str(name), part) for name, part in value.items()]
        # A name that is itself such a URL must not be repeated: its section is named instead.
        if any(holds_password(str(name)) for name in value):
            return key or "a key"
    elif isinstance(value, list):
        inner = [(key, part) for part in value]
    else:
        return None
    return next((found for name, part in inner if (found := find_password(part, name))), None)


def blot(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without the secrets, in whatever way they may have been written, and without any URL's user and password.

    >>> blot("no route to pg://ana:p%40ss@db, tried 'p@ss'", ["p@ss"])
    "no route to pg://***@db, tried '***'"
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=lambda f: (-len(f), f)):
        text = text.replace(form, BLOT)
    return _USER_INFO.sub(f"://{BLOT}@", text)


def _forms(secret: str) -> set[str]:
    plain = {secret, unquote(secret)}
    encoded = {write(form) for form in plain for write in (quote, quote_plus, lambda s: quote(s, safe=""))}
    return plain | encoded | {repr(form)[1:-1] for form in plain}
