"""The target list as it was kept: how it changed, and where its accounts stand (requirement T19)."""

import pandas as pd

from tierkit.reporting.fragments import Field, Fragment, paragraph, section, table, unavailable
from tierkit.tiering.target_list import OUTSIDE

_CHANGES = (
    Field("month", "Month", lead=True),
    Field("n_added", "Added", "count"),
    Field("n_removed", "Removed", "count"),
    Field("n_on_list", "On the list", "count"),
)
_WINS = (
    Field("source", "Put there by", lead=True),
    Field("n_deals", "Deals, 12 months", "count"),
    Field("n_won", "Won", "count"),
    Field("share_of_wins", "Of all wins", "percent"),
)


def show_target_list(
    wins: pd.DataFrame | None,
    changes: pd.DataFrame | None,
    by_source: pd.DataFrame | None,
    *,
    with_money: bool = True,
    currency: str = "USD",
    because: str = "",
) -> Fragment:
    """Wins by list source and outside the list, where its accounts stand, and what came on and went off it.

    Parameters
    ----------
    wins, changes, by_source : as `wins_by_list`, `list_changes` and `tiers_by_source` return them; None without a list.
    """
    if by_source is None or changes is None:
        return unavailable("target-list", because or "no target account list was given")
    parts: list[str | Fragment] = []
    if wins is not None and int(wins["n_won"].sum()):
        out = wins[wins["source"] == OUTSIDE].iloc[0]
        parts.append(
            paragraph(
                f"{int(out['n_won']):,} of {int(wins['n_won'].sum()):,} new-business wins of the last 12 months came "
                "from outside the target list."
            )
        )
        fields = [*_WINS, *([Field("won_acv", "Won value", "money")] if with_money else [])]
        named = wins.assign(source=wins["source"].str.replace("_", " "))
        parts.append(table(named, fields, caption="One row per list source: deals and wins", currency=currency))
    sizes = by_source.groupby("source", sort=False)["n_accounts"].sum()
    wide = by_source.pivot_table(index="source", columns="tier", values="n_accounts", sort=False).reset_index()
    wide = wide.set_axis([str(c) for c in wide], axis=1).assign(n=lambda d: d["source"].map(sizes))
    tiers = [Field(str(c), f"Tier {c}", "count") for c in wide if c not in ("source", "n")]
    wide["source"] = wide["source"].str.replace("_", " ")
    fields = [Field("source", "Put there by", lead=True), *tiers, Field("n", "Accounts", "count")]
    parts.append(table(wide, fields, caption="One row per list source: where its accounts stand"))
    added, removed = int(changes["n_added"].sum()), int(changes["n_removed"].sum())
    parts.append(
        paragraph(f"Over {len(changes):,} months {added:,} accounts came onto the list and {removed:,} left it.")
    )
    parts.append(table(changes, _CHANGES, caption="One row per month: what came onto the list and left it"))
    return section("target-list", *parts)
