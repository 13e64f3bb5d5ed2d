"""What stands on top of value: claims, promotions, overrides and trials in force, and those left out."""

import pandas as pd

from tierkit.reporting import words
from tierkit.reporting.fragments import Field, Fragment, folded, paragraph, section, table

KINDS = {
    "strategic": "Strategic claim",
    "promoted": "Promotion",
    "override": "Override",
    "exploration": "Trial",
}
"""Overlays in the words of the page; a ledger row of another kind was left out, and its `why` says why."""

_IN_FORCE = (
    Field("name", "Account", lead=True),
    Field("kind", "What", "label"),
    Field("move", "Move", "label"),
    Field("why", "Why"),
    Field("until", "Until", "date"),
    Field("days_left", "Days left", "count"),
)
_LEFT_OUT = (
    Field("name", "Account", lead=True),
    Field("kind", "What", "label"),
    Field("why", "Why not"),
    Field("until", "Until", "date"),
)
_UNTIL = r" until \d{4}-\d{2}-\d{2}$"


def show_overlays(
    ledger: pd.DataFrame,
    *,
    as_of: str | pd.Timestamp,
    names: "pd.Series[str] | None" = None,
    says: tuple[str, ...] = (),
) -> Fragment:
    """Every account whose tier is not its value's alone, how long for, and whom an overlay could not lift.

    Parameters
    ----------
    ledger : `Assignment.ledger`; columns account_id, what, from_tier, to_tier, why, until.
    as_of : the day that days left count from.
    names : name by account_id.
    says : sentences on how decisions of people fared.
    """
    fared = [folded("Were people right?", "".join(map(paragraph, says)))] if says else []
    if ledger.empty:
        nothing = paragraph("No claim, trigger or decision by people changes a tier: all go by value.")
        return section("overlays", nothing, *fared)
    rows = _readable(ledger, pd.Timestamp(as_of), names)
    inside = rows["what"].isin(KINDS)
    parts: list[str | Fragment] = [paragraph(_count(rows[inside]))]
    lifted = rows["what"].eq("promoted") & rows["to_tier"].ne(1)
    if (inside & ~lifted).any():
        parts.append(table(rows[inside & ~lifted], _IN_FORCE, caption="One row per account, the soonest to end first"))
    if lifted.any():
        listed = table(rows[lifted], _IN_FORCE, caption="One row per account, the soonest to end first")
        parts.append(folded(f"{words.things(int(lifted.sum()), 'promotion')} below Tier 1", listed, prints=False))
    if not inside.all():
        listed = table(rows[~inside], _LEFT_OUT, caption="One row per account left out")
        parts.append(
            folded(f"{words.count((~inside).sum())} that could not be followed, and why", listed, prints=False)
        )
    return section("overlays", *parts, *fared)


def _readable(ledger: pd.DataFrame, day: pd.Timestamp, names: "pd.Series[str] | None") -> pd.DataFrame:
    ids = ledger["account_id"].astype("str")
    known = ids if names is None else ids.map(names).fillna(ids)
    both = zip(ledger["from_tier"], ledger["to_tier"], strict=True)
    rows = ledger.assign(
        name=known,
        kind=[KINDS[_family(what)] for what in ledger["what"]],
        why=ledger["why"].astype("str").str.replace(_UNTIL, "", regex=True).str.replace("_", " "),
        move=[f"{words.tier_name(a)} to {words.tier_name(b)}" for a, b in both],
        days_left=(ledger["until"] - day).dt.days,
    )
    return rows.sort_values(["until", "account_id"], kind="stable", na_position="last")


def _family(what: str) -> str:
    """The overlay that a ledger row belongs to, also one of an account left out."""
    return "promoted" if what.startswith("promotion") else what.split("_")[0]


def _count(rows: pd.DataFrame) -> str:
    counts = rows["what"].value_counts()
    said = [words.things(int(counts[what]), name.lower()) for what, name in KINDS.items() if what in counts]
    return f"In force: {words.listing(said)}." if said else "None is in force."
