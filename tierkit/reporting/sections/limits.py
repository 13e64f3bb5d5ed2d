"""What the tables do not allow to be claimed, in words and without a figure, and what would change that."""

from collections.abc import Sequence

from tierkit.inputs.tables import Tables
from tierkit.reporting.fragments import Fragment, escape, section


def find_limits(tables: Tables) -> list[str]:
    """A sentence for each claim that the tables do not carry; none where nothing is missing."""
    return [claim for claim, _ in find_remedies(tables)]


def find_remedies(tables: Tables) -> list[tuple[str, str]]:
    """Each sentence of `find_limits`, and what would lift the limit."""
    limits = []
    if not tables.is_dated:
        limits.append(
            (
                "No horizon, no replay and no forecast: deals carry no day of opening.",
                "Export the day each deal was created and the day it closed (opened_at and closed_at of deals).",
            )
        )
    if not tables.has_accounts:
        limits.append(
            (
                "No tiers of accounts: each deal stands for itself, and only open ones are tiered.",
                "Export the accounts, and the account of each deal (account_id of deals).",
            )
        )
    if not tables.has("deals", "acv"):
        limits.append(
            (
                "No money: deals carry no amount, so they are ranked by the chance to win alone.",
                "Export what each won deal is worth (acv, or amount and term_months, of deals).",
            )
        )
    if not tables.has("activities"):
        limits.append(
            (
                "Nothing about engagement, or about effort delivered: there are no activities.",
                "Export emails, calls and meetings, with their day and their direction (activities).",
            )
        )
    if not tables.has("reps"):
        limits.append(
            (
                "No capacity by rep: each rep counts with the sheet's own number of places.",
                "Write reps.csv: owner_id, name and tier1_slots, a row for each seller.",
            )
        )
    if tables.has_accounts and not tables.has("account_history"):
        limits.append(
            (
                "No headcount or technologies as they were: today's values stand for the past.",
                "Export the history of the account's fields, or keep each month's export (account_history).",
            )
        )
    return limits


def show_limits(limits: Sequence[str]) -> Fragment:
    """The limits as a list, to which the page adds the parts that had nothing to show."""
    items = "".join(f"<li>{escape(limit)}</li>" for limit in limits)
    return section("limits", f'<ul class="limits">{items}</ul>')
