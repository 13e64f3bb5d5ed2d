"""How Salesforce writes its files: keys of 15 and of 18 characters, moments, and what Data Loader makes of rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.exports.company import Ids

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MOMENT = "%Y-%m-%dT%H:%M:%S.000Z"


def key15(prefix: str, number: int) -> str:
    """A key of 15 characters, capitals apart from small letters; greater numbers come later.

    >>> key15("001", 61), key15("001", 62)
    ('0015g000000000z', '0015g0000000010')
    """
    digits = ""
    for _ in range(7):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return f"{prefix}5g000{digits}"


def key18(key: str) -> str:
    """A key with the three characters that say which of its letters are capitals (Salesforce's own rule).

    >>> key18("001A0000006Vm9u")
    '001A0000006Vm9uIAC'
    """
    suffix = ""
    for block in (key[0:5], key[5:10], key[10:15]):
        bits = sum(1 << i for i, c in enumerate(block) if "A" <= c <= "Z")
        suffix += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return key + suffix


def _keys(prefix: str) -> Callable[[int], str]:
    return lambda number: key18(key15(prefix, number))


IDS = Ids(account=_keys("001"), deal=_keys("006"), contact=_keys("003"), owner=_keys("005"))


def save(rows: pd.DataFrame, path: Path, rng: np.random.Generator, *, upper: bool = False) -> None:
    """As Data Loader writes it: everything quoted, rows in no order, the header in capitals where it was typed so."""
    rows = rows.sample(frac=1, random_state=int(rng.integers(1 << 30)))
    rows = rows.rename(columns=str.upper) if upper else rows
    rows.to_csv(path, index=False, quoting=1, lineterminator="\n", encoding="utf-8")
