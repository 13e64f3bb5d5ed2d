"""Bytes that are not plain UTF-8."""

import gzip

from tests.bad_inputs.cases import Case, aside, both, cell, instead, reads, recoded, rewritten, stops

_ACCENTS = cell("accounts", 7, name="Société Générale")

CASES = (
    Case(
        "a byte order mark",
        recoded("deals", lambda t: t.encode("utf-8-sig")),
        reads("deals.csv: read as UTF-8 with a byte order mark"),
    ),
    Case(
        "UTF-16 as Excel saves Unicode text",
        recoded("deals", lambda t: t.replace(",", "\t").encode("utf-16")),
        reads("deals.csv: read as UTF-16", "deals.csv: columns are separated by tab", deals__d005__acv=1685.5),
    ),
    Case(
        "UTF-16 from the other end",
        recoded("deals", lambda t: b"\xfe\xff" + t.encode("utf-16-be")),
        reads("deals.csv: read as UTF-16"),
    ),
    Case(
        "UTF-16 without its mark",
        recoded("deals", lambda t: t.encode("utf-16-le")),
        reads("deals.csv: read as UTF-16 without a byte order mark", deals__d005__acv=1685.5),
    ),
    Case(
        "UTF-16 cut at an odd byte",
        recoded("deals", lambda t: t.encode("utf-16")[:-3]),
        aside(
            "deals.csv",
            241,
            "seats",
            "must be a number",
            "4�",
            "deals.csv: read as UTF-16; 1 character that is not in it was read as �, first on line 241 (export it again as UTF-8)",
        ),
    ),
    Case(
        "UTF-16 with half a pair",
        recoded(
            "accounts",
            lambda t: b"\xff\xfe" + t.replace("Firm 7,", "Firm \ud83d,").encode("utf-16-le", "surrogatepass"),
        ),
        reads(
            "accounts.csv: read as UTF-16; 1 character that is not in it was read as �, first on line 9 (export it again as UTF-8)"
        ),
    ),
    Case(
        "UTF-32",
        recoded("deals", lambda t: t.encode("utf-32")),
        reads("deals.csv: read as UTF-32", deals__d005__acv=1685.5),
    ),
    Case(
        "Windows' own code page",
        both(_ACCENTS, recoded("accounts", lambda t: t.encode("cp1252"))),
        reads("accounts.csv: is not UTF-8, read as cp1252 (Windows)", accounts__A007__name="Société Générale"),
    ),
    Case(
        "Shift-JIS",
        both(cell("accounts", 7, name="株式会社ソニー"), recoded("accounts", lambda t: t.encode("shift-jis"))),
        reads(
            "accounts.csv: is not UTF-8, read as cp1252 (Windows); 1 character that is not in it was read as �, first on line 9 (export it again as UTF-8)"
        ),
    ),
    Case(
        "an encoded half of a surrogate pair",
        recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Firm \xed\xa0\xbd,")),
        reads("accounts.csv: is not UTF-8, read as cp1252 (Windows)"),
    ),
    Case(
        "UTF-8 with one byte of another code page",
        both(
            cell("accounts", 9, name="Société Générale"),
            recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Caf\xe9,")),
        ),
        reads(
            "accounts.csv: holds bytes that are not UTF-8; 1 character that is not in it was read as �, first on line 9 (export it again as UTF-8)",
            accounts__A009__name="Société Générale",
            accounts__A007__name="Caf\ufffd",
        ),
    ),
    Case(
        "a zero byte in a cell",
        recoded("accounts", lambda t: t.encode().replace(b"Firm 7,", b"Firm\x007,")),
        stops("accounts.csv: line 9 holds a zero byte, which no text has (export it again as UTF-8)"),
    ),
    Case(
        "a byte order mark where two files were joined",
        recoded("deals", lambda t: t.replace("d120,", "\ufeffd120,").encode()),
        reads("deals.csv: invisible characters were left out of 1 cell of 'deal_id'", deals__d120__outcome="won"),
    ),
    Case(
        "no-break spaces around ids",
        rewritten("deals", lambda t: t.replace(",A00", ",\u00a0A00")),
        reads(deals__d000__account_id="A000"),
    ),
    Case(
        "zero-width spaces in ids",
        rewritten("deals", lambda t: t.replace(",A00", ",A\u200b00")),
        reads(
            "deals.csv: invisible characters were left out of 18 cells of 'account_id'", deals__d000__account_id="A000"
        ),
    ),
    Case(
        "marks of direction in amounts and days",
        rewritten(
            "deals", lambda t: t.replace("2024-01-01", "\u200e2024-01-01").replace("1137.50", "\u202a1137.50\u202c")
        ),
        reads(
            "deals.csv: invisible characters were left out of 1 cell of 'opened_at'",
            "deals.csv: invisible characters were left out of 1 cell of 'acv'",
            deals__d001__acv=1137.5,
            deals__d000__opened_at="2024-01-01 00:00:00",
        ),
    ),
    Case("text that was UTF-8 read as Windows' code page", cell("accounts", 7, name="SociÃ©tÃ©"), reads()),
    Case(
        "a gzip archive cut short",
        both(instead("deals", "deals.csv.gz", lambda p, rows: p.write_bytes(gzip.compress(repr(rows).encode())[:-50]))),
        stops("deals.csv.gz: the archive is cut short (copy or export it again)"),
    ),
    Case(
        "a gzip archive with damage inside",
        instead(
            "deals",
            "deals.csv.gz",
            lambda p, rows: p.write_bytes(gzip.compress(repr(rows).encode())[:200] + b"\xff" * 400),
        ),
        stops("deals.csv.gz: is not a gzip archive, or is damaged (export it again)"),
    ),
    Case(
        "plain text called .gz",
        instead("deals", "deals.csv.gz", lambda p, rows: p.write_bytes(b"deal_id,outcome\n1,won\n")),
        stops("deals.csv.gz: is not a gzip archive, or is damaged (export it again)"),
    ),
)
