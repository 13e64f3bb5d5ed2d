"""Files that only grow: a line of JSON each, which carries the hash of the line before it."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tierkit.errors import TierkitError
from tierkit.proof.ledger_chain import hash_ledger
from tierkit.reporting.whole import flush

_LINKS = ("follows", "sha256")


def read_chain(path: Path) -> tuple[list[dict[str, Any]], str]:
    """The entries of a file up to the first line that is not as it was written, and a sentence about that line.

    Lines taken off the end leave no trace here: the manifest of a month keeps the hash of those it took in.

    Returns
    -------
    Entries without their links, none where there is no file; the sentence is empty where every line holds.
    """
    entries: list[dict[str, Any]] = []
    last = ""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        body = {k: v for k, v in entry.items() if k != "sha256"}
        if entry.get("follows") != last or entry.get("sha256") != hash_ledger(body):
            name = f"{path.parent.name}/{path.name}"
            return entries, f"{name}: line {number} is not as it was written; put the file back from a backup."
        last = str(entry["sha256"])
        entries.append({k: v for k, v in body.items() if k not in _LINKS})
    return entries, ""


def check_chain_holds(path: Path) -> list[dict[str, Any]]:
    """The entries of a file.

    Raises
    ------
    TierkitError : a line is not as it was written.
    """
    entries, broken = read_chain(path)
    if broken:
        raise TierkitError(broken)
    return entries


def add_to_chain(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Put entries behind those a file holds, all or none of them.

    Raises
    ------
    TierkitError : a line of the file is not as it was written.
    """
    check_chain_holds(path)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    last = json.loads(text.splitlines()[-1])["sha256"] if text else ""
    for entry in entries:
        body = {**entry, "follows": last}
        last = hash_ledger(body)
        text += json.dumps({**body, "sha256": last}, sort_keys=True, ensure_ascii=True) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    flush(beside)
    os.replace(beside, path)
    flush(path.parent)


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
