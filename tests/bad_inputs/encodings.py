"""Bytes that are not plain UTF-8."""

import gzip

from tests.bad_inputs.cases import Case, both, cell, instead, reads, recoded, rewritten, stops

_ACCENTS = cell("accounts", 7, name="Société Générale")

CASES = (
    Case("a byte order mark", recoded("deals", lambda t: t.encode("utf-8-sig")), TODO_R),
    Case("UTF-16 as Excel saves Unicode text", recoded("deals", lambda t: t.replace(",", "\t").encode("utf-16")), TODO_R),
    Case("UTF-16 from the other end", recoded("deals", lambda t: b"\xfe\xff" + t.encode("utf-16-be")), TODO_R),
    Case("UTF-16 without its mark", recoded("deals", lambda t: t.encode("utf-16-le")), TODO_R),
    Case("UTF-16 cut at an odd byte", recoded("deals", lambda t: t.encode("utf-16")[:-3]), TODO_S),
    Case("UTF-16 with half a pair", recoded("accounts", lambda t: b"\xff\xfe" + t.replace("Firm 7,", "Firm \ud83d,").encode("utf-16-le", "surrogatepass")), TODO_R),
    Case("UTF-32", recoded("deals", lambda t: t.encode("utf-32")), TODO_R),
    Case("Windows' own code page", both(_ACCENTS, recoded("accounts", lambda t: t.encode("cp1252"))), TODO_R),
    Case("Shift-JIS", both(cell("accounts", 7, name="株式会社ソニー"), recoded("accounts", lambda t: t.encode("shift-jis"))), TODO_R),
    Case("an encoded half of a surrogate pair", recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Firm \xed\xa0\xbd,")), TODO_R),
    Case("UTF-8 with one byte of another code page", recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Caf\xe9,")), TODO_R),
    Case("a zero byte in a cell", recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Firm\x007,")), TODO_S),
    Case("a byte order mark where two files were joined", recoded("deals", lambda t: t.replace("d120,", "\ufeffd120,").encode()), TODO_R),
    Case("no-break spaces around ids", rewritten("deals", lambda t: t.replace(",A00", ",\u00a0A00")), TODO_R),
    Case("zero-width spaces in ids", rewritten("deals", lambda t: t.replace(",A00", ",A\u200b00")), TODO_R),
    Case("marks of direction in amounts and days", rewritten("deals", lambda t: t.replace("2024-01-01", "\u200e2024-01-01").replace("1137.50", "\u202a1137.50\u202c")), TODO_R),
    Case("text that was UTF-8 read as Windows' code page", cell("accounts", 7, name="SociÃ©tÃ©"), TODO_R),
    Case("a gzip archive cut short", both(instead("deals", "deals.csv.gz", lambda p, rows: p.write_bytes(gzip.compress(repr(rows).encode())[:-50]))), TODO_S),
    Case("a gzip archive with damage inside", instead("deals", "deals.csv.gz", lambda p, rows: p.write_bytes(gzip.compress(repr(rows).encode())[:200] + b"\xff" * 400)), TODO_S),
    Case("plain text called .gz", instead("deals", "deals.csv.gz", lambda p, rows: p.write_bytes(b"deal_id,outcome\n1,won\n")), TODO_S),
)
