"""Files that are not what their name says: workbooks, web pages and archives called .csv; locked workbooks."""

import re

from tierkit.errors import TableError

_SIGNS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file (.xls), or one with a password"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x89PNG", "a picture"),
)
_TEXTUAL = (b"%PDF", b"{\\rtf")
_WEB_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\[\s*[\[{]|\{\s*\")")
_LOOKED_AT = 4096


def refuse_disguise(content: bytes, file: str) -> None:
    """Stop at a file that its name calls text, but that is another kind of file."""
    kind = _kind_of(content[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf"))
    if kind:
        raise TableError(f"{file}: is {kind}, not text in columns (export it as CSV)")


def refuse_no_workbook(content: bytes, file: str) -> None:
    """Stop at a file that its name calls a workbook, but that is none, or is locked."""
    if b"E\x00n\x00c\x00r\x00y\x00p\x00t" in content and content.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(f"{file}: the workbook is locked by a password (save it without one)")
    if not content.startswith(b"PK\x03\x04"):
        kind = _kind_of(content[:_LOOKED_AT]) or "no workbook"
        raise TableError(f"{file}: is {kind}, whatever its ending says (save it as .xlsx, or export it as CSV)")


def _kind_of(head: bytes) -> str | None:
    for sign, kind in _SIGNS:
        # A header may begin with PAR1; bytes that are no text follow only in the real thing
        if head.startswith(sign) and (sign in _TEXTUAL or re.search(rb"[\x00-\x08\x80-\xff]", head)):
            return kind
    if _WEB_PAGE.match(head):
        return "a web page, perhaps that of a login"
    if _XML.match(head):
        return "an XML file"
    return "a JSON file" if _JSON.match(head) else None
