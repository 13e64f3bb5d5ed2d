"""Numbers, amounts, days and flags as spreadsheets, databases and people write them."""

from tests.bad_inputs.cases import (
    Case,
    aside,
    asides,
    both,
    cell,
    column,
    reads,
    rewritten,
    stops,
    too_many,
    whole_sheet,
)

_NO_END = whole_sheet('[data]\nfolder = "data"\n')

CASES = (
    # Amounts
    Case(
        "an amount is a broken reference",
        cell("deals", 5, acv="#REF!"),
        aside("deals.csv", 7, "acv", "must be a number", "#REF!"),
    ),
    Case(
        "an amount is a division by zero",
        cell("deals", 5, acv="#DIV/0!"),
        aside("deals.csv", 7, "acv", "must be a number", "#DIV/0!"),
    ),
    Case(
        "an amount is #N/A",
        cell("deals", 5, acv="#N/A"),
        reads("deals.csv: 1 cell of 'acv' says '#N/A', and was read as empty", deals__d005__acv=None),
    ),
    Case(
        "an amount in words",
        cell("deals", 5, acv="one million"),
        aside("deals.csv", 7, "acv", "must be a number", "one million"),
    ),
    Case(
        "a negative amount",
        cell("deals", 5, acv="-131769.0"),
        aside("deals.csv", 7, "acv", "must be 0 or more", "-131769.0"),
    ),
    Case(
        "a negative amount in brackets",
        cell("deals", 5, acv="(1,200.00)"),
        aside("deals.csv", 7, "acv", "must be 0 or more", "(1,200.00)"),
    ),
    Case(
        "brackets that may hold a thousand or one and a bit",
        column("deals", "acv", "(1,200)"),
        stops(
            "deals.csv: 'acv' may be read in two ways, got '(1,200)' on line 2 (say decimal = \".\" or \",\" in tierkit.toml, [data.deals]); 240 of 240 rows would be set aside, more than max_rejected = 0.01 allows: 'acv' must be 0 or more, got '(1,200)' on line 2 (240 rows) (mend the rows, or raise max_rejected in tierkit.toml, [data])"
        ),
    ),
    Case("an amount with a sign of dollars", cell("deals", 5, acv="$1,200.50"), reads(deals__d005__acv=1200.5)),
    Case(
        "an amount of $1.2M", cell("deals", 5, acv="$1.2M"), aside("deals.csv", 7, "acv", "must be a number", "$1.2M")
    ),
    Case(
        "every amount in thousands, 12k",
        column("deals", "acv", lambda c, i: f"{i}k"),
        too_many(
            "deals.csv",
            240,
            240,
            "'acv' must be a number, got '0k' on line 2 (240 rows) (write the number out in full)",
        ),
    ),
    Case(
        "a percent sign in an amount",
        cell("deals", 5, acv="12%"),
        aside("deals.csv", 7, "acv", "must be a number", "12%"),
    ),
    Case(
        "both decimal marks in one column",
        both(cell("deals", 5, acv="1.234,56"), cell("deals", 6, acv="1,234.56")),
        stops(
            "deals.csv: numbers have both decimal marks, '1000.50' on line 2 and '1.234,56' on line 7 (say decimal = \".\" or \",\" in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "decimal commas with dots for thousands",
        column("deals", "acv", lambda c, i: f"1.{i:03d},50"),
        reads("deals.csv: numbers have a decimal comma, as in '1.000,50'", deals__d005__acv=1005.5),
    ),
    Case(
        "amounts that may be read in two ways",
        column("deals", "acv", lambda c, i: f"1,{i:03d}"),
        stops(
            "deals.csv: 'acv' may be read in two ways, got '1,000' on line 2 (say decimal = \".\" or \",\" in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "thousands by spaces that do not break",
        column("deals", "acv", lambda c, i: f"1\u202f{i:03d}.00"),
        reads(deals__d005__acv=1005.0),
    ),
    Case(
        "two signs of currency",
        both(
            cell("deals", 5, acv="€900.50"),
            cell("deals", 6, acv="$900.50"),
            rewritten("deals", lambda t: t.replace("currency", "cur", 1)),
        ),
        stops(
            "deals.csv: 'acv' is in several currencies, as in '€900.50' on line 7 and '$900.50' on line 8 (convert them before the export)"
        ),
    ),
    Case(
        "another currency than the run sheet's",
        both(column("accounts", "annual_revenue", lambda c, i: f"€{c}")),
        stops(
            "accounts.csv: 'annual_revenue' is in EUR, as in '€90000.00' on line 2, the run sheet says USD (set currency = \"EUR\" in tierkit.toml, [data], or convert before the export)"
        ),
    ),
    Case(
        "an amount of 1e308",
        cell("deals", 5, acv="1e308"),
        aside("deals.csv", 7, "acv", "must be at most 1,000,000,000,000,000", "1e308"),
    ),
    Case("an amount of infinity", cell("deals", 5, acv="inf"), aside("deals.csv", 7, "acv", "must be a number", "inf")),
    Case(
        "an amount of NaN",
        cell("deals", 5, acv="NaN"),
        reads("deals.csv: 1 cell of 'acv' says 'NaN', and was read as empty"),
    ),
    Case(
        "a won deal of nothing",
        cell("deals", 4, acv="0"),
        reads("deals.csv: 1 won deals of amount 0 have an unknown ACV", deals__d004__acv=None),
    ),
    Case(
        "seats of 1e308",
        cell("deals", 5, seats="1e308"),
        aside("deals.csv", 7, "seats", "must be at most 1,000,000,000,000", "1e308"),
    ),
    Case(
        "a column too narrow to show",
        column("deals", "acv", "########"),
        too_many(
            "deals.csv",
            240,
            240,
            "'acv' must be a number, got '########' on line 2 (240 rows) (the column was too narrow for the spreadsheet to show it: widen it, and export again)",
        ),
    ),
    Case(
        "a formula in place of an amount",
        cell("deals", 5, acv="=SUM(F2:F9)"),
        aside("deals.csv", 7, "acv", "must be a number", "=SUM(F2:F9)"),
    ),
    Case(
        "a range of people",
        column("accounts", "employees", "51-200"),
        too_many(
            "accounts.csv",
            150,
            150,
            "'employees' must be a number, got 51-200 on line 2 (150 rows) (a range is no number: write one, or leave the cell empty)",
        ),
    ),
    Case(
        "people of a hundred million millions, and the deal of their account",
        cell("accounts", 100, employees="1" + "0" * 14),
        asides(
            ("accounts.csv", 102, "employees", "must be at most 100,000,000", "100000000000000"),
            ("deals.csv", 102, "account_id", "must be an account whose own row was not set aside", "A100"),
        ),
    ),
    Case(
        "minutes below zero",
        cell("activities", 5, minutes="-5"),
        aside("activities.csv", 7, "minutes", "must be 0 or more", "-5"),
    ),
    Case("digits of another script", cell("deals", 5, acv="١٢٣٤"), reads(deals__d005__acv=1234.0)),
    Case(
        "an amount 12.000,00 among 12000.00",
        cell("deals", 5, acv="12.000,00"),
        stops(
            "deals.csv: numbers have both decimal marks, '1000.50' on line 2 and '12.000,00' on line 7 (say decimal = \".\" or \",\" in tierkit.toml, [data.deals])"
        ),
    ),
    Case("a full-width amount", cell("deals", 5, acv="１２３４"), reads(deals__d005__acv=1234.0)),
    Case(
        "a term of no months",
        both(
            rewritten("deals", lambda t: t.replace("acv", "amount", 1)),
            column("deals", "term_months", lambda c, i: "0" if i < 4 else "0.0001" if i < 8 else "24"),
        ),
        reads(
            "deals.csv: acv is amount x 12 / term_months; 8 deals without a term keep their amount",
            deals__d001__acv=1137.5,
            deals__d005__acv=1685.5,
            deals__d009__acv=1116.75,
        ),
    ),
    # Days
    Case(
        "31 February",
        cell("deals", 5, opened_at="31/02/2026"),
        aside("deals.csv", 7, "opened_at", "must be a date", "31/02/2026"),
    ),
    Case(
        "days as a spreadsheet counts them",
        column("deals", "opened_at", lambda c, i: str(45292 + i)),
        too_many(
            "deals.csv",
            240,
            240,
            "'opened_at' must be a date, got 45292 on line 2 (240 rows) (days as a spreadsheet counts them: give the column a date format, and export again)",
        ),
    ),
    Case(
        "milliseconds since 1970",
        column("deals", "opened_at", lambda c, i: str(1704067200000 + i)),
        too_many(
            "deals.csv",
            240,
            240,
            "'opened_at' must be a date, got 1704067200000 on line 2 (240 rows) (seconds or milliseconds since 1970: convert them to days, YYYY-MM-DD)",
        ),
    ),
    Case(
        "years of two digits",
        column("deals", "opened_at", lambda c, i: f"{1 + i % 28:02d}/01/24"),
        too_many(
            "deals.csv",
            240,
            240,
            "'opened_at' must be a date, got '01/01/24' on line 2 (240 rows) (write years with four digits)",
        ),
    ),
    Case(
        "days of one order and the other",
        both(cell("deals", 5, opened_at="25/01/2024"), cell("deals", 6, opened_at="01/26/2024")),
        stops(
            "deals.csv: dates have both orders of day and month, '25/01/2024' on line 7 and '01/26/2024' on line 8 (say day_first = true or false in tierkit.toml, [data.deals])"
        ),
    ),
    Case(
        "days that may be read in two ways",
        column("activities", "occurred_at", lambda c, i: f"0{1 + i % 9}/0{1 + i % 8}/2024"),
        stops(
            "activities.csv: 'occurred_at' may be read in two ways, got '09/01/2024' on line 10 (say day_first = true or false in tierkit.toml, [data.activities])"
        ),
    ),
    Case(
        "MySQL's day zero",
        cell("deals", 4, opened_at="0000-00-00"),
        aside(
            "deals.csv",
            6,
            "opened_at",
            "must be given where deals are dated",
            "0000-00-00",
            "deals.csv: 1 cell of 'opened_at' says '0000-00-00', and was read as empty",
        ),
    ),
    Case(
        "SQL Server's first day",
        cell("deals", 4, opened_at="1900-01-01"),
        aside(
            "deals.csv",
            6,
            "opened_at",
            "must be given where deals are dated",
            "1900-01-01",
            "deals.csv: 1 cell of 'opened_at' says '1900-01-01', and was read as empty",
        ),
    ),
    Case(
        "the first day of Unix in activities",
        cell("activities", 4, occurred_at="1970-01-01 00:00:00"),
        aside(
            "activities.csv",
            6,
            "occurred_at",
            "must not be empty",
            "1970-01-01 00:00:00",
            "activities.csv: 1 cell of 'occurred_at' says '1970-01-01', and was read as empty",
        ),
    ),
    Case(
        "a spreadsheet's day zero",
        cell("contacts", 4, known_at="1899-12-30"),
        reads("contacts.csv: 1 cell of 'known_at' says '1899-12-30', and was read as empty"),
    ),
    Case(
        "SAP's empty day",
        cell("contacts", 4, known_at="00000000"),
        reads("contacts.csv: 1 cell of 'known_at' says '00000000', and was read as empty"),
    ),
    Case(
        "the end of days for no end",
        cell("tier_history", 4, valid_to="9999-12-31"),
        reads(
            "tier_history.csv: 1 cell of 'valid_to' says '9999-12-31', and was read as empty",
            tier_history__A004__valid_to=None,
        ),
    ),
    Case(
        "a year with a digit too many",
        cell("deals", 5, closed_at="20244-03-01"),
        aside("deals.csv", 7, "closed_at", "must be a date", "20244-03-01"),
    ),
    Case(
        "the year 2062 for 2026",
        cell("deals", 5, closed_at="2062-03-01"),
        aside("deals.csv", 7, "closed_at", "must not be after data_through (2026-06-30)", "2062-03-01"),
    ),
    Case(
        "times with offsets",
        cell("activities", 5, occurred_at="2024-01-10T23:30:00-05:00"),
        reads(activities__A005__occurred_at="2024-01-11 00:00:00"),
    ),
    Case(
        "times in a zone of three letters",
        cell("activities", 5, occurred_at="2024-01-10 23:30 EST"),
        aside("activities.csv", 7, "occurred_at", "must be a date", "2024-01-10 23:30 EST"),
    ),
    Case(
        "an offset of 99 hours",
        cell("activities", 5, occurred_at="2024-01-10T23:30:00+99:99"),
        aside("activities.csv", 7, "occurred_at", "must be a date", "2024-01-10T23:30:00+99:99"),
    ),
    Case(
        "times of day alone",
        cell("activities", 5, occurred_at="14:30:00"),
        aside("activities.csv", 7, "occurred_at", "must be a date", "14:30:00"),
    ),
    Case(
        "a month without a day",
        column("activities", "occurred_at", "2024-03"),
        too_many(
            "activities.csv",
            300,
            300,
            "'occurred_at' must be a date, got 2024-03 on line 2 (300 rows) (write the day, YYYY-MM-DD)",
        ),
    ),
    Case(
        "a month in German",
        cell("activities", 5, occurred_at="3. März 2024"),
        aside("activities.csv", 7, "occurred_at", "must be a date", "3. März 2024"),
    ),
    Case(
        "tomorrow",
        cell("activities", 5, occurred_at="tomorrow"),
        aside("activities.csv", 7, "occurred_at", "must be a date", "tomorrow"),
    ),
    Case(
        "days with dots and days with dashes",
        cell("activities", 5, occurred_at="31.01.2024"),
        reads(activities__A005__occurred_at="2024-01-31 00:00:00"),
    ),
    Case(
        "after the end of the export",
        cell("activities", 5, occurred_at="2026-07-01"),
        aside("activities.csv", 7, "occurred_at", "must not be after data_through (2026-06-30)", "2026-07-01"),
    ),
    Case(
        "the year 2062 for 2026, and no data_through",
        both(_NO_END, cell("deals", 4, closed_at="2062-03-01")),
        stops(
            "deals.csv: 'closed_at' is 2062-03-01 on line 6, more than a year after every event until 2026-02-19 (mend it, or say data_through = \"2026-02-19\" in tierkit.toml, [data])"
        ),
    ),
    Case(
        "a meeting planned for next month, and no data_through",
        both(_NO_END, cell("activities", 4, occurred_at="2026-05-01")),
        reads(),
    ),
    # Flags and words
    Case(
        "a flag that is neither yes nor no",
        both(cell("accounts", 100, is_customer="maybe"), cell("deals", 100, account_id="A001")),
        aside("accounts.csv", 102, "is_customer", "must be yes or no", "maybe"),
    ),
    Case(
        "a flag as a cross",
        column("accounts", "is_customer", lambda c, i: "x" if i % 2 else ""),
        too_many(
            "accounts.csv",
            75,
            150,
            "'is_customer' must be yes or no, got 'x' on line 3 (75 rows) (write yes or no, or map it in [data.accounts.values.is_customer])",
        ),
    ),
    Case(
        "an unknown outcome",
        cell("deals", 5, outcome="Negotiation"),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got 'Negotiation' on line 7 (1 row) (map it in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "outcomes of a CRM, not mapped",
        column("deals", "outcome", lambda c, i: {"won": "Closed Won", "lost": "Closed Lost", "open": "Prospecting"}[c]),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got 'Closed Lost' on line 3 (120 rows), 'Closed Won' on line 2 (60 rows), 'Prospecting' on line 5 (60 rows) (map it in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "outcomes in capitals and with spaces",
        column("deals", "outcome", lambda c, i: f" {c.upper()} "),
        reads(deals__d004__outcome="won"),
    ),
    Case("an empty outcome", cell("deals", 5, outcome=""), aside("deals.csv", 7, "outcome", "must not be empty", "")),
    Case(
        "an unknown deal type",
        cell("deals", 5, deal_type="New Business"),
        stops(
            "deals.csv: 'deal_type' must be one of new, expansion, renewal, got 'New Business' on line 7 (1 row) (map it in tierkit.toml, [data.deals.values.deal_type])"
        ),
    ),
    Case(
        "an unknown direction",
        cell("activities", 5, direction="both ways"),
        stops(
            "activities.csv: 'direction' must be one of inbound, outbound, got 'both ways' on line 7 (1 row) (map it in tierkit.toml, [data.activities.values.direction])"
        ),
    ),
    Case(
        "words for nothing in text",
        both(
            cell("accounts", 5, industry="nan"), cell("accounts", 6, industry="NULL"), cell("accounts", 7, name="#REF!")
        ),
        reads(
            "accounts.csv: 1 cell of 'name' says '#REF!', and was read as empty",
            "accounts.csv: 2 cells of 'industry' say 'nan' and the like, and were read as empty",
            accounts__A007__name=None,
            accounts__A005__industry=None,
        ),
    ),
    Case("a country NA is Namibia", column("accounts", "country", "NA"), reads(accounts__A005__country="NA")),
    Case(
        "a currency without rates",
        cell("deals", 5, currency="EUR"),
        stops(
            "deals.csv: 'currency' must be USD, got EUR (1 rows) (give what they were worth in rates.csv: currency, valid_from, rate; or set currency in tierkit.toml, [data])"
        ),
    ),
)
