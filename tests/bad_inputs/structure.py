"""Files whose rows and headers are not one table: empty, ragged, titled, repeated, cut."""

from tests.bad_inputs.cases import (
    Case,
    aside,
    column,
    content,
    line,
    reads,
    recoded,
    rewritten,
    stops,
    too_many,
    without,
)  # fmt: skip

CASES = (
    Case("an empty file", content("deals.csv", b""), stops("deals.csv: the file is empty (export it again)")),
    Case(
        "a file of blank lines",
        content("deals.csv", b"\n \n\t\n"),
        stops("deals.csv: the file is empty (export it again)"),
    ),
    Case(
        "a file of one pair of quotes",
        content("deals.csv", b'""\n'),
        stops("deals.csv: a header and no row below it (export it again)"),
    ),
    Case(
        "a header alone",
        rewritten("deals", lambda t: t.split("\n")[0] + "\n"),
        stops("deals.csv: a header and no row below it (export it again)"),
    ),
    Case(
        "a header alone in a table beside deals",
        rewritten("reps", lambda t: t.split("\n")[0]),
        stops("reps.csv: a header and no row below it (export it again)"),
    ),
    Case(
        "no header: the first row is data",
        rewritten("deals", lambda t: t.split("\n", 1)[1]),
        stops(
            "deals.csv: column 'deal_id' is missing (map it in tierkit.toml, [data.deals]; the header says 'd000', 'A000', 'won', '2024-01-01', '2024-01-21', '1000.50', ...); column 'outcome' is missing (map it in tierkit.toml, [data.deals]); column 'account_id' is missing (map it in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "a row one cell short",
        rewritten("deals", lambda t: t.replace(",new,6\n", ",new\n", 1)),
        stops(
            "deals.csv: every row must have the 9 cells of the header (line 1), line 3 has 8 (1 row) (quote cells that hold the separator, and export again)"
        ),
    ),
    Case(
        "one name for all accounts",
        column("accounts", "name", "Firm"),
        reads(),
    ),
    Case(
        "a name with a comma nobody quoted",
        rewritten("accounts", lambda t: t.replace("Firm 7,", "Firm, Inc,")),
        stops(
            "accounts.csv: every row must have the 12 cells of the header (line 1), line 9 has 13 (1 row) (quote cells that hold the separator, and export again)"
        ),
    ),
    Case(
        "a title above the header",
        line("deals", 1, "Pipeline report 2026"),
        stops(
            "deals.csv: every row must have the 1 cell of the header (line 1), line 2 has 9, line 3 has 9, line 4 has 9 (241 rows) (the header seems to stand on line 2: delete the lines above it)"
        ),
    ),
    Case(
        "a merged title row, as wide as the table",
        line("deals", 1, "Pipeline report,,,,,,,,"),
        stops(
            "deals.csv: column 'deal_id' is missing (map it in tierkit.toml, [data.deals]; the header says 'Pipeline report', 'column 2', 'column 3', 'column 4', 'column 5', 'column 6', ...); column 'outcome' is missing (map it in tierkit.toml, [data.deals]); column 'account_id' is missing (map it in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "two header rows",
        line("deals", 1, "Deal,Account,Result,Opened,Closed,Value,Value,Type,Use"),
        stops(
            "deals.csv: column 'deal_id' is missing, did you mean 'Deal'? (map it in tierkit.toml, [data.deals]); column 'outcome' is missing (map it in tierkit.toml, [data.deals]; the header says 'Deal', 'Account', 'Result', 'Opened', 'Closed', 'Value', ...); column 'account_id' is missing, did you mean 'Account'? (map it in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "a row of units below the header",
        line("deals", 2, "text,text,text,date,date,USD,,,seats"),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got 'text' on line 2 (1 row) (map it in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "a total row at the end",
        line("deals", 242, "Total,,,,,1234567,,,"),
        aside("deals.csv", 242, "outcome", "must not be empty", ""),
    ),
    Case(
        "a row of dashes below the header",
        line("deals", 2, "---,---,---,---,---,---,---,---,---"),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got '---' on line 2 (1 row) (map it in tierkit.toml, [data.deals.values.outcome]); 'deal_type' must be one of new, expansion, renewal, got '---' on line 2 (1 row) (map it in tierkit.toml, [data.deals.values.deal_type])"
        ),
    ),
    Case(
        "the header again in the middle",
        rewritten("deals", lambda t: "\n".join(t.split("\n")[:100] + t.split("\n"))),
        too_many("deals.csv", 99, 339, "'deal_id' must be unique, got 'd000' on line 102 (99 rows)"),
    ),
    Case(
        "the header again where two exports were joined",
        line("deals", 120, "deal_id,account_id,outcome,opened_at,closed_at,acv,currency,deal_type,seats"),
        reads(
            "deals.csv: the header stands more than once: 1 row that repeats the header was passed over, first on line 120"
        ),
    ),
    Case(
        "a column twice with other values",
        rewritten("deals", lambda t: "\n".join(f"{r},{i or 'acv'}" for i, r in enumerate(t.strip().split("\n")))),
        reads("deals.csv: column 'acv' is repeated, the first was used; 240 rows differ", deals__d005__acv=1685.5),
    ),
    Case(
        "an empty nameless column at the end of every row",
        rewritten("deals", lambda t: t.replace("\n", ",\n")),
        reads(),
    ),
    Case(
        "a nameless column with values",
        rewritten(
            "deals", lambda t: "\n".join(f"{r},{'' if not i else 'x'}" for i, r in enumerate(t.strip().split("\n")))
        ),
        reads("deals.csv: a column without a name holds values; it is called 'column 10'"),
    ),
    Case(
        "rows of separators alone at the end",
        rewritten("deals", lambda t: t + ",,,,,,,,\n" * 3),
        reads("deals.csv: 3 rows without any value were passed over"),
    ),
    Case(
        "Excel's sep=; above a file with semicolons",
        rewritten("deals", lambda t: "sep=;\n" + t.replace(",", ";")),
        reads("deals.csv: columns are separated by ';'", deals__d005__acv=1685.5),
    ),
    Case(
        "tabs between cells",
        rewritten("deals", lambda t: t.replace(",", "\t")),
        reads("deals.csv: columns are separated by tab", deals__d005__acv=1685.5),
    ),
    Case(
        "semicolons between cells and decimal commas",
        rewritten("deals", lambda t: t.replace(",", ";").replace(".50", ",50")),
        reads(
            "deals.csv: columns are separated by ';'",
            "deals.csv: numbers have a decimal comma, as in '1000,50'",
            deals__d005__acv=1685.5,
        ),
    ),
    Case(
        "line ends of an old Mac",
        recoded("deals", lambda t: t.replace("\n", "\r").encode()),
        reads(deals__d239__seats=44.0),
    ),
    Case(
        "line ends of three systems in one file",
        recoded("deals", lambda t: t.replace("\n", "\r\n", 90).replace("\n", "\r", 9).encode()),
        reads(),
    ),
    Case(
        "a quote that is never closed",
        rewritten("deals", lambda t: t.replace("d100,", '"d100,', 1)),
        stops(
            "deals.csv: line 102 cannot be read: a quote is opened there and never closed (close it, or double quotes inside cells)"
        ),
    ),
    Case(
        "text after a closing quote",
        rewritten("accounts", lambda t: t.replace("Firm 7,", '"Firm" 7,', 1)),
        stops(
            "accounts.csv: line 9 cannot be read: text follows a closing quote (double quotes inside cells, and export again)"
        ),
    ),
    Case(
        "a cell of a megabyte",
        rewritten("accounts", lambda t: t.replace("Firm 7,", "x" * 1_048_576 + ",", 1)),
        stops(
            "accounts.csv: line 9 cannot be read: a cell holds more than 1,000,000 characters (is a quote never closed? else raise limits.max_cell_kb)"
        ),
    ),
    Case(
        "a quoted name with separators, quotes and a line end",
        rewritten("accounts", lambda t: t.replace("Firm 7,", '"Firm 7, ""the\n7th"""' + ",", 1)),
        reads(accounts__A007__name='Firm 7, "the\n7th"'),
    ),
    Case(
        "1,900 columns",
        rewritten(
            "deals",
            lambda t: "\n".join(
                r + "," + ",".join(f"c{j}" if not i else str(j % 7) for j in range(1900))
                for i, r in enumerate(t.strip().split("\n"))
            ),
        ),
        reads(),
    ),
    Case(
        "a missing column",
        without("deals", "outcome"),
        stops(
            "deals.csv: column 'outcome' is missing (map it in tierkit.toml, [data.deals]; the header says 'deal_id', 'account_id', 'opened_at', 'closed_at', 'acv', 'currency', ...)"
        ),
    ),
    Case(
        "a misspelt column",
        rewritten("deals", lambda t: t.replace("outcome", "outcme", 1)),
        stops("deals.csv: column 'outcome' is missing, did you mean 'outcme'? (map it in tierkit.toml, [data.deals])"),
    ),
    Case(
        "no account in deals though there are accounts",
        without("deals", "account_id"),
        stops(
            "deals.csv: column 'account_id' is missing (map it in tierkit.toml, [data.deals]; the header says 'deal_id', 'outcome', 'opened_at', 'closed_at', 'acv', 'currency', ...)"
        ),
    ),
    Case(
        "columns that differ in case alone",
        rewritten("deals", lambda t: "\n".join(f"{r},{i or 'ACV'}" for i, r in enumerate(t.strip().split("\n")))),
        reads(deals__d005__acv=1685.5),
    ),
    Case(
        "a zero-width space and a mark in the header",
        rewritten("deals", lambda t: t.replace("outcome", "\u200bout\ufeffcome\u00a0", 1)),
        reads(deals__d004__outcome="won"),
    ),
    Case(
        "line ends inside a header",
        rewritten("accounts", lambda t: t.replace("annual_revenue", '"annual\nrevenue"', 1)),
        reads(accounts__A007__annual_revenue=139000.0),
    ),
    Case(
        "a file cut in the middle of a row",
        rewritten("deals", lambda t: t[: t.index("d150") + 9]),
        stops(
            "deals.csv: every row must have the 9 cells of the header (line 1), line 152 has 2 (1 row) (the file seems to be cut short: export it again)"
        ),
    ),
    Case(
        "footer lines of a report",
        rewritten(
            "deals",
            lambda t: (
                t
                + '\nTotal\nConfidential Information - Do Not Distribute\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
            ),
        ),
        reads("deals.csv: 3 footer lines of the report were left out, from line 243"),
    ),
)
