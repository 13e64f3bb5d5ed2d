"""What is wrong with a value of the run sheet, in the words of its reader rather than of the library that found it."""

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


def say_breach(error: Any) -> str:
    """What a value must be, and what it is; `error` is one of pydantic's `ValidationError.errors()`."""
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return _MUST[kind]
    shown = repr(given) if len(repr(given)) <= _WIDEST else f"{repr(given)[:_WIDEST]}..."
    return _must(kind, error) + ("" if isinstance(given, dict) else f", got {shown}")


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
