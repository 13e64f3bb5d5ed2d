"""A card for each Tier 1 account: reasons, dated facts, value, next step."""

from typing import Any

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.reasons import split_reasons

_CARD = (
    "account_id",
    "name",
    "owner_id",
    "tier_by",
    "tier_reason",
    "priority_rank",
    "expected_value",
    "acv_low",
    "acv_high",
    "valid_until",
    "next_step",
)


def build_cards(
    tiers: pd.DataFrame, reasons: pd.DataFrame, tables: Tables, *, as_of: str | pd.Timestamp, tier: int = 1
) -> pd.DataFrame:
    """What a card shows, one row per account of `tier`, by rep and priority.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it; columns it lacks are empty on the card.
    reasons : as `explain_scores` returns it.
    tables : for dated facts and the last touch, nothing of which became known after `as_of`.

    Returns
    -------
    account_id, name, owner_id, owner_name, tier_by, tier_reason, priority_rank, expected_value, acv_low, acv_high,
    valid_until, next_step, reasons_for (tuple), reason_against, facts (tuple of day, fact, source), last_touch.
    """
    rows = tiers[tiers["tier"] == tier].reindex(columns=list(_CARD))
    rows = rows.sort_values(["owner_id", "priority_rank", "account_id"], kind="stable", ignore_index=True)
    ids = rows["account_id"]
    why = split_reasons(reasons).reindex(ids)
    facts = account_facts(tables, ids, as_of=as_of)
    told = {a: tuple(zip(g["day"], g["fact"], g["source"], strict=True)) for a, g in facts.groupby("account_id")}
    rows["reasons_for"] = [x if isinstance(x, tuple) else () for x in why["reasons_for"]]
    against = [None if words.is_missing(x) else x for x in why["reason_against"]]
    rows["reason_against"] = pd.Series(against, index=rows.index, dtype="object")
    rows["facts"] = pd.Series([told.get(a, ()) for a in ids], index=rows.index, dtype="object")
    rows["last_touch"] = list(_last_touch(tables, ids, as_of))
    reps = tables.frame("reps")
    named = reps.drop_duplicates("owner_id").set_index("owner_id")["name"] if "name" in reps else pd.Series(dtype="str")
    rows["owner_name"] = rows["owner_id"].map(named).fillna(rows["owner_id"])
    return rows


def account_facts(
    tables: Tables, account_ids: pd.Series, *, as_of: str | pd.Timestamp, per_account: int = 2
) -> pd.DataFrame:
    """The newest dated facts about each account, each with where it comes from (requirement E1).

    Signals and strategic claims come first, then what the account itself did, then its deals and when it entered the
    CRM: a fact about the account rather than about its kind.

    Returns
    -------
    account_id, day, fact, source; at most `per_account` rows an account, newest first.
    """
    now = pd.Timestamp(as_of)
    wanted = set(account_ids)
    found = []
    for weight, (table, column, say) in enumerate(_SOURCES):
        rows = tables.frame(table)
        if column not in rows or rows.empty:
            continue
        rows = rows[rows["account_id"].isin(wanted) & rows[column].notna()]
        known = rows["known_at"].fillna(rows[column]) if "known_at" in rows else rows[column]
        rows = rows[(rows[column] <= now) & (known <= now)]
        said = [say(r) for r in rows.to_dict("records")]
        found.append(
            pd.DataFrame(
                {
                    "account_id": rows["account_id"].to_numpy(),
                    "day": rows[column].to_numpy(),
                    "fact": [fact for fact, _ in said],
                    "source": [source for _, source in said],
                    "weight": weight,
                }
            )
        )
    empty = pd.DataFrame({"account_id": [], "day": [], "fact": [], "source": []})
    found = [f[f["fact"] != ""] for f in found if not f.empty]
    if not found:
        return empty
    facts = pd.concat(found, ignore_index=True).drop_duplicates(["account_id", "fact", "day"])
    facts = facts.sort_values(
        ["account_id", "weight", "day", "fact"], ascending=[True, True, False, True], kind="stable"
    )
    facts = facts.groupby("account_id", sort=True).head(per_account)
    facts = facts.sort_values(["account_id", "day", "fact"], ascending=[True, False, True], kind="stable")
    return facts[["account_id", "day", "fact", "source"]].reset_index(drop=True)


def _text(value: object) -> str:
    return "" if words.is_missing(value) else str(value).replace("_", " ")


def _signal(row: dict[Any, Any]) -> tuple[str, str]:
    detail = "" if words.is_missing(row.get("detail")) else f": {row['detail']}"
    return f"{_text(row['kind'])}{detail}", _text(row.get("source")) or "signals"


def _claim(row: dict[Any, Any]) -> tuple[str, str]:
    evidence = "" if words.is_missing(row.get("evidence")) else f": {row['evidence']}"
    return f"strategic, {_text(row['kind'])}{evidence}", _text(row.get("author")) or "strategic claims"


def _theirs(row: dict[Any, Any]) -> tuple[str, str]:
    """Only what the account did: our own touches are no fact about it."""
    return ("" if row.get("direction") != "inbound" else f"{_text(row['kind'])} from their side"), "activities"


def _deal(row: dict[Any, Any]) -> tuple[str, str]:
    product = "" if words.is_missing(row.get("product")) else f" for {row['product']}"
    return f"deal opened{product}", "deals"


def _entered(_row: dict[Any, Any]) -> tuple[str, str]:
    return "entered the CRM", "accounts"


_SOURCES = (
    ("signals", "occurred_at", _signal),
    ("strategic", "known_at", _claim),
    ("activities", "occurred_at", _theirs),
    ("deals", "opened_at", _deal),
    ("accounts", "created_at", _entered),
)


def _last_touch(tables: Tables, account_ids: pd.Series, as_of: str | pd.Timestamp) -> pd.Series:
    """When we last touched each account, in words; None where no activities were given."""
    touches = tables.frame("activities")
    if touches.empty or "occurred_at" not in touches:
        return pd.Series([None] * len(account_ids), index=account_ids.index, dtype="object")
    touches = touches[touches["occurred_at"] <= pd.Timestamp(as_of)]
    if "direction" in touches:
        touches = touches[touches["direction"] == "outbound"]
    touches = touches[touches["account_id"].isin(set(account_ids))].sort_values(["occurred_at", "kind"], kind="stable")
    last = touches.drop_duplicates("account_id", keep="last").set_index("account_id")
    said = pd.Series(
        [f"{words.day(d)}, {_text(k)}" for d, k in zip(last["occurred_at"], last["kind"], strict=True)],
        index=last.index,
        dtype="object",
    )
    return account_ids.map(said).fillna("never touched")
