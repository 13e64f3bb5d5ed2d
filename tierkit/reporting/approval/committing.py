"""The tiers that come of an answer, and whether they fit the reps' slots."""

from collections.abc import Collection

import pandas as pd

_STANDS = ("base_tier", "since", "tier_by", "promoted_until")


def commit_tiers(
    tiers: pd.DataFrame,
    standing: pd.DataFrame,
    proposals: pd.DataFrame,
    approved: Collection[str],
    *,
    n_tiers: int,
    until: pd.Timestamp,
) -> pd.DataFrame:
    """The tiers once people have answered: as proposed, but where a move was not approved as they stood.

    A new account that was not let into its tier stands in the last one.

    Parameters
    ----------
    tiers : as `stamp_tiers` returns it. until : the day tiers hold through.

    Returns
    -------
    The same rows and columns, tier, base_tier, since, tier_by, tier_reason, promoted_until and valid_until as
    committed, plus proposed_tier and proposed_base_tier; `priority_rank` follows the tier.
    """
    rows = tiers.sort_values("account_id", kind="stable", ignore_index=True)
    base = rows["base_tier"] if "base_tier" in rows else rows["tier"]
    out = rows.assign(proposed_tier=rows["tier"], proposed_base_tier=base.astype("Int64"), base_tier=base)
    declined = proposals[~proposals["account_id"].isin(set(approved))]
    stay = out["account_id"].astype("str").isin(set(declined["account_id"]))
    before = standing.set_index(standing["account_id"].astype("str")).reindex(out["account_id"].astype("str"))
    before = before.reset_index(drop=True)
    was = before["tier"].astype("Int64")
    kept = {name: before[name] if name in before else pd.Series(pd.NA, out.index, dtype="object") for name in _STANDS}
    is_new = was.isna()
    out["tier"] = rows["tier"].astype("Int64").mask(stay, was.fillna(n_tiers)).astype("int64")
    out["base_tier"] = base.astype("Int64").mask(stay, kept["base_tier"].astype("Int64").mask(is_new, n_tiers))
    for name in ("since", "promoted_until"):
        never = pd.Series(pd.NaT, rows.index, dtype="datetime64[us]")
        now = pd.to_datetime(rows[name]).astype("datetime64[us]") if name in rows else never
        then = pd.to_datetime(kept[name]).astype("datetime64[us]")
        out[name] = now.mask(stay & ~is_new, then) if name == "since" else now.mask(stay, then)
    by = kept["tier_by"].astype("object").where(kept["tier_by"].notna(), "not approved")
    ours = rows["tier_by"].astype("object") if "tier_by" in rows else pd.Series("value", rows.index, dtype="object")
    out["tier_by"] = ours.mask(stay, by).astype("str")
    said = [
        f"stands in Tier {now}: a move to Tier {asked} was not approved"
        for now, asked in zip(out["tier"], out["proposed_tier"], strict=True)
    ]
    reason = rows["tier_reason"] if "tier_reason" in rows else pd.Series("", rows.index, dtype="str")
    out["tier_reason"] = reason.mask(stay, pd.Series(said, rows.index, dtype="str"))
    if "valid_until" in rows:
        out["valid_until"] = rows["valid_until"].mask(stay, until)
    if "priority_rank" in rows:
        ranked = out[out["priority_rank"].notna()].sort_values(["tier", "priority_rank"], kind="stable").index
        rank = pd.Series(range(1, len(ranked) + 1), ranked, dtype="Int64")
        out["priority_rank"] = rank.reindex(out.index)
    return out


def overfull(committed: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """The reps who would hold more accounts of a tier than they have slots: owner_id, name, tier, slots, used.

    Parameters
    ----------
    slots : capacity of the run; columns owner_id, name, tier, slots (missing: unbounded). The owner "" is the pool of
        accounts whose owner is no rep; without a row it has no slot.
    """
    reps = slots["owner_id"].fillna("").astype("str")
    owner = committed["owner_id"].astype("str").fillna("") if "owner_id" in committed else ""
    held = committed[["tier"]].assign(owner_id=owner)
    held["owner_id"] = held["owner_id"].where(held["owner_id"].isin(reps), "")
    last = int(slots["tier"].max()) if len(slots) else 0
    used = held[held["tier"] <= last].groupby(["owner_id", "tier"]).size().rename("used").reset_index()
    known = slots.assign(owner_id=reps)[["owner_id", "name", "tier", "slots"]]
    both = used.merge(known, on=["owner_id", "tier"], how="left", indicator=True)
    most = both["slots"].astype("Float64").mask(both["_merge"] == "left_only", 0)
    return both.assign(slots=most)[(both["used"] > most).fillna(False)].drop(columns="_merge")


def owners_of(committed: pd.DataFrame, slots: pd.DataFrame) -> pd.Series:
    """The owner that each account counts with, by account_id: "" where its owner is no rep."""
    owner = committed["owner_id"].astype("str").fillna("")
    return owner.where(owner.isin(slots["owner_id"].fillna("").astype("str")), "").set_axis(committed["account_id"])
