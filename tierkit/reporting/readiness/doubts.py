"""What stops a run or weakens it, the worst first, each with its repair."""

from collections.abc import Iterator

from tierkit.features.deals import known_deals, label_wins
from tierkit.features.horizon import win_horizon
from tierkit.features.readiness import BASE_RATE_HIGH, BASE_RATE_LOW, MIN_ANY, MIN_FULL, SHORT_MONTHS
from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.calendar import as_of_month
from tierkit.reporting.readiness.date_doubts import doubt_days, doubt_open_deals, doubt_reach
from tierkit.reporting.readiness.doubt import Doubt
from tierkit.reporting.readiness.look import Look
from tierkit.reporting.readiness.missing import undated_features
from tierkit.tiering.feasibility import over_hours, planned_capacity
from tierkit.tiering.policy import labels_without_treatment

LITTLE = 0.6
"""Share of rows below which a field is said to be known of few."""
REPEATED = 0.01
"""Share of deals that repeat one of another group from which it is said."""
SHORTER = (180, 120, 90, 60)
"""Horizons that are offered where the usual one leaves too few mature deals."""
VALUE_RULES = ("value", "missing", "one_outcome", "sure_part", "filled_after", "writing", "amount_bands", "known_late")
"""Rules of the leak screen by which a column's values, rather than its name, gave it away."""
DAYS_A_MONTH = 30.44


def find_doubts(look: Look) -> list[Doubt]:
    """Everything that stops or weakens a run from these tables, the worst first."""
    stops = [Doubt("stops it", f"{file}: {said}" if file else said, "") for file, said in look.stops]
    tables = look.tables
    if tables is None:
        return stops
    found = [
        *_of_outcomes(tables, look),
        *doubt_open_deals(tables, look),
        *doubt_reach(tables, look),
        *_of_gates(tables, look),
        *_of_columns(look),
        *_of_rows(tables, look),
        *doubt_days(tables),
        *_of_policy(tables, look),
    ]
    return [*stops, *(d for d in found if d.level == "weakens it"), *(d for d in found if d.level == "look at it")]


def _of_outcomes(tables: Tables, look: Look) -> Iterator[Doubt]:
    """Whether there is enough to learn from, and somebody to tier."""
    if not tables.has_accounts and not (tables.frame("deals")["outcome"] == "open").any():
        yield Doubt(
            "weakens it",
            "Every deal is closed, so there is nobody to tier: a run says what a ranking would have been worth.",
            "Export open deals too, or the accounts.",
        )
    if not tables.is_dated:
        yield Doubt(
            "weakens it",
            "Deals carry no days: skill is cross-validated on all of them, not tried on later ones.",
            "Export the day each deal was created and the day it closed, and map them to opened_at and closed_at.",
        )
    ready = look.readiness
    if ready is None:
        return
    counted = f"{ready.n_won:,} won and {ready.n_lost:,} lost {ready.unit}"
    if ready.level == "scorecard":
        yield Doubt("weakens it", f"{counted} are below {MIN_ANY} of either: no model is trained.", _say_more(look))
    elif ready.level == "indicative":
        said = f"{counted} are below {MIN_FULL} of either: a penalised logit alone, and figures are indicative."
        yield Doubt("weakens it", said, _say_more(look))
    if ready.base_rate == ready.base_rate and not BASE_RATE_LOW <= ready.base_rate <= BASE_RATE_HIGH:
        yield Doubt(
            "weakens it",
            f"{words.percent(ready.base_rate)} of mature deals were won, outside {100 * BASE_RATE_LOW:.0f} to "
            f"{100 * BASE_RATE_HIGH:.0f} %.",
            "Check that losses are recorded, and at which stage a deal is opened.",
        )
    span = mature_months(look)
    if span is not None and span < SHORT_MONTHS:
        said = f"Deals whose outcome is known opened within {span:.0f} months: no season has been seen twice."
        yield Doubt("weakens it", said, "Export more years.")


def _say_more(look: Look) -> str:
    """Where more outcomes may come from: more years, or a shorter horizon with what it misses."""
    assert look.readiness is not None
    if not look.readiness.n_immature or look.horizon is None or look.tables is None or look.sheet is None:
        return "Export more years."
    young = f"{words.things(look.readiness.n_immature, 'deal is', 'deals are')} too young to count"
    as_of = as_of_month(look.month, look.sheet)
    deals = known_deals(look.tables, before=as_of)
    deals = deals[deals["is_new_business"]]
    needed = MIN_ANY if look.readiness.level == "scorecard" else MIN_FULL
    for days in SHORTER:
        if days >= look.horizon.days:
            continue
        label = label_wins(deals, horizon_days=days, before=as_of)
        n_won, n_lost = (int(deals.loc[label == value, "account_id"].nunique()) for value in (1, 0))
        if min(n_won, n_lost) >= needed:
            asked = look.sheet.features.model_copy(update={"horizon_days": days})
            missed = win_horizon(look.tables, before=as_of, settings=asked).share_missed
            return (
                f"Export more years; {young}. With horizon_days = {days} in [features] there are {n_won:,} won and "
                f"{n_lost:,} lost, though {words.percent(missed)} of the wins it is otherwise set by took longer."
            )
    return f"Export more years; {young}."


