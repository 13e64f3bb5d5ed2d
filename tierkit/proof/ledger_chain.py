"""Ledgers that name the ledgers before them, so that a month taken away or written anew shows."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = ["month", "ledger", "sha256", "followed_by", "status"]
BROKEN = ("rewritten", "removed")
"""States of `check_chain` that nothing honest leaves behind."""

Ledger = Mapping[str, Any]


def hash_ledger(ledger: Ledger) -> str:
    """sha256 of a ledger as canonical JSON: everything in it, its scores too; how the file is laid out is not."""
    text = json.dumps(ledger, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def follow_ledgers(earlier: Mapping[str, Ledger]) -> dict[str, str]:
    """What a new ledger writes under `follows`: the earlier ledgers that none of them follows yet, name to hash.

    Each follows others in turn, so that the newest guards all; a run superseded is followed beside the one that took
    its place.

    Parameters
    ----------
    earlier : ledgers of the months before, by the name of their folder, `YYYY-MM` or `YYYY-MM-<run>`.
    """
    followed = {sha for ledger in earlier.values() for sha in ledger.get("follows", {}).values()}
    hashes = {name: hash_ledger(ledger) for name, ledger in sorted(earlier.items())}
    return {name: sha for name, sha in hashes.items() if sha not in followed}


def check_chain(ledgers: Mapping[str, Ledger]) -> pd.DataFrame:
    """Whether every ledger that a later one was written after still stands as it was.

    Parameters
    ----------
    ledgers : as of `follow_ledgers`; ledgers written before there was a chain carry no `follows` and are welcome.

    Returns
    -------
    One row per ledger that stands or is missed, by month and name: month, ledger (missing for one that is gone),
    sha256, followed_by (the later ledger that carries its hash), status: `intact`; `newest` (none is written after it
    yet); `unguarded` (none of the later ones follows it, since they carry no chain or were written earlier);
    `rewritten` (a later ledger carries another hash for its month); `removed` (a later ledger carries a hash that no
    ledger has). Who changes a ledger and every later one with it leaves no trace here: keep the newest hash elsewhere.
    """
    hashes = {name: hash_ledger(ledger) for name, ledger in sorted(ledgers.items())}
    follower = {
        sha: (name, before) for name in hashes for before, sha in sorted(ledgers[name].get("follows", {}).items())
    }
    missed = {sha: (by, before) for sha, (by, before) in follower.items() if sha not in hashes.values()}
    rows: list[tuple[str, str | None, str, str, str]] = []
    last = max((name[:7] for name in hashes), default="")
    for name, sha in hashes.items():
        by, status = follower.get(sha, ("", ""))[0], "intact"
        if not by:
            # A superseded run moves to another folder, so that names say no more than the month.
            again = next((s for s, (_, before) in missed.items() if before[:7] == name[:7]), None)
            status = "rewritten" if again else "newest" if name[:7] == last else "unguarded"
            by = missed.pop(again)[0] if again else ""
        rows.append((name[:7], name, sha, by, status))
    rows += [(before[:7], None, sha, by, "removed") for sha, (by, before) in missed.items()]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["month", "ledger", "sha256"], kind="stable", ignore_index=True)


def say_chain(chain: pd.DataFrame) -> tuple[str, ...]:
    """A sentence for each ledger that is not what later ones were written after, or one that all are."""
    broken = chain[chain["status"].isin(BROKEN)]
    if chain.empty:
        return ()
    told = []
    for row in broken.to_dict("records"):
        what = "was changed after" if row["status"] == "rewritten" else "is gone that stood when"
        told.append(
            f"A ledger of {row['month']} {what} {row['followed_by']} was published: put the file back from a backup, "
            "or count what it promised as unproven."
        )
    if told:
        return tuple(told)
    guarded = int((chain["status"] == "intact").sum())
    if not guarded:
        return ("No ledger is guarded yet: each is from the next month's run on.",)
    left = len(chain) - guarded
    of = "1 ledger is" if guarded == 1 else f"{guarded} ledgers are"
    return (f"{of} as later months found them, none taken away; {left} not guarded by a later one yet.",)
