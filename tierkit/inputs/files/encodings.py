"""Bytes to text: UTF-8, UTF-16 with and without a mark, cp1252; what could not be read is counted and placed."""

import codecs

from tierkit.errors import TableError

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"))
_LOOKED_AT = 4096
_BAD = "\ufffd"


def decode(content: bytes, *, file: str) -> tuple[str, list[str]]:
    """The text of a file, and how it was read where that is not plain UTF-8.

    Raises
    ------
    TableError : the file holds zero bytes in places where no encoding has them.
    """
    for mark, encoding in (*_MARKS, (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _replacing(content, encoding, f"read as {encoding.upper()}")
    if content.startswith(codecs.BOM_UTF8):
        content, notes = content.removeprefix(codecs.BOM_UTF8), ["read as UTF-8 with a byte order mark"]
    else:
        notes = []
    if b"\x00" in content:
        return _without_mark(content, file)
    try:
        return content.decode("utf-8"), notes
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        n_bad = text.count(_BAD)
    # Text of another code page is hardly ever UTF-8 by chance: a few bad bytes among good ones are damage
    if sum(c > "\x7f" for c in text) > 2 * n_bad:
        said, notes = _replacing(content, "utf-8", "holds bytes that are not UTF-8")
        return said, notes
    return _replacing(content, "cp1252", "is not UTF-8, read as cp1252 (Windows)")


def _without_mark(content: bytes, file: str) -> tuple[str, list[str]]:
    """UTF-16 whose mark is missing shows by zero bytes in every other place of its head."""
    head = content[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    for many, few, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if many > len(head) / 4 and few <= many / 20:
            return _replacing(content, encoding, "read as UTF-16 without a byte order mark")
    line = content[: content.index(b"\x00")].count(b"\n") + 1
    raise TableError(f"{file}: line {line:,} holds a zero byte, which no text has (export it again as UTF-8)")


def _replacing(content: bytes, encoding: str, said: str) -> tuple[str, list[str]]:
    try:
        return content.decode(encoding), [said]
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="replace")
        n, line = text.count(_BAD), text[: text.index(_BAD)].count("\n") + 1
        those = "1 character that is not in it was" if n == 1 else f"{n:,} characters that are not in it were"
        return text, [f"{said}; {those} read as \ufffd, first on line {line:,} (export it again as UTF-8)"]
