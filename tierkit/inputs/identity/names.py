"""Company names as they are compared: without legal forms, accents, case and marks."""

import re
import unicodedata

import pandas as pd

_LEGAL = re.compile(
    r"\b(?:inc|incorporated|llc|llp|lp|ltd|limited|plc|corp|corporation|co|company|gmbh|mbh|ag|kg|kgaa|ohg|ug|se|sa|sas"
    r"|sarl|srl|spa|bv|nv|ab|as|asa|oy|oyj|aps|pty|pte|pvt|private|ltda|sl|kk|sp z o o|doo|kft|zrt|holding|holdings"
    r"|group)\b"
)

_INITIALS = re.compile(r"\b(\w)\.(?=\w\b)")
_MARKS = re.compile(r"[\W_]+")
_LONGEST = 120
"""What stands behind it tells no companies apart."""


def plain_companies(names: pd.Series) -> pd.Series:
    """Company names in plain words; missing where a name has no letter and no digit.

    >>> plain_companies(pd.Series(["Acmé, Inc.", "ACME GmbH & Co. KG", "The A.C.M.E. Group", "Holding AG"])).tolist()
    ['acme', 'acme', 'acme', 'holding ag']
    """
    found = {name: _plain(name) or None for name in names.dropna().unique()}
    return names.map(found).astype("str")


def _plain(name: str) -> str:
    bare = name[:_LONGEST].casefold().replace("&", " ")
    if not bare.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    # A.C.M.E. is one word, as ACME is, and A/S is a legal form
    bare = _INITIALS.sub(r"\1", bare) if "." in bare else bare.replace("a/s", "as")
    bare = _MARKS.sub(" ", bare).strip()
    without = " ".join(_LEGAL.sub(" ", bare).split()).removeprefix("the ")
    return without or bare
