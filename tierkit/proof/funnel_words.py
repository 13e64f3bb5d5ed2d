"""The funnel before and after, as sentences."""

from typing import Any

from tierkit.proof.funnel import ALL, NAMES, FunnelChange

NOT_AN_EFFECT = (
    "Before against after is no effect of tiers: the season, the market, the mix of leads and the people changed too."
)


def say_funnel(change: FunnelChange) -> tuple[str, ...]:
    """A sentence a step, the sources that moved for themselves, what it does not show, and what was refused."""
    table = change.table
    said = []
    for row in table[table["source"] == ALL].to_dict("records"):
        said.append(_say_step(row, change.currency))
        parts = table[(table["step"] == row["step"]) & (table["source"] != ALL)]
        apart = parts[(parts["change_low"] > 0) | (parts["change_high"] < 0)]
        if len(parts) and row["step"] in ("acceptance", "lead_to_meeting", "win"):
            names = ", ".join(
                f"{r['source']} {_signed(r['change'], r['unit'], change.currency)}" for r in apart.to_dict("records")
            )
            said.append(
                f"Of {len(parts)} sources, told apart from no change: {names}; one in twenty is by chance."
                if names
                else f"No single source of {len(parts)} is told apart from no change."
            )
    if len(table):
        first = table[table["source"] == ALL].iloc[0]
        if (first["after_to"] - first["after_from"]).days + 1 < 365:
            said.append("The windows are shorter than a year, so they hold different seasons.")
        said.append(NOT_AN_EFFECT)
    if (table["step"] == "days_to_acceptance").any():
        said.append("Leads carry days and no hours, so the time to acceptance is told in days.")
    return (*said, *change.refused)


def _say_step(row: dict[Any, Any], currency: str) -> str:
    name = NAMES[str(row["step"])]
    unit = row["unit"]
    before, after = (_figure(row[when], unit, currency) for when in ("before", "after"))
    counts = f"{row['n_before']:,} before, {row['n_after']:,} after"
    if not (row["n_before"] and row["n_after"]):
        return f"{name.capitalize()}: no record on one side ({counts})."
    low, high = (_signed(row[end], unit, "") for end in ("change_low", "change_high"))
    verdict = "" if row["change_low"] > 0 or row["change_high"] < 0 else ", which chance alone could give"
    return (
        f"{name[0].upper()}{name[1:]}: {before} before, {after} after, a change of "
        f"{_signed(row['change'], unit, currency)} ({low.split(' ')[0]} to {high.split(' ')[0]}){verdict}; {counts}."
    )


def _figure(value: float, unit: str, currency: str) -> str:
    if unit in ("rate", "share"):
        return f"{100 * value:.1f} %"
    return f"{value:.1f} days" if unit == "days" else f"{value:,.0f} {currency}"


def _signed(value: float, unit: str, currency: str) -> str:
    if unit in ("rate", "share"):
        return f"{100 * value:+.1f} points"
    return f"{value:+.1f} days" if unit == "days" else f"{value:+,.0f} {currency}"
