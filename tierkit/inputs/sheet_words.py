"""What is wrong with a value of the run sheet, in the words of its reader rather than of the library that found it."""

import re
from typing import Any

_MUST = {
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": 'must be text in quotes, such as "this"',
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a section of keys, key = value",
    "model_type": "must be a section of keys, key = value",
    "missing": "must be stated",
}
_LIMITS = {
    "greater_than_equal": ("ge", "must be {:,} or more"),
    "less_than_equal": ("le", "must be {:,} or less"),
    "greater_than": ("gt", "must be more than {:,}"),
    "less_than": ("lt", "must be less than {:,}"),
    "too_long": ("max_length", "must have at most {:,} entries"),
    "too_short": ("min_length", "must have at least {:,} entries"),
}
_WIDEST = 60


_TOML = (
    (r"Cannot declare \('(.+)',?\) twice", "section [{}] stands twice"),
    (r"Cannot overwrite a value|Cannot mutate immutable namespace.*", "a key stands twice"),
    (r"Invalid value", 'a value is none: text stands in straight quotes, "so", a number or true and false without'),
    (r"Unescaped '\\\\' in a string|Invalid hex value", "a backslash in quotes: write paths with /"),
    (r"Illegal character '\\n'", "a quote is not closed"),
    (r"Unterminated string", "a quote is not closed"),
    (r"Expected '=' after a key.*", "a key must be followed by = and its value"),
    (r"Expected ']' at the end of a table declaration", "the bracket of a section is not closed"),
)


def say_toml(error: Exception) -> str:
    """Where a file is no TOML, and what to mend."""
    said = str(error)
    place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)$", said)
    where = "" if place is None else f"line {place[1]}: " if place[1] else "at its end: "
    said = said[: place.start()].strip() if place else said
    for pattern, words in _TOML:
        if found := re.fullmatch(pattern, said):
            return where + words.format(*(part.replace("', '", ".") for part in found.groups()))
    return where + said


def say_breach(error: Any, *, quiet: bool = False) -> str:
    """What a value must be and, unless `quiet`, what it is; `error` is one of pydantic's `errors()`."""
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return _MUST[kind]
    shown = repr(given) if len(repr(given)) <= _WIDEST else f"{repr(given)[:_WIDEST]}..."
    return _must(kind, error) + ("" if quiet or isinstance(given, dict) else f", got {shown}")


def _must(kind: str, error: Any) -> str:
    if kind in _MUST:
        return _MUST[kind]
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        limit = error["ctx"][name]
        return words.format(int(limit) if limit == int(limit) else limit)
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}"
    return str(error["msg"]).removeprefix("Value error, ")
