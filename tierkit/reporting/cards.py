"""What the card of an account holds: who it is, why, dated facts, what changed and what would, what is unknown."""

from typing import Any

import pandas as pd

from tierkit.inputs.tables import Tables
from tierkit.reporting import words
from tierkit.reporting.facts import account_facts
from tierkit.reporting.reasons import split_reasons
from tierkit.tiering.standing import with_account_columns

_WHO = ("industry", "employees", "country", "segment")
_CARD = (
    *("account_id", "name", "owner_id", "tier", "tier_by", "tier_reason", "priority_rank"),
    *("expected_value", "value_low", "value_high", "acv_low", "acv_high", "membership_prob"),
    *("value_prob", "valid_until", "next_step", *_WHO),
)
FACTS = 4
"""Facts on a card, at most."""
_AGAINST = 2


def build_cards(
    tiers: pd.DataFrame,
    reasons: pd.DataFrame,
    tables: Tables,
    *,
    as_of: str | pd.Timestamp,
    tier: int = 1,
    counterfactuals: pd.DataFrame | None = None,
    unknowns: pd.DataFrame | None = None,
    committee: pd.DataFrame | None = None,
    since: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What a card shows, one row per account of `tier`, by rep and priority.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it; columns it lacks are empty on the card.
    reasons : as `explain_scores` returns it.
    tables : for dated facts and the last touch, nothing of which became known after `as_of`.
    counterfactuals, unknowns, committee : as `what_would_move`, `worth_learning` and `buying_committee` return them.
    since : what changed since the last month: account_id, sentence.

    Returns
    -------
    account_id, name, owner_id, owner_name, tier, tier_by, tier_reason, priority_rank, expected_value, value_low,
    value_high (a tenth of refits lies below, a tenth above), acv_low, acv_high, membership_prob, value_prob,
    valid_until, next_step, industry, employees, country, segment, reasons_for (tuple), reason_against, grounds (tuple
    of words, weight, money: above 0 speaks for it; money missing where reasons have none), facts (tuple of day, fact,
    source), last_touch, changed (text), move (what would move it, as a dict), unknown (tuple of dicts), people (dict).
    """
    rows = with_account_columns(tiers[tiers["tier"] == tier], tables, _WHO).reindex(columns=list(_CARD))
    rows = rows.sort_values(["owner_id", "priority_rank", "account_id"], kind="stable", ignore_index=True)
    ids = rows["account_id"]
    why = split_reasons(reasons, ids)
    facts = account_facts(tables, ids, as_of=as_of, per_account=FACTS)
    told = {a: tuple(zip(g["day"], g["fact"], g["source"], strict=True)) for a, g in facts.groupby("account_id")}
    rows["reasons_for"] = list(why["reasons_for"])
    rows["reason_against"] = why["reason_against"].set_axis(rows.index)
    rows["grounds"] = _each(ids, card_grounds(reasons[reasons["account_id"].isin(set(ids))]), ())
    rows["facts"] = _each(ids, told, ())
    rows["last_touch"] = list(_last_touch(tables, ids, as_of))
    sentences = {} if since is None else dict(zip(since["account_id"], since["sentence"], strict=True))
    rows["changed"] = _each(ids, sentences, None)
    rows["move"] = _each(ids, {k: v[0] for k, v in _records(counterfactuals).items()}, None)
    rows["unknown"] = _each(ids, _records(unknowns), ())
    rows["people"] = _each(ids, {k: v[0] for k, v in _records(committee).items()}, None)
    rows["owner_name"] = rows["owner_id"].map(_owner_names(tables)).fillna(rows["owner_id"])
    return rows


def just_below(tiers: pd.DataFrame, tables: Tables, counterfactuals: pd.DataFrame) -> pd.DataFrame:
    """The accounts nearest to Tier 1 that are not in it, by owner and value, with what would bring them in.

    Returns
    -------
    account_id, name, owner_id, owner_name, tier, expected_value, move (as in `build_cards`).
    """
    nearest = counterfactuals[counterfactuals["tier"] > 1]
    columns = [c for c in ("account_id", "name", "owner_id", "tier", "expected_value") if c in tiers]
    rows = tiers.loc[tiers["account_id"].isin(set(nearest["account_id"])), columns]
    rows = rows.reindex(columns=["account_id", "name", "owner_id", "tier", "expected_value"])
    by = ["owner_id", "expected_value", "account_id"]
    rows = rows.sort_values(by, ascending=[True, False, True], kind="stable", ignore_index=True)
    rows["owner_name"] = rows["owner_id"].map(_owner_names(tables)).fillna(rows["owner_id"])
    moves = {k: v[0] for k, v in _records(nearest).items()}
    return rows.assign(move=_each(rows["account_id"], moves, None))


def card_grounds(reasons: pd.DataFrame, *, top: int = 3, against: int = _AGAINST) -> dict[str, tuple[Any, ...]]:
    """The strongest reasons for each account and against it: by account_id, tuples of words, weight and money.

    Weight is the money a reason makes where that is known of each, else its contribution to the log of the value.
    """
    rows = reasons[reasons["shown"].astype("bool")] if "shown" in reasons else reasons
    money = rows["money"].astype("float64") if "money" in rows else pd.Series(float("nan"), rows.index)
    sign = rows["contribution"].astype("float64")
    rows = rows.assign(money=money, weight=sign if money.isna().any() else money, speaks_for=sign > 0)[sign != 0]
    rows = rows.sort_values(["account_id", "speaks_for", "rank"], ascending=[True, False, True], kind="stable")
    place = rows.groupby(["account_id", "speaks_for"]).cumcount()
    rows = rows[place < rows["speaks_for"].map({True: top, False: against})]
    return {
        str(account): tuple(zip(part["words"], part["weight"], part["money"], strict=True))
        for account, part in rows.groupby("account_id")
    }


def _each(ids: pd.Series, found: dict[Any, Any], otherwise: Any) -> pd.Series:
    return pd.Series([found.get(one, otherwise) for one in ids], index=ids.index, dtype="object")


def _records(frame: pd.DataFrame | None) -> dict[str, tuple[dict[Any, Any], ...]]:
    """The rows of each account."""
    if frame is None or frame.empty:
        return {}
    found: dict[str, list[dict[Any, Any]]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(str(row["account_id"]), []).append(row)
    return {account: tuple(rows) for account, rows in found.items()}


def _owner_names(tables: Tables) -> "pd.Series[str]":
    reps = tables.frame("reps")
    if not {"owner_id", "name"} <= set(reps):
        return pd.Series(dtype="str")
    names = reps.drop_duplicates("owner_id").set_index("owner_id")["name"]
    return names[names.fillna("").str.strip() != ""]


def _last_touch(tables: Tables, account_ids: pd.Series, as_of: str | pd.Timestamp) -> pd.Series:
    """When we last touched each account, in words; None where no activities were given."""
    touches = tables.rows_of("activities", account_ids)
    if touches.empty or "occurred_at" not in touches:
        return pd.Series([None] * len(account_ids), index=account_ids.index, dtype="object")
    touches = touches[touches["occurred_at"] <= pd.Timestamp(as_of)]
    if "direction" in touches:
        touches = touches[touches["direction"] == "outbound"]
    touches = touches.sort_values(["occurred_at", "kind"], kind="stable")
    last = touches.drop_duplicates("account_id", keep="last").set_index("account_id")
    said = pd.Series(
        [f"{words.day(d)}, {str(k).replace('_', ' ')}" for d, k in zip(last["occurred_at"], last["kind"], strict=True)],
        index=last.index,
        dtype="object",
    )
    return account_ids.map(said).fillna("never touched")
