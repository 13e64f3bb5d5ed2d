"""What people read over a column, and how its values are written: one place for all tables that notebooks show."""

from typing import Literal, NamedTuple

import pandas as pd

from tierkit.reporting import words

Written = Literal[
    "text", "code", "feature", "field", "tier", "date", "flag", "money", "percent", "count", "number", "three", "chance"
]
"""How a value is written; `code` is a word of tierkit's own, `three` a figure to three digits after the point."""


class Head(NamedTuple):
    """What stands over a column, and how its values are written."""

    label: str
    written: Written


HEADS = {
    "account_id": Head("account", "text"),
    "accounts": Head("accounts", "count"),
    "auc": Head("AUC", "three"),
    "auc_new": Head("AUC, new accounts", "three"),
    "auc_with": Head("AUC with it", "three"),
    "auc_without": Head("AUC without it", "three"),
    "author": Head("by", "text"),
    "brier": Head("Brier", "three"),
    "base_tier": Head("tier by value", "tier"),
    "beyond_chance": Head("more than chance", "flag"),
    "by": Head("by", "code"),
    "captured_acv": Head("won value caught", "money"),
    "chosen": Head("used", "flag"),
    "column": Head("column", "feature"),
    "contactable": Head("may be contacted", "flag"),
    "contribution": Head("contribution", "number"),
    "cost": Head("what it costs", "money"),
    "cost_share": Head("cost as a share", "percent"),
    "decile": Head("tenth", "count"),
    "drop": Head("AUC lost", "three"),
    "executive_in_touch": Head("an executive in touch", "percent"),
    "executive_known": Head("an executive known", "percent"),
    "expected_value": Head("expected value", "money"),
    "feature": Head("feature", "feature"),
    "field": Head("field", "field"),
    "figure": Head("figure", "three"),
    "first": Head("Tier 1", "number"),
    "flagged": Head("flagged", "flag"),
    "from_high": Head("at the highest", "count"),
    "from_low": Head("at the lowest", "count"),
    "from_tier": Head("from", "tier"),
    "gained": Head("what treatment adds", "money"),
    "gamma_deviance": Head("gamma deviance", "three"),
    "gate": Head("gate", "code"),
    "gee_p_value": Head("chance alone, clustered", "chance"),
    "group": Head("group", "code"),
    "in_order_prob": Head("chance that each tier beats the next", "percent"),
    "in_use": Head("in use", "flag"),
    "kind": Head("evidence", "code"),
    "label": Head("tested", "code"),
    "last": Head("last tier", "number"),
    "least": Head("least points", "number"),
    "level": Head("stability", "text"),
    "limit": Head("limit", "three"),
    "line": Head("line", "count"),
    "log_loss": Head("log-loss", "three"),
    "look_up": Head("look up", "text"),
    "mean": Head("win rate", "percent"),
    "mean_in_touch": Head("people in touch, mean", "number"),
    "mean_roles": Head("roles known, mean", "number"),
    "measure": Head("measure", "code"),
    "membership_prob": Head("refits: in Tier 1", "percent"),
    "method": Head("ranked by", "code"),
    "most": Head("most points", "number"),
    "n": Head("n", "count"),
    "n_account_months": Head("account months", "count"),
    "n_accounts": Head("accounts", "count"),
    "n_deals": Head("deals", "count"),
    "n_entered": Head("enter Tier 1", "count"),
    "n_features": Head("features", "count"),
    "n_known": Head("known", "count"),
    "n_left": Head("leave Tier 1", "count"),
    "n_left_tier1": Head("left Tier 1", "count"),
    "n_moved": Head("moved", "count"),
    "n_moved_tier1": Head("moved into or out of Tier 1", "count"),
    "n_new": Head("of new accounts", "count"),
    "n_now": Head("accounts now", "count"),
    "n_open": Head("still open", "count"),
    "n_places": Head("places", "count"),
    "n_rejected": Head("rows set aside", "count"),
    "n_rows": Head("rows", "count"),
    "n_runs": Head("runs", "count"),
    "n_single_threaded": Head("hang on fewer than two people", "count"),
    "n_then": Head("accounts then", "count"),
    "n_tied": Head("tied at the cut", "count"),
    "n_tier1": Head("Tier 1", "count"),
    "n_won": Head("won", "count"),
    "name": Head("name", "text"),
    "observed": Head("won", "percent"),
    "odds_ratio": Head("odds ratio a step", "number"),
    "owner_id": Head("rep", "text"),
    "p_value": Head("chance alone", "chance"),
    "part": Head("part", "code"),
    "passed": Head("passed", "flag"),
    "peer_rate": Head("win rate of like accounts", "percent"),
    "predicted": Head("chance given", "percent"),
    "rate": Head("win rate", "percent"),
    "ratio": Head("ratio", "number"),
    "reason": Head("why", "text"),
    "remove": Head("may go", "flag"),
    "rule": Head("rule", "code"),
    "sentence": Head("in words", "text"),
    "share": Head("share", "percent"),
    "share_moved": Head("share moved", "percent"),
    "share_of_wins": Head("share of wins", "percent"),
    "share_year_ago": Head("a year ago", "percent"),
    "severity": Head("if it fails", "code"),
    "size": Head("deals", "count"),
    "slots": Head("places", "count"),
    "source": Head("source", "code"),
    "tier": Head("tier", "tier"),
    "tier_change_prob": Head("chance of another tier", "percent"),
    "tier_reason": Head("why", "text"),
    "to_know": Head("what to find out", "text"),
    "to_tier": Head("to", "tier"),
    "top_fifth_share": Head("won value in the top fifth", "percent"),
    "total_bias": Head("total off by", "percent"),
    "unit": Head("unit", "code"),
    "used": Head("taken", "count"),
    "value_change": Head("change of value in Tier 1", "money"),
    "value_lost_share": Head("expected value lost", "percent"),
    "value_prob": Head("refits: Tier 1 by value", "percent"),
    "value_now": Head("expected value now", "money"),
    "value_then": Head("expected value then", "money"),
    "value_tier1": Head("expected value in Tier 1", "money"),
    "verdict": Head("verdict", "code"),
    "what": Head("what", "code"),
    "without_largest": Head("without the largest deal", "flag"),
    "won_acv": Head("won value", "money"),
    "words": Head("in words", "text"),
}
"""By the name of a column; a name that is not here is shown without its underscores."""