def _of_gates(tables: Tables, look: Look) -> Iterator[Doubt]:
    """Accounts that wait for a field the gates ask for, and fields known of few."""
    if look.sheet is None or look.coverage is None or not tables.has_accounts:
        return
    accounts = tables.frame("accounts")
    required = [c for c in look.sheet.tiers.gates.required if c not in accounts or accounts[c].isna().any()]
    for name in required:
        n = int(accounts[name].isna().sum()) if name in accounts else len(accounts)
        lack = "account lacks" if n == 1 else "accounts lack"
        yield Doubt(
            "weakens it",
            f"{words.count(n)} of {words.count(len(accounts))} {lack} {words.field_name(name)}, which the gates ask "
            "for: they wait for information and get no tier.",
            f"Fill it in, or take {name} off tiers.gates.required.",
        )
    poor = look.coverage.query("share < @LITTLE and table == 'accounts'")
    for row in poor[~poor["field"].isin(required)].to_dict("records"):
        yield Doubt(
            "look at it",
            f"{words.field_name(row['field']).capitalize()} is known of {words.count(row['n_known'])} of "
            f"{words.things(row['n'], 'account')}.",
            "Fill it in where it decides who is worth a call.",
        )


def _of_columns(look: Look) -> Iterator[Doubt]:
    """Columns that are doubted, those whose values gave them away, and those of unknown date."""
    if look.verdicts is None:
        return
    for row in look.verdicts[look.verdicts["verdict"] == "flagged"].to_dict("records"):
        yield Doubt(
            "weakens it",
            f"{row['column']} is used, but doubted: {row['reason']}.",
            f'If it is filled in later than a deal opens, refuse it: refuse = ["{row["column"]}"] in [features].',
        )
    leaks = look.verdicts[(look.verdicts["verdict"] == "refused") & look.verdicts["rule"].isin(VALUE_RULES)]
    for row in leaks.to_dict("records"):
        yield Doubt(
            "look at it",
            f"{row['column']} is refused: {row['reason']}.",
            "Nothing, unless it is known when a deal opens: then name it in [features] known_at_opening.",
        )
    if undated := undated_features(look.verdicts):
        yield Doubt(
            "look at it",
            f"{words.things(len(undated), 'feature')} may say today what was not so then: {', '.join(undated)}.",
            "Results are shown with and without them; a history, or the day each was filled in, would settle it.",
        )


def _of_rows(tables: Tables, look: Look) -> Iterator[Doubt]:
    """Rows set aside, rows that repeat, accounts that look alike."""
    for name, part in tables.rejected.groupby("table", sort=True):
        total = tables.sources.loc[tables.sources["table"] == name, "n_rows"].iloc[0]
        said = f"{name}: {words.things(len(part), 'row')} of {words.count(total)} set aside."
        few = len(part) < total / 1000
        yield Doubt("look at it" if few else "weakens it", said, "Mend the rows listed below, and export again.")
    if look.repeats is not None and look.rows is not None:
        n = int(look.repeats.loc[look.repeats["n_groups"] > 1, "n"].sum())
        if n > REPEATED * len(look.rows):
            yield Doubt(
                "weakens it",
                f"{words.count(n)} of {words.count(len(look.rows))} deals are, in every column a model would see, like "
                "a deal of another account or group: it may be tested on what it was taught.",
                "Name the columns that tell whose deal it is (group_by in [data]), or export more columns.",
            )
    if n := len(tables.duplicates):
        yield Doubt(
            "weakens it",
            f"{words.things(n, 'account looks', 'accounts look')} like another; none was merged.",
            "Merge them in the CRM, or say which are one in a table named identity.",
        )


def _of_policy(tables: Tables, look: Look) -> Iterator[Doubt]:
    """What the policy warns of."""
    if not look.policy or look.sheet is None:
        return
    policy = look.sheet.tiers
    capacity = planned_capacity(tables, policy, as_of=as_of_month(look.month, look.sheet))
    for said in (*over_hours(capacity, policy), *labels_without_treatment(policy)):
        yield Doubt("weakens it", f"{said[0].upper()}{said[1:]}.", "Change [tiers] of the run sheet.")


def mature_months(look: Look) -> float | None:
    """Months between the openings of the first and the last deal whose outcome is known; None without days."""
    if look.rows is None:
        return None
    opened = look.rows.loc[look.rows["won_in_horizon"].notna(), "opened_at"].dropna()
    return None if opened.empty else (opened.max() - opened.min()).days / DAYS_A_MONTH
