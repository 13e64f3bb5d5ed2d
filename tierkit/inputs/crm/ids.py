"""Salesforce's record ids: 15 characters whose case counts, or 18, of which the last three say the case of the rest."""

import numpy as np
import pandas as pd

WRONG_CHECKSUM = "must end in the checksum of its first 15 characters"
REPAIR = " (something changed its capitals on the way; export it again)"
_ID = r"(?:\d[0-9A-Za-z]{2}|a\d[0-9A-Za-z]|a[A-Za-z]\d)[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?"
_ALPHABET = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"))


def widen_ids(ids: pd.Series) -> tuple[pd.Series, pd.Index]:
    """Ids of 15 characters as ids of 18, and the index of ids of 18 whose checksum is wrong.

    Parameters
    ----------
    ids : `str`; what is no record id (another system's key, a name) stays as it is.

    For each five characters the capitals are the bits of a number, lowest first, written in A-Z and 0-5 (Salesforce,
    "Converting from 15-character to 18-character record ids").

    >>> widen_ids(pd.Series(["0015000000Gv7qJ", "Ana Abara"]))[0].tolist()
    ['0015000000Gv7qJAAR', 'Ana Abara']
    """
    known = pd.Series(ids.dropna().unique(), dtype="str")
    known = known[known.str.fullmatch(_ID) & ~known.str.fullmatch(r"\d+")]
    if known.empty:
        return ids, ids.index[:0]
    first = known.str.slice(0, 15)
    full = first + checksums(first)
    wrong = known[(known.str.len() == 18) & (known != full)]
    if (known.str.len() == 15).any():
        short = known.str.len() == 15
        wide = ids.map(pd.Series(full[short].to_numpy(), index=known[short].to_numpy()))
        widened = wide.astype("str").where(wide.notna(), ids)
    else:
        widened = ids
    return widened, ids.index[ids.isin(wrong)] if len(wrong) else ids.index[:0]


def checksums(ids: pd.Series) -> pd.Series:
    """The three characters that make 18 of each id of 15; all of them plain letters and digits."""
    letters = np.frombuffer("".join(ids).encode("ascii"), dtype=np.uint8).reshape(len(ids), 3, 5)
    capitals = (letters >= ord("A")) & (letters <= ord("Z"))
    codes = _ALPHABET[(capitals * np.array([1, 2, 4, 8, 16])).sum(axis=2)]
    return pd.Series(["".join(row) for row in codes], ids.index, dtype="str")
