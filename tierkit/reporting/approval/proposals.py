"""Moves that wait for people: what a run proposes, and the form in which it is answered."""

from pathlib import Path

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.spreadsheet import write_for_people
from tierkit.tiering.changes import tier_changes

FORM, ASKED, STANDING, SLOTS = "proposals.csv", "proposals.parquet", "standing.parquet", "capacity.csv"
"""The form to be filled in, what it asks (sealed), the tiers it starts from, and the slots an answer must fit."""

NOTES = "book_notes.parquet"
"""What reps will be told of each account once the moves are answered."""

ANSWERS = ("approved", "reason", "approver")
"""The columns people fill in."""


def propose_moves(
    tiers: pd.DataFrame,
    standing: pd.DataFrame,
    gates: pd.DataFrame,
    *,
    n_tiers: int,
    owners: "pd.Series[str] | None" = None,
) -> pd.DataFrame:
    """Every move that needs a yes: between tiers, and of a new account into a tier above the last.

    A new account in the last tier, and one that a gate takes out, are no moves to approve: they happen with the rest.

    Parameters
    ----------
    tiers : the assignment, inside the churn budget; standing : the tiers that were committed, as `standing_tiers`.
    owners : name by owner_id.

    Returns
    -------
    One row per move by owner, dearest first: account_id, name, owner, from_tier (missing: new), to_tier, cause,
    sentence, value_at_stake (expected value of the account).
    """
    moves = tier_changes(tiers, standing, gates=gates)
    moves = moves[moves["to_tier"].notna() & ~(moves["from_tier"].isna() & (moves["to_tier"] == n_tiers))]
    about = tiers.set_index(tiers["account_id"].astype("str"))
    owner = moves["account_id"].map(about["owner_id"]) if "owner_id" in about else pd.Series(pd.NA, moves.index)
    named = owner if owners is None else owner.map(owners).fillna(owner)
    out = pd.DataFrame(
        {
            "account_id": moves["account_id"],
            "name": moves["name"],
            "owner": named.astype("str").fillna(""),
            "from_tier": moves["from_tier"],
            "to_tier": moves["to_tier"],
            "cause": moves["cause"],
            "sentence": moves["sentence"],
            "value_at_stake": moves["account_id"].map(about["expected_value"]).astype("float64"),
        }
    )
    order = {"owner": True, "value_at_stake": False, "account_id": True}
    return out.sort_values(list(order), ascending=list(order.values()), kind="stable", ignore_index=True)


def write_form(path: Path, proposals: pd.DataFrame, *, run: str) -> None:
    """Write proposals.csv: the moves, empty columns to answer in, and the run they belong to."""
    write_for_people(proposals.assign(**dict.fromkeys(ANSWERS, ""), run=run), path)


def run_label(month: str, run_id: str) -> str:
    """What a form says it belongs to; no spreadsheet takes it for a date or a number."""
    return f"{month} run {run_id}"


def say_proposals(proposals: pd.DataFrame | None) -> str:
    """How many moves wait for approval, in a sentence; empty where none is asked for."""
    if proposals is None:
        return ""
    if proposals.empty:
        return f"No move waits for approval; `tierkit approve {FORM}` brings scores and reasons to the CRM."
    n = len(proposals)
    first = int(((proposals["to_tier"] == 1) | (proposals["from_tier"] == 1)).sum())
    waits = "move waits" if n == 1 else "moves wait"
    return (
        f"{words.count(n).capitalize()} {waits} for approval, {words.count(first)} of them into or out of Tier 1: "
        f"{FORM}. Until they are approved every account stands where it stood."
    )
