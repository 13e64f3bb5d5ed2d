"""The decisions a run leaves to people: overrides that end, places kept from greater value, contested ones."""

from typing import Any

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.reasons import split_reasons

SURE = 0.8
"""Share of refits that put an account into Tier 1 by value from which a place kept from it is worth a decision."""
_KEEPS = ("band", "churn budget", "stay")
"""What keeps an account in its tier though value alone would not; an open deal is no place to ask for."""


def find_decisions(
    tiers: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    as_of: str | pd.Timestamp,
    due: str | pd.Timestamp,
    overrides: pd.DataFrame | None = None,
    owners: pd.Series | None = None,
    limit: int = 8,
) -> pd.DataFrame:
    """What the model cannot settle, the dearest first.

    An override in force that ends by `due` asks whether to renew it. An account that belongs in Tier 1 by value in 80 %
    of refits, while one of less value keeps its place at the same rep, asks whether to swap them. An account at the
    Tier 1 cut-off whose place depends on the draw of the data (membership probability from 0.2 to 0.8, requirement T12)
    asks who should hold it; one unlike any that was worked (`off_support`) asks whether to try it.

    Parameters
    ----------
    tiers : columns account_id, tier, expected_value; name, owner_id, tier_by, tier_reason, contactable,
        membership_prob, value_prob, off_support where known.
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
    rows["keeper"] = _keepers(tiers).reindex(rows["account_id"]).to_numpy()
    rows = rows[rows["ends"].notna() | rows["keeper"].notna() | contested | unlike]
    rows = rows.assign(_first=rows["ends"].isna(), _close=(rows["chance"] - 0.5).abs())
    rows = rows.sort_values(
        ["_first", "expected_value", "_close", "account_id"], ascending=[True, False, True, True], kind="stable"
    ).head(limit)
    by_id = tiers.drop_duplicates("account_id").set_index("account_id", drop=False)
    kept = by_id.reindex(rows["keeper"])
    rows["keeper_name"] = (kept["name"] if "name" in kept else kept["account_id"]).fillna(kept["account_id"]).to_numpy()
    rows["keeper_reason"] = kept["tier_reason"].to_numpy() if "tier_reason" in kept else None
    rows["stake"] = rows["expected_value"].to_numpy() - kept["expected_value"].fillna(0.0).to_numpy()
    why = split_reasons(reasons, rows["account_id"])
    names = rows["name"] if "name" in rows else rows["account_id"]
    owner = rows["owner_id"] if "owner_id" in rows else pd.Series(pd.NA, index=rows.index)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "name": names.fillna(rows["account_id"]).to_numpy(),
            "proposal": [_proposal(r) for r in rows.to_dict("records")],
            "reason_for": [x[0] if x else "no reason for it" for x in why["reasons_for"]],
            "reason_against": [
                _against(x, r) for x, r in zip(why["reason_against"], rows.to_dict("records"), strict=True)
            ],
            "value_at_stake": rows["stake"].to_numpy(),
            "decider": [_decider(o, owners) for o in owner],
            "due": until,
        }
    )


def _keepers(tiers: pd.DataFrame) -> "pd.Series[str]":
    """For each account that waits, the account of its rep that keeps a Tier 1 place with less value; dearest first."""
    nobody = pd.Series(dtype="str", index=pd.Index([], dtype="str"))
    if not {"owner_id", "tier_by", "value_prob"} <= set(tiers.columns):
        return nobody
    ordered = tiers.sort_values("account_id", kind="stable")
    may = ordered["contactable"].fillna(True).astype("bool") if "contactable" in ordered else ordered["tier"] > 0
    waits = ordered[(ordered["tier"] > 1) & may & ordered["value_prob"].ge(SURE)]
    keeps = ordered[(ordered["tier"] == 1) & ordered["tier_by"].isin(_KEEPS)]
    waits = waits.sort_values("expected_value", ascending=False, kind="stable")
    keeps = keeps.sort_values("expected_value", kind="stable")
    sides = [side.assign(turn=side.groupby("owner_id").cumcount()) for side in (waits, keeps)]
    pairs = sides[0].merge(sides[1], on=["owner_id", "turn"], suffixes=("", "_kept"))
    pairs = pairs[pairs["expected_value"] > pairs["expected_value_kept"]]
    return nobody if pairs.empty else pairs.set_index("account_id")["account_id_kept"]


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
    if not words.is_missing(row["keeper"]):
        return f"Let it into Tier 1 by an override, in place of {row['keeper_name']}, of which less is expected"
    if row["tier"] == 1:
        return "Keep it in Tier 1 though its place is contested"
    if not words.is_missing(row["chance"]) and 0.2 <= float(str(row["chance"])) <= 0.8:
        return "Leave it in Tier 2 though it could as well be in Tier 1"
    return "Leave it in Tier 2: it is unlike any account worked so far"


def _against(reason: object, row: dict[Any, Any]) -> str:
    chance = row["chance"]
    if not words.is_missing(row["keeper"]) and not words.is_missing(row["keeper_reason"]):
        return f"{row['keeper_name']} {str(row['keeper_reason']).split('; ')[0]}"
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
