"""SQL files, one a table: found by name, and held to a single statement that only reads."""

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tierkit.errors import SheetError, TableError
from tierkit.inputs.contracts import CONTRACTS

ENDING = ".sql"
_LARGEST = 1_000_000
_QUOTED = re.compile(
    r"--[^\n]*"
    r"|\b[eE]'(?:[^'\\]|''|\\.)*'"
    r"|'(?:[^']|'')*'"
    r'|"(?:[^"]|"")*"'
    r"|`[^`]*`"
    r"|(?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
    re.DOTALL,
)
_OPENERS = re.compile(r"--|/\*|['\"`]|\b[eE]'|(?<![\w$])\$\w*\$")
_COMMENT = re.compile(r"/\*|\*/")
_WRITES = re.compile(
    r"\binto\b|[()]\s*(?:insert|merge)\s|[()]\s*delete\s+from\b|[()]\s*update\b[^;]*?\bset\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Query:
    """What one SQL file asks for: its text without the last semicolon, and the sha256 of the file."""

    file: str
    text: str
    sha256: str


def find_queries(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """SQL files of a folder that are named after a table, and a sentence for each that is not.

    Raises
    ------
    SheetError : the folder is missing, or holds no SQL file named after a table.
    TableError : two files are named after one table.
    """
    if not folder.is_dir():
        raise SheetError(f"{folder}: no such folder of SQL files ([data.database] queries in tierkit.toml)")
    found: dict[str, Path] = {}
    notes = []
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() == ENDING and p.is_file()):
        table = path.stem.lower()
        if table in found:
            raise TableError(f"{folder}: {found[table].name} and {path.name} are both named after {table!r} (keep one)")
        if table in CONTRACTS:
            found[table] = path
            continue
        near = difflib.get_close_matches(table, CONTRACTS, n=1, cutoff=0.5)
        notes.append(
            f"{path.name} was not read: {f'is it meant to be {near[0]}?' if near else 'no table has this name'}"
        )
    if not found:
        said = "; ".join(notes) or f"name one a table: {', '.join(f'{t}{ENDING}' for t in CONTRACTS)}"
        raise SheetError(f"{folder}: no SQL file is named after a table ({said})")
    return found, notes


def read_query(path: Path) -> Query:
    """Read an SQL file and hold it to one SELECT, or WITH ... SELECT.

    Raises
    ------
    TableError : the file is empty, not UTF-8, holds several statements, or one that writes.
    """
    if path.stat().st_size > _LARGEST:
        raise TableError(f"{path.name}: is larger than a query can be, {_LARGEST:,} bytes")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(f"{path.name}: is not UTF-8 (save it again as UTF-8)") from None
    return Query(path.name, check_query(text, file=path.name), hashlib.sha256(content).hexdigest())


def check_query(text: str, *, file: str) -> str:
    """The statement of a file without its last semicolon.

    >>> check_query("SELECT ';' AS mark -- one; two\\n;", file="deals.sql")
    "SELECT ';' AS mark -- one; two\\n"

    Raises
    ------
    TableError : it is not a single statement that only reads.
    """
    bare = _blank(text, file)
    end = len(re.sub(r"[\s;]+$", "", bare))
    if "\0" in text or not bare[:end].strip():
        raise TableError(f"{file}: holds no query (write a SELECT)")
    if (mark := bare.find(";", 0, end)) >= 0:
        raise TableError(
            f"{file}: line {_line(text, mark)}: holds more than one statement (keep one SELECT, or WITH ... SELECT)"
        )
    first = re.match(r"[\s(]*(\w*)", bare)
    word = first.group(1) if first else ""
    if word.lower() not in ("select", "with"):
        raise TableError(f"{file}: must begin with SELECT or WITH, got {word.upper() or bare.strip()[0]!r}")
    if writes := _WRITES.search(bare):
        said = " ".join(writes.group().strip("() \n\t").split()[:2]).upper()
        raise TableError(
            f"{file}: line {_line(text, writes.end() - 1)}: may only read, got {said!r} (use SELECT alone)"
        )
    # Behind the semicolon there are only white space and comments.
    last = bare.find(";", end)
    return text if last < 0 else text[:last]


def _blank(text: str, file: str) -> str:
    """The text with comments, literals and quoted names blanked, each character where it stood."""
    parts, at = [], 0
    while opener := _OPENERS.search(text, at):
        start = opener.start()
        end = _end_of_comment(text, start) if opener.group() == "/*" else None
        if end is None and (quoted := _QUOTED.match(text, start)):
            end = quoted.end()
        if end is None:
            raise TableError(f"{file}: line {_line(text, start)}: {opener.group()} is never closed")
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _end_of_comment(text: str, start: int) -> int | None:
    """Where a comment that begins at `start` ends; comments may hold comments."""
    depth = 0
    for mark in _COMMENT.finditer(text, start):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return None


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
