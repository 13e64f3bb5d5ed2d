"""Ids: what spreadsheets do to them, repeats, strangers, circles."""

from tests.bad_inputs.cases import (
    Case,
    aside,
    asides,
    both,
    cell,
    column,
    more,
    reads,
    rewritten,
    sheet,
    stops,
    too_many,
)

CASES = (
    Case(
        "an id in scientific notation",
        cell("deals", 5, account_id="1.23457E+14"),
        aside("deals.csv", 7, "account_id", "must be an id in full", "1.23457E+14"),
    ),
    Case(
        "all ids of many digits, shown by a spreadsheet",
        both(column("accounts", "account_id", lambda c, i: f"1.2345{i % 10}E+17")),
        too_many(
            "accounts.csv",
            150,
            150,
            "'account_id' must be an id in full, got '1.23450E+17' on line 2 (150 rows) (a spreadsheet dropped its digits: give the column the format text, and export again)",
        ),
    ),
    Case(
        "1E+05 for an account",
        cell("activities", 5, account_id="1E+05"),
        aside("activities.csv", 7, "account_id", "must be an id in full", "1E+05"),
    ),
    Case(
        "ids with .0",
        both(
            column("accounts", "account_id", lambda c, i: f"{i}.0"),
            column("deals", "account_id", lambda c, i: f"{i % 150}.0"),
        ),
        reads(
            "accounts.csv: ids in 'account_id' were written as numbers (0.0); read without '.0'",
            "deals.csv: ids in 'account_id' were written as numbers (0.0); read without '.0'",
            deals__d005__account_id="5",
        ),
    ),
    Case(
        "ids that lost their leading zeros",
        both(
            column("accounts", "account_id", lambda c, i: f"{i:05d}"),
            column("deals", "account_id", lambda c, i: str(i % 150)),
        ),
        too_many(
            "deals.csv",
            240,
            240,
            "'account_id' must be an account of the accounts table, got 0 on line 2 (240 rows) (their leading zeros are gone: '00000' of the accounts table may be meant; export both tables alike)",
        ),
    ),
    Case(
        "ids in other case",
        column("deals", "account_id", lambda c, i: c.lower()),
        too_many(
            "deals.csv",
            240,
            240,
            "'account_id' must be an account of the accounts table, got 'a000' on line 2 (240 rows) (they differ in upper and lower case: 'A000' of the accounts table may be meant; export both tables alike)",
        ),
    ),
    Case(
        "ids with a dash here and none there",
        column("deals", "account_id", lambda c, i: f"{c[0]}-{c[1:]}"),
        too_many(
            "deals.csv",
            240,
            240,
            "'account_id' must be an account of the accounts table, got 'A-000' on line 2 (240 rows) (they differ in spaces and signs: 'A000' of the accounts table may be meant; export both tables alike)",
        ),
    ),
    Case(
        "ids cut to 15 characters",
        both(
            column("accounts", "account_id", lambda c, i: f"001A0000{i:07d}IAV"),
            column("deals", "account_id", lambda c, i: f"001A0000{i % 150:07d}"),
        ),
        too_many(
            "deals.csv",
            240,
            240,
            "'account_id' must be an account of the accounts table, got '001A00000000000' on line 2 (240 rows) (they are cut to 15 characters: '001A00000000000IAV' of the accounts table may be meant; export both tables alike)",
        ),
    ),
    Case(
        "spaces around ids",
        column("deals", "account_id", lambda c, i: f"  {c} "),
        reads(deals__d000__account_id="A000"),
    ),
    Case(
        "an id is a broken reference",
        cell("deals", 5, account_id="#REF!"),
        aside(
            "deals.csv",
            7,
            "account_id",
            "must not be empty",
            "#REF!",
            "deals.csv: 1 cell of 'account_id' says '#REF!', and was read as empty",
        ),
    ),
    Case(
        "an id is None, NULL and nan",
        both(cell("deals", 5, deal_id="nan"), cell("deals", 6, deal_id="NULL"), sheet("max_rejected = 0.02")),
        asides(
            ("deals.csv", 7, "deal_id", "must not be empty", "nan"),
            ("deals.csv", 8, "deal_id", "must not be empty", "NULL"),
            notes=("deals.csv: 2 cells of 'deal_id' say 'nan' and the like, and were read as empty",),
        ),
    ),
    Case(
        "an account that deals name and nobody knows",
        cell("deals", 5, account_id="A999"),
        aside("deals.csv", 7, "account_id", "must be an account of the accounts table", "A999"),
    ),
    Case(
        "most deals of accounts that nobody knows",
        column("deals", "account_id", lambda c, i: f"X{i}"),
        too_many(
            "deals.csv",
            240,
            240,
            "'account_id' must be an account of the accounts table, got 'X0' on line 2 (240 rows)",
        ),
    ),
    Case(
        "a deal without an account",
        cell("deals", 5, account_id=""),
        aside("deals.csv", 7, "account_id", "must not be empty", ""),
    ),
    Case("a deal twice", more("deals", deal_id="d005"), aside("deals.csv", 242, "deal_id", "must be unique", "d005")),
    Case(
        "deals twice, ten of them",
        rewritten("deals", lambda t: t + "\n".join(t.split("\n")[1:11]) + "\n"),
        too_many("deals.csv", 10, 250, "'deal_id' must be unique, got 'd000' on line 242 (10 rows)"),
    ),
    Case(
        "an account twice",
        more("accounts", account_id="A005"),
        aside("accounts.csv", 152, "account_id", "must be unique", "A005"),
    ),
    Case(
        "an account that differs in case alone",
        more("accounts", account_id="a005"),
        reads(
            "accounts: 1 look like another account (same domain and name: 1); none was merged, duplicates.csv lists them"
        ),
    ),
    Case(
        "a parent that is nowhere",
        cell("accounts", 5, parent_id="Z999"),
        reads("accounts: 1 rows name a parent that is not there; they stand on their own"),
    ),
    Case("its own parent", cell("accounts", 5, parent_id="A005"), reads()),
    Case(
        "parents in a circle",
        both(
            cell("accounts", 5, parent_id="A006"),
            cell("accounts", 6, parent_id="A007"),
            cell("accounts", 7, parent_id="A005"),
        ),
        stops("accounts: 'parent_id' runs in a circle, A005 -> A006 -> A007 -> A005 (mend it in the CRM)"),
    ),
    Case(
        "a parent called None",
        column("accounts", "parent_id", "None"),
        reads(
            "accounts.csv: 150 cells of 'parent_id' say 'None', and were read as empty", accounts__A005__owner_id="r2"
        ),
    ),
    Case(
        "a contact twice",
        more("contacts", contact_id="c005"),
        aside("contacts.csv", 122, "contact_id", "must be unique", "c005"),
    ),
    Case(
        "a seller twice",
        more("reps", owner_id="r1"),
        too_many("reps.csv", 1, 4, "'owner_id' must be unique, got 'r1' on line 5 (1 row)"),
    ),
    Case(
        "a touch of an account that nobody knows",
        cell("activities", 5, account_id="A999"),
        aside("activities.csv", 7, "account_id", "must be an account of the accounts table", "A999"),
    ),
    Case(
        "a touch of no account",
        cell("activities", 5, account_id=""),
        aside("activities.csv", 7, "account_id", "must not be empty", ""),
    ),
    Case("a lead twice", more("funnel", lead_id="l005"), aside("funnel.csv", 122, "lead_id", "must be unique", "l005")),
    Case(
        "an account id of emoji",
        both(cell("accounts", 100, account_id="🚀"), cell("deals", 100, account_id="🚀")),
        reads(),
    ),
    Case(
        "no deal has ended",
        column("deals", "outcome", "open"),
        stops(
            "deals.csv: no deal is won or lost, so there is nothing to learn from (map its values in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "no deal is won",
        column("deals", "outcome", lambda c, i: "lost" if c == "won" else c),
        stops(
            "deals.csv: no deal is won, so there is nothing to learn from (map its values in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
)
