"""Text to numbers: currency signs, thousands and the decimal mark, which is found or declared, never guessed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

_SIGNS = re.compile(
    r"[\s\u00a0\u202f'’$€£¥₹]|^(?:[A-Z]{3}|R\$|kr\.?|zł)(?=[\s\d(+-])|(?<=[\d\s)])(?:[A-Z]{3}|kr\.?|zł)$"
)
_CURRENCY = re.compile(r"R\$|[$€£¥₹]|zł|\b(?:kr|[A-Z]{3})(?=[\s\d(+-]|\.|$)")
_CODES = {"€": "EUR", "£": "GBP", "₹": "INR", "zł": "PLN", "r$": "BRL"}
_MARKED = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_GROUPED = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:(?<=\d)\.\d*|\.\d+)?(?:(?<=[\d.])[eE][+-]?\d+)?")
_PLAIN = {mark: re.compile(rf"-?(?:0|[1-9]\d*|(?=[{mark}]))(?:[{mark}]\d+)?(?:[eE][+-]?\d+)?") for mark in ".,"}


@dataclass(frozen=True)
class Marks:
    """What the cells of a column say about their decimal mark.

    Attributes
    ----------
    votes : for each mark some cell settles, that cell.
    unsettled : a cell that may be read both ways, if there is one.
    """

    votes: dict[str, str]
    unsettled: str | None = None


def find_marks(text: pd.Series, *, whole: bool = False) -> Marks:
    """Which decimal marks the cells of one column settle; `whole` if fractions cannot occur.

    >>> find_marks(pd.Series(["1.234,50", "12"])).votes
    {',': '1.234,50'}
    >>> find_marks(pd.Series(["1,234"])).unsettled
    '1,234'
    """
    votes: dict[str, str] = {}
    unsettled = None
    marked = text[text.str.contains("[.,]", regex=True, na=False)]
    for cell in marked.unique():
        bare = _bare(cell)
        if not _MARKED.fullmatch(bare):
            continue
        mark = _mark_of(bare, whole)
        if mark is None:
            unsettled = unsettled or cell
        else:
            votes.setdefault(mark, cell)
    return Marks(votes, unsettled)


def find_currencies(text: pd.Series) -> dict[str, str]:
    """The currencies that amounts carry as a sign or a code, each with the first cell that does.

    >>> find_currencies(pd.Series(["€5", "7", "USD 9"]))
    {'EUR': '€5', 'USD': 'USD 9'}
    """
    found: dict[str, str] = {}
    for cell in text[text.str.contains(r"[^\d\s.,+()-]", regex=True, na=False)].unique():
        sign = _CURRENCY.search(cell)
        if sign is not None and _MARKED.fullmatch(_bare(cell)):
            found.setdefault(_CODES.get(sign[0].strip().lower(), sign[0].strip()), cell)
    return found


def read_numbers(text: pd.Series, *, decimal: str = ".") -> pd.Series:
    """Numbers as float64; cells that are not a number in this decimal mark are missing.

    >>> read_numbers(pd.Series(["$1,200.50", "(300)", "n/a"])).tolist()
    [1200.5, -300.0, nan]
    """
    fast = pd.to_numeric(text, errors="coerce").astype("float64") if decimal == "." else pd.Series(np.nan, text.index)
    fast = fast.where(np.isfinite(fast))
    left = text[fast.isna() & text.notna()]
    if left.empty:
        return fast
    known = {cell: _read_number(cell, decimal) for cell in left.unique()}
    return fast.fillna(left.map(known).astype("float64"))


def read_plain_numbers(text: pd.Series) -> pd.Series | None:
    """A column nobody named as float64, if every cell with text is a plain number; else None.

    Leading zeros and more than 15 digits look like identifiers: they stay text.
    """
    given = text.dropna().unique()
    for mark, pattern in _PLAIN.items():
        if len(given) and all(pattern.fullmatch(cell) and sum(map(str.isdigit, cell)) <= 15 for cell in given):
            settled = mark == "." or any(not _GROUPED[mark].fullmatch(cell) for cell in given if mark in cell)
            if settled:
                return pd.to_numeric(text.str.replace(mark, ".")).astype("float64")
    return None


def join_marks(marks: Iterable[Marks]) -> Marks:
    """What several columns of one file say together."""
    votes: dict[str, str] = {}
    unsettled = None
    for column in marks:
        for mark, cell in column.votes.items():
            votes.setdefault(mark, cell)
        unsettled = unsettled or column.unsettled
    return Marks(votes, unsettled)


def _mark_of(bare: str, whole: bool) -> str | None:
    """The decimal mark of one cell, or None where it may be either."""
    both = "." in bare and "," in bare
    if both:
        return "." if bare.rfind(".") > bare.rfind(",") else ","
    mark, other = (".", ",") if "." in bare else (",", ".")
    if bare.count(mark) > 1:
        return other
    if _GROUPED[mark].fullmatch(bare):
        return other if whole else None
    return mark


def _bare(cell: str) -> str:
    cell = _SIGNS.sub("", cell.strip()).strip()
    cell = _SIGNS.sub("", cell)
    return f"-{cell[1:-1]}" if cell.startswith("(") and cell.endswith(")") else cell


def _read_number(cell: str, decimal: str) -> float:
    bare = _bare(cell)
    if decimal == ",":
        bare = bare.translate(str.maketrans(".,", ",."))
    if not bare or not _NUMBER.fullmatch(bare) or not any(map(str.isdigit, bare)):
        return np.nan
    return float(bare.replace(",", ""))
