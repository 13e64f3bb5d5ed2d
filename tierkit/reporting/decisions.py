"""The decisions a run leaves to people: contested places, unlike accounts, overrides that end."""

from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.reasons import split_reasons


def find_decisions(
    tiers: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    as_of: str | pd.Timestamp,
    due: str | pd.Timestamp,
    overrides: pd.DataFrame | None = None,
    owners: pd.Series | None = None,
    limit: int = 5,
) -> pd.DataFrame:
    """What the model cannot settle, the dearest first.

    An override in force that ends by `due` asks whether to renew it. An account at the Tier 1 cut-off whose place
    depends on the draw of the data (membership probability from 0.2 to 0.8, requirement T12) asks who should hold it;
    one unlike any that was worked (`off_support`) asks whether to try it.

    Parameters
    ----------
    tiers : columns account_id, tier, expected_value; name, owner_id, base_tier, membership_prob, off_support,
        tier_reason where known.
    reasons : as `explain_scores` returns it.
    overrides : the table of overrides; those made after `as_of` or ended before it are left out.
    owners : name by owner_id.
    limit : rows at most.

    Returns
    -------
    account_id, name, proposal, reason_for, reason_against, value_at_stake, decider, due.
    """
    rows = tiers.copy()
    until = pd.Timestamp(due)
    ends = _ending(overrides, pd.Timestamp(as_of), until)
    rows["ends"] = ends.reindex(rows["account_id"]).to_numpy()
    chance = rows["membership_prob"] if "membership_prob" in rows else pd.Series(float("nan"), index=rows.index)
    rows["chance"] = chance
    contested = chance.between(0.2, 0.8) & rows["tier"].isin([1, 2])
    unlike = rows["off_support"].fillna(False).astype("bool") if "off_support" in rows else contested & False
    unlike &= rows["tier"] == 2
    rows = rows[rows["ends"].notna() | contested | unlike]
    rows = rows.assign(_first=rows["ends"].isna(), _close=(rows["chance"] - 0.5).abs())
    rows = rows.sort_values(
        ["_first", "expected_value", "_close", "account_id"], ascending=[True, False, True, True], kind="stable"
    ).head(limit)
    why = split_reasons(reasons).reindex(rows["account_id"])
    names = rows["name"] if "name" in rows else rows["account_id"]
    owner = rows["owner_id"] if "owner_id" in rows else pd.Series(pd.NA, index=rows.index)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "name": names.fillna(rows["account_id"]).to_numpy(),
            "proposal": [_proposal(r) for r in rows.to_dict("records")],
            "reason_for": [x[0] if isinstance(x, tuple) and x else "no reason for it" for x in why["reasons_for"]],
            "reason_against": [_against(x, r) for x, r in zip(why["reason_against"], rows["chance"], strict=True)],
            "value_at_stake": rows["expected_value"].to_numpy(),
            "decider": [_decider(o, owners) for o in owner],
            "due": until,
        }
    )


def _ending(overrides: pd.DataFrame | None, now: pd.Timestamp, until: pd.Timestamp) -> "pd.Series[pd.Timestamp]":
    if overrides is None or overrides.empty:
        return pd.Series(dtype="datetime64[us]", index=pd.Index([], dtype="str"))
    live = (overrides["expires_at"] >= now) & (overrides["expires_at"] <= until)
    if "created_at" in overrides:
        live &= overrides["created_at"] <= now
    ending = overrides[live].sort_values("expires_at", kind="stable")
    return ending.drop_duplicates("account_id", keep="last").set_index("account_id")["expires_at"]


def _proposal(row: dict[Any, Any]) -> str:
    tier = words.tier_name(row["tier"])
    if not words.is_missing(row["ends"]):
        return f"Let the override end on {words.day(row['ends'])}; until then {tier}"
    if row["tier"] == 1:
        return "Keep it in Tier 1 though its place is contested"
    if not words.is_missing(row["chance"]) and 0.2 <= float(str(row["chance"])) <= 0.8:
        return "Leave it in Tier 2 though it could as well be in Tier 1"
    return "Leave it in Tier 2: it is unlike any account worked so far"


def _against(reason: object, chance: float) -> str:
    if not words.is_missing(reason):
        return str(reason)
    if words.is_missing(chance):
        return "no reason against it among those that weigh most"
    return f"in Tier 1 in only {words.percent(chance)} of refits"


def _decider(owner: object, owners: pd.Series | None) -> str:
    if words.is_missing(owner):
        return "sales leader"
    name = None if owners is None else owners.get(owner)
    return f"sales leader with {owner if words.is_missing(name) else name}"
