"""What each table asks of its rows: days in order, values in range, rows that name something."""

from tests.bad_inputs.cases import (
    Case,
    aside,
    both,
    cell,
    column,
    more,
    reads,
    refused,
    sheet,
    stops,
    too_many,
)

_FEW = sheet("max_rejected = 0.5")
"""A table of two rows has none to spare."""

CASES = (
    # Deals
    Case(
        "closed before opened",
        cell("deals", 5, closed_at="2023-12-31"),
        aside("deals.csv", 7, "closed_at", "must not be before opened_at", "2023-12-31"),
    ),
    Case(
        "closed in the future",
        cell("deals", 5, closed_at="2026-12-31"),
        aside("deals.csv", 7, "closed_at", "must not be after data_through (2026-06-30)", "2026-12-31"),
    ),
    Case(
        "won without a day",
        cell("deals", 4, closed_at=""),
        aside("deals.csv", 6, "closed_at", "must be given for a closed deal", ""),
    ),
    Case("open with a day of closing", cell("deals", 3, closed_at="2026-12-31"), reads()),
    Case("open with a day of closing that is none", cell("deals", 3, closed_at="Q4"), reads()),
    Case(
        "a deal that opened on no day",
        cell("deals", 5, opened_at=""),
        aside("deals.csv", 7, "opened_at", "must be given where deals are dated", ""),
    ),
    Case(
        "no deal has a day of closing",
        column("deals", "closed_at", ""),
        reads(
            "deals.csv: 'closed_at' has no value and was left out",
            "deals.csv: there is no 'closed_at', so deals are undated and 'opened_at' was left out",
        ),
    ),
    # The tables beside
    Case(
        "history of a field that accounts do not have",
        cell("account_history", 5, field="shoe_size"),
        reads("account_history: 1 row of fields that accounts do not have ('shoe_size') are features of their own"),
    ),
    Case(
        "history without its day",
        cell("account_history", 5, known_at=""),
        aside("account_history.csv", 7, "known_at", "must not be empty", ""),
    ),
    Case(
        "history of nobody",
        cell("account_history", 5, account_id="A999"),
        aside("account_history.csv", 7, "account_id", "must be an account of the accounts table", "A999"),
    ),
    Case(
        "a touch without a kind",
        cell("activities", 5, kind=""),
        aside("activities.csv", 7, "kind", "must not be empty", ""),
    ),
    Case(
        "a person of an account that nobody knows",
        cell("contacts", 5, account_id="A999"),
        aside("contacts.csv", 7, "account_id", "must be an account of the accounts table", "A999"),
    ),
    Case(
        "a signal of a kind without a window",
        cell("signals", 5, kind="solar_eclipse"),
        refused(
            "signals: kind 'solar_eclipse' has no window (1 rows of unknown kinds); known: competitive_displacement, executive_hire, funding, inbound_hand_raise, regulatory_change; add it to [tiers.windows] or map it to one of them"
        ),
    ),
    Case(
        "a signal on no day",
        cell("signals", 5, occurred_at=""),
        aside("signals.csv", 7, "occurred_at", "must not be empty", ""),
    ),
    Case(
        "a seller with half a slot less than none",
        cell("reps", 1, tier1_slots="-0.5"),
        too_many("reps.csv", 1, 3, "'tier1_slots' must be 0 or more, got -0.5 on line 3 (1 row)"),
    ),
    Case(
        "a seller with slots in words",
        cell("reps", 1, tier1_slots="five"),
        too_many("reps.csv", 1, 3, "'tier1_slots' must be a number, got 'five' on line 3 (1 row)"),
    ),
    Case(
        "a strategic value of 150",
        both(_FEW, cell("strategic", 1, value="150")),
        aside("strategic.csv", 3, "value", "must be from 0 to 1", "150"),
    ),
    Case(
        "a strategic value of 80%",
        cell("strategic", 1, value="80%"),
        too_many(
            "strategic.csv",
            1,
            2,
            "'value' must be a number, got '80%' on line 3 (1 row) (write a share as 0.25, without %)",
        ),
    ),
    Case(
        "a strategic claim of an unknown kind",
        cell("strategic", 1, kind="golf"),
        stops(
            "strategic.csv: 'kind' must be one of reference, ecosystem, new_vertical, new_geography, got 'golf' on line 3 (1 row) (map it in tierkit.toml, [data.strategic.values.kind])"
        ),
    ),
    Case(
        "a strategic claim that ends before it was known",
        both(_FEW, cell("strategic", 1, expires_at="2020-01-01")),
        aside("strategic.csv", 3, "expires_at", "must not be before known_at", "2020-01-01"),
    ),
    Case(
        "an override into tier 0",
        both(_FEW, cell("overrides", 1, tier="0")),
        aside("overrides.csv", 3, "tier", "must be from 1 to 4", "0"),
    ),
    Case(
        "an override into Tier 1, in words",
        cell("overrides", 1, tier="Tier 1"),
        too_many(
            "overrides.csv",
            1,
            2,
            "'tier' must be a whole number, got 'Tier 1' on line 3 (1 row) (write the number of the tier alone, 1 is the best, or map it in [data.overrides.values.tier])",
        ),
    ),
    Case(
        "an override into tier 1.5",
        both(_FEW, cell("overrides", 1, tier="1.5")),
        aside("overrides.csv", 3, "tier", "must be a whole number", "1.5"),
    ),
    Case(
        "an override that expires before it was made",
        both(_FEW, cell("overrides", 1, expires_at="2026-04-01")),
        aside("overrides.csv", 3, "expires_at", "must not be before created_at", "2026-04-01"),
    ),
    Case(
        "an override without an end",
        both(_FEW, cell("overrides", 1, expires_at="")),
        aside("overrides.csv", 3, "expires_at", "must not be empty", ""),
    ),
    Case(
        "an override until the end of days",
        both(_FEW, cell("overrides", 1, expires_at="9999-12-31")),
        aside("overrides.csv", 3, "expires_at", "must be a date", "9999-12-31"),
    ),
    Case(
        "an override by nobody",
        both(_FEW, cell("overrides", 1, author="")),
        aside("overrides.csv", 3, "author", "must not be empty", ""),
    ),
    Case(
        "an exclusion of nobody",
        cell("exclusions", 1, domain=""),
        too_many(
            "exclusions.csv",
            1,
            2,
            "'domain' must be a web domain, or the row must name an account_id, got nothing on line 3 (1 row)",
        ),
    ),
    Case(
        "an exclusion without a reason",
        both(_FEW, cell("exclusions", 1, reason="")),
        aside("exclusions.csv", 3, "reason", "must not be empty", ""),
    ),
    Case(
        "an exclusion of an account that nobody knows",
        cell("exclusions", 0, account_id="A999"),
        too_many(
            "exclusions.csv",
            1,
            2,
            "'account_id' must be an account of the accounts table, got 'A999' on line 2 (1 row)",
        ),
    ),
    Case(
        "a lead accepted before it was handed over",
        cell("funnel", 5, accepted_at="2023-01-01"),
        aside("funnel.csv", 7, "accepted_at", "must not be before created_at", "2023-01-01"),
    ),
    Case("a lead of no account", cell("funnel", 5, account_id=""), reads()),
    Case(
        "left the list before entering it",
        cell("tal", 5, left_at="2023-01-01"),
        aside("tal.csv", 7, "left_at", "must not be before entered_at", "2023-01-01"),
    ),
    Case("two stays on the list that overlap", more("tal", account_id="A005", entered_at="2024-02-01"), reads()),
    Case(
        "a tier that ends before it begins",
        cell("tier_history", 5, valid_to="2023-01-01"),
        aside("tier_history.csv", 7, "valid_to", "must not be before valid_from", "2023-01-01"),
    ),
    Case(
        "two tiers from one day on",
        more("tier_history", account_id="A005", tier="3", valid_from="2024-01-06"),
        aside("tier_history.csv", 122, "account_id", "must be unique with 'valid_from'", "A005"),
    ),
    Case(
        "tiers by name",
        column("tier_history", "tier", lambda c, i: f"Tier {c}"),
        too_many(
            "tier_history.csv",
            120,
            120,
            "'tier' must be a whole number, got 'Tier 1' on line 2 (120 rows) (write the number of the tier alone, 1 is the best, or map it in [data.tier_history.values.tier])",
        ),
    ),
    Case(
        "tiers by letter",
        column("tier_history", "tier", lambda c, i: "ABC"[int(c) - 1]),
        too_many(
            "tier_history.csv",
            120,
            120,
            "'tier' must be a whole number, got 'A' on line 2 (120 rows) (write the number of the tier alone, 1 is the best, or map it in [data.tier_history.values.tier])",
        ),
    ),
    Case(
        "a fifth tier",
        cell("tier_history", 5, tier="5"),
        aside("tier_history.csv", 7, "tier", "must be from 1 to 4", "5"),
    ),
    Case(
        "an arm nobody planned",
        cell("holdout", 1, arm="placebo"),
        stops(
            "holdout.csv: 'arm' must be one of treated, control, got 'placebo' on line 3 (1 row) (map it in tierkit.toml, [data.holdout.values.arm])"
        ),
    ),
    Case(
        "a round that began on no day",
        cell("holdout", 1, started_at="spring"),
        too_many("holdout.csv", 1, 20, "'started_at' must be a date, got 'spring' on line 3 (1 row)"),
    ),
    Case(
        "a rate below zero",
        cell("rates", 1, rate="-1.1"),
        stops(
            "rates.csv: 'rate' must be 0 or more, got -1.1 on line 3 (1 row) (mend it: every row of this table counts)"
        ),
    ),
    Case(
        "two rates from one day on",
        more("rates", rate="2.0"),
        stops("rates.csv: EUR has rates of 1.15 and 2 from 2024-05-30 on, lines 7 and 8 (keep one)"),
    ),
    Case(
        "a rate without its day",
        cell("rates", 1, valid_from=""),
        stops(
            "rates.csv: 'valid_from' must not be empty, got nothing on line 3 (1 row) (mend it: every row of this table counts)"
        ),
    ),
    Case(
        "a decision that is none",
        cell("identity", 0, decision="perhaps"),
        stops(
            "identity.csv: 'decision' must be one of same, different, got 'perhaps' on line 2 (1 row) (map it in tierkit.toml, [data.identity.values.decision])"
        ),
    ),
    Case(
        "a decision about nobody",
        cell("identity", 0, same_as=""),
        stops(
            "identity.csv: 'same_as' must not be empty, got nothing on line 2 (1 row) (mend it: every row of this table counts)"
        ),
    ),
    Case(
        "deals are not there",
        lambda project: (project / "data" / "deals.csv").unlink(),
        stops("{data}: 'deals' is missing, the one table a run cannot do without (there are accounts)"),
    ),
    Case(
        "a table with a name nearly right",
        lambda project: (project / "data" / "deals.csv").rename(project / "data" / "deal.csv"),
        stops(
            "{data}: 'deals' is missing, the one table a run cannot do without (there are accounts; deal.csv was not read: is it meant to be deals?)"
        ),
    ),
)