INTERVALS = {
    ("low", "high"): "interval",
    ("auc_low", "auc_high"): "interval",
    ("odds_low", "odds_high"): "interval",
    ("value_low", "value_high"): "range",
}
"""Columns that are the two ends of one interval, shown as one column under this label."""

_CODES = {
    "needs_info": "needs information",
    "out_of_icp": "outside the profile",
    "acv_per_account": "won value per account",
    "opens": "that a deal opens",
    "wins": "that it is won",
    "tierkit": "these tiers",
    "(chance)": "other draws of the accounts",
}


def head_of(column: str, values: pd.Series) -> Head:
    """What stands over a column, and how its values are written: from its name, else from the kind of its values."""
    if column in HEADS:
        return HEADS[column]
    label = words.field_name(column.removeprefix("n_"))
    if pd.api.types.is_bool_dtype(values):
        return Head(label, "flag")
    if pd.api.types.is_datetime64_any_dtype(values):
        return Head(label, "date")
    if pd.api.types.is_integer_dtype(values):
        return Head(label, "count")
    return Head(label, "number" if pd.api.types.is_numeric_dtype(values) else "text")


def code_words(code: str) -> str:
    """A word of tierkit's own as people say it.

    >>> code_words("needs_info"), code_words("size_only"), code_words("touches_intended")
    ('needs information', 'company size alone', 'touches intended')
    """
    return _CODES.get(code) or words.METHODS.get(code) or words.KINDS.get(code) or code.replace("_", " ")
