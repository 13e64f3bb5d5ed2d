"""What each table asks of its rows: days in order, values in range, rows that name something."""

from tests.bad_inputs.cases import Case, aside, asides, both, cell, column, given, more, nothing, reads, rewritten, sheet, stops, too_many, without

_FEW = sheet("max_rejected = 0.5")
"""A table of two rows has none to spare."""

CASES = (
    # Deals
    Case("closed before opened", cell("deals", 5, closed_at="2023-12-31"), TODO_A),
    Case("closed in the future", cell("deals", 5, closed_at="2026-12-31"), TODO_A),
    Case("won without a day", cell("deals", 4, closed_at=""), TODO_A),
    Case("open with a day of closing", cell("deals", 3, closed_at="2026-12-31"), TODO_R),
    Case("open with a day of closing that is none", cell("deals", 3, closed_at="Q4"), TODO_R),
    Case("a deal that opened on no day", cell("deals", 5, opened_at=""), TODO_A),
    Case("no deal has a day of closing", column("deals", "closed_at", ""), TODO_R),
    # The tables beside
    Case("history of a field that accounts do not have", cell("account_history", 5, field="shoe_size"), TODO_R),
    Case("history without its day", cell("account_history", 5, known_at=""), TODO_A),
    Case("history of nobody", cell("account_history", 5, account_id="A999"), TODO_A),
    Case("a touch without a kind", cell("activities", 5, kind=""), TODO_A),
    Case("a person of an account that nobody knows", cell("contacts", 5, account_id="A999"), TODO_A),
    Case("a signal of a kind without a window", cell("signals", 5, kind="solar_eclipse"), TODO_S),
    Case("a signal on no day", cell("signals", 5, occurred_at=""), TODO_A),
    Case("a seller with half a slot less than none", cell("reps", 1, tier1_slots="-0.5"), TODO_S),
    Case("a seller with slots in words", cell("reps", 1, tier1_slots="five"), TODO_S),
    Case("a strategic value of 150", both(_FEW, cell("strategic", 1, value="150")), TODO_A),
    Case("a strategic value of 80%", cell("strategic", 1, value="80%"), TODO_S),
    Case("a strategic claim of an unknown kind", cell("strategic", 1, kind="golf"), TODO_S),
    Case("a strategic claim that ends before it was known", both(_FEW, cell("strategic", 1, expires_at="2020-01-01")), TODO_A),
    Case("an override into tier 0", both(_FEW, cell("overrides", 1, tier="0")), TODO_A),
    Case("an override into Tier 1, in words", cell("overrides", 1, tier="Tier 1"), TODO_S),
    Case("an override into tier 1.5", both(_FEW, cell("overrides", 1, tier="1.5")), TODO_A),
    Case("an override that expires before it was made", both(_FEW, cell("overrides", 1, expires_at="2026-04-01")), TODO_A),
    Case("an override without an end", both(_FEW, cell("overrides", 1, expires_at="")), TODO_A),
    Case("an override until the end of days", both(_FEW, cell("overrides", 1, expires_at="9999-12-31")), TODO_A),
    Case("an override by nobody", both(_FEW, cell("overrides", 1, author="")), TODO_A),
    Case("an exclusion of nobody", cell("exclusions", 1, domain=""), TODO_S),
    Case("an exclusion without a reason", both(_FEW, cell("exclusions", 1, reason="")), TODO_A),
    Case("an exclusion of an account that nobody knows", cell("exclusions", 0, account_id="A999"), TODO_S),
    Case("a lead accepted before it was handed over", cell("funnel", 5, accepted_at="2023-01-01"), TODO_A),
    Case("a lead of no account", cell("funnel", 5, account_id=""), TODO_R),
    Case("left the list before entering it", cell("tal", 5, left_at="2023-01-01"), TODO_A),
    Case("two stays on the list that overlap", more("tal", account_id="A005", entered_at="2024-02-01"), TODO_R),
    Case("a tier that ends before it begins", cell("tier_history", 5, valid_to="2023-01-01"), TODO_A),
    Case("two tiers from one day on", more("tier_history", account_id="A005", tier="3", valid_from="2024-01-06"), TODO_A),
    Case("tiers by name", column("tier_history", "tier", lambda c, i: f"Tier {c}"), TODO_S),
    Case("tiers by letter", column("tier_history", "tier", lambda c, i: "ABC"[int(c) - 1]), TODO_S),
    Case("a fifth tier", cell("tier_history", 5, tier="5"), TODO_A),
    Case("an arm nobody planned", cell("holdout", 1, arm="placebo"), TODO_S),
    Case("a round that began on no day", cell("holdout", 1, started_at="spring"), TODO_S),
    Case("a rate below zero", cell("rates", 1, rate="-1.1"), TODO_S),
    Case("two rates from one day on", both(_FEW, more("rates", rate="2.0")), TODO_A),
    Case("a rate without its day", cell("rates", 1, valid_from=""), TODO_S),
    Case("a decision that is none", cell("identity", 0, decision="perhaps"), TODO_S),
    Case("a decision about nobody", cell("identity", 0, same_as=""), TODO_S),
    Case("deals are not there", lambda project: (project / "data" / "deals.csv").unlink(), TODO_S),
    Case("a table with a name nearly right", lambda project: (project / "data" / "deals.csv").rename(project / "data" / "deal.csv"), TODO_S),
)
