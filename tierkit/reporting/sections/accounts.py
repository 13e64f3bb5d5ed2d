"""Every tiered account in one list that sorts and can be searched."""

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, folded, section, table, unavailable
from tierkit.reporting.reasons import split_reasons

_FIELDS = (
    Field("shown_name", "Account", lead=True, link="account_id"),
    Field("owner_name", "Rep"),
    Field("tier", "Tier", "tier"),
    Field("priority_rank", "Rank", "count"),
    Field("main_reason", "Main reason"),
    Field("valid_until", "Valid until", "date"),
    Field("expected_value", "Value", "money"),
)
"""Their labels on a narrow screen are in the page's style, by place: the column that may be left out is the last."""

_ABOVE_VALUE = ("strategic", "trigger", "override", "exploration", "deal open")
"""What may set a tier in the place of value; then that reason leads."""


def list_accounts(
    tiers: pd.DataFrame, reasons: pd.DataFrame, *, owners: "pd.Series[str] | None" = None
) -> pd.DataFrame:
    """What the list says of each account, by tier and rank.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it, one row per tiered account; columns it lacks are empty in the list.
    reasons : as `explain_scores` returns it.
    owners : name by owner_id.

    Returns
    -------
    account_id, shown_name, owner_name, tier, priority_rank, main_reason, valid_until, expected_value. The main reason
    is what lifted the account above its value, else the strongest reason for it, else how its tier came about.
    """
    kept = [c for c in ("account_id", "tier", "priority_rank", "valid_until", "expected_value") if c in tiers]
    rows = tiers.reindex(columns=[*kept, "name", "owner_id", "tier_by", "tier_reason"])
    rows = rows.sort_values(["tier", "priority_rank", "account_id"], kind="stable", ignore_index=True)
    ids = rows["account_id"].astype("str")
    rows["shown_name"] = [i if words.is_missing(n) else n for n, i in zip(rows["name"], ids, strict=True)]
    named = rows["owner_id"] if owners is None else rows["owner_id"].map(owners).fillna(rows["owner_id"])
    rows["owner_name"] = named
    why = split_reasons(reasons, rows["account_id"])["reasons_for"]
    both = zip(why, rows["tier_by"], rows["tier_reason"], strict=True)
    rows["main_reason"] = [r[0] if r and by not in _ABOVE_VALUE else words.readable(t) for r, by, t in both]
    fields = ["account_id", *(f.column for f in _FIELDS)]
    listed: pd.DataFrame = rows.reindex(columns=fields)
    return listed


def show_accounts(
    accounts: pd.DataFrame | None,
    *,
    currency: str = "USD",
    with_money: bool = True,
    unit: str = "account",
    because: str = "",
) -> Fragment:
    """The list, folded: a name leads to its card where the page has one.

    Parameters
    ----------
    accounts : as `list_accounts` returns it.
    with_money : False leaves value out (the figures do not reconcile).
    """
    if accounts is None or accounts.empty:
        return unavailable("accounts", because or f"no {unit} is tiered")
    fields = [f for f in _FIELDS if with_money or f.kind != "money"]
    caption = f"One row per tiered {unit}, by tier and rank"
    listed = table(accounts, fields, caption=caption, currency=currency, labelled=False)
    return section("accounts", folded(f"All {words.things(len(accounts), f'tiered {unit}')}", listed, prints=False))
