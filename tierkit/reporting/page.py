"""The menu of the review: every part of the page, and the tables behind them that only the page needs."""

from tierkit.reporting.cards import build_cards
from tierkit.reporting.decisions import find_decisions
from tierkit.reporting.figures import figure_svg
from tierkit.reporting.fragments import Fragment
from tierkit.reporting.sections.accounts import list_accounts, show_accounts
from tierkit.reporting.sections.capacity import show_capacity
from tierkit.reporting.sections.decisions import show_decisions
from tierkit.reporting.sections.headlines import Status, show_headlines, show_status, write_headlines
from tierkit.reporting.sections.lift import lead_lift, money_reconciles, show_doubts, show_lift, show_reconciliation
from tierkit.reporting.sections.limits import find_limits, show_limits
from tierkit.reporting.sections.misses import find_misses, name_misses, show_misses
from tierkit.reporting.sections.moves import show_moves
from tierkit.reporting.sections.overlays import show_overlays
from tierkit.reporting.sections.people import show_committee, show_templates
from tierkit.reporting.sections.repairs import show_repairs
from tierkit.reporting.sections.review import show_review
from tierkit.reporting.sections.size import show_size, value_by_size
from tierkit.reporting.sections.smallprint import show_provenance, show_small_print
from tierkit.reporting.sections.target_list import show_target_list
from tierkit.reporting.sections.tier1 import show_tier1
from tierkit.reporting.sections.treatment import show_treatment

__all__ = [
    "Fragment",
    "Status",
    "build_cards",
    "figure_svg",
    "find_decisions",
    "find_limits",
    "find_misses",
    "lead_lift",
    "list_accounts",
    "money_reconciles",
    "name_misses",
    "show_accounts",
    "show_capacity",
    "show_committee",
    "show_decisions",
    "show_doubts",
    "show_headlines",
    "show_lift",
    "show_limits",
    "show_misses",
    "show_moves",
    "show_overlays",
    "show_provenance",
    "show_reconciliation",
    "show_repairs",
    "show_review",
    "show_size",
    "show_small_print",
    "show_status",
    "show_target_list",
    "show_templates",
    "show_tier1",
    "show_treatment",
    "value_by_size",
    "write_headlines",
]
