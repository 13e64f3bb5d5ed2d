"""What spreadsheets, databases and copying do to cells: how it is seen, and the repair for people."""

import re

import pandas as pd

INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
"""Characters without ink: soft hyphens, zero-width spaces and joiners, marks of direction, byte order marks."""

SPREADSHEET_ERRORS = (
    "#REF!",
    "#N/A",
    "#VALUE!",
    "#NAME?",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#ERROR!",
)
NO_VALUE = (*SPREADSHEET_ERRORS, "nan", "NaN", "NaT", "null", "NULL", "<NA>", "<null>", "(null)", "\\N")
"""What tools write for nothing in exactly this spelling: no name, no country and no id is written so."""

NO_DAY = r"0000-00-00.*|0{8}|0001-01-01.*|1899-12-3[01].*|0?1/0/1900.*|1900-01-00.*|00[/.]00[/.]0000.*"
"""Days that are none: the zero of MySQL, SAP, .NET and of spreadsheets."""
NO_EVENT = (pd.Timestamp("1900-01-01"), pd.Timestamp("1970-01-01"))
"""The first days databases count from: nothing a company sells happened on them."""
FOREVER = r"9999[-/.]12[-/.]31.*|31[-/.]12[-/.]9999.*|12[-/.]31[-/.]9999.*|99991231"
"""The last day SAP and SQL people write for no end."""

LONG_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+\d\d+")
"""An id of many digits as a spreadsheet shows it: the digits are gone."""
MOST_EXACT = 1e15
"""Spreadsheets keep 15 digits of a number."""

_REPAIRS = (
    (
        "date",
        r"\d{5}(?:[.,]\d+)?",
        "days as a spreadsheet counts them: give the column a date format, and export again",
    ),
    ("date", r"\d{10}|\d{13}", "seconds or milliseconds since 1970: convert them to days, YYYY-MM-DD"),
    ("date", r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}(?:\D.*)?", "write years with four digits"),
    ("date", r"\d{4}-\d{2}|\d{1,2}[/.]\d{4}|\d{4}", "write the day, YYYY-MM-DD"),
    ("any", r"#{3,}", "the column was too narrow for the spreadsheet to show it: widen it, and export again"),
    ("any", r"#[A-Z0-9/]+[!?]?", "an error of a spreadsheet: mend the formula, or empty the cell"),
    ("any", r"=.*", "a formula: export its value"),
    ("number", r".*\d\s*%", "write a share as 0.25, without %"),
    ("number", r"(?i).*\d\s*(?:k|m|mm|mio\.?|mn|bn|b|tsd\.?|thousand|million|billion)", "write the number out in full"),
    ("number", r"\d+\s*[-–]\s*\d+|\d+\+|[<>].*", "a range is no number: write one, or leave the cell empty"),
    ("whole", r"\D*[1-4]?\D*", "write the number of the tier alone, 1 is the best, or map it in {where}"),
    ("flag", r".*", "write yes or no, or map it in {where}"),
    ("date", r".*\b9999\b.*|.*9999", "give the last day it counts"),
)


_NO_CASE = r"^$"
_STRANGERS = (
    ("their leading zeros are gone", r"^0+"),
    ("they differ in upper and lower case", _NO_CASE),
    ("they differ in spaces and signs", r"[\W_]"),
    ("they are cut to 15 characters", r"(?<=^.{15}).{3}$"),
)
"""What may have happened to ids that are no account, and what to leave out to see it."""


def repair_of(value: str, kind: str, *, where: str = "values") -> str:
    """How to mend a cell of this kind, in brackets, where its look tells; else nothing.

    >>> repair_of("45992", "date")
    ' (days as a spreadsheet counts them: give the column a date format, and export again)'
    """
    if kind == "id":
        return " (a spreadsheet dropped its digits: give the column the format text, and export again)"
    kinds = {"any", "number" if kind in ("money", "number", "integer") else kind}
    said = next((repair for k, look, repair in _REPAIRS if k in kinds and re.fullmatch(look, value)), None)
    return f" ({said.format(where=where)})" if said else ""


def repair_of_stranger(values: pd.Series, accounts: pd.Index) -> str:
    """What may have happened to most of the ids that are no account, in brackets; else nothing."""
    given, known = values.dropna().astype("str"), pd.Series(accounts, dtype="str")
    for said, pattern in _STRANGERS:
        plain = _plain(known, pattern)
        like = plain[plain.isin(_plain(given, pattern))]
        if len(like) and 2 * _plain(given, pattern).isin(like).sum() > len(given):
            meant = known[like.index[0]]
            return f" ({said}: {meant!r} of the accounts table may be meant; export both tables alike)"
    return ""


def _plain(ids: pd.Series, pattern: str) -> pd.Series:
    bare = ids.str.replace(pattern, "", regex=True)
    return bare.str.casefold() if pattern == _NO_CASE else bare
