"""Converted rows as one raw table: files of ours and of the CRM stacked, working columns gone, origins kept."""

from collections.abc import Sequence

import pandas as pd

from tierkit.errors import TableError
from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.holdings import Holding
from tierkit.inputs.crm.recognition import CANONICAL
from tierkit.inputs.files.reading import Raw, nearest
from tierkit.inputs.settings import TableSource

_NAMED = 3


def as_raw(table: str, held: Sequence[Holding], source: TableSource, *, helpers: Sequence[Holding] = ()) -> Raw:
    """One table out of its holdings.

    Parameters
    ----------
    held : at least one; of a row that two of them have, the one of our own file is kept.
    helpers : holdings that helped to make it.

    Raises
    ------
    TableError : a column of the sheet is in none of the files; no row is left.
    """
    _check_columns(table, held, source)
    one = held[0] if len(held) == 1 else _stack(table, held)
    frame = one.frame[[name for name in one.frame.columns if name not in _working(table, held)]]
    parts = tuple(part for h in (*held, *helpers) for part in h.parts)
    files = list(dict.fromkeys(part.file for h in held for part in h.parts)) or [table]
    file = ", ".join(files[:_NAMED]) + (f" and {len(files) - _NAMED} more" if len(files) > _NAMED else "")
    if frame.empty:
        raise TableError(f"{file}: no row is left for {table} ({'; '.join(one.notes)})")
    suspect = tuple(
        (name, rule, rows, repair)
        for name, rule, index, repair in one.suspect
        if name in frame and len(rows := index.intersection(frame.index))
    )
    leaky = {name: why for h in held for name, why in h.leaky.items() if name in frame}
    sha = parts[0].sha256 if parts else ""
    notes = (*one.notes, *(note for h in helpers for note in h.notes))
    return Raw(frame, file, sha, one.place, notes, parts, one.origin, leaky, suspect)


def _stack(table: str, held: Sequence[Holding]) -> Holding:
    key = list(CONTRACTS[table].key)
    frames, origins, suspect, notes = [], [], [], [note for h in held for note in h.notes]
    start = 0
    ours = [h.frame[key] for h in held if h.object.name == CANONICAL and key and set(key) <= set(h.frame)]
    known = pd.MultiIndex.from_frame(pd.concat(ours)) if ours else None
    for h in held:
        if known is not None and h.object.name != CANONICAL and set(key) <= set(h.frame):
            again = pd.MultiIndex.from_frame(h.frame[key]).isin(known)
            h = h.keep(pd.Series(~again, h.frame.index))
            if again.any():
                notes.append(
                    f"{int(again.sum()):,} rows of {h.object.title} are also in a table of yours, which was used"
                )
        at = pd.Series(range(start, start + len(h.frame)), h.frame.index)
        suspect += [
            (n, rule, pd.Index(at.reindex(i).dropna().astype("int64")), repair) for n, rule, i, repair in h.suspect
        ]
        start += len(h.frame)
        frames.append(h.frame)
        if h.origin is not None:
            origins.append(h.origin.loc[h.frame.index].astype({"file": "str"}))
        else:
            origins.append(pd.DataFrame({"file": h.parts[0].file if h.parts else table, "line": h.frame.index}))
    origin = pd.concat(origins, ignore_index=True)
    origin["file"] = origin["file"].astype("category")
    stacked = pd.concat(frames, ignore_index=True)
    return Holding(
        held[0].object, stacked, held[0].parts, held[0].place, origin, suspect=tuple(suspect), notes=tuple(notes)
    )


def _working(table: str, held: Sequence[Holding]) -> set[str]:
    """Columns only the conversion reads."""
    contract = CONTRACTS[table]
    return {name for h in held for m in h.matched for name in m.to if name not in contract and name not in m.also} | {
        "record"
    }


def _check_columns(table: str, held: Sequence[Holding], source: TableSource) -> None:
    for name, header in source.columns.items():
        matched = [m for h in held for m in h.matched]
        if matched and not any(name in m.to for m in matched):
            known = sorted({h for m in matched for h in (*m.to.values(), *m.kept.values(), *m.ignored)})
            near = nearest(header, known)
            files = ", ".join(part.file for h in held for part in h.parts)
            raise TableError(
                f"{files}: column {header!r}, mapped to {name!r}, is missing"
                f"{f', did you mean {near!r}?' if near else ''} (map it in tierkit.toml, [data.{table}])"
            )
